"""python-socketio's own `pubsub_manager`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.pubsub_manager import PubSubManager as PubSubManager

become(__name__, "socketio.pubsub_manager")
