"""A server on Redis, run as a process of its own, that does what its clients ask it to do.

`python -m interop.redis_app native redis://… channel`. The flavour says whose server it is, and
whose manager: native, adopted (ours, with python-socketio's manager) or reference.
"""

import asyncio
import importlib
import sys
from typing import Any

from .server_app import end_with_parent, serve_uvicorn

FLAVOURS = {
    "native": ("sio_native", "sio_native"),
    "adopted": ("sio_native", "socketio"),
    "reference": ("socketio", "socketio"),
}


def build(flavour: str, url: str, channel: str) -> Any:
    package, manager = FLAVOURS[flavour]
    socketio = importlib.import_module(package)
    managers = importlib.import_module(f"{manager}.async_redis_manager")
    sio = socketio.AsyncServer(
        async_mode="asgi",
        namespaces=["/", "/other"],
        client_manager=managers.AsyncRedisManager(url, channel),
    )
    left: list[Any] = []

    @sio.event
    def disconnect(sid: str, reason: str) -> None:
        left.append([sid, reason])

    @sio.event
    async def do(sid: str, method: str, options: dict[str, Any]) -> Any:
        """Call a method of the server; answers what it returns, or the exception."""
        try:
            result = getattr(sio, method)(**options)
            if asyncio.iscoroutine(result):
                result = await result
            return list(result) if isinstance(result, tuple) else result
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    @sio.event
    async def ask_back(sid: str, options: dict[str, Any]) -> list[Any]:
        """Emit with a callback; answers what the callback gets."""
        answered: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        await sio.emit(**options, callback=lambda *args: answered.set_result(list(args)))
        return await answered

    @sio.event
    async def progress(sid: str, options: dict[str, Any], values: list[Any]) -> None:
        for value in values:
            await sio.emit("progress", value, **options)

    @sio.event
    def who_left(sid: str) -> list[Any]:
        return left

    return socketio.ASGIApp(sio)


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(serve_uvicorn(build(*sys.argv[1:]), "asyncio"))
