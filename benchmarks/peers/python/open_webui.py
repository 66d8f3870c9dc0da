"""Documents as Open WebUI 0.12 relays them on python-socketio, in memory.

Its `socket/main.py` and `YdocManager`, without what surrounds them: its database, which it asks
who may write, and its Redis. One lock for a document; an update is tried on an empty document of
pycrdt, appended to a list, and emitted to the others; of 500 in a list the older half becomes one.
"""

import asyncio
import importlib
from typing import Any

COMPACTION_THRESHOLD = 500
MAX_DOCUMENTS_PER_SESSION = 20
MAX_DOCUMENT_SIZE = 2 * 1024 * 1024


class Documents:
    def __init__(self) -> None:
        self.new: Any = importlib.import_module("pycrdt").Doc
        self.updates: dict[str, list[bytes]] = {}
        self.users: dict[str, set[str]] = {}
        self.locks: dict[str, asyncio.Lock] = {}

    def lock(self, document: str) -> asyncio.Lock:
        return self.locks.setdefault(document, asyncio.Lock())

    def count_of(self, sid: str) -> int:
        return sum(1 for members in self.users.values() if sid in members)

    def merged(self, updates: list[bytes]) -> bytes:
        whole = self.new()
        for update in updates:
            whole.apply_update(update)
        state: bytes = whole.get_update()
        return state

    def state(self, document: str) -> bytes:
        return self.merged(self.updates.get(document, []))

    def append(self, document: str, update: list[int]) -> bool:
        if not isinstance(update, list):
            return False
        try:
            data = bytes(update)
            self.new().apply_update(data)
        except (TypeError, ValueError):
            return False
        known = self.updates.setdefault(document, [])
        if sum(len(each) for each in known) + len(data) > MAX_DOCUMENT_SIZE:
            return False
        known.append(data)
        if len(known) >= COMPACTION_THRESHOLD:
            half = len(known) // 2
            self.updates[document] = [self.merged(known[:half]), *known[half:]]
        return True


def add_handlers(sio: Any) -> None:
    documents = Documents()

    async def join(sid: str, data: dict[str, Any]) -> None:
        name = data["document_id"].replace("note_", "note:", 1)
        async with documents.lock(name):
            users = documents.users.setdefault(name, set())
            if sid not in users and documents.count_of(sid) >= MAX_DOCUMENTS_PER_SESSION:
                return
            users.add(sid)
            await sio.enter_room(sid, f"doc_{name}")
            state = {"document_id": name, "state": list(documents.state(name)), "content": None}
            await sio.emit("ydoc:document:state", state, room=sid)
            who = {key: data.get(key) for key in ("user_id", "user_name", "user_color")}
            joined = {"document_id": name, **who}
            await sio.emit("ydoc:user:joined", joined, room=f"doc_{name}", skip_sid=sid)

    async def update(sid: str, data: dict[str, Any]) -> None:
        name = data["document_id"].replace("note_", "note:", 1)
        async with documents.lock(name):
            room = f"doc_{name}"
            if sid not in sio.manager.rooms.get("/", {}).get(room, {}):
                return
            if documents.append(name, data["update"]):
                told = {
                    "document_id": name,
                    "user_id": data.get("user_id", sid),
                    "update": data["update"],
                    "socket_id": sid,
                }
                await sio.emit("ydoc:document:update", told, room=room, skip_sid=sid)

    sio.on("ydoc:document:join", join)
    sio.on("ydoc:document:update", update)
