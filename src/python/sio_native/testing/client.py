"""TestClient: a Socket.IO client inside the test's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .. import exceptions
from ..packet import EVENT, Packet
from ..types import ASGIApplication, Data, Handler
from .backstage import Backstage
from .event import Event, as_arguments, as_data, lines
from .membership import Membership
from .packets import codec
from .scope import websocket_scope

if TYPE_CHECKING:
    from ..async_server import AsyncServer

F = TypeVar("F", bound=Handler)


class TestClient(Membership):
    """One client of a server, or of an ASGI application that has one. No port is opened.

    `async with TestClient(sio) as c` connects to `namespace` with `auth`, and leaves at the end.
    Its connection is a WebSocket, played to the application from the ASGI scope on, so that mounts
    and middleware are tested as well; `path` is the full one, mounts included. The application runs
    in a task of the running asyncio loop; nobody plays its lifespan. `serializer` is what the
    client speaks, and means what it does for the server.

    The server's heartbeats are on virtual time: it stands still while there are test clients, and
    moves by `advance()`. `timeout` is in real seconds: how long to wait for what has to come.

    `sid` is "" until it is connected. `connected` says whether it is, and `disconnect_reason` why
    it is not any more: "server disconnect", "client disconnect" or "transport close". `recovered`
    says whether it has come back, by `connect()`, as the one it was: see docs/recovery.md.
    """

    __test__ = False  # pytest collects classes by their names

    def __init__(
        self,
        app: AsyncServer | ASGIApplication,
        *,
        namespace: str = "/",
        auth: dict[str, Any] | None = None,
        path: str = "/socket.io",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        query: Mapping[str, str] | None = None,
        serializer: str | type[Packet] = "default",
        answer_pings: bool = True,
        timeout: float = 2.0,
    ) -> None:
        fields = list(headers.items() if isinstance(headers, Mapping) else headers)
        serve: ASGIApplication = getattr(app, "handle_request", None) or app  # type: ignore[assignment]
        super().__init__(
            serve,
            namespace,
            auth,
            partial(websocket_scope, path, fields, query),
            codec(serializer),
            answer_pings,
            timeout,
        )
        self._last_id = 0

    @property
    def received(self) -> list[Event]:
        """All events so far, in order, each equal to `(name, (argument, ...))`."""
        return self._inbox.received

    async def join(self, namespace: str, auth: dict[str, Any] | None = None) -> TestClient:
        """Connect to another namespace on the same connection, as browsers do.

        Returns a client for it, which ends with this one.
        """
        if not self.connected or self._connection is None:
            raise ValueError(f"{self._name} is not connected: it cannot join {namespace}")
        if namespace in self._connection.listeners:
            raise ValueError(f"there is a client of {namespace} on this connection")
        other = TestClient(self._app, namespace=namespace, auth=auth, timeout=self.timeout)
        other._host = self
        await other.connect()
        return other

    # --- events ---

    async def emit(self, event: str, data: Data = None) -> None:
        """Send an event: a tuple is several arguments, None is none, all else is one.

        Returns before the server has dealt with it. `exceptions.BadNamespaceError` when the client
        is not connected.
        """
        self._write_event(event, data, None)

    async def call(self, event: str, data: Data = None, timeout: float | None = None) -> Any:
        """Send an event and return the server's ack: None, a value, or a tuple of several.

        `exceptions.TimeoutError` when none comes in time, or before the connection ends.
        """
        __tracebackhide__ = True
        self._last_id += 1
        number = self._last_id
        self._write_event(event, data, number)
        ack = await self._wait(lambda: self._inbox.acks.pop(number, None), timeout)
        if ack is None:
            raise exceptions.TimeoutError(f'no ack for "{event}" came {self._how_long(timeout)}')
        return as_data(ack)

    def _write_event(self, event: str, data: Data, number: int | None) -> None:
        if not self.connected:
            raise exceptions.BadNamespaceError(f"{self.namespace} is not a connected namespace.")
        self._write(EVENT, [event, *as_arguments(data)], number)

    @overload
    def on(self, event: str, handler: None = None) -> Callable[[F], F]: ...
    @overload
    def on(self, event: str, handler: F) -> F: ...
    def on(self, event: str, handler: F | None = None) -> F | Callable[[F], F]:
        """Answer an event, as a decorator or with `handler`: a function or a coroutine function.

        It gets the event's arguments, and what it returns is the ack if the server asks for one.
        What it raises is raised where the test waits next, or when it leaves. The event is among
        those received, and `expect_nothing` does not mind it.
        """

        def register(function: F) -> F:
            self._inbox.handlers[event] = function
            return function

        return register if handler is None else register(handler)

    async def expect(self, event: str, timeout: float | None = None) -> Any:
        """The next event of this name, which may have come already: None, its argument, or a tuple.

        Events of other names stay for others to expect. `AssertionError`, with what has come
        instead, after `timeout`, or when the connection ends.
        """
        __tracebackhide__ = True
        untaken = self._inbox.untaken
        found = await self._wait(lambda: self._inbox.find(event), timeout)
        if found is None:
            raise AssertionError(
                f'no "{event}" came to {self._name} {self._how_long(timeout)}; '
                + (f"what came:{lines(untaken)}" if untaken else "nothing else came")
            )
        untaken.remove(found)
        return as_data(found.args)

    async def expect_nothing(self, *events: str) -> None:
        """Let the server catch up. Then there must be no event that no `expect` has taken.

        With names: none of these. `AssertionError` with those that came.
        """
        __tracebackhide__ = True
        await self.settle()
        inbox = self._inbox
        if events:
            came = [each for each in inbox.untaken if each.name in events]
        else:
            came = [each for each in inbox.untaken if each.name not in inbox.handlers]
        if came:
            raise AssertionError(f"nothing was to come to {self._name}, but:{lines(came)}")

    async def expect_disconnect(self, timeout: float | None = None) -> str:
        """Wait until the server has disconnected this client; returns the `disconnect_reason`.

        `AssertionError` if it stays connected.
        """
        __tracebackhide__ = True
        reason = await self._wait(lambda: self.disconnect_reason, timeout)
        if reason is None:
            raise AssertionError(f"{self._name} was not disconnected {self._how_long(timeout)}")
        return reason

    async def settle(self) -> None:
        """Let the server catch up: all that its test clients have sent has been dealt with, and
        what came of it is here.

        Handlers that wait for something are waited for, for `timeout` real seconds, and then left.
        """
        __tracebackhide__ = True
        await self._backstage().settle(self.timeout)
        self._inbox.raise_failure()

    # --- time ---

    @property
    def pings(self) -> int:
        """How often the server has pinged this client's connection."""
        return 0 if self._connection is None else self._connection.pings

    def stop_answering_pings(self) -> None:
        """Fall silent: the server closes the connection when its ping timeout has passed."""
        self._answer_pings = False
        if self._connection is not None:
            self._connection.answer_pings = False

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass for the server, from deadline to deadline, at most a week.

        Pings are sent and answered, and whoever is silent is closed, each at its time, for all
        clients of the server. `asyncio.sleep` and the timeout of `sio.call` are on the loop's time,
        which is real.
        """
        __tracebackhide__ = True
        await self._backstage().advance(seconds, self.timeout)
        self._inbox.raise_failure()

    def _backstage(self) -> Backstage:
        if self._stage is None:
            raise RuntimeError(f"{self._name} has not been connected to a server of sio_native's")
        return self._stage
