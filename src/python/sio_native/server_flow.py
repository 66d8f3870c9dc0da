"""What an AsyncServer has of rooms and flow: each a thin call, the parts are made at first use."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from .arguments import as_count, as_namespace_name, as_seconds, as_str
from .async_manager import _sids
from .rooms import MOST_ROOM_BYTES, is_user_room, room_key
from .types import AckCallback, Data, Room, Rooms, as_sid

if TYPE_CHECKING:
    from .async_manager import AsyncManager
    from .async_server import AsyncServer
    from .conflation import Conflation
    from .core import Core
    from .handlers import Registry
    from .limits import Limits
    from .replay import Replays
    from .room_rules import Choices, RoomRules
    from .service import Service
    from .text_stream import Streams, TextStream

J = TypeVar("J", bound=Callable[..., Any])


class FlowMethods:
    """Of `AsyncServer`. Raises `ValueError` at first use with packets that are not JSON."""

    _core: Core
    _registry: Registry
    _service: Service
    manager: AsyncManager

    @cached_property
    def _room_rules(self) -> RoomRules:
        from .room_rules import RoomRules

        self._needs_json("room rules")
        return RoomRules(self._service)

    def rooms_from_query(
        self,
        rules: Mapping[str, Choices],
        namespace: str | None = None,
        messages: Mapping[str, str] | None = None,
    ) -> None:
        """Put each client that connects into rooms by the query of its request.

        `rules` is `{parameter: {pattern: room}}`: the first pattern that the whole value matches
        counts, and the parameter's name in braces stands for the value in the room. A value that
        none matches is logged, and its client told with `room:error {message, <parameter>}`; it
        stays connected. `messages` has other texts than "Invalid <parameter> format", by parameter.
        Raises `ValueError` for a pattern or a room that cannot be used; docs/rooms.md has the
        patterns.
        """
        self._room_rules.from_query(rules, as_namespace_name(namespace), messages)

    def rooms_from_event(
        self,
        event: str,
        choices: Choices,
        name: str = "id",
        namespace: str | None = None,
        message: str | None = None,
        leave: bool = False,
    ) -> None:
        """Put a client into a room when it sends `event` with a value, by rules as from a query.

        `name` is what stands in braces in a room, and the value's name in `room:error`. With
        `leave` the event lets the client out of the room. Python does not hear of the event.
        """
        self._room_rules.from_event(
            event, choices, name, as_namespace_name(namespace), message, leave
        )

    def room_rule(self, rooms: str, namespace: str | None = None) -> Callable[[J], J]:
        """`@sio.room_rule("job:*")`: `(sid, room) -> bool` says who may join when clients ask.

        `*` stands for any run of characters, `?` for any one; the first rule that fits a room
        decides. It is asked once for each client and room, and may be a coroutine function; one
        that raises refuses. What the application does with `enter_room` is not asked about.
        """

        as_str(rooms, "rooms")
        where = as_namespace_name(namespace)

        def register(judge: J) -> J:
            self._room_rules.ask(rooms, judge, where)
            return judge

        return register

    async def revoke(self, sid: str, room: Room, namespace: str | None = None) -> bool:
        """Put a client out of a room for as long as it is connected.

        It is told with `room:revoked {room}` if it was in there, and cannot ask its way back.
        False: there is no such client.
        """
        return await self._room_rules.revoke(sid, room, as_namespace_name(namespace))

    # --- events that come in ---

    @overload
    def limit(self, rate: str, /, *, by: str = "sid") -> Callable[[J], J]: ...
    @overload
    def limit(
        self, event: str, rate: str, /, *, by: str = "sid", namespace: str | None = None
    ) -> None: ...
    def limit(
        self, *given: str, by: str = "sid", namespace: str | None = None
    ) -> Callable[[J], J] | None:
        """At most so many of an event: `@sio.limit("10/60s")` at a handler, or `(event, rate)`.

        Exact: no stretch of 60 seconds has more than 10. They are counted by client ("sid"), by
        "user" (see `users.bind`; a client that is nobody's by itself) or by "address"; several
        limits must all allow an event. What is too much never reaches Python: its ack is
        `{success: false, error}`, or without one the client gets an event `error`, with "Rate
        limit exceeded". `ValueError` for a rate that cannot be meant.
        """
        if len(given) == 2:
            self._limits.add(
                given[0], self._limits.make(given[1], by), as_namespace_name(namespace)
            )
            return None
        if len(given) != 1 or namespace is not None:
            raise TypeError("limit() takes a rate, for a handler, or an event and a rate")
        limit = self._limits.make(given[0], by)

        def mark(handler: J) -> J:
            self._limits.mark(handler, limit)
            return handler

        return mark

    def deduplicate(
        self,
        event: str,
        id: str = "id",
        last: int = 256,
        window: float = 300.0,
        namespace: str | None = None,
    ) -> None:
        """Handle an event that a client sends again only once: the second gets the first's ack.

        `id` is the member of the event's first argument that names it, a text or a number. The
        `last` events of each client are remembered, for `window` seconds, while it is connected.
        """
        self._limits.deduplicate(event, id, last, window, as_namespace_name(namespace))

    @cached_property
    def _limits(self) -> Limits:
        from .limits import Limits

        self._needs_json("limits")
        return Limits(self._service, self._registry)

    def flow_stats(self) -> dict[str, int]:
        """Since the start: events `limited` and `repeated`, emits `conflated`, and `volatile`
        events that clients did not get.
        """
        stats = self._core.engine.flow_stats()
        if "_conflation" in self.__dict__:
            stats["conflated"] += self._conflation.dropped
        return stats

    # --- events that go out ---

    def _emit_conflated(
        self,
        event: str,
        data: Data,
        namespace: str | None,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
        callback: AckCallback | None,
        key: str,
        interval: float,
        ignore_queue: bool = False,
    ) -> Coroutine[Any, Any, None] | None:
        """What is left to do: None with the engine's own manager, and on any thread."""
        if callback is not None:
            raise ValueError("a conflated emit has no callback: it may never go out")
        self._needs_json("conflated emits")
        if not isinstance(key, str):
            raise TypeError(f"conflate must be a str, not {key!r}")
        interval = as_seconds(interval, "interval", 0.001, 3600)
        manager = self.manager
        if not manager._is_native("emit"):
            nsp = namespace or "/"

            async def send(latest: Data) -> None:
                await manager.emit(
                    event, latest, nsp, room=room, skip_sid=skip_sid, ignore_queue=ignore_queue
                )

            series = (event, nsp, key, _as_key(room), ignore_queue)
            return self._conflation.offer(series, data, interval, send)
        if self._core.started:
            self.__dict__["_conflates"] = True
            keys = manager._keys(room)
            if keys is None or keys:
                self._core.engine.emit_conflated(
                    event, data, namespace or "/", keys, _sids(skip_sid), key, interval
                )
        return None

    @cached_property
    def _conflation(self) -> Conflation:
        from .conflation import Conflation

        return Conflation(getattr(self.manager, "json", json), self._core.log.socketio)

    async def _end_conflation(self) -> None:
        """The last value is never lost."""
        if "_conflates" in self.__dict__ and self._core.started:
            self._core.engine.flush_conflated()
        if "_conflation" in self.__dict__:
            await self._conflation.end()

    def replay(
        self,
        rooms: str,
        last: int = 100,
        max_bytes: int = 1 << 20,
        max_age: float = 300.0,
        namespace: str | None = None,
    ) -> None:
        """Rooms of these names (`*`, `?`) keep their last events for clients that come back.

        At most `last`, `max_bytes` and `max_age` seconds. Events to such a room have one more
        argument, `{room: id}`: a client that joins with it gets what it has missed, once and in
        order; see docs/flow.md. Emits with a callback, and to no room, are not kept.
        """
        self._replays.add(rooms, last, max_bytes, max_age, as_namespace_name(namespace))

    async def resume_room(
        self, sid: str, room: str, last: str, namespace: str | None = None
    ) -> None:
        """`enter_room` for a client that has seen the event with the id `last`, and gets the rest.

        If some of that is not kept any more, `room:gap {room}` comes first. Raises `KeyError` for
        an unknown sid, `TypeError` for a room or an id that is no str and `ValueError` for a room
        that cannot be.
        """
        where = as_namespace_name(namespace)
        if is_user_room(as_str(room, "room")) or len(room.encode()) > MOST_ROOM_BYTES:
            raise ValueError(f"room must be a room of at most {MOST_ROOM_BYTES} bytes: {room!r}")
        if self._core.engine.eio_sid(as_sid(sid), where) is None:
            raise KeyError(sid)
        key = cast("str", room_key(room))
        self._core.engine.resume_room(as_sid(sid), where, key, as_str(last, "last"))

    @cached_property
    def _replays(self) -> Replays:
        from .replay import Replays

        self._needs_json("replays")
        return Replays(self._service)

    def stream(
        self,
        to: Rooms,
        event: str,
        namespace: str | None = None,
        *,
        window: float = 0.03,
        linger: float = 60.0,
        max_bytes: int = 1 << 20,
    ) -> TextStream:
        """`async with sio.stream(to, event) as stream: stream.append(text)`: a text that grows.

        What is appended within `window` seconds is one event, `{stream, after, seq, text}`, the
        first after a silence goes at once; the last has `done`. A client that has missed some
        sends `stream:resume {stream, seq}`, until `linger` seconds after the end and for the
        newest `max_bytes` of text; `stream:cancel {stream}` makes `append` raise. `to` None is
        everyone.
        """
        from .text_stream import TextStream

        if not isinstance(event, str):
            raise TypeError(f"event must be a str, not {event!r}")
        return TextStream(
            self._streams,
            self.manager._keys(to),
            event,
            as_namespace_name(namespace),
            as_seconds(window, "window", 0.001, 10),
            as_seconds(linger, "linger", 0, 86400),
            as_count(max_bytes, "max_bytes", 0, 2**53),
        )

    @cached_property
    def _streams(self) -> Streams:
        from .text_stream import Streams

        self._needs_json("streams")
        return Streams(self._service)

    # --- what is there ---

    def stats(self, namespace: str | None = None, *, messages: bool = False) -> dict[str, Any]:
        """`{"totalConnections": 5, "rooms": {name: count}}`, without clients' and users' own rooms.

        With `messages` also `"messages": {name: count}`: the events that members of the room were
        sent through it, since somebody is in there. Of this process. Costs a step for each room,
        however many are in there.
        """
        total, rooms = self._core.engine.room_counts(as_namespace_name(namespace))
        named = [(self.manager._names.name(room), *counts) for room, *counts in rooms]
        stats = {"totalConnections": total, "rooms": {room: members for room, members, _ in named}}
        if messages:
            stats["messages"] = {room: sent for room, _, sent in named}
        return stats

    def prometheus(self) -> str:
        """Counters and gauges of this process, in the text format of Prometheus.

        The engine's, and those of users, documents and usage where they are used; docs/usage.md.
        """
        from .metrics import prometheus_text

        return prometheus_text(cast("AsyncServer", self))

    def _needs_json(self, what: str) -> None:
        if (used := self._core.serializer.packet_format) != "json":
            raise ValueError(f"{what} need packets in JSON, and this server's are {used}")


def _as_key(room: Rooms) -> Hashable:
    """Of what may be a list, or something that has no hash."""
    return tuple(room) if isinstance(room, (list, tuple, set, frozenset)) else room
