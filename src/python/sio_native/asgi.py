"""The ASGI application: Socket.IO's path, static files, another application behind it."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import given_path
from .second_server import check_mounted, check_wrapped
from .static_files import find_static_file
from .types import ASGIApplication, Message, Receive, Scope, Send, StaticFiles

if TYPE_CHECKING:
    from .async_server import AsyncServer

LifespanHook = Callable[[], Any]


class ASGIApp:
    """Routes Socket.IO's requests to a server, and all else to files or another application.

    `socketio_path` is compared with the full path of a request and, where the application is
    mounted, with the path below the mount; None takes every request. The server is shut down
    with the application, before `on_shutdown` is called.
    """

    def __init__(
        self,
        socketio_server: AsyncServer,
        other_asgi_app: ASGIApplication | None = None,
        static_files: StaticFiles | None = None,
        socketio_path: str | None = "socket.io",
        on_startup: LifespanHook | None = None,
        on_shutdown: LifespanHook | None = None,
    ) -> None:
        self.engineio_server = socketio_server  # python-socketio's name for it
        self.other_asgi_app = other_asgi_app
        self.engineio_path = None
        if socketio_path is not None:
            self.engineio_path = _slashed(_servers_path(socketio_path, socketio_server))
        self.static_files: StaticFiles = static_files or {}
        self.on_startup = on_startup
        self.on_shutdown = on_shutdown
        self._told_path = False
        check_wrapped(self)
        socketio_server.handle_startup()  # perhaps the server is importing us

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self.lifespan(scope, receive, send)
        elif kind in ("http", "websocket") and self._is_socketio(scope):
            await self.engineio_server.handle_request(scope, receive, send)
        elif kind == "http" and (file := self._static_file(scope["path"])) is not None:
            await self.serve_static_file(file, receive, send)
        else:
            self._explain_stray_client(scope)
            if self.other_asgi_app is not None:
                await self.other_asgi_app(scope, receive, send)
            elif kind == "websocket":
                await send({"type": "websocket.close"})
            else:
                await self.not_found(receive, send)

    def _is_socketio(self, scope: Scope) -> bool:
        if self.engineio_path is None:
            return True
        path = scope["path"]
        if _slashed(path).startswith(self.engineio_path):
            return True
        root = scope.get("root_path") or ""
        return (
            bool(root)
            and path.startswith(root)
            and _slashed(path[len(root) :]).startswith(self.engineio_path)
        )

    def _static_file(self, path: str) -> dict[str, str] | None:
        file = find_static_file(path, self.static_files) if self.static_files else None
        if file is None or not os.path.isfile(file[0]):
            return None
        return {"filename": file[0], "content_type": file[1]}

    async def serve_static_file(
        self, static_file: dict[str, str], receive: Receive, send: Send
    ) -> None:
        """Send a file: `filename` and `content_type`."""
        if (await receive())["type"] != "http.request":
            return
        data = await asyncio.to_thread(Path(static_file["filename"]).read_bytes)
        await _respond(send, 200, static_file["content_type"], data)

    async def not_found(self, receive: Receive, send: Send) -> None:
        await _respond(send, 404, "text/plain", b"Not Found")

    def _explain_stray_client(self, scope: Scope) -> None:
        """Say it once when a Socket.IO client asks for another path: all it sees is a 404."""
        if not self._told_path and b"EIO=" in scope.get("query_string", b""):
            self._told_path = True
            path, root = self.engineio_path or "", scope.get("root_path") or ""
            self.engineio_server.logger.error(
                'a Socket.IO client asks for "%s", but socketio_path is "%s"%s',
                scope["path"],
                path,
                f', in this mount "{root}{path}"' if root and not path.startswith(root) else "",
            )

    # --- lifespan ---

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.engineio_server.handle_startup(receive)
        if self.other_asgi_app is not None and not self.on_startup and not self.on_shutdown:
            await self.other_asgi_app(scope, self._closing_first(receive), send)
            return
        while True:
            phase = (await receive())["type"].removeprefix("lifespan.")
            if phase == "shutdown":
                await self._close_server()
            hook = self.on_startup if phase == "startup" else self.on_shutdown
            try:
                await run_hook(hook)
            except Exception as error:
                self.engineio_server.logger.exception("the on_%s callback failed", phase)
                await send({"type": f"lifespan.{phase}.failed", "message": str(error)})
                return
            await send({"type": f"lifespan.{phase}.complete"})
            if phase == "shutdown":
                return

    def _closing_first(self, receive: Receive) -> Receive:
        """A receive() for the other application that closes the server before it is told."""

        async def receive_and_close() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._close_server()
            return message

        return receive_and_close

    async def _close_server(self) -> None:
        try:
            server = self.engineio_server  # of engineio, or an application's stand-in
            await getattr(server, "_end_serving", server.shutdown)()
        except Exception:
            self.engineio_server.logger.exception("the Socket.IO server could not be shut down")


def mount(server: AsyncServer, app: Any, path: str, **asgi_app_arguments: Any) -> ASGIApp:
    """See `AsyncServer.mount`."""
    socketio_path = asgi_app_arguments.pop("socketio_path", "socket.io")
    on_startup = asgi_app_arguments.pop("on_startup", None)
    on_shutdown = asgi_app_arguments.pop("on_shutdown", None)
    path = path.rstrip("/")
    if not path and not asgi_app_arguments and socketio_path is not None:
        # A mount at the root would hide every route that the application adds later.
        path = "/" + _servers_path(socketio_path, server).strip("/")
        socketio_path = None
    mounted = ASGIApp(server, socketio_path=socketio_path, **asgi_app_arguments)
    check_mounted(mounted, app, path)
    app.mount(path, mounted)

    # A mounted application hears nothing of its host's lifespan.
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(host: Any) -> AsyncIterator[Any]:
        server.handle_startup()
        server._begin_serving()
        async with inner(host) as state:
            await run_hook(on_startup)
            try:
                yield state
            finally:
                await server._end_serving()
                await run_hook(on_shutdown)

    app.router.lifespan_context = lifespan
    return mounted


async def run_hook(hook: LifespanHook | None) -> None:
    if hook is not None:
        result = hook()
        if inspect.isawaitable(result):
            await result


async def _respond(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _servers_path(given: str, server: AsyncServer) -> str:
    options = getattr(server, "_options", None)  # a stand-in of a test has none
    return given if options is None else given_path(given, options)


def _slashed(path: str) -> str:
    return f"/{path.strip('/')}/" if path.strip("/") else "/"
