"""Which models are in use at any of several servers: each tells the others what it uses itself."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from .async_pubsub_manager import AsyncPubSubManager
from .pubsub_wire import Message

if TYPE_CHECKING:
    from .core import Core
    from .usage import Usage

METHOD = "sio_native.usage"  # python-socketio leaves out what it does not know
INTERVAL = 1.0  # seconds
MOST_MODELS = 10_000  # of one message


class UsageCluster:
    """Once a second, while anything is in use here: {"models": [[name, seconds left], …]}.

    The others hold it against the same three seconds of their own clock, so that a server that
    dies, or whose Python is blocked, uses nothing soon after.
    """

    def __init__(self, manager: AsyncPubSubManager, core: Core, usage: Usage) -> None:
        self._manager = manager
        self._core = core
        self._meter = usage.meter
        manager.share(METHOD, self._heard, self._tell)

    async def _tell(self) -> None:
        said = False
        while True:
            models = self._core.engine.usage_here(self._meter)
            if models or said:
                message = {
                    "method": METHOD,
                    "host_id": self._manager.host_id,
                    "models": [[model, round(left, 3)] for model, left in models],
                }
                try:
                    await self._manager._publish(message)
                except Exception:
                    self._manager._get_logger().exception("models in use cannot be told")
            said = bool(models)
            await asyncio.sleep(INTERVAL)

    async def _heard(self, message: Message) -> None:
        models = message.get("models")
        if isinstance(models, list):
            found = [(each[0], float(each[1])) for each in models[:MOST_MODELS] if _is_use(each)]
            self._core.engine.usage_touch_remote(self._meter, found)


def _is_use(told: Any) -> bool:
    if not isinstance(told, list) or len(told) != 2:
        return False
    model, left = told
    return (
        isinstance(model, str)
        and model.isprintable()
        and isinstance(left, (int, float))
        and math.isfinite(left)
        and 0 < left < 60
    )
