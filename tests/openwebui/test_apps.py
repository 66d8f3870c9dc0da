"""Open WebUI as a client: it connects to apps by `socketio.AsyncClient`, with a packet class."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import socketio
from aiohttp import web

from interop.limits import eventually

from .stage import Stage
from .tab import do

NAMESPACE = "/apps"
INSTALLATION = "00000000-0000-0000-0000-000000000001"


class App:
    """What somebody's app is: a Socket.IO server, of python-socketio and under aiohttp."""

    def __init__(self) -> None:
        self.authorization: list[str] = []
        self.left = asyncio.Event()
        self._sio = socketio.AsyncServer(async_mode="aiohttp")
        for event in ("connect", "disconnect"):
            self._sio.on(event, getattr(self, event), namespace=NAMESPACE)
        for event in ("app:connect", "app:ready", "app:event"):
            handler = getattr(self, event.removeprefix("app:") + "_event")
            self._sio.on(event, handler, namespace=NAMESPACE)

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Gives its port."""
        application = web.Application()
        self._sio.attach(application, socketio_path="/app/socket.io")
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield str(runner.addresses[0][1])
        finally:
            await runner.cleanup()

    async def connect(self, sid: str, environ: dict[str, Any]) -> None:
        self.authorization.append(environ["HTTP_AUTHORIZATION"])

    async def disconnect(self, sid: str, reason: str) -> None:
        self.left.set()

    async def connect_event(self, sid: str, data: dict[str, Any]) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "sub": INSTALLATION,
            "app_id": data["app_id"],
            "manifest_id": "manifest",
            "challenge": data["challenge"],
            "token_hash": hashlib.sha256(data["connection_token"].encode()).hexdigest(),
            "iat": now,
            "exp": now + 60,
        }
        identity = {"proof": json.dumps(claims), "installation_id": INSTALLATION}
        return {"status": 200, "data": {**identity, "connection_token": data["connection_token"]}}

    async def ready_event(self, sid: str, data: dict[str, Any]) -> dict[str, Any]:
        return await self.ask(sid, "ping")

    async def event_event(self, sid: str, data: Any) -> dict[str, Any]:
        return {"status": 200, "data": {"heard": data, "from": await self.ask(sid, "get_me")}}

    async def ask(self, sid: str, operation: str) -> Any:
        request = {"operation": operation, "arguments": {}}
        return await self._sio.call("app:request", request, to=sid, namespace=NAMESPACE)


async def test_an_app_is_connected_to_and_asks_back(stage: Stage):
    app = App()
    async with app.served() as port:
        payload = {"type": "message", "text": "Grüße ☃"}

        async def answered():
            status, answer = await do(stage.first, f"app/{port}", payload)
            return answer if status == 200 else None

        answer = await eventually(answered, "the app is connected")
        me = {"status": 200, "data": {"id": port, "name": "äpp"}}
        assert answer == {"heard": payload, "from": me}
        assert app.authorization == ["Bearer an api key"]
        await do(stage.first, f"forget/{port}")
        await app.left.wait()
