"""What the JavaScript server's documentation shows, with our names: options, connections, events.

Namespaces, rooms and broadcasts are in test_reference_docs_rooms.py; middleware, errors and good
practice in test_reference_docs_errors.py. How a server is made and mounted: test_docs.py.
"""

import asyncio

import pytest

import sio_native
from sio_native.exceptions import TimeoutError as NoAnswer

from .js_driver import JsError

# --- configuration ---


async def test_clients_are_told_the_heartbeat_and_the_largest_payload(js):
    sio = sio_native.AsyncServer(ping_interval=25, ping_timeout=60, maxPayload=1_000_000)
    async with js.serving(sio) as connect:
        client = await connect()
        opened = (
            "const e = socket.io.engine; return [e._pingInterval, e._pingTimeout, e._maxPayload]"
        )
        assert await client.run(opened) == [25_000, 60_000, 1_000_000]


async def test_the_server_pings_at_the_interval(js):
    async with js.serving(sio_native.AsyncServer(ping_interval=0.05)) as connect:
        client = await connect()
        await client.run(
            "for (const n of [1, 2]) await new Promise((r) => socket.io.once('ping', r))"
        )
        assert ("disconnect",) not in [each[:1] for each in client.log]


async def test_a_message_above_the_largest_payload_ends_its_client(js):
    sio = sio_native.AsyncServer(max_http_buffer_size=10_000)
    sio.on("size", lambda sid, data: len(data))
    async with js.serving(sio) as connect:
        client, other = await connect(), await connect()
        assert await client.ask("size", b"x" * 9_000) == 9_000
        await client.emit("size", b"x" * 11_000)
        assert (await client.next("disconnect"))[0] == "transport close"
        assert await other.ask("size", b"x") == 1


async def test_who_joins_no_namespace_in_time_is_closed(js):
    async with js.serving(sio_native.AsyncServer(connect_timeout=0.1)) as connect:
        closed = (
            "const m = new Manager(given[0], {reconnection: false, transports: ['websocket']});"
        )
        closed += "return await new Promise((r) => m.on('close', r))"
        assert await connect.run(closed, connect.url) == "transport close"


@pytest.mark.parametrize(
    ("served", "refused"), [("polling", "websocket"), ("websocket", "polling")]
)
async def test_transports_are_those_of_the_option(js, served, refused):
    async with js.serving(sio_native.AsyncServer(transports=[served])) as connect:
        client = await connect(transports=[served, refused])
        assert await client.run("return socket.io.engine.transport.name") == served
        assert (await connect.refused(transports=[refused])).message.endswith("error")


@pytest.mark.parametrize(
    ("allowed", "origin", "let_in"),
    [
        ("*", "https://anywhere.example", True),
        ("http://localhost:3000", "http://localhost:3000", True),
        ("http://localhost:3000", "http://localhost:3001", False),
        (["https://myapp.com", "https://www.myapp.com"], "https://www.myapp.com", True),
        (["https://myapp.com", "https://www.myapp.com"], "https://evil.com", False),
    ],
)
@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_origins_are_those_of_the_option(js, allowed, origin, let_in, transport):
    sio = sio_native.AsyncServer(cors_allowed_origins=allowed, cors_credentials=True)
    async with js.serving(sio) as connect:
        options = {"transports": [transport], "extraHeaders": {"origin": origin}}
        if let_in:
            assert (await connect(**options)).sid
        else:
            assert (await connect.refused(**options)).message.endswith("error")


async def test_it_is_served_at_its_path_and_nowhere_else(js):
    sio = sio_native.AsyncServer()
    host, port = sio.listen("127.0.0.1", 0, "/live/io")
    try:
        async with js.clients(f"http://{host}:{port}", sio) as connect:
            assert (await connect(path="/live/io/")).sid
            assert await connect.refused(path="/socket.io/", transports=["polling"])
    finally:
        await sio.shutdown()


async def test_the_adapter_is_the_client_manager(js):
    class Counting(sio_native.AsyncManager):
        events = 0

        async def broadcast(self, whom, event, args):
            self.events += 1
            await super().broadcast(whom, event, args)

    sio = sio_native.AsyncServer(client_manager=Counting())
    async with js.serving(sio) as connect:
        client = await connect()
        await sio.to(client.sid).emit("through the manager")
        assert await client.next("through the manager") == ()
        assert sio.manager.events == 1


# --- connection handling ---


async def test_each_client_comes_with_its_handshake(js):
    sio = sio_native.AsyncServer()
    came = asyncio.Queue()
    sio.on_connection(came.put)
    async with js.serving(sio) as connect:
        client = await connect(auth={"token": "t"}, query={"room": "7"})
        socket = await came.get()
        assert socket.id == client.sid
        assert socket.handshake.address == "127.0.0.1"
        assert socket.handshake.auth == {"token": "t"}
        assert socket.handshake.query["room"] == "7"


