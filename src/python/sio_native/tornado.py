"""python-socketio's own `tornado`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.tornado import get_tornado_handler as get_tornado_handler

become(__name__, "socketio.tornado")
