"""`AsyncServer.health`: whether this process is well, and whether it hears the others."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING, Any, Final

from .async_pubsub_manager import AsyncPubSubManager
from .pubsub_wire import Message

if TYPE_CHECKING:
    from .async_server import AsyncServer

METHOD: Final = "health"  # of the messages on the channel; other servers let them pass
SLOWEST: Final = 5  # clients that are named


class Health:
    """Asks a server and its client manager. On the loop's thread."""

    def __init__(self, sio: AsyncServer) -> None:
        self._sio = sio
        self._numbers = itertools.count(1)
        self._echoes: dict[str, asyncio.Future[None]] = {}  # of pings that somebody waits for

    async def report(self, timeout: float) -> dict[str, Any]:
        problems: list[str] = []
        found: dict[str, Any] = {"ok": True, "problems": problems, "server": self._server()}
        found["manager"] = await self._manager(timeout, problems)
        used = vars(self._sio)
        if self._sio._service.draining or self._sio._service.closed:
            problems.append("this server takes no new clients: it is about to end, or has ended")
        if self._sio._service.recovery is not None and self._sio._core.started:
            found["recovery"] = self._sio._core.engine.admin_stats()["recovery"]
        if "yjs" in used and (counted := self._sio.yjs.stats()):
            errors = self._sio.yjs._errors()
            found["documents"] = {
                "documents": counted["documents"],
                "unstored_bytes": counted["unkept_bytes"],
                "errors": errors,
            }
            problems += [f"documents are not stored: {each['error']}" for each in errors]
        if "usage" in used:
            backlog = found["usage"] = self._sio.usage._backlog()
            problems += [f"usage is not stored: {each['error']}" for each in backlog["errors"]]
        found["ok"] = not problems
        return found

    def _server(self) -> dict[str, Any]:
        engine, running = self._sio._core.engine, self._sio._core.started
        counted: dict[str, Any] = {"sessions": 0, "sockets": {}}
        if running:
            counted = engine.admin_stats()
        return {
            "running": running,
            "threads": self._sio._options.threads,
            "sessions": counted["sessions"],
            "clients": dict(counted["sockets"]),
            "queued_bytes": engine.stats()["queued_bytes"] if running else 0,
            "slowest": [
                {"eio_sid": eio_sid, "queued_bytes": queued}
                for eio_sid, queued in (engine.slowest(SLOWEST) if running else ())
            ],
        }

    async def _manager(self, timeout: float, problems: list[str]) -> dict[str, Any] | None:
        manager: Any = self._sio.manager
        channel = getattr(manager, "channel", None)
        if channel is None:
            return None  # it has this server alone
        listens = not manager.write_only
        listener = getattr(manager, "thread", None)
        listening = listener is not None and not listener.done()
        if listens and not listening:
            problems.append("this server does not listen to the channel, yet or any more")
        subscribers, lag = await asyncio.gather(
            _limited(subscribers_of(manager), timeout, "the number of subscribers", problems),
            _limited(self._lag(manager), timeout, "this server's own ping", problems)
            if listening
            else _nothing(),
        )
        if subscribers == 0:
            problems.append(f"nobody listens to the channel {channel!r}")
        troubles = getattr(manager, "troubles", None)
        errors = [] if troubles is None else troubles.now()
        problems += [f"{each['what']}: {each['error']}" for each in errors]
        return {
            "name": manager.name,
            "channel": channel,
            "listening": listening,
            "subscribers": subscribers,
            "lag": lag,
            "errors": errors,
            "last_error": None if troubles is None else troubles.last,
        }

    async def _lag(self, manager: Any) -> float | None:
        """Seconds until this server hears what it says, behind all that is on the channel."""
        if not isinstance(manager, AsyncPubSubManager):
            return None  # a broker of python-socketio's: it does not give away what it hears
        manager._shared[METHOD] = self._heard
        name = f"{manager.host_id}-{next(self._numbers)}"
        echo = self._echoes[name] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        try:
            # Without a host_id: what has this server's own is left out when it comes back.
            await manager._publish({"method": METHOD, "id": name})
            await echo
        finally:
            del self._echoes[name]
        return time.perf_counter() - began

    async def _heard(self, message: Message) -> None:
        name = message.get("id")
        echo = self._echoes.get(name) if isinstance(name, str) else None
        if echo is not None and not echo.done():
            echo.set_result(None)


async def subscribers_of(manager: Any) -> int | None:
    """How many connections listen to a Redis manager's channel; None with other brokers."""
    connect = getattr(manager, "_redis_connect", None)
    if connect is None:
        return None
    if getattr(manager, "redis", None) is None:
        connect()
    ((_, count),) = await manager.redis.pubsub_numsub(manager.channel)
    return int(count)


async def _limited(asked: Any, timeout: float, what: str, problems: list[str]) -> Any:
    """The answer; None if there is none in time or it fails, which is a problem."""
    task = asyncio.ensure_future(asked)
    # Not wait_for: it waits for what it cancels, and a client library may take its time to end.
    await asyncio.wait([task], timeout=timeout)
    if not task.done():
        task.cancel()
        problems.append(f"{what} did not come within {timeout:g} s")
        return None
    if (error := task.exception()) is not None:
        problems.append(f"{what}: {type(error).__name__}: {error}")
        return None
    return task.result()


async def _nothing() -> None:
    return None
