"""Routes by which the tests see into the backend and call it, as Open WebUI's own routers do."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from fastapi import APIRouter, Body, HTTPException

from .records import recorded

Json = dict[str, Any]


def routes(backend: Any) -> APIRouter:
    router = APIRouter()
    sio = backend.sio
    asked: dict[str, asyncio.Task[Any]] = {}

    @router.get("/about")
    async def about() -> Json:
        """Whose server and manager these are, and which file the backend was read from."""
        return {
            "server": type(sio).__module__,
            "manager": [base.__module__ for base in type(sio.manager).__mro__],
            "backend": backend.__file__,
        }

    @router.get("/state")
    async def state() -> Json:
        rooms = sio.manager.rooms.get("/", {})
        return {
            "sessions": dict(backend.SESSION_POOL.items()),
            "usage": dict(backend.USAGE_POOL.items()),
            "rooms": {room: list(rooms[room]) for room in list(rooms) if room is not None},
            "records": recorded(),
        }

    @router.get("/transport/{sid}")
    async def transport(sid: str) -> list[str | None]:
        """The transport, and the way it takes to the engine where there is one."""
        path_of = getattr(sio, "transport_path", lambda sid: None)
        return [sio.transport(sid), path_of(sid)]

    @router.get("/document/{document_id}")
    async def document(document_id: str) -> Json:
        manager = backend.YDOC_MANAGER
        return {
            "exists": bool(await manager.document_exists(document_id)),
            "users": list(await manager.get_users(document_id)),
            "updates": len(await manager.get_updates(document_id)),
        }

    @router.post("/call/{name}")
    async def call(name: str, arguments: list[Any] = Body()) -> Any:  # noqa: B008
        result = getattr(backend, name)(*arguments)
        if inspect.isawaitable(result):
            result = await result
        return list(result) if isinstance(result, set) else result

    @router.post("/listen/{event}")
    async def listen(event: str, count: int = Body()) -> list[Any]:
        """What comes by a stream that a request waits for, wherever its client is connected."""
        queue = backend.EVENT_QUEUES[event] = asyncio.Queue()
        try:
            return [await queue.get() for _ in range(count)]
        finally:
            del backend.EVENT_QUEUES[event]

    @router.get("/listening/{event}")
    async def listening(event: str) -> bool:
        return event in backend.EVENT_QUEUES

    @router.post("/app/{app_id}")
    async def app_event(app_id: str, payload: Json = Body()) -> list[Any]:  # noqa: B008
        """Send an event to an app that Open WebUI is a client of: the status and the answer."""
        from open_webui.socket import apps

        app = await apps.Apps.get_app_by_id(app_id)
        try:
            return list(await apps.connections.send(app, payload, 10))
        except HTTPException as refusal:
            return [refusal.status_code, refusal.detail]

    @router.post("/forget/{app_id}")
    async def forget(app_id: str) -> None:
        from open_webui.socket import apps

        await apps.connections.remove(app_id)

    @router.post("/tell")
    async def tell(request: Json = Body(), events: list[Json] = Body()) -> None:  # noqa: B008
        """Send events by the emitter that Open WebUI makes for a chat request."""
        emitter = await backend.get_event_emitter(request)
        for event in events:
            await emitter(event)

    @router.post("/ask")
    async def ask(
        request: Json = Body(),  # noqa: B008
        event: Json = Body(),  # noqa: B008
        timeout: float | None = Body(None),
    ) -> Json:
        """Ask the client by the caller that Open WebUI makes for a chat request."""
        backend.WEBSOCKET_EVENT_CALLER_TIMEOUT = timeout  # what the environment says otherwise
        caller = await backend.get_event_call(request)
        task = asked[request["message_id"]] = asyncio.ensure_future(caller(event))
        await asyncio.wait([task])
        del asked[request["message_id"]]
        return {"cancelled": True} if task.cancelled() else {"answer": task.result()}

    @router.post("/cancel/{message_id}")
    async def cancel(message_id: str) -> bool:
        return asked[message_id].cancel()

    return router
