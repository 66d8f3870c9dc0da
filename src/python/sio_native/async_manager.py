"""The manager of an asyncio server: coroutines under python-socketio's names."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import exceptions
from ._core import SERVER_DISCONNECT
from .acks import Answer
from .adapter import Adapter
from .base_manager import CLIENT_METHODS
from .cluster_wire import Found
from .handshake import Handshake
from .rooms import is_user_room
from .selection import Selection
from .types import AckCallback, Data, Room, Rooms, as_namespace, as_sid

if TYPE_CHECKING:
    from .service import Service

# Clients, between two turns of the loop: about two milliseconds.
DESCRIBED_AT_ONCE = 100

# Seconds in which a client may ask for what it has not been told before its session is closed.
CLOSES_WITHIN = 10.0

# With one of these of its own a manager is told the sid and the id of each answer.
ACK_METHODS = frozenset({"trigger_callback", "_generate_ack_id"})


class AsyncManager(Adapter):
    """The clients of one asyncio server, kept by its engine.

    What is said of `BaseManager` holds: subclasses may override, and `super()` reaches the engine.
    The coroutines of this class never wait, but for `trigger_callback`.
    """

    thread: Any = None  # the task of a listener, in subclasses
    _emits_natively = True  # nobody has overridden a thing: the server need not ask

    def _look_for_overrides(self) -> None:
        super()._look_for_overrides()
        if self._hooks is None and self._service is not None and self._own & CLIENT_METHODS:
            self._hooks = self._service.use_hooks(self)
        self._emits_natively = self._is_native("emit") and "get_participants" not in self._own

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Is it a client that `AsyncServer.disconnect` should disconnect here?"""
        return self.is_connected(sid, namespace)

    # --- emitting ---

    async def emit(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        callback: AckCallback | None = None,
        to: Rooms = None,
        **kwargs: Any,
    ) -> None:
        """As `AsyncServer.emit`, to the clients of this server."""
        self._emit(event, data, namespace, to or room, skip_sid, callback)

    def emit_nowait(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        callback: AckCallback | None = None,
    ) -> None:
        """`emit` from any thread. On the loop, later, if a subclass has its own."""
        if self._is_native("emit"):
            self._emit(event, data, namespace, room, skip_sid, callback)
        else:
            self._schedule(
                self.emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback)
            )

    async def broadcast(self, whom: Selection, event: str, args: tuple[Any, ...]) -> None:
        if self._is_native("emit") and "get_participants" not in self._own:
            self._broadcast(whom, event, args)
            return
        await self.emit(
            event,
            args,
            whom.namespace,
            room=list(whom.rooms) or None,
            skip_sid=[*whom.sids_left_out(), *(sid for sid, _ in self._left_out(whom))],
            ignore_queue=whom.local,
        )

    async def broadcast_with_ack(
        self, whom: Selection, event: str, args: tuple[Any, ...], timeout: float | None
    ) -> dict[str, Data]:
        self._check_reach(whom.local)
        return await self._gather(whom, event, args, timeout)

    async def _gather(
        self,
        whom: Selection,
        event: str,
        args: tuple[Any, ...],
        timeout: float | None,
        heard: Callable[[str, Data], None] | None = None,
    ) -> dict[str, Data]:
        """The answers of clients of this server. `heard` is told each when it comes."""
        service = self._service
        if service is None or not service.core.started:
            return {}
        service.bind()
        return await service.acks.gather(
            lambda token: self._broadcast(whom, event, args, token), event, timeout, heard
        )

    def _broadcast(
        self, whom: Selection, event: str, args: tuple[Any, ...], token: int = 0
    ) -> None:
        """Here, past what a subclass has overridden."""
        _check_event(event)
        if self._core is None or not self._core.started:
            return
        keys, left_out = self._keys(whom.rooms or None), self._keys(whom.except_rooms)
        namespace = as_namespace(whom.namespace)
        how = whom.volatile, whom.compress
        self._engine.emit(event, args, namespace, keys, [], token, left_out or (), *how)
        if (outgoing := self._core.outgoing) is not None:
            outgoing.sent(event, args, namespace, keys, (), left_out or ())
        if (watcher := self._watcher) is not None:
            skipped = [sid for sid, _ in self._left_out(whom)]
            watcher.sent(event, args, whom.namespace, list(whom.rooms) or None, skipped)

    def _left_out(self, whom: Selection) -> Iterator[tuple[str, str]]:
        if whom.except_rooms:
            yield from self.get_participants(whom.namespace, list(whom.except_rooms))

    async def server_count(self) -> int:
        return 1

    async def server_side_emit(self, namespace: str, event: str, args: tuple[Any, ...]) -> None:
        """To nobody: there is no other server."""
        self._check_reach()

    async def server_side_emit_with_ack(
        self, namespace: str, event: str, args: tuple[Any, ...], timeout: float | None = None
    ) -> list[Any]:
        self._check_reach()
        return []

    def _check_reach(self, local: bool = False) -> None:
        if not local and hasattr(self, "_publish"):  # see foreign_manager
            raise ValueError(
                "a client manager made for python-socketio cannot ask other servers: derive it "
                "from sio_native's AsyncPubSubManager, or choose the local clients"
            )

    async def find_sockets(self, whom: Selection) -> list[str]:
        self._check_reach(whom.local)
        left_out = {sid for sid, _ in self._left_out(whom)}
        chosen = self.get_participants(whom.namespace, list(whom.rooms) or None)
        return [sid for sid, _ in chosen if sid not in left_out]

    async def fetch_sockets(self, whom: Selection) -> list[Found]:
        sids = await self.find_sockets(whom)
        found = []
        for start in range(0, len(sids), DESCRIBED_AT_ONCE):
            some = sids[start : start + DESCRIBED_AT_ONCE]
            for sid, _, _, rooms, head, age in self._engine.describe(whom.namespace, some):
                session = {}
                if self._service is not None:
                    with contextlib.suppress(KeyError):  # it has left meanwhile
                        session = dict(self._service.sessions.get(sid, whom.namespace))
                names = {self._names.name(key) for key in rooms if not is_user_room(key)}
                found.append((sid, Handshake.of(head, age), names, session))
            await asyncio.sleep(0)
        return found

    async def add_sockets(self, whom: Selection, rooms: list[Room]) -> None:
        async for sid in self._one_by_one(whom):
            for room in rooms:
                with contextlib.suppress(KeyError):  # it has left meanwhile
                    await self.enter_room(sid, whom.namespace, room)

    async def remove_sockets(self, whom: Selection, rooms: list[Room]) -> None:
        async for sid in self._one_by_one(whom):
            for room in rooms:
                await self.leave_room(sid, whom.namespace, room)
        for sid in self._away(whom):
            for room in rooms:
                self.basic_leave_room(sid, whom.namespace, room)

    def _away(self, whom: Selection) -> list[str]:
        """Those selected who may come back: what is taken from a client is taken from them, too."""
        keys = self._keys(list(whom.rooms) or None)
        if self._service is None or self._service.recovery is None or not (keys is None or keys):
            return []
        return self._engine.away(whom.namespace, keys, self._keys(list(whom.except_rooms)) or ())

    async def _one_by_one(self, whom: Selection) -> AsyncIterator[str]:
        """Others have their turn meanwhile."""
        for count, sid in enumerate(await self.find_sockets(whom), 1):
            yield sid
            if count % DESCRIBED_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def disconnect_sockets(self, whom: Selection, close: bool) -> None:
        assert self.server is not None  # its operators ask
        clients = [(sid, whom.namespace) for sid in await self.find_sockets(whom)]
        sessions: list[str] = []
        if close:
            found = (self.eio_sid_from_sid(*client) for client in clients)
            sessions = list(dict.fromkeys(filter(None, found)))
            clients = self._clients_of(sessions)
        for sid in self._away(whom):
            self._engine.disconnect(sid, whom.namespace)
        # At once: each waits for a disconnect handler, and none should wait for another's.
        await asyncio.gather(
            *(self.server.disconnect(*client, ignore_queue=True) for client in clients)
        )
        if sessions:
            # A client that polls hears it when it asks for the next time.
            self._engine.close_sessions(sessions, SERVER_DISCONNECT, True)
            asyncio.get_running_loop().call_later(CLOSES_WITHIN, self._close_unheard, sessions)

    def _clients_of(self, sessions: list[str]) -> list[tuple[str, str]]:
        """Sid and namespace. Whoever is not told in all its namespaces would come back to them."""
        return [
            (sid, namespace)
            for namespace in self._engine.namespaces()
            for session in sessions
            if (sid := self._engine.sid(session, namespace)) is not None
        ]

    def _close_unheard(self, sessions: list[str]) -> None:
        if self._core is not None and self._core.started:
            self._engine.close_sessions(sessions, SERVER_DISCONNECT)

    def _emit(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
        callback: AckCallback | None,
    ) -> None:
        """Encode and post. `TypeError` for data that cannot be serialised."""
        _check_event(event)
        service = self._service
        if service is None or not service.core.started:  # nobody to send to or to answer
            return
        if not callback:  # python-socketio takes anything that is not true for none
            callback = None
        if "get_participants" in self._own or (callback is not None and self._own & ACK_METHODS):
            self._emit_to_each(service, event, data, namespace, room, skip_sid, callback)
            return
        token = service.acks.expect(callback) if callback is not None else 0
        try:
            self._emit_token(event, data, namespace, room, skip_sid, token)
        except BaseException:
            service.acks.forget(token)
            raise

    def _emit_token(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
        token: int,
    ) -> None:
        """Emit; the acks come under `token`."""
        keys = self._keys(room)
        if keys is not None and not keys:
            if self._service is not None:
                self._service.acks.done(token)
            return
        assert self._core is not None  # it has started
        namespace, skipped = as_namespace(namespace), _sids(skip_sid)
        self._core.engine.emit(event, data, namespace, keys, skipped, token)
        if (outgoing := self._core.outgoing) is not None:
            outgoing.sent(event, data, namespace, keys, skipped)
        if (watcher := self._watcher) is not None:
            watcher.sent(event, data, namespace, room, skip_sid)

    def _emit_to_each(
        self,
        service: Service,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
        callback: AckCallback | None,
    ) -> None:
        """As python-socketio: to whom `get_participants` names, with an id for each answer."""
        skip = set(_sids(skip_sid))
        sids = [sid for sid, _ in self.get_participants(namespace, room) if sid not in skip]
        if (watcher := self._watcher) is not None:
            watcher.sent(event, data, namespace, sids, None)
        if callback is not None:
            for sid in sids:
                ack_id = self._generate_ack_id(sid, callback)
                token = service.acks.expect(self._answer(sid, ack_id))
                try:
                    self._engine.emit(event, data, namespace, [sid], [], token)
                except BaseException:
                    service.acks.forget(token)
                    raise
        elif sids:
            self._engine.emit(event, data, as_namespace(namespace), sids, [], 0)
        if (outgoing := service.core.outgoing) is not None:
            outgoing.sent(event, data, namespace, sids)

    def _answer(self, sid: Any, ack_id: int) -> Answer:
        return Answer(self._answered, (sid, ack_id))

    async def _answered(self, sid: str, ack_id: int, *args: Any) -> None:
        await self.trigger_callback(sid, ack_id, list(args))

    async def _call(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms,
        timeout: float | None,
        ignore_queue: bool,
    ) -> Data:
        """`AsyncServer.call`."""
        service = self._service
        assert service is not None  # a server calls it
        if self._emits_natively and not self._own & ACK_METHODS:
            if not service.core.started:
                raise exceptions.TimeoutError("no answer will come: the client is not connected")
            service.bind()
            return await service.acks.call(
                lambda token: self._emit_token(event, data, namespace, room, None, token),
                event,
                timeout,
            )
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

        def callback(*args: Any) -> None:
            if not answer.done():
                answer.set_result(list(args))

        try:
            await self.emit(
                event,
                data,
                namespace,
                room=room,
                skip_sid=None,
                callback=callback,
                ignore_queue=ignore_queue,
            )
            return await service.acks.in_time(answer, event, timeout)
        finally:
            self._forget_call(room, namespace, callback)

    def _forget_call(self, sid: Any, namespace: str, callback: AckCallback) -> None:
        """Nobody waits for the answer any more."""
        for ack_id in self._forget_callback(sid, callback):
            if self._service is not None:
                self._service.acks.forget_callback(self._answer(sid, ack_id))

    async def trigger_callback(self, sid: str, id: int, data: Iterable[Any]) -> None:
        """A client has answered: call what `_generate_ack_id` was given."""
        callback = self._take_callback(sid, id)
        if callback is None:
            self._get_logger().warning("Unknown callback received, ignoring.")
            return
        result = callback(*data)
        if inspect.isawaitable(result):
            await result

    # --- clients come and go ---

    async def pre_connect(  # type: ignore[override]
        self, eio_sid: str, namespace: str
    ) -> str | None:
        """A client asks to join a namespace. Returns its sid; None refuses it."""
        return super().pre_connect(eio_sid, namespace)

    async def connect(self, sid: str, namespace: str) -> str | None:  # type: ignore[override]
        """Its connect handler has accepted a client: it is let in. Returns the sid.

        An Engine.IO sid, as in python-socketio 5.16, is a client that asks to join.
        """
        if not self._knows(sid, namespace):
            return await self.pre_connect(sid, namespace)
        return super().connect(sid, namespace)

    async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """A client has left: out of all rooms, and forgotten. If it has not, it is disconnected."""
        self.basic_disconnect(sid, namespace, **kwargs)

    # --- rooms ---

    async def enter_room(
        self, sid: str, namespace: str, room: Room, eio_sid: str | None = None
    ) -> None:
        """As `AsyncServer.enter_room`."""
        self.basic_enter_room(sid, namespace, room, eio_sid=eio_sid)

    async def leave_room(self, sid: str, namespace: str, room: Room) -> None:
        """As `AsyncServer.leave_room`."""
        self.basic_leave_room(sid, namespace, room)

    async def close_room(self, room: Room, namespace: str) -> None:
        """As `AsyncServer.close_room`."""
        self.basic_close_room(room, namespace)

    def enter_room_nowait(self, sid: str, namespace: str, room: Room) -> None:
        """`enter_room` from any thread. On the loop, later, if a subclass has its own."""
        if self._is_native("enter_room"):
            self.basic_enter_room(sid, namespace, room)
        else:
            self._schedule(self.enter_room(sid, namespace, room))

    def leave_room_nowait(self, sid: str, namespace: str, room: Room) -> None:
        """`leave_room` from any thread. On the loop, later, if a subclass has its own."""
        if self._is_native("leave_room"):
            self.basic_leave_room(sid, namespace, room)
        else:
            self._schedule(self.leave_room(sid, namespace, room))

    def close_room_nowait(self, room: Room, namespace: str) -> None:
        """`close_room` from any thread. On the loop, later, if a subclass has its own."""
        if self._is_native("close_room"):
            self.basic_close_room(room, namespace)
        else:
            self._schedule(self.close_room(room, namespace))

    # --- loops ---

    def _is_native(self, name: str) -> bool:
        return name not in self._own and getattr(type(self), name) is getattr(AsyncManager, name)

    def _schedule(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run on the server's loop, from any thread. `RuntimeError` if there is no loop."""
        if self._service is None:
            work.close()
            raise RuntimeError("a manager without a server has no loop: await its coroutines")
        try:
            self._service.spawn(self._logged(work))
        except RuntimeError:
            work.close()
            raise

    async def _logged(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception:
            self._get_logger().exception("what was left for the event loop to do has failed")

    def _loop_lost(self) -> None:
        """The loop is closed that a listener ran on, and the server serves another one."""
        if self.thread is not None:
            self.thread = None
            self.initialize()

    async def _end(self) -> None:
        """The server has shut down: a listener ends too. `initialize` may follow."""
        listener, self.thread = self.thread, None
        if not isinstance(listener, asyncio.Future) or listener.done():
            return
        loop = listener.get_loop()
        if loop is asyncio.get_running_loop():
            listener.cancel()
            await asyncio.wait([listener])
        elif not loop.is_closed():
            loop.call_soon_threadsafe(listener.cancel)


def _check_event(event: object) -> None:
    if not isinstance(event, str):
        raise TypeError(f"the name of an event must be a str, not {event!r}")


def _sids(skip_sid: str | Iterable[str] | None) -> list[str]:
    if skip_sid is None:
        return []
    if isinstance(skip_sid, Iterable) and not isinstance(skip_sid, str):
        return [as_sid(sid) for sid in skip_sid]
    return [as_sid(skip_sid)]
