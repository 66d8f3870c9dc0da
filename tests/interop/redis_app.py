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
    async def choose(sid: str, steps: list[Any]) -> Any:
        """Call one method after the other, each of what the one before has returned."""
        try:
            chosen: Any = sio
            for name, *args in steps:
                chosen = getattr(chosen, name)
                chosen = chosen(*args) if callable(chosen) else chosen
            return shown(await chosen)
        except Exception as error:
            answers = shown(getattr(error, "answers", None))
            return [f"{type(error).__name__}: {error}", answers]

    if flavour == "native":
        sio.on_server_event("add", lambda *numbers: {"sum": sum(numbers), "blob": b"\x00"})
        told: list[Any] = []
        sio.on_server_event("tell", lambda *args: told.append(args))
        sio.on("told", lambda sid: told)

    @sio.event
    def who_left(sid: str) -> list[Any]:
        return left

    return socketio.ASGIApp(sio)


def shown(result: Any) -> Any:
    """What operators return, for a client."""
    if isinstance(result, set):
        return sorted(result)
    if isinstance(result, list):
        return [shown(each) for each in result]
    if isinstance(result, dict):
        return {key: shown(value) for key, value in result.items()}
    if isinstance(result, tuple):
        return list(result)
    if hasattr(result, "handshake"):
        rooms = sorted(map(str, result.rooms))
        return [result.id, rooms, result.data, result.handshake.headers["user-agent"]]
    return result


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(serve_uvicorn(build(*sys.argv[1:]), "asyncio"))
