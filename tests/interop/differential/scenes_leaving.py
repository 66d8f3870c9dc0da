"""How clients leave, by their own will, the server's or nobody's, and who is told."""

from __future__ import annotations

import asyncio
from typing import Any

from .play import Play
from .table import scenario


def note_leaving(play: Play, *namespaces: str) -> None:
    for namespace in namespaces or ("/",):

        @play.sio.on("disconnect", namespace=namespace)
        async def disconnect(sid: str, reason: str, namespace: str = namespace) -> None:
            play.note("disconnect", sid, reason, namespace)


@scenario()
async def client_leaves_its_namespace(play: Play) -> Any:
    note_leaving(play)
    ann = await play.client()
    await ann.send("41")
    await play.noted(1)
    await play.until(lambda: not play.sio.rooms(ann.sid))
    return await ann.join()


@scenario()
async def client_leaves_one_of_its_namespaces(play: Play) -> Any:
    note_leaving(play, "/", "/chat")
    play.sio.on("take", lambda sid: "here")
    ann = await play.client()
    await ann.join("/chat")
    await ann.send("41/chat,")
    await play.noted(1)
    return await ann.ask("take")


@scenario()
async def client_closes_its_session(play: Play) -> Any:
    note_leaving(play, "/", "/chat")
    ann = await play.client()
    await ann.join("/chat")
    await ann.send("1")
    await play.noted(2)
    play.notes.sort(key=lambda note: note[-1])


@scenario()
async def client_vanishes(play: Play) -> Any:
    note_leaving(play)
    ann = await play.client()
    ann.session.abort()
    await play.noted(1)


@scenario()
async def client_by_polling_closes_its_session(play: Play) -> Any:
    note_leaving(play)
    ann = await play.client(transport="polling")
    await ann.send("1")
    await play.noted(1)


@scenario()
async def server_disconnects_a_client(play: Play) -> Any:
    note_leaving(play)
    ann = await play.client()
    await play.sio.enter_room(ann.sid, "room")
    result = await play.sio.disconnect(ann.sid)
    play.note("disconnect() has returned")
    return [
        result,
        await ann.next(),
        play.sio.rooms(ann.sid),
        play.sio.manager.is_connected(ann.sid, "/"),
        await play.outcome(play.sio.get_session, ann.sid),
        play.sio.get_environ(ann.sid),
    ]


@scenario()
async def server_disconnects_a_client_from_one_namespace(play: Play) -> Any:
    note_leaving(play, "/", "/chat")
    play.sio.on("take", lambda sid: "here")
    ann = await play.client()
    await ann.join("/chat")
    await play.sio.disconnect(ann.sids["/chat"], namespace="/chat")
    return [await ann.ask("take"), await ann.join("/chat")]


@scenario()
async def disconnect_ignores_a_queue_that_is_not_there(play: Play) -> Any:
    note_leaving(play)
    ann = await play.client()
    return await play.outcome(play.sio.disconnect, ann.sid, ignore_queue=True)


@scenario(log="INFO")
async def disconnect_of_nobody_does_nothing(play: Play) -> Any:
    note_leaving(play)
    ann = await play.client()
    await play.sio.disconnect(ann.sid)
    return [
        await play.outcome(play.sio.disconnect, ann.sid),
        await play.outcome(play.sio.disconnect, "unknown"),
        await play.outcome(play.sio.disconnect, ann.sid, namespace="/unknown"),
    ]


@scenario()
async def handler_disconnects_its_own_client(play: Play) -> Any:
    note_leaving(play)

    @play.sio.event
    async def leave(sid: str) -> None:
        await play.sio.disconnect(sid)
        play.note("after disconnect()")

    ann = await play.client()
    await ann.emit("leave")
    await play.noted(2)


@scenario()
async def disconnect_handler_takes_the_arguments_that_it_can(play: Play) -> Any:
    async def both(sid: str, reason: str) -> None:
        play.note("both", reason)

    def anything(*args: Any) -> None:
        play.note("anything", *args[1:])

    def without_reason(sid: str) -> None:
        play.note("without reason")

    async def without_reason_coroutine(sid: str) -> None:
        play.note("without reason, coroutine")

    def defaulted(sid: str, reason: str = "default") -> None:
        play.note("defaulted", reason)

    handlers = (both, anything, without_reason, without_reason_coroutine, defaulted)
    ann = await play.wire()
    for handler in handlers:
        namespace = f"/{handler.__name__}"
        play.sio.on("disconnect", handler, namespace=namespace)
        await ann.join(namespace)
        await play.sio.disconnect(ann.sids[namespace], namespace=namespace)


