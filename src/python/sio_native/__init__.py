"""A Socket.IO server for asyncio with a native engine, compatible with python-socketio's.

All names of `socketio` are here. The asyncio server, its managers and the ASGI application are
sio_native's own; clients, the synchronous server and its managers are those of an installed
python-socketio (`pip install sio-native[client]`), which is imported when one is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from . import exceptions, upstream
from ._core import __version__
from .ack import Ack
from .asgi import ASGIApp
from .async_manager import AsyncManager
from .async_namespace import AsyncNamespace
from .async_server import AsyncServer
from .disconnect_reason import DisconnectReason
from .drop_in import install, uninstall
from .types import Sid

if TYPE_CHECKING:
    from socketio import (
        AsyncClient,
        AsyncClientNamespace,
        AsyncSimpleClient,
        Client,
        ClientNamespace,
        KafkaManager,
        KombuManager,
        Manager,
        Middleware,
        Namespace,
        PubSubManager,
        RedisManager,
        Server,
        SimpleClient,
        WSGIApp,
        ZmqManager,
        get_tornado_handler,
    )

    from . import engineio as engineio
    from . import packet as packet
    from .async_aiopika_manager import AsyncAioPikaManager
    from .async_redis_manager import AsyncRedisManager
    from .depends import Depends as Depends
    from .depends import dependency_provider as dependency_provider
    from .emitter import AsyncEmitter, Emitter
    from .event_registry import EventRegistry
    from .socket import Socket
    from .standalone import run

__all__ = [
    "ASGIApp",
    "Ack",
    "AsyncAioPikaManager",
    "AsyncClient",
    "AsyncClientNamespace",
    "AsyncEmitter",
    "AsyncManager",
    "AsyncNamespace",
    "AsyncRedisManager",
    "AsyncServer",
    "AsyncSimpleClient",
    "Client",
    "ClientNamespace",
    "DisconnectReason",
    "Emitter",
    "EventRegistry",
    "KafkaManager",
    "KombuManager",
    "Manager",
    "Middleware",
    "Namespace",
    "PubSubManager",
    "RedisManager",
    "Server",
    "Sid",
    "SimpleClient",
    "Socket",
    "WSGIApp",
    "ZmqManager",
    "__version__",
    "exceptions",
    "get_tornado_handler",
    "install",
    "run",
    "uninstall",
]

# Not needed by every server, and with imports of their own.
_LATER = {
    "AsyncAioPikaManager": "async_aiopika_manager",
    "AsyncEmitter": "emitter",
    "AsyncRedisManager": "async_redis_manager",
    "Depends": "depends",
    "Emitter": "emitter",
    "EventRegistry": "event_registry",
    "Socket": "socket",
    "dependency_provider": "depends",
    "run": "standalone",
}

_PASSED_ON = frozenset(
    (
        "AsyncClient",
        "AsyncClientNamespace",
        "AsyncSimpleClient",
        "Client",
        "ClientNamespace",
        "KafkaManager",
        "KombuManager",
        "Manager",
        "Middleware",
        "Namespace",
        "PubSubManager",
        "RedisManager",
        "Server",
        "SimpleClient",
        "WSGIApp",
        "ZmqManager",
        "get_tornado_handler",
    )
)

if not TYPE_CHECKING:  # to a type checker it would mean that there is any name at all

    def __getattr__(name: str) -> Any:
        if name in _LATER:
            value = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
        elif name in _PASSED_ON:
            value = upstream.attribute(name)
        else:
            return _submodule(name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER, *(_PASSED_ON if upstream.is_installed() else ())})


def _submodule(name: str) -> Any:
    """`sio_native.packet` without an import of it, as python-socketio's modules can be had."""
    full_name = f"{__name__}.{name}"
    if not name.startswith("_"):
        try:
            return importlib.import_module(full_name)
        except ModuleNotFoundError as error:
            if error.name != full_name:
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
