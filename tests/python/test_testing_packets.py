"""The packets of test clients, by the class that their application uses."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

import sio_native
from sio_native.packet import ACK, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT
from sio_native.packet import Packet as Codec
from sio_native.testing import TestClient
from sio_native.testing.packets import Packet, Reader, codec, encode

PACKETS = [
    Packet(CONNECT, "/"),
    Packet(CONNECT, "/chat", {"token": 1}),
    Packet(DISCONNECT, "/chat"),
    Packet(CONNECT_ERROR, "/", "no"),
    Packet(EVENT, "/", ["a", 1, {"b": [None]}]),
    Packet(EVENT, "/chat", ["a"], 12),
    Packet(EVENT, "/", ["a", b"\x00", {"b": [b"", b"1"]}]),
    Packet(ACK, "/", [], 0),
    Packet(ACK, "/chat", [b"1"], 3),
]


@pytest.mark.parametrize("serializer", ["default", "msgpack"])
@pytest.mark.parametrize("packet", PACKETS, ids=str)
def test_a_packet_is_read_as_it_was_written(packet: Packet, serializer: str) -> None:
    if serializer == "msgpack":
        pytest.importorskip("msgpack")
    by = codec(serializer)
    messages, reader = encode(packet, by), Reader(by)
    read = [reader.read(each) for each in messages + messages]
    parts: list[Any] = [None] * (len(messages) - 1) + [packet]
    assert read == parts + parts


def test_what_is_no_packet_is_not_read() -> None:
    for message in ("x", "2{"):
        with pytest.raises(ValueError):
            Reader(Codec).read(message)
    reader = Reader(Codec)
    assert reader.read('51-["a",{"_placeholder":true,"num":0}]') is None
    with pytest.raises(ValueError, match="an attachment was to come"):
        reader.read('2["b"]')


def test_a_serializer_is_one_of_two_or_a_class() -> None:
    with pytest.raises(ValueError, match='serializer is "default", "msgpack" or a class'):
        TestClient(sio_native.AsyncServer(), serializer="pickle")


async def test_a_client_may_have_a_class_of_its_own() -> None:
    sio = sio_native.AsyncServer()
    sio.on("echo", lambda sid, *args: args)
    written: list[Any] = []

    def dumps(value: Any, **options: Any) -> str:
        written.append(value)
        return json.dumps(value, **options)

    class Own(Codec):
        json = SimpleNamespace(dumps=dumps, loads=json.loads)

    async with TestClient(sio, serializer=Own) as c:
        assert await c.call("echo", ("ü", b"1")) == ("ü", b"1")
    assert written[0][:2] == ["echo", "ü"]
