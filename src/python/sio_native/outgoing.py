"""Which listeners for what clients are sent hear of an emit: `socket.on_any_outgoing`."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Awaitable, Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .types import Data, Key

if TYPE_CHECKING:
    from .core import Core
    from .service import Service
    from .socket import Socket

_sender: ContextVar[Socket | None] = ContextVar("_sender", default=None)


@contextlib.contextmanager
def sent_by(socket: Socket) -> Iterator[None]:
    """What is emitted meanwhile its listeners have heard already."""
    before = _sender.set(socket)
    try:
        yield
    finally:
        _sender.reset(before)


class Outgoing:
    """The sockets of one server that have such listeners.

    As long as there are any, each emit in their namespaces asks the engine which of them it is for:
    some ten microseconds, and a fraction of one for each of them. Nobody else is looked at.
    """

    def __init__(self, core: Core, service: Service) -> None:
        self._core = core
        self._service = service
        self._listening: dict[str, dict[str, Socket]] = {}  # by namespace and sid

    def add(self, socket: Socket) -> None:
        self._listening.setdefault(socket.nsp, {})[socket.id] = socket
        self._core.tell_emits(self)

    def discard(self, key: Key) -> None:
        namespace, sid = key
        sockets = self._listening.get(namespace, {})
        if sockets.pop(sid, None) is not None and not sockets:
            del self._listening[namespace]
            if not self._listening:
                self._core.tell_emits(None)

    def sent(
        self,
        event: str,
        data: Data,
        namespace: str,
        keys: Sequence[str] | None,
        skipped: Sequence[str] = (),
        left_out: Sequence[str] = (),
    ) -> None:
        """The application has emitted: arguments as those of `Engine.emit`. On any thread."""
        listening = self._listening.get(namespace)
        if not listening:
            return
        sids = list(listening)
        if keys is not None and all(key in listening for key in keys):
            sids = list(dict.fromkeys(keys))  # nobody else is in the room of a client
        sender = _sender.get()
        if sender is not None and sender.nsp == namespace and sender.id in sids:
            sids.remove(sender.id)
        if not sids:
            return
        reached = self._core.engine.receivers(namespace, sids, keys, skipped, left_out)
        sockets = [socket for sid in reached if (socket := listening.get(sid)) is not None]
        if not sockets:
            return
        args = data if isinstance(data, tuple) else () if data is None else (data,)
        if self._is_here():
            self._tell(sockets, event, args)
        else:
            with contextlib.suppress(RuntimeError):  # its loop is closed: nobody is there any more
                self._service.spawn(self._tell_there(sockets, event, args))

    def _is_here(self) -> bool:
        try:
            return self._service.on_its_loop()
        except RuntimeError:  # a thread without a loop
            return False

    async def _tell_there(self, sockets: list[Socket], event: str, args: tuple[Any, ...]) -> None:
        self._tell(sockets, event, args)

    def _tell(self, sockets: list[Socket], event: str, args: tuple[Any, ...]) -> None:
        """Functions now, one after another; what coroutine functions do, nobody waits for."""
        for socket in sockets:
            for listener in socket._any_outgoing:
                try:
                    result = listener(event, *args)
                except Exception as error:
                    self._service.spawn(_failed(error, socket, event, args))
                else:
                    if inspect.isawaitable(result):
                        self._service.spawn(_awaited(result, socket, event, args))


async def _awaited(
    result: Awaitable[Any], socket: Socket, event: str, args: tuple[Any, ...]
) -> None:
    try:
        await result
    except Exception as error:
        await _failed(error, socket, event, args)


async def _failed(error: Exception, socket: Socket, event: str, args: tuple[Any, ...]) -> None:
    """The emit is not the listener's: its error is told like one of any other listener."""
    try:
        await socket._failed(error, event)
    except Exception as unheard:
        socket._sio._service.runner._log_failure(unheard, event, socket.id, socket.nsp, args)
