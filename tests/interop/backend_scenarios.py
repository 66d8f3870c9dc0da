"""Applications that use python-socketio as known frameworks do: the same calls, options and shapes.

`python -m interop.backend_scenarios NAME PACKAGE` serves one of them; PACKAGE is the module that
stands where the framework imports `socketio`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib
import json
import sys
import urllib.parse
from types import ModuleType, SimpleNamespace
from typing import Any

import orjson
from fastapi import FastAPI

from .server_app import end_with_parent, serve_uvicorn

# --- Reflex: reflex/app.py, `App._setup_state` and `EventNamespace` ---


@dataclasses.dataclass
class StateUpdate:
    """What Reflex emits: an object that only its own `dumps` can write."""

    delta: dict[str, Any]
    events: list[Any] = dataclasses.field(default_factory=list)
    final: bool = True


def json_dumps(obj: Any, **options: Any) -> str:
    return json.dumps(obj, default=dataclasses.asdict, **options)


def reflex(socketio: ModuleType) -> Any:
    class EventNamespace(socketio.AsyncNamespace):
        def __init__(self, namespace: str, app: Any) -> None:
            super().__init__(namespace)
            self.app = app
            self.token_to_sid: dict[str, str] = {}
            self.sid_to_token: dict[str, str] = {}

        async def on_connect(self, sid: str, environ: dict[str, Any]) -> None:
            query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""))
            token = query.get("token", [""])[0]
            if token in self.token_to_sid:  # a duplicated tab
                token += "-new"
                await self.emit("new_token", token, to=sid)
            self.token_to_sid[token] = sid
            self.sid_to_token[sid] = token

        def on_disconnect(self, sid: str) -> asyncio.Task[None] | None:
            token = self.sid_to_token.get(sid)
            if token is None:
                return None
            return asyncio.create_task(self.forget(token, sid), name=f"disconnect|{token}")

        async def forget(self, token: str, sid: str) -> None:
            del self.token_to_sid[token], self.sid_to_token[sid]

        async def emit_update(self, update: StateUpdate, sid: str) -> None:
            await asyncio.create_task(self.emit("event", update, to=sid), name=f"emit|{sid}")

        async def on_event(self, sid: str, data: Any) -> None:
            environ = self.app.sio.get_environ(sid, self.namespace)
            headers = {
                name.decode("utf-8"): value.decode("utf-8")
                for name, value in environ["asgi.scope"]["headers"]
            }
            client_ip = environ["asgi.scope"]["client"][0]
            state = {
                "got": data,
                "token": self.sid_to_token[sid],
                "tokens": sorted(self.token_to_sid),
                "agent": headers["user-agent"],
                "ip": client_ip,
                "subprotocol": environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL"),
            }
            for part in (False, True):  # a handler that yields
                await self.emit_update(StateUpdate({"state": state}, final=part), sid)

        async def on_ping(self, sid: str) -> None:
            await self.emit("ping", "pong", to=sid)

    class HeaderMiddleware:
        """Agrees to the subprotocol in which the page sends its version."""

        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def modified_send(message: Any) -> None:
                if message["type"] == "websocket.accept" and scope.get("subprotocols"):
                    message["subprotocol"] = scope["subprotocols"][0]
                await send(message)

            await self.app(scope, receive, modified_send)

    app = SimpleNamespace()
    app.sio = socketio.AsyncServer(
        async_mode="asgi",
        cors_allowed_origins="*",
        cors_credentials=True,
        max_http_buffer_size=1_000_000,
        ping_interval=25,
        ping_timeout=120,
        json=SimpleNamespace(dumps=staticmethod(json_dumps), loads=staticmethod(json.loads)),
        allow_upgrades=False,
        transports=["websocket"],
    )
    assert getattr(app.sio, "async_mode", "") == "asgi"
    socket_app = socketio.ASGIApp(app.sio, socketio_path="")
    app.sio.register_namespace(EventNamespace("/_event", app))
    api = FastAPI()
    api.mount("/_event", HeaderMiddleware(socket_app))
    return api


# --- NiceGUI: nicegui/nicegui.py and nicegui/outbox.py ---


def nicegui(socketio: ModuleType) -> Any:
    class SocketIoApp(socketio.ASGIApp):
        """Takes the mount's path out of the request's."""

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            root_path = scope.get("root_path")
            if root_path and scope["path"].startswith(root_path):
                scope["path"] = scope["path"][len(root_path) :]
            return await super().__call__(scope, receive, send)

    def dumps(obj: Any, sort_keys: bool = False, separators: Any = None) -> str:
        assert separators in (None, (",", ":"))
        options = orjson.OPT_NON_STR_KEYS | (orjson.OPT_SORT_KEYS if sort_keys else 0)
        return orjson.dumps(obj, option=options).decode("utf-8")

    wrapper = SimpleNamespace(dumps=dumps, loads=orjson.loads)
    sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", json=wrapper)
    outbox: asyncio.Queue[tuple[str, Any, str]] = asyncio.Queue()
    clients: dict[str, dict[str, Any]] = {}

    async def loop() -> None:
        while True:
            message_type, data, target_id = await outbox.get()
            await sio.emit(message_type, data, room=target_id)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:
        sio.eio.ping_interval = max(3.0 * 0.8, 4)
        sio.eio.ping_timeout = max(3.0 * 0.4, 2)
        task = asyncio.create_task(loop())
        yield
        task.cancel()

    app = FastAPI(lifespan=lifespan)
    app.mount("/_nicegui_ws/", SocketIoApp(socketio_server=sio, socketio_path="/socket.io"))

    def client_of(environ: Any) -> str:
        query = urllib.parse.parse_qs(environ["asgi.scope"]["query_string"].decode())
        return query["client_id"][0]

    @sio.on("connect")
    async def connect(sid: str, environ: dict[str, Any], _: Any = None) -> None:
        clients.setdefault(client_of(environ), {"connects": 0, "left": []})["connects"] += 1

    @sio.on("handshake")
    async def handshake(sid: str, data: dict[str, Any]) -> bool:
        client = clients.get(data["client_id"])
        if client is None:
            return False
        client["environ"] = sio.get_environ(sid)
        await sio.enter_room(sid, data["client_id"])
        return True

    @sio.on("disconnect")
    def disconnect(sid: str) -> None:
        clients[client_of(sio.get_environ(sid))]["left"].append(sid)

    @sio.on("event")
    def event(_: str, message: dict[str, Any]) -> None:
        # Element ids are integers, and so are the keys of an update.
        outbox.put_nowait(("update", {message["id"]: message["args"]}, message["client_id"]))

    @sio.on("ack")
    def ack(_: str, message: dict[str, Any]) -> None:
        clients[message["client_id"]]["acked"] = message["next_message_id"]

    # An application may put its own checks before NiceGUI's handlers.
    original = sio.handlers["/"]["ack"]

    @sio.on("ack")
    def guarded(sid: str, message: dict[str, Any]) -> None:
        if message["client_id"] in clients:
            original(sid, message)

    @app.get("/client/{client_id}")
    async def client(client_id: str) -> Any:
        known = clients.get(client_id, {})
        return {name: value for name, value in known.items() if name != "environ"}

    return app


# --- fastapi-socketio: fastapi_socketio/socket_manager.py, as released and as last written ---


def add_handlers(manager: Any, sio: Any) -> None:
    """As its readme shows them: on the application's `sio`, and on the manager."""

    @sio.on("join")
    async def join(sid: str, room: str) -> None:
        await manager.enter_room(sid, room)
        await manager.save_session(sid, {"room": room})
        await manager.emit("lobby", "User joined", room=room)

    @manager.on("leave")
    async def leave(sid: str) -> str:
        room = (await manager.get_session(sid))["room"]
        await manager.emit("lobby", "User left", to=room, skip_sid=sid)
        await manager.leave_room(sid, room)
        return room

    @manager.on("later")
    async def later(sid: str, seconds: float) -> None:
        async def remind(text: str) -> None:
            await manager.sleep(seconds)
            async with manager.session(sid) as session:
                session["reminded"] = True
            answer = await manager.call("reminder", text, to=sid)
            await manager.send({"answered": answer}, to=sid)

        manager.start_background_task(remind, "now")

    @manager.on("bye")
    async def bye(sid: str) -> None:
        await manager.disconnect(sid)


