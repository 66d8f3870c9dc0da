"""python-socketio's own `redis_manager`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.redis_manager import RedisManager as RedisManager
    from socketio.redis_manager import parse_redis_sentinel_url as parse_redis_sentinel_url

become(__name__, "socketio.redis_manager")
