"""User sessions."""

from __future__ import annotations

from typing import Any

from .play import Play
from .table import scenario


@scenario()
async def session_is_one_dictionary(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob")
    sio = play.sio
    first = await sio.get_session(ann.sid)
    first["changed"] = "in place"
    saved = {"saved": 1}
    return [
        await sio.get_session(ann.sid) is first,
        await sio.get_session(ann.sid),
        await sio.get_session(bob.sid),
        await sio.save_session(ann.sid, saved),
        await sio.get_session(ann.sid) is saved,
    ]


@scenario()
async def session_in_a_block_is_saved_at_its_end(play: Play) -> Any:
    ann = await play.client()
    async with play.sio.session(ann.sid) as session:
        session["a"] = 1
    try:
        async with play.sio.session(ann.sid) as session:
            session["b"] = 2
            raise LookupError("in the block")
    except LookupError as error:
        return [str(error), await play.sio.get_session(ann.sid)]


@scenario()
async def sessions_of_namespaces_do_not_mix(play: Play) -> Any:
    play.sio.on("take", lambda sid: None, namespace="/chat")
    ann = await play.client()
    await ann.join("/chat")
    await play.sio.save_session(ann.sid, {"in": "/"})
    await play.sio.save_session(ann.sids["/chat"], {"in": "/chat"}, namespace="/chat")
    async with play.sio.session(ann.sids["/chat"], namespace="/chat") as session:
        session["more"] = True
    return [
        await play.sio.get_session(ann.sid),
        await play.sio.get_session(ann.sids["/chat"], "/chat"),
    ]


@scenario()
async def session_of_nobody_raises(play: Play) -> Any:
    ann = await play.client()

    async def block() -> None:
        async with play.sio.session("unknown"):
            play.note("inside the block")

    return [
        await play.outcome(play.sio.get_session, "unknown"),
        await play.outcome(play.sio.save_session, "unknown", {}),
        await play.outcome(play.sio.get_session, ann.sid, "/unknown"),
        await play.outcome(play.sio.get_session, None),
        await play.outcome(block),
    ]


@scenario()
async def session_ends_with_the_connection(play: Play) -> Any:
    ann = await play.client()
    await play.sio.save_session(ann.sid, {"name": "Ann"})
    await ann.send("41")
    await play.until(lambda: not play.sio.rooms(ann.sid))
    old = ann.sid
    await ann.join()
    return [
        await play.outcome(play.sio.get_session, old),
        old == ann.sid,
        await play.sio.get_session(ann.sid),
    ]


@scenario()
async def session_may_hold_anything(play: Play) -> Any:
    ann = await play.client()
    thing = object()
    await play.sio.save_session(ann.sid, {"object": thing, 1: {2, 3}})
    session = await play.sio.get_session(ann.sid)
    return [session["object"] is thing, sorted(session[1])]


@scenario(served=False)
async def subclass_may_keep_sessions_elsewhere(play: Play) -> Any:
    store: dict[str, Any] = {}

    class Server(play.package.AsyncServer):  # type: ignore[misc]
        async def get_session(self, sid: str, namespace: str | None = None) -> Any:
            play.note("get", namespace)
            return store.setdefault(sid, {})

        async def save_session(self, sid: str, session: Any, namespace: str | None = None) -> None:
            play.note("save", namespace)
            store[sid] = session

    sio = Server(async_mode="asgi")
    async with sio.session("anybody") as session:
        session["a"] = 1
    context = sio.session("anybody", namespace="/chat")
    async with context as session:
        session["b"] = context.session is session
    return store


@scenario()
async def sessions_of_a_connection_are_one_below(play: Play) -> Any:
    play.sio.on("take", lambda sid: None, namespace="/chat")
    ann = await play.client()
    await ann.join("/chat")
    sio, eio = play.sio, play.sio.eio
    eio_sid = sio.manager.eio_sid_from_sid(ann.sid, "/")
    seen = [dict(await eio.get_session(eio_sid))]
    await sio.save_session(ann.sid, {"in": "/"})
    seen.append(await eio.get_session(eio_sid))
    await eio.save_session(eio_sid, {"/chat": {"in": "/chat"}, "of": "the connection"})
    seen.append(await sio.get_session(ann.sids["/chat"], namespace="/chat"))
    async with eio.session(eio_sid) as session:
        session["/"] = {"again": True}
        session["more"] = 1
    seen += [await eio.get_session(eio_sid), await sio.get_session(ann.sid)]
    seen.append(await play.outcome(eio.get_session, "unknown"))
    seen.append(await play.outcome(eio.save_session, "unknown", {}))
    await ann.send("41", "41/chat,")
    await play.until(lambda: not sio.rooms(ann.sids["/chat"], "/chat"))
    seen.append((await eio.get_session(eio_sid))["of"])
    return seen


@scenario()
async def socket_below_can_be_looked_at(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob", transport="polling")
    eio = play.sio.eio
    seen = []
    for wire in (ann, bob):
        eio_sid = play.sio.manager.eio_sid_from_sid(wire.sid, "/")
        socket = eio._get_socket(eio_sid)
        seen.append([socket.upgraded, socket.connected, socket.closed, socket.sid == eio_sid])
    return [*seen, await play.outcome(eio._get_socket, "unknown")]


@scenario()
async def block_of_a_session_saves_it_at_its_end(play: Play) -> Any:
    ann = await play.client()
    async with play.sio.session(ann.sid) as session:
        session["in"] = "the block"
        await play.sio.save_session(ann.sid, {"by": "somebody else"})
    return await play.sio.get_session(ann.sid)


@scenario()
async def block_of_a_session_may_outlast_its_client(play: Play) -> Any:
    play.sio.on("disconnect", lambda sid, reason: play.note("disconnect", reason))
    play.sio.on("take", lambda sid: "here")
    ann, bob = await play.client("ann"), await play.client("bob")

    async def block() -> None:
        async with play.sio.session(ann.sid) as session:
            session["in"] = "the block"
            await ann.send("1")
            await play.noted(1)
            await bob.ask("take")
            await bob.ask("take")

    return await play.outcome(block)
