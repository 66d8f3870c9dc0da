"""The exceptions of python-engineio: its own where it is installed, else the same again.

So `except engineio.exceptions.ConnectionError` catches what its clients raise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import upstream

__all__ = [
    "ConnectionError",
    "ContentTooLongError",
    "EngineIOError",
    "QueueEmpty",
    "SocketIsClosedError",
    "UnknownPacketError",
]

_real = upstream.exceptions("engineio")

if TYPE_CHECKING or _real is None:

    class EngineIOError(Exception):
        """The base of all of them."""

    class ContentTooLongError(EngineIOError):
        """A request's body is longer than `max_http_buffer_size`."""

    class UnknownPacketError(EngineIOError):
        """A packet has a type that its receiver does not expect."""

    class QueueEmpty(EngineIOError):
        """There was nothing to send in time."""

    class SocketIsClosedError(EngineIOError):
        """The connection has been closed."""

    class ConnectionError(EngineIOError):
        """A connection could not be made."""

else:
    for _name in __all__:
        globals()[_name] = getattr(_real, _name)
