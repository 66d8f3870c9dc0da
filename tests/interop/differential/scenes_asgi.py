"""ASGIApp: paths, static files, other applications, lifespan, mounts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from .play import Play
from .table import scenario

HANDSHAKE = b"EIO=4&transport=polling"


class Server:
    """Stands for an AsyncServer: says that it was asked."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.logger = play.server().logger

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "asked", "path": scope["path"]})

    def handle_startup(self, receive: Any = None) -> None: ...

    async def shutdown(self) -> None: ...


def another() -> Any:
    """An application behind; a new one each time, as two servers in front of one are warned of."""

    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "other", "of": scope["type"], "path": scope.get("path")})
        while scope["type"] == "lifespan" and (message := await receive())["type"]:
            await send({"type": f"other heard {message['type']}"})
            if message["type"] == "lifespan.shutdown":
                return

    return other


async def ask(app: Any, scope: dict[str, Any], *incoming: str) -> list[Any]:
    """What the application sends, with names of headers in lower case and lengths left out."""
    messages = iter(incoming or ("http.request",))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: dict[str, Any]) -> None:
        message = dict(message)
        message.pop("message", None)  # of a failed lifespan
        if "headers" in message:
            headers = [(name.lower(), value) for name, value in message["headers"]]
            message["headers"] = [each for each in headers if each[0] != b"content-length"]
        sent.append(message)

    await app(scope, receive, send)
    return sent


def http(path: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
        **more,
    }


PATHS = ("/socket.io/", "/socket.io", "/socket.io/more", "/socket.iox", "/", "/ws/socket.io/", "/x")


@scenario(served=False)
async def path_decides_whose_a_request_is(play: Play) -> Any:
    seen = []
    for path in ("socket.io", "/socket.io", "socket.io/", "/socket.io/", "ws/socket.io", "", None):
        app = play.package.ASGIApp(Server(play), socketio_path=path)
        seen.append([app.engineio_path, *[await ask(app, http(each)) for each in PATHS]])
    return seen


@scenario(served=False)
async def other_application_gets_the_rest(play: Play) -> Any:
    app = play.package.ASGIApp(Server(play), another())
    return [await ask(app, http(each)) for each in PATHS]


@scenario(served=False)
async def other_application_gets_websockets_too(play: Play) -> Any:
    app = play.package.ASGIApp(Server(play), another())
    scope = {**http("/other"), "type": "websocket"}
    return [await ask(app, scope), await ask(app, {**scope, "path": "/socket.io/"})]


@scenario(served=False)
async def websocket_that_nobody_wants(play: Play) -> Any:
    app = play.package.ASGIApp(Server(play))
    scope = {**http("/other"), "type": "websocket"}
    return await ask(app, scope, "websocket.connect")


@scenario(served=False)
async def attributes_of_an_application(play: Play) -> Any:
    server = Server(play)

    def hook() -> None: ...

    other = another()
    app = play.package.ASGIApp(server, other, {"/": "x"}, "ws", hook, hook)
    plain = play.package.ASGIApp(server)
    return [
        app.engineio_server is server,
        app.other_asgi_app is other,
        app.engineio_path,
        app.static_files,
        app.on_startup is hook,
        app.on_shutdown is hook,
        [plain.other_asgi_app, plain.static_files, plain.on_startup, plain.on_shutdown],
    ]


@scenario(served=False)
async def files_are_served_by_rules(play: Play) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        public = root / "public"
        (public / "sub").mkdir(parents=True)
        (root / "secret.txt").write_text("secret")
        names = ("index.html", "style.css", "app.js", "data.json", "photo.jpg", "note.txt")
        for name in (*names, "image.png", "image.gif", "no_extension", "archive.tar.gz"):
            (public / name).write_text(name)
        (public / "sub" / "index.html").write_text("sub index")
        files = {
            "/": str(public / "index.html"),
            "/static": str(public),
            "/slashed/": f"{public}/",
            "/one": {"filename": str(public / "note.txt"), "content_type": "text/special"},
            "/typed": {"filename": str(public), "content_type": "text/special"},
        }
        app = play.package.ASGIApp(Server(play), static_files=files)
        paths = [
            "/",
            "/one",
            "/static/",
            "/static/sub/",
            *(f"/static/{name}" for name in names),
            "/static/image.png",
            "/static/image.gif",
            "/static/no_extension",
            "/static/archive.tar.gz",
            "/slashed/note.txt",
            "/slashed/",
            "/typed/app.js",
            "/static/missing.txt",
            "/static/../secret.txt",
            "/static/sub/../../secret.txt",
            "/missing",
            "/socket.io/",
            "/slashed",
        ]
        return {path: await ask(app, http(path)) for path in paths}


@scenario(served=False)
async def file_of_a_directory_has_a_rule(play: Play) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.txt").write_text("main")
        seen = []
        for default in ("main.txt", {"filename": "main.txt", "content_type": "text/special"}):
            files = {"/d": f"{folder}/", "": default}
            app = play.package.ASGIApp(Server(play), another(), files)
            seen.append([await ask(app, http(path)) for path in ("/d/", "/d/main.txt", "/x")])
        return seen


