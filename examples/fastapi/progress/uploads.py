"""Uploads: each has a room, in which those are who are told how far it is."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator

from pydantic import BaseModel, Field, StrictBytes

from sio_native import AsyncServer, Socket

from .errors import Answer, Refused

STEPS = 10


class Upload(BaseModel):
    name: str = Field(min_length=1, max_length=200)
    file: StrictBytes


class Watch(BaseModel):
    uploadId: str = Field(pattern="^[0-9a-f]{32}$")


def room_of(upload_id: str) -> str:
    return f"upload-{upload_id}"


async def process_file(file: bytes, digest: "hashlib._Hash") -> AsyncIterator[int]:
    """Reads it in a thread, step by step; yields how much is done, in percent."""
    for step in range(STEPS):
        piece = file[len(file) * step // STEPS : len(file) * (step + 1) // STEPS]
        await asyncio.to_thread(digest.update, piece)
        yield 100 * (step + 1) // STEPS


def register_upload_handlers(socket: Socket, io: AsyncServer) -> None:
    @socket.on("start-upload")
    async def start(upload: Upload) -> Answer:
        """Who has sent the file is in its room until the end, and so is who watches."""
        upload_id = uuid.uuid4().hex
        room = room_of(upload_id)
        await socket.join(room)
        await io.emit("upload-started", {"uploadId": upload_id, "name": upload.name})
        digest = hashlib.sha256()
        async for progress in process_file(upload.file, digest):
            message = f"Processing: {progress}%"
            await io.to(room).emit(
                "upload-progress",
                {"uploadId": upload_id, "progress": progress, "message": message},
            )
        await io.in_(room).sockets_leave(room)
        return {"success": True, "uploadId": upload_id, "sha256": digest.hexdigest()}

    @socket.on("watch-upload")
    async def watch(wanted: Watch) -> Answer:
        if not await io.in_(room_of(wanted.uploadId)).all_sockets():
            raise Refused("There is no such upload")
        await socket.join(room_of(wanted.uploadId))
        return {"success": True}
