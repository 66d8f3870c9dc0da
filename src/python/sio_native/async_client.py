"""python-socketio's own `async_client`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.async_client import AsyncClient as AsyncClient

become(__name__, "socketio.async_client")
