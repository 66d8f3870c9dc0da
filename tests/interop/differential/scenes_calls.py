"""`call`: the answer of one client, and what happens without one."""

from __future__ import annotations

import asyncio
from typing import Any

from .play import Play
from .table import scenario
from .wire import Wire


async def answered(play: Play, ann: Wire, answer: str, **how: Any) -> Any:
    """What `call` returns for an answer, and of which type."""
    target = {"to": next(iter(ann.sids.values())), **how}
    calling = asyncio.ensure_future(play.sio.call("question", **target))
    event = await ann.next("EVENT", "BINARY_EVENT")
    namespace = "" if event[1] == "/" else f"{event[1]},"
    await ann.send(f"43{namespace}{event[2]}{answer}")
    value = await calling
    return [type(value).__name__, value]


@scenario()
async def call_returns_none_one_value_or_a_tuple(play: Play) -> Any:
    ann = await play.client()
    answers = ("[]", "[null]", "[1]", '["one",2,[3]]', "[[1,2]]", '[{"k":1}]', "[[]]")
    return [await answered(play, ann, answer) for answer in answers]


@scenario()
async def call_returns_attachments(play: Play) -> Any:
    ann = await play.client()
    calling = asyncio.ensure_future(play.sio.call("question", to=ann.sid))
    event = await ann.next("EVENT")
    await ann.send(f'461-{event[2]}[{{"_placeholder":true,"num":0}}]', b"\x01")
    return await calling


@scenario()
async def call_names_its_client_by_to_or_sid(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    return [
        await answered(play, ann, "[1]"),
        await answered(play, ann, "[2]", to=None, sid=ann.sid),
        await answered(play, ann, "[3]", sid=bob.sid),
        await answered(play, ann, "[4]", data=("several", 1)),
        await answered(play, ann, "[5]", data=b"bytes"),
        await answered(play, ann, "[6]", timeout=None, ignore_queue=True),
    ]


@scenario(namespaces=["/chat"])
async def call_asks_in_a_namespace(play: Play) -> Any:
    ann = await play.client(namespace="/chat")
    return await answered(play, ann, "[1]", to=ann.sids["/chat"], namespace="/chat")


@scenario()
async def call_without_a_target_raises(play: Play) -> Any:
    return [
        await play.outcome(play.sio.call, "question"),
        await play.outcome(play.sio.call, "question", {"data": 1}, namespace="/chat"),
    ]


@scenario(async_handlers=False)
async def call_with_serial_handlers_raises(play: Play) -> Any:
    ann = await play.client()
    return [
        await play.outcome(play.sio.call, "question"),
        await play.outcome(play.sio.call, "question", to=ann.sid),
    ]


@scenario()
async def call_without_an_answer_times_out(play: Play) -> Any:
    ann = await play.client()
    return await play.outcome(play.sio.call, "question", to=ann.sid, timeout=0.02)


@scenario()
async def call_to_nobody_times_out(play: Play) -> Any:
    await play.client()
    return [
        await play.outcome(play.sio.call, "question", to="unknown sid", timeout=0.02),
        await play.outcome(play.sio.call, "question", to="x", namespace="/no", timeout=0.02),
    ]


@scenario()
async def call_to_a_client_that_leaves_times_out(play: Play) -> Any:
    play.sio.on("disconnect", lambda sid, reason: play.note("left", reason))
    ann = await play.client()
    calling = asyncio.ensure_future(
        play.outcome(play.sio.call, "question", to=ann.sid, timeout=0.5)
    )
    await ann.next("EVENT")
    await ann.send("41")
    return await calling


@scenario()
async def call_that_is_cancelled_leaves_the_client_alone(play: Play) -> Any:
    play.sio.on("take", lambda sid: "here")
    ann = await play.client()
    calling = asyncio.ensure_future(play.sio.call("question", to=ann.sid, timeout=None))
    event = await ann.next("EVENT")
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    await ann.answer(event, "too late")
    return [calling.cancelled(), await ann.ask("take")]


@scenario()
async def calls_at_once_get_their_own_answers(play: Play) -> Any:
    ann = await play.client()
    calls = [asyncio.ensure_future(play.sio.call("question", i, to=ann.sid)) for i in range(3)]
    events = [await ann.next("EVENT") for _ in calls]
    for event in reversed(events):
        await ann.answer(event, f"answer to {event[3][1]}")
    return await asyncio.gather(*calls)


@scenario()
async def handler_may_call_its_own_client(play: Play) -> Any:
    @play.sio.event
    async def begin(sid: str) -> Any:
        return ["the client said", await play.sio.call("question", to=sid)]

    ann = await play.client()
    await ann.emit("begin", ack=1)
    await ann.answer(await ann.next("EVENT"), "this")
    return await ann.next("ACK")


@scenario()
async def call_to_a_room_returns_the_first_answer(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    for each in (ann, bob):
        await play.sio.enter_room(each.sid, "room")
    calling = asyncio.ensure_future(play.sio.call("question", to="room"))
    await ann.next("EVENT")
    await bob.answer(await bob.next("EVENT"), "bob's")
    return await calling


@scenario()
async def call_with_data_that_json_cannot_carry_raises(play: Play) -> Any:
    ann = await play.client()
    return await play.outcome(play.sio.call, "question", {"k": {1}}, to=ann.sid, timeout=0.02)


@scenario(served=False)
async def subclass_hears_of_a_call_by_emit(play: Play) -> Any:
    class Server(play.package.AsyncServer):  # type: ignore[misc]
        async def emit(self, event: str, *args: Any, **kwargs: Any) -> None:
            if event == "ask":
                play.note(event, len(args), sorted(kwargs), kwargs["data"])
            await super().emit(event, *args, **kwargs)

    sio = Server(async_mode="asgi")
    async with play.serving(sio):
        ann = await play.client()
        call = asyncio.ensure_future(sio.call("ask", {"n": 1}, to=ann.sid))
        await ann.answer(await ann.next("EVENT"), "one", 2)
        unanswered = await play.outcome(sio.call, "ask", to=ann.sid, timeout=0.01)
        return [await call, unanswered[:2]]
