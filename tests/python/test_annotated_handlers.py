"""Handlers that get what their annotations ask for, and those that get what they ever got."""

from __future__ import annotations

import asyncio
import gc
import re
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any, Optional

import polling_client
import pytest
from conftest import Log
from pydantic import BaseModel, Field, ValidationError
from typing_extensions import NotRequired, TypedDict

import sio_native
from sio_native import Ack, AsyncServer, Depends, Sid, Socket, dependency_provider
from sio_native.adapters import for_server
from sio_native.testing import TestClient

if TYPE_CHECKING:
    from nowhere import Missing


class Message(BaseModel):
    text: str = Field(max_length=10)
    count: int = 1


class Place(TypedDict):
    room: str
    at: NotRequired[int]


@dataclass
class Point:
    x: int


class DB:
    def __init__(self) -> None:
        self.open = True


def invalid(*details: tuple[str, list[Any]]) -> dict[str, Any]:
    """The answer, less its texts."""
    return {
        "error": {
            "type": "validation_error",
            "details": [{"type": kind, "loc": loc} for kind, loc in details],
        }
    }


def textless(answer: Any) -> Any:
    for each in answer["error"]["details"]:
        assert each.pop("msg")
    return answer


# --- what they get ---


@pytest.mark.parametrize("options", [{}, {"async_handlers": False}], ids=["runner", "serial"])
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "plain"])
async def test_each_annotation_gets_what_it_asks_for(
    is_async: bool, options: dict[str, Any]
) -> None:
    sio = AsyncServer(**options)

    def work(data: Message, s: Socket, io: AsyncServer, who: Sid, more: int = 7) -> list[Any]:
        assert s is sio.socket(who) and io is sio
        return [who, type(data) is Message, data.text, more]

    async def work_async(
        data: Message, s: Socket, io: AsyncServer, who: Sid, more: int = 7
    ) -> list[Any]:
        await asyncio.sleep(0)
        return work(data, s, io, who, more)

    sio.on("work", work_async if is_async else work)
    async with TestClient(sio) as ann:
        assert await ann.call("work", {"text": "hi"}) == [ann.sid, True, "hi", 7]
        assert await ann.call("work", ({"text": "hi"}, 8)) == [ann.sid, True, "hi", 8]
    await sio.shutdown()


async def test_the_sid_leads_as_ever_unless_the_client_is_asked_for() -> None:
    sio = AsyncServer()
    sio.on("old", lambda sid, data: [sid, data])

    @sio.on("typed")
    def typed(sid: str, data: dict[str, Any], *more: int) -> list[Any]:
        return [sid, data, *more]

    @sio.on("model")
    def model(sid, data: Message) -> list[Any]:  # type: ignore[no-untyped-def]
        return [sid, data.text]

    @sio.on("only")
    def only(data: Message) -> str:
        return data.text

    @sio.on("named")
    def named(text: str, who: Sid, *more: Message, io: AsyncServer) -> list[Any]:
        return [text, who, [each.text for each in more], io is sio]

    async with TestClient(sio) as ann:
        for event in ("old", "typed"):
            assert await ann.call(event, {"a": 1}) == [ann.sid, {"a": 1}]
        assert await ann.call("typed", ({}, 1, 2)) == [ann.sid, {}, 1, 2]
        assert await ann.call("model", {"text": "hi"}) == [ann.sid, "hi"]
        assert await ann.call("only", {"text": "hi"}) == "hi"
        texts = tuple({"text": each} for each in "ab")
        assert await ann.call("named", ("x", *texts)) == ["x", ann.sid, ["a", "b"], True]
    await sio.shutdown()


