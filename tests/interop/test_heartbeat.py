"""Pings on time, the silent dropped on time, and both also while Python cannot run at all."""

import asyncio
import contextlib
import json

import pytest

from .engineio_wire import (
    Player,
    PollingSession,
    Session,
    SessionGone,
    WebSocketSession,
    is_known,
    join,
    open_session,
)
from .limits import eventually, run
from .websocket_wire import ConnectionClosed

INTERVAL, TIMEOUT = 1.0, 1.0
EARLY = 0.05  # clocks and the open packet's way to us
LATE = 0.4  # two busy cores: the server, this process and other tests
HELD = 10.0  # seconds for which the GIL is held


def now() -> float:
    return asyncio.get_running_loop().time()


def test_ping_comes_when_the_interval_has_passed(pool, flavour, transport):
    server = pool.get(flavour, ping_interval=0.5, ping_timeout=0.5)

    async def conversation():
        began = now()
        session = await open_session(server, transport)
        await join(session)
        last = now()
        for pings in range(1, 4):
            assert await session.receive() == "2"
            arrived = now()
            # Since the beginning: a ping that is read late makes the time to the next one short.
            assert arrived - began >= pings * (0.5 - EARLY)
            assert arrived - last <= 0.5 + LATE
            last = arrived
            await session.send("3")
        await session.close()

    run(conversation())


def test_silent_websocket_is_dropped_when_its_pong_is_due(pool, flavour):
    server = pool.get(flavour, ping_interval=0.6, ping_timeout=0.4)

    async def conversation():
        session = await WebSocketSession.open(server)
        opened = now()
        sid = await join(session)
        assert await session.websocket.receive() == "2"
        with contextlib.suppress(ConnectionClosed):
            while True:  # a close packet or a close frame
                await session.websocket.receive()
        assert 1.0 - EARLY <= now() - opened <= 1.0 + LATE
        assert not await is_known(session)
        await assert_noted(server, sid, "ping timeout")

    run(conversation())


def test_silent_polling_client_is_dropped_when_its_pong_is_due(pool, flavour):
    server = pool.get(flavour, ping_interval=0.6, ping_timeout=0.4)

    async def conversation():
        session = await PollingSession.open(server)
        opened = now()
        sid = await join(session)
        assert await receive_ping(session) == "2"
        with pytest.raises(SessionGone):
            while True:
                await session.receive()
        assert 1.0 - EARLY <= now() - opened <= 1.0 + LATE
        assert not await is_known(session)
        await assert_noted(server, sid, "ping timeout")

    run(conversation())


def test_client_that_does_not_even_poll_is_dropped_as_well(pool, flavour):
    server = pool.get(flavour, ping_interval=0.6, ping_timeout=0.4)

    async def conversation():
        session = await PollingSession.open(server)
        opened = now()

        async def gone() -> bool:
            return not await is_known(session)

        await eventually(gone, "the session of a client that does nothing is closed")
        assert 1.0 - EARLY <= now() - opened <= 1.0 + LATE

    run(conversation())


async def receive_ping(session: Session) -> str | bytes:
    while (packet := await session.receive()) == "6":
        pass
    return packet


async def assert_noted(server, sid: str, reason: str) -> None:
    async with await Player.connect(server, "websocket") as witness:

        async def noted() -> list[dict]:
            records = await witness.call("records_of", sid)
            return [record for record in records if record["what"] == "disconnect"]

        (record,) = await eventually(noted, "the disconnect handler ran")
        assert record["reason"] == reason


# While the GIL is held


class Patient:
    """A client that does nothing but answer pings, and measures when they come."""

    def __init__(self, session: Session):
        self.session = session
        self.pings: list[float] = []
        self.living = asyncio.create_task(self._live())

    @classmethod
    async def admit(cls, server, transport: str) -> "Patient":
        session = await open_session(server, transport)
        await join(session)
        return cls(session)

    async def _live(self) -> None:
        while True:
            if await self.session.receive() == "2":
                self.pings.append(now())
                await self.session.send("3")

    def assert_alive(self) -> None:
        end = self.living.exception() if self.living.done() else None
        assert not self.living.done(), f"{self.session.transport} session was lost: {end}"

    async def release(self) -> None:
        """Say goodbye, as a client whose session serves it still."""
        self.living.cancel()
        await asyncio.gather(self.living, return_exceptions=True)
        await self.session.send("41", "1")
        await self.session.close()

    def longest_gap(self) -> float:
        return max(late - early for early, late in zip(self.pings, self.pings[1:], strict=False))


