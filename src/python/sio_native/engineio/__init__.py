"""Engine.IO without Socket.IO, on the same engine, compatible with python-engineio's server.

All names of `engineio` are here. `AsyncServer`, `ASGIApp` and the packets are sio_native's own;
clients and the synchronous server are those of an installed python-engineio
(`pip install sio-native[client]`), which is imported when one is first used.
"""

from typing import TYPE_CHECKING, Any

from .. import upstream
from . import exceptions, json, packet, payload, static_files
from .asgi import ASGIApp
from .async_server import AsyncServer

if TYPE_CHECKING:
    from engineio import (
        AsyncClient,
        Client,
        Middleware,
        Server,
        WSGIApp,
        get_tornado_handler,
    )

__all__ = [
    "ASGIApp",
    "AsyncClient",
    "AsyncServer",
    "Client",
    "Middleware",
    "Server",
    "WSGIApp",
    "exceptions",
    "get_tornado_handler",
    "json",
    "packet",
    "payload",
    "static_files",
]

_PASSED_ON = frozenset(
    ("AsyncClient", "Client", "Middleware", "Server", "WSGIApp", "get_tornado_handler")
)

if not TYPE_CHECKING:  # to a type checker it would mean that there is any name at all

    def __getattr__(name: str) -> Any:
        if name not in _PASSED_ON:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = upstream.attribute(name, of="engineio")
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *(_PASSED_ON if upstream.is_installed() else ())})
