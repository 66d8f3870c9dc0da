"""A Socket.IO server for asyncio with a native engine, compatible with python-socketio's."""

from typing import TYPE_CHECKING

from . import exceptions
from ._core import __version__
from .asgi import ASGIApp
from .async_manager import AsyncManager
from .async_namespace import AsyncNamespace
from .async_server import AsyncServer

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = [
    "ASGIApp",
    "AsyncManager",
    "AsyncNamespace",
    "AsyncServer",
    "__version__",
    "exceptions",
]

# Names of python-socketio that are not here, and what to do until they are.
_SOON = "sio_native does not have {} yet: stay with python-socketio where you need it"
_ELSEWHERE = "{} is no part of an asyncio server: import it from python-socketio"
_MISSING = {
    **dict.fromkeys(
        (
            "AsyncAioPikaManager",
            "AsyncRedisManager",
            "admin",
            "async_aiopika_manager",
            "async_manager",
            "async_namespace",
            "async_pubsub_manager",
            "async_redis_manager",
            "async_server",
            "base_manager",
            "engineio",
            "msgpack_packet",
            "packet",
        ),
        _SOON,
    ),
    **dict.fromkeys(
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
        ),
        _ELSEWHERE,
    ),
}


def __getattr__(name: str) -> "NoReturn":
    # ImportError, so that `from sio_native import AsyncRedisManager` says it too.
    if name in _MISSING:
        raise ImportError(_MISSING[name].format(name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
