"""What python-socketio's servers have in common, as far as its users see it."""

from __future__ import annotations

from typing import Final

from .engineio.face import reason
from .handlers import RESERVED_EVENTS


class BaseServer:
    """The base of `AsyncServer`."""

    reserved_events: Final = list(RESERVED_EVENTS)

    reason = reason
