"""A server on Redis whose clients have users and topics, run as a process of its own.

`python -m interop.people_app people redis://… channel`.
"""

import asyncio
import sys
from typing import Any

import sio_native

from .server_app import end_with_parent, serve_uvicorn


def build(name: str, url: str, channel: str) -> Any:
    manager = sio_native.AsyncRedisManager(url, channel)
    sio = sio_native.AsyncServer(async_mode="asgi", client_manager=manager)
    sio.presence.configure(grace=0)

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        await sio.users.bind(sid, auth["user"], auth)
        await sio.presence.track("room", auth["user"], auth, sid=sid)

    @sio.event
    def who(sid: str) -> list[dict[str, Any]]:
        listed = sio.presence.list("room")
        present = {key: len(row) for key, row in listed.items()}
        return [dict(sio.users.user_pool), dict(sio.users.session_pool), present]

    @sio.event
    async def tell(sid: str, user: str, text: str) -> None:
        await sio.emit("told", text, to_user=user)

    @sio.event
    async def put_out(sid: str, user: str) -> None:
        await sio.users.disconnect_user(user)

    return sio_native.ASGIApp(sio)


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(serve_uvicorn(build(*sys.argv[1:]), "asyncio"))
