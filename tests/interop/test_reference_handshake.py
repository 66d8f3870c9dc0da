"""What a socket knows of its request; see reference_server.md."""

import asyncio

import pytest

import sio_native


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_the_handshake_has_what_the_client_has_sent(js, transport):
    sio = sio_native.AsyncServer()
    came = asyncio.Queue()
    sio.on_connection(came.put)
    async with js.serving(sio) as connect:
        await connect(
            transports=[transport],
            query={"key1": 1, "key2": "&=2 é"},
            extraHeaders={"X-Own": "value"},
        )
        handshake = (await came.get()).handshake
        assert (handshake.query["key1"], handshake.query["key2"]) == ("1", "&=2 é")
        assert (handshake.query["EIO"], handshake.query["transport"]) == ("4", transport)
        assert handshake.headers["x-own"] == "value"
        assert handshake.url.startswith("/socket.io/?")
        assert "key1=1" in handshake.url
        assert handshake.address == "127.0.0.1"
        assert handshake.secure is False
        assert handshake.issued > 1.7e12
        assert handshake.time.startswith("20")


async def test_each_namespace_has_its_own_auth_and_the_query_of_the_connection(js):
    sio = sio_native.AsyncServer()
    came = asyncio.Queue()
    for namespace in ("/", "/connection2"):
        sio.on_connection(came.put, namespace=namespace)
    async with js.serving(sio) as connect:
        main = await connect(query={"q": "1"})
        await came.get()
        await connect.beside(main, "/connection2", auth={"key1": "aa", "key2": "&=bb"})
        handshake = (await came.get()).handshake
        assert handshake.auth == {"key1": "aa", "key2": "&=bb"}
        assert "key1" not in handshake.query
        assert (handshake.query["q"], handshake.query["EIO"]) == ("1", "4")


async def test_auth_may_be_asked_for_at_each_connect(js):
    sio = sio_native.AsyncServer()
    came = asyncio.Queue()
    sio.on_connection(came.put)
    async with js.serving(sio) as connect:
        client = await connect(auth={"attempt": 0})
        for attempt in range(3):
            assert (await came.get()).handshake.auth == {"attempt": attempt}
            await client.run(
                """
                socket.disconnect();
                socket.auth = (tell) => setImmediate(tell, { attempt: given[0] });
                socket.connect();
            """,
                attempt + 1,
            )
            await client.connected()


PREFLIGHT = """
    const answer = await fetch(given[0], {
        method: given[1],
        headers: { Origin: "http://localhost:54023", "Access-Control-Request-Method": "GET" },
    });
    return [answer.status, Object.fromEntries(answer.headers)];
"""


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", (200, 204)), ("GET", (200,))])
async def test_the_headers_for_an_allowed_origin_are_sent(js, method, status):
    sio = sio_native.AsyncServer(cors_allowed_origins="http://localhost:54023")
    async with js.serving(sio) as connect:
        url = f"{connect.url}/socket.io/?transport=polling&EIO=4"
        got, headers = await connect.run(PREFLIGHT, url, method)
        assert got in status
        assert headers["access-control-allow-origin"] == "http://localhost:54023"
        assert headers["access-control-allow-credentials"] == "true"
        if method == "OPTIONS":
            assert {"GET", "POST"} <= set(headers["access-control-allow-methods"].split(", "))


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_function_allows_or_refuses_each_request_for_a_session(js, transport):
    asked = []

    async def allow(request):
        asked.append(request.query["transport"])
        return request.headers.get("x-key") == "secret"

    sio = sio_native.AsyncServer(allow_request=allow)
    came = []
    sio.on_connection(came.append)
    async with js.serving(sio) as connect:
        options = {"transports": [transport]}
        await connect.refused(**options)
        assert (await connect(extraHeaders={"X-Key": "secret"}, **options)).sid
        assert asked == [transport] * 2
        assert len(came) == 1


async def test_a_cookie_of_any_answer_comes_back_with_the_next_requests(js):
    sio = sio_native.AsyncServer()
    asked = []

    @sio.engine.on("headers")
    def headers(headers, request):
        asked.append((request.query["transport"], request.headers.get("cookie")))
        headers["Set-Cookie"] = f"number={len(asked)}; Path=/"

    async with js.serving(sio) as connect:
        client = await connect(transports=["polling", "websocket"], withCredentials=True)
        await client.upgraded()
        assert asked[0] == ("polling", None)
        assert asked[1] == ("polling", "number=1")
        assert all(
            cookie in {f"number={n}" for n in range(1, i + 1)}
            for i, (_, cookie) in enumerate(asked[1:], 1)
        )
        assert [transport for transport, _ in asked].count("websocket") == 1


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_middleware_of_the_engine_is_called_in_its_order_and_may_refuse(js, transport):
    sio = sio_native.AsyncServer()
    seen = []

    @sio.engine.use
    async def first(request, headers):
        await asyncio.sleep(0)
        seen.append("first")

    @sio.engine.use
    def second(request, headers):
        seen.append("second")
        if "x-key" not in request.headers:
            raise ConnectionRefusedError("no key")

    @sio.engine.use
    def third(request, headers):
        seen.append("third")

    async with js.serving(sio) as connect:
        await connect.refused(transports=[transport])
        assert seen == ["first", "second"]
        seen.clear()
        await connect(transports=[transport], extraHeaders={"X-Key": "1"})
        assert seen[:3] == ["first", "second", "third"]


async def test_a_client_whose_later_request_is_refused_leaves_and_comes_back(js):
    sio = sio_native.AsyncServer()
    came, left = asyncio.Queue(), asyncio.Queue()
    banned = set()

    @sio.on_connection
    def connection(socket):
        socket.on("disconnect", left.put_nowait)
        came.put_nowait(socket)

    @sio.engine.use
    def middleware(request, headers):
        if request.query.get("sid") in banned:
            raise ConnectionRefusedError("banned")

    async with js.serving(sio) as connect:
        quick = {"reconnection": True, "reconnectionDelay": 10, "reconnectionDelayMax": 20}
        client = await connect(transports=["polling"], **quick)
        socket = await came.get()
        banned.add(socket.conn.id)
        await client.emit("anything")  # by a POST, which is refused
        assert (await client.next("disconnect"))[0] == "transport error"
        assert (await came.get()).id != socket.id  # with a new session
        assert left.empty()  # its goodbye was refused as well: that is for the heartbeat to find
