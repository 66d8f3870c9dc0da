"""python-socketio's own `kafka_manager`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.kafka_manager import KafkaManager as KafkaManager

become(__name__, "socketio.kafka_manager")
