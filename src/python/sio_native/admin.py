"""python-socketio's own `admin`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.admin import EventBuffer as EventBuffer
    from socketio.admin import InstrumentedServer as InstrumentedServer

become(__name__, "socketio.admin")
