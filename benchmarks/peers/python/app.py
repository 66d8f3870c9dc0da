"""The benchmark's application in Python, the same on each library and door.

python app.py LIBRARY DOOR PORT [--ping-interval 25] [--threads 1] [--documents]

LIBRARY is `socketio` (python-socketio) or `sio_native`. DOOR is `fastapi` (mounted, under uvicorn),
`uvicorn` and `granian` (an ASGI application by itself), `aiohttp`, or `own`, the engine's own port.
With `--documents` editors share documents in memory: by `sio.yjs`, or as Open WebUI does.
"""

import argparse
import asyncio
import importlib
import json
import sys
import time
import warnings
from typing import Any

TOKEN = {"text": "token "}
TICK = 0.02  # seconds between the deltas of a stream


class OrJson:
    """orjson as python-socketio's `json=` wants it, with str for bytes: its fastest choice."""

    def __init__(self) -> None:
        self.orjson = importlib.import_module("orjson")
        self.loads = self.orjson.loads

    def dumps(self, value: Any, **_: Any) -> str:
        text: str = self.orjson.dumps(value).decode()
        return text


def hold_gil(seconds: float) -> None:
    """Loop in C until the time has passed; no bytecode runs, so the GIL is never offered."""
    end = time.monotonic() + seconds
    clock = iter(time.monotonic, None)
    any(map(end.__le__, clock))


def make_server(options: argparse.Namespace) -> Any:
    socketio = importlib.import_module(options.library)
    how: dict[str, Any] = {
        "async_mode": "aiohttp" if options.door == "aiohttp" else "asgi",
        "cors_allowed_origins": "*",
        "ping_interval": options.ping_interval,
    }
    if options.library == "socketio":
        how["json"] = OrJson()
    if options.threads > 1:
        how["threads"] = options.threads
        warnings.simplefilter("error", UserWarning)  # a version that ignores it is not measured
    return socketio.AsyncServer(**how)


def add_handlers(sio: Any) -> None:
    inside: set[str] = set()
    streams: set[asyncio.Task[None]] = set()

    @sio.event
    async def connect(sid: str, environ: dict[str, Any]) -> None:
        inside.add(sid)

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        inside.discard(sid)

    @sio.event
    async def population(sid: str) -> int:
        return len(inside)

    @sio.event
    async def echo(sid: str, data: Any) -> Any:
        return data

    @sio.event
    async def one(sid: str, data: Any) -> None:
        await sio.emit("news", data, to=sid)

    @sio.event
    async def join(sid: str) -> None:
        await sio.enter_room(sid, "everybody")

    @sio.event
    async def spread(sid: str, data: Any) -> None:
        await sio.emit("news", data, room="everybody")

    async def produce(sids: list[str], seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        end = due + seconds
        while due < end:
            for sid in sids:
                await sio.emit("delta", TOKEN, to=sid)
            due += TICK
            await asyncio.sleep(due - clock())

    def start_stream(sids: list[str], seconds: float) -> None:
        task = asyncio.create_task(produce(sids, seconds))
        streams.add(task)
        task.add_done_callback(streams.discard)

    @sio.event
    async def stream(sid: str, seconds: float) -> None:
        start_stream([sid], seconds)

    @sio.event
    async def tick(sid: str, seconds: float) -> None:
        start_stream(list(inside), seconds)

    @sio.event
    async def hold(sid: str, seconds: float) -> float:
        hold_gil(seconds)
        return seconds

    @sio.event
    async def emit_cost(sid: str, room: str, calls: int, samples: int) -> float:
        """Microseconds of this thread's CPU time for one awaited emit: the samples' median.

        A sample is so many calls in a row, or those of a tenth of a second.
        """
        to = sid if room == "one" else room
        message = {"text": "news"}
        measured = []
        for _ in range(samples):
            enough = time.monotonic() + 0.1
            done = 0
            before = time.thread_time_ns()
            while done < calls and time.monotonic() < enough:
                await sio.emit("news", message, to=to)
                done += 1
            measured.append((time.thread_time_ns() - before) / done / 1000)
            await asyncio.sleep(0.2)  # what was sent leaves the server before the next sample
        return sorted(measured)[samples // 2]


def run_uvicorn(sio: Any, options: argparse.Namespace) -> None:
    uvicorn = importlib.import_module("uvicorn")
    socketio = importlib.import_module(options.library)
    how: dict[str, Any] = {}
    if options.door == "fastapi":  # as a user starts it
        app = importlib.import_module("fastapi").FastAPI()
        app.mount("/socket.io", socketio.ASGIApp(sio, socketio_path="/socket.io"))
    else:  # the fastest that it can be had
        app = socketio.ASGIApp(sio)
        known = importlib.import_module("uvicorn.config").WS_PROTOCOLS
        fastest = "websockets-sansio" if "websockets-sansio" in known else "websockets"
        how = {"loop": "uvloop", "http": "httptools", "ws": fastest}
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning", **how)


def run_aiohttp(sio: Any, options: argparse.Namespace) -> None:
    uvloop, web = (importlib.import_module(name) for name in ("uvloop", "aiohttp.web"))
    app = web.Application()
    sio.attach(app)

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", options.port, backlog=1024).start()
        await asyncio.get_running_loop().create_future()

    uvloop.run(serve())


def run_granian(sio: Any, options: argparse.Namespace) -> None:
    """Embedded: one process to measure, and as fast as its worker processes."""
    uvloop, granian = (importlib.import_module(n) for n in ("uvloop", "granian.server.embed"))
    asgi = importlib.import_module("granian.constants").Interfaces.ASGI
    app = importlib.import_module(options.library).ASGIApp(sio)

    async def serve() -> None:
        server = granian.Server(
            app, port=options.port, interface=asgi, backlog=1024, log_enabled=False
        )
        await server.serve()

    uvloop.run(serve())


def run_own(sio: Any, options: argparse.Namespace) -> None:
    importlib.import_module("uvloop").run(sio.serve("127.0.0.1", options.port))


def versions(options: argparse.Namespace) -> dict[str, str]:
    metadata = importlib.import_module("importlib.metadata")
    packages = {
        "socketio": ["python-socketio", "python-engineio", "orjson", "pycrdt"],
        "sio_native": ["sio-native"],
    }[options.library] + {
        "aiohttp": ["aiohttp", "uvloop"],
        "granian": ["granian", "uvloop"],
        "uvicorn": ["uvicorn", "uvloop", "httptools", "websockets"],
        "fastapi": ["fastapi", "uvicorn", "uvloop", "httptools", "websockets"],
        "own": ["uvloop"],
    }[options.door]
    found = {name: metadata.version(name) for name in packages}
    return {"python": sys.version.split()[0], **found}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("library", choices=("socketio", "sio_native"))
    parser.add_argument("door", choices=("fastapi", "uvicorn", "granian", "aiohttp", "own"))
    parser.add_argument("port", type=int, help="0: print the versions and end")
    parser.add_argument("--ping-interval", type=float, default=25)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--documents", action="store_true")
    return parser.parse_args()


def main() -> None:
    options = parse()
    sio = make_server(options)
    if options.port == 0:
        print(json.dumps(versions(options)))
        return
    add_handlers(sio)
    if options.documents and options.library == "sio_native":
        sio.yjs.serve()
    elif options.documents:
        importlib.import_module("open_webui").add_handlers(sio)
    if options.door == "own":
        run_own(sio, options)
    elif options.door == "aiohttp":
        run_aiohttp(sio, options)
    elif options.door == "granian":
        run_granian(sio, options)
    else:
        run_uvicorn(sio, options)


main()
