"""What is logged, by which logger, at which level."""

from __future__ import annotations

from typing import Any

from .play import Play
from .table import scenario


@scenario(log="INFO")
async def calls_are_logged(play: Play) -> Any:
    ann = await play.client()
    sio = play.sio
    await sio.emit("news", 1)
    await sio.emit("news", 2, to=ann.sid)
    await sio.emit("news", 3, room=["a", "b"], namespace="/chat")
    await sio.send("text", room="room")
    await sio.enter_room(ann.sid, "room")
    await sio.leave_room(ann.sid, "room")
    await sio.close_room("room")
    await sio.disconnect(ann.sid)


@scenario(log="INFO")
async def call_is_logged_as_an_emit(play: Play) -> Any:
    ann = await play.client()
    await play.outcome(play.sio.call, "question", to=ann.sid, timeout=0.02)


@scenario(log="INFO")
async def events_are_logged(play: Play) -> Any:
    play.sio.on("take", lambda sid, *args: "taken")
    play.sio.on("take", lambda sid, *args: "taken", namespace="/chat")
    ann = await play.client()
    await ann.join("/chat")
    await ann.emit("take", "data is not logged")
    await ann.emit("take", namespace="/chat")
    await ann.send('451-["take",{"_placeholder":true,"num":0}]', b"bytes")
    return [await ann.ask("take"), await ann.ask("take", namespace="/chat")]


@scenario(log="INFO")
async def events_that_nobody_handles_are_logged(play: Play) -> Any:
    play.sio.on("take", lambda sid: "taken")
    ann = await play.client()
    await ann.emit("nobody")
    return await ann.ask("take")


@scenario(log="INFO")
async def acks_are_logged(play: Play) -> Any:
    ann = await play.client()
    await play.sio.emit("question", to=ann.sid, callback=play.note)
    await ann.answer(await ann.next("EVENT"), "answer")
    await play.noted(1)


@scenario(log="INFO", doors=("own-port",))
async def clients_that_come_and_go_are_not_logged(play: Play) -> Any:
    play.sio.on("disconnect", lambda sid, reason: play.note("disconnect", reason))
    ann = await play.client()
    await ann.send("1")
    await play.noted(1)


@scenario(log="INFO", served=False, loggers=("socketio.server", "engineio.server"))
async def start_and_end_are_logged(play: Play) -> Any:
    sio = play.server()
    await sio.shutdown()


@scenario(log="WARNING", loggers=("socketio.server", "engineio.server"))
async def ordinary_life_warns_of_nothing(play: Play) -> Any:
    play.sio.on("take", lambda sid, *args: "taken")
    ann, bob = await play.client("ann"), await play.client("bob", transport="polling")
    for each in (ann, bob):
        await play.sio.enter_room(each.sid, "room")
        await each.ask("take", 1)
    await play.sio.emit("news", room="room")
    await play.sio.disconnect(ann.sid)
    await bob.send("41")
    await play.until(lambda: not play.sio.rooms(bob.sid))


@scenario(log="INFO", loggers=("engineio.server",))
async def packets_are_logged(play: Play) -> Any:
    play.sio.on("take", lambda sid, *args: "taken")
    ann = await play.client()
    return await ann.ask("take", "é", {"k": [1]})


@scenario(log="INFO", loggers=("engineio.server",))
async def packets_of_a_poll_are_logged(play: Play) -> Any:
    play.sio.on("take", lambda sid, *args: b"bytes")
    ann = await play.client(transport="polling")
    await ann.send('451-1["take",{"_placeholder":true,"num":0}]', b"bytes")
    await ann.next("BINARY_ACK")
    await ann.next()