async def hold_the_gil(server, seconds: float = HELD) -> tuple[asyncio.Task[float], Player]:
    """Ask the server to hold its GIL; the task ends with the time it measured."""
    holder = await Player.connect(server, "websocket")
    return asyncio.create_task(holder.call("hold", seconds, limit=seconds + 15)), holder


@pytest.mark.parametrize(
    ("flavour", "transports"),
    [("listen", ["websocket", "polling"] * 5), ("handoff", ["websocket"] * 10)],
)
def test_heartbeats_go_on_for_all_clients_while_the_gil_is_held(pool, flavour, transports):
    server = pool.get(flavour, ping_interval=INTERVAL, ping_timeout=TIMEOUT)

    async def conversation():
        patients = [await Patient.admit(server, transport) for transport in transports]
        holding, holder = await hold_the_gil(server)
        held = await holding
        assert HELD - 0.5 <= held <= HELD + 5  # else this test has tested nothing
        for patient in patients:
            patient.assert_alive()
            assert len(patient.pings) >= 7
            assert patient.longest_gap() <= INTERVAL + LATE
            await patient.release()
        async with holder:
            assert await holder.call("echo", "served") == "served"

    run(conversation(), limit=60)


def test_new_clients_are_let_in_by_the_engine_while_the_gil_is_held(pool, own_port):
    """The handshake needs no Python; the namespace waits for the connect handler."""
    server = pool.get(own_port, ping_interval=INTERVAL, ping_timeout=TIMEOUT)

    async def conversation():
        holding, holder = await hold_the_gil(server, seconds=5.0)
        await asyncio.sleep(0.5)  # it takes 0.1 s until the server holds it
        began = now()
        session = await WebSocketSession.open(server)
        assert now() - began < 1.0
        joining = asyncio.create_task(join(session))
        done, _ = await asyncio.wait({joining}, timeout=0.5)
        assert not done
        # A second client answers no ping while it waits to join, and is dropped on time.
        silent = await PollingSession.open(server)

        async def gone() -> bool:
            return not await is_known(silent)

        await eventually(gone, "the silent client is dropped", limit=INTERVAL + TIMEOUT + LATE)
        assert not holding.done()
        joining.cancel()
        await holding
        await holder.close()
        await session.close()

    run(conversation(), limit=60)


def test_clients_that_keep_sending_while_the_gil_is_held_survive(pool, flavour):
    """Pongs may lie behind events that nobody can handle yet (architecture, rule 9)."""
    server = pool.get(flavour, ping_interval=INTERVAL, ping_timeout=TIMEOUT)

    async def busy(count: int) -> None:
        session = await WebSocketSession.open(server)
        await join(session)
        sending = asyncio.create_task(send_numbers(session, count))
        numbers: list[int] = []
        while len(numbers) < count:
            packet = await session.receive()
            if packet == "2":
                await session.send("3")
            elif isinstance(packet, str) and packet.startswith('42["numbered_back"'):
                numbers.append(json.loads(packet[2:])[1])
        await sending
        assert numbers == list(range(count))
        await session.close()

    async def conversation():
        few = asyncio.create_task(busy(200))
        many = asyncio.create_task(busy(3000))  # more than are kept unhandled
        holding, holder = await hold_the_gil(server)
        await asyncio.gather(few, many)
        assert await holding >= HELD - 0.5
        await holder.close()

    run(conversation(), limit=60)


async def send_numbers(session: Session, count: int) -> None:
    """Spread over the time of the hold, in the pieces that a busy client sends."""
    pieces = 50
    for piece in range(pieces):
        first, last = count * piece // pieces, count * (piece + 1) // pieces
        await session.send(*(f'42["numbered",{number}]' for number in range(first, last)))
        await asyncio.sleep(HELD * 0.9 / pieces)


def test_bridged_clients_survive_the_hold(pool):
    """Under an ASGI server Python carries the bytes: no ping passes, but nobody is dropped."""
    server = pool.get("bridge", ping_interval=INTERVAL, ping_timeout=TIMEOUT)

    async def conversation():
        transports = ["websocket", "polling"] * 5
        patients = [await Patient.admit(server, transport) for transport in transports]
        holding, holder = await hold_the_gil(server)
        assert await holding >= HELD - 0.5
        before = [len(patient.pings) for patient in patients]

        async def pinged_again() -> bool:
            for patient in patients:
                patient.assert_alive()
            return all(
                len(patient.pings) > count for patient, count in zip(patients, before, strict=True)
            )

        await eventually(pinged_again, "the heartbeat goes on")
        for patient in patients:
            await patient.release()
        async with holder:
            assert await holder.call("echo", "served") == "served"

    run(conversation(), limit=60)
