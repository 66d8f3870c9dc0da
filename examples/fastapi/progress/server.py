"""Progress, uploads and changes of data, told to everybody who looks on.

    python -m uvicorn examples.fastapi.progress.server:app

With REDIS_URL, workers tell of changes too: see worker.py.
"""

import logging
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from sio_native import AsyncServer, Socket

from .connections import ConnectionManager, users_router
from .errors import register_error_handler
from .messages import register_message_handlers
from .tickets import tickets_router
from .tracker import ProgressTracker
from .uploads import register_upload_handlers

HERE = Path(__file__).parent

# At SIGTERM, and when the application ends for another reason, clients hear it and are let go.
FAREWELL = {"message": "Server maintenance", "reconnectIn": 30_000}  # milliseconds

io = AsyncServer.from_env(
    async_mode="asgi",
    max_http_buffer_size=10_000_000,  # bytes: uploads
    drain={"notify": FAREWELL, "deadline": 5},  # seconds
)
io.limit("chat-message", os.environ.get("CHAT_LIMIT", "10/60s"))  # of each client
io.limit("*", "200/10s")

register_error_handler(io, logging.getLogger("uvicorn.error"))

connections = ConnectionManager(io)
tracker = ProgressTracker(io)


@io.on_connection
async def connected(socket: Socket) -> None:
    register_message_handlers(socket)
    register_upload_handlers(socket, io)
    await connections.handle_connection(socket)
    await socket.emit("welcome", {"id": socket.id})


app = FastAPI(title="Progress")
app.include_router(tickets_router(io, tracker))
app.include_router(users_router(io, connections))
app.mount("/static", StaticFiles(directory=HERE / "static"))
app.mount("/vendor", StaticFiles(directory=HERE.parent / "static" / "vendor"))
io.mount(app)  # at /socket.io


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    return FileResponse(HERE / "static" / "index.html")


@app.get("/health")
async def health(response: Response) -> dict[str, Any]:
    """With Redis also whether workers are heard."""
    found = await io.health()
    response.status_code = 200 if found["ok"] else 503
    return found
