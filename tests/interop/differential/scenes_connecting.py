"""Connect handlers: how they are called, and what their verdict looks like on the wire."""

from __future__ import annotations

import asyncio
from typing import Any

from .play import Play
from .table import scenario


@scenario()
async def connect_handler_takes_the_arguments_that_it_can(play: Play) -> Any:
    async def both(sid: str, environ: Any, auth: Any) -> None:
        play.note("both", type(environ).__mro__[-2].__name__, auth)

    def defaulted(sid: str, environ: Any, auth: Any = "default") -> None:
        play.note("defaulted", auth)

    def anything(*args: Any) -> None:
        play.note("anything", len(args), args[-1])

    def without_auth(sid: str, environ: Any) -> None:
        play.note("without auth")

    async def without_auth_coroutine(sid: str, environ: Any) -> None:
        play.note("without auth, coroutine")

    handlers = (both, defaulted, anything, without_auth, without_auth_coroutine)
    for handler in handlers:
        play.sio.on("connect", handler, namespace=f"/{handler.__name__}")
    ann = await play.wire()
    return [await ann.join(f"/{handler.__name__}") for handler in handlers]


@scenario()
async def connect_handler_is_given_what_the_client_sends(play: Play) -> Any:
    play.sio.on("connect", lambda sid, environ, auth: play.note(auth))
    answers = []
    for number, packet in enumerate(("40", "40{}", '40{"token":"t","n":[1,null]}')):
        wire = await play.wire(f"client {number}")
        await wire.send(packet)
        answers.append(await wire.joined())
    return answers


@scenario()
async def only_false_refuses(play: Play) -> Any:
    verdicts = (None, True, 0, "", [], {}, "no", False)
    for number, verdict in enumerate(verdicts):
        play.sio.on("connect", lambda *_, verdict=verdict: verdict, namespace=f"/{number}")
    ann = await play.wire()
    return [await ann.join(f"/{number}") for number in range(len(verdicts))]


def refusals(play: Play) -> list[Exception]:
    refused = play.package.exceptions.ConnectionRefusedError
    return [
        refused(),
        refused("not today"),
        refused(5),
        refused("not today", {"code": 7}),
        refused("not today", None),
        refused("not today", 1, [2, "three"], None),
        ConnectionRefusedError("the builtin one"),
    ]


@scenario()
async def refusal_tells_the_client_why(play: Play) -> Any:
    ann = await play.wire()
    answers = []
    for number, refusal in enumerate(refusals(play)):

        async def connect(sid: str, environ: Any, *, refusal: Exception = refusal) -> None:
            raise refusal

        play.sio.on("connect", connect, namespace=f"/{number}")
        answers.append(await ann.join(f"/{number}"))
    return answers


@scenario(always_connect=True)
async def refusal_of_who_is_connected_already_is_a_disconnect(play: Play) -> Any:
    play.sio.on("disconnect", lambda *args: play.note("disconnect"))
    ann = await play.wire()
    for number, refusal in enumerate(refusals(play)[:4]):

        def connect(sid: str, environ: Any, *, refusal: Exception = refusal) -> None:
            raise refusal

        play.sio.on("connect", connect, namespace=f"/{number}")
        await ann.join(f"/{number}")
        await ann.next("DISCONNECT")


@scenario(served=False)
async def arguments_of_a_refusal_are_kept(play: Play) -> Any:
    exceptions = play.package.exceptions
    made = [
        exceptions.ConnectionRefusedError(),
        exceptions.ConnectionRefusedError("a"),
        exceptions.ConnectionRefusedError("a", 1),
        exceptions.ConnectionRefusedError("a", 1, 2),
    ]
    return [
        [[each.error_args, str(each), type(each.error_args.get("data")).__name__] for each in made],
        [
            [each.__name__ for each in getattr(exceptions, name).__mro__]
            for name in (
                "SocketIOError",
                "ConnectionError",
                "ConnectionRefusedError",
                "TimeoutError",
                "BadNamespaceError",
                "DisconnectedError",
            )
        ],
    ]


@scenario()
async def unknown_namespace_is_refused(play: Play) -> Any:
    ann = await play.wire()
    return [await ann.join("/unknown", {"token": 1}), await ann.join()]


@scenario()
async def namespace_is_joined_once(play: Play) -> Any:
    play.sio.on("connect", lambda *args: play.note("connect"))
    ann = await play.client()
    await ann.send("40")
    return await ann.next()


@scenario()
async def event_before_the_namespace_is_joined_is_not_handled(play: Play) -> Any:
    play.sio.on("take", play.note)
    ann = await play.wire()
    await ann.send('42["take"]', "40")
    return await ann.next()


@scenario()
async def binary_event_before_the_namespace_is_joined_is_not_handled(play: Play) -> Any:
    play.sio.on("take", play.note)
    ann = await play.wire()
    await ann.send('451-["take",{"_placeholder":true,"num":0}]')
    await ann.send("40")
    return await ann.next()


@scenario()
async def emit_inside_the_connect_handler_comes_before_the_answer(play: Play) -> Any:
    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        await play.sio.emit("to the client", 1, to=sid)
        await play.sio.enter_room(sid, "room")
        await play.sio.emit("to its room", 2, room="room")
        await play.sio.emit("to all", 3)

    await play.client()


@scenario(always_connect=True)
async def with_always_connect_it_comes_after_the_answer(play: Play) -> Any:
    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        play.note(play.sio.manager.is_connected(sid, "/"))
        await play.sio.emit("to the client", 1, to=sid)

    await play.client()
    await play.noted(1)


