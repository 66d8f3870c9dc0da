"""Who is where, under python-socketio's names: what a manager of clients is asked and told."""

from __future__ import annotations

import itertools
import json as standard_json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from . import _core
from .json_codec import is_standard
from .room_views import NamespacesView, RoomsView
from .rooms import RoomNames, is_user_room
from .types import AckCallback, Room, Rooms, as_namespace, as_sid

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .client_hooks import ClientHooks
    from .core import Core
    from .service import Service
    from .watch import Watcher

default_logger = logging.getLogger("socketio")

# Callbacks that are kept by `_generate_ack_id`: of so many sids or rooms, and of each. Beyond, the
# oldest are given up. Who is asked on another server may have gone, and nobody says so.
MOST_ASKED = 10_000
MOST_CALLBACKS = 1_000

# Which of these a subclass overrides decides whether clients are brought to Python one by one.
CLIENT_METHODS = frozenset(
    {
        "pre_connect",
        "connect",
        "pre_disconnect",
        "disconnect",
        "basic_enter_room",
        "basic_leave_room",
        "basic_disconnect",
    }
)


class BaseManager:
    """The clients of one server, kept by its engine.

    The rooms are the engine's. A subclass may override what it wants to see or to do in its own
    way: the server calls the override where python-socketio does, and `super()` in it reaches the
    engine. Without overrides nothing of this costs anything. Questions are answered as of now, and
    may be asked from any thread.
    """

    # Packages whose classes are no application's: what they override is part of the library.
    _library: ClassVar[frozenset[str]] = frozenset({__package__})

    server: AsyncServer | None
    logger: Any
    json: Any
    _service: Service | None = None

    def __init__(self) -> None:
        self.logger = None
        self.server = None
        self.json = standard_json
        self._prepare()

    def _prepare(self) -> None:
        """All but what python-socketio's managers have too: see `foreign_manager`."""
        self.eio_to_sid: dict[str, str] = {}  # empty, as in python-socketio
        # Callbacks by sid or room, and id; 0 is the counter. Of emits to other servers, and of all
        # where a subclass has its own `trigger_callback`; the others are the engine's.
        self.callbacks: dict[Any, dict[int, Any]] = {}
        self._ack_ids = itertools.count(1)
        self._names = RoomNames(self._keys_in_use)
        self._core: Core | None = None
        self._hooks: ClientHooks | None = None
        self._own: frozenset[str] = frozenset()  # what the application has overridden

    def set_server(self, server: AsyncServer) -> None:
        """Called by the server that this manager is given to."""
        if self.server is not None and self.server is not server:
            raise ValueError("this client manager serves another server: give each its own")
        self.server = server

    def _bind(self, core: Core, service: Service) -> None:
        self._core = core
        self._service = service
        json = getattr(core.serializer.packet_class, "json", None)
        self.json = standard_json if json is None or is_standard(json) else json
        self._look_for_overrides()

    def _look_for_overrides(self) -> None:
        self._own = own_methods(self, self._library)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        # A method may be replaced on the instance, by tests above all, and at any time.
        if self._service is not None and callable(value) and hasattr(type(self), name):
            self._look_for_overrides()

    def initialize(self) -> None:
        """Called before the first client; may be called any number of times."""

    # --- questions ---

    @property
    def _engine(self) -> _core.Engine:
        """Where the clients are; without a server there are none."""
        return _NOBODY if self._core is None else self._core.engine

    @property
    def _watcher(self) -> Watcher | None:
        """Who is told of rooms and emits; nobody, as a rule."""
        return None if self._core is None else self._core.watcher

    @property
    def rooms(self) -> Mapping[str, RoomsView]:
        """Live, read only: `rooms[namespace][room]` maps sids to Engine.IO sids.

        The room None is everybody. A namespace or room without a member does not exist.
        """
        return NamespacesView(self)

    @property
    def pending_connect(self) -> dict[str, list[str]]:
        """The sids whose connect handlers run, by namespace, as they are now."""
        return _by_namespace(self._connecting())

    @property
    def pending_disconnect(self) -> dict[str, list[str]]:
        """The sids whose disconnect handlers run, by namespace, as they are now."""
        return _by_namespace(list(self._service.runner.departing) if self._service else ())

    def get_namespaces(self) -> Iterable[str]:
        """The namespaces that a client is in."""
        return self._engine.namespaces()

    def get_participants(self, namespace: str, room: Rooms) -> Iterator[tuple[str, str]]:
        """(sid, Engine.IO sid) of the members of a room, of any of a list, or (None) of all.

        Of this server: nobody knows those of all servers.
        """
        keys = self._keys(room)
        if keys is None or keys:
            yield from self._engine.participants(as_namespace(namespace), keys)

    def get_rooms(self, sid: str, namespace: str) -> list[Room]:
        """The rooms of a client, its own among them; none for an unknown sid."""
        return [
            self._names.name(key)
            for key in self._engine.rooms(as_sid(sid), as_namespace(namespace))
        ]

    def is_connected(self, sid: str, namespace: str) -> bool:
        """False also for a client that is about to connect or to leave."""
        service = self._service
        if service is None or (namespace, as_sid(sid)) in service.runner.departing:
            return False
        return self._engine.is_connected(as_sid(sid), as_namespace(namespace))

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        """Is its connect handler running?"""
        return (namespace, as_sid(sid)) in self._connecting()

    def is_sid_room(self, namespace: str, room: Room) -> bool:
        """Is it the own room of a client?"""
        return self.eio_sid_from_sid(as_sid(room), namespace) is not None

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """The sid that an Engine.IO session has in a namespace."""
        return self._engine.sid(as_sid(eio_sid), as_namespace(namespace))

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """The Engine.IO session of a client."""
        return self._engine.eio_sid(as_sid(sid), as_namespace(namespace))

    # --- clients come and go ---

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """A client asks to join a namespace. Returns its sid; None refuses it."""
        sid = None if self._hooks is None else self._hooks.joining(eio_sid, namespace)
        if sid is None:
            sid = self.sid_from_eio_sid(eio_sid, namespace)
        if sid is not None:
            self.basic_enter_room(sid, namespace, None, eio_sid=eio_sid)
            self.basic_enter_room(sid, namespace, sid, eio_sid=eio_sid)
        return sid

    def connect(self, sid: str, namespace: str) -> str | None:
        """Its connect handler has accepted a client: it is let in. Returns the sid.

        An Engine.IO sid, as in python-socketio 5.16, is a client that asks to join.
        """
        if not self._knows(sid, namespace):
            return self.pre_connect(sid, namespace)
        if self._hooks is not None:
            self._hooks.reach("connect", sid, namespace)
        return sid

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        """A client is about to leave: not connected any more, but still in its rooms.

        Returns its Engine.IO sid. `KeyError` for a namespace that nobody is in.
        """
        eio_sid = self.eio_sid_from_sid(sid, namespace)
        if eio_sid is None:
            if namespace not in self._engine.namespaces():
                raise KeyError(namespace)
        elif self._service is not None:
            self._service.runner.departing.add((namespace, sid))
        return eio_sid

    def basic_disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """A client has left: out of all rooms, and forgotten."""
        if "basic_leave_room" in self._own and (
            rooms := BaseManager.get_rooms(self, sid, namespace)
        ):
            for room in (None, *rooms):
                self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        if self._hooks is None or not self._hooks.reach("leave", sid, namespace):
            self._engine.disconnect(as_sid(sid), as_namespace(namespace))

    # --- rooms ---

    def basic_enter_room(
        self, sid: str, namespace: str, room: Room, eio_sid: str | None = None
    ) -> None:
        """Put a client of this server into a room."""
        engine = self._engine
        if eio_sid is not None and room in (None, sid):
            return  # where each client is from its beginning
        if room is None:
            known = self.eio_sid_from_sid(sid, namespace)
            result = _core.ROOM_OK if known else _core.ROOM_UNKNOWN_SID
            if not known and namespace not in engine.namespaces():
                result = _core.ROOM_UNKNOWN_NAMESPACE
        else:
            result = self._names.enter(
                room, lambda key: engine.enter_room(as_sid(sid), as_namespace(namespace), key)
            )
        if result == _core.ROOM_UNKNOWN_NAMESPACE:
            raise ValueError("sid is not connected to requested namespace")
        if result == _core.ROOM_UNKNOWN_SID:
            raise KeyError(sid)
        if result == _core.ROOM_IS_SID:
            raise ValueError("cannot enter a sid room")
        if result == _core.ROOM_LIMIT:
            raise ValueError("the room's name is too long, or the client is in too many rooms")
        if (watcher := self._watcher) is not None:
            watcher.entered(sid, namespace, room)

    def basic_leave_room(self, sid: str, namespace: str, room: Room) -> None:
        """Take a client of this server out of a room. No-op if it is not in there.

        A client that has left is forgotten when it leaves the room None; else it stays in there,
        and in its own.
        """
        if room is None:
            if self._hooks is not None:
                self._hooks.reach("leave", sid, namespace)
            return
        if is_user_room(room):
            return  # until the client is bound to another one
        key = self._names.find(room)
        if key is not None:
            if (watcher := self._watcher) is not None:
                watcher.leaving(sid, namespace, room)
            self._engine.leave_room(as_sid(sid), as_namespace(namespace), key)

    def basic_close_room(self, room: Room, namespace: str) -> None:
        """Take everybody on this server out of a room."""
        if room is None:
            raise ValueError("cannot close the room None, which everybody is in")
        if is_user_room(room):
            raise ValueError(f"the room {room!r} is a user's: users.disconnect_user() ends it")
        if "basic_leave_room" in self._own:
            if self.is_sid_room(namespace, room):
                raise ValueError("cannot close a sid room")
            for sid, _ in self.get_participants(namespace, [room]):
                self.basic_leave_room(sid, namespace, room)
            return
        if (watcher := self._watcher) is not None:
            watcher.closing(room, namespace)
        key = self._names.find(room)
        if key is None:
            return
        if self._engine.close_room(key, as_namespace(namespace)) == _core.ROOM_IS_SID:
            raise ValueError("cannot close a sid room")

    # --- callbacks ---

    def _generate_ack_id(self, sid: Any, callback: AckCallback) -> int:
        """An id for the answer to an emit, which is `callback`'s."""
        if sid not in self.callbacks:
            if len(self.callbacks) >= MOST_ASKED:
                del self.callbacks[next(iter(self.callbacks))]
            # One counter for all: an id is not used again when its sid has been given up.
            self.callbacks[sid] = {0: self._ack_ids}
        waiting = self.callbacks[sid]
        if len(waiting) > MOST_CALLBACKS:
            del waiting[next(itertools.islice(waiting, 1, None))]
        ack_id = next(self._ack_ids)
        waiting[ack_id] = callback
        return ack_id

    def _take_callback(self, sid: Any, ack_id: int) -> AckCallback | None:
        waiting = self.callbacks.get(sid, {})
        callback = waiting.pop(ack_id, None) if ack_id != 0 else None
        if len(waiting) == 1:
            self.callbacks.pop(sid, None)
        return cast("AckCallback | None", callback)

    def _forget_callback(self, sid: Any, callback: AckCallback) -> list[int]:
        """Nobody waits for its answer any more. Returns the ids that it had."""
        waiting = self.callbacks.get(sid, {})
        forgotten = [ack_id for ack_id, known in waiting.items() if known == callback]
        for ack_id in forgotten:
            self._take_callback(sid, ack_id)
        return forgotten

    def _get_logger(self) -> Any:
        """The manager's own logger, else the server's; a manager may have neither."""
        if self.logger:
            return self.logger
        return self.server.logger if self.server else default_logger

    # --- ours ---

    def _knows(self, sid: str, namespace: str) -> bool:
        """Is it a sid, of whichever state?"""
        if self.is_pre_connected(sid, namespace):
            return True
        return self.eio_sid_from_sid(sid, namespace) is not None

    def _connecting(self) -> Collection[tuple[str, str]]:
        service = self._service
        # With always_connect clients are connected while their connect handlers run.
        return {} if service is None or service.always_connect else service.runner.connecting

    def _keys(self, room: Rooms) -> list[str] | None:
        """The engine's names of the rooms that somebody can be in; None for everybody."""
        if room is None:
            return None
        rooms = room if isinstance(room, (list, tuple, set, frozenset)) else (room,)
        if None in rooms:
            return None
        return [key for each in rooms if (key := self._names.find(each)) is not None]

    def _keys_in_use(self) -> set[str]:
        engine = self._engine
        return set(itertools.chain.from_iterable(map(engine.room_names, engine.namespaces())))