async def test_a_plain_handler_is_called_itself() -> None:
    sio = AsyncServer()

    def bare(sid, data):  # type: ignore[no-untyped-def]
        ...

    def typed(sid: str, data: dict[str, Any] | list[int] | None = None, *more: Any) -> int: ...

    def unknown(sid: str, data: Missing) -> None: ...

    class Callable_:
        def __call__(self, sid: str) -> None: ...

    for handler in (bare, typed, unknown, Callable_(), print, asyncio.sleep):
        assert for_server(handler, sio, "/", "x") is None
        sio.on("x", handler)
        assert sio._registry.entry("x", "/") == (handler, None, ())

    @sio.on("y")
    def annotated(socket: Socket) -> None: ...

    assert sio.handlers["/"]["y"] is annotated
    target, *_ = sio._registry.entry("y", "/")  # type: ignore[misc]
    assert target is not annotated
    sio.handlers["/"]["y"] = bare  # the tables are the application's
    assert sio._registry.entry("y", "/") == (bare, None, ())


async def test_a_name_that_is_there_for_type_checkers_alone_is_pointed_out() -> None:
    sio = AsyncServer()
    names: dict[str, Any] = {}
    exec("def handler(s: 'somewhere.Socket', data: 'Missing'): ...", names)
    with pytest.warns(UserWarning, match="'somewhere.Socket'.*outside TYPE_CHECKING"):
        sio.on("x", names["handler"])
    assert sio._registry.entry("x", "/") == (names["handler"], None, ())


async def test_catch_alls_get_the_names_in_front() -> None:
    sio = AsyncServer(namespaces="*")

    @sio.on("*")
    def any_event(event: str, data: Message, socket: Socket) -> list[Any]:
        return [event, data.text, socket.nsp]

    @sio.on("known", namespace="*")
    def any_namespace(namespace: str, socket: Socket, data: Message) -> list[Any]:
        return [namespace, socket.nsp, data.text]

    @sio.on("*", namespace="*")
    def any_at_all(event: str, namespace: str, sid: str, data: Message) -> list[Any]:
        return [event, namespace, sid, data.text]

    data = {"text": "hi"}
    async with TestClient(sio) as ann, TestClient(sio, namespace="/x") as bob:
        assert await ann.call("known", data) == ["known", "hi", "/"]
        assert await bob.call("known", data) == ["/x", "/x", "hi"]
        assert await bob.call("other", data) == ["other", "/x", bob.sid, "hi"]
        answer = await bob.call("other", {})
        assert textless(answer) == invalid(("missing", [0, "text"]))
    await sio.shutdown()


async def test_handlers_of_namespaces_that_come_and_go_ask_as_well() -> None:
    sio = AsyncServer(cleanup_empty_child_namespaces=True)
    rooms = sio.of(re.compile("^/room-"))

    @rooms.on("say")
    async def say(socket: Socket, data: Message, ack: Ack) -> None:
        ack(socket.nsp, data.text, socket.handshake.auth)

    @rooms.on("*")
    def other(event: str, who: Sid, data: Message) -> list[Any]:
        return [event, who, data.text]

    @rooms.on("plain")
    def plain(sid: str, data: Any) -> list[Any]:
        return [sid, data]

    @rooms.on_connection
    async def came(io: AsyncServer, socket: Socket) -> None:
        await socket.emit("came", io is sio)

    @sio.of("/named").on("say")
    def named(socket: Socket) -> str:
        return socket.nsp

    def asks(socket: Socket) -> str:
        return socket.nsp

    data = {"text": "hi"}
    for _ in range(2):
        async with (
            TestClient(sio, namespace="/room-1", auth={"a": 1}) as ann,
            TestClient(sio, namespace="/room-2") as bob,
        ):
            assert await ann.call("say", data) == ("/room-1", "hi", {"a": 1})
            assert await bob.call("say", data) == ("/room-2", "hi", None)
            assert await bob.call("unknown", data) == ["unknown", bob.sid, "hi"]
            assert await bob.call("plain", 1) == [bob.sid, 1]
            assert await ann.expect("came") is True
            sio.of("/room-1").on("asks", asks)
            assert await ann.call("asks") == "/room-1"
    async with TestClient(sio, namespace="/named") as ann:
        assert await ann.call("say") == "/named"
    assert not sio._registry._adapted_children
    assert sio._registry.adapted.keys() == {("/named", "say")}
    await sio.shutdown()


