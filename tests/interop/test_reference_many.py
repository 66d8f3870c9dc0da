"""Messages to many and what is done with many, as the JavaScript server's own tests have them.

See reference_server.md.
"""

import contextlib

import pytest

import sio_native
from sio_native.exceptions import AckTimeoutError

BINARY = bytes(10)


@pytest.fixture
def three(js):
    """Clients of the main namespace; the first two in room1, the first and the third in room2."""

    @contextlib.asynccontextmanager
    async def open_three(sio=None):
        sio = sio or sio_native.AsyncServer()
        async with js.serving(sio) as connect:
            clients = [await connect() for _ in range(3)]
            first, second, third = (sio.socket(each.sid) for each in clients)
            await first.join(["room1", "room2"])
            await second.join("room1")
            await third.join("room2")
            yield sio, clients, connect

    return open_three


async def heard(clients):
    """What each has heard, as one text: 1 and 2 and so on for those who heard something."""
    return [await each.heard() for each in clients]


@pytest.mark.parametrize("data", ["b", BINARY], ids=["text", "binary"])
async def test_an_event_to_a_namespace_is_not_for_another(three, data):
    sio = sio_native.AsyncServer(namespaces=["/", "/test"])
    async with three(sio) as (_, clients, connect):
        other = await connect("/test")
        await sio.emit("a", data)
        assert await heard([*clients, other]) == [[("a", data)]] * 3 + [[]]


async def test_a_broadcast_is_for_the_rest_of_the_namespace(three):
    sio = sio_native.AsyncServer(namespaces=["/", "/test"])
    async with three(sio) as (_, clients, connect):
        other = await connect("/test")
        await sio.socket(clients[1].sid).broadcast.emit("a", "b")
        assert await heard([*clients, other]) == [[("a", "b")], [], [("a", "b")], []]


async def test_an_event_to_a_room_is_for_who_has_joined_it(three):
    async with three() as (sio, clients, _):
        await sio.in_("room1").emit("a")
        assert await heard(clients) == [[("a",)], [("a",)], []]


async def test_who_is_in_two_of_the_rooms_gets_it_once(three):
    async with three() as (sio, clients, _):
        await sio.in_("room1").in_("room2").emit("a")
        await sio.in_(["room2", "room1"]).emit("b")
        assert await heard(clients) == [[("a",), ("b",)]] * 3


@pytest.mark.parametrize("data", ["b", BINARY], ids=["text", "binary"])
async def test_a_broadcast_to_a_room_is_for_its_other_members(three, data):
    async with three() as (sio, clients, _):
        socket = sio.socket(clients[1].sid)
        await socket.broadcast.to("room1").emit("a", data)
        await socket.emit("b", data)
        assert await heard(clients) == [[("a", data)], [("b", data)], []]


async def test_rooms_are_kept_track_of(three):
    async with three() as (sio, clients, _):
        socket = sio.socket(clients[2].sid)
        await socket.join("a")
        await socket.join(["b", "c"])
        assert socket.rooms == {socket.id, "room2", "a", "b", "c"}
        await socket.leave("b")
        await socket.leave("unknown")
        assert socket.rooms == {socket.id, "room2", "a", "c"}
        await socket.leave(["a", "c"])
        assert socket.rooms == {socket.id, "room2"}


async def test_a_room_that_nobody_is_in_is_deleted(three):
    async with three() as (sio, clients, _):
        socket = sio.socket(clients[0].sid)
        assert "a" not in sio.manager.rooms["/"]
        await socket.join("a")
        assert "a" in sio.manager.rooms["/"]
        await socket.leave("a")
        assert "a" not in sio.manager.rooms["/"]


@pytest.mark.parametrize("by", ["sid", "room"])
async def test_a_broadcast_can_leave_others_out(three, by):
    async with three() as (sio, clients, _):
        left_out = clients[1].sid if by == "sid" else "room1"
        await sio.socket(clients[2].sid).broadcast.except_(left_out).emit("a")
        assert await heard(clients) == [[("a",)] if by == "sid" else [], [], []]


