"""People, documents, models and their usage on one page. Start it with `make demo`, or

    uvicorn app:app --app-dir examples/fastapi

Everything lives in this process and a few SQLite files; no other service is needed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

import auth
import board
import chat  # noqa: F401 — these register their events
import documents  # noqa: F401
import people  # noqa: F401
import statistics_page
from model import MODELS
from server import sio
from settings import STATIC


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await board.keep()
    shown = [asyncio.create_task(page.show()) for page in (board, statistics_page)]
    yield
    for task in shown:
        task.cancel()


app = FastAPI(title="sio_native demo", lifespan=lifespan)
app.include_router(auth.router)
app.mount("/static", StaticFiles(directory=STATIC), name="static")
sio.mount(app, "/ws")  # clients connect to /ws/socket.io


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    return FileResponse(STATIC / "index.html")


@app.get("/models")
async def models() -> list[dict[str, str]]:
    return [{"name": each.name, "about": each.about} for each in MODELS.values()]
