"""python-socketio's own `manager`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.manager import Manager as Manager

become(__name__, "socketio.manager")
