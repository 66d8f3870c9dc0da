"""python-socketio's own `zmq_manager`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.zmq_manager import ZmqManager as ZmqManager

become(__name__, "socketio.zmq_manager")
