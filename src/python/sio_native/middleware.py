"""python-socketio's own `middleware`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.middleware import Middleware as Middleware
    from socketio.middleware import WSGIApp as WSGIApp

become(__name__, "socketio.middleware")
