"""Managers of servers that share their clients through a broker: python-socketio's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import exceptions
from .acks import Answer
from .arguments import as_timeout
from .async_manager import AsyncManager
from .cluster import METHOD as CLUSTER
from .cluster import Cluster
from .cluster_wire import Found, cluster_message, packed, whom_message
from .pubsub_channel import PubSubChannel
from .pubsub_wire import (
    Message,
    broadcast_message,
    emit_args,
    emit_data,
    emit_message,
    is_chosen,
    selection_of,
)
from .selection import Selection
from .types import AckCallback, Data, Room, Rooms, as_namespace

if TYPE_CHECKING:
    from .people_nodes import Nodes


class AsyncPubSubManager(PubSubChannel):
    """What several servers share, and processes that only emit: `write_only`, without a server.

    A broker is a subclass with `_publish` and `_listen`. Everything is done here first, and told
    to the others. `channel` names what they share; `logger` is used instead of the server's;
    `json` is for managers without a server, the others take their server's.
    """

    name = "asyncpubsub"
    _people: Nodes | None = None  # who else tells other processes something by this channel

    def __init__(
        self,
        channel: str = "socketio",
        write_only: bool = False,
        logger: Any = None,
        json: Any = None,
        *,
        requests_timeout: float = AsyncManager.requests_timeout,
    ) -> None:
        super().__init__(channel, write_only, logger, json)
        self.requests_timeout = as_timeout(requests_timeout, "requests_timeout")
        self._cluster = Cluster(self)
        self._tellers.append(self._cluster.serve)

    # --- what others say ---

    async def _heard(self, message: Message) -> None:
        method = message["method"]
        if method == "people":
            if self._people is not None:
                self._people.heard(message)
            return
        if method == CLUSTER:
            await self._cluster.heard(message)
            return
        self._get_logger().debug(f"pubsub message: {method}")
        handler = self._handler(method)
        if handler is None or (method != "callback" and message.get("host_id") == self.host_id):
            return
        if method in ("callback", "disconnect"):
            # These run the application's code, which may wait for what comes after them.
            assert self.server is not None  # nobody else listens
            self.server.start_background_task(self._handle, handler, message)
        else:
            await self._handle(handler, message)

    def _handler(self, method: Any) -> Callable[[Message], Awaitable[None]] | None:
        match method:
            case "emit":
                return self._handle_emit
            case "callback":
                return self._handle_callback
            case "disconnect":
                return self._handle_disconnect
            case "enter_room":
                return self._handle_enter_room
            case "leave_room":
                return self._handle_leave_room
            case "close_room":
                return self._handle_close_room
        return self._shared.get(method) if isinstance(method, str) else None

    async def _handle(
        self, handler: Callable[[Message], Awaitable[None]], message: Message
    ) -> None:
        try:
            await handler(message)
        except Exception:
            assert self.server is not None  # nobody else listens
            self.server.logger.exception("Handler error in pubsub listening thread")

    async def _end(self) -> None:
        if self._people is not None:
            await self._people.end()
        await self._cluster.end()
        await super()._end()

    # --- emitting ---

    async def emit(
        self,
        event: str,
        data: Data,
        namespace: str | None = None,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        callback: AckCallback | None = None,
        to: Rooms = None,
        **kwargs: Any,
    ) -> None:
        """As `AsyncServer.emit`, to the clients of all servers; `ignore_queue`: of this one.

        Raises `TypeError` for data that cannot be serialised, `RuntimeError` for a callback
        without a server and `ValueError` for one without a room.
        """
        room = to or room
        namespace = namespace or "/"
        if kwargs.get("ignore_queue"):
            await super().emit(
                event, data, namespace=namespace, room=room, skip_sid=skip_sid, callback=callback
            )
            return
        message = self._new_emit(event, data, namespace, room, skip_sid, callback)
        with self._asking(room, message):
            await self._handle_emit(message)
        await self._publish(message)

    async def broadcast(self, whom: Selection, event: str, args: tuple[Any, ...]) -> None:
        if self._own & {"emit", "_handle_emit"}:
            await super().broadcast(whom, event, args)
            return
        if whom.local:
            self._broadcast(whom, event, args)
            return
        message = broadcast_message(whom, event, args, self.host_id)
        with self._asking(None, message):
            self._broadcast(whom, event, args)
        await self._publish(message)

    async def broadcast_with_ack(
        self, whom: Selection, event: str, args: tuple[Any, ...], timeout: float | None
    ) -> dict[str, Data]:
        if whom.local:
            return await super().broadcast_with_ack(whom, event, args, timeout)
        self._check_sent(event, args)
        results = await asyncio.gather(
            self._gather(whom, event, args, timeout),
            self._cluster.acks(whom, event, args, timeout),
            return_exceptions=True,
        )
        answers: dict[str, Data] = {}
        failure: BaseException | None = None
        for each in results:
            if isinstance(each, BaseException):
                failure = failure or each
                answers |= getattr(each, "answers", {})
            else:
                answers |= each
        if isinstance(failure, (exceptions.AckTimeoutError, exceptions.ServersError)):
            failure.answers = answers
        if failure is not None:
            raise failure
        return answers

    def _check_sent(self, event: object, args: tuple[Any, ...]) -> None:
        """Raises for what cannot be said to other servers, before anybody hears of it."""
        if not isinstance(event, str):
            raise TypeError(f"the name of an event must be a str, not {event!r}")
        self.json.dumps(packed(list(args)))

    def emit_nowait(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        callback: AckCallback | None = None,
    ) -> None:
        """`emit` from any thread: here at once, and on the loop to the other servers."""
        if self._own & {"emit", "_handle_emit"}:
            super().emit_nowait(event, data, namespace, room, skip_sid, callback)
            return
        message = self._new_emit(event, data, namespace, room, skip_sid, callback)
        with self._asking(room, message):
            returned = self._returned(message)
            self._emit(event, emit_data(message), namespace, room, skip_sid, returned)
        self._schedule(self._publish(message))

    def _new_emit(
        self,
        event: str,
        data: Data,
        namespace: str,
        room: Rooms,
        skip_sid: str | Iterable[str] | None,
        callback: AckCallback | None,
    ) -> Message:
        asked = None
        if callback is not None:
            if self.server is None:
                raise RuntimeError("Callbacks can only be issued from the context of a server.")
            if room is None:
                raise ValueError("Cannot use callback without a room set.")
            asked = (room, namespace, self._generate_ack_id(room, callback))
        return emit_message(event, data, namespace, room, skip_sid, asked, self.host_id)

    @contextmanager
    def _asking(self, room: Rooms, message: Message) -> Iterator[None]:
        """Emit here. What cannot be serialised raises, and its callback is forgotten."""
        try:
            if self._core is None or not self._core.started:
                # Else it is encoded for the clients here, which raises too. A broker may not: it
                # has other errors to catch.
                self.json.dumps(message)
            yield
        except BaseException:
            if message["callback"] is not None:
                self._take_callback(room, message["callback"][2])
            raise

    async def _handle_emit(self, message: Message) -> None:
        if is_chosen(message):
            self._broadcast(selection_of(message), message["event"], emit_args(message))
            return
        await super().emit(
            message["event"],
            emit_data(message),
            namespace=as_namespace(message.get("namespace")),
            room=message.get("room"),
            skip_sid=message.get("skip_sid"),
            callback=self._returned(message),
        )

    # --- callbacks ---

    def _returned(self, message: Message) -> AckCallback | None:
        """The callback of an emit from anywhere: its answers go back to where it came from."""
        asked = message.get("callback")
        if asked is None or len(asked) != 3:
            return None
        return Answer(self._return_callback, (message.get("host_id"), *asked))

    def _forget_call(self, sid: Any, namespace: str, callback: AckCallback) -> None:
        for ack_id in self._forget_callback(sid, callback):
            here = Answer(self._return_callback, (self.host_id, sid, namespace, ack_id))
            if self._service is not None:
                self._service.acks.forget_callback(here)
            super()._forget_call(sid, namespace, here)

    async def _return_callback(
        self, host_id: str, sid: Any, namespace: str, callback_id: int, *args: Any
    ) -> None:
        if host_id == self.host_id:
            await self.trigger_callback(sid, callback_id, args)
        else:
            await self._publish(
                {
                    "method": "callback",
                    "host_id": host_id,
                    "sid": sid,
                    "namespace": namespace,
                    "id": callback_id,
                    "args": args,
                }
            )

    async def _handle_callback(self, message: Message) -> None:
        if message.get("host_id") != self.host_id:
            return
        if all(key in message for key in ("sid", "id", "args")):
            await self.trigger_callback(message["sid"], message["id"], message["args"])

    # --- all servers ---

    async def server_count(self) -> int:
        return await self._cluster.server_count()

    async def find_sockets(self, whom: Selection) -> list[str]:
        return await (super().find_sockets(whom) if whom.local else self._cluster.sids(whom))

    async def fetch_sockets(self, whom: Selection) -> list[Found]:
        return await (super().fetch_sockets(whom) if whom.local else self._cluster.sockets(whom))

    async def add_sockets(self, whom: Selection, rooms: list[Room]) -> None:
        if not whom.local:
            await self._tell("join", **whom_message(whom), into=rooms)
        await super().add_sockets(replace(whom, local=True), rooms)

    async def remove_sockets(self, whom: Selection, rooms: list[Room]) -> None:
        if not whom.local:
            await self._tell("leave", **whom_message(whom), into=rooms)
        await super().remove_sockets(replace(whom, local=True), rooms)

    async def disconnect_sockets(self, whom: Selection, close: bool) -> None:
        if not whom.local:
            await self._tell("disconnect", **whom_message(whom), close=close)
        if self.server is not None:  # a process that only emits has no clients
            await super().disconnect_sockets(replace(whom, local=True), close)

    async def server_side_emit(self, namespace: str, event: str, args: tuple[Any, ...]) -> None:
        self._check_sent(event, args)
        await self._tell("event", nsp=namespace, event=event, args=packed(list(args)))

    async def server_side_emit_with_ack(
        self, namespace: str, event: str, args: tuple[Any, ...], timeout: float | None = None
    ) -> list[Any]:
        self._check_sent(event, args)
        return await self._cluster.event(namespace, event, args, timeout)

    def cluster_stats(self) -> dict[str, Any]:
        """What is known of the other servers, and what is going on between them: see
        docs/operators.md."""
        return self._cluster.figures()

    async def _tell(self, kind: str, **about: Any) -> None:
        await self._publish(cluster_message(self.host_id, kind, **about))

    # --- clients of any server ---

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Is it a client of this server? Else the others are told to disconnect it."""
        if self._is_here(sid, namespace):
            return await super().can_disconnect(sid, namespace)
        await self._publish(self._command("disconnect", sid=sid, namespace=namespace or "/"))
        return False

    async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """Disconnect a client of any server. `ignore_queue`: as `AsyncManager.disconnect`."""
        if kwargs.get("ignore_queue"):
            await super().disconnect(sid, namespace=namespace)
            return
        message = self._command("disconnect", sid=sid, namespace=namespace or "/")
        await self._handle_disconnect(message)
        await self._publish(message)

    async def enter_room(
        self, sid: str, namespace: str, room: Room, eio_sid: str | None = None
    ) -> None:
        """As `AsyncServer.enter_room`, for a client of any server."""
        if self._is_here(sid, namespace):
            await super().enter_room(sid, namespace, room, eio_sid=eio_sid)
        else:
            await self._publish(self._of_room("enter_room", sid, namespace, room))

    async def leave_room(self, sid: str, namespace: str, room: Room) -> None:
        """As `AsyncServer.leave_room`, for a client of any server."""
        if self._is_here(sid, namespace):
            await super().leave_room(sid, namespace, room)
        else:
            await self._publish(self._of_room("leave_room", sid, namespace, room))

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """As `AsyncServer.close_room`, on all servers."""
        message = self._command("close_room", room=room, namespace=namespace or "/")
        await self._handle_close_room(message)
        await self._publish(message)

    def enter_room_nowait(self, sid: str, namespace: str, room: Room) -> None:
        """`enter_room` from any thread."""
        if "enter_room" in self._own:
            super().enter_room_nowait(sid, namespace, room)
        elif self._is_here(sid, namespace):
            self.basic_enter_room(sid, namespace, room)
        else:
            self._schedule(self._publish(self._of_room("enter_room", sid, namespace, room)))

    def leave_room_nowait(self, sid: str, namespace: str, room: Room) -> None:
        """`leave_room` from any thread."""
        if "leave_room" in self._own:
            super().leave_room_nowait(sid, namespace, room)
        elif self._is_here(sid, namespace):
            self.basic_leave_room(sid, namespace, room)
        else:
            self._schedule(self._publish(self._of_room("leave_room", sid, namespace, room)))

    def close_room_nowait(self, room: Room, namespace: str) -> None:
        """`close_room` from any thread."""
        if self._own & {"close_room", "_handle_close_room"}:
            super().close_room_nowait(room, namespace)
        else:
            self.basic_close_room(room, namespace)
            message = self._command("close_room", room=room, namespace=namespace)
            self._schedule(self._publish(message))

    async def _handle_disconnect(self, message: Message) -> None:
        if self.server is not None:  # a process that only emits has no clients
            sid, namespace = _client_of(message)
            await self.server.disconnect(sid=sid, namespace=namespace, ignore_queue=True)

    async def _handle_enter_room(self, message: Message) -> None:
        sid, namespace = _client_of(message)
        if self._is_here(sid, namespace):
            await super().enter_room(sid, namespace, message.get("room"))

    async def _handle_leave_room(self, message: Message) -> None:
        sid, namespace = _client_of(message)
        if self._is_here(sid, namespace):
            await super().leave_room(sid, namespace, message.get("room"))

    async def _handle_close_room(self, message: Message) -> None:
        await super().close_room(
            room=message.get("room"), namespace=as_namespace(message.get("namespace"))
        )

    def _is_here(self, sid: Any, namespace: Any) -> bool:
        return self.is_connected(sid, namespace) or self.is_pre_connected(sid, namespace)

    def _of_room(self, method: str, sid: str, namespace: str, room: Room) -> Message:
        return self._command(method, sid=sid, room=room, namespace=namespace or "/")

    def _command(self, method: str, **about: Any) -> Message:
        return {"method": method, **about, "host_id": self.host_id}


def _client_of(message: Message) -> tuple[Any, Any]:
    return message.get("sid"), message.get("namespace")