@scenario()
async def connect_handler_may_ask_about_its_client(play: Play) -> Any:
    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        sio, manager = play.sio, play.sio.manager
        await sio.enter_room(sid, "room")
        await sio.save_session(sid, {"name": "Ann"})
        async with sio.session(sid) as session:
            session["age"] = 7
        play.note(
            len(sio.rooms(sid)),
            await sio.get_session(sid),
            sio.transport(sid),
            sio.get_environ(sid) is environ,
            sio.get_environ(sid) == sio.environ[manager.eio_sid_from_sid(sid, "/")],
            manager.is_connected(sid, "/"),
            manager.is_pre_connected(sid, "/"),
            manager.is_sid_room("/", sid),
            await manager.can_disconnect(sid, "/"),
        )

    ann = await play.client()
    play.note(play.sio.manager.is_connected(ann.sid, "/"), await play.sio.get_session(ann.sid))


@scenario()
async def connect_handler_cannot_disconnect_its_client(play: Play) -> Any:
    play.sio.on("disconnect", lambda *args: play.note("disconnect"))

    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        play.note(await play.outcome(play.sio.disconnect, sid))

    await play.client()


@scenario(log="ERROR", doors=("own-port",))
async def connect_handler_that_raises(play: Play) -> Any:
    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        play.note("connect")
        raise LookupError("secret of the server")

    play.sio.on("connect", lambda *args: None, namespace="/chat")
    ann = await play.wire()
    await ann.send("40", "40/chat,")
    while (packet := await ann.next())[0] != "CONNECT":
        play.note("the client was told", packet)


@scenario()
async def type_error_inside_a_connect_handler(play: Play) -> Any:
    @play.sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        play.note("connect")
        if len(play.notes) == 1:
            raise TypeError("of the handler itself")

    ann = await play.wire()
    return await ann.join()


@scenario()
async def refused_client_is_known_to_nobody(play: Play) -> Any:
    sids: list[str] = []

    @play.sio.event
    async def connect(sid: str, environ: Any) -> bool:
        sids.append(sid)
        await play.sio.enter_room(sid, "room")
        return False

    play.sio.on("disconnect", lambda *args: play.note("disconnect"))
    ann = await play.wire()
    await ann.join()
    await play.until(lambda: play.sio.rooms(sids[0]) == [])
    return [
        list(play.sio.manager.get_participants("/", None)),
        list(play.sio.manager.get_participants("/", "room")),
        await play.outcome(play.sio.get_session, sids[0]),
        await play.outcome(play.sio.transport, sids[0]),
        play.sio.get_environ(sids[0]),
    ]


@scenario()
async def refused_client_may_ask_again(play: Play) -> Any:
    @play.sio.event
    def connect(sid: str, environ: Any, auth: Any) -> Any:
        return auth is not None

    ann = await play.wire()
    return [await ann.join(), await ann.join(auth={"token": 1})]


@scenario()
async def events_wait_for_nobody_while_the_connect_handler_runs(play: Play) -> Any:
    opened = asyncio.Event()

    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        play.note("connect begins")
        await opened.wait()

    play.sio.on("take", lambda sid, *args: play.note("take", *args))
    wire = await play.wire(transport="polling")
    sending = asyncio.ensure_future(wire.send("40"))
    await play.noted(1)
    opened.set()
    await sending
    await wire.joined()
    await wire.emit("take", 1)
    await play.noted(2)


@scenario(namespaces=["/accepted"])
async def accepted_namespaces_need_no_handler(play: Play) -> Any:
    play.sio.on("take", lambda sid: None, namespace="/handled")
    play.sio.register_namespace(play.package.AsyncNamespace("/class"))
    play.sio.on("take", lambda *args: None, namespace="*")
    ann = await play.wire()
    names = ("/accepted", "/handled", "/class", "/", "/other")
    return [await ann.join(name) for name in names]


@scenario(namespaces="*")
async def star_accepts_every_namespace(play: Play) -> Any:
    ann = await play.wire()
    answers = [await ann.join(name) for name in ("/", "/a", "/a/b", "/é", "/*")]
    return [answers, sorted(play.sio.manager.get_namespaces()), play.sio.namespaces]


@scenario()
async def sids_differ_by_namespace_and_sessions_do_not(play: Play) -> Any:
    play.sio.on("take", lambda sid: None, namespace="/chat")
    ann = await play.client()
    await ann.join("/chat")
    manager = play.sio.manager
    return [
        manager.eio_sid_from_sid(ann.sid, "/"),
        manager.eio_sid_from_sid(ann.sids["/chat"], "/chat"),
        manager.eio_sid_from_sid(ann.sid, "/chat"),
        manager.sid_from_eio_sid(ann.session.sid, "/"),
        manager.sid_from_eio_sid(ann.session.sid, "/chat"),
        manager.sid_from_eio_sid(ann.session.sid, "/other"),
    ]


@scenario(log="WARNING")
async def connect_handler_that_is_cancelled(play: Play) -> Any:
    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        raise asyncio.CancelledError

    ann = await play.wire()
    await ann.join()
    return [len(play.sio.rooms(sid)) for sid in ann.sids.values()]


@scenario(log="WARNING")
async def event_before_the_answer_to_connect(play: Play) -> Any:
    opened = asyncio.Event()

    @play.sio.event
    async def connect(sid: str, environ: Any) -> None:
        play.note("connect begins")
        await opened.wait()

    play.sio.on("take", lambda sid, *args: play.note("take", *args))
    ann = await play.wire()
    await ann.send("40", '42["take",1]')
    await play.noted(1)
    await play.wire("bob")  # so ann's event has arrived
    opened.set()
    await ann.joined()
    await ann.emit("take", 2)
    await play.until(lambda: ["take", 2] in play.notes)
