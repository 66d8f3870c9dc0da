"""`sio_native.run`: serve until the process is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .types import ASGIApplication


def run(
    app: AsyncServer | ASGIApplication, port: int = 5000, host: str = "127.0.0.1", **options: Any
) -> None:
    """Serve until SIGINT or SIGTERM, then shut down. Not inside an event loop.

    An `AsyncServer` is served on the engine's own port, at the server's path or `path=`; any other
    application, as FastAPI with a server mounted, by uvicorn, which gets the `options`. Raises
    `OSError` if the address cannot be had, `ImportError` without uvicorn.
    """
    from .async_server import AsyncServer

    if isinstance(app, AsyncServer):
        asyncio.run(_serve(app, host, port, **options))
        return
    import uvicorn

    uvicorn.run(app, host=host, port=port, **options)


async def _serve(sio: AsyncServer, host: str, port: int, **options: Any) -> None:
    serving = asyncio.ensure_future(sio.serve(host, port, **options))
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        # Only the main thread hears of signals; on another one somebody else ends it.
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            loop.add_signal_handler(each, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
