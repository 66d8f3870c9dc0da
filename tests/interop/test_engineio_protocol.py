"""Engine.IO v4 over each transport: handshake, messages, heartbeat, close, what is refused.

The cases are those of the protocol's own test suite and of the reference server's errors.
"""

import asyncio
import json
import re

import pytest

from .engineio_wire import (
    PollingSession,
    SessionGone,
    WebSocketSession,
    encode_payload,
    is_known,
    join,
    open_session,
    receive_message,
    undisturbed,
)
from .http_wire import HttpConnection, Response, fetch
from .limits import eventually, run
from .websocket_wire import ConnectionClosed, HandshakeRefused, WebSocket

ERRORS = {
    0: "Transport unknown",
    1: "Session ID unknown",
    2: "Bad handshake method",
    3: "Bad request",
    4: "Forbidden",
    5: "Unsupported protocol version",
}


def assert_error(response: Response, code: int, status: int = 400) -> None:
    assert response.status == status, response
    assert response.json() == {"code": code, "message": ERRORS[code]}
    assert response.headers["content-type"].startswith("application/json")


# Handshake


def test_open_packet_has_the_fields_of_the_protocol_in_exact_milliseconds(pool, flavour, transport):
    server = pool.get(flavour, ping_interval=1.25, ping_timeout=0.75, max_http_buffer_size=5000)

    async def conversation():
        session = await open_session(server, transport)
        opened = dict(session.open_packet)
        assert re.fullmatch(r"[A-Za-z0-9_-]{20}", opened.pop("sid"))
        assert opened == {
            "upgrades": ["websocket"] if transport == "polling" else [],
            "pingInterval": 1250,
            "pingTimeout": 750,
            "maxPayload": 5000,
        }
        await session.close()

    run(conversation())


def test_polling_handshake_is_plain_text_that_no_cache_keeps(pool, flavour):
    server = pool.get(flavour)
    response = run(fetch(server, "GET", f"{server.path}?EIO=4&transport=polling"))
    assert response.status == 200
    assert response.headers["content-type"].lower().replace(" ", "") == "text/plain;charset=utf-8"
    assert "no-store" in response.headers.get("cache-control", "")


def test_sids_of_many_sessions_differ(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        sessions = [await open_session(server, "polling") for _ in range(20)]
        assert len({session.sid for session in sessions}) == 20
        for session in sessions:
            await session.close()

    run(conversation())


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("GET", "EIO=4", 0),
        ("GET", "EIO=4&transport=", 0),
        ("GET", "EIO=4&transport=abc", 0),
        ("GET", "EIO=4&transport=__proto__", 0),
        ("GET", "EIO=4&transport=polling&sid=unknown", 1),
        ("POST", "EIO=4&transport=polling&sid=unknown", 1),
        ("GET", "EIO=4&transport=polling&sid=%00%ff", 1),
        ("POST", "EIO=4&transport=polling", 2),
        ("PUT", "EIO=4&transport=polling", 2),
        ("DELETE", "EIO=4&transport=polling", 2),
        ("GET", "EIO=4&transport=websocket", 3),
        ("GET", "transport=polling", 5),
        ("GET", "EIO=3&transport=polling", 5),
        ("GET", "EIO=abc&transport=polling", 5),
    ],
)
def test_bad_handshake_request_is_answered_with_the_reference_servers_error(
    pool, flavour, method, query, code
):
    server = pool.get(flavour)

    async def conversation():
        async with undisturbed(server):
            body = b"" if method in ("POST", "PUT") else None
            assert_error(await fetch(server, method, f"{server.path}?{query}", body), code)

    run(conversation())


@pytest.mark.parametrize(
    "query",
    [
        "EIO=4",
        "EIO=4&transport=abc",
        "transport=websocket",
        "EIO=3&transport=websocket",
        "EIO=4&transport=websocket&sid=unknown",
    ],
)
def test_bad_websocket_handshake_is_refused_before_the_101(pool, flavour, query):
    server = pool.get(flavour)

    async def conversation():
        async with undisturbed(server):
            with pytest.raises(HandshakeRefused) as refused:
                await WebSocket.open(server, f"{server.path}?{query}")
            # Without the ASGI extension for it, a refusal before accept can only be a 403.
            assert refused.value.response.status in ((400,) if flavour == "listen" else (400, 403))

    run(conversation())


