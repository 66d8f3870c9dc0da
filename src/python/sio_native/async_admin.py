"""The Admin UI of Socket.IO looks at a server: its protocol, spoken in a namespace of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from .admin_auth import Authenticator
from .admin_details import Details
from .admin_sockets import Sockets
from .admin_stats import HOSTNAME, ServerStats
from .exceptions import ConnectionRefusedError
from .types import Environ, Handler, Rooms

if TYPE_CHECKING:
    from .async_server import AsyncServer

__all__ = ["InstrumentedAsyncServer"]

# An admin's command for many clients lets the loop's others have their turns after so many.
SLICE = 50


class InstrumentedAsyncServer:
    """What `AsyncServer.instrument` returns. Serves the Admin UI, https://admin.socket.io.

    `auth`: credentials (a dictionary, as a rule with `username` and `password`), a list of them, a
    function of what the admin has sent that returns a bool (also async), or False for anyone.
    `mode`: "production" tells admins counters only, which the engine keeps anyway.
    "development" also tells of each client, room and event, and lets admins emit, move and
    disconnect clients unless `read_only`. That costs a message for each, but only while an admin
    is connected to this process. `server_id` is what the UI calls this server,
    `server_stats_interval` in seconds. Raises `ValueError` without `auth`.

    With a client manager that connects several processes, each tells its `server_stats` to the
    admins of all of them; details go to its own admins.
    """

    def __init__(
        self,
        sio: AsyncServer,
        auth: Any = None,
        namespace: str = "/admin",
        read_only: bool = False,
        server_id: str | None = None,
        mode: str = "development",
        server_stats_interval: float = 2,
    ) -> None:
        self._authenticator: Final = Authenticator(auth)
        self.sio = sio
        self.auth = auth
        self.admin_namespace = namespace
        self.read_only = read_only
        self.server_id: str = server_id or str(getattr(sio.manager, "host_id", HOSTNAME))
        self.mode = mode
        self.server_stats_interval = server_stats_interval
        self.stats_task: asyncio.Future[None] | None = None

        self._core = sio._core
        self._registry = sio._registry
        # Admins of other processes see what this one emits.
        self._shared = hasattr(sio.manager, "host_id")
        self._admins: dict[str, str] = {}  # Engine.IO sids by sid
        self._being_told: set[str] = set()  # of all sockets
        self._sockets = Sockets(self._core, sio.manager, namespace)
        self._stats = ServerStats(self._core, self._registry, self.server_id)
        self._details = Details(
            self._core,
            sio.manager,
            self._sockets,
            namespace,
            lambda: list(self._admins.values()),  # a copy: asked from any thread
        )
        self._handlers: dict[str, Handler] = {
            "connect": self.admin_connect,
            "disconnect": self._admin_left,
        }
        if mode == "development" and not read_only:
            self._handlers |= {
                "emit": self.admin_emit,
                "join": self.admin_enter_room,
                "leave": self.admin_leave_room,
                "_disconnect": self.admin_disconnect,
            }
        self.instrument()

    def instrument(self) -> None:
        """Let admins in. Done already by the constructor."""
        for event, handler in self._handlers.items():
            self.sio.on(event, handler, namespace=self.admin_namespace)
        service = self.sio._service
        service.when_bound = self._serving
        if self._core.started:
            self._serving()

    def uninstrument(self) -> None:
        """Let no more admins in, and tell those that are in nothing more."""
        functions = self._registry.functions.get(self.admin_namespace, {})
        for event, handler in self._handlers.items():
            if functions.get(event) == handler:
                del functions[event]
        if not functions:
            self._registry.functions.pop(self.admin_namespace, None)
        self.sio._service.when_bound = None
        self._admins.clear()
        self._stop_stats()
        self._watch(False)
        self.sio._service.interest_changed()

    async def shutdown(self) -> None:
        """Stop telling `server_stats`; the next admin starts it again."""
        task = self._stop_stats()
        if task is not None:
            await asyncio.wait([task])

    # --- admins come and go ---

    async def admin_connect(self, sid: str, environ: Environ, client_auth: Any) -> None:
        """The connect handler of the admin namespace."""
        if not await self._authenticator.admits(client_auth):
            raise ConnectionRefusedError("authentication failed")
        self._admins[sid] = self.sio.manager.eio_sid_from_sid(sid, self.admin_namespace) or ""
        # From here on what happens is told, so that nothing is lost between this and the greeting.
        self._watch(self.mode == "development")
        self._start_stats()
        session_id = self._authenticator.session_id(client_auth)
        self.sio.start_background_task(self._greet, sid, session_id)

    def _admin_left(self, sid: str, reason: str) -> None:
        self._admins.pop(sid, None)
        self._if_nobody_watches()

    async def _greet(self, sid: str, session_id: str | None) -> None:
        await self.sio.sleep(0)  # behind the answer to its connect
        if session_id is not None:
            self._sockets.tell("session", session_id, to=sid)
        features = ["AGGREGATED_EVENTS"]
        if not self.read_only:
            features += ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"]
        if self.mode == "development":
            features.append("ALL_EVENTS")
        self._sockets.tell("config", {"supportedFeatures": features}, to=sid)
        if self.mode == "development":
            await self._tell_all(sid)

    async def _tell_all(self, sid: str) -> None:
        """As slowly as the admin reads."""
        eio_sid = self._admins.get(sid)
        if eio_sid is None or sid in self._being_told:
            return
        self._being_told.add(sid)
        try:
            await self._sockets.tell_all(sid, eio_sid)
        finally:
            self._being_told.discard(sid)

    def _watch(self, wanted: bool) -> None:
        """Have Python told of every client and event, or only of those with handlers."""
        if wanted == (self._core.watcher is self._details):
            return
        if wanted:
            self._details.begin()
        self._core.watch(self._details if wanted else None)
        self._registry.deliver_all = wanted or self.sio._routes_events
        self.sio._service.interest_changed()

    def _if_nobody_watches(self) -> None:
        if self._admins:
            return
        self._watch(False)
        if not self._shared:
            self._stop_stats()

    # --- server_stats ---

    def _serving(self) -> None:
        """A loop has begun to serve; admins may have been connected before."""
        if self._shared or self._admins:
            self._start_stats()

    def _start_stats(self) -> None:
        task = self.stats_task
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            self._stats.begin()
            self.stats_task = self.sio.start_background_task(self._emit_server_stats)

    def _stop_stats(self) -> asyncio.Future[None] | None:
        task, self.stats_task = self.stats_task, None
        if task is not None and not task.done() and not task.get_loop().is_closed():
            task.cancel()
            return task
        return None

    async def _emit_server_stats(self) -> None:
        while True:
            await asyncio.sleep(self.server_stats_interval)
            # One that never got in, or whose end was not handled, is none.
            present = dict(self.sio.manager.get_participants(self.admin_namespace, None))
            for sid in self._admins.keys() - present.keys():
                del self._admins[sid]
            self._if_nobody_watches()
            await self.sio.emit("server_stats", self._stats.read(), namespace=self.admin_namespace)
            watching = self._core.watcher is self._details
            if watching and self._details.begin_interval(may_repair=not self._being_told):
                for sid in self._admins:
                    self.sio.start_background_task(self._tell_all, sid)

    def serialize_socket(
        self, sid: str, namespace: str, eio_sid: str | None = None
    ) -> dict[str, Any]:
        """A client as admins see it. `KeyError` for an unknown sid."""
        for described in self._sockets.describe(namespace, [sid]):
            return described
        raise KeyError("Session not found")

    # --- what admins ask for ---

    async def admin_emit(
        self, sid: str, namespace: str, room_filter: Rooms, event: str, *data: Any
    ) -> None:
        """Emit to the clients of a room, None for all."""
        await self.sio.emit(event, data, to=room_filter, namespace=namespace)

    async def admin_enter_room(
        self, sid: str, namespace: str, room: str, room_filter: Rooms = None
    ) -> None:
        """Put the clients of a room, None for all, into another one."""
        async for slice_ in self._members(namespace, room_filter):
            for each in slice_:
                with suppress(KeyError):  # has left meanwhile
                    await self.sio.enter_room(each, room, namespace=namespace)

    async def admin_leave_room(
        self, sid: str, namespace: str, room: str, room_filter: Rooms = None
    ) -> None:
        """Take the clients of a room, None for all, out of another one."""
        async for slice_ in self._members(namespace, room_filter):
            for each in slice_:
                await self.sio.leave_room(each, room, namespace=namespace)

    async def admin_disconnect(
        self, sid: str, namespace: str, close: bool, room_filter: Rooms = None
    ) -> None:
        """Disconnect the clients of a room, None for all, from the namespace.

        `close`, to close their connections as well, is ignored, as in python-socketio.
        """
        async for slice_ in self._members(namespace, room_filter):
            # Together: one whose disconnect handler takes its time holds up its slice only.
            await asyncio.gather(
                *(self.sio.disconnect(each, namespace=namespace) for each in slice_)
            )

    async def _members(self, namespace: str, room: Rooms) -> AsyncIterator[list[str]]:
        sids = [sid for sid, _ in self.sio.manager.get_participants(namespace, room)]
        for start in range(0, len(sids), SLICE):
            yield sids[start : start + SLICE]
            await asyncio.sleep(0)
