"""What an `AsyncServer` sends: `emit`, `send` and `call`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from logging import INFO
from typing import TYPE_CHECKING, Any, cast

from .acks import Answer
from .rooms import with_users
from .types import NOT_GIVEN, AckCallback, Data, NotGiven, Room, Rooms

if TYPE_CHECKING:
    import logging

    from .async_manager import AsyncManager
    from .async_server import AsyncServer
    from .core import Core
    from .service import Service


class EmitMethods:
    """Of `AsyncServer`."""

    _core: Core
    _service: Service
    manager: AsyncManager
    logger: logging.Logger
    async_handlers: bool

    async def emit(
        self,
        event: str,
        data: Data = None,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        namespace: str | None = None,
        callback: AckCallback | None = None,
        ignore_queue: bool = False,
        *,
        conflate: str | None = None,
        interval: float = 0.2,
        to_user: str | Iterable[str] | NotGiven = NOT_GIVEN,
    ) -> None:
        """Send an event to a client, to a room, to a list of rooms or, without any, to all.

        A tuple is several arguments, None is none, all else is one. `callback` gets the answer of
        each client. `to_user` is a user's id, or several: all clients that `users.bind` has bound
        to them, in addition to the rooms. Raises `TypeError` for data that JSON cannot carry, and
        for a `to_user` that is None: what is for one user goes to nobody else.

        With `conflate`, a key, the first emit goes out at once, and then at most one in `interval`
        seconds: the latest, and never is the last one lost. Emits of one event to the same rooms
        share a key; with a client manager that publishes, so do the clients of all servers, and
        servers that emit with the same key do not. `ValueError` with a callback.
        """
        if to_user is not NOT_GIVEN:
            to, room = with_users(to or room, to_user), None
        core = self._core
        if conflate is not None:
            rest = cast("AsyncServer", self)._emit_conflated(
                event,
                data,
                namespace,
                to or room,
                skip_sid,
                callback,
                conflate,
                interval,
                ignore_queue,
            )
            if rest is not None:
                await rest
            return
        if (
            callback is None
            and self.manager._emits_natively
            and not core.logs(INFO)
            and core.quick_emit(event, data, namespace, to, room, skip_sid)
        ):
            return
        namespace = namespace or "/"
        room = to or room
        self.logger.info('emitting event "%s" to %s [%s]', event, room or "all", namespace)
        await self.manager.emit(
            event,
            data,
            namespace,
            room=room,
            skip_sid=skip_sid,
            callback=callback,
            ignore_queue=ignore_queue,
        )

    def emit_nowait(
        self,
        event: str,
        data: Data = None,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        namespace: str | None = None,
        callback: AckCallback | None = None,
        *,
        conflate: str | None = None,
        interval: float = 0.2,
        to_user: str | Iterable[str] | NotGiven = NOT_GIVEN,
    ) -> None:
        """`emit` from any thread, with or without an event loop. A callback runs on the loop."""
        if to_user is not NOT_GIVEN:
            to, room = with_users(to or room, to_user), None
        if conflate is not None:
            rest = cast("AsyncServer", self)._emit_conflated(
                event, data, namespace, to or room, skip_sid, callback, conflate, interval
            )
            if rest is not None:
                self.manager._schedule(rest)
            return
        namespace = namespace or "/"
        room = to or room
        self.logger.info('emitting event "%s" to %s [%s]', event, room or "all", namespace)
        self.manager.emit_nowait(event, data, namespace, room, skip_sid, callback)

    async def send(
        self,
        data: Data,
        to: Rooms = None,
        room: Rooms = None,
        skip_sid: str | Iterable[str] | None = None,
        namespace: str | None = None,
        callback: AckCallback | None = None,
        ignore_queue: bool = False,
        *,
        to_user: str | Iterable[str] | NotGiven = NOT_GIVEN,
    ) -> None:
        """`emit` the event "message"."""
        if to_user is not NOT_GIVEN:
            to, room = with_users(to or room, to_user), None
        await self.emit(
            "message",
            data=data,
            to=to,
            room=room,
            skip_sid=skip_sid,
            namespace=namespace,
            callback=callback,
            ignore_queue=ignore_queue,
        )

    async def call(
        self,
        event: str,
        data: Data = None,
        to: Room | None = None,
        sid: Room | None = None,
        namespace: str | None = None,
        timeout: float | None = 60,
        ignore_queue: bool = False,
    ) -> Any:
        """Emit to one client and wait for its answer: None, one value, or a tuple of several.

        `timeout` is in seconds. Raises `exceptions.TimeoutError` if there is no answer in time, or
        at once if the client is not connected or leaves; with None, when the server ends.
        """
        if to is None and sid is None:
            raise ValueError("Cannot use call() to broadcast.")
        if not self.async_handlers:
            # The handler that waits would hold up the client's queue, its answer's follow-ups too.
            raise RuntimeError("Cannot use call() when async_handlers is False.")
        room = to or sid
        if getattr(self.emit, "__func__", None) is not _EMIT:  # a subclass sees each message there
            return await self._call_by_emit(event, data, room, namespace, timeout, ignore_queue)
        namespace = namespace or "/"
        self.logger.info('emitting event "%s" to %s [%s]', event, room, namespace)
        return await self.manager._call(event, data, namespace, room, timeout, ignore_queue)

    async def _call_by_emit(
        self,
        event: str,
        data: Data,
        room: Room | None,
        namespace: str | None,
        timeout: float | None,
        ignore_queue: bool,
    ) -> Any:
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

        def answered(*args: Any) -> None:
            if not answer.done():
                answer.set_result(list(args))

        callback = Answer(answered, ())
        try:
            await self.emit(
                event,
                data=data,
                room=room,
                namespace=namespace,
                callback=callback,
                ignore_queue=ignore_queue,
            )
            return await self._service.acks.in_time(answer, event, timeout)
        finally:
            self._service.acks.forget_callback(callback)
            self.manager._forget_call(room, namespace or "/", callback)


_EMIT = EmitMethods.emit  # that of this class, which may be replaced
