"""Requests to the Engine.IO server, and why one was refused: what hooks are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .handshake import Handshake
from .types import Environ

# The codes of the JavaScript server, by index.
NAMES = (
    "UNKNOWN_TRANSPORT",
    "UNKNOWN_SID",
    "BAD_HANDSHAKE_METHOD",
    "BAD_REQUEST",
    "FORBIDDEN",
    "UNSUPPORTED_PROTOCOL_VERSION",
)
MESSAGES = (
    "Transport unknown",
    "Session ID unknown",
    "Bad handshake method",
    "Bad request",
    "Forbidden",
    "Unsupported protocol version",
)
UNKNOWN_TRANSPORT, UNKNOWN_SID, BAD_HANDSHAKE_METHOD, BAD_REQUEST, FORBIDDEN, UNSUPPORTED = range(6)

# Why the engine has refused one, by index: `request_check.hpp`.
_ORIGIN, _TRANSPORT, _VERSION, _UPGRADE, _SESSION, _UPGRADED, _METHOD = range(7)


@dataclass(frozen=True)
class EngineRequest:
    """An HTTP request, or a WebSocket's handshake. `headers` have lower-case names; they and
    `query` have a value for each name, a list if there are several.
    """

    method: str
    path: str
    query: dict[str, str | list[str]]
    headers: dict[str, str | list[str]]
    address: str  # of the peer
    secure: bool
    url: str
    _make_environ: Callable[[], Environ] = field(repr=False, compare=False)

    @classmethod
    def of(cls, head: Mapping[str, Any], make_environ: Callable[[], Environ]) -> EngineRequest:
        """From `Engine.request_head`."""
        seen = Handshake.of(head, 0)
        return cls(
            method=head.get("method", "GET"),
            path=head.get("path", "/"),
            query=seen.query,
            headers=seen.headers,
            address=seen.address,
            secure=seen.secure,
            url=seen.url,
            _make_environ=make_environ,
        )

    @cached_property
    def environ(self) -> Environ:
        """As connect handlers get it, with `asgi.scope`. What `allow_request` changes in it is
        there for them; for a request that the engine has refused it is made of the request alone.
        """
        return self._make_environ()


@dataclass(frozen=True)
class ConnectionFailure:
    """A request that got no session, or that was for none: `@sio.on_connection_error`.

    `code`, `message` and `context` are the JavaScript server's, `name` is the code's.
    """

    code: int
    message: str
    context: dict[str, Any]
    request: EngineRequest

    @property
    def name(self) -> str:
        return NAMES[self.code]


def failure(code: int, why: int, request: EngineRequest) -> ConnectionFailure:
    """From the notification REFUSED."""
    return ConnectionFailure(code, MESSAGES[code], _context(code, why, request), request)


def forbidden(message: str | None, request: EngineRequest) -> ConnectionFailure:
    """By the application."""
    said = message or MESSAGES[FORBIDDEN]
    return ConnectionFailure(FORBIDDEN, said, {"message": message}, request)


def _context(code: int, why: int, request: EngineRequest) -> dict[str, Any]:
    query = request.query
    if code == UNKNOWN_TRANSPORT:
        return {"transport": query.get("transport")}
    if code == UNKNOWN_SID:
        return {"sid": query.get("sid")}
    if code == BAD_HANDSHAKE_METHOD:
        return {"method": request.method}
    if code == UNSUPPORTED:
        return {"protocol": query.get("EIO")}
    if why == _ORIGIN:
        return {"name": "INVALID_ORIGIN", "origin": request.headers.get("origin")}
    if why == _VERSION:
        return {"name": "PROTOCOL_MISMATCH", "protocol": query.get("EIO")}
    if why == _METHOD:
        return {"name": "BAD_METHOD", "method": request.method}
    if why == _UPGRADE and "sid" not in query:
        return {"name": "TRANSPORT_HANDSHAKE_ERROR"}
    found = {"name": "TRANSPORT_MISMATCH", "transport": query.get("transport")}
    if why == _UPGRADED:
        found["previousTransport"] = "websocket"
    return found
