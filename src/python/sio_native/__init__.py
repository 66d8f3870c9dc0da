"""A Socket.IO server for asyncio with a native engine, compatible with python-socketio's."""

from . import exceptions
from ._core import __version__
from .asgi import ASGIApp
from .manager import AsyncManager
from .namespace import AsyncNamespace
from .server import AsyncServer

__all__ = [
    "ASGIApp",
    "AsyncManager",
    "AsyncNamespace",
    "AsyncServer",
    "__version__",
    "exceptions",
]
