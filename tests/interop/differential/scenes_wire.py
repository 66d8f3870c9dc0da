"""Packets that are none, or that no client should send; and what lies between transports."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ..websocket_wire import WebSocket
from .play import Play
from .table import scenario
from .wire import CLOSED


async def after(play: Play, *packets: str | bytes) -> str:
    """What becomes of a client that sends this and then an event that is fine."""
    wire = await play.client(f"client {len(play.wires)}")
    await wire.send(*packets)
    await wire.send('421["take"]')
    answer = await wire.next()
    wire.packets.clear()
    return "closed" if answer == CLOSED else "goes on"


def taker(play: Play) -> None:
    @play.sio.on("*")
    def anything(event: str, sid: str, *args: Any) -> None:
        if args:
            play.note(event, *args)


@scenario()
async def event_that_is_no_json(play: Play) -> Any:
    taker(play)
    bad = ('42["take"', "42[take]", '42["take",]', '42["take"]]')
    return [await after(play, each) for each in bad]


@scenario()
async def event_that_is_no_list(play: Play) -> Any:
    taker(play)
    return [await after(play, each) for each in ("42{}", "42[]", '42"take"', "42", "42null")]


@scenario()
async def number_that_json_does_not_have(play: Play) -> Any:
    taker(play)
    return [await after(play, f'42["take",{each}]') for each in ("NaN", "Infinity")]


@scenario()
async def packet_of_an_unknown_type(play: Play) -> Any:
    taker(play)
    return [await after(play, each) for each in ("47", "49[]", "4x", "4")]


@scenario()
async def connect_error_of_a_client(play: Play) -> Any:
    taker(play)
    return await after(play, '44{"message":"no"}')


@scenario()
async def engineio_packet_that_only_a_server_sends(play: Play) -> Any:
    taker(play)
    return [await after(play, each) for each in ("2", "0{}", "5", "2probe")]


@scenario()
async def engineio_packet_that_is_none(play: Play) -> Any:
    taker(play)
    return [await after(play, each) for each in ("7", "x", "9hello")]


@scenario()
async def attachment_that_nobody_announced(play: Play) -> Any:
    taker(play)
    return await after(play, b"attachment")


@scenario()
async def auth_that_is_no_object(play: Play) -> Any:
    play.sio.on("connect", lambda sid, environ, auth: play.note(auth))
    seen = []
    for number, auth in enumerate(('["token"]', '"token"', "5")):
        wire = await play.wire(f"client {number}")
        await wire.send(f"40{auth}")
        seen.append((await wire.next())[0])
        wire.packets.clear()
    return seen


@scenario()
async def packets_that_make_no_difference(play: Play) -> Any:
    taker(play)
    return [await after(play, each) for each in ("6", "3", "3probe", "41/never joined,")]


@scenario()
async def pong_is_expected_and_taken(play: Play) -> Any:
    taker(play)
    return await after(play, "3")


@scenario(ping_interval=0.05, ping_timeout=0.2)
async def client_that_does_not_answer_a_ping(play: Play) -> Any:
    play.sio.on("disconnect", lambda sid, reason: play.note("disconnect", reason))
    ann = await play.client()
    await play.noted(1)
    ann.sids.clear()


@scenario()
async def upgrade_moves_a_session(play: Play) -> Any:
    play.sio.on("take", lambda sid: "here")
    ann = await play.client(transport="polling")
    before = play.sio.transport(ann.sid)
    websocket = await WebSocket.open(
        play.site, f"{play.site.path}?EIO=4&transport=websocket&sid={ann.session.sid}"
    )
    websocket.send("2probe")
    seen: list[Any] = [await websocket.receive()]
    websocket.send("5")
    websocket.send('421["take"]')
    # python-engineio has a noop between.
    while (packet := await websocket.receive()) == "6":
        pass
    seen += [packet, before, play.sio.transport(ann.sid)]
    await play.sio.disconnect(ann.sid)
    seen.append(await websocket.receive())
    await websocket.close()
    return seen


@scenario()
async def jsonp_is_asked_for(play: Play) -> Any:
    handshake = await play.fetch("GET", "?EIO=4&transport=polling&j=0")
    refused = await play.fetch("GET", "?EIO=4&transport=polling&j=x")
    return [handshake.text[:8], refused.status]


@scenario()
async def payload_carries_several_packets(play: Play) -> Any:
    play.sio.on("*", lambda event, sid, *args: play.note(event, *args))
    opened = await play.fetch("GET", "?EIO=4&transport=polling")
    target = f"?EIO=4&transport=polling&sid={json.loads(opened.text[1:])['sid']}"
    await play.fetch("POST", target, body=b"40")
    answer = await play.fetch("GET", target)
    await play.fetch("POST", target, body=b'42["one"]\x1e421["two",2]')
    await play.noted(2)
    return answer.text[:2]


@scenario()
async def event_with_many_attachments(play: Play) -> Any:
    play.sio.on("take", lambda sid, *args: play.note(len(args)))
    seen = []
    for count in (10, 11):
        marks = [{"_placeholder": True, "num": number} for number in range(count)]
        event = f"45{count}-{json.dumps(['take', *marks])}"
        seen.append(await after(play, event, *[b"x"] * count))
    return seen


@scenario(connect_timeout=0.1)
async def client_that_joins_no_namespace(play: Play) -> Any:
    ann = await play.wire()
    try:
        return await asyncio.wait_for(ann.next(), 0.5)
    except asyncio.TimeoutError:
        return "is still there"
