"""A server under test, run as a process of its own: flavour, options as JSON, mount.

For instance `python -m interop.server_app asgi '{"ping_interval": 1}' alone`. Prints
`READY <port>` once it listens on a free loopback port; runs until it is terminated.
"""

import asyncio
import importlib
import json
import os
import signal
import socket
import sys
import threading
from typing import Any

from . import application

HOST = "127.0.0.1"
OPTIONS_VARIABLE = "SIO_INTEROP_OPTIONS"  # granian imports its application anew, by name


def announce(port: int) -> None:
    print(f"READY {port}", flush=True)


def end_with_parent() -> None:
    """Its end of our stdin closes with the tests, however they end."""

    def wait_for_the_end() -> None:
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_the_end, daemon=True).start()


def free_socket() -> socket.socket:
    listening = socket.create_server((HOST, 0), backlog=2048)
    listening.setblocking(False)
    return listening


def fastapi_app() -> Any:
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/plain")
    async def plain() -> dict[str, str]:
        return {"from": "fastapi"}

    return app


def asgi_app(socketio: Any, options: dict[str, Any], mount: str) -> Any:
    """The ways in which an application may take the server in; `mount` names one."""
    sio = application.build(socketio, options)
    if mount == "alone":
        return socketio.ASGIApp(sio)
    app = fastapi_app()
    if mount == "outer":  # /socket.io, everything else is FastAPI's
        return socketio.ASGIApp(sio, app)
    if mount == "ws":  # /ws/socket.io, as python-socketio wants it spelled
        app.mount("/ws", socketio.ASGIApp(sio, socketio_path="/ws/socket.io"))
    elif mount == "ws-short":  # /ws/socket.io, the mount's path left out
        app.mount("/ws", socketio.ASGIApp(sio))
    elif mount == "sio.mount":
        sio.mount(app, "/ws")
    else:
        raise ValueError(f"no such mount: {mount}")
    return app


async def serve_uvicorn(app: Any, loop: str, http: str = "auto", ws: str = "auto") -> None:
    import uvicorn

    listening = free_socket()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            announce(listening.getsockname()[1])

    config = uvicorn.Config(
        app, loop=loop, http=http, ws=ws, log_level="warning", timeout_graceful_shutdown=1
    )
    await Server(config).serve(sockets=[listening])


async def serve_hypercorn(app: Any) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    listening = free_socket()
    config = Config()
    announce(listening.getsockname()[1])
    config.bind = [f"fd://{listening.detach()}"]
    await serve(app, config)


def serve_granian() -> None:
    from granian import Granian

    with free_socket() as probe:
        port = probe.getsockname()[1]
    announce(port)
    Granian(
        f"{__file__}:granian_app", address=HOST, port=port, interface="asgi", factory=True
    ).serve()


def granian_app() -> Any:
    return asgi_app(
        importlib.import_module("sio_native"), *json.loads(os.environ[OPTIONS_VARIABLE])
    )


async def serve_own_port(socketio: Any, options: dict[str, Any]) -> None:
    sio = application.build(socketio, options)
    _, port = sio.listen(HOST, 0)
    announce(port)
    await asyncio.Event().wait()


async def serve_until_cancelled(socketio: Any, options: dict[str, Any]) -> None:
    """`await sio.serve` gives no address back, so the port is chosen here."""
    sio = application.build(socketio, options)
    with free_socket() as probe:
        port = probe.getsockname()[1]
    announce(port)
    await sio.serve(HOST, port)


def main(flavour: str, options: dict[str, Any], mount: str) -> None:
    """`flavour` may say what uvicorn is to run on: "handoff/h11/wsproto/uvloop"."""
    end_with_parent()
    flavour, *parts = flavour.split("/")
    http, ws, loop = parts or ("auto", "auto", "asyncio")
    if flavour == "bridge":
        options = {"handoff": False, **options}
    reference = flavour == "reference"
    socketio = importlib.import_module("socketio" if reference else "sio_native")
    if flavour == "listen":
        asyncio.run(serve_own_port(socketio, options))
    elif flavour == "serve":
        asyncio.run(serve_until_cancelled(socketio, options))
    elif flavour == "granian":
        os.environ[OPTIONS_VARIABLE] = json.dumps([options, mount])
        serve_granian()
    else:
        app = asgi_app(socketio, options, mount)
        if flavour == "hypercorn":
            asyncio.run(serve_hypercorn(app))
        elif loop == "uvloop":
            import uvloop

            uvloop.run(serve_uvicorn(app, loop, http, ws))
        else:
            asyncio.run(serve_uvicorn(app, loop, http, ws))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3])
