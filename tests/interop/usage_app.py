"""A server that counts usage on Redis, run as a process of its own: `… usage_app URL CHANNEL`."""

import asyncio
import sys
from typing import Any

import sio_native
from sio_native.async_redis_manager import AsyncRedisManager
from sio_native.usage_redis import RedisStore

from .server_app import end_with_parent, serve_uvicorn


def build(url: str, channel: str) -> Any:
    sio = sio_native.AsyncServer(client_manager=AsyncRedisManager(url, channel))
    usage = sio.usage
    usage.group("g", models=["m"])
    usage.listen(broadcast="models")
    opened: list[bool] = []

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> None:
        await sio.users.bind(sid, "ann")
        if not opened:
            opened.append(True)
            await usage.store(RedisStore(url, key=f"{{{channel}}}"), interval=0.05)

    @sio.event
    async def ask(sid: str, what: str) -> Any:
        if what == "flush":
            await usage.flush()
            return None
        if what == "totals":
            return await usage.totals()
        if what == "group":
            return usage.check("g").total
        if what == "stats":
            return usage.stats()
        return usage.models_in_use()

    return sio_native.ASGIApp(sio)


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(serve_uvicorn(build(*sys.argv[1:]), "asyncio"))
