"""AsyncServer: python-socketio's names, each a thin call into the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from .base_server import BaseServer
from .broadcast_operator import BroadcastOperator, Operators
from .cancellation import Cancellation
from .core import Core, Loggers, make_logger
from .engineio.facade import SocketIOEngine
from .event_runner import NOT_HANDLED
from .foreign_manager import adopted, is_manager
from .handlers import Entry, Invocation, Registry, call, call_either
from .options import given_path, read_options
from .serializers import find_serializer
from .server_clients import ClientMethods
from .server_cluster import ClusterMethods
from .server_emits import EmitMethods
from .server_ends import EndMethods
from .server_errors import ErrorMethods
from .server_flow import FlowMethods
from .server_namespaces import NamespaceMethods
from .server_operations import OperationsMethods
from .server_requests import RequestMethods
from .server_sockets import SocketMethods
from .server_tasks import TaskMethods
from .service import Service
from .types import Handler, Receive, Scope, Send

if TYPE_CHECKING:
    from .asgi import ASGIApp
    from .async_admin import InstrumentedAsyncServer
    from .presence import Presence
    from .usage import Usage
    from .users import Users
    from .yjs import YjsDocuments

F = TypeVar("F", bound=Handler)


class AsyncServer(
    EmitMethods,
    ClientMethods,
    Operators,
    SocketMethods,
    NamespaceMethods,
    RequestMethods,
    ClusterMethods,
    FlowMethods,
    OperationsMethods,
    TaskMethods,
    EndMethods,
    ErrorMethods,
    BaseServer,
):
    """A Socket.IO server for asyncio; arguments and methods as `socketio.AsyncServer`.

    It serves the event loop of its first request or `listen`, and may serve another one when that
    is closed or after `shutdown`. Handlers run on this loop. `emit_nowait` and the other `_nowait`
    methods may be called from any thread.

    `json` is a module with `dumps` and `loads` to be used instead of the engine's own encoder,
    `serializer` "default", "msgpack" or a Packet class; see docs/serializers.md.
    Raises `ValueError` for a json module that cannot be called as Python's, and for what is not
    supported: other async modes and kinds of managers. Unknown options are left
    out with a warning. The options are those of `options.Options`; times are in seconds, sizes in
    bytes.
    """

    def __init__(
        self,
        client_manager: Any = None,
        logger: Any = False,
        json: Any = None,
        async_handlers: bool = True,
        namespaces: str | Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        manager = adopted(client_manager)
        self._options = read_options(kwargs)
        log = Loggers(
            make_logger(logger, "socketio.server"),
            make_logger(self._options.engineio_logger, "engineio.server"),
        )
        serializer = find_serializer(self._options.serializer, json)
        if self._options.recovery is not None and serializer.packet_format == "custom":
            raise ValueError("connection_state_recovery does not work with a Packet class")
        self._core = Core(self._options.for_engine(), log, serializer)
        self.logger = log.socketio
        log.engineio.info("Server initialized for %s.", "asgi")
        self.not_handled: Final = NOT_HANDLED
        self.async_mode: Final = "asgi"
        self.manager_initialized = False  # python-socketio's users read and write it

        self._registry = Registry(namespaces, lambda: self._service.interest_changed())
        self._service = Service(
            self._core,
            self._options,
            self._registry,
            self._resolve,
            self._entry,
            serial=not async_handlers,
        )
        if self._options.cancel_on_disconnect:
            self._service.runner.cancellation = Cancellation()
        if self._options.allow_request is not None:
            self._engine_hooks.allow(self._options.allow_request)
        self._look_who_routes()
        self.manager = manager
        self._use_drain_option()
        if self._options.rooms_from_query is not None:
            self.rooms_from_query(self._options.rooms_from_query)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "manager":
            value = self._joined_by(value)
        super().__setattr__(name, value)
        if name == "_trigger_event":
            self._look_who_routes()

    def _joined_by(self, manager: Any) -> Any:
        """The manager from now on, which may be given after the constructor, as applications do.

        What is none, a stand-in of a test, is asked by the methods of this class and told nothing.
        `RuntimeError` for another one once the server serves: it would not know the clients.
        """
        if not is_manager(manager):
            return manager
        manager = adopted(manager)
        if manager is not self._service.manager:
            if self._core.started:
                raise RuntimeError("manager can be set before the server serves, and not any more")
            manager.set_server(self)
            self.manager_initialized = False
            self._service.use_manager(manager)
        return manager

    def _look_who_routes(self) -> None:
        routes = getattr(self._trigger_event, "__func__", None) is not _TRIGGER_EVENT
        self._routes_events = self._registry.deliver_all = routes
        self._service.interest_changed()

    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self)

    def is_asyncio_based(self) -> bool:
        return True

    # --- handlers ---

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        """Call the handler of an event. A subclass may route by other rules."""
        found = self._registry.resolve(event, namespace, args)
        if found is None:
            return NOT_HANDLED
        handler, arguments = found
        if event == "disconnect":
            return await call_either(handler, arguments, arguments[:-1])
        return await call(handler, *arguments)

    def _resolve(self, event: str, namespace: str, args: tuple[Any, ...]) -> Invocation | None:
        if self._routes_events:
            return self._trigger_event, (event, namespace, *args)
        return self._registry.resolve(event, namespace, args)

    def _entry(self, event: str, namespace: str) -> Entry | Literal[False] | None:
        if (
            self._routes_events
            or self._registry.exposed
            or self._registry.router(namespace) is not None
            or self._options.cancel_on_disconnect
            or self._service.runner.errors is not None
        ):
            return False  # by rules, or in tables, that may change at any time; or to be followed
        return self._registry.entry(event, namespace)

    # --- people ---

    @cached_property
    def users(self) -> Users:
        """Whose client is whose, see `users.Users`."""
        from .users import Users  # only for those who use it

        return Users(self, self._core, self._service)

    @cached_property
    def presence(self) -> Presence:
        """Who is in which topic, see `presence.Presence`. `ValueError` unless packets are JSON."""
        from .presence import Presence  # only for those who use it

        return Presence(self, self._core, self._service)

    # --- serving ---

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI request or WebSocket."""
        self._initialize_manager()
        await self._service.handle_request(scope, receive, send)

    def handle_startup(self, receive: Receive | None = None) -> None:
        """The ASGI server starts: log what will be done with WebSockets, if that can be seen.

        `receive` is that of the lifespan, where there is one.
        """
        self._service.handoff.announce(receive)
        if receive is not None:
            self._begin_serving()

    def mount(self, app: Any, path: str = "/", **asgi_app_arguments: Any) -> ASGIApp:
        """Mount on a FastAPI or Starlette application, and shut down with it.

        Clients connect to `<path>/socket.io`. The arguments are those of `ASGIApp`.
        """
        from .asgi import mount  # asgi is built on this module

        return mount(self, app, path, **asgi_app_arguments)

    def attach(self, app: Any, socketio_path: str = "socket.io") -> None:
        """Not supported: `RuntimeError`. aiohttp, Sanic and Tornado need python-socketio."""
        raise RuntimeError("attach() needs aiohttp, Sanic or Tornado: use ASGIApp or mount()")

    @cached_property
    def eio(self) -> SocketIOEngine:
        """The Engine.IO server below: its sessions and options, see `engineio.facade`."""
        return SocketIOEngine(
            self._core,
            self._options,
            self._service.sessions,
            self.handle_request,
            self.shutdown,
            lambda: self._engine_hooks,
        )

    @cached_property
    def usage(self) -> Usage:
        """Counts the tokens that models use; see docs/usage.md."""
        from .usage import Usage

        return Usage(self._core, self.manager)

    @cached_property
    def yjs(self) -> YjsDocuments:
        """Documents that Yjs editors share: see `yjs.YjsDocuments` and docs/yjs.md."""
        from .yjs import YjsDocuments  # for those who use it

        return YjsDocuments(self, self._core, self._service)

    @property
    def packet_class(self) -> Any:
        """The Packet class in use; with `json` a subclass for this server that has it."""
        return self._core.serializer.packet_class

    def instrument(
        self,
        auth: Any = None,
        mode: str = "development",
        read_only: bool = False,
        server_id: str | None = None,
        namespace: str = "/admin",
        server_stats_interval: float = 2,
    ) -> InstrumentedAsyncServer:
        """Let the Socket.IO Admin UI look at this server; see `InstrumentedAsyncServer`."""
        from .async_admin import InstrumentedAsyncServer  # built on this module

        return InstrumentedAsyncServer(
            self,
            auth=auth,
            mode=mode,
            read_only=read_only,
            server_id=server_id,
            namespace=namespace,
            server_stats_interval=server_stats_interval,
        )

    def listen(self, host: str, port: int, path: str = "/socket.io") -> tuple[str, int]:
        """Serve clients on a port of the engine's own; returns the address it is bound to.

        Needs a running loop, for the handlers. Port 0 takes a free one. Raises `OSError` if the
        address cannot be had, `ValueError` if the `cookie` has callables: the engine
        cannot ask them. The path is the server's, if it has one, unless another one is given.
        """
        if not isinstance(port, int) or not 0 <= port <= 65535:
            raise ValueError(f"listen() needs a port from 0 to 65535, not {port!r}")
        self._options.check_own_port()
        self._initialize_manager()
        self._service.reopen()
        self._service.bind()
        return self._core.engine.listen(host, port, given_path(path, self._options))

    async def serve(
        self, host: str = "127.0.0.1", port: int = 5000, path: str = "/socket.io"
    ) -> None:
        """`listen` until cancelled, then `shutdown`.

        With the option `drain` until SIGTERM, too, and then `drain`.
        """
        address = self.listen(host, port, path)
        self.logger.info("listening on %s:%s", *address)
        await self._serve_until_told()

    async def shutdown(self) -> None:
        """Disconnect every client ("server disconnect"), stop listening, end the engine's thread.

        Waits up to two seconds for disconnect handlers, and two for bytes under way. The server
        can be used again afterwards.
        """
        for logger in (self.logger, self._core.log.engineio):
            logger.info("Socket.IO is shutting down")
        await self._end_conflation()
        await self._service.end()
        if "usage" in self.__dict__:
            await self.usage._flush_at_end()
        self.manager_initialized = False
        if self._service.manager is not None:
            await self._service.manager._end()

    # --- background ---

    def start_background_task(
        self, target: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> asyncio.Future[Any]:
        """Run a coroutine function in a task, which is returned and kept alive."""
        task = asyncio.ensure_future(target(*args, **kwargs))
        self._service.runner.keep(task)
        return task

    async def sleep(self, seconds: float = 0) -> None:
        """`asyncio.sleep`."""
        await asyncio.sleep(seconds)

    def _initialize_manager(self) -> None:
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()


_TRIGGER_EVENT = AsyncServer._trigger_event  # that of this class, which may be replaced
