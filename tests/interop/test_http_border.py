"""What HTTP adds around Engine.IO: origins, cookies, compression, and requests that are none."""

import gzip
import json
import zlib

import pytest

from .engineio_wire import PollingSession, join, receive_message, undisturbed
from .http_wire import HttpConnection, fetch
from .limits import run
from .test_engineio_protocol import assert_error
from .websocket_wire import HandshakeRefused, WebSocket

HANDSHAKE = "?EIO=4&transport=polling"


# Origins


def test_request_without_an_origin_gets_no_cors_header(pool, flavour):
    server = pool.get(flavour)
    response = run(fetch(server, "GET", server.path + HANDSHAKE))
    assert response.status == 200
    assert "access-control-allow-origin" not in response.headers


def test_same_origin_is_allowed(pool, flavour):
    server = pool.get(flavour)
    headers = {"Origin": server.url}
    response = run(fetch(server, "GET", server.path + HANDSHAKE, headers=headers))
    assert response.status == 200
    assert response.headers["access-control-allow-origin"] == server.url
    assert response.headers["access-control-allow-credentials"] == "true"


def test_origin_behind_a_proxy_is_that_of_the_forwarded_headers(pool, flavour):
    server = pool.get(flavour)
    headers = {
        "Origin": "https://chat.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "chat.example",
    }
    response = run(fetch(server, "GET", server.path + HANDSHAKE, headers=headers))
    assert response.status == 200
    assert response.headers["access-control-allow-origin"] == "https://chat.example"


@pytest.mark.parametrize(
    "origin", ["http://foreign.example", "{url}.foreign.example", "{url}0", "null", "http://"]
)
def test_foreign_origin_is_forbidden(pool, flavour, origin):
    server = pool.get(flavour)
    headers = {"Origin": origin.format(url=server.url)}

    async def conversation():
        async with undisturbed(server):
            response = await fetch(server, "GET", server.path + HANDSHAKE, headers=headers)
            assert_error(response, 4, status=403)
            assert "access-control-allow-origin" not in response.headers

    run(conversation())


def test_foreign_origin_is_forbidden_on_websocket_too(pool, flavour):
    server = pool.get(flavour)
    headers = {"Origin": "http://foreign.example"}

    async def conversation():
        with pytest.raises(HandshakeRefused) as refused:
            await WebSocket.open(server, f"{server.path}?EIO=4&transport=websocket", headers)
        assert refused.value.response.status == 403

    run(conversation())


@pytest.mark.parametrize(
    ("allowed", "origin", "status", "answered"),
    [
        ("*", "http://any.example", 200, "http://any.example"),
        (["*"], "http://any.example", 200, "http://any.example"),
        ("http://one.example", "http://one.example", 200, "http://one.example"),
        ("http://one.example", "http://two.example", 403, None),
        (
            ["http://one.example", "http://two.example"],
            "http://two.example",
            200,
            "http://two.example",
        ),
        ([], "http://any.example", 200, None),
    ],
)
def test_allowed_origins_decide(pool, flavour, allowed, origin, status, answered):
    server = pool.get(flavour, cors_allowed_origins=allowed)
    headers = {"Origin": origin}
    response = run(fetch(server, "GET", server.path + HANDSHAKE, headers=headers))
    assert response.status == status
    assert response.headers.get("access-control-allow-origin") == answered


def test_credentials_are_not_offered_when_switched_off(pool, flavour):
    server = pool.get(flavour, cors_credentials=False)
    headers = {"Origin": server.url}
    response = run(fetch(server, "GET", server.path + HANDSHAKE, headers=headers))
    assert response.headers["access-control-allow-origin"] == server.url
    assert "access-control-allow-credentials" not in response.headers


def test_preflight_is_answered_with_what_is_allowed(pool, flavour):
    server = pool.get(flavour)
    headers = {
        "Origin": server.url,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-token",
    }
    response = run(fetch(server, "OPTIONS", server.path + HANDSHAKE, headers=headers))
    assert response.status in (200, 204)
    assert response.headers["access-control-allow-origin"] == server.url
    methods = response.headers["access-control-allow-methods"].replace(" ", "").split(",")
    assert {"GET", "POST"} <= set(methods)
    assert response.headers["access-control-allow-headers"] == "content-type,x-token"


def test_preflight_from_a_foreign_origin_is_forbidden(pool, flavour):
    server = pool.get(flavour)
    headers = {"Origin": "http://foreign.example", "Access-Control-Request-Method": "POST"}
    response = run(fetch(server, "OPTIONS", server.path + HANDSHAKE, headers=headers))
    assert response.status == 403
    assert "access-control-allow-origin" not in response.headers


# Cookies


@pytest.mark.parametrize(
    ("option", "attributes"),
    [
        ("io", {"path=/", "samesite=lax"}),
        ({"name": "io", "httponly": True, "path": "/x"}, {"httponly", "path=/x"}),
    ],
)
def test_cookie_option_sets_the_sid_on_the_handshake_only(pool, flavour, option, attributes):
    server = pool.get(flavour, cookie=option)

    async def conversation():
        async with await HttpConnection.open(server.host, server.port) as connection:
            response = await connection.request("GET", server.path + HANDSHAKE)
            sid = json.loads(response.text[1:])["sid"]
            value, *rest = response.headers["set-cookie"].split(";")
            assert value == f"io={sid}"
            assert {attribute.strip().lower() for attribute in rest} == attributes
            target = f"{server.path}{HANDSHAKE}&sid={sid}"
            response = await connection.request("POST", target, b"40")
            assert response.status == 200
            assert "set-cookie" not in response.headers

    run(conversation())


