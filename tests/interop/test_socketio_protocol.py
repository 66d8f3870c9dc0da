"""Socket.IO v5, packet by packet: what its own test suite asks, and what is not a packet.

Where python-socketio ignores a bad packet, both protocol suites close the client; so do we.
"""

import asyncio
import json

import pytest

from .engineio_wire import (
    Session,
    SessionGone,
    is_known,
    join,
    open_session,
    receive_message,
    undisturbed,
)
from .limits import run

PLACEHOLDER = '{"_placeholder":true,"num":%d}'


async def ask(session: Session, *packets: str | bytes) -> str | bytes:
    await session.send(*packets)
    return await receive_message(session)


async def until_gone(session: Session) -> None:
    with pytest.raises(SessionGone):
        while True:
            await session.receive()


# Connect


@pytest.mark.parametrize("auth", [None, {"token": "123"}])
@pytest.mark.parametrize("namespace", ["/", "/chat"])
def test_namespace_is_joined_with_a_sid_of_its_own(pool, flavour, transport, namespace, auth):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, transport)
        sid = await join(session, namespace, auth)
        assert len(sid) == 20
        assert sid != session.sid
        await session.close()

    run(conversation())


def test_namespaces_of_one_client_have_different_sids(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        assert await join(session, "/") != await join(session, "/chat")
        await session.close()

    run(conversation())


def test_query_after_the_namespace_is_not_part_of_its_name(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        answer = await ask(session, '40/chat?token=1,{"a":1}')
        assert answer.startswith("40/chat,{")
        await session.close()

    run(conversation())


def test_unknown_namespace_is_refused_and_the_session_goes_on(pool, flavour, transport):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, transport)
        assert await ask(session, "40/random") == '44/random,"Unable to connect"'
        await join(session)
        await session.close()

    run(conversation())


def test_client_that_joins_no_namespace_is_closed_in_time(pool, flavour, transport):
    server = pool.get(flavour, connect_timeout=0.4)

    async def conversation():
        loop = asyncio.get_running_loop()
        began = loop.time()
        session = await open_session(server, transport)
        async with undisturbed(server):
            await until_gone(session)
            assert 0.35 <= loop.time() - began <= 1.5
        assert not await is_known(session)

    run(conversation())


def test_client_that_joined_a_namespace_outlives_the_connect_timeout(pool, flavour):
    server = pool.get(flavour, connect_timeout=0.4)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session, "/chat")
        # One that joined nothing, opened later, measures the time.
        await until_gone(await open_session(server, "websocket"))
        assert await ask(session, '42/chat,1["echo"]') == '43/chat,1["chat"]'
        await session.close()

    run(conversation())


# Events and acks


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ('42["repeat",1,"2",{"3":[true]}]', '42["repeated",1,"2",{"3":[true]}]'),
        ('42456["echo",1,"2",{"3":[false]}]', '43456[1,"2",{"3":[false]}]'),
        ('420["echo"]', "430[]"),
        ('421["answer_none",1]', "431[]"),
        ('422["echo","\\u00e9\\ud83d\\ude00"]', '432["é😀"]'),
        ('423["echo",null,-0.5,1e3]', "433[null,-0.5,1000.0]"),
        ('425["echo",12345678901234567890]', "435[12345678901234567890]"),
        ('424["echo",[[[]]],{"":{}}]', '434[[[[]]],{"":{}}]'),
    ],
)
def test_event_is_answered(pool, flavour, transport, sent, expected):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, transport)
        await join(session)
        answer = await ask(session, sent)
        head = expected.index("[")
        assert answer[:head] == expected[:head]
        assert json.loads(answer[head:]) == json.loads(expected[head:])
        await session.close()

    run(conversation())


def test_event_to_a_namespace_comes_back_from_it(pool, flavour, transport):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, transport)
        await join(session)
        await join(session, "/chat")
        assert await ask(session, '42/chat,7["echo",1]') == '43/chat,7["chat",1]'
        await session.close()

    run(conversation())


def test_event_to_a_namespace_never_joined_closes_the_client(pool, flavour):
    """As the reference server; python-socketio logs it and goes on."""
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        async with undisturbed(server):
            await session.send('42/chat,1["echo",1]')
            await until_gone(session)

    run(conversation())


def test_event_that_crosses_the_servers_disconnect_is_dropped(pool, flavour):
    """The client cannot know yet; its other namespaces must not suffer for it."""
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        await join(session, "/chat")
        await session.send('42/chat,["kick"]')
        assert await receive_message(session) == "41/chat,"
        await session.send('42/chat,1["echo","too late"]', "431[]")
        assert await ask(session, '422["echo",2]') == "432[2]"
        await session.close()

    run(conversation())


@pytest.mark.parametrize("ack", ["431[]", "43999999[1]", '43/chat,1["x"]'])
def test_ack_nobody_waits_for_is_ignored(pool, flavour, ack):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        assert await ask(session, ack, '422["echo",2]') == "432[2]"
        await session.close()

    run(conversation())


# Binary


def test_binary_event_with_attachments_comes_back(pool, flavour, transport):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, transport)
        await join(session)
        arguments = f'{{"a":{PLACEHOLDER % 0},"b":[{PLACEHOLDER % 1}]}},{PLACEHOLDER % 2}'
        answer = await ask(session, f'453-["repeat",{arguments}]', b"one", b"", b"\x00\xff")
        assert answer == f'453-["repeated",{arguments}]'
        got = [await receive_message(session) for _ in range(3)]
        assert got == [b"one", b"", b"\x00\xff"]
        await session.close()

    run(conversation())


