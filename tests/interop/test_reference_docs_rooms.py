"""What the JavaScript server's documentation shows, in our names: namespaces, rooms, sending.

Dynamic namespaces: test_reference_dynamic.py. Progress, uploads and changes of data in an example:
test_example_progress.py.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

import pytest

import sio_native


@dataclass
class Four:
    """Clients a to d and their sockets. a, b, c are in room-1; b in room-2, c in room-3 too."""

    sio: Any
    clients: dict[str, Any]
    sockets: dict[str, Any]

    async def who_hears(self, emitting, event, *args) -> str:
        """The names of those who get the event, each once and with these arguments."""
        await emitting
        names = ""
        for name, client in self.clients.items():
            got = [each for each in await client.heard() if each[0] == event]
            assert got in ([], [(event, *args)])
            names += name if got else ""
            client.log.clear()
            client._taken = 0
        return names


@pytest.fixture
def four(js):
    @contextlib.asynccontextmanager
    async def open_four(**options):
        sio = sio_native.AsyncServer(**options)
        async with js.serving(sio) as connect:
            clients = {name: await connect() for name in "abcd"}
            sockets = {name: sio.socket(each.sid) for name, each in clients.items()}
            for name in "abc":
                await sockets[name].join("room-1")
            await sockets["b"].join("room-2")
            await sockets["c"].join("room-3")
            yield Four(sio, clients, sockets)

    return open_four


# --- namespaces ---


async def test_each_namespace_has_its_own_clients_and_events(js):
    sio = sio_native.AsyncServer()
    admins = asyncio.Queue()
    chat = sio.of("/chat")

    @sio.of("/admin").on_connection
    def admin_came(socket):
        socket.on("admin-action", admins.put)

    @chat.on_connection
    def chatter_came(socket):
        @socket.on("message")
        async def message(text):
            await chat.emit("new-message", text)

    async with js.serving(sio) as connect:
        admin, ann = await connect("/admin"), await connect("/chat")
        bob = await connect("/chat")
        await admin.emit("admin-action", "restart")
        assert await admins.get() == "restart"
        await ann.emit("message", "hello")
        assert await ann.next("new-message") == ("hello",)
        assert await bob.next("new-message") == ("hello",)
        assert await admin.heard() == []


# --- rooms ---


async def test_rooms_are_joined_one_or_many_and_left(js):
    sio = sio_native.AsyncServer()
    async with js.serving(sio) as connect:
        client = await connect()
        socket = sio.socket(client.sid)
        await socket.join("room-123")
        await socket.join(["room-1", "room-2", "room-3"])
        await socket.leave("room-123")
        assert socket.rooms == {client.sid, "room-1", "room-2", "room-3"}


async def test_an_event_to_a_room_is_for_its_members(four):
    async with four() as the:
        emitting = the.sio.to("room-1").emit("room-message", {"text": "Hello room!"})
        assert await the.who_hears(emitting, "room-message", {"text": "Hello room!"}) == "abc"


async def test_an_event_to_two_rooms_comes_once_to_who_is_in_both(four):
    async with four() as the:
        emitting = the.sio.to("room-1").to("room-2").emit("announcement", "Important!")
        assert await the.who_hears(emitting, "announcement", "Important!") == "abc"


async def test_a_socket_s_event_to_a_room_is_for_the_others(four):
    async with four() as the:
        socket = the.sockets["a"]
        emitting = socket.to("room-1").emit("user-action", {"userId": socket.id})
        assert await the.who_hears(emitting, "user-action", {"userId": socket.id}) == "bc"


async def test_the_clients_of_a_room_are_listed(four):
    async with four() as the:
        assert await the.sio.in_("room-1").all_sockets() == {
            the.clients[name].sid for name in "abc"
        }


async def test_all_rooms_are_listed_and_looked_up(four):
    async with four() as the:
        rooms = the.sio.of("/").adapter.rooms
        assert set(rooms) == {"room-1", "room-2", "room-3", *(c.sid for c in the.clients.values())}
        assert "room-1" in rooms
        assert "room-123" not in rooms
        assert len(rooms["room-1"]) == 3


async def test_all_clients_of_a_room_are_disconnected(four):
    async with four() as the:
        await the.sio.in_("room-1").disconnect_sockets(True)
        for name in "abc":
            assert (await the.clients[name].next("disconnect"))[0].startswith("io server")
        assert await the.clients["d"].heard() == []
        assert await the.sio.local.all_sockets() == {the.clients["d"].sid}


# --- broadcasts ---

DATA = {"some": ["data", b"\x00\xff"]}


async def test_to_all_clients(four):
    async with four() as the:
        assert await the.who_hears(the.sio.emit("event", DATA), "event", DATA) == "abcd"


async def test_to_all_but_the_sender(four):
    async with four() as the:
        emitting = the.sockets["c"].broadcast.emit("event", DATA)
        assert await the.who_hears(emitting, "event", DATA) == "abd"


async def test_to_one_client_by_its_id(four):
    async with four() as the:
        emitting = the.sio.to(the.clients["d"].sid).emit("event", DATA)
        assert await the.who_hears(emitting, "event", DATA) == "d"


async def test_to_some_rooms_but_not_to_another(four):
    async with four() as the:
        operator = the.sio.to("room-1").to("room-2").except_("room-3")
        assert await the.who_hears(operator.emit("event", DATA), "event", DATA) == "ab"


async def test_to_the_others_of_this_server(four):
    async with four() as the:
        emitting = the.sockets["a"].local.emit("event", DATA)
        assert await the.who_hears(emitting, "event", DATA) == "bcd"


async def test_what_may_be_lost_reaches_a_client_that_is_ready(four):
    async with four() as the:
        emitting = the.sockets["a"].volatile.emit("event", DATA)
        assert await the.who_hears(emitting, "event", DATA) == "a"


async def test_what_may_be_lost_reaches_the_members_of_a_room_that_are_ready(four):
    async with four() as the:
        emitting = the.sio.to("room-1").volatile.emit("event", DATA)
        assert await the.who_hears(emitting, "event", DATA) == "abc"


# --- the patterns ---


async def test_progress_is_told_to_all(four):
    async with four() as the:
        steps = [("operation-started", 0), ("operation-progress", 1), ("operation-complete", 2)]
        for event, step in steps:
            told = {"operationId": 7, "currentStep": step, "timestamp": 1_700_000_000_000 + step}
            assert await the.who_hears(the.sio.emit(event, told), event, told) == "abcd"


async def test_an_upload_has_a_room_while_it_lasts(js):
    sio = sio_native.AsyncServer()

    @sio.on_connection
    def came(socket):
        @socket.on("start-upload")
        async def upload(data):
            room = f"upload-{data['id']}"
            await socket.join(room)
            for progress in (50, 100):
                await sio.to(room).emit("upload-progress", {"progress": progress})
            await socket.leave(room)
            await sio.to(room).emit("upload-progress", {"progress": "too late"})
            return "done"

    async with js.serving(sio) as connect:
        ann, bob = await connect(), await connect()
        assert await ann.ask("start-upload", {"id": 1}) == "done"
        assert await ann.heard() == [
            ("upload-progress", {"progress": 50}),
            ("upload-progress", {"progress": 100}),
        ]
        assert await bob.heard() == []
