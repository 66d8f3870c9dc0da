"""Makes the server, once, and hands it on: no other file makes one, and none has a global.

python -m uvicorn examples.fastapi.registration.server:app
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from sio_native import AsyncServer, Depends, Socket

from .database import Database
from .errors import register_error_handler
from .gguf import parse_gguf
from .handlers import register_handlers
from .metrics import start_metrics_collection
from .process_manager import ProcessManager

HERE = Path(__file__).parent

logger = logging.getLogger("uvicorn.error")
io = AsyncServer(async_mode="asgi")
io.limit("*", "200/10s")  # of one client
register_error_handler(io, logger)

database = Database(os.environ.get("REGISTRATION_DB", ":memory:"))
database.config.put_default("models_dir", os.environ.get("MODELS_DIR", str(HERE / "models")))
process_manager = ProcessManager()
process_manager.set_io(io)


async def get_db() -> Database:
    return database


@io.on_connection
async def connected(
    socket: Socket, io: AsyncServer, db: Annotated[Database, Depends(get_db)]
) -> None:
    register_handlers(socket, io, db, parse_gguf, process_manager, logger)
    await socket.emit("connection:ready", {"id": socket.id})


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    collecting = asyncio.create_task(start_metrics_collection(io, database))
    yield
    collecting.cancel()


app = FastAPI(title="Registration functions", lifespan=lifespan)
app.mount("/static", StaticFiles(directory=HERE / "static"))
app.mount("/vendor", StaticFiles(directory=HERE.parent / "static" / "vendor"))
io.mount(app, socketio_path="/llamaproxws")


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    return FileResponse(HERE / "static" / "index.html")
