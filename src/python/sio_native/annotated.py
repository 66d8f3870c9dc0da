"""Handlers that get what their annotations ask for. Plain ones stay as they are."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from enum import Enum
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any, TypeVar

from .ack import asked
from .asks import Ask, Given, asks_of, ours, take_ack, take_sid
from .exceptions import ConnectionRefusedError, PayloadError
from .handlers import ANY
from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .socket import Socket

F = TypeVar("F", bound=Handler)

log = logging.getLogger("socketio.server")


class Role(Enum):
    """What a handler is for. Those of a client's life may take less than there is."""

    EVENT = "event"
    CONNECT = "connect"
    DISCONNECT = "disconnect"

    @classmethod
    def of(cls, event: str) -> Role:
        """Also of a name that is neither: an event."""
        return cls(event) if event in ("connect", "disconnect") else cls.EVENT


class Annotated:
    """A handler, and what it asks for."""

    def __init__(self, handler: Handler, asks: list[Ask], role: Role) -> None:
        self._handler = handler
        self._role = role
        self._in_order = [each for each in asks if not each.by_name]
        self._by_name = [each for each in asks if each.by_name]
        takes = [each.take for each in asks]
        self.asks_for_client = Given.socket in takes or take_sid in takes
        self.asks_for_ack = take_ack in takes
        # Unless it asks for its client otherwise, a parameter that asks for nothing comes first.
        self.leads = bool(asks) and asks[0].is_argument and asks[0].check is None
        self.leads = self.leads and not self.asks_for_client
        if self.asks_for_ack and role is not Role.EVENT:
            raise TypeError("only events are answered: there is no Ack here")
        self._dependencies = None
        depends = {each.name: each.dependency for each in asks if each.dependency is not None}
        if depends:
            from .depends import Dependencies  # whoever has a Depends has it

            self._dependencies = Dependencies(depends, _for_dependencies)

    @property
    def depends(self) -> bool:
        return self._dependencies is not None

    def call(
        self,
        given: Given,
        arguments: tuple[Any, ...],
        before: int,
        begins: Callable[[], object] | None = None,
    ) -> Any:
        """Its result, perhaps to be awaited. So many `arguments` stand before the event's own.

        `PayloadError` if these are not what it asks for. `begins` is called once its dependencies
        are there.
        """
        values, named = self._fill(given, arguments, before)
        if given.ack is not None and self.asks_for_ack:
            given.ack.taken = True
        if self._dependencies is None:
            return self._handler(*values, **named)

        def call(found: dict[str, Any]) -> Any:
            for index, ask in enumerate(self._in_order):
                if ask.dependency is not None:
                    values[index] = found[ask.name]
            named.update((each.name, found[each.name]) for each in self._by_name if each.dependency)
            if begins is not None:
                begins()
            return self._handler(*values, **named)

        return self._dependencies.run(call, given)

    def _fill(
        self, given: Given, arguments: tuple[Any, ...], before: int
    ) -> tuple[list[Any], dict[str, Any]]:
        values: list[Any] = []
        faults: list[dict[str, Any]] = []
        at = 0

        def checked(ask: Ask, at: int) -> Any:
            if ask.check is None:
                return arguments[at]
            try:
                return ask.check(arguments[at], at - before)
            except PayloadError as error:
                faults.extend(error.details)
                return None

        for ask in self._in_order:
            if ask.take is not None:
                values.append(ask.take(given))
            elif ask.dependency is not None:
                values.append(None)
            elif ask.rest:
                values.extend(checked(ask, index) for index in range(at, len(arguments)))
                at = len(arguments)
            elif at < len(arguments):
                values.append(checked(ask, at))
                at += 1
            elif ask.default is not Parameter.empty:
                values.append(ask.default)
            else:
                faults.append(_fault("missing", at - before, "Argument required"))
                at += 1
        if at < len(arguments) and self._role is Role.EVENT:
            faults.append(_fault("unexpected_argument", at - before, "Unexpected argument"))
        if faults:
            raise PayloadError(faults)
        return values, {each.name: each.take(given) for each in self._by_name if each.take}


def _fault(kind: str, number: int, text: str) -> dict[str, Any]:
    return {"type": kind, "loc": [number], "msg": text}


def _for_dependencies(annotation: Any) -> Any:
    take = ours(annotation)
    if take is take_ack:
        raise TypeError("a dependency cannot ask for the Ack: the handler answers")
    return take


