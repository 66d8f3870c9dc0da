"""RFC 6455 on our own port: what a client may send, and the close code of what it may not."""

import json
import struct

import pytest

from .engineio_wire import WebSocketSession, is_known, join, undisturbed
from .limits import run
from .websocket_wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    ConnectionClosed,
    HandshakeRefused,
    WebSocket,
    encode_frame,
)

PROTOCOL_ERROR, INVALID_TEXT, TOO_BIG = 1002, 1007, 1009

VIOLATIONS = (
    {
        "unmasked": (encode_frame(TEXT, b"3", masked=False), PROTOCOL_ERROR),
        "unmasked ping": (encode_frame(PING, b"x", masked=False), PROTOCOL_ERROR),
        "RSV1": (encode_frame(TEXT, b"3", rsv=4), PROTOCOL_ERROR),
        "RSV2": (encode_frame(TEXT, b"3", rsv=2), PROTOCOL_ERROR),
        "RSV3": (encode_frame(TEXT, b"3", rsv=1), PROTOCOL_ERROR),
        "RSV1 on a ping": (encode_frame(PING, rsv=4), PROTOCOL_ERROR),
        "opcode 3": (encode_frame(0x3, b"x"), PROTOCOL_ERROR),
        "opcode 7": (encode_frame(0x7, b"x"), PROTOCOL_ERROR),
        "opcode 11": (encode_frame(0xB), PROTOCOL_ERROR),
        "opcode 15": (encode_frame(0xF), PROTOCOL_ERROR),
        "ping in fragments": (encode_frame(PING, b"x", fin=False), PROTOCOL_ERROR),
        "close in fragments": (encode_frame(CLOSE, b"", fin=False), PROTOCOL_ERROR),
        "ping of 126 bytes": (encode_frame(PING, b"x" * 126), PROTOCOL_ERROR),
        "close of 126 bytes": (encode_frame(CLOSE, b"\x03\xe8" + b"x" * 124), PROTOCOL_ERROR),
        "continuation of nothing": (encode_frame(CONTINUATION, b"x"), PROTOCOL_ERROR),
        "text inside a message": (
            encode_frame(TEXT, b"4", fin=False) + encode_frame(TEXT, b"x"),
            PROTOCOL_ERROR,
        ),
        "binary inside a text": (
            encode_frame(TEXT, b"4", fin=False) + encode_frame(BINARY, b"x"),
            PROTOCOL_ERROR,
        ),
        "close with one byte": (encode_frame(CLOSE, b"\x03"), PROTOCOL_ERROR),
        "length with the top bit": (
            b"\x81\xff" + struct.pack("!Q", 1 << 63) + b"maskx",
            (PROTOCOL_ERROR, TOO_BIG),  # both are true
        ),
        "text that is not UTF-8": (encode_frame(TEXT, b"4\xff\xfe"), INVALID_TEXT),
        "overlong UTF-8": (encode_frame(TEXT, b"4\xc0\xaf"), INVALID_TEXT),
        "UTF-8 of a surrogate": (encode_frame(TEXT, b"4\xed\xa0\x80"), INVALID_TEXT),
        "UTF-8 above the last": (encode_frame(TEXT, b"4\xf4\x90\x80\x80"), INVALID_TEXT),
        "UTF-8 cut off": (encode_frame(TEXT, "4é".encode()[:-1]), INVALID_TEXT),
        "UTF-8 cut off in fragments": (
            encode_frame(TEXT, "4é".encode()[:-1], fin=False) + encode_frame(CONTINUATION, b"x"),
            INVALID_TEXT,
        ),
        "close reason that is not UTF-8": (
            encode_frame(CLOSE, b"\x03\xe8\xff"),
            INVALID_TEXT,
        ),
        "a terabyte announced": (encode_frame(TEXT, b"x", declared_length=1 << 40), TOO_BIG),
        "too big in fragments": (
            encode_frame(TEXT, b"4" * 4000, fin=False) + encode_frame(CONTINUATION, b"4" * 4000),
            TOO_BIG,
        ),
    }
    | {
        f"close code {code}": (encode_frame(CLOSE, struct.pack("!H", code)), PROTOCOL_ERROR)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535)
    }
)


