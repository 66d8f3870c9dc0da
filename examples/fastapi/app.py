"""A chat with rooms, typing and who is online, on FastAPI. Start it with `make demo`, or

    uvicorn app:app --app-dir examples/fastapi

Everything lives in this process; no other service is needed.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import time
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

import sio_native as socketio

STATIC = Path(__file__).parent / "static"
ALWAYS_LISTED = ("lobby", "music", "science")
MAX_NAME, MAX_ROOM, MAX_TEXT = 24, 24, 1000  # characters, as the page's inputs say too
HISTORY = 50  # messages a newcomer is shown

# One user's events are handled one after another, so a join never overtakes a leave.
sio = socketio.AsyncServer(async_mode="asgi", async_handlers=False)
app = FastAPI(title="sio_native chat")
app.mount("/ws", socketio.ASGIApp(sio, socketio_path="/ws/socket.io"))
app.mount("/static", StaticFiles(directory=STATIC), name="static")


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    return FileResponse(STATIC / "index.html")


@dataclass
class Room:
    members: dict[str, str] = field(default_factory=dict)  # sid -> name
    history: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=HISTORY))


# A user is in one room at a time and an empty room is dropped, so users bound this table.
rooms: dict[str, Room] = {}
message_ids = count(1)


def clean(value: object, limit: int) -> str:
    """What a client sent as a line of text; empty when it is not one. Clients can send anything."""
    return " ".join(value.split())[:limit] if isinstance(value, str) else ""


def room_list() -> list[dict[str, Any]]:
    names = list(dict.fromkeys((*ALWAYS_LISTED, *sorted(rooms))))
    return [
        {"name": name, "online": len(rooms[name].members) if name in rooms else 0} for name in names
    ]


async def announce(name: str, change: dict[str, str]) -> None:
    """Tell the room who is in it, and everybody how full the rooms are."""
    if room := rooms.get(name):
        people = sorted(room.members.values(), key=str.casefold)
        await sio.emit("members", {"people": people, **change}, room=name)
    await sio.emit("rooms", room_list())


async def leave_current(sid: str, session: dict[str, Any]) -> None:
    """Take a user out of the room they are in, if any."""
    name = session.pop("room", None)
    if name is None:
        return
    members = rooms[name].members
    del members[sid]
    if not members:
        del rooms[name]
    await sio.leave_room(sid, name)
    await announce(name, {"left": session["name"]})


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
    name = clean(auth.get("name") if isinstance(auth, dict) else None, MAX_NAME)
    if not name:
        raise socketio.exceptions.ConnectionRefusedError("Please choose a name.")
    await sio.save_session(sid, {"name": name})


@sio.event
async def disconnect(sid: str, reason: str) -> None:
    await leave_current(sid, await sio.get_session(sid))


@sio.event
async def join(sid: str, wanted: Any) -> dict[str, Any]:
    name = clean(wanted, MAX_ROOM)
    if not name:
        return {"error": "A room needs a name."}
    session = await sio.get_session(sid)
    if session.get("room") == name:
        await sio.emit("rooms", room_list(), to=sid)
    else:
        await leave_current(sid, session)
        session["room"] = name
        rooms.setdefault(name, Room()).members[sid] = session["name"]
        await sio.enter_room(sid, name)
        await announce(name, {"joined": session["name"]})
    return {"room": name, "history": list(rooms[name].history)}


@sio.event
async def leave(sid: str) -> dict[str, Any]:
    await leave_current(sid, await sio.get_session(sid))
    return {}


@sio.event
async def message(sid: str, text: Any) -> dict[str, Any]:
    """Pass a message to the others; the sender learns of it by the ack."""
    session = await sio.get_session(sid)
    room = session.get("room")
    if room is None:
        return {"error": "Join a room first."}
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        return {"error": f"A message has 1 to {MAX_TEXT} characters."}
    sent = {"id": next(message_ids), "from": session["name"], "text": text.strip(), "at": time()}
    rooms[room].history.append(sent)
    await sio.emit("message", sent, room=room, skip_sid=sid)
    return sent


@sio.event
async def typing(sid: str, active: Any) -> None:
    session = await sio.get_session(sid)
    if room := session.get("room"):
        sign = {"name": session["name"], "active": bool(active)}
        await sio.emit("typing", sign, room=room, skip_sid=sid)
