"""Engine.IO v4 and Socket.IO v5 clients by hand, one face for both transports.

They do only what they are told: no ping is answered and no poll is sent by itself, except by
`Player`, which is a well-behaved client for load tests and for watching others' mistakes.
"""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from .http_wire import HttpConnection, Response, fetch
from .websocket_wire import ConnectionClosed, WebSocket

SEPARATOR = "\x1e"
REUSED_FOR = 2.0  # seconds of idleness; uvicorn closes an idle connection after 5
Packet = str | bytes


def encode_payload(packets: tuple[Packet, ...]) -> bytes:
    return SEPARATOR.join(
        packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode()
        for packet in packets
    ).encode()


def decode_payload(body: str) -> list[Packet]:
    return [
        base64.b64decode(packet[1:]) if packet.startswith("b") else packet
        for packet in body.split(SEPARATOR)
    ]


class SessionGone(Exception):
    """The server no longer serves this session."""


class PollingSession:
    """A session on long-polling: one connection for its GETs, one for its POSTs."""

    transport = "polling"

    def __init__(self, server: Any, open_packet: Mapping[str, Any], getter: HttpConnection):
        self.server = server
        self.open_packet = open_packet
        self.sid: str = open_packet["sid"]
        self._getter = getter
        self._poster: HttpConnection | None = None
        self._posted_at = 0.0
        self._received: list[Packet] = []

    @classmethod
    async def open(cls, server: Any, headers: Mapping[str, str] = {}) -> "PollingSession":
        getter = await HttpConnection.open(server.host, server.port)
        target = f"{server.path}?EIO=4&transport=polling"
        response = await getter.request("GET", target, headers=headers)
        assert response.status == 200, response
        assert response.text.startswith("0"), response
        return cls(server, json.loads(response.text[1:]), getter)

    @property
    def target(self) -> str:
        return f"{self.server.path}?EIO=4&transport=polling&sid={self.sid}"

    async def poll(self) -> Response:
        """One GET, whatever its answer."""
        return await self._getter.request("GET", self.target)

    async def post(self, body: bytes, headers: Mapping[str, str] = {}) -> Response:
        """One POST with any body, whatever its answer."""
        idle = time.monotonic() - self._posted_at
        if self._poster is not None and idle > REUSED_FOR:
            await self._poster.close()
            self._poster = None
        if self._poster is None:
            self._poster = await HttpConnection.open(self.server.host, self.server.port)
        self._posted_at = time.monotonic()
        fields = {"Content-Type": "text/plain;charset=UTF-8", **headers}
        return await self._poster.request("POST", self.target, body, fields)

    async def send(self, *packets: Packet) -> None:
        response = await self.post(encode_payload(packets))
        if response.status != 200:
            raise SessionGone(f"POST was answered {response.status}: {response.body!r}")

    async def receive(self) -> Packet:
        """The next packet. Raises `SessionGone` when the session is over."""
        while not self._received:
            try:
                response = await self.poll()
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise SessionGone(f"GET was not answered: {error}") from None
            if response.status != 200:
                raise SessionGone(f"GET was answered {response.status}: {response.body!r}")
            self._received = decode_payload(response.text)[::-1] if response.body else []
        packet = self._received.pop()
        if packet == "1":
            raise SessionGone("a close packet came")
        return packet

    async def close(self) -> None:
        await self._getter.close()
        if self._poster is not None:
            await self._poster.close()

    def abort(self) -> None:
        self._getter.abort()
        if self._poster is not None:
            self._poster.abort()


class WebSocketSession:
    """A session that began on WebSocket."""

    transport = "websocket"

    def __init__(self, server: Any, open_packet: Mapping[str, Any], websocket: WebSocket):
        self.server = server
        self.open_packet = open_packet
        self.sid: str = open_packet["sid"]
        self.websocket = websocket

    @classmethod
    async def open(cls, server: Any, headers: Mapping[str, str] = {}) -> "WebSocketSession":
        target = f"{server.path}?EIO=4&transport=websocket"
        websocket = await WebSocket.open(server, target, headers)
        packet = await websocket.receive()
        assert isinstance(packet, str) and packet.startswith("0"), packet
        return cls(server, json.loads(packet[1:]), websocket)

    async def send(self, *packets: Packet) -> None:
        self.websocket.send(*packets)
        await self.websocket.connection.writer.drain()

    async def receive(self) -> Packet:
        try:
            packet = await self.websocket.receive()
        except ConnectionClosed as closed:
            raise SessionGone(f"closed with {closed.code}") from None
        if packet == "1":
            raise SessionGone("a close packet came")
        return packet

    async def close(self) -> None:
        await self.websocket.close()

    def abort(self) -> None:
        self.websocket.abort()


Session = PollingSession | WebSocketSession
SESSIONS: dict[str, type[Session]] = {"polling": PollingSession, "websocket": WebSocketSession}