async def test_an_operator_of_a_socket_is_not_changed_by_what_is_made_of_it(three):
    async with three() as (sio, clients, _):
        operator = sio.socket(clients[2].sid).local.to(["room1", "room2"]).except_("room3")
        before = repr(operator)
        for other in (operator.volatile, operator.to("room4"), operator.except_("room5")):
            await other.emit("hello")
            assert repr(other) != before
        assert repr(operator) == before


# --- acknowledgements of many ---


async def test_all_who_are_asked_acknowledge(three):
    async with three() as (sio, clients, _):
        for number, each in enumerate(clients):
            each.answers("some event", lambda number=number: number)
        answers = await sio.timeout(10).emit_with_ack("some event")
        assert answers == {each.sid: number for number, each in enumerate(clients)}


async def test_who_does_not_acknowledge_in_time_is_missing_in_the_error(three):
    async with three() as (sio, clients, _):
        for number, each in enumerate(clients[:2]):
            each.answers("some event", lambda number=number: number)
        with pytest.raises(AckTimeoutError) as failed:
            await sio.timeout(1.5).emit_with_ack("some event")
        assert failed.value.answers == {each.sid: n for n, each in enumerate(clients[:2])}
        assert len(sio._service.acks) == 0, "nobody is waited for any more"


async def test_who_acknowledges_twice_does_not_answer_for_another(three):
    async with three() as (sio, clients, _):
        for number, each in enumerate(clients):
            each.answers("some event", lambda number=number: number)
            await each.run("""
                const send = socket.packet;
                socket.packet = (packet) => [1, 2, 3].forEach(() => send.call(socket, packet));
            """)
        for _ in range(5):
            answers = await sio.timeout(10).emit_with_ack("some event")
            assert answers == {each.sid: number for number, each in enumerate(clients)}


async def test_nobody_who_is_asked_has_no_answers(three):
    async with three() as (sio, clients, _):
        assert await sio.to("room123").timeout(10).emit_with_ack("some event") == {}
        assert await heard(clients) == [[], [], []]


# --- what is done with many ---


async def test_clients_are_fetched_all_or_of_a_room(three):
    async with three() as (sio, clients, _):
        sids = [each.sid for each in clients]
        assert {each.id for each in await sio.fetch_sockets()} == set(sids)
        found = {each.id: each for each in await sio.in_("room1").fetch_sockets()}
        assert found.keys() == {*sids[:2]}
        assert found[sids[0]].rooms == {sids[0], "room1", "room2"}
        assert found[sids[0]].handshake.query["EIO"] == "4"


async def test_a_manager_of_one_s_own_says_who_there_is(three):
    class Other(sio_native.AsyncManager):
        async def find_sockets(self, whom):
            return ["42"]

    sio = sio_native.AsyncServer(client_manager=Other())
    async with three(sio):
        assert await sio.to("room1").all_sockets() == {"42"}


async def test_all_or_those_of_a_room_join_another(three):
    async with three() as (sio, clients, _):
        sockets = [sio.socket(each.sid) for each in clients]
        await sio.sockets_join("room9")
        assert all("room9" in each.rooms for each in sockets)
        await sio.in_("room1").sockets_join("room3")
        assert ["room3" in each.rooms for each in sockets] == [True, True, False]


async def test_all_or_those_of_a_room_leave_another(three):
    async with three() as (sio, clients, _):
        sockets = [sio.socket(each.sid) for each in clients]
        await sio.in_("room2").sockets_leave("room1")
        assert ["room1" in each.rooms for each in sockets] == [False, True, False]
        await sio.sockets_leave("room1")
        assert not any("room1" in each.rooms for each in sockets)
        assert ["room2" in each.rooms for each in sockets] == [True, False, True]


@pytest.mark.parametrize("close", [True, False])
async def test_all_are_disconnected(three, close):
    async with three() as (sio, clients, _):
        await sio.disconnect_sockets(close)
        for each in clients:
            assert (await each.next("disconnect"))[0] == "io server disconnect"


async def test_those_of_a_room_are_disconnected(three):
    async with three() as (sio, clients, _):
        await sio.in_("room2").disconnect_sockets(True)
        for each in (clients[0], clients[2]):
            assert (await each.next("disconnect"))[0] == "io server disconnect"
        assert await clients[1].heard() == []
