"""python-socketio's own `client`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.client import Client as Client

become(__name__, "socketio.client")