@scenario()
async def disconnect_handler_may_ask_about_its_client(play: Play) -> Any:
    @play.sio.event
    async def disconnect(sid: str, reason: str) -> None:
        sio = play.sio
        await sio.emit("left", "is gone", room="room", skip_sid=sid)
        play.note(
            len(sio.rooms(sid)),
            await sio.get_session(sid),
            sio.get_environ(sid)["REQUEST_METHOD"],
            sio.manager.is_connected(sid, "/"),
            sorted(sid for sid, _ in sio.manager.get_participants("/", "room")) == sorted(sids),
        )

    ann, bob = await play.client("ann"), await play.client("bob")
    sids = [ann.sid, bob.sid]
    for sid in sids:
        await play.sio.enter_room(sid, "room")
    await play.sio.save_session(ann.sid, {"name": "Ann"})
    await ann.send("41")
    await play.noted(1)
    return await bob.next()


@scenario(log="ERROR", loggers=("socketio.server", "engineio.server"))
async def disconnect_handler_that_raises(play: Play) -> Any:
    @play.sio.event
    async def disconnect(sid: str, reason: str) -> None:
        play.note("disconnect", reason)
        raise LookupError("in the handler")

    play.sio.on("take", lambda sid: "here")
    ann, bob = await play.client("ann"), await play.client("bob")
    await ann.send("1")
    await play.noted(1)
    await bob.ask("take")
    return await bob.ask("take")


@scenario(log="CRITICAL")  # who logs it is told above
async def rooms_after_a_disconnect_handler_that_raises(play: Play) -> Any:
    @play.sio.event
    async def disconnect(sid: str, reason: str) -> None:
        play.note("disconnect", reason)
        raise LookupError("in the handler")

    play.sio.on("take", lambda sid: "here")
    ann, bob = await play.client("ann"), await play.client("bob")
    await play.sio.enter_room(ann.sid, "room")
    await ann.send("1")
    await play.noted(1)
    await bob.ask("take")
    await bob.ask("take")
    return [sid for sid, _ in play.sio.manager.get_participants("/", "room")]


@scenario()
async def rooms_are_left_with_the_namespace(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    for each in (ann, bob):
        await play.sio.enter_room(each.sid, "shared")
    await play.sio.enter_room(ann.sid, "own")
    await play.sio.disconnect(ann.sid)
    await play.sio.emit("news", 1, room="shared")
    rooms = play.sio.manager.rooms["/"]
    return [
        [sid for sid, _ in play.sio.manager.get_participants("/", "shared")],
        "own" in rooms,
        "shared" in rooms,
        ann.sid in rooms,
    ]


@scenario()
async def namespace_is_gone_with_its_last_client(play: Play) -> Any:
    ann = await play.client()
    before = ["/" in play.sio.manager.rooms, list(play.sio.manager.get_namespaces())]
    await play.sio.disconnect(ann.sid)
    return [
        before,
        "/" in play.sio.manager.rooms,
        list(play.sio.manager.get_namespaces()),
        await play.outcome(play.sio.enter_room, ann.sid, "room"),
    ]


@scenario()
async def shutdown_of_the_server(play: Play) -> Any:
    note_leaving(play)
    ann = await play.client()
    result = await play.sio.shutdown()
    ann.sids.clear()
    play.note("shutdown() has returned")
    return result


@scenario()
async def handlers_of_namespaces_that_are_left_at_once(play: Play) -> Any:
    for namespace in ("/", "/chat"):

        async def disconnect(sid: str, reason: str, namespace: str = namespace) -> None:
            play.note("begins", namespace)
            await asyncio.sleep(0.02)
            play.note("ends", namespace)

        play.sio.on("disconnect", disconnect, namespace=namespace)
    ann = await play.client()
    await ann.join("/chat")
    await ann.send("1")
    await play.noted(4)
