"""What python-socketio's servers have in common, as far as its users see it."""

from __future__ import annotations

from typing import Final

from .handlers import RESERVED_EVENTS


class BaseServer:
    """The base of `AsyncServer`."""

    reserved_events: Final = list(RESERVED_EVENTS)

    class reason:
        """Why a client was disconnected: the second argument of a disconnect handler."""

        SERVER_DISCONNECT: Final = "server disconnect"
        CLIENT_DISCONNECT: Final = "client disconnect"
        PING_TIMEOUT: Final = "ping timeout"
        TRANSPORT_CLOSE: Final = "transport close"
        TRANSPORT_ERROR: Final = "transport error"
