"""The exceptions of python-socketio: its own where it is installed, else the same again.

So `except socketio.exceptions.TimeoutError` catches what sio_native raises, and the other way
round.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from . import upstream

__all__ = [
    "BadNamespaceError",
    "ConnectionError",
    "ConnectionRefusedError",
    "DisconnectedError",
    "SocketIOError",
    "TimeoutError",
]

_real = upstream.exceptions("socketio")

if TYPE_CHECKING or _real is None:

    class SocketIOError(Exception):
        """The base of all of them."""

    class ConnectionError(SocketIOError):
        """A connection could not be made."""

    class ConnectionRefusedError(ConnectionError):
        """Raised by a connect handler to refuse the client.

        The arguments reach the client in `connect_error`: the first as `message`, one more as
        `data`, several more as a list in `data`.
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

else:
    for _name in __all__:
        globals()[_name] = getattr(_real, _name)


class AckTimeoutError(TimeoutError):
    """Not everybody has answered in time. `answers`: what has come, by sid."""

    def __init__(self, message: str, answers: dict[str, Any]) -> None:
        super().__init__(message)
        self.answers = answers


class ServersTimeoutError(TimeoutError):
    """Not all other servers have answered in time. `answers`: what has come, a list."""

    def __init__(self, message: str, answers: list[Any]) -> None:
        super().__init__(message)
        self.answers = answers


class ServersError(SocketIOError):
    """What was asked has failed on other servers. `answers`: what has come from the others."""

    def __init__(self, message: str, answers: Any) -> None:
        super().__init__(message)
        self.answers = answers


class PayloadError(ValueError):
    """The arguments of an event are not what its handler asks for, see docs/handlers.md.

    `details`: for each fault `type` and `msg`, and `loc`, the number of the argument and the way
    to the place in it. `answer` is what the client gets.
    """

    # A client's arguments may have a fault in each byte, and all would go into the answer.
    MOST: Final = 20

    def __init__(self, details: Iterable[dict[str, Any]]) -> None:
        self.details = list(islice(details, self.MOST))
        super().__init__("; ".join(f"{each['loc']}: {each['msg']}" for each in self.details))

    @property
    def answer(self) -> dict[str, Any]:
        return {"error": {"type": "validation_error", "details": self.details}}
