"""Rooms that come and go, and who enters and leaves them, as events of the application's."""

from __future__ import annotations

from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .handlers import ANY, call
from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer

NAMES: Final = ("create_room", "delete_room", "join_room", "leave_room")


class AdapterEvents:
    """What `on_adapter` has registered, of one server. On the loop.

    The engine tells who has joined and who has left, on each of its threads; that a room is new or
    gone is counted here, over all of them. Handlers run one after another in the order of what has
    happened, and a client whose rooms have changed 1,000 times without a handler is not read.
    """

    def __init__(self, server: AsyncServer) -> None:
        self._server = server
        self._core = server._core
        self._handlers: dict[tuple[str, str], list[Handler]] = {}
        self._members: Counter[tuple[str, str]] = Counter()  # of rooms but a client's own
        self._waiting: deque[tuple[str, str, str, str, bool]] = deque()
        self._works = False
        server._service.room_changed = self._changed
        self._core.when_started.append(self._begin)
        if self._core.started:
            self._begin()

    def handlers(self, event: object, namespace: str) -> list[Handler]:
        """Those for an event of a namespace, to be added to. `ValueError` for another event."""
        name = event.replace("-", "_") if isinstance(event, str) else ""
        if name not in NAMES:
            raise ValueError(f"an adapter's events are {', '.join(NAMES)}, and not {event!r}")
        return self._handlers.setdefault((namespace, name), [])

    def _begin(self) -> None:
        """The engine runs: it tells what happens from now on."""
        self._waiting.clear()
        self._works = False
        self._members.clear()
        for namespace, key, count in self._core.engine.watch_rooms():
            self._members[namespace, key] += count

    def _changed(self, *change: Any) -> None:
        """Notification ROOM_CHANGED: sid, namespace, Engine.IO sid, room, whether it has joined."""
        self._waiting.append(change)
        if not self._works:
            self._works = True
            self._server.start_background_task(self._work)

    async def _work(self) -> None:
        while self._waiting:
            sid, namespace, eio_sid, key, joined = self._waiting.popleft()
            try:
                await self._tell(sid, namespace, key, joined)
            finally:
                self._core.engine.events_done(eio_sid, 1)
        self._works = False

    async def _tell(self, sid: str, namespace: str, key: str, joined: bool) -> None:
        own = key == sid
        room = sid if own else self._server.manager._names.name(key)
        run = partial(self._run, namespace)
        if joined:
            if own or not self._members[namespace, key]:
                await run("create_room", room)
            self._members[namespace, key] += not own
            await run("join_room", room, sid)
            return
        await run("leave_room", room, sid)
        self._members[namespace, key] -= not own
        if not self._members[namespace, key]:
            del self._members[namespace, key]
            await run("delete_room", room)

    async def _run(self, namespace: str, event: str, *args: Any) -> None:
        for handler in self._handlers.get((namespace, event), ()):
            await self._call(event, handler, args)
        for handler in self._handlers.get((ANY, event), ()):
            await self._call(event, handler, (namespace, *args))

    async def _call(self, event: str, handler: Handler, args: tuple[Any, ...]) -> None:
        try:
            await call(handler, *args)
        except Exception:
            self._server.logger.exception("the handler for %s of %r has failed", event, args)
