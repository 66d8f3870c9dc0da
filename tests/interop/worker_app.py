"""An application as its user writes it, for servers that are started by their own commands."""

import os

from fastapi import FastAPI

import sio_native

from . import application

sio = application.build(sio_native, {})


@sio.event
async def process(sid: str) -> int:
    return os.getpid()


# Starlette tells a mounted application nothing of its lifespan.
silent = FastAPI()
silent.mount("/ws", sio_native.ASGIApp(sio))

mounted = FastAPI()
sio.mount(mounted, "/ws")

# Its clients stay with uvicorn, which would close them before the application hears of the end.
draining = FastAPI()
NOTICE = {"reconnectIn": 1}
drained = application.build(
    sio_native, {"handoff": False, "drain": {"notify": NOTICE, "deadline": 2}}
)
drained.on("process", process)
drained.mount(draining, "/ws")