def own_methods(manager: object, library: frozenset[str]) -> frozenset[str]:
    """The names in a manager, and in its classes, that come before those of the library."""
    own = set(vars(manager))
    seen = set(own)
    for base in type(manager).__mro__:
        names = vars(base).keys() - seen
        seen |= names
        if base is not object and base.__module__.rpartition(".")[0] not in library:
            own |= names
    return frozenset(own)


def _by_namespace(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for namespace, sid in list(keys):
        found.setdefault(namespace, []).append(sid)
    return found


class _Nobody:
    """The engine of a manager without a server, such as one that only publishes."""

    _answers: ClassVar[dict[str, Callable[[], Any]]] = {
        **dict.fromkeys(("namespaces", "participants", "rooms", "room_names"), list),
        **dict.fromkeys(("in_room", "is_connected"), bool),
        **dict.fromkeys(("eio_sid", "sid", "disconnect", "leave_room"), lambda: None),
        "room_size": int,
        "enter_room": lambda: _core.ROOM_UNKNOWN_NAMESPACE,
        "close_room": lambda: _core.ROOM_OK,
    }

    def __getattr__(self, question: str) -> Callable[..., Any]:
        try:
            answer = self._answers[question]
        except KeyError:
            raise AttributeError(question) from None
        return lambda *args: answer()


_NOBODY = cast("_core.Engine", _Nobody())
