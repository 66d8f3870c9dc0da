"""Packets, payloads and static files, beside python-engineio's own: tables, and at random."""

from __future__ import annotations

import json
import random
from typing import Any

import engineio
import engineio.json
import engineio.packet
import engineio.payload
import engineio.static_files
import pytest

from sio_native.engineio import json as our_json
from sio_native.engineio import packet, payload, static_files

real_packet = engineio.packet
DATA = [
    None,
    "",
    "hello",
    "1",
    "{",
    "[1]",
    b"",
    b"\x00\xff",
    bytearray(b"ab"),
    {"a": 1},
    [1, "ü"],
    {},
    [],
    7,
    True,
    2.5,
]
TEXTS = [
    "",
    "4",
    "4hello",
    "41",
    "4-1",
    "4²",
    "4true",
    "4null",
    '4"x"',
    "4[1, 2]",
    '4{"a": [1, {"b": null}]}',
    "4[1",
    "4 [1]",
    "4NaN",
    "4" + "9" * 101,
    "4[" + "9" * 101 + "]",
    "2probe",
    "6",
    "9x",
    "x",
    "b",
    "bAQID",
    "b!",
    "bAQI",
    "4ünïcode",
]


def outcome(function: Any, *args: Any, **options: Any) -> Any:
    """What a call returns, or what it raises."""
    try:
        return function(*args, **options)
    except Exception as error:
        return type(error), str(error)


def shown(made: Any) -> Any:
    """A packet as a value."""
    if not hasattr(made, "packet_type"):
        return made
    data = "NaN" if made.data != made.data else made.data
    return made.packet_type, made.binary, type(made.data), data


@pytest.mark.parametrize("kind", range(7))
@pytest.mark.parametrize("data", DATA, ids=repr)
@pytest.mark.parametrize("b64", [False, True])
def test_packets_are_made_and_encoded_alike(kind: int, data: Any, b64: bool) -> None:
    ours, real = (
        outcome(module.Packet, kind, data=data)  # type: ignore[attr-defined]
        for module in (packet, real_packet)
    )
    assert shown(ours) == shown(real)
    if isinstance(ours, packet.Packet):
        assert outcome(ours.encode, b64=b64) == outcome(real.encode, b64=b64)
        assert ours.encode() == real.encode()  # as it was made first


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_decoded_alike(text: str) -> None:
    ours, real = (
        outcome(module.Packet, encoded_packet=text)  # type: ignore[attr-defined]
        for module in (packet, real_packet)
    )
    assert shown(ours) == shown(real)


@pytest.mark.parametrize("data", [b"", b"\x01", bytearray(b"\x02")])
def test_bytes_are_decoded_alike(data: bytes) -> None:
    assert shown(packet.Packet(encoded_packet=data)) == shown(
        real_packet.Packet(encoded_packet=data)
    )


def test_random_texts_are_decoded_alike() -> None:
    made = random.Random(1)
    alphabet = '0123456789b-+ "[]{},:.eEtrufalsn\\ü²\x1e'
    for _ in range(20_000):
        text = "".join(made.choices(alphabet, k=made.randrange(12)))
        for prefix in ("", "4"):
            ours, real = (
                outcome(module.Packet, encoded_packet=prefix + text)  # type: ignore[attr-defined]
                for module in (packet, real_packet)
            )
            assert shown(ours) == shown(real), prefix + text


def test_a_text_too_deep_to_parse_stays_text() -> None:
    text = "[" * 100_000
    assert packet.Packet(encoded_packet=f"4{text}").data == text


def test_constants_are_python_engineios() -> None:
    for name in ("OPEN", "CLOSE", "PING", "PONG", "MESSAGE", "UPGRADE", "NOOP", "packet_names"):
        assert getattr(packet, name) == getattr(real_packet, name)
    assert packet.binary_types == real_packet.binary_types


PAYLOADS = [
    "",
    "4a",
    "4a\x1e4b",
    "4a\x1ebAQID\x1e2",
    "\x1e",
    "4a\x1e",
    "d=4a",
    "d=4%5B1%5D",
    "\x1e".join(["4x"] * 16),
    "\x1e".join(["4x"] * 17),
    "x",
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_payloads_are_decoded_alike(text: str) -> None:
    ours, real = (
        outcome(made, encoded_payload=text) for made in (payload.Payload, engineio.payload.Payload)
    )
    if isinstance(ours, payload.Payload):
        ours, real = ([shown(each) for each in made.packets] for made in (ours, real))
    assert ours == real


@pytest.mark.parametrize("index", [None, 0, 7])
def test_payloads_are_encoded_alike(index: int | None) -> None:
    data = ["a", 'quo"ted', b"\x01\x02", {"a": 1}, None]
    ours = payload.Payload([packet.Packet(packet.MESSAGE, each) for each in data])
    real = engineio.payload.Payload([real_packet.Packet(4, each) for each in data])
    assert ours.encode(jsonp_index=index) == real.encode(jsonp_index=index)
    assert payload.Payload().encode() == ""


def test_a_payload_may_be_allowed_more_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload.Payload, "max_decode_packets", 50)
    assert len(payload.Payload(encoded_payload="\x1e".join(["4x"] * 50)).packets) == 50


def test_json_is_the_standard_module_but_for_long_integers() -> None:
    assert our_json.dumps({"a": 1}) == json.dumps({"a": 1})
    assert our_json.loads('{"a": 1}') == {"a": 1}
    for module in (our_json, engineio.json):
        with pytest.raises(ValueError, match="Integer is too large"):
            module.loads("9" * 101)


FILES: dict[str, Any] = {
    "/": "index.html",
    "/index.html": {"filename": "index.html", "content_type": "text/plain"},
    "/static": "public",
    "/dir/": "public/",
    "/type": {"filename": "x", "content_type": "a/b"},
}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/static/app.js",
        "/static/../secret",
        "/static/a/b.css",
        "/dir/",
        "/dir/x.png",
        "/type/more.txt",
        "/unknown.bin",
    ],
)
def test_static_files_are_found_alike(path: str) -> None:
    assert static_files.get_static_file(path, FILES) == engineio.static_files.get_static_file(
        path, FILES
    )


def test_content_types_can_be_added_to() -> None:
    assert static_files.content_types["js"] == "application/javascript"
    static_files.content_types["wasm"] = "application/wasm"
    try:
        found = static_files.get_static_file("/a.wasm", {"/a.wasm": "a.wasm"})
        assert found == {"filename": "a.wasm", "content_type": "application/wasm"}
    finally:
        del static_files.content_types["wasm"]
