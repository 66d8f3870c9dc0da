"""Which clients a user has. The server keeps the book: `io.users`."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from sio_native import AsyncServer, Socket

from .clock import now


class Notice(BaseModel):
    text: str = Field(min_length=1, max_length=1000)


class ConnectionManager:
    def __init__(self, io: AsyncServer) -> None:
        self.io = io

    async def handle_connection(self, socket: Socket) -> None:
        """Bound to its user until it leaves. Who says an id has it: an example signs nobody in."""
        auth = socket.handshake.auth
        user_id = auth.get("userId") if isinstance(auth, dict) else None
        if isinstance(user_id, str) and 0 < len(user_id) <= 100:
            await self.io.users.bind(socket.id, user_id, {"connectedAt": now()})

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """`[{id, connectedAt}]`, empty for one who is not there."""
        users = self.io.users
        return [{"id": sid, **users.get(sid)} for sid in users.sids(user_id)]


def users_router(io: AsyncServer, connections: ConnectionManager) -> APIRouter:
    router = APIRouter(prefix="/api/users")

    @router.get("/{user_id}/connections")
    async def of_user(user_id: str) -> list[dict[str, Any]]:
        return connections.of_user(user_id)

    @router.post("/{user_id}/notices", status_code=202)
    async def notify(user_id: str, notice: Notice) -> dict[str, int]:
        """To all clients of a user; answers how many there are."""
        await io.emit("notice", notice.model_dump(), to_user=user_id)
        return {"clients": len(connections.of_user(user_id))}

    return router