def test_wrong_transport_for_a_session_is_a_bad_request(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "polling")
        target = session.target.replace("transport=polling", "transport=websocket")
        assert_error(await fetch(server, "GET", target), 3)
        await join(session)  # it is served as before
        await session.close()

    run(conversation())


@pytest.mark.parametrize(
    ("transports", "refused"), [(["websocket"], "polling"), (["polling"], "websocket")]
)
def test_transport_that_is_switched_off_is_unknown(pool, flavour, transports, refused):
    server = pool.get(flavour, transports=transports)

    async def conversation():
        session = await open_session(server, transports[0])
        assert session.open_packet["upgrades"] == []
        target = f"{server.path}?EIO=4&transport={refused}"
        assert_error(await fetch(server, "GET", target), 0)
        await session.close()

    run(conversation())


# Messages


def test_payload_of_several_packets_is_handled_in_order(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        await session.send(*(f'42["numbered",{number}]' for number in range(5)))
        got = [await receive_message(session) for _ in range(5)]
        assert got == [f'42["numbered_back",{number}]' for number in range(5)]
        await session.close()

    run(conversation())


def test_no_packet_of_a_long_payload_is_lost(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        await session.send(*(f'42["numbered",{number}]' for number in range(900)))
        got = [await receive_message(session) for _ in range(900)]
        assert got == [f'42["numbered_back",{number}]' for number in range(900)]
        await session.close()

    run(conversation())


def test_payload_of_too_many_packets_is_refused_and_ends_the_session(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            response = await session.post(encode_payload(("3",) * 1001))
            assert response.status == 400
        assert not await is_known(session)

    run(conversation())


def test_binary_packets_travel_as_base64_in_a_payload(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        head = '451-["repeat",{"_placeholder":true,"num":0}]'
        response = await session.post(f"{head}\x1ebAQIDBA==".encode())
        assert (response.status, response.body.lower()) == (200, b"ok")
        assert await receive_message(session) == head.replace("repeat", "repeated")
        assert await receive_message(session) == b"\x01\x02\x03\x04"
        await session.close()

    run(conversation())


def test_binary_packets_are_binary_frames_on_websocket(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        head = '451-["repeat",{"_placeholder":true,"num":0}]'
        await session.send(head, b"\x01\x02\x03\x04")
        assert await receive_message(session) == head.replace("repeat", "repeated")
        assert await receive_message(session) == b"\x01\x02\x03\x04"
        await session.close()

    run(conversation())


@pytest.mark.parametrize(
    "body",
    [b"abc", b"", b"\x1e", b"\x1e\x1e\x1e", b"7", b"3\x1e", b"b!!!!", b"4\xff\xfe", b"2"],
    ids=repr,
)
def test_bad_polling_payload_is_refused_and_ends_the_session(pool, flavour, body):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            response = await session.post(body)
            assert response.status == 400
        assert not await is_known(session)
        assert_error(await session.poll(), 1)

    run(conversation())


@pytest.mark.parametrize("message", ["abc", "", "7", "2", b"\x01"], ids=repr)
def test_bad_websocket_message_ends_the_session(pool, flavour, message):
    server = pool.get(flavour)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        async with undisturbed(server):
            await session.send(message)
            with pytest.raises(SessionGone):
                await receive_message(session)
        assert not await is_known(session)

    run(conversation())


def test_second_parked_get_closes_the_session(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            first = asyncio.create_task(session.poll())
            second = await poll_when_parked(session)
            assert second.status == 400
            await first  # whatever its answer, it does not hang
        assert not await is_known(session)

    run(conversation())


async def poll_when_parked(session: PollingSession) -> Response:
    """A second GET; a pong first, since its answer proves that the GET before it was read."""
    await asyncio.sleep(0.05)
    await session.send("3")
    return await fetch(session.server, "GET", session.target)


def test_second_post_during_a_post_closes_the_session(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with (
            undisturbed(server),
            await HttpConnection.open(server.host, server.port) as slow,
        ):
            slow.send_request("POST", session.target, b"3", {"Content-Length": "1000"})
            await slow.writer.drain()
            await asyncio.sleep(0.1)  # nothing tells the client that its POST has begun
            assert (await session.post(b"3")).status == 400
        assert not await is_known(session)

    run(conversation())


def test_get_whose_client_has_gone_does_not_swallow_packets_for_ever(pool, flavour):
    """As the reference server: the session of a poll that breaks off is closed."""
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            async with await HttpConnection.open(server.host, server.port) as leaving:
                leaving.send_request("GET", session.target)
                await leaving.writer.drain()
                await session.send("3")
                leaving.abort()

            async def gone() -> bool:
                return not await is_known(session)

            await eventually(gone, "the session of the broken poll is closed")

    run(conversation())


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_on_a_session_are_refused_with_400(pool, flavour, method):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        async with undisturbed(server):
            body = None if method == "DELETE" else b""
            response = await fetch(server, method, session.target, body)
            assert response.status == 400
        await session.close()

    run(conversation())


# Heartbeat and close


def test_server_pings_again_after_each_pong(pool, flavour, transport):
    server = pool.get(flavour, ping_interval=0.3, ping_timeout=0.2)

    async def conversation():
        session = await open_session(server, transport)
        for _ in range(3):
            assert await session.receive() == "2"
            await session.send("3")
        assert await is_known(session)
        await session.close()

    run(conversation())


def test_close_packet_by_polling_answers_the_parked_get_with_a_noop(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await PollingSession.open(server)
        parked = asyncio.create_task(session.poll())
        await asyncio.sleep(0.05)  # the GET is on its way before the POST
        assert (await session.post(b"1")).status == 200
        answer = await parked
        assert (answer.status, answer.body) == (200, b"6")
        assert_error(await session.poll(), 1)

    run(conversation())


def test_close_packet_by_websocket_closes_the_connection(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await WebSocketSession.open(server)
        await session.send("1")
        with pytest.raises(ConnectionClosed):
            await session.websocket.receive()
        assert not await is_known(session)

    run(conversation())


def test_end_of_the_connection_ends_a_websocket_session(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        session.abort()

        async def gone() -> bool:
            return not await is_known(session)

        await eventually(gone, "the session of the broken connection is closed")

    run(conversation())


# Size


def test_post_above_the_limit_is_answered_413(pool, flavour):
    server = pool.get(flavour, max_http_buffer_size=5000)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            message = "42" + json.dumps(["echo", "x" * 5000])
            response = await session.post(message.encode())
            assert response.status == 413

    run(conversation())


def test_chunked_post_above_the_limit_is_answered_413(pool, flavour):
    server = pool.get(flavour, max_http_buffer_size=5000)

    async def conversation():
        session = await PollingSession.open(server)
        await join(session)
        async with undisturbed(server):
            chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"
            async with await HttpConnection.open(server.host, server.port) as connection:
                connection.send_request(
                    "POST", session.target, headers={"Transfer-Encoding": "chunked"}
                )
                connection.writer.write(chunk * 10 + b"0\r\n\r\n")
                assert (await connection.read_response()).status == 413

    run(conversation())


def test_message_of_exactly_the_limit_passes(pool, flavour, transport):
    server = pool.get(flavour, max_http_buffer_size=5000)

    async def conversation():
        session = await open_session(server, transport)
        await join(session)
        frame = '420["echo",""]'
        await session.send(f'420["echo","{"x" * (5000 - len(frame))}"]')
        answer = await receive_message(session)
        assert answer.startswith('430["xxx')
        await session.close()

    run(conversation())


def test_websocket_message_above_the_limit_closes_with_1009(pool, flavour):
    server = pool.get(flavour, max_http_buffer_size=5000)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        async with undisturbed(server):
            session.websocket.send("42" + json.dumps(["echo", "x" * 5000]))
            assert await session.websocket.close_code() == 1009
        assert not await is_known(session)

    run(conversation())
