"""python-socketio's own `kombu_manager`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.kombu_manager import KombuManager as KombuManager

become(__name__, "socketio.kombu_manager")
