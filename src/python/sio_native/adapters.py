"""Who is called in the place of a handler that asks for something, for each kind of handler."""

from __future__ import annotations

import asyncio
import inspect
import logging
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any, TypeVar

from .ack import asked
from .annotated import AnnotatedHandler, Role
from .asks import Given, asks_of
from .exceptions import ConnectionRefusedError, PayloadError
from .handlers import ANY
from .types import Handler

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .socket import Socket
    from .sockets import Rules

F = TypeVar("F", bound=Handler)

log = logging.getLogger("socketio.server")


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
    asks = asks_of(handler)
    if not asks:
        return None
    role = Role.of(event)
    found = AnnotatedHandler(handler, asks, role)
    if found.asks_for_ack:
        sio._service.runner.give_acks()
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


def for_children(handler: Handler, sio: AsyncServer, rules: Rules, event: str) -> None:
    """A function of namespaces that come and go: `for_server` for each that there is."""
    found = _annotated(handler, Role.of(event))
    if found is None:
        return
    if found.asks_for_ack:
        sio._service.runner.give_acks()
    if found.asks_for_client:
        rules.keeps_auth = True
        sio._sockets.watch()
    sio._registry.adapt = lambda function, namespace, name: for_server(
        function, sio, namespace, name
    )


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
        sio._service.runner.give_acks()

    def handle(*args: Any) -> Any:
        return found.call(Given(sio, socket.id, socket.nsp, asked.get()), args, 0)

    return handle


def for_connection(handler: Handler, sio: AsyncServer) -> Handler:
    """A function of `on_connection` or `use`, which is called with a socket."""
    found = _annotated(handler, Role.CONNECT)
    if found is None:
        return handler
    if unknown := found.required[found.leads :]:
        raise TypeError(f"nobody gives {unknown[0]!r}: a client that comes is a Socket alone")

    def handle(socket: Socket) -> Any:
        given = Given(sio, socket.id, socket.nsp, None)
        first = (socket,) if found.leads else ()
        if found.depends:
            return _held(found, socket, given, first)
        return found.call(given, first, 0)

    return handle


async def _held(
    found: AnnotatedHandler, socket: Socket, given: Given, first: tuple[Any, ...]
) -> Any:
    """The client's events wait for the dependencies, and for what the function registers before
    it waits for anything itself, as they do where nothing has to be waited for."""
    release = socket._hold()
    loop = asyncio.get_running_loop()
    try:
        return await found.call(given, first, 0, lambda: loop.call_soon(release))
    finally:
        release()


def _annotated(handler: Handler, role: Role) -> AnnotatedHandler | None:
    asks = asks_of(handler)
    return AnnotatedHandler(handler, asks, role) if asks else None


def answer_of(error: PayloadError, event: str, sid: str, namespace: str) -> Any:
    """What the client is told; the application, if it has no hook for errors, in its log."""
    # Cut short: the names of members are the client's.
    told = str(error)[:500]
    log.warning("the arguments of %r from %s [%s] are not valid: %s", event, sid, namespace, told)
    return error.answer
