"""The application that every server under test runs: python-socketio's API and nothing else.

`build` is given the module to use, python-socketio or sio_native, so that one text is compared
under both. What the server side saw is kept in records, which the client reads by an event.
"""

import asyncio
import collections
import threading
import time
from typing import Any

RECORDS_KEPT = 4096  # enough for any one test


class Records:
    """What handlers were told, oldest first."""

    def __init__(self) -> None:
        self._entries: collections.deque[dict[str, Any]] = collections.deque(maxlen=RECORDS_KEPT)

    def add(self, what: str, sid: str, **details: Any) -> None:
        self._entries.append({"what": what, "sid": sid, **details})

    def of(self, sid: str) -> list[dict[str, Any]]:
        return [entry for entry in self._entries if entry["sid"] == sid]


class GilWatch:
    """Measures the longest time for which no other Python thread could run."""

    def __init__(self) -> None:
        self.longest = 0.0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        last = time.monotonic()
        while True:
            time.sleep(0.01)
            now = time.monotonic()
            self.longest = max(self.longest, now - last)
            last = now


def hold_gil(seconds: float) -> None:
    """Loop in C until the time has passed; no bytecode runs, so the GIL is never offered."""
    deadline = time.monotonic() + seconds
    next(filter(deadline.__lt__, iter(time.monotonic, None)))


def refuse(socketio: Any, form: str) -> bool:
    """Every way in which a connect handler may say no."""
    refused = socketio.exceptions.ConnectionRefusedError
    if form == "false":
        return False
    if form == "bare":
        raise refused()
    if form == "message":
        raise refused("not today")
    if form == "data":
        raise refused("not today", {"code": 7})
    if form == "more data":
        raise refused("not today", 1, [2, "three"])
    if form == "builtin":
        raise ConnectionRefusedError("the builtin one")
    raise ValueError("the connect handler failed")


def build(socketio: Any, options: dict[str, Any]) -> Any:
    """An AsyncServer with all handlers registered."""
    sio = socketio.AsyncServer(async_mode="asgi", **options)
    records = Records()
    _add_lifecycle(socketio, sio, records)
    _add_events(sio)
    _add_rooms(sio)
    _add_server_side(socketio, sio, records)
    _add_namespaces(socketio, sio, records)
    if "namespaces" in options:  # they would come before the methods of a namespace class
        _add_any_namespace(sio)
    return sio


def _add_lifecycle(socketio: Any, sio: Any, records: Records) -> None:
    for namespace in ("/", "/chat"):

        @sio.on("connect", namespace=namespace)
        async def connect(sid: str, environ: dict, auth: Any, namespace: str = namespace) -> Any:
            records.add("connect", sid, namespace=namespace, auth=auth)
            wish = auth if isinstance(auth, dict) else {}
            if "greet" in wish:
                await sio.emit("greeting", wish["greet"], to=sid, namespace=namespace)
            if "refuse" in wish:
                return refuse(socketio, wish["refuse"])
            return None

        @sio.on("disconnect", namespace=namespace)
        async def disconnect(sid: str, reason: str, namespace: str = namespace) -> None:
            rooms = sorted(room for room in sio.rooms(sid, namespace=namespace) if room != sid)
            records.add("disconnect", sid, namespace=namespace, reason=reason, rooms=rooms)


def _add_events(sio: Any) -> None:
    @sio.event
    async def echo(sid: str, *args: Any) -> Any:
        return args

    @sio.event
    def echo_sync(sid: str, *args: Any) -> Any:
        return args

    @sio.event
    async def answer_none(sid: str, *args: Any) -> None:
        return None

    @sio.event
    async def answer_list(sid: str, *args: Any) -> Any:
        return list(args)

    @sio.event
    async def repeat(sid: str, *args: Any) -> None:
        await sio.emit("repeated", args, to=sid)

    @sio.event
    async def repeat_raw(sid: str, data: Any) -> None:
        await sio.emit("repeated", data, to=sid)

    @sio.event
    async def say(sid: str, data: Any) -> None:
        await sio.send(data, to=sid)

    @sio.event
    async def message(sid: str, data: Any) -> Any:
        return {"message": data}

    @sio.event
    async def fail(sid: str) -> None:
        raise RuntimeError("this handler always fails")

    @sio.event
    async def numbered(sid: str, number: int) -> None:
        """Answers each number of a client with the same; the client checks order and gaps."""
        await sio.emit("numbered_back", number, to=sid)

    @sio.event
    async def burst(sid: str, count: int, padding: str = "") -> int:
        for number in range(count):
            await sio.emit("burst_item", (number, padding), to=sid)
        return count

    @sio.on("*")
    async def anything_else(event: str, sid: str, *args: Any) -> Any:
        return {"caught": event, "args": list(args)}


