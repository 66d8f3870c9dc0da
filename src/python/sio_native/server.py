"""python-socketio's own `server`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.server import Server as Server

become(__name__, "socketio.server")
