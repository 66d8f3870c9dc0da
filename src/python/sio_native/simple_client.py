"""python-socketio's own `simple_client`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.simple_client import SimpleClient as SimpleClient

become(__name__, "socketio.simple_client")