async def test_methods_of_namespace_classes_ask_as_well() -> None:
    log = Log()

    class Base(sio_native.AsyncNamespace):
        async def on_inherited(self, socket: Socket, data: Message) -> list[Any]:
            return [socket.nsp, data.text]

    class Chat(Base):
        def on_connect(self, socket: Socket, environ: dict[str, Any], auth: Message) -> None:
            log.add("connect", socket.id, "asgi.scope" in environ, auth.text)

        def on_disconnect(self, socket: Socket) -> None:
            log.add("disconnect", socket.id)

        def on_plain(self, sid: str, data: Any) -> list[Any]:
            return [sid, data]

    class Router(Base):
        async def trigger_event(self, event: str, *args: Any) -> Any:
            return await super().trigger_event(event.lower(), *args)

    class Any_(Base): ...

    sio = AsyncServer(namespaces="*")
    for namespace in (Chat("/chat"), Router("/router"), Any_("*")):
        sio.register_namespace(namespace)
    data = {"text": "hi"}
    async with TestClient(sio, namespace="/chat", auth=data) as ann:
        assert await ann.call("plain", 1) == [ann.sid, 1]
        assert await ann.call("inherited", data) == ["/chat", "hi"]
        sid = ann.sid
    await log.reaches(2)
    assert log == [("connect", sid, True, "hi"), ("disconnect", sid)]
    async with TestClient(sio, namespace="/router") as ann:
        assert await ann.call("INHERITED", data) == ["/router", "hi"]
    with pytest.raises(sio_native.exceptions.ConnectionRefusedError) as refused:
        await TestClient(sio, namespace="/chat", auth={"text": 1}).connect()
    args = refused.value.error_args
    assert (args["message"], args["data"]["type"]) == ("Invalid payload", "validation_error")
    assert [each["loc"] for each in args["data"]["details"]] == [[1, "text"]]
    await sio.shutdown()


async def test_who_asks_for_a_socket_knows_what_its_client_came_with() -> None:
    sio = AsyncServer()

    @sio.event
    def whoami(socket: Socket) -> Any:
        return socket.handshake.auth

    @sio.event
    async def connect(socket: Socket) -> bool:
        return socket.handshake.auth is None or socket.handshake.auth["user"] != "eve"

    @sio.event
    async def disconnect(reason: str, socket: Socket) -> None:
        assert socket.rooms == {socket.id}
        log.add(reason)

    log = Log()
    async with TestClient(sio, auth={"user": "ann"}) as ann, TestClient(sio) as anonymous:
        assert await ann.call("whoami") == {"user": "ann"}
        assert await anonymous.call("whoami") is None
    with pytest.raises(sio_native.exceptions.ConnectionRefusedError):
        await TestClient(sio, auth={"user": "eve"}).connect()
    await log.reaches(2)
    assert log == [(sio.reason.CLIENT_DISCONNECT,)] * 2
    assert not sio._sockets._sockets
    await sio.shutdown()