@scenario(served=False)
async def directory_without_a_slash(play: Play) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.html").write_text("index")
        app = play.package.ASGIApp(Server(play), static_files={"/static": folder})
        return (await play.outcome(ask, app, http("/static")))[0]


@scenario(served=False)
async def lifespan_calls_back(play: Play) -> Any:
    def plain(name: str) -> Any:
        return lambda: play.note(name)

    def coroutine(name: str) -> Any:
        async def hook() -> None:
            play.note(name, "awaited")

        return hook

    phases = ("lifespan.startup", "lifespan.shutdown")
    seen = []
    for make in (plain, coroutine):
        for has_other in (False, True):
            for hooks in (
                {},
                {"on_startup": make("startup")},
                {"on_shutdown": make("shutdown")},
                {"on_startup": make("startup"), "on_shutdown": make("shutdown")},
            ):
                behind = another() if has_other else None
                app = play.package.ASGIApp(Server(play), behind, **hooks)
                seen.append(await ask(app, {"type": "lifespan"}, *phases))
    return seen


@scenario(served=False)
async def callback_that_fails_fails_the_lifespan(play: Play) -> Any:
    def plain() -> None:
        raise LookupError("in the callback")

    async def coroutine() -> None:
        raise LookupError("in the callback")

    seen = []
    for hook in (plain, coroutine):
        app = play.package.ASGIApp(Server(play), on_startup=hook)
        seen.append(await ask(app, {"type": "lifespan"}, "lifespan.startup"))
        app = play.package.ASGIApp(Server(play), on_shutdown=hook)
        phases = ("lifespan.startup", "lifespan.shutdown")
        seen.append(await ask(app, {"type": "lifespan"}, *phases))
    return seen


async def statuses(play: Play, app: Any, *paths: str) -> list[Any]:
    """Of handshakes under uvicorn; `0{` begins the answer of Socket.IO."""
    seen = []
    async with play.under_uvicorn(app):
        for path in paths:
            answer = await play.fetch("GET", f"{path}?{HANDSHAKE.decode()}")
            seen.append([answer.status, answer.text[:2] == "0{"])
    return seen


@scenario(served=False)
async def mount_with_its_full_path(play: Play) -> Any:
    from fastapi import FastAPI

    host = FastAPI()
    sio = play.server()
    host.mount("/ws", play.package.ASGIApp(sio, socketio_path="/ws/socket.io"))
    return await statuses(play, host, "/ws/socket.io/", "/socket.io/", "/other")


@scenario(served=False)
async def mount_with_the_default_path(play: Play) -> Any:
    from fastapi import FastAPI

    host = FastAPI()
    host.mount("/ws", play.package.ASGIApp(play.server()))
    return await statuses(play, host, "/ws/socket.io/")


@scenario(served=False)
async def mount_at_the_root(play: Play) -> Any:
    from fastapi import FastAPI

    host = FastAPI()
    host.get("/plain")(lambda: {"from": "fastapi"})
    host.mount("/", play.package.ASGIApp(play.server()))
    return await statuses(play, host, "/socket.io/", "/plain", "/other")


@scenario(served=False)
async def mount_that_takes_every_path(play: Play) -> Any:
    from fastapi import FastAPI

    host = FastAPI()
    host.mount("/socket.io", play.package.ASGIApp(play.server(), socketio_path=None))
    return await statuses(play, host, "/socket.io/", "/other")


@scenario(served=False)
async def application_around_another(play: Play) -> Any:
    from fastapi import FastAPI

    inner = FastAPI()
    inner.get("/plain")(lambda: {"from": "fastapi"})
    app = play.package.ASGIApp(play.server(), inner)
    return await statuses(play, app, "/socket.io/", "/plain", "/other")


@scenario(served=False)
async def middleware_around_the_application(play: Play) -> Any:
    from starlette.middleware.cors import CORSMiddleware

    sio = play.server(cors_allowed_origins=[])
    app = CORSMiddleware(play.package.ASGIApp(sio), allow_origins=["http://a"])
    async with play.under_uvicorn(app):
        answer = await play.fetch(
            "GET", "/socket.io/?" + HANDSHAKE.decode(), headers={"Origin": "http://a"}
        )
        await play.client()
        return [answer.status, answer.headers.get("access-control-allow-origin")]


@scenario(served=False, log="ERROR")
async def client_at_a_wrong_path_is_logged_once(play: Play) -> Any:
    app = play.package.ASGIApp(play.server(), socketio_path="ws/socket.io")
    return await statuses(play, app, "/socket.io/", "/socket.io/")


@scenario(served=False)
async def server_answers_without_an_application(play: Play) -> Any:
    sio = play.server()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
        else:
            await sio.handle_request(scope, receive, send)

    sio.on("take", lambda sid: "here")
    async with play.under_uvicorn(app):
        ann = await play.client()
        answer = await ann.ask("take")
        await sio.shutdown()
        return answer
