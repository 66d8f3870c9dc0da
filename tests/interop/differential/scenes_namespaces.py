"""Which of several handlers an event is for, and namespaces as classes."""

from __future__ import annotations

from typing import Any

from .play import Play
from .table import scenario


@scenario(namespaces="*")
async def nearest_handler_is_called(play: Play) -> Any:
    on = play.sio.on
    on("own", lambda *args: ["own", *args[1:]], namespace="/a")
    on("*", lambda *args: ["any event", args[0], *args[2:]], namespace="/a")
    on("own", lambda *args: ["any namespace", args[0], *args[2:]], namespace="*")
    on("*", lambda *args: ["any of both", *args[:2], *args[3:]], namespace="*")
    ann = await play.wire()
    for namespace in ("/a", "/b"):
        await ann.join(namespace)
    return [
        await ann.ask(event, 1, 2, namespace=namespace)
        for namespace in ("/a", "/b")
        for event in ("own", "other")
    ]


@scenario()
async def catch_all_gets_no_lifecycle(play: Play) -> Any:
    @play.sio.on("*")
    async def anything(event: str, sid: str, *args: Any) -> Any:
        play.note(event, *args)
        return "caught"

    ann = await play.client()
    answer = await ann.ask("event", 1)
    await ann.send("41")
    await play.until(lambda: not play.sio.rooms(ann.sid))
    return answer


@scenario(namespaces="*")
async def catch_all_namespace_gets_the_lifecycle(play: Play) -> Any:
    @play.sio.on("connect", namespace="*")
    def connect(namespace: str, sid: str, environ: Any, auth: Any) -> None:
        play.note("connect", namespace, auth)

    @play.sio.on("disconnect", namespace="*")
    def disconnect(namespace: str, sid: str, reason: str) -> None:
        play.note("disconnect", namespace, reason)

    ann = await play.wire()
    await ann.join("/a", {"token": 1})
    await ann.join("/b")
    await ann.send("41/a,")
    await play.noted(3)


@scenario(namespaces="*")
async def catch_all_namespace_of_the_older_kind(play: Play) -> Any:
    @play.sio.on("connect", namespace="*")
    def connect(namespace: str, sid: str, environ: Any) -> None:
        play.note("connect", namespace)

    @play.sio.on("disconnect", namespace="*")
    def disconnect(namespace: str, sid: str) -> None:
        play.note("disconnect", namespace)

    ann = await play.wire()
    await ann.join("/a")
    await ann.send("41/a,")
    await play.noted(2)


