"""The server that is measured: `python server.py LIBRARY DOOR PORT`, the same application on each.

LIBRARY is `socketio` (python-socketio) or `sio_native`; DOOR is `uvicorn`, or `own` for the
engine's own port, which python-socketio does not have.
"""

import importlib
import resource
import sys
from typing import Any

import uvicorn
import uvloop

library, door, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
socketio = importlib.import_module(library)
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@sio.event
async def echo(sid: str, data: Any) -> Any:
    return data


@sio.event
async def join(sid: str) -> None:
    await sio.enter_room(sid, "everybody")


@sio.event
async def spread(sid: str, data: Any) -> None:
    await sio.emit("news", data, room="everybody")


async def serve_own_port() -> None:
    await sio.serve("127.0.0.1", port)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if door == "own":
        uvloop.run(serve_own_port())
    else:
        uvicorn.run(
            socketio.ASGIApp(sio),
            host="127.0.0.1",
            port=port,
            loop="uvloop",
            http="httptools",
            log_level="warning",
        )


main()