SERVER = ("server disconnect", "server namespace disconnect")
CLIENT = ("client disconnect", "client namespace disconnect")
QUICK = {"ping_interval": 0.1, "ping_timeout": 0.5}
SILENT = "socket.io.engine.sendPacket = socket.io.engine._sendPacket = () => {}"
BREAKING = "socket.io.engine.transport.ws.terminate()"
TWICE = "socket.io.engine.write('0')"
GARBAGE = "socket.io.engine.transport.ws._socket.write(Buffer.of(255, 255))"
IMPATIENT = """
    const { engine } = socket.io;
    engine._pingInterval = engine._pingTimeout = 1;
    engine._resetPingTimeout();
"""


@pytest.mark.parametrize(
    ("how", "told_server", "told_client"),
    [
        ("the server", SERVER, "io server disconnect"),
        ("socket.disconnect()", CLIENT, "io client disconnect"),
        (SILENT, ("ping timeout", "ping timeout"), "transport close"),
        (IMPATIENT, ("transport close", "transport close"), "ping timeout"),
        (BREAKING, ("transport close", "transport close"), "transport close"),
        (GARBAGE, ("transport error", "transport error"), "transport close"),
        ("socket.io.engine.write('abc')", ("transport error", "forced close"), "transport close"),
        (TWICE, ("transport error", "forced server close"), "transport close"),
    ],
    ids=["server", "client", "no pong", "no ping", "break", "garbage", "no packet", "twice"],
)
async def test_both_sides_are_told_why_they_part(js, how, told_server, told_client):
    sio = sio_native.AsyncServer(**(QUICK if how is SILENT else {}))
    reasons = asyncio.Queue()

    @sio.on_connection
    def came(socket):
        socket.on("disconnect", reasons.put)

    async with js.serving(sio) as connect:
        client = await connect()
        if how == "the server":
            await sio.socket(client.sid).disconnect()
        else:
            await client.run(how)
        reason = await reasons.get()
        assert (reason, reason.detail) == told_server
        assert (await client.next("disconnect"))[0] == told_client


# --- events ---


async def test_events_go_to_one_to_all_and_to_all_others(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        ann, bob = await connect(), await connect()
        socket = sio.socket(ann.sid)
        await socket.emit("welcome", {"message": "Welcome!"})
        await sio.emit("broadcast", {"message": "New user joined"})
        await socket.broadcast.emit("user-joined", {"userId": socket.id})
        assert await ann.heard() == [
            ("welcome", {"message": "Welcome!"}),
            ("broadcast", {"message": "New user joined"}),
        ]
        assert await bob.heard() == [
            ("broadcast", {"message": "New user joined"}),
            ("user-joined", {"userId": ann.sid}),
        ]


async def test_a_client_s_events_are_listened_for(js):
    sio = sio_native.AsyncServer()
    said = asyncio.Queue()

    @sio.on_connection
    def came(socket):
        socket.on("chat-message", said.put)

    async with js.serving(sio) as connect:
        await (await connect()).emit("chat-message", {"text": "hello"})
        assert await said.get() == {"text": "hello"}


async def test_what_a_handler_returns_is_the_acknowledgement(js):
    sio = sio_native.AsyncServer()
    profiles = {}

    @sio.on_connection
    def came(socket):
        @socket.on("update-profile")
        async def update(data):
            try:
                profiles[data["id"]] = data["name"]
                return {"success": True}
            except KeyError as error:
                return {"success": False, "error": f"no {error}"}

    async with js.serving(sio) as connect:
        client = await connect()
        assert await client.ask("update-profile", {"id": 1, "name": "ann"}) == {"success": True}
        assert await client.ask("update-profile", {}) == {"success": False, "error": "no 'name'"}
        assert profiles == {1: "ann"}


async def test_the_server_asks_and_the_client_acknowledges(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        client.answers("question", lambda text: f"{text} Yes.")
        socket = sio.socket(client.sid)
        assert await socket.emit_with_ack("question", "Do you accept?") == "Do you accept? Yes."


async def test_an_acknowledgement_that_does_not_come_is_a_timeout_at_the_server(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        with pytest.raises(NoAnswer):
            await sio.socket(client.sid).emit_with_ack("request-with-timeout", timeout=0.05)
        client.answers("request-with-timeout", lambda: "in time")
        assert await sio.socket(client.sid).emit_with_ack("request-with-timeout") == "in time"


async def test_an_acknowledgement_that_does_not_come_is_a_timeout_at_the_client(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        with pytest.raises(JsError, match="operation has timed out"):
            await client.run("await socket.timeout(50).emitWithAck('nobody handles this')")