@scenario()
async def functions_go_before_the_class(play: Play) -> Any:
    class Chat(play.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        def on_both(self, sid: str) -> str:
            return "class"

        def on_class(self, sid: str) -> str:
            return "class"

    play.sio.register_namespace(Chat("/chat"))
    play.sio.on("both", lambda sid: "function", namespace="/chat")
    ann = await play.client(namespace="/chat")
    return [
        [await ann.ask(event, namespace="/chat") for event in ("both", "class", "neither")],
        sorted(play.sio.namespace_handlers),
        play.sio.namespace_handlers["/chat"].namespace,
    ]


@scenario(namespaces="*")
async def class_for_any_namespace_is_told_which(play: Play) -> Any:
    class Any_(play.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        async def on_connect(self, namespace: str, sid: str, environ: Any, auth: Any) -> None:
            play.note("connect", namespace)

        def on_disconnect(self, namespace: str, sid: str, reason: str) -> None:
            play.note("disconnect", namespace, reason)

        def on_take(self, namespace: str, sid: str, *args: Any) -> Any:
            return [namespace, *args]

    play.sio.register_namespace(Any_("*"))
    ann = await play.client(namespace="/a")
    answer = await ann.ask("take", 1, namespace="/a")
    await ann.send("41/a,")
    await play.noted(2)
    return answer


@scenario()
async def class_handles_its_events(play: Play) -> Any:
    class Chat(play.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        async def on_connect(self, sid: str, environ: Any, auth: Any) -> None:
            play.note("connect", sid, auth)

        async def on_disconnect(self, sid: str, reason: str) -> None:
            play.note("disconnect", sid, reason)

        async def on_take(self, sid: str, *args: Any) -> Any:
            return args

        def on_plain(self, sid: str, *args: Any) -> Any:
            return list(args)

        @staticmethod
        def on_static(sid: str) -> str:
            return "static"

    chat = Chat("/chat")
    before = chat.server
    play.sio.register_namespace(chat)
    ann = await play.client(namespace="/chat", auth={"token": 1})
    asked = [("take", 1, "2"), ("plain", 1), ("static",), ("no such method", 1), ("my-event",)]
    answers = [await ann.ask(*each, namespace="/chat") for each in asked]
    await play.sio.disconnect(ann.sids["/chat"], namespace="/chat")
    return [answers, before, chat.server is play.sio, chat.is_asyncio_based()]


@scenario()
async def class_of_the_older_kind(play: Play) -> Any:
    class Chat(play.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        def on_connect(self, sid: str, environ: Any) -> None:
            play.note("connect")

        async def on_disconnect(self, sid: str) -> None:
            play.note("disconnect")

    play.sio.register_namespace(Chat())
    ann = await play.client()
    await ann.send("41")
    await play.noted(2)


@scenario()
async def class_refuses_a_client(play: Play) -> Any:
    class Chat(play.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        async def on_connect(self, sid: str, environ: Any, auth: Any) -> Any:
            if auth is None:
                return False
            raise play.package.exceptions.ConnectionRefusedError("no", auth)

    play.sio.register_namespace(Chat("/chat"))
    ann = await play.wire()
    return [await ann.join("/chat"), await ann.join("/chat", {"token": 1})]


@scenario()
async def class_may_route_its_events_itself(play: Play) -> Any:
    class Chat(play.package.AsyncNamespace):  # type: ignore[misc, name-defined]
        async def trigger_event(self, event: str, *args: Any) -> Any:
            play.note(event, len(args), [each for each in args[1:] if isinstance(each, str)])
            if event == "through":
                return await super().trigger_event("take", *args)
            return None if event in ("connect", "disconnect") else event

        def on_take(self, sid: str, *args: Any) -> Any:
            return ["taken", *args]

    play.sio.register_namespace(Chat("/chat"))
    ann = await play.client(namespace="/chat")
    answers = [await ann.ask(each, "x", namespace="/chat") for each in ("any", "through")]
    await ann.send("41/chat,")
    await play.noted(4)
    return answers


@scenario(served=False)
async def server_subclass_may_route_events_itself(play: Play) -> Any:
    class Server(play.package.AsyncServer):  # type: ignore[misc, name-defined]
        async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
            play.note(event, namespace, len(args))
            return await super()._trigger_event(event, namespace, *args)

    sio = Server(async_mode="asgi")
    sio.on("take", lambda sid, *args: "taken")
    async with play.serving(sio):
        ann = await play.client()
        answer = await ann.ask("take", 1)
        await ann.emit("nobody")
        await play.noted(3)
        return answer


@scenario()
async def class_speaks_in_its_namespace(play: Play) -> Any:
    chat = play.package.AsyncNamespace("/chat")
    play.sio.register_namespace(chat)
    ann, bob = await play.client("ann"), await play.client("bob", "/chat")
    await ann.join("/chat")
    sid = ann.sids["/chat"]
    await chat.emit("news", 1)
    await chat.emit("news", (2, b"3"), to=sid)
    await chat.emit("news", 4, room=sid, skip_sid=sid)
    await chat.emit("news", 5, namespace="/")
    await chat.send("message")
    await chat.enter_room(sid, "room")
    await chat.emit("news", 6, room="room")
    await chat.save_session(sid, {"a": 1})
    async with chat.session(sid) as session:
        session["b"] = 2
    seen = [
        len(chat.rooms(sid)),
        await chat.get_session(sid),
        await play.outcome(chat.enter_room, ann.sid, "room"),
        await play.outcome(chat.close_room, sid),
        await play.outcome(chat.call, "question"),
        await play.outcome(chat.get_session, ann.sid),
    ]
    await chat.leave_room(sid, "room")
    await chat.close_room("room")
    await chat.emit("asked", callback=play.note, to=sid)
    event = await ann.next("EVENT")
    while event[2] is None:
        event = await ann.next("EVENT")
    await ann.answer(event, "answer")
    await play.noted(1)
    await chat.disconnect(bob.sids["/chat"])
    return seen


@scenario(served=False)
async def what_is_no_namespace_is_refused(play: Play) -> Any:
    sio, package = play.server(), play.package
    return [
        await play.outcome(sio.register_namespace, "/chat"),
        await play.outcome(sio.register_namespace, package.AsyncNamespace),
        await play.outcome(sio.register_namespace, object()),
        await play.outcome(sio.register_namespace, package.AsyncNamespace("/chat")),
        package.AsyncNamespace().namespace,
        package.AsyncNamespace("/chat").namespace,
    ]


@scenario(served=False)
async def namespace_of_the_other_kind_is_refused(play: Play) -> Any:
    import socketio  # a namespace of the real package, as re-exports bring it

    return await play.outcome(play.server().register_namespace, socketio.Namespace("/chat"))


@scenario(served=False)
async def routing_may_be_replaced_on_the_server(play: Play) -> Any:
    sio = play.server()
    routed = sio._trigger_event

    async def route(event: str, namespace: str, *args: Any) -> Any:
        play.note(event, namespace, len(args))
        return await routed(event, namespace, *args)

    sio.on("echo", lambda sid, data: data)
    sio._trigger_event = route
    async with play.serving(sio):
        ann = await play.client()
        answer = await ann.ask("echo", 1)
        await sio.disconnect(ann.sid)
        await ann.next("DISCONNECT")
        await play.noted(3)
        return answer