def test_binary_ack_carries_attachments(pool, flavour, transport):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, transport)
        await join(session)
        answer = await ask(session, f'451-789["echo",{PLACEHOLDER % 0}]', b"\x01\x02\x03")
        assert answer == f"461-789[{PLACEHOLDER % 0}]"
        assert await receive_message(session) == b"\x01\x02\x03"
        await session.close()

    run(conversation())


def test_attachments_may_be_referred_to_in_any_order(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        sent = f'452-1["echo",{PLACEHOLDER % 1},{PLACEHOLDER % 0}]'
        await session.send(sent, b"zero", b"one")
        head = await receive_message(session)
        attachments = [await receive_message(session) for _ in range(2)]
        order = [argument["num"] for argument in json.loads(head[head.index("[") :])]
        assert [attachments[number] for number in order] == [b"one", b"zero"]
        await session.close()

    run(conversation())


# Disconnect


def test_disconnect_of_the_main_namespace_leaves_the_others(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        await join(session, "/chat")
        await session.send("41")
        assert await ask(session, '42/chat,2["echo"]') == '43/chat,2["chat"]'
        await session.close()

    run(conversation())


def test_disconnect_of_a_custom_namespace_leaves_the_main_one(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        await join(session, "/chat")
        await session.send("41/chat,")
        assert await ask(session, '422["echo",2]') == "432[2]"
        await session.close()

    run(conversation())


def test_namespace_can_be_joined_again_with_a_new_sid(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        first = await join(session, "/chat")
        await session.send("41/chat,")
        assert await join(session, "/chat") != first
        await session.close()

    run(conversation())


# What is not a packet

BAD_PACKETS = {
    "unknown type": "47",
    "type is a letter": "4abc",
    "nothing": "4",
    "event without arguments": "42",
    "event that is an object": "42{}",
    "event that is a string": '42"echo"',
    "empty event": "42[]",
    "name is an object": '42[{"toString":"echo"}]',
    "name is null": "42[null]",
    "truncated JSON": '42["echo",',
    "two values": '42["echo"]["echo"]',
    "letters for an ack id": '42abc["echo"]',
    "huge ack id": "42" + "9" * 200 + '["echo"]',
    "ack that is an object": "431{}",
    "auth that is an array": "40[1]",
    "auth that is a number": "401",
    "connect error from a client": '44{"message":"x"}',
    "disconnect with data": '41["x"]',
    "binary without attachments declared": '45["echo"]',
    "binary of a million attachments": '451000000-["echo"]',
    "binary count is not a number": '45x-["echo"]',
    "reserved event connect": '42["connect"]',
    "reserved event disconnect": '42["disconnect","forged"]',
    "deep nesting": '42["echo",' + "[" * 10_001 + "]" * 10_001 + "]",
}


@pytest.mark.parametrize("packet", BAD_PACKETS.values(), ids=BAD_PACKETS.keys())
def test_bad_packet_closes_its_client_and_no_other(pool, flavour, packet):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        async with undisturbed(server):
            await session.send(packet)
            await until_gone(session)
        assert not await is_known(session)

    run(conversation())


@pytest.mark.parametrize("packet", ["47", "42{}", '42abc["echo"]'])
def test_bad_packet_closes_a_polling_client_too(pool, flavour, packet):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "polling")
        await join(session)
        async with undisturbed(server):
            await session.post(packet.encode())
            await until_gone(session)
        assert not await is_known(session)

    run(conversation())


@pytest.mark.parametrize(
    "packets",
    [
        ['451-["echo",{"_placeholder":true,"num":1}]', b"x"],
        ['451-["echo",{"_placeholder":true,"num":-1}]', b"x"],
        ['451-["echo",{"_placeholder":true,"num":"splice"}]', b"x"],
        ['452-["echo",{"_placeholder":true,"num":0}]', b"x", '42["echo"]'],
        [b"an attachment of nothing"],
        ['4511-["echo"]', *[b"x"] * 11],
    ],
    ids=[
        "index too large",
        "negative index",
        "index is a string",
        "text for an attachment",
        "attachment without a packet",
        "more than ten",
    ],
)
def test_bad_attachments_close_the_client(pool, flavour, packets):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        await join(session)
        async with undisturbed(server):
            await session.send(*packets)
            await until_gone(session)

    run(conversation())


def test_binary_packet_before_any_connect_closes_the_client(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        async with undisturbed(server):
            await session.send(f'451-["echo",{PLACEHOLDER % 0}]', b"x")
            await until_gone(session)

    run(conversation())


def test_disconnect_handler_of_a_bad_client_runs_at_once(pool, flavour):
    server = pool.get(flavour)

    async def conversation():
        session = await open_session(server, "websocket")
        sid = await join(session)
        await session.send("42{}")
        await until_gone(session)
        watcher = await open_session(server, "websocket")
        await join(watcher)
        records: list[dict] = []
        while not any(record["what"] == "disconnect" for record in records):
            answer = await ask(watcher, f'421["records_of","{sid}"]')
            (records,) = json.loads(answer[3:])
        await watcher.close()

    run(conversation())
