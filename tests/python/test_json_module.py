"""`AsyncServer(json=...)`: another module encodes and decodes, as in python-socketio."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from conftest import Door, connected

import sio_native


class Exact:
    """Numbers with a point are Decimal, both ways."""

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        return json.dumps(value, default=str, **options)

    @staticmethod
    def loads(text: str, **options: Any) -> Any:
        return json.loads(text, parse_float=Decimal, **options)


async def test_events_acks_refusals_and_credentials_go_through_it(native_door: Door) -> None:
    sio = native_door.server(json=Exact)
    seen: list[Any] = []

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> None:
        seen.append(auth)

    @sio.event
    async def price(sid: str, *args: Any) -> Any:
        seen.extend(args)
        await sio.emit("said", ({"price": args[0]}, b"\x01"), to=sid)
        return args[0] + 1, {"raw": b"\x02"}

    said: list[Any] = []
    async with native_door.open(sio) as url, connected(url, auth={"limit": 2.5}) as client:
        client.on("said", lambda *args: said.extend(args))
        answer = await client.call("price", (1.10, {"deep": [b"\x00"]}))
    assert seen == [{"limit": Decimal("2.5")}, Decimal("1.1"), {"deep": [b"\x00"]}]
    assert isinstance(seen[1], Decimal)
    assert said == [{"price": "1.1"}, b"\x01"]
    assert answer == ("2.1", {"raw": b"\x02"})


async def test_what_it_raises_is_the_callers_or_is_logged(
    native_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        @staticmethod
        def dumps(value: Any, **options: Any) -> str:
            if "boom" in str(value):
                raise LookupError("boom")
            return json.dumps(value, **options)

        @staticmethod
        def loads(text: str, **options: Any) -> Any:
            if "unreadable" in text:
                raise LookupError("unreadable")
            return json.loads(text, **options)

    sio = native_door.server(json=Broken)
    sio.on("echo", lambda sid, x: x)
    async with native_door.open(sio) as url, connected(url) as client:
        for data in ("boom", "unreadable"):
            await client.emit("echo", data, callback=lambda *args: None)
        assert await client.call("echo", 1) == 1
        with pytest.raises(LookupError, match="boom"):
            await sio.emit("news", "boom")
    assert "boom" in caplog.text
    assert "unreadable" in caplog.text


class LikeOrjson:
    """Bytes come out, and it takes no options of the json module's."""

    @staticmethod
    def dumps(value: Any, /, default: Any = None, option: int | None = None) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode()

    loads = staticmethod(json.loads)


class Wrapped(LikeOrjson):
    """As docs/json.md shows it."""

    @staticmethod
    def dumps(value: Any, **options: Any) -> Any:
        return LikeOrjson.dumps(value).decode()


class InBytes(LikeOrjson):
    @staticmethod
    def dumps(value: Any, **options: Any) -> Any:
        return LikeOrjson.dumps(value)


class Lossy(Wrapped):
    @staticmethod
    def loads(text: str) -> Any:
        return None


@pytest.mark.parametrize("module", [Wrapped, InBytes, Wrapped()])
async def test_a_wrapper_makes_a_module_of_other_arguments_usable(
    native_door: Door, module: Any
) -> None:
    sio = native_door.server(json=module)
    sio.on("echo", lambda sid, x: x)
    async with native_door.open(sio) as url, connected(url) as client:
        assert await client.call("echo", {"a": [1, "é"]}) == {"a": [1, "é"]}


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (LikeOrjson, "json=LikeOrjson cannot be used .* unexpected keyword argument"),
        (object(), "json=<object .* has no attribute 'dumps'"),
        (Lossy, r"json=Lossy reads None where it wrote \['event'"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(module: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        sio_native.AsyncServer(json=module)