class _Sized:
    """A function that says how many arguments it takes, so that nobody has to try."""

    def __init__(self, function: Handler, count: int) -> None:
        self._function = function
        one = [Parameter(f"_{each}", Parameter.POSITIONAL_ONLY) for each in range(count)]
        self.__signature__ = Signature(one)

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


def for_server(handler: Handler, sio: AsyncServer, namespace: str, event: str) -> Handler | None:
    """Who is called in the place of a function or method; None: itself.

    With the same arguments: in front of the client's sid what a catch-all cannot know, event and
    namespace.
    """
    role = Role.of(event)
    found = _annotated(handler, role)
    if found is None:
        return None
    if found.asks_for_ack:
        sio._service.runner.gives_acks = True
    if found.asks_for_client:
        sio._sockets.keep_auth(namespace)
    before = (event == ANY) + (namespace == ANY)

    def handle(*args: Any) -> Any:
        sid = args[before]
        given = Given(sio, sid, args[before - 1] if namespace == ANY else namespace, asked.get())
        if not found.leads:
            args = (*args[:before], *args[before + 1 :])
        try:
            return found.call(given, args, before + found.leads)
        except PayloadError as error:
            if role is Role.CONNECT:
                raise ConnectionRefusedError("Invalid payload", error.answer["error"]) from None
            if sio._service.runner.errors is not None:
                raise
            return answer_of(error, event, sid, given.namespace)

    if role is Role.EVENT:
        return handle
    return _Sized(handle, before + (3 if role is Role.CONNECT else 2))


def for_task(handler: Handler, sio: AsyncServer, namespace: str) -> Handler:
    """What `AsyncServer.task` runs: a coroutine function, called as a server's handler.

    `TypeError` for what is none.
    """
    return _awaited(handler, for_server(handler, sio, namespace, "") or handler)


def for_task_of(socket: Socket, handler: Handler) -> Handler:
    """What `Socket.task` runs: a coroutine function, called with a sid and an event's arguments."""
    called = for_socket(handler, socket, "")
    return _awaited(handler, lambda sid, *arguments: called(*arguments))


def _awaited(handler: Handler, called: Handler) -> Handler:
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(f"only a coroutine function can be cancelled, not {handler!r}")

    async def run(*arguments: Any) -> Any:
        result = called(*arguments)
        return await result if inspect.isawaitable(result) else result

    return run


def asking_for_nothing(wrapper: F) -> F:
    """A wrapper that sees itself to what the function inside asks for."""
    del wrapper.__wrapped__  # type: ignore[attr-defined]
    wrapper.__annotations__ = {}
    return wrapper


def for_socket(handler: Handler, socket: Socket, event: str) -> Handler:
    """A listener of a socket, which is called with an event's arguments alone."""
    lasting = event in ("disconnecting", "disconnect", "error")
    found = _annotated(handler, Role.DISCONNECT if lasting else Role.EVENT)
    if found is None:
        return handler
    sio = socket._sio
    if found.asks_for_ack:
        sio._service.runner.gives_acks = True

    def handle(*args: Any) -> Any:
        return found.call(Given(sio, socket.id, socket.nsp, asked.get()), args, 0)

    return handle


def for_connection(handler: Handler, sio: AsyncServer) -> Handler:
    """A function of `on_connection`, which is called with a socket."""
    found = _annotated(handler, Role.CONNECT)
    if found is None:
        return handler

    def handle(socket: Socket) -> Any:
        given = Given(sio, socket.id, socket.nsp, None)
        first = (socket,) if found.leads else ()
        if found.depends:
            return _held(found, socket, given, first)
        return found.call(given, first, 0)

    return handle


async def _held(found: Annotated, socket: Socket, given: Given, first: tuple[Any, ...]) -> Any:
    """The client's events wait for the dependencies, and for what the function registers before
    it waits for anything itself, as they do where nothing has to be waited for."""
    release = socket._hold()
    loop = asyncio.get_running_loop()
    try:
        return await found.call(given, first, 0, lambda: loop.call_soon(release))
    finally:
        release()


def _annotated(handler: Handler, role: Role) -> Annotated | None:
    asks = asks_of(handler)
    return Annotated(handler, asks, role) if asks else None


def answer_of(error: PayloadError, event: str, sid: str, namespace: str) -> Any:
    """What the client is told; the application, if it has no hook for errors, in its log."""
    log.warning("the arguments of %r from %s [%s] are not valid: %s", event, sid, namespace, error)
    return error.answer
