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
