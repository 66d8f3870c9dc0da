"""Acknowledgements, of the client's events and of the server's."""

from __future__ import annotations

import asyncio
from typing import Any

from .play import Play
from .table import scenario

ANSWERS: tuple[Any, ...] = (
    None,
    1,
    "text",
    False,
    [],
    [1, 2],
    (),
    (1, 2),
    (None,),
    ([1], {"k": (2, 3)}),
    {},
    {"a": 1},
    b"bytes",
    (b"x", {"y": b"z"}),
    "\u00e9😀",
)


@scenario()
async def result_of_a_handler_is_the_ack(play: Play) -> Any:
    play.sio.on("plain", lambda sid, number: ANSWERS[number])

    @play.sio.event
    async def coroutine(sid: str, number: int) -> Any:
        await asyncio.sleep(0)
        return ANSWERS[number]

    ann = await play.client()
    return [
        await ann.ask(style, number)
        for number in range(len(ANSWERS))
        for style in ("plain", "coroutine")
    ]


@scenario()
async def event_that_asks_for_no_ack_gets_none(play: Play) -> Any:
    play.sio.on("take", lambda sid, *args: "answer")
    ann = await play.client()
    await ann.send('42["take",1]', '427["take",2]')
    return await ann.next()


@scenario()
async def ack_goes_to_the_namespace_of_its_event(play: Play) -> Any:
    play.sio.on("take", lambda sid: "answer", namespace="/chat")
    ann = await play.client(namespace="/chat")
    return await ann.ask("take", namespace="/chat")


@scenario()
async def acks_come_when_their_handlers_end(play: Play) -> Any:
    opened = asyncio.Event()

    @play.sio.event
    async def slow(sid: str) -> str:
        await opened.wait()
        return "slow"

    @play.sio.event
    def quick(sid: str) -> str:
        opened.set()
        return "quick"

    ann = await play.client()
    await ann.send('421["slow"]', '422["quick"]')
    return [await ann.next("ACK"), await ann.next("ACK")]


@scenario(log="ERROR")
async def result_that_json_cannot_carry_is_no_ack(play: Play) -> Any:
    play.sio.on("bad", lambda sid: {1, 2})
    play.sio.on("good", lambda sid: "good")
    ann = await play.client()
    await ann.send('421["bad"]', '422["good"]')
    return await ann.next("ACK")


@scenario()
async def callback_is_given_what_the_client_answers(play: Play) -> Any:
    def plain(*args: Any) -> None:
        play.note("plain", *args)

    async def coroutine(*args: Any) -> None:
        await asyncio.sleep(0)
        play.note("coroutine", *args)

    ann = await play.client()
    asked = 0
    for callback in (plain, coroutine):
        for answer in ((), (1,), (1, [2], {"k": None})):
            await play.sio.emit("question", "data", to=ann.sid, callback=callback)
            await ann.answer(await ann.next("EVENT"), *answer)
            asked += 1
            await play.noted(asked)


@scenario()
async def callback_is_given_attachments(play: Play) -> Any:
    ann = await play.client()
    await play.sio.emit("question", to=ann.sid, callback=play.note)
    event = await ann.next("EVENT")
    await ann.send(f'461-{event[2]}[{{"_placeholder":true,"num":0}},"more"]', b"\x00")
    await play.noted(1)


@scenario()
async def ids_of_the_servers_questions_count_for_each_client(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    for _ in range(2):
        await play.sio.emit("question", to=ann.sid, callback=play.note)
    await play.sio.emit("question", to=bob.sid, callback=play.note)
    return [(await each.next("EVENT"))[2] for each in (ann, ann, bob)]


@scenario()
async def callback_of_an_emit_to_many_is_called_for_each(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    await play.sio.emit("question", callback=play.note)
    await ann.answer(await ann.next("EVENT"), "ann's")
    await play.noted(1)
    await bob.answer(await bob.next("EVENT"), "bob's")
    await play.noted(2)


@scenario(log="INFO")
async def second_answer_to_a_question_is_ignored(play: Play) -> Any:
    play.sio.on("take", lambda sid: "here")
    ann = await play.client()
    await play.sio.emit("question", to=ann.sid, callback=play.note)
    event = await ann.next("EVENT")
    await ann.answer(event, "first")
    await play.noted(1)
    await ann.answer(event, "second")
    return await ann.ask("take")


@scenario(log="INFO")
async def answer_that_nobody_asked_for_is_ignored(play: Play) -> Any:
    play.sio.on("take", lambda sid: "here")
    ann = await play.client()
    await ann.send('4399["answer"]')
    return await ann.ask("take")


@scenario(log="ERROR", loggers=("socketio.server", "engineio.server"))
async def callback_that_raises_closes_nothing(play: Play) -> Any:
    def callback(*args: Any) -> None:
        play.note(*args)
        raise LookupError("in the callback")

    play.sio.on("take", lambda sid: "here")
    ann = await play.client()
    await play.sio.emit("question", to=ann.sid, callback=callback)
    await ann.answer(await ann.next("EVENT"), "answer")
    await play.noted(1)
    return await ann.ask("take")


@scenario()
async def callbacks_of_a_client_that_leaves_are_not_called(play: Play) -> Any:
    play.sio.on("disconnect", lambda sid, reason: play.note("left", reason))
    ann, bob = await play.client("ann"), await play.client("bob")
    await play.sio.emit("question", to=ann.sid, callback=play.note)
    event = await ann.next("EVENT")
    await ann.send("41")
    await play.noted(1)
    await play.sio.emit("question", to=bob.sid, callback=play.note)
    await bob.answer(await bob.next("EVENT"), "bob's")
    await play.noted(2)
    return event[2]


@scenario()
async def callback_that_is_not_true_is_none(play: Play) -> Any:
    ann = await play.client()
    for callback in (None, False, 0, "", []):
        await play.sio.emit("news", to=ann.sid, callback=callback)
    await ann.fence(play.sio)
    return [packet[2] for packet in ann.seen()]


@scenario()
async def ack_of_who_has_been_disconnected(play: Play) -> Any:
    @play.sio.event
    async def leave(sid: str) -> str:
        await play.sio.disconnect(sid)
        return "gone"

    ann = await play.client()
    await ann.emit("leave", ack=1)
    await ann.next("DISCONNECT")
