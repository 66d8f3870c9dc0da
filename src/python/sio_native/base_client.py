"""python-socketio's own `base_client`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.base_client import BaseClient as BaseClient

become(__name__, "socketio.base_client")
