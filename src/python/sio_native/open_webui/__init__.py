"""What backends like Open WebUI write by hand, with the names that its classes have.

They answer from memory and never block the event loop. Without a Redis URL they are of this process
alone; with one they need `pip install sio-native[redis]`.
"""

from .events import Events
from .redis_dict import RedisDict
from .redis_lock import RedisLock
from .ydoc_manager import YdocManager

__all__ = ["Events", "RedisDict", "RedisLock", "YdocManager"]
