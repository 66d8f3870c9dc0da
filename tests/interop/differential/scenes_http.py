"""Requests that make no sense: Engine.IO's answers and their log lines."""

from __future__ import annotations

import json
from typing import Any

from ..websocket_wire import HandshakeRefused
from .play import Play
from .table import scenario

HANDSHAKE = "?EIO=4&transport=polling"


async def answer(play: Play, method: str, target: str, **how: Any) -> list[Any]:
    got = await play.fetch(method, target, **how)
    kind = got.headers.get("content-type", "").partition(";")[0]
    return [got.status, kind, got.text]


async def new_session(play: Play) -> str:
    opened = await play.fetch("GET", HANDSHAKE)
    sid = str(json.loads(opened.text[1:])["sid"])
    play.names[sid] = "<session>"
    return f"{HANDSHAKE}&sid={sid}"


@scenario()
async def handshake_of_an_unknown_transport(play: Play) -> Any:
    return await answer(play, "GET", "?EIO=4&transport=smoke")


@scenario()
async def handshake_without_a_transport(play: Play) -> Any:
    return (await answer(play, "GET", "?EIO=4"))[0]


@scenario()
async def handshake_of_another_version(play: Play) -> Any:
    return [
        await answer(play, "GET", f"?EIO={version}&transport=polling") for version in ("3", "5")
    ] + [await answer(play, "GET", "?transport=polling")]


@scenario()
async def request_of_an_unknown_session(play: Play) -> Any:
    return [
        await answer(play, "GET", f"{HANDSHAKE}&sid=unknown"),
        await answer(play, "POST", f"{HANDSHAKE}&sid=unknown", body=b"40"),
    ]


@scenario()
async def post_without_a_session(play: Play) -> Any:
    return await answer(play, "POST", HANDSHAKE, body=b"40")


@scenario()
async def method_that_is_not_of_the_protocol(play: Play) -> Any:
    return [await answer(play, method, HANDSHAKE) for method in ("PUT", "DELETE")]


@scenario()
async def websocket_handshake_without_an_upgrade(play: Play) -> Any:
    return await answer(play, "GET", "?EIO=4&transport=websocket")


@scenario()
async def post_is_answered_ok(play: Play) -> Any:
    target = await new_session(play)
    return await answer(play, "POST", target, body=b"40")


@scenario()
async def post_that_is_no_packet(play: Play) -> Any:
    target = await new_session(play)
    return await answer(play, "POST", target, body=b"nonsense")


@scenario(max_http_buffer_size=100)
async def message_that_is_too_long(play: Play) -> Any:
    play.sio.on("disconnect", lambda sid, reason: play.note("disconnect", reason))
    ann = await play.client()
    await ann.send('42["' + "x" * 200 + '"]')
    await play.noted(1)
    return await ann.next()


@scenario()
async def polls_of_an_upgraded_session(play: Play) -> Any:
    ann = await play.client()
    target = f"{HANDSHAKE}&sid={ann.session.sid}"
    return [
        await answer(play, "GET", target),
        await answer(play, "POST", target, body=b"40"),
    ]


@scenario()
async def websocket_of_an_unknown_session(play: Play) -> Any:
    from ..websocket_wire import WebSocket

    target = f"{play.site.path}?EIO=4&transport=websocket&sid=unknown"
    try:
        await WebSocket.open(play.site, target)
    except HandshakeRefused as refused:
        return refused.response.status


@scenario()
async def payload_of_many_packets(play: Play) -> Any:
    play.sio.on("take", lambda sid, number: play.note(number))
    target = await new_session(play)
    await play.fetch("POST", target, body=b"40")
    body = b"\x1e".join(b'42["take",%d]' % number for number in range(17))
    status = (await answer(play, "POST", target, body=body))[0]
    await play.fetch("POST", target, body=b'42["take","after it"]')
    await play.until(lambda: ["after it"] in play.notes)
    return status


@scenario(log="INFO", loggers=("engineio.server",))
async def bad_request_is_explained_once_as_an_error(play: Play) -> Any:
    for target in (
        "?EIO=4&transport=smoke",
        "?EIO=4&transport=fire",
        "?EIO=3&transport=polling",
        f"{HANDSHAKE}&sid=unknown",
        "?EIO=4&transport=websocket",
    ):
        await play.fetch("GET", target)
    await play.fetch("GET", HANDSHAKE, headers={"Origin": "http://stranger"})
    await play.fetch("PUT", HANDSHAKE)