@pytest.mark.parametrize(("sent", "code"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_violation_is_answered_with_its_close_code(pool, own_port, sent, code):
    server = pool.get(own_port, max_http_buffer_size=5000)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        async with undisturbed(server):
            session.websocket.send_bytes(sent)
            codes = code if isinstance(code, tuple) else (code,)
            assert await session.websocket.close_code() in codes
        assert not await is_known(session)

    run(conversation())


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 3000, 4999])
def test_close_frame_is_answered_with_its_own_code(pool, own_port, code):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        session.websocket.send_frame(CLOSE, struct.pack("!H", code) + b"bye")
        assert await session.websocket.close_code() == code
        with pytest.raises(ConnectionClosed):  # and the server ends the connection
            await session.websocket.receive_frame()

    run(conversation())


def test_empty_close_frame_is_answered(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        session.websocket.send_frame(CLOSE)
        assert await session.websocket.close_code() in (1000, 1005)

    run(conversation())


@pytest.mark.parametrize("payload", [b"", b"hello", b"\x00" * 125])
def test_ping_is_answered_with_its_payload(pool, own_port, payload):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        session.websocket.send_frame(PING, payload)
        frame = await session.websocket.receive_frame()
        assert (frame.opcode, frame.payload) == (PONG, payload)
        await session.close()

    run(conversation())


def test_pong_out_of_the_blue_is_ignored(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        session.websocket.send_frame(PONG, b"unasked")
        session.websocket.send('421["echo",1]')
        assert await session.websocket.receive() == "431[1]"
        await session.close()

    run(conversation())


def test_message_in_many_fragments_with_pings_between_arrives_whole(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        message = '421["echo","' + "é😀" * 50 + '"]'
        data = message.encode()  # cut anywhere, inside characters too
        websocket = session.websocket
        websocket.send_frame(TEXT, data[:1], fin=False)
        for position in range(1, len(data) - 1):
            websocket.send_frame(CONTINUATION, data[position : position + 1], fin=False)
            if position % 100 == 0:
                websocket.send_frame(PING, b"between")
        websocket.send_frame(CONTINUATION, data[-1:])
        assert json.loads((await websocket.receive())[3:]) == ["é😀" * 50]
        await session.close()

    run(conversation())


def test_empty_fragments_are_allowed(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        websocket = session.websocket
        websocket.send_frame(TEXT, b"", fin=False)
        websocket.send_frame(CONTINUATION, b'421["echo",1]', fin=False)
        websocket.send_frame(CONTINUATION, b"")
        assert await websocket.receive() == "431[1]"
        await session.close()

    run(conversation())


def test_frame_that_arrives_byte_by_byte_is_understood(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        for byte in encode_frame(TEXT, b'421["echo","' + b"x" * 200 + b'"]'):
            session.websocket.send_bytes(bytes([byte]))
            await session.websocket.connection.writer.drain()
        assert await session.websocket.receive() == '431["' + "x" * 200 + '"]'
        await session.close()

    run(conversation())


@pytest.mark.parametrize("size", [124, 125, 126, 127, 65535, 65536, 300_000])
def test_every_form_of_length_is_read_and_written(pool, own_port, size):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        await join(session)
        text = "x" * (size - len('421["echo",""]'))
        session.websocket.send(f'421["echo","{text}"]')
        assert await session.websocket.receive() == f'431["{text}"]'
        await session.close()

    run(conversation())


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Sec-WebSocket-Version": "12"}, 426),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Sec-WebSocket-Key": "dG9vIHNob3J0"}, 400),
        ({"Upgrade": "h2c"}, 400),
        ({"Connection": "keep-alive"}, 400),
    ],
)
def test_bad_websocket_request_is_refused(pool, own_port, changed, status):
    server = pool.get(own_port)

    async def conversation():
        async with undisturbed(server):
            with pytest.raises(HandshakeRefused) as refused:
                await WebSocket.open(server, f"{server.path}?EIO=4&transport=websocket", changed)
            assert refused.value.response.status in (400, status)

    run(conversation())


def test_no_extension_is_agreed_on_that_was_not_asked_for(pool, own_port):
    server = pool.get(own_port)

    async def conversation():
        session = await WebSocketSession.open(server)
        assert "sec-websocket-extensions" not in session.websocket.response_headers
        await session.close()

    run(conversation())
