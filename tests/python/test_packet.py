"""Packet and MsgPackPacket: python-socketio's and ours, by the same table."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
import socketio.packet

import sio_native.packet

PACKAGES = {"sio_native": sio_native.packet, "python-socketio": socketio.packet}

needs_msgpack = pytest.mark.skipif(
    importlib.util.find_spec("msgpack") is None, reason="msgpack is not installed"
)


@pytest.fixture(params=PACKAGES.values(), ids=PACKAGES.keys())
def packet(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


FIELDS = ("packet_type", "data", "namespace", "id", "attachment_count", "attachments")


def fields(packet: Any) -> dict[str, Any]:
    return {name: getattr(packet, name) for name in FIELDS}


def test_the_names_and_numbers_of_the_types(packet: ModuleType) -> None:
    for number, name in enumerate(packet.packet_names):
        assert getattr(packet, name) == number
    assert packet.packet_names[6] == "BINARY_ACK"


@pytest.mark.parametrize(
    ("arguments", "encoded"),
    [
        ({}, "2"),
        ({"packet_type": 0}, "0"),
        ({"packet_type": 0, "namespace": "/"}, "0"),
        ({"packet_type": 0, "namespace": "/chat", "data": {"sid": "x"}}, '0/chat,{"sid":"x"}'),
        ({"packet_type": 1, "namespace": "/chat"}, "1/chat,"),
        ({"packet_type": 4, "data": "no"}, '4"no"'),
        ({"data": ["a", 1, 2.5, None, True, "ü"]}, '2["a",1,2.5,null,true,"\\u00fc"]'),
        ({"data": ["a"], "id": 0}, '20["a"]'),
        ({"data": ["a"], "id": 123, "namespace": "/b"}, '2/b,123["a"]'),
        ({"packet_type": 3, "data": [], "id": 7}, "37[]"),
        ({"data": ["a", b"\x01"]}, ['51-["a",{"_placeholder":true,"num":0}]', b"\x01"]),
        (
            {
                "packet_type": 3,
                "id": 4,
                "namespace": "/n",
                "data": [{"k": [b"1", bytearray(b"2")]}],
            },
            [
                '62-/n,4[{"k":[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]}]',
                b"1",
                b"2",
            ],
        ),
        ({"data": ["a"], "binary": True}, ['50-["a"]']),
        ({"data": ["a", (b"1",)], "binary": False, "packet_type": 2}, TypeError),
        ({"data": ["a", b"1"], "binary": False}, TypeError),
        ({"packet_type": 0, "data": b"1"}, ValueError),
        ({"packet_type": 4, "data": {"a": [b"1"]}}, ValueError),
        ({"packet_type": 5, "data": ["a"], "binary": True}, ValueError),
        ({"data": object()}, TypeError),
    ],
)
def test_encoding(packet: ModuleType, arguments: dict[str, Any], encoded: Any) -> None:
    if isinstance(encoded, type):
        with pytest.raises(encoded):
            packet.Packet(**arguments).encode()
    else:
        assert packet.Packet(**arguments).encode() == encoded


def test_bytes_where_none_may_be_are_named(packet: ModuleType) -> None:
    with pytest.raises(ValueError, match="Packet does not support binary payload"):
        packet.Packet(packet.CONNECT, b"1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", {"packet_type": 0}),
        ("0{}", {"packet_type": 0, "data": {}}),
        ("0/chat", {"packet_type": 0, "namespace": "/chat"}),
        ("0/chat,", {"packet_type": 0, "namespace": "/chat"}),
        ("0/chat?token=1&a=/b", {"packet_type": 0, "namespace": "/chat"}),
        ('0/chat?token=1,{"a":1}', {"packet_type": 0, "namespace": "/chat", "data": {"a": 1}}),
        ("0/a\nb,[]", {"packet_type": 0, "namespace": "/a\nb", "data": []}),
        ('2["a"]', {"data": ["a"]}),
        ('212["a"]', {"data": ["a"], "id": 12}),
        ('20["a"]', {"data": ["a"], "id": 0}),
        ('2/n,9["a","b-c"]', {"namespace": "/n", "id": 9, "data": ["a", "b-c"]}),
        ("2-1", {"data": -1}),
        ("3", {"packet_type": 3}),
        ("9", {"packet_type": 9}),
        (5, {"packet_type": 5}),
        ('51-["a",1]', {"packet_type": 5, "data": ["a", 1], "attachment_count": 1}),
        (
            '62-/n,8["a"]',
            {"packet_type": 6, "namespace": "/n", "id": 8, "data": ["a"], "attachment_count": 2},
        ),
        ("21-[]", {"data": [], "attachment_count": 1}),
        ("2" + "1" * 10 + "-[]", {"data": [], "attachment_count": 1111111111}),
        ("2" + "1" * 11 + "-[]", ValueError),
        ("2" + "1" * 100 + "[]", {"data": [], "id": int("1" * 100)}),
        ("2" + "1" * 101 + "[]", ValueError),
        ("2[" + "1" * 100 + "]", {"data": [int("1" * 100)]}),
        ("2[" + "1" * 101 + "]", ValueError),
        ("2٣[]", {"id": 3, "data": []}),  # int() reads any decimal digits
        ("2²[]", ValueError),
        ("x", ValueError),
        ('2["a"', ValueError),
        ("2-", ValueError),
        ("2a", ValueError),
        (b'2["a"]', TypeError),
    ],
)
def test_decoding(packet: ModuleType, text: Any, expected: Any) -> None:
    if isinstance(expected, type):
        with pytest.raises(expected):
            packet.Packet(encoded_packet=text)
        return
    nothing = {
        "packet_type": 2,
        "data": None,
        "namespace": None,
        "id": None,
        "attachment_count": 0,
        "attachments": [],
    }
    assert fields(packet.Packet(encoded_packet=text)) == {**nothing, **expected}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2" + "1" * 11 + "-[]", "too many attachments"),
        ("2" + "1" * 101 + "[]", "id field is too long"),
        ("2" + "1" * 101, "id field is too long"),
        ("2[" + "1" * 101 + "]", "Integer is too large"),
    ],
)
def test_what_is_too_long_is_named(packet: ModuleType, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        packet.Packet(encoded_packet=text)


def test_attachments_complete_a_packet(packet: ModuleType) -> None:
    text, *attachments = packet.Packet(data=["a", b"1", {"k": [b"2"]}]).encode()
    read = packet.Packet(encoded_packet=text)
    assert read.attachment_count == 2
    assert not read.add_attachment(attachments[0])
    assert read.data[1] == {"_placeholder": True, "num": 0}
    assert read.add_attachment(attachments[1])
    assert read.data == ["a", b"1", {"k": [b"2"]}]
    with pytest.raises(ValueError, match="Unexpected binary attachment"):
        read.add_attachment(b"3")


def test_placeholders_take_any_attachment_there_is(packet: ModuleType) -> None:
    reconstruct = packet.Packet.reconstruct_binary
    data = {"twice": [{"_placeholder": True, "num": 1}] * 2, "last": {"_placeholder": 1, "num": -1}}
    assert reconstruct(data, [b"0", b"1"]) == {"twice": [b"1", b"1"], "last": b"1"}
    for not_one in ({"_placeholder": False, "num": 0}, {"_placeholder": True}, {"num": 0}):
        assert reconstruct([not_one], [b"0"]) == [not_one]
    with pytest.raises(IndexError):
        reconstruct({"_placeholder": True, "num": 2}, [b"0"])
    with pytest.raises(TypeError):
        reconstruct({"_placeholder": True, "num": "0"}, [b"0"])


def test_data_is_looked_into_and_never_changed(packet: ModuleType) -> None:
    data = ["a", {"k": [b"1"]}]
    assert packet.Packet.data_is_binary(data)
    assert packet.Packet.deconstruct_binary(data) == (
        ["a", {"k": [{"_placeholder": True, "num": 0}]}],
        [b"1"],
    )
    assert data == ["a", {"k": [b"1"]}]
    for without in (None, 1, "a", [], {}, [[{}], {"a": []}], (b"1",), {b"1": 1}, memoryview(b"1")):
        assert packet.Packet.data_is_binary(without) is False


def test_a_subclass_may_do_without_attachments(packet: ModuleType) -> None:
    class NumbersForBytes(packet.Packet):
        uses_binary_events = False

        @classmethod
        def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
            return super().reconstruct_binary(data, [list(each) for each in attachments])

    assert NumbersForBytes(data=["a"], binary=True).encode() == '2["a"]'
    with pytest.raises(TypeError):
        NumbersForBytes(data=["a", b"1"]).encode()
    read = NumbersForBytes(encoded_packet='51-["a",{"_placeholder":true,"num":0}]')
    assert read.add_attachment(b"\x01\xff")
    assert read.data == ["a", [1, 255]]


def test_a_subclass_may_override_the_inner_steps(packet: ModuleType) -> None:
    class Views(packet.Packet):
        @classmethod
        def _deconstruct_binary_internal(cls, data: Any, attachments: list[bytes]) -> Any:
            data = bytes(data) if isinstance(data, memoryview) else data
            return super()._deconstruct_binary_internal(data, attachments)

        @classmethod
        def data_is_binary(cls, data: Any) -> bool:
            return isinstance(data, memoryview) or super().data_is_binary(data)

    encoded = Views(data=["a", [memoryview(b"1")]]).encode()
    assert encoded == ['51-["a",[{"_placeholder":true,"num":0}]]', b"1"]


def test_json_is_the_class_s_own(packet: ModuleType) -> None:
    class Shouting:
        @staticmethod
        def dumps(value: Any, separators: tuple[str, str]) -> str:
            assert separators == (",", ":")
            return repr(value).upper()

        @staticmethod
        def loads(text: str) -> Any:
            return text.lower()

    class Custom(packet.Packet):
        json = Shouting

    assert Custom(data=["a"]).encode() == "2['A']"
    assert Custom(encoded_packet="27[X]").data == "[x]"
    assert packet.Packet(data=["a"]).encode() == '2["a"]'


# --- msgpack ---


@pytest.fixture(params=["sio_native", "socketio"])
def msgpack_packet(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(f"{request.param}.msgpack_packet").MsgPackPacket


@needs_msgpack
@pytest.mark.parametrize(
    "arguments",
    [
        {"packet_type": 0, "namespace": "/"},
        {"data": ["a", b"1", {"k": [None, 1.5, "ü"]}], "namespace": "/n", "id": 5},
        {"packet_type": 3, "data": [], "namespace": "/", "id": 0},
    ],
)
def test_msgpack_packets_of_both_are_the_same(arguments: dict[str, Any]) -> None:
    import socketio.msgpack_packet as theirs

    import sio_native.msgpack_packet as ours

    encoded = ours.MsgPackPacket(**arguments).encode()
    assert encoded == theirs.MsgPackPacket(**arguments).encode()
    assert fields(ours.MsgPackPacket(encoded_packet=encoded)) == fields(
        theirs.MsgPackPacket(encoded_packet=encoded)
    )


@needs_msgpack
def test_msgpack_packets_need_a_namespace(msgpack_packet: Any) -> None:
    import msgpack

    with pytest.raises(KeyError):
        msgpack_packet(encoded_packet=msgpack.dumps({"type": 2}))


@needs_msgpack
def test_msgpack_packets_take_objects_that_the_application_knows(msgpack_packet: Any) -> None:
    import msgpack

    def write(value: Any) -> Any:
        return msgpack.ExtType(7, str(value).encode())

    def read(code: int, data: bytes) -> Any:
        return complex(data.decode()) if code == 7 else msgpack.ExtType(code, data)

    custom = msgpack_packet.configure(dumps_default=write, ext_hook=read)
    assert issubclass(custom, msgpack_packet) and custom is not msgpack_packet
    encoded = custom(data=["a", 1j], namespace="/").encode()
    assert custom(encoded_packet=encoded).data == ["a", 1j]
    assert msgpack_packet(encoded_packet=encoded).data == ["a", msgpack.ExtType(7, b"1j")]
    with pytest.raises(TypeError):
        msgpack_packet(data=["a", 1j], namespace="/").encode()


def test_without_the_msgpack_package_its_extra_is_named() -> None:
    script = """
import sys
sys.modules["msgpack"] = None
from sio_native.msgpack_packet import MsgPackPacket
custom = MsgPackPacket.configure()
for use in (MsgPackPacket().encode, lambda: custom(encoded_packet=b"1")):
    try:
        use()
    except ImportError as error:
        assert "pip install sio-native[msgpack]" in str(error), error
    else:
        raise AssertionError("no error")
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
