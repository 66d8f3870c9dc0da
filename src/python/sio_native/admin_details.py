"""What single clients do and are told, for admins in development mode."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from .admin_sockets import Sockets, iso, shown
from .async_manager import AsyncManager, _sids
from .core import Core
from .types import Key, Room, Rooms

# Of one interval. At the bound the rest is only counted, in `server_stats`; if clients or
# rooms have changed in the rest, admins are told of all sockets anew. The Admin UI itself keeps
# 1,000 events.
MAX_DETAILS = 1_000
# Of them, so many between two looks at how much the admins have yet to read.
UNSEEN = 20
# Intervals from telling all sockets anew to the next time.
REPAIR_INTERVALS = 5
# Clients that may be about to change their transport, and for how long they are looked after, in
# seconds. Beyond, the admin sees the new transport with the next `all_sockets`.
MAX_UPGRADING = 200
UPGRADE_SECONDS = 25.0


def _now() -> str:
    return iso(time.time())


class Details:
    """A `Watcher` that passes on what it is told, within bounds.

    `admins()`: the Engine.IO sids of those who listen.
    """

    def __init__(
        self,
        core: Core,
        manager: AsyncManager,
        sockets: Sockets,
        namespace: str,
        admins: Callable[[], Collection[str]],
    ) -> None:
        self._core = core
        self._manager = manager
        self._sockets = sockets
        self._namespace = namespace
        self._admins = admins
        self.skipped = 0  # details that were not told
        self._upgrading: dict[Key, tuple[str, float]] = {}
        self.begin()

    # --- intervals ---

    def begin(self) -> None:
        """The first admin has come."""
        self._left = MAX_DETAILS
        self._lost_track = False  # what was not told has changed what the admins see
        self._repaired = REPAIR_INTERVALS  # intervals ago
        self._upgrading.clear()

    def begin_interval(self, may_repair: bool) -> bool:
        """True: the admins are to be told of all sockets, because they have lost track."""
        self._left = 0 if self._sockets.congested(self._admins()) else MAX_DETAILS
        self._find_upgraded()
        self._repaired += 1
        due = self._lost_track and self._repaired >= REPAIR_INTERVALS
        if not due or not may_repair or self._left <= 0:
            return False
        self._lost_track = False
        self._repaired = 0
        return True

    def _find_upgraded(self) -> None:
        now = time.monotonic()
        for key, (eio_sid, until) in list(self._upgrading.items()):
            namespace, sid = key
            transport = self._core.engine.transport(eio_sid)
            if transport == "polling" and now < until:
                continue
            del self._upgrading[key]
            if transport == "websocket":
                self._tell_state(
                    "socket_updated", {"id": sid, "nsp": namespace, "transport": transport}
                )

    # --- what clients do ---

    def connected(self, sid: str, namespace: str) -> None:
        if self._left <= 0:  # before the question
            self._skip_state()
            return
        for described in self._sockets.describe(namespace, [sid]):
            self._tell_state("room_joined", namespace, sid, sid, _now())
            self._tell_state("socket_connected", described, _now())
            if described["transport"] == "polling" and len(self._upgrading) < MAX_UPGRADING:
                until = time.monotonic() + UPGRADE_SECONDS
                self._upgrading[namespace, sid] = (described["clientId"], until)

    def disconnected(self, sid: str, namespace: str, reason: str) -> None:
        self._upgrading.pop((namespace, sid), None)
        self._tell_state("socket_disconnected", namespace, sid, reason, _now())

    def freed(self, sid: str, namespace: str) -> None:
        if self._left <= 0:
            self._skip_state()
            return
        for room in self._manager.get_rooms(sid, namespace):
            self._left_room(sid, namespace, room)

    def received(self, sid: str, namespace: str, args: list[Any]) -> None:
        self._tell("event_received", namespace, sid, args, _now())

    # --- what the application does ---

    def sent(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
    ) -> None:
        """One message for each client that it goes to."""
        if namespace == self._namespace:
            return  # ours, perhaps
        if self._left <= 0:
            self.skipped += 1
            return
        args = [event, *data] if isinstance(data, tuple) else [event, data]
        skipped = set(_sids(skip_sid))
        for sid, _ in self._manager.get_participants(namespace, room):
            if sid not in skipped:
                self._tell("event_sent", namespace, sid, args, _now())

    def entered(self, sid: str, namespace: str, room: Room) -> None:
        if room:
            self._tell_state("room_joined", namespace, shown(room), sid, _now())

    def leaving(self, sid: str, namespace: str, room: Room) -> None:
        if self._left <= 0:
            self._skip_state()
        elif room != sid and room in self._manager.get_rooms(sid, namespace):
            self._left_room(sid, namespace, room)

    def closing(self, room: Room, namespace: str) -> None:
        if self._manager.is_sid_room(namespace, room):
            return
        for sid, _ in self._manager.get_participants(namespace, [room]):
            self._left_room(sid, namespace, room)

    # --- within bounds ---

    def _left_room(self, sid: str, namespace: str, room: Room) -> None:
        if room:
            self._tell_state("room_left", namespace, shown(room), sid, _now())

    def _tell_state(self, event: str, *args: Any) -> None:
        if not self._tell(event, *args):
            self._lost_track = True

    def _skip_state(self) -> None:
        self.skipped += 1
        self._lost_track = True

    def _tell(self, event: str, *args: Any) -> bool:
        if self._left <= 0:
            self.skipped += 1
            return False
        self._left -= 1
        try:
            self._sockets.tell(event, *args)
        except Exception as error:  # an application's json module may write less than it reads
            self._core.log.socketio.error("%s cannot be told to admins", event, exc_info=error)
        if self._left % UNSEEN == 0 and self._sockets.congested(self._admins()):
            self._left = 0
        return True
