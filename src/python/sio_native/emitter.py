"""Emitting from processes without a server: workers, scripts. Redis or Valkey carries it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json as standard_json
import uuid
from collections.abc import Awaitable, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeAlias, TypeVar

from .async_redis_manager import AsyncRedisManager, make_client
from .emitter_operator import EmitterOperator
from .pubsub_wire import Message, emit_message
from .rooms import with_users
from .selection import Selection
from .types import NOT_GIVEN, Data, NotGiven, Room, Rooms

R = TypeVar("R")

SOCKET_TIMEOUT = 10.0  # seconds; the client libraries would wait for ever

Skipped: TypeAlias = str | Iterable[str] | None
Users: TypeAlias = str | Iterable[str] | NotGiven


class _Emits(Generic[R]):
    """What both emitters say: python-socketio's messages, so that its servers understand too.

    `R` is what publishing returns: a count, or one to be awaited.
    """

    def __init__(
        self,
        url: str = "redis://localhost:6379/0",
        channel: str = "socketio",
        *,
        json: Any = None,
        redis_options: dict[str, Any] | None = None,
    ) -> None:
        self.channel = channel
        self._manager = AsyncRedisManager(
            url,
            channel,
            write_only=True,
            redis_options={"socket_timeout": SOCKET_TIMEOUT, **(redis_options or {})},
        )
        # At once, not with the first message: a wrong URL, a package that is missing.
        self._asyncio_module, self._failure = self._manager._get_redis_module_and_error()
        self._json = json or standard_json
        self._host_id = uuid.uuid4().hex

    def _client(self, module: Any) -> Any:
        manager = self._manager
        return make_client(module, manager.redis_url, self.channel, manager.redis_options)

    def _emit_payload(
        self,
        event: str,
        data: Data,
        room: Rooms,
        skip_sid: Skipped,
        namespace: str | None,
        to_user: Users,
    ) -> str | bytes:
        if to_user is not NOT_GIVEN:
            room = with_users(room, to_user)
        message = emit_message(event, data, namespace or "/", room, skip_sid, None, self._host_id)
        return self._encoded(message)

    def _command(self, method: str, namespace: str | None, **about: Any) -> str | bytes:
        return self._encoded(
            {"method": method, **about, "namespace": namespace or "/", "host_id": self._host_id}
        )

    def _encoded(self, message: Message) -> str | bytes:
        encoded: str | bytes = self._json.dumps(message)
        return encoded

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (self._failure, OSError) as error:
            where = self._manager._shown_url()
            raise ConnectionError(f"cannot publish to {where}: {error}") from error

    def emit(
        self,
        event: str,
        data: Data = None,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: Skipped = None,
        namespace: str | None = None,
        *,
        to_user: Users = NOT_GIVEN,
    ) -> R:
        """Send an event as `AsyncServer.emit`, without a callback: to clients of all servers.

        `to_user` reaches the clients that servers of sio_native have bound to a user; `TypeError`
        for None, which would be everybody.
        """
        payload = self._emit_payload(event, data, to or room, skip_sid, namespace, to_user)
        return self._publish(payload)

    def send(
        self,
        data: Data,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: Skipped = None,
        namespace: str | None = None,
        *,
        to_user: Users = NOT_GIVEN,
    ) -> R:
        """`emit` the event "message"."""
        return self.emit("message", data, to, room, skip_sid, namespace, to_user=to_user)

    def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> R:
        """Put a client of any server into a room. No-op for an unknown sid."""
        return self._publish(self._command("enter_room", namespace, sid=sid, room=room))

    def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> R:
        """Take a client of any server out of a room."""
        return self._publish(self._command("leave_room", namespace, sid=sid, room=room))

    def close_room(self, room: Room, namespace: str | None = None) -> R:
        """Take everybody out of a room, on all servers."""
        return self._publish(self._command("close_room", namespace, room=room))

    def disconnect(self, sid: str, namespace: str | None = None) -> R:
        """Disconnect a client of any server."""
        return self._publish(self._command("disconnect", namespace, sid=sid))

    # --- step by step ---

    def of(self, namespace: str) -> EmitterOperator[R]:
        """The clients of a namespace; without it they are those of "/"."""
        return EmitterOperator(
            lambda message: self._publish(self._encoded(message)),
            self._host_id,
            Selection(namespace),
        )

    def to(self, *rooms: Any) -> EmitterOperator[R]:
        """The members of these rooms, each once."""
        return self.of("/").to(*rooms)

    in_ = to

    def except_(self, *rooms: Any) -> EmitterOperator[R]:
        """All but the members of these rooms."""
        return self.of("/").except_(*rooms)

    @property
    def volatile(self) -> EmitterOperator[R]:
        """The clients that have read what they were sent."""
        return self.of("/").volatile

    def sockets_join(self, *rooms: Any) -> R:
        """Put all clients into these rooms."""
        return self.of("/").sockets_join(*rooms)

    def sockets_leave(self, *rooms: Any) -> R:
        """Take all clients out of these rooms."""
        return self.of("/").sockets_leave(*rooms)

    def disconnect_sockets(self, close: bool = False) -> R:
        """Disconnect all clients; with `close` end their sessions."""
        return self.of("/").disconnect_sockets(close)

    def server_side_emit(self, event: str, *args: Any) -> R:
        """Call the handlers of all servers for this event: see `AsyncServer.on_server_event`."""
        return self.of("/").server_side_emit(event, *args)

    def _publish(self, payload: str | bytes) -> R:
        raise NotImplementedError


class Emitter(_Emits[int]):
    """Emits from threads and from workers like Celery's; safe from any thread, and after a fork.

    `url` and `redis_options` are those of `AsyncRedisManager`, `channel` is that of the servers'
    managers, and `json` a module with `dumps`. Each call returns how many processes listen to the
    channel, 0 meaning that nobody heard it. What one thread emits arrives in its order. Raises
    `TypeError` for data that JSON cannot carry, and `ConnectionError` if Redis does not take it:
    then it may be that it has arrived all the same. The constructor raises `ValueError` for a URL
    of another kind and `RuntimeError` if the package `redis` is not installed.
    """

    def __init__(
        self,
        url: str = "redis://localhost:6379/0",
        channel: str = "socketio",
        *,
        json: Any = None,
        redis_options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(url, channel, json=json, redis_options=redis_options)
        package = self._asyncio_module.__name__.partition(".")[0]
        self._redis = self._client(importlib.import_module(package))

    def subscribers(self) -> int:
        """How many processes listen to the channel: 0, and it is the wrong one, or nobody's yet."""
        with self._telling():
            ((_, count),) = self._redis.pubsub_numsub(self.channel)
        return int(count)

    def close(self) -> None:
        """Close the connections. The emitter can be used again."""
        self._redis.close()

    def __enter__(self) -> Emitter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _publish(self, payload: str | bytes) -> int:
        with self._telling():
            return int(self._redis.publish(self.channel, payload))


class AsyncEmitter(_Emits[Awaitable[int]]):
    """`Emitter` for asyncio: the same arguments, results and errors.

    Calls that are awaited one after the other arrive in their order. It may be used on one loop
    after the other, as by a worker that calls `asyncio.run` for each job.
    """

    _redis: Any = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def subscribers(self) -> int:
        """As `Emitter.subscribers`."""
        with self._telling():
            ((_, count),) = await self._connection().pubsub_numsub(self.channel)
        return int(count)

    async def aclose(self) -> None:
        """Close the connections. The emitter can be used again."""
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose()

    async def __aenter__(self) -> AsyncEmitter:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _connection(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._redis is None or self._loop is not loop:
            # The connections of a loop that is closed cannot even be closed.
            self._redis, self._loop = self._client(self._asyncio_module), loop
        return self._redis

    async def _publish(self, payload: str | bytes) -> int:
        with self._telling():
            return int(await self._connection().publish(self.channel, payload))