async def open_session(server: Any, transport: str, headers: Mapping[str, str] = {}) -> Session:
    return await SESSIONS[transport].open(server, headers)


async def join(session: Session, namespace: str = "/", auth: Any = None) -> str:
    """Connect to a namespace; the sid there."""
    prefix = "" if namespace == "/" else f"{namespace},"
    await session.send(f"40{prefix}" + ("" if auth is None else json.dumps(auth)))
    answer = await receive_message(session)
    assert isinstance(answer, str) and answer.startswith(f"40{prefix}{{"), answer
    return json.loads(answer[2 + len(prefix) :])["sid"]


async def receive_message(session: Session) -> Packet:
    """The next packet that is neither ping nor noop; answers no ping."""
    while True:
        packet = await session.receive()
        if packet not in ("2", "6"):
            return packet


async def is_known(session: Session) -> bool:
    """Whether the server still has this session, asked without disturbing it.

    A request for the wrong transport is refused either way, but for another reason.
    """
    other = "websocket" if session.transport == "polling" else "polling"
    target = f"{session.server.path}?EIO=4&transport={other}&sid={session.sid}"
    response = await fetch(session.server, "GET", target)
    assert response.status == 400, response
    return b'"code":1' not in response.body and b"Invalid session" not in response.body


class Player:
    """A well-behaved Socket.IO client: answers pings, resolves acks, collects the rest."""

    def __init__(self, session: Session, on_event: Callable[[list[Any]], None] | None = None):
        self.session = session
        self.sid = ""
        self.events: asyncio.Queue[list[Any]] = asyncio.Queue()
        self.ended = asyncio.Event()
        self._on_event = on_event or self.events.put_nowait
        self._acks: dict[int, asyncio.Future[list[Any]]] = {}
        self._next_id = 0
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, server: Any, transport: str, **details: Any) -> "Player":
        player = cls(await open_session(server, transport), **details)
        player.sid = await join(player.session)
        player._reader = asyncio.create_task(player._read())
        return player

    async def __aenter__(self) -> "Player":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def expect_ack(self) -> tuple[int, asyncio.Future[list[Any]]]:
        """An ack id and the arguments that will come back with it."""
        self._next_id += 1
        future = asyncio.get_running_loop().create_future()
        self._acks[self._next_id] = future
        return self._next_id, future

    async def call_many(self, event: str, arguments: list[Any]) -> list[list[Any]]:
        """One event for each argument, all in one write; the acks in the same order."""
        waiting = [(argument, *self.expect_ack()) for argument in arguments]
        name = json.dumps(event)
        await self.session.send(
            *(f"42{ack}[{name},{json.dumps(argument)}]" for argument, ack, _ in waiting)
        )
        return [await future for _, _, future in waiting]

    async def call(self, event: str, *arguments: Any, limit: float = 15.0) -> Any:
        """The answer's one argument, or the list when there are several or none."""
        ack, future = self.expect_ack()
        await self.session.send(f"42{ack}{json.dumps([event, *arguments])}")
        answer = await asyncio.wait_for(future, limit)
        return answer[0] if len(answer) == 1 else answer

    async def emit(self, event: str, *arguments: Any) -> None:
        await self.session.send(f"42{json.dumps([event, *arguments])}")

    async def leave(self) -> None:
        """Leave the namespace and the session as a polite client does."""
        await self.session.send("41", "1")

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self.session.close()

    async def _read(self) -> None:
        try:
            while True:
                self._receive(await self.session.receive())
        except SessionGone as gone:
            self._give_up(gone)
        except Exception as error:
            self._give_up(error)
            raise
        finally:
            self.ended.set()

    def _receive(self, packet: Packet) -> None:
        assert isinstance(packet, str), "only text was asked for"
        if packet.startswith("43"):
            bracket = packet.index("[")
            future = self._acks.pop(int(packet[2:bracket]))
            future.set_result(json.loads(packet[bracket:]))
        elif packet.startswith("42"):
            self._on_event(json.loads(packet[2:]))
        elif packet == "2":
            self._answer = asyncio.create_task(self._pong())
        else:
            assert packet in ("41", "6"), packet

    async def _pong(self) -> None:
        with contextlib.suppress(SessionGone, OSError):
            await self.session.send("3")

    def _give_up(self, error: Exception) -> None:
        for future in self._acks.values():
            if not future.done():
                future.set_exception(error)
        self._acks.clear()


@contextlib.asynccontextmanager
async def undisturbed(server: Any) -> AsyncIterator[None]:
    """Others keep being served, on both transports, while the body misbehaves."""
    async with (
        await Player.connect(server, "websocket") as first,
        await Player.connect(server, "polling") as second,
    ):
        yield
        for other in (first, second):
            assert await other.call("echo", "still here") == "still here"
