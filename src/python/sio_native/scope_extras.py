"""What an ASGI scope holds beyond the request: put there by the application and its middleware."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any
from weakref import WeakValueDictionary

from .types import Scope

# What the engine keeps with the request, or says nothing about it.
_OF_THE_REQUEST = frozenset(
    {
        "type",
        "asgi",
        "http_version",
        "method",
        "scheme",
        "path",
        "query_string",
        "headers",
        "client",
        "server",
        "subprotocols",
        "extensions",
    }
)
EMPTY: Mapping[str, Any] = {}  # stands for any empty dictionary; never given away


class ScopeExtras(dict[str, Any]):
    """The items of one scope, or of many that have the same ones."""

    __slots__ = ("__weakref__",)


class ExtrasTable:
    """Collects extras. Clients whose extras are the same objects share one dictionary of them.

    Under a framework that is the rule: each scope holds the application and the router.
    """

    def __init__(self) -> None:
        self._shared: WeakValueDictionary[tuple[Any, ...], ScopeExtras] = WeakValueDictionary()

    def of(self, scope: Scope) -> ScopeExtras | None:
        """None if there is nothing to keep."""
        extras = ScopeExtras()
        identities: list[Any] = []
        for key, value in scope.items():
            if key in _OF_THE_REQUEST or _says_nothing(key, value, scope):
                continue
            if type(value) is dict and not value:
                value = EMPTY
            extras[key] = value
            identities += (key, _identity(value))
        if not extras:
            return None
        # While the entry lives its values do, so no other object has their ids.
        return self._shared.setdefault(tuple(identities), extras)


def _identity(value: Any) -> Any:
    if type(value) is str:
        return value
    if type(value) is tuple:  # Starlette makes one of the same two dictionaries for each request
        return tuple(map(id, value))
    return id(value)


def _says_nothing(key: str, value: Any, scope: Scope) -> bool:
    if key == "raw_path":
        return bool(value == raw_path(scope["path"]))
    if key in ("root_path", "state"):
        return not value
    return isinstance(value, AsyncExitStack)  # of the framework, closed with the request


def raw_path(path: str) -> bytes:
    return path.encode("utf-8", "surrogatepass")
