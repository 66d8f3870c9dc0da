"""Open WebUI's Socket.IO backend, served as its own main.py serves it.

`python -m openwebui.backend sio_native|python-socketio` prints `READY <port>` and runs until it is
terminated. With sio_native, every `import socketio` in it finds sio_native; nothing else differs,
unless the environment asks for documents that the engine keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI

from interop.server_app import end_with_parent, serve_uvicorn

from .inspection import routes


class StateRedis:
    """Stands for the Redis client in `app.state`, where the backend's handlers look for it."""


def application(backend: Any, tasks: Any) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.redis = StateRedis()
        chores = [
            backend.periodic_socket_authentication(),
            backend.periodic_usage_pool_cleanup(),
            backend.periodic_session_pool_cleanup(),
        ]
        if backend.WEBSOCKET_MANAGER == "redis":
            app.state.redis = backend.REDIS
            chores += [backend.redis_event_listener(), tasks.redis_task_command_listener(app)]
            # Listen for other instances now, not when the first client comes.
            backend.sio.manager_initialized = True
            backend.sio.manager.initialize()
        running = [asyncio.create_task(chore) for chore in chores]
        yield
        for task in running:
            task.cancel()

    app = FastAPI(lifespan=lifespan)
    app.include_router(routes(backend))
    app.mount("/ws", backend.app)
    return app


def main(package: str) -> None:
    end_with_parent()
    if package == "sio_native":
        import sio_native

        sio_native.install()
    from open_webui import tasks
    from open_webui.socket import main as backend

    if os.environ.get("SIO_NATIVE_DOCUMENTS"):
        from sio_native.open_webui import YdocManager

        backend.sio.yjs.serve(dialects=[])
        backend.YDOC_MANAGER = YdocManager(
            backend.sio,
            is_busy=lambda document: tasks.has_active_tasks(backend.REDIS, document),
        )
    asyncio.run(serve_uvicorn(application(backend, tasks), "asyncio"))


if __name__ == "__main__":
    main(sys.argv[1])