def _add_rooms(sio: Any) -> None:
    for namespace in ("/", "/chat"):

        @sio.on("enter", namespace=namespace)
        async def enter(sid: str, *rooms: str, namespace: str = namespace) -> list[str]:
            for room in rooms:
                await sio.enter_room(sid, room, namespace=namespace)
            return sorted(room for room in sio.rooms(sid, namespace=namespace) if room != sid)

        @sio.on("leave", namespace=namespace)
        async def leave(sid: str, *rooms: str, namespace: str = namespace) -> list[str]:
            for room in rooms:
                await sio.leave_room(sid, room, namespace=namespace)
            return sorted(room for room in sio.rooms(sid, namespace=namespace) if room != sid)

        @sio.on("close_room", namespace=namespace)
        async def close_room(sid: str, room: str, namespace: str = namespace) -> None:
            await sio.close_room(room, namespace=namespace)

        @sio.on("broadcast", namespace=namespace)
        async def broadcast(sid: str, wish: dict[str, Any], namespace: str = namespace) -> None:
            """`wish` holds the data and any of to, room and skip_sid."""
            await sio.emit("news", wish.pop("data"), namespace=namespace, **wish)

    @sio.event
    async def room_error(sid: str, action: str, *args: Any) -> str:
        """The class and text of the error that a room call raises."""
        try:
            await getattr(sio, action)(*args)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return "no error"

    @sio.event
    async def members(sid: str, room: str | None) -> list[str]:
        return [member for member, _ in sio.manager.get_participants("/", room)]


def _add_server_side(socketio: Any, sio: Any, records: Records) -> None:
    gil_watch: list[GilWatch] = []

    @sio.event
    async def records_of(sid: str, whose: str) -> list[dict[str, Any]]:
        return records.of(whose)

    @sio.event
    async def ask(sid: str, wish: dict[str, Any]) -> Any:
        """Calls a client, by default the asking one, and tells what `call` gave."""
        wish = {"to": sid, **wish}
        try:
            result = await sio.call(wish.pop("event"), wish.pop("data", None), **wish)
        except socketio.exceptions.TimeoutError:
            return {"error": "TimeoutError"}
        several = isinstance(result, tuple)
        return {"several": several, "result": list(result) if several else result}

    @sio.event
    async def ask_with_callback(sid: str, event: str) -> None:
        async def callback(*args: Any) -> None:
            await sio.emit("callback_got", list(args), to=sid)

        await sio.emit(event, to=sid, callback=callback)

    @sio.event
    async def remember(sid: str, key: str, value: Any) -> None:
        async with sio.session(sid) as session:
            session[key] = value

    @sio.event
    async def recall(sid: str) -> Any:
        return await sio.get_session(sid)

    @sio.event
    async def kick(sid: str, whom: str | None = None) -> None:
        await sio.disconnect(whom or sid)

    @sio.event
    async def transport_of(sid: str) -> str:
        return sio.transport(sid)

    @sio.event
    async def path_of(sid: str) -> str:
        return sio.transport_path(sid)

    @sio.event
    async def environ_of(sid: str, keys: list[str]) -> dict[str, Any]:
        environ = sio.get_environ(sid)
        return {key: environ.get(key) for key in keys}

    @sio.event
    async def hold(sid: str, seconds: float) -> float:
        """Holds the GIL in C; returns for how long no Python thread ran, as a thread saw it."""
        if not gil_watch:
            gil_watch.append(GilWatch())
        await asyncio.sleep(0.1)  # the watching thread has its first look
        gil_watch[0].longest = 0.0
        hold_gil(seconds)
        await asyncio.sleep(0.1)  # and its last
        return gil_watch[0].longest


def _add_namespaces(socketio: Any, sio: Any, records: Records) -> None:
    @sio.on("echo", namespace="/chat")
    async def chat_echo(sid: str, *args: Any) -> Any:
        return ("chat", *args)

    @sio.on("kick", namespace="/chat")
    async def chat_kick(sid: str) -> None:
        await sio.disconnect(sid, namespace="/chat")

    class Reports(socketio.AsyncNamespace):
        """Handlers as methods; an event without one is still acknowledged."""

        async def on_connect(self, sid: str, environ: dict) -> None:
            records.add("connect", sid, namespace=self.namespace, auth=None)

        def on_disconnect(self, sid: str) -> None:
            records.add("disconnect", sid, namespace=self.namespace)

        async def on_echo(self, sid: str, *args: Any) -> Any:
            return ("reports", *args)

        async def on_repeat(self, sid: str, *args: Any) -> None:
            await self.emit("repeated", args, to=sid)

        async def on_kick(self, sid: str) -> None:
            await self.disconnect(sid)

    sio.register_namespace(Reports("/reports"))


def _add_any_namespace(sio: Any) -> None:
    @sio.on("echo", namespace="*")
    async def any_namespace(namespace: str, sid: str, *args: Any) -> Any:
        return (namespace, *args)

    @sio.on("*", namespace="*")
    async def any_event(event: str, namespace: str, sid: str, *args: Any) -> Any:
        return {"caught": event, "in": namespace, "args": list(args)}
