"""What the JavaScript server's documentation shows, in our names: middleware, errors, practice."""

import asyncio
import time

import pytest

import sio_native

from .asgi import under_uvicorn
from .js_driver import Refused

# --- middleware ---


async def test_middleware_of_the_main_namespace_checks_who_comes(js):
    sio = sio_native.AsyncServer()

    @sio.use
    async def authenticate(socket):
        if socket.handshake.auth != {"token": "valid"}:
            raise PermissionError("Authentication failed")

    async with js.serving(sio) as connect:
        assert (await connect(auth={"token": "valid"})).sid
        refused = await connect.refused(auth={"token": "forged"})
        assert (refused.message, refused.data) == ("Authentication failed", None)


async def test_middleware_of_a_namespace_is_for_it_alone(js):
    sio = sio_native.AsyncServer()

    @sio.use(namespace="/admin")
    def admins_only(socket):
        if socket.handshake.auth.get("role") != "admin":
            raise PermissionError("Admin access required")

    async with js.serving(sio) as connect:
        client = await connect(auth={"role": "guest"})
        with pytest.raises(Refused, match="Admin access required"):
            await connect.beside(client, "/admin", auth={"role": "guest"})
        assert (await connect("/admin", auth={"role": "admin"})).sid


async def test_asgi_middleware_sees_every_request_of_the_engine(js):
    sio = sio_native.AsyncServer()
    app = sio_native.ASGIApp(sio)
    seen = []

    async def middleware(scope, receive, send):
        if scope["type"] != "lifespan":
            seen.append((scope["type"], scope["query_string"].decode()))

        async def with_header(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-frame-options", b"DENY")]
            await send(message)

        await app(scope, receive, with_header)

    async with under_uvicorn(middleware) as url, js.clients(url, sio) as connect:
        client = await connect(transports=["polling", "websocket"])
        await client.upgraded()
        code = "const r = await fetch(given[0]); return r.headers.get('x-frame-options')"
        assert await connect.run(code, f"{url}/socket.io/?EIO=4&transport=polling") == "DENY"
    kinds = [kind for kind, _ in seen]
    assert kinds.count("http") >= 3, "the handshake, the join, what comes back"
    assert kinds.count("websocket") == 1
    assert all("EIO=4" in query for _, query in seen)


async def test_middleware_of_the_engine_sees_each_request(js):
    sio = sio_native.AsyncServer()
    sio.on("echo", lambda sid, value: value)
    seen = []
    sio.engine.use({"X-Frame-Options": "DENY"})

    @sio.engine.use
    async def look(request, headers):
        assert "x-own" in request.headers
        seen.append((request.method, request.query["transport"], "sid" in request.query))
        headers["Set-Cookie"] = "session=1; Path=/"

    async with js.serving(sio) as connect:
        own = {"extraHeaders": {"X-Own": "value"}}
        client = await connect(transports=["polling", "websocket"], **own)
        await client.upgraded()
        assert seen[0] == ("GET", "polling", False)
        assert {("POST", "polling", True), ("GET", "polling", True)} <= set(seen)
        assert seen.count(("GET", "websocket", True)) == 1
        seen.clear()
        await connect(transports=["websocket"], **own)
        assert await client.ask("echo", 1) == 1
        assert seen == [("GET", "websocket", False)], "frames ask nothing"
        code = """
            const answer = await fetch(given[0], { headers: { "X-Own": "" } });
            return ["x-frame-options", "set-cookie"].map((name) => answer.headers.get(name));
        """
        headers = await connect.run(code, f"{connect.url}/socket.io/?EIO=4&transport=polling")
        assert headers == ["DENY", "session=1; Path=/"]


# --- errors ---


async def test_requests_that_are_refused_are_told_with_their_codes(js):
    sio = sio_native.AsyncServer(
        transports=["websocket"], cors_allowed_origins="https://good.example"
    )
    refused = asyncio.Queue()
    sio.on_connection_error(lambda error: refused.put_nowait((error.code, error.name)))
    async with js.serving(sio) as connect:
        await connect.refused(transports=["polling"])
        assert await refused.get() == (0, "UNKNOWN_TRANSPORT")
        await connect.refused(extraHeaders={"origin": "https://evil.example"})
        assert await refused.get() == (4, "FORBIDDEN")


async def test_a_client_that_is_not_valid_is_refused_with_a_text_for_it(js):
    sio = sio_native.AsyncServer()

    @sio.use
    def validate(socket):
        try:
            socket.data["user"] = socket.handshake.auth["user"]
        except (KeyError, TypeError) as error:
            raise ConnectionRefusedError("Connection refused") from error

    async with js.serving(sio) as connect:
        client = await connect(auth={"user": "ann"})
        assert sio.socket(client.sid).data == {"user": "ann"}
        assert (await connect.refused()).message == "Connection refused"


async def test_a_handler_tells_its_client_what_went_wrong(js):
    sio = sio_native.AsyncServer()

    @sio.on_connection
    def came(socket):
        @socket.on("risky-operation")
        async def risky(data):
            try:
                await socket.emit("operation-success", 10 / data)
            except ZeroDivisionError as error:
                await socket.emit("operation-error", {"message": str(error), "code": 7})

    async with js.serving(sio) as connect:
        client = await connect()
        await client.emit("risky-operation", 5)
        assert await client.next("operation-success") == (2,)
        await client.emit("risky-operation", 0)
        assert await client.next("operation-error") == ({"message": "division by zero", "code": 7},)


async def test_errors_of_a_socket_are_caught_in_one_place(js):
    sio = sio_native.AsyncServer()
    caught = asyncio.Queue()

    @sio.on_connection
    def came(socket):
        socket.on("error", caught.put)

        @socket.use
        def guard(event, args):
            if event == "forbidden":
                raise PermissionError("forbidden")

    async with js.serving(sio) as connect:
        client = await connect()
        await client.emit("forbidden")
        error = await caught.get()
        assert isinstance(error, PermissionError)
        assert str(error) == "forbidden"
        assert await client.heard() == []


# --- good practice ---


class ConnectionManager:
    def __init__(self):
        self.connections = {}

    def handle(self, socket):
        self.connections[socket.id] = (socket.handshake.auth["userId"], time.time())

        @socket.on("disconnect")
        async def left(reason):
            del self.connections[socket.id]

    def of_user(self, user):
        return [sid for sid, (each, _) in self.connections.items() if each == user]


async def test_connections_are_kept_by_an_object_until_they_end(js):
    sio = sio_native.AsyncServer()
    manager = ConnectionManager()
    gone = asyncio.Event()
    sio.on_connection(manager.handle)

    @sio.on_connection
    def came(socket):
        socket.on("disconnect", lambda reason: gone.set())

    async with js.serving(sio) as connect:
        ann = await connect(auth={"userId": "ann"})
        bob = await connect(auth={"userId": "bob"})
        await ann.heard(), await bob.heard()
        assert manager.of_user("ann") == [ann.sid]
        await ann.disconnect()
        await gone.wait()
        assert manager.of_user("ann") == []
        assert manager.of_user("bob") == [bob.sid]


async def test_an_event_that_is_not_valid_is_answered_with_the_error(js):
    sio = sio_native.AsyncServer()
    sent = []

    @sio.on_connection
    def came(socket):
        @socket.on("send-message")
        def send(data=None):
            if not isinstance(data, dict) or not isinstance(data.get("text"), str):
                return {"success": False, "error": '"text" is required'}
            sent.append(data["text"])
            return {"success": True}

    async with js.serving(sio) as connect:
        client = await connect()
        refusal = {"success": False, "error": '"text" is required'}
        for wrong in ((), ({},), ({"text": 1},), ("text",), (None,)):
            assert await client.ask("send-message", *wrong) == refusal
        assert await client.ask("send-message", {"text": "hi", "roomId": "r"}) == {"success": True}
        assert sent == ["hi"]


async def test_events_past_the_limit_are_answered_with_an_error(js):
    sio = sio_native.AsyncServer()

    @sio.limit("2/60s")
    @sio.on("chat-message")
    async def chat(sid, text):
        await sio.to(sid).emit("said", text)

    async with js.serving(sio) as connect:
        client, other = await connect(), await connect()
        for text in "abc":
            await client.emit("chat-message", text)
        await client.next("error")
        await other.emit("chat-message", "x")
        await other.next("said")
        heard = await client.heard()  # the error may be first: no handler is asked for it
        assert sorted(heard) == [("error", "Rate limit exceeded"), ("said", "a"), ("said", "b")]


TOLD = {"message": "Server maintenance", "reconnectIn": 30_000}


async def test_before_it_closes_the_server_tells_all_and_disconnects_them(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        clients = [await connect() for _ in range(3)]
        await sio.emit("server-shutting-down", TOLD)
        for socket in await sio.local.fetch_sockets():
            await socket.disconnect(True)
        for client in clients:
            assert await client.next("server-shutting-down") == (TOLD,)
            assert (await client.next("disconnect"))[0] == "io server disconnect"


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_server_that_drains_tells_all_and_lets_them_connect_elsewhere(js, transport):
    sio = sio_native.AsyncServer()
    details = []
    sio.on("disconnect", lambda sid, reason: details.append((reason, reason.detail)))
    async with js.serving(sio) as connect:
        client = await connect(transports=[transport])
        await sio.drain(notify=TOLD, deadline=15)
        assert await client.next("server-shutting-down") == (TOLD,)
        assert (await client.next("disconnect"))[0] == "transport close"
        assert details == [("server disconnect", "server shutting down")]