def test_no_cookie_is_set_by_default(pool, flavour):
    server = pool.get(flavour)
    response = run(fetch(server, "GET", server.path + HANDSHAKE))
    assert "set-cookie" not in response.headers


# Compression


async def poll_a_large_answer(server, accepted: str, size: int = 4000):
    session = await PollingSession.open(server)
    await join(session)
    await session.send(f'421["echo","{"x" * size}"]')
    async with await HttpConnection.open(server.host, server.port) as connection:
        response = await connection.request(
            "GET", session.target, headers={"Accept-Encoding": accepted}
        )
    await session.close()
    return response


@pytest.mark.parametrize(
    ("accepted", "decompress"),
    [
        ("gzip", gzip.decompress),
        ("deflate", zlib.decompress),
        ("br, gzip;q=0.9", gzip.decompress),
        ("gzip, deflate", gzip.decompress),
    ],
)
def test_large_polling_answer_is_compressed_as_the_client_accepts(
    pool, flavour, accepted, decompress
):
    server = pool.get(flavour)
    response = run(poll_a_large_answer(server, accepted))
    assert response.headers["content-encoding"] in accepted
    assert len(response.body) < 1000
    assert decompress(response.body).decode() == f'431["{"x" * 4000}"]'


@pytest.mark.parametrize("accepted", ["identity", "br", ""])
def test_large_polling_answer_is_plain_for_a_client_that_accepts_nothing_else(
    pool, flavour, accepted
):
    server = pool.get(flavour)
    response = run(poll_a_large_answer(server, accepted))
    assert "content-encoding" not in response.headers
    assert response.text == f'431["{"x" * 4000}"]'


def test_small_polling_answer_is_not_compressed(pool, flavour):
    server = pool.get(flavour)
    response = run(poll_a_large_answer(server, "gzip", size=100))
    assert "content-encoding" not in response.headers


def test_compression_can_be_switched_off(pool, flavour):
    server = pool.get(flavour, http_compression=False)
    response = run(poll_a_large_answer(server, "gzip"))
    assert "content-encoding" not in response.headers


def test_compression_threshold_is_an_option(pool, flavour):
    server = pool.get(flavour, compression_threshold=50)
    response = run(poll_a_large_answer(server, "gzip", size=100))
    assert gzip.decompress(response.body).decode() == f'431["{"x" * 100}"]'


# Paths and connections


def test_path_of_nobody_is_not_found(pool, flavour):
    server = pool.get(flavour)
    assert run(fetch(server, "GET", "/elsewhere")).status == 404


def test_connection_serves_many_requests(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        async with await HttpConnection.open(server.host, server.port) as connection:
            for _ in range(5):
                response = await connection.request("GET", server.path + HANDSHAKE)
                assert response.status == 200

    run(conversation())


# Not HTTP: our own listener alone, since other servers answer for theirs

BAD_REQUESTS = {
    "not HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no version": b"GET /socket.io/\r\n\r\n",
    "unknown version": b"GET /socket.io/ HTTP/9.9\r\nHost: a\r\n\r\n",
    "space in a header name": b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n",
    "two lengths": b"POST /socket.io/ HTTP/1.1\r\nHost: a\r\n"
    b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "length and chunks": b"POST /socket.io/ HTTP/1.1\r\nHost: a\r\n"
    b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST /socket.io/ HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "chunk size is no number": b"POST /socket.io/ HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
    "head of 100 kB": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "3,000 headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
}


@pytest.mark.parametrize("request_bytes", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_what_is_no_request_is_refused_and_the_connection_ends(pool, own_port, request_bytes):
    server = pool.get(own_port)

    async def conversation():
        async with (
            undisturbed(server),
            await HttpConnection.open(server.host, server.port) as connection,
        ):
            connection.writer.write(request_bytes)
            try:
                answer = await connection.reader.read()
            except ConnectionError:
                return  # closed with our bytes unread: no answer could arrive
            if answer:
                assert answer.split()[1] in (b"400", b"413", b"431", b"501", b"505")

    run(conversation())


def test_request_in_pieces_is_served(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        async with await HttpConnection.open(server.host, server.port) as connection:
            request = f"GET {server.path}{HANDSHAKE} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
            for byte in request:
                connection.writer.write(bytes([byte]))
                await connection.writer.drain()
            assert (await connection.read_response()).status == 200

    run(conversation())


def test_post_in_chunks_is_served(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with await HttpConnection.open(server.host, server.port) as connection:
            connection.send_request(
                "POST", session.target, headers={"Transfer-Encoding": "chunked"}
            )
            for piece in (b'421["ec', b'ho","chunk', b's"]'):
                connection.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.writer.write(b"0\r\n\r\n")
            assert (await connection.read_response()).status == 200
        assert await receive_message(session) == '431["chunks"]'
        await session.close()

    run(conversation())
