"""Aliases for what users pass in and what passes between the modules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, MutableMapping
from enum import Enum
from typing import Any, Final, NewType, TypeAlias

# ASGI 3. Messages and scopes are dictionaries of the server's making.
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApplication: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# User data: whatever JSON carries, and bytes.
Data: TypeAlias = Any
Handler: TypeAlias = Callable[..., Any]
AckCallback: TypeAlias = Callable[..., Any]
Environ: TypeAlias = dict[str, Any]
Session: TypeAlias = dict[str, Any]

# Any hashable names a room; a list, tuple or set of them addresses their union.
Room: TypeAlias = Hashable
Rooms: TypeAlias = Any

# One path, or {"filename": ..., "content_type": ...}.
StaticFile: TypeAlias = str | Mapping[str, str]
StaticFiles: TypeAlias = Mapping[str, StaticFile]

# What the engine is told of a request: method, path, query, HTTP version, headers, remote and local
# (address, port), secure, and the application's own verdict on the Origin header, if it gave one.
RequestHead: TypeAlias = tuple[
    str,
    str,
    bytes,
    str,
    list[tuple[bytes, bytes]],
    tuple[str, int] | None,
    tuple[str, int] | None,
    bool,
    bool | None,
]

# Of an entry in presence: namespace, topic, key, ref, sid, joined at in milliseconds since 1970,
# idle, and meta as JSON; and the number of the process, 0 for this one.
PresenceData: TypeAlias = tuple[str, str, str, str, str | None, int, bool, str]
PresenceEntry: TypeAlias = tuple[str, str, str, str, str | None, int, bool, str, int]

# For handlers that ask for the sid of their client by annotation.
Sid = NewType("Sid", str)

# The name of a client in a namespace: (namespace, sid).
Key: TypeAlias = tuple[str, str]


class NotGiven(Enum):
    """For arguments where None, as of a request that nobody has signed, must not mean everybody."""

    NOT_GIVEN = "not given"

    def __repr__(self) -> str:
        return self.name


NOT_GIVEN: Final = NotGiven.NOT_GIVEN


def as_sid(given: object) -> str:
    """What names a client: a str, in ASCII. All else, None above all, names nobody, as "" does."""
    return given if isinstance(given, str) and given.isascii() else ""


def as_namespace(given: object) -> str:
    """What names a namespace: a str. All else is one that nobody is in, as the empty one."""
    return given if isinstance(given, str) else ""
