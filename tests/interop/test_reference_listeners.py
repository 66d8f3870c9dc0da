"""Handlers of one socket: on, once, off, any; see reference_server.md."""

import asyncio

import pytest

import sio_native


class Calls(list):
    """What was called, and a way to wait for the event that is sent last."""

    def __init__(self, sio):
        super().__init__()
        self._sio = sio

    def note(self, name):
        return lambda *args: self.append((name, *args))

    async def of(self, client, *events):
        """What these events, one after the other, have caused."""
        self.clear()
        for event in events:
            await client.emit(*event)
        await client.ask("the end")
        return [each for each in self if each[-1] != "the end"]


@pytest.fixture
def one(js):
    """A client, its socket, and the calls that its events cause."""

    class Opened:
        async def __aenter__(self):
            sio = sio_native.AsyncServer()
            sio.on("the end", lambda sid: None)
            self._serving = js.serving(sio)
            client = await (await self._serving.__aenter__())()
            return client, sio.socket(client.sid), Calls(sio)

        async def __aexit__(self, *error):
            await self._serving.__aexit__(*error)

    return Opened()


async def test_handlers_of_one_event_are_called_in_their_order(one):
    async with one as (client, socket, calls):
        for name in ("first", "second"):
            socket.on("news", calls.note(name))
        assert await calls.of(client, ("news", 1), ("other", 2)) == [("first", 1), ("second", 1)]


async def test_once_is_for_the_next_event_alone(one):
    async with one as (client, socket, calls):
        socket.once("news", calls.note("once"))
        assert await calls.of(client, ("news", 1), ("news", 2)) == [("once", 1)]


async def test_a_handler_that_is_taken_away_is_not_called(one):
    async with one as (client, socket, calls):
        fails = calls.note("never")
        socket.on("news", fails)
        socket.on("news", calls.note("stays"))
        socket.off("news", fails)
        assert await calls.of(client, ("news", 1)) == [("stays", 1)]
        socket.off("news")
        assert await calls.of(client, ("news", 1)) == []


async def test_a_handler_that_takes_itself_away_is_called_once(one):
    async with one as (client, socket, calls):

        def itself(number):
            calls.append(("itself", number))
            socket.off("news", itself)

        socket.on("news", itself)
        socket.on("news", calls.note("other"))
        expected = [("itself", 1), ("other", 1), ("other", 2)]
        assert await calls.of(client, ("news", 1), ("news", 2)) == expected


async def test_all_handlers_are_taken_away(one):
    async with one as (client, socket, calls):
        for event in ("news", "sport"):
            socket.on(event, calls.note(event))
        socket.off()
        assert await calls.of(client, ("news", 1), ("sport", 2)) == []


async def test_a_handler_for_any_event_is_called_with_its_name(one):
    async with one as (client, socket, calls):
        socket.on("my-event", calls.note("own"))
        socket.on_any(calls.note("any"))
        expected = [("any", "my-event", "123"), ("own", "123"), ("any", "unhandled")]
        assert await calls.of(client, ("my-event", "123"), ("unhandled",)) == expected


async def test_a_handler_for_any_event_is_taken_away(one):
    async with one as (client, socket, calls):
        fails = calls.note("never")
        socket.on_any(fails)
        socket.on_any(calls.note("any"))
        socket.off_any(fails)
        assert await calls.of(client, ("my-event", "123")) == [("any", "my-event", "123")]
        socket.off_any()
        assert await calls.of(client, ("my-event", "123")) == []


async def test_handlers_of_one_socket_are_not_for_another(js):
    sio = sio_native.AsyncServer()
    heard = asyncio.Queue()

    @sio.on_connection
    def came(socket):
        socket.on("who", lambda: heard.put_nowait(socket.id))

    async with js.serving(sio) as connect:
        one, two = await connect(), await connect()
        await two.emit("who")
        assert await heard.get() == two.sid
        await one.emit("who")
        assert await heard.get() == one.sid


async def test_an_event_named_connection_is_an_ordinary_one(one):
    async with one as (client, socket, calls):
        socket.on("connection", calls.note("connection"))
        assert await calls.of(client, ("connection", 1)) == [("connection", 1)]


EVENTS_OF_CLIENTS = ["connect", "connect_error", "disconnect", "disconnecting", "newListener"]


@pytest.mark.parametrize("event", [*EVENTS_OF_CLIENTS, "removeListener"])
async def test_an_event_that_clients_have_of_their_own_is_not_emitted(one, event):
    async with one as (client, socket, _):
        every = [socket, socket.broadcast, socket.to("room"), socket._sio.to("room")]
        for each in every:
            with pytest.raises(ValueError, match="event of clients"):
                await each.emit(event)
            with pytest.raises(ValueError, match="event of clients"):
                await each.emit_with_ack(event)
        assert await client.heard() == []


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda io: io.to(""), ValueError),
        (lambda io: io.to(None), ValueError),
        (lambda io: io.to([]), ValueError),
        (lambda io: io.except_(""), ValueError),
        (lambda io: io.to({}), TypeError),
        (lambda io: io.timeout(0), ValueError),
        (lambda io: io.timeout(-1), ValueError),
        (lambda io: io.timeout("1"), ValueError),
        (lambda io: io.timeout(float("nan")), ValueError),
    ],
)
async def test_wrong_operator_arguments_raise_at_the_call(one, wrong, error):
    async with one as (client, socket, _):
        with pytest.raises(error):
            wrong(socket._sio)
        with pytest.raises((error, AttributeError)):
            wrong(socket.broadcast)
        assert await client.heard() == []


@pytest.mark.parametrize("wrong", [object(), {1, 2}, b"".join, float])
async def test_an_argument_that_cannot_be_sent_raises_at_the_call(one, wrong):
    async with one as (client, socket, _):
        for each in (socket, socket._sio.to(client.sid), socket.volatile):
            with pytest.raises(TypeError):
                await each.emit("what", wrong)
        with pytest.raises(TypeError):
            await socket.emit_with_ack("what", wrong)
        assert await client.heard() == []
