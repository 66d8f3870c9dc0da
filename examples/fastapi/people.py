"""Who is here: users by their tokens, and presence in rooms. Two tabs of a user are one person."""

import re
from typing import Any

import history
from auth import user_of
from server import sio
from sio_native.exceptions import ConnectionRefusedError

ALWAYS_LISTED = ("lobby", "design", "science")
ROOM_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")  # as the page makes them
LISTED = 30  # rooms

# A page that is reloaded within this time (seconds) never left.
sio.presence.configure(grace=2)


def topic(room: str) -> str:
    """The Socket.IO room, and topic of presence, of a room of the page."""
    return f"room:{room}"


def room_list() -> list[dict[str, Any]]:
    """Those that are always there, those where somebody is, and those where something was said."""
    used = sorted(each for each in sio.stats()["rooms"] if each.startswith("room:"))
    there = (each.removeprefix("room:") for each in used)
    names = list(dict.fromkeys((*ALWAYS_LISTED, *there, *history.rooms(LISTED))))
    return [{"name": name, "people": sio.presence.count(topic(name))} for name in names[:LISTED]]


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
    user = user_of(auth)
    if user is None:
        raise ConnectionRefusedError("Please sign in.")
    await sio.users.bind(sid, user)


@sio.event
async def join(sid: str, wanted: Any) -> dict[str, Any]:
    """Into a room, and out of the one before. Answers with what has been said there."""
    user = sio.users.user_of(sid)
    if user is None or not isinstance(wanted, str) or not ROOM_NAME.fullmatch(wanted):
        return {"error": "A room's name has 1 to 24 letters, digits and dashes."}
    room = wanted
    for other in sio.presence.get(sid):
        if other != topic(room):
            await sio.leave_room(sid, other)  # and its presence goes with it
    await sio.presence.track(topic(room), user, {"typing": False}, sid=sid)
    return {
        "room": room,
        "rooms": room_list(),
        "messages": history.messages(room),
        "answering": history.answering(room),
    }


def room_of(sid: str) -> str | None:
    """Of a client that has joined one."""
    return next((each.removeprefix("room:") for each in sio.presence.get(sid)), None)


@sio.limit("20/10s")
@sio.event
async def typing(sid: str, active: Any) -> None:
    if room := room_of(sid):
        await sio.presence.update(topic(room), {"typing": bool(active)}, sid=sid)


@sio.presence.on_change("room:*")
async def counted(changed: str, diff: dict[str, Any]) -> None:
    """Everybody's list of rooms, a few times a second at most however many come and go."""
    if diff["online"] or diff["offline"]:
        await sio.emit("rooms", room_list(), conflate="rooms", interval=0.3)
