"""python-socketio's own `async_simple_client`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.async_simple_client import AsyncSimpleClient as AsyncSimpleClient

become(__name__, "socketio.async_simple_client")