def fastapi_socketio(socketio: ModuleType) -> Any:
    class SocketManager:
        def __init__(
            self,
            app: FastAPI,
            mount_location: str = "/ws",
            socketio_path: str = "socket.io",
            cors_allowed_origins: str | list[str] = "*",
            async_mode: str = "asgi",
            **options: Any,
        ) -> None:
            self._sio = socketio.AsyncServer(
                async_mode=async_mode, cors_allowed_origins=cors_allowed_origins, **options
            )
            self._app = socketio.ASGIApp(socketio_server=self._sio, socketio_path=socketio_path)
            app.mount(mount_location, self._app)
            app.sio = self._sio  # type: ignore[attr-defined]

        def is_asyncio_based(self) -> bool:
            return True

        def __getattr__(self, name: str) -> Any:
            """It has a property for each of these."""
            assert name in PASSED_ON
            return getattr(self._sio, name)

    app = FastAPI()
    manager = SocketManager(app, mount_location="/")
    for name in PASSED_ON:
        assert callable(getattr(manager, name))
    add_handlers(manager, app.sio)  # type: ignore[attr-defined]
    return app


PASSED_ON = (
    *("on", "attach", "emit", "send", "call", "close_room", "get_session", "save_session"),
    *("session", "disconnect", "handle_request", "start_background_task", "sleep", "enter_room"),
    *("leave_room", "register_namespace"),
)


def fastapi_socketio_subclass(socketio: ModuleType) -> Any:
    class SocketManager(socketio.AsyncServer):
        def __init__(
            self,
            app: FastAPI,
            mount_location: str = "/ws",
            socketio_path: str = "socket.io",
            cors_allowed_origins: str | list[str] = "*",
            async_mode: str = "asgi",
            **options: Any,
        ) -> None:
            super().__init__(
                cors_allowed_origins=cors_allowed_origins, async_mode=async_mode, **options
            )
            self._app = socketio.ASGIApp(socketio_server=self, socketio_path=socketio_path)
            app.mount(mount_location, self._app)
            app.router.add_route(f"/{socketio_path}/", self._app, methods=["GET", "POST"])
            app.router.add_websocket_route(f"/{socketio_path}/", self._app)
            app.sio = self  # type: ignore[attr-defined]

        def is_asyncio_based(self) -> bool:
            return True

    app = FastAPI()
    manager = SocketManager(app, ping_timeout=7)
    add_handlers(manager, app.sio)  # type: ignore[attr-defined]
    return app


BACKENDS = {
    "reflex": reflex,
    "nicegui": nicegui,
    "fastapi-socketio": fastapi_socketio,
    "fastapi-socketio as a subclass": fastapi_socketio_subclass,
}


def main(name: str, package: str) -> None:
    end_with_parent()
    app = BACKENDS[name](importlib.import_module(package))
    asyncio.run(serve_uvicorn(app, "asyncio"))


if __name__ == "__main__":
    main(*sys.argv[1:])
