"""What `AsyncServer` has of namespaces as objects."""

from __future__ import annotations

from functools import cached_property
from re import Pattern
from typing import TYPE_CHECKING, TypeVar, cast, overload

from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .namespaces import Namespaces
    from .server_namespace import ParentNamespace, Predicate, ServerNamespace

F = TypeVar("F", bound=Handler)


class NamespaceMethods:
    """See docs/namespaces.md."""

    @overload
    def of(self, name: str) -> ServerNamespace: ...
    @overload
    def of(self, name: Pattern[str] | Predicate) -> ParentNamespace: ...
    def of(self, name: str | Pattern[str] | Predicate) -> ServerNamespace | ParentNamespace:
        """A namespace as an object, which clients may join from now on; "chat" is "/chat".

        For a pattern, which is searched for in the name, or a predicate, a function or coroutine
        function of the name, and if it takes them of `auth` and a `Handshake`: the namespaces that
        match, each made when a client first asks for it.
        """
        if isinstance(name, str):
            return self._namespaces.named(name)
        if isinstance(name, Pattern) or callable(name):
            return self._namespaces.matching(name)
        raise TypeError(f"of() needs a name, a pattern or a function, not {name!r}")

    def on_new_namespace(self, handler: F) -> F:
        """Call a plain function with each `ServerNamespace` that `of` or a client's wish has made,
        before a client is in it. What it registers there is for this one alone.
        """
        self._namespaces.on_new(handler)
        return handler

    @cached_property
    def _namespaces(self) -> Namespaces:
        from .namespaces import Namespaces  # only for those who use it

        sio = cast("AsyncServer", self)
        options = sio._options
        return Namespaces(sio, options.cleanup_empty_child_namespaces, options.max_child_namespaces)
