"""Events, their arguments and acknowledgements, as the JavaScript server's own tests have them.

See reference_server.md.
"""

import asyncio
import logging
import time

import pytest

import sio_native
from sio_native.exceptions import TimeoutError as NoAnswer

PICTURE = bytes(range(256)) * 120
SEVERAL = [1, PICTURE, "3", [4], b"asdfasdf", [PICTURE, "swag", b"asdfasdf"], {"deep": [None]}]
LINES = [[], [1, "2", [3]], [None], ["utf8 — string, é😀"], [PICTURE], SEVERAL, [True, 1.5, {}]]
IDS = ["nothing", "three", "null", "utf-8", "binary", "several types", "others"]
BIG = {"hello": "friend", "json": [{"number": n, "text": "x" * 90} for n in range(5_000)]}


@pytest.fixture(params=["polling", "websocket"])
def carrier(request):
    return {"transports": [request.param]}


@pytest.mark.parametrize("args", LINES, ids=IDS)
async def test_events_arrive_with_their_arguments(js, carrier, args):
    sio = sio_native.AsyncServer()
    received = asyncio.Queue()

    @sio.on_connection
    async def came(socket):
        socket.on("random", lambda *args: received.put_nowait(list(args)))

    async with js.serving(sio) as connect:
        client = await connect(**carrier)
        await client.emit("random", *args)
        assert await received.get() == args


@pytest.mark.parametrize("args", LINES, ids=IDS)
async def test_events_are_emitted_with_their_arguments(js, carrier, args):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect(**carrier)
        for _ in range(3):
            await sio.socket(client.sid).emit("woot", *args)
        assert await client.heard() == [("woot", *args)] * 3


async def test_send_is_the_event_message_both_ways(js):
    sio = sio_native.AsyncServer()
    received = asyncio.Queue()

    @sio.on_connection
    async def came(socket):
        socket.on("message", received.put)
        await socket.send("a")

    async with js.serving(sio) as connect:
        client = await connect()
        assert await client.next("message") == ("a",)
        for value in (1337, None):
            await client.run("socket.send(given[0])", value)
            assert await received.get() == value


async def test_events_of_before_the_connection_come_in_order_to_handlers_of_it(js):
    sio = sio_native.AsyncServer()
    received = []
    enough = asyncio.Event()

    @sio.on_connection(namespace="/chat")
    def came(socket):
        @socket.on("hi")
        def hi(letter):
            received.append(letter)
            if len(received) == 5:
                enough.set()

    async with js.serving(sio) as connect:
        chat = await connect("/chat", wait=False)
        for letter in "abc":
            await chat.emit("hi", letter)
        await chat.connected()
        for letter in "de":
            await chat.emit("hi", letter)
        await enough.wait()
        assert received == list("abcde")


# --- acknowledgements ---


@pytest.mark.parametrize(
    ("sent", "answer", "got"),
    [
        ([], None, None),
        ([], (1, 2), (1, 2)),
        ([1, 2], [1, 2], [1, 2]),
        ([b"\0\0\0"], (1, 2), (1, 2)),
        ([], b"\0\0", b"\0\0"),
        ([1, b"2"], ([b"\1"], {"two": b"\2"}), ([b"\1"], {"two": b"\2"})),
    ],
    ids=["bare", "two values", "a list", "binary sent", "binary answer", "binary both"],
)
async def test_the_client_gets_acknowledgements(js, carrier, sent, answer, got):
    sio = sio_native.AsyncServer()
    received = []

    @sio.on_connection
    def came(socket):
        @socket.on("woot")
        def woot(*args):
            received.extend(args)
            return answer

    async with js.serving(sio) as connect:
        client = await connect(**carrier)
        assert await client.ask("woot", *sent) == got
        assert received == sent


@pytest.mark.parametrize(
    ("sent", "answer", "got"),
    [
        ([], (), None),
        ([1, 2], 3, 3),
        ([1, 2], (3, [4]), (3, [4])),
        ([b"\0\0\0\0"], (), None),
        ([], b"\0", b"\0"),
    ],
    ids=["bare", "one value", "two values", "binary sent", "binary answer"],
)
async def test_the_server_gets_acknowledgements(js, carrier, sent, answer, got):
    sio = sio_native.AsyncServer()
    asked = []

    async with js.serving(sio) as connect:
        client = await connect(**carrier)
        client.answers("hi", lambda *args: asked.extend(args) or answer)
        assert await sio.socket(client.sid).emit_with_ack("hi", *sent) == got
        assert asked == sent


async def test_who_does_not_acknowledge_in_time_is_a_timeout_and_who_does_is_none(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        client.answers("echo", lambda value: value)
        socket = sio.socket(client.sid)
        with pytest.raises(NoAnswer):
            await socket.emit_with_ack("unknown", timeout=0.05)
        with pytest.raises(NoAnswer):
            await socket.emit_with_ack("echo", 42, timeout=0)
        assert await socket.emit_with_ack("echo", 42, timeout=10) == 42


async def test_an_acknowledgement_that_comes_twice_is_ignored_and_logged(js, caplog):
    sio = sio_native.AsyncServer(logger=True)
    async with js.serving(sio) as connect:
        client = await connect()
        client.answers("hi", lambda: "hello")
        await client.run("""
            const send = socket.packet;
            socket.packet = (packet) => [1, 2, 3].forEach(() => send.call(socket, packet));
        """)
        with caplog.at_level(logging.WARNING, "socketio.server"):
            assert await sio.socket(client.sid).emit_with_ack("hi") == "hello"
            assert await sio.socket(client.sid).emit_with_ack("hi") == "hello"
        assert "Unknown callback received" in caplog.text
        assert client.log[-1] == ("hi",)


# --- large ones ---


@pytest.mark.parametrize("data", [BIG, {"image": PICTURE * 12}], ids=["json", "binary"])
async def test_very_large_data_goes_to_and_fro(js, data):
    sio = sio_native.AsyncServer(max_http_buffer_size=1_000_000)

    @sio.on_connection
    async def came(socket):
        socket.on("big", lambda data: socket.emit("big", data))
        await socket.emit("big", data)

    async with js.serving(sio) as connect:
        client = await connect()
        for _ in range(3):
            (got,) = await client.next("big")
            assert got == data
            await client.emit("big", got)


# --- what comes at once ---


async def test_no_event_is_lost_while_the_first_client_s_handlers_are_registered(js):
    sio = sio_native.AsyncServer()
    received = asyncio.Queue()

    @sio.on_connection
    async def came(socket):
        time.sleep(0.1)  # the client has been told, and its event is under way  # noqa: ASYNC251
        socket.on("hi", received.put)

    async with js.serving(sio) as connect:
        client = await connect(wait=False)
        await client.emit("hi", "a")
        assert await received.get() == "a"


async def test_a_function_that_waits_does_not_delay_the_next_one_of_on_connection(js):
    sio = sio_native.AsyncServer()
    received, end = asyncio.Queue(), asyncio.Event()

    @sio.on_connection
    async def waits(socket):
        await end.wait()

    @sio.on_connection
    async def came(socket):
        socket.on("hi", received.put)

    async with js.serving(sio) as connect:
        client = await connect()
        await client.emit("hi", "a")
        assert await received.get() == "a"
        end.set()
