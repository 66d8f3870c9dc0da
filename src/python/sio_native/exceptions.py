"""The exceptions of python-socketio, under the same names."""

from __future__ import annotations

from typing import Any

__all__ = [
    "BadNamespaceError",
    "ConnectionError",
    "ConnectionRefusedError",
    "DisconnectedError",
    "SocketIOError",
    "TimeoutError",
]


class SocketIOError(Exception):
    """The base of all of them."""


class ConnectionError(SocketIOError):
    """A connection could not be made."""


class ConnectionRefusedError(ConnectionError):
    """Raised by a connect handler to refuse the client.

    The arguments reach the client in `connect_error`: the first as `message`, one more as `data`,
    several more as a list in `data`.
    """

    error_args: dict[str, Any]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if not args:
            self.error_args = {"message": "Connection rejected by server"}
            return
        message, *data = args
        self.error_args = {"message": str(message)}
        if data:
            self.error_args["data"] = data[0] if len(data) == 1 else tuple(data)


class TimeoutError(SocketIOError):
    """No answer came: in time, or at all because the client has left."""


class BadNamespaceError(SocketIOError):
    """The client is not connected to the namespace."""


class DisconnectedError(SocketIOError):
    """The connection has ended."""