async def test_a_decorated_handler_asks_for_what_the_function_inside_does() -> None:
    def shout(handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        async def louder(*args: Any, **kwargs: Any) -> Any:
            return (await handler(*args, **kwargs)).upper()

        return louder

    sio = AsyncServer()

    @sio.event
    @shout
    async def say(socket: Socket, data: Message, *, io: AsyncServer) -> str:
        return data.text

    async with TestClient(sio) as ann:
        assert await ann.call("say", {"text": "hi"}) == "HI"
    await sio.shutdown()


async def test_a_partial_asks_for_what_it_has_not_bound() -> None:
    def work(db: str, data: Message, socket: Socket, *, io: AsyncServer | None) -> list[Any]:
        return [db, data.text, getattr(socket, "id", socket), io is sio]

    def registered(socket: Socket, db: str, data: dict[str, str]) -> list[str]:
        return [db, *data.values()]

    class Works:
        def __call__(self, db: str, data: Message) -> list[str]:
            return [db, data.text]

    sio = AsyncServer()
    sio.on("work", partial(work, "db"))
    sio.on("bound", partial(work, "db", socket="mine"))
    sio.on("object", partial(Works(), "db"))
    async with TestClient(sio) as ann:
        sio.socket(ann.sid).on("own", partial(registered, sio.socket(ann.sid), "db"))
        assert await ann.call("work", {"text": "hi"}) == ["db", "hi", ann.sid, True]
        assert await ann.call("bound", {"text": "hi"}) == ["db", "hi", "mine", True]
        assert await ann.call("object", {"text": "hi"}) == ["db", "hi"]
        assert await ann.call("own", {"text": "hi"}) == ["db", "hi"]
        assert textless(await ann.call("work", {})) == invalid(("missing", [0, "text"]))
    await sio.shutdown()


async def test_what_may_be_none_is_there_all_the_same() -> None:
    sio = AsyncServer()

    @sio.event
    def who(data: int, socket: Socket | None = None, sid: Optional[Sid] = None) -> Any:  # noqa: UP045
        return [data, socket is sio.socket(sid or "")]

    @sio.event
    def answer(sid: str, data: int, ack: Ack | None = None) -> None:
        assert ack is not None
        ack(data)

    async with TestClient(sio) as ann:
        assert await ann.call("who", 7) == [7, True]
        assert await ann.call("answer", 7) == 7
    await sio.shutdown()


async def test_a_dataclass_is_checked_where_something_else_is_asked_for() -> None:
    sio = AsyncServer()

    @sio.event
    def checked(socket: Socket, data: list[Point]) -> Any:
        return [each.x for each in data]

    @sio.event
    def mixed(data: Message, to: Point) -> Any:
        return to.x

    @sio.event
    def as_ever(sid: str, data: Point) -> Any:
        return data

    async with TestClient(sio) as ann:
        assert await ann.call("checked", [{"x": "1"}]) == [1]
        assert await ann.call("mixed", ({"text": "hi"}, {"x": 2})) == 2
        assert textless(await ann.call("checked", [{}])) == invalid(("missing", [0, 0, "x"]))
        assert await ann.call("as_ever", {"x": "1"}) == {"x": "1"}
    await sio.shutdown()


async def test_a_decorator_that_checks_arguments_itself_is_called_as_ever() -> None:
    def validated(handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        async def check(sid: str, data: Any) -> Any:
            try:
                return await handler(Message.model_validate(data))
            except ValidationError:
                return f"not for {sid}"

        return check

    sio = AsyncServer()

    @sio.event
    @validated
    async def say(data: Message) -> str:
        return data.text

    async with TestClient(sio) as ann:
        assert await ann.call("say", {"text": "hi"}) == "hi"
        assert await ann.call("say", {}) == f"not for {ann.sid}"
    await sio.shutdown()


async def test_a_task_that_a_client_may_cancel_asks_as_well() -> None:
    sio = AsyncServer()
    begun = asyncio.Event()

    class Search(BaseModel):
        taskId: str

    @sio.on("SEARCH")
    @sio.task()
    async def search(socket: Socket, data: Search) -> str:
        begun.set()
        await asyncio.Event().wait()
        return data.taskId

    async with TestClient(sio) as ann:
        running = asyncio.create_task(ann.call("SEARCH", {"taskId": "a"}))
        await begun.wait()
        assert await ann.call("CANCEL_TASK", {"taskId": "a"}) == {"success": True}
        assert await running == {"success": False, "error": "Cancelled"}
    await sio.shutdown()


# --- what is wrong with arguments ---


WRONG: list[tuple[Any, list[tuple[str, list[Any]]]]] = [
    ((), [("missing", [0]), ("missing", [1])]),
    (({"text": 5}, {"room": "r"}), [("string_type", [0, "text"])]),
    (
        ({"text": "x" * 11, "count": "many"}, {"at": "noon"}),
        [
            ("string_too_long", [0, "text"]),
            ("int_parsing", [0, "count"]),
            ("missing", [1, "room"]),
            ("int_parsing", [1, "at"]),
        ],
    ),
    (({"text": "x"}, {"room": "r"}, 0), [("greater_than", [2])]),
    (({"text": "x"}, {"room": "r"}, 1, "more"), [("unexpected_argument", [3])]),
    ((None, b"bytes"), [("model_type", [0]), ("dict_type", [1])]),
]


@pytest.mark.parametrize(("arguments", "details"), WRONG)
async def test_wrong_arguments_answer_and_call_nobody(
    arguments: Any, details: list[tuple[str, list[Any]]]
) -> None:
    sio = AsyncServer()

    @sio.event
    async def go(
        socket: Socket, data: Message, to: Place, often: Annotated[int, Field(gt=0)] = 1
    ) -> list[Any]:
        return [data.count, to, often]

    async with TestClient(sio) as ann:
        assert textless(await ann.call("go", arguments)) == invalid(*details)
        right = ({"text": "x", "count": "3"}, {"room": "r", "at": 4}, 2)
        assert await ann.call("go", right) == [3, {"room": "r", "at": 4}, 2]
    await sio.shutdown()


async def test_an_answer_names_a_bounded_number_of_faults() -> None:
    sio = AsyncServer()

    @sio.event
    def many(socket: Socket, data: list[Message]) -> None: ...

    async with TestClient(sio) as ann:
        answer = await ann.call("many", [{} for _ in range(1000)])
    assert len(answer["error"]["details"]) == sio_native.exceptions.PayloadError.MOST
    await sio.shutdown()


def came_with_data(socket: Socket, data: int) -> None: ...


def test_what_nobody_has_cannot_be_asked_for() -> None:
    sio = AsyncServer()

    def named(socket: Socket, *, data: int) -> None: ...

    def connect(socket: Socket, ack: Ack) -> None: ...

    with pytest.raises(TypeError, match="nobody gives 'data'"):
        sio.on("x", named)
    with pytest.raises(TypeError, match="no Ack"):
        sio.on("connect", connect)
    with pytest.raises(TypeError, match="no Ack"):
        sio.on_connection(connect)
    with pytest.raises(TypeError, match="nobody gives 'data'"):
        sio.on_connection(came_with_data)


def test_typed_dicts_alone_are_checked_only_where_that_is_possible() -> None:
    from typing import TypedDict as OldTypedDict

    class Old(OldTypedDict):
        room: str

    def old(sid: str, data: Old) -> None: ...

    def asks(socket: Socket, data: Old) -> None: ...

    old.__annotations__["data"] = asks.__annotations__["data"] = Old
    sio = AsyncServer()
    if sys.version_info >= (3, 12):
        assert for_server(old, sio, "/", "x") is not None
        return
    with pytest.warns(UserWarning, match="typing_extensions"):
        assert for_server(old, sio, "/", "x") is None
    from pydantic import PydanticUserError

    with pytest.raises(PydanticUserError, match="typing_extensions"):
        for_server(asks, sio, "/", "x")


WITHOUT = """
import sys
sys.modules["pydantic"] = sys.modules["fast_depends"] = None
from typing import TypedDict
import sio_native
from sio_native import AsyncServer, Socket
from sio_native.adapters import for_server

class Place(TypedDict):
    room: str

def plain(sid: str, data: Place): ...
def asks(socket: Socket): ...
def checked(socket: Socket, data: Place): ...

sio = AsyncServer()
assert for_server(plain, sio, "/", "x") is None
assert for_server(asks, sio, "/", "x") is not None
wanted = {"events": lambda: sio.on("x", checked), "depends": lambda: sio_native.Depends}
for extra, want in wanted.items():
    try:
        want()
    except ImportError as error:
        assert f"pip install sio-native[{extra}]" in str(error), error
    else:
        raise AssertionError(extra)
"""


def test_without_the_libraries_it_says_which_extra_brings_them() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


# --- answers ---


@pytest.mark.parametrize("options", [{}, {"async_handlers": False}, {"dispatch": "task"}])
async def test_an_ack_answers_once_and_results_do_not(
    options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    sio = AsyncServer(**options)
    kept: list[Ack] = []

    @sio.event
    async def answer(ack: Ack, *args: Any) -> str:
        assert ack.wanted
        ack(1, "two", b"3")
        caplog.set_level("WARNING", "socketio.server")
        ack("again")
        return "not this"

    @sio.event
    def never(ack: Ack) -> str:
        return "not this"

    @sio.event
    def later(ack: Ack) -> None:
        kept.append(ack)

    @sio.event
    async def unwanted(ack: Ack) -> None:
        assert not ack.wanted
        ack("nobody")

    @sio.event
    async def unsendable(ack: Ack) -> None:
        with pytest.raises(TypeError):
            ack(object())
        ack()

    async with TestClient(sio) as ann:
        assert await ann.call("answer") == (1, "two", b"3")
        assert "'answer' has been answered already" in caplog.text
        assert await ann.call("unsendable") is None
        await ann.emit("unwanted")
        waiting = [asyncio.create_task(ann.call(each)) for each in ("never", "later")]
        await ann.settle()
        assert not waiting[0].done() and not waiting[1].done()
        kept[0]({"at": "last"})
        assert await waiting[1] == {"at": "last"}
        waiting[0].cancel()
    await sio.shutdown()


@pytest.mark.parametrize("options", [{}, {"async_handlers": False}, {"dispatch": "task"}])
async def test_the_answer_goes_out_before_what_is_sent_after_it(options: dict[str, Any]) -> None:
    sio = AsyncServer(**options)
    go = asyncio.Event()

    @sio.event
    async def start(socket: Socket, ack: Ack) -> None:
        ack("accepted")
        await socket.emit("progress", 1)
        await go.wait()
        await socket.emit("progress", 2)

    async with polling_client.connected(sio) as client:
        await client.post('420["start"]')
        assert await client.receive() == '430["accepted"]'
        assert await client.receive() == '42["progress",1]'
        go.set()
        assert await client.receive() == '42["progress",2]'


async def test_the_first_to_ask_for_an_ack_gets_that_of_an_event_that_has_come_already() -> None:
    sio = AsyncServer()

    def work(socket: Socket, ack: Ack) -> None:
        ack("done")

    sio.on("work", lambda sid: "not this")  # so that it is delivered
    sio.on("register", lambda sid: sio.on("work", work) and None)
    async with polling_client.connected(sio) as client:
        await client.post('42["register"]\x1e420["work"]')
        assert await client.receive() == '430["done"]'


async def test_who_asks_for_an_ack_does_not_slow_the_others_down() -> None:
    sio = AsyncServer()
    sio.on("plain", lambda sid, data=None: data)

    @sio.event
    async def answer(ack: Ack) -> None:
        await asyncio.sleep(0)
        ack("answered")

    async with TestClient(sio) as ann:
        assert sio._service.runner.queue() is not None  # they are called by the engine's runners
        assert await ann.call("plain", 1) == 1
        together = await asyncio.gather(*(ann.call("answer") for _ in range(3)), ann.call("plain"))
        assert together == ["answered"] * 3 + [None]
    await sio.shutdown()


async def test_wrong_arguments_are_answered_where_the_ack_is_asked_for() -> None:
    sio = AsyncServer()

    @sio.event
    async def start(data: Message, ack: Ack) -> None:
        ack("right")

    async with TestClient(sio) as ann:
        assert textless(await ann.call("start", {})) == invalid(("missing", [0, "text"]))
        assert await ann.call("start", {"text": ""}) == "right"
    await sio.shutdown()


# --- dependencies ---


opened = Log()  # a new one for each test: it is waited for


async def get_db() -> AsyncIterator[DB]:
    db = DB()
    opened.add("open")
    try:
        yield db
    except RuntimeError:
        opened.add("rolled back")
        raise
    finally:
        db.open = False
        opened.add("closed")


async def get_user(socket: Socket, db: Annotated[DB, Depends(get_db)]) -> dict[str, Any]:
    assert db.open
    return {"name": socket.data.get("name", "nobody")}


def get_length(who: Sid, io: AsyncServer) -> int:
    assert isinstance(io, AsyncServer)
    return len(who)


def get_numbers() -> Iterator[list[int]]:
    yield [1, 2]


Numbers = Annotated[list[int], Depends(get_numbers)]
User = Annotated[dict[str, Any], Depends(get_user)]


@pytest.fixture(autouse=True)
def _nothing_open() -> Iterator[None]:
    global opened
    opened = Log()
    yield
    dependency_provider.clear()


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "plain"])
async def test_dependencies_live_as_long_as_the_handler_runs(is_async: bool) -> None:
    sio = AsyncServer()

    def work(
        sid: str,
        data: Message,
        user: User,
        db: Annotated[DB, Depends(get_db)],
        *,
        length: Annotated[Sid, Depends(get_length)],
        numbers: Numbers,
    ) -> list[Any]:
        assert db.open and length == len(sid)
        if data.text == "fail":
            raise RuntimeError("on purpose")
        opened.add("worked")
        return [data.text, user["name"], *numbers]

    @sio.on("work")
    async def work_async(
        sid: str,
        data: Message,
        user: User,
        db: Annotated[DB, Depends(get_db)],
        *,
        length: Annotated[Sid, Depends(get_length)],
        numbers: Numbers,
    ) -> list[Any]:
        await asyncio.sleep(0)
        return work(sid, data, user, db, length=length, numbers=numbers)

    if not is_async:
        sio.on("work", work)
    async with TestClient(sio) as ann:
        await sio.save_session(ann.sid, {"name": "ann"})
        assert await ann.call("work", {"text": "hi"}) == ["hi", "ann", 1, 2]
        # One for the whole call, closed behind the handler.
        assert opened == [("open",), ("worked",), ("closed",)]
        opened.clear()
        assert textless(await ann.call("work", {"text": 1})) == invalid(
            ("string_type", [0, "text"])
        )
        assert opened == []
        await ann.emit("work", {"text": "fail"})
        await opened.reaches(3)
        assert opened == [("open",), ("rolled back",), ("closed",)]
    await sio.shutdown()


async def test_dependencies_are_overridden_in_tests() -> None:
    sio = AsyncServer()

    @sio.event
    async def whoami(user: User, socket: Socket) -> str:
        return str(user["name"])

    def fake_user(s: Socket) -> dict[str, Any]:
        return {"name": f"fake of {s.nsp}"}

    async with TestClient(sio) as ann:
        with dependency_provider.scope(get_user, fake_user):
            assert await ann.call("whoami") == "fake of /"
        assert opened == []
        assert await ann.call("whoami") == "nobody"
    await sio.shutdown()


async def test_functions_of_on_connection_depend_and_register_for_their_client() -> None:
    sio = AsyncServer()
    models: list[str] = []

    def register_models_handlers(socket: Socket, io: AsyncServer, db: list[str]) -> None:
        @socket.on("models:add")
        async def add(data: Message, who: Sid, ack: Ack) -> None:
            db.append(data.text)
            await io.except_(who).emit("models:changed", db)
            ack({"count": len(db)})

        @socket.on("models:list")
        async def list_(user: User) -> list[str]:
            return [user["name"], *db]

    def get_models() -> list[str]:
        return models

    @sio.on_connection
    async def connected(
        socket: Socket, io: AsyncServer, db: Annotated[list[str], Depends(get_models)]
    ) -> None:
        register_models_handlers(socket, io, db)

    @sio.on_connection
    async def second(socket, user: User) -> None:  # type: ignore[no-untyped-def]
        socket.data["name"] = f"{user['name']}?"
        await socket.emit("ready")

    async with TestClient(sio) as ann, TestClient(sio) as bob:
        await ann.expect("ready")
        await bob.expect("ready")
        assert await ann.call("models:add", {"text": "llama"}) == {"count": 1}
        assert await bob.expect("models:changed") == ["llama"]
        assert await bob.call("models:list") == ["nobody?", "llama"]
        assert textless(await bob.call("models:add", 5)) == invalid(("model_type", [0]))
        await ann.expect_nothing()
    await sio.shutdown()


async def test_middleware_depends_as_well() -> None:
    sio = AsyncServer()

    @sio.use
    async def known(socket: Socket, io: AsyncServer, db: Annotated[DB, Depends(get_db)]) -> None:
        assert io is sio and db.open
        if socket.handshake.auth != {"token": "good"}:
            raise PermissionError("who are you?")
        socket.data["known"] = True

    @sio.of(re.compile("^/room-")).use
    async def also_known(io: AsyncServer, client: Socket) -> None:
        await known(client, io, DB())

    @sio.event
    def who(socket: Socket) -> Any:
        return socket.data["known"]

    async with TestClient(sio, auth={"token": "good"}) as ann:
        assert await ann.call("who") is True
    for namespace in ("/", "/room-1"):
        with pytest.raises(sio_native.exceptions.ConnectionRefusedError, match="who are you"):
            await TestClient(sio, namespace=namespace).connect()
    with pytest.raises(TypeError, match="nobody gives 'data'"):
        sio.use(came_with_data)
    await sio.shutdown()


@pytest.mark.parametrize("options", [{}, {"async_handlers": False}], ids=["runner", "serial"])
async def test_events_wait_for_the_dependencies_of_on_connection(options: dict[str, Any]) -> None:
    sio = AsyncServer(**options)
    asked, ready, begun = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def get_slow() -> str:
        asked.set()
        await ready.wait()
        if refuse:
            raise RuntimeError("no database")
        return "slow"

    @sio.on_connection
    async def connected(socket: Socket, slow: Annotated[str, Depends(get_slow)]) -> None:
        socket.on("early", lambda: slow)
        begun.set()
        await asyncio.Event().wait()  # events wait for no more than that

    sio.on("known", lambda sid: "known")
    refuse = False
    async with TestClient(sio, timeout=0.1) as ann:
        await asked.wait()
        calls = [asyncio.create_task(ann.call(each, timeout=5)) for each in ("early", "known")]
        await ann.settle()
        assert not any(each.done() for each in calls)
        ready.set()
        assert [await each for each in calls] == ["slow", "known"]
        assert begun.is_set()
    refuse = True
    async with TestClient(sio) as bob:
        assert await bob.call("known") == "known"
    await sio.shutdown()


def test_what_a_dependency_cannot_have_is_told_at_registration() -> None:
    import fastapi

    sio = AsyncServer()

    def needs(thing: int) -> int: ...

    def answers(ack: Ack) -> int: ...

    def one(x: Socket) -> int: ...

    def other(x: Sid) -> int: ...

    def nested(x: Annotated[int, Depends(needs)]) -> int: ...

    for dependency, wrong in (
        (needs, "nobody has 'thing'.*needs"),
        (answers, "cannot ask for the Ack"),
        (nested, "nobody has 'thing'.*needs"),
    ):

        def handler(sid: str, value: Any = Depends(dependency)) -> None: ...  # noqa: B008

        with pytest.raises(TypeError, match=wrong):
            sio.on("x", handler)

    def both(
        sid: str, a: Annotated[int, Depends(one)], b: Annotated[int, Depends(other)]
    ) -> None: ...

    with pytest.raises(TypeError, match="'x' must mean the same"):
        sio.on("x", both)

    def of_fastapi(sid: str, a: int = fastapi.Depends(one)) -> None: ...

    with pytest.raises(TypeError, match="sio_native import Depends"):
        sio.on("x", of_fastapi)
    assert "x" not in sio._registry.functions.get("/", {})


async def test_what_is_registered_for_a_client_goes_with_it() -> None:
    sio = AsyncServer()
    alive: weakref.WeakSet[Any] = weakref.WeakSet()

    @sio.on_connection
    async def connected(socket: Socket) -> None:
        async def get_own() -> DB:
            return db

        db = DB()

        @socket.on("use")
        async def use(data: Message, ack: Ack, own: Any = Depends(get_own)) -> None:  # noqa: B008
            ack(own is db)

        # An Annotated[...] would stay in typing's own cache for some time.
        for each in (socket, db, use, get_own):
            alive.add(each)

    async with TestClient(sio) as watching:
        for _ in range(5):
            async with TestClient(sio) as ann:
                assert await ann.call("use", {"text": ""}) is True
        await watching.settle()
        gc.collect()
        assert len(alive) == 4  # of the one who watches
    await sio.shutdown()
