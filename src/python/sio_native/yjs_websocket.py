"""A WebSocket endpoint for npm's y-websocket: see `YjsDocuments.websocket_app`.

Each connection is a client of the engine's in y-socket.io's dialect, which says the same in other
words: `Translation` has both. Documents, access and limits are the engine's.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from .types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from .async_server import AsyncServer

# y-protocols' messages, and those of its synchronisation.
SYNC, AWARENESS, AUTH = 0, 1, 2
STEP_1, STEP_2, UPDATE = 0, 1, 2
DENIED = 0

# A provider gives up when it is closed with 44xx, and tries again later with all else.
FORBIDDEN: Final = 4403
NO_SUCH_NAME: Final = 4404
GONE: Final = 4410
MALFORMED: Final = 1007
TRY_AGAIN: Final = 1013

MOST_WAITING: Final = 64  # frames, before the client is let in and when the engine is busy
PLACE: Final = '{"_placeholder":true,"num":0}'


class Translation:
    """Of one connection. What comes of a frame is put into `to_client` and `to_engine`."""

    def __init__(self, document: str, auth: Any) -> None:
        self.to_client: list[bytes] = []
        self.to_engine: list[str | bytes] = []
        self.joined = False
        self.close_code: int | None = None
        self._nsp = f"/yjs|{document}"
        self._auth = auth
        self._refused = ""  # the reason of what was refused last
        self._attachment_of: tuple[str, str] | None = None  # event or "": an answer; its ack id
        self._question: str | None = None  # the engine's, that a step 2 answers
        self._last_id = 0

    def from_client(self, data: bytes) -> None:
        """`ValueError` for what is no message of y-protocols."""
        kind, at = _varuint(data, 0)
        if kind == AWARENESS:
            self._event("awareness-update", _bytes_at(data, at))
            # Its provider takes a server that says nothing for dead.
            self.to_client.append(data)
        elif kind == SYNC:
            step, at = _varuint(data, at)
            payload = _bytes_at(data, at)
            if step == STEP_1:
                self._last_id += 1
                self._event("sync-step-1", payload, str(self._last_id))
            elif step == STEP_2 and self._question is not None:
                question, self._question = self._question, None
                self.to_engine += [f"461-{self._nsp},{question}[{PLACE}]", payload]
            elif step in (STEP_2, UPDATE):
                self._event("sync-update", payload)
            else:
                raise ValueError(f"unknown step {step}")

    def from_engine(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self._attachment(frame)
        elif frame[0] == "0":
            self.to_engine.append(f"40{self._nsp},{json.dumps(self._auth)}")
        elif frame[0] == "2":
            self.to_engine.append("3")
        elif frame[0] == "4":
            self._packet(frame[1], frame.partition(",")[2])

    def _packet(self, kind: str, rest: str) -> None:
        if kind == "0":
            self.joined = True
        elif kind == "1":
            reasons = {"not_allowed": FORBIDDEN, "cleared": GONE}
            self.close_code = reasons.get(self._refused, TRY_AGAIN)
        elif kind == "2":
            name, told = json.loads(rest)
            if name == "sync-nack":
                self._refused = told["reason"]
                reason = f"{told['event']}: {told['reason']}".encode()
                self.to_client.append(bytes([AUTH, DENIED]) + _with_length(reason))
        elif kind == "4":
            self.close_code = FORBIDDEN
        elif kind in "56":
            number, arguments = re.fullmatch(r"(\d*)(\[.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
            name = json.loads(arguments)[0] if kind == "5" else ""
            self._attachment_of = (name, number)

    def _attachment(self, data: bytes) -> None:
        assert self._attachment_of is not None
        name, number = self._attachment_of
        payload = _with_length(data)
        if name == "awareness-update":
            self.to_client.append(bytes([AWARENESS]) + payload)
            return
        if name == "sync-step-1":
            self._question = number
        step = {"sync-step-1": STEP_1, "sync-update": UPDATE}.get(name, STEP_2)
        self.to_client.append(bytes([SYNC, step]) + payload)

    def _event(self, name: str, payload: bytes, number: str = "") -> None:
        self.to_engine += [f'451-{self._nsp},{number}["{name}",{PLACE}]', payload]


class WebSocketApp:
    """See `YjsDocuments.websocket_app`."""

    def __init__(self, sio: AsyncServer) -> None:
        self._sio = sio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 426, "headers": []})
            await send({"type": "http.response.body", "body": b"Upgrade Required"})
        elif scope["type"] == "websocket":
            await _Connection(self._sio, scope, receive, send).run()


class _Connection:
    """Between a client and the engine's bridge, which takes it for an ASGI server's."""

    def __init__(self, sio: AsyncServer, scope: Scope, receive: Receive, send: Send) -> None:
        self._sio = sio
        self._receive = receive
        self._send = send
        path, root = scope["path"], scope.get("root_path") or ""
        self._document = path.removeprefix(root).lstrip("/")
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        self._translation = Translation(self._document, dict(query))
        self._scope = {
            **scope,
            "path": "/socket.io/",
            "raw_path": b"/socket.io/",
            "query_string": b"EIO=4&transport=websocket",
            "subprotocols": [],
        }
        # Bounded by `_read`, but for the few words that the engine itself has asked for.
        self._to_engine: asyncio.Queue[Message] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._early: list[bytes] = []  # at most MOST_WAITING
        self._open = False

    async def run(self) -> None:
        await self._receive()  # websocket.connect
        if not self._document or set(",?") & set(self._document):  # no name of a namespace
            await self._send({"type": "websocket.accept"})
            await self._send({"type": "websocket.close", "code": NO_SUCH_NAME})
            return
        self._to_engine.put_nowait({"type": "websocket.connect"})
        reader = asyncio.ensure_future(self._read())
        try:
            await self._sio.handle_request(self._scope, self._next, self._from_engine)
        finally:
            reader.cancel()
            await self._close(TRY_AGAIN)

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._ended(1005)
                return
            data = message.get("bytes")
            if not self._translation.joined:
                self._early.append(data or b"")
                if len(self._early) > MOST_WAITING:
                    await self._close(MALFORMED)
                continue
            await self._from_client(data or b"")
            while self._to_engine.qsize() > MOST_WAITING:
                self._taken.clear()
                await self._taken.wait()

    async def _next(self) -> Message:
        message = await self._to_engine.get()
        self._taken.set()
        return message

    async def _from_client(self, data: bytes) -> None:
        try:
            self._translation.from_client(data)
        except ValueError:
            await self._close(MALFORMED)
        await self._pass_on()

    async def _from_engine(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self._open = True
            await self._send({"type": "websocket.accept"})
        elif message["type"] == "websocket.send":
            text = message.get("text")
            self._translation.from_engine(message["bytes"] if text is None else text)
            await self._pass_on()
            if self._translation.joined and self._early:
                early, self._early = self._early, []
                for each in early:
                    await self._from_client(each)
        elif self._open:
            await self._close(message.get("code", TRY_AGAIN))
        else:
            await self._send(message)  # a refusal

    async def _pass_on(self) -> None:
        translation = self._translation
        for frame in translation.to_engine:
            kind = "text" if isinstance(frame, str) else "bytes"
            self._to_engine.put_nowait({"type": "websocket.receive", kind: frame})
        translation.to_engine.clear()
        told, translation.to_client = translation.to_client, []
        for data in told:
            await self._tell({"type": "websocket.send", "bytes": data})
        if translation.close_code is not None:
            await self._close(translation.close_code)

    async def _close(self, code: int) -> None:
        await self._tell({"type": "websocket.close", "code": code})
        self._ended(code)

    async def _tell(self, message: Message) -> None:
        if self._open:
            try:
                await self._send(message)
            except Exception:  # of the ASGI server's own kind: the client has gone
                self._ended(1006)

    def _ended(self, code: int) -> None:
        if self._open:
            self._open = False
            self._to_engine.put_nowait({"type": "websocket.disconnect", "code": code})


def _varuint(data: bytes, at: int) -> tuple[int, int]:
    """A number as lib0 writes it, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 49:
            raise ValueError("a number does not end")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7


def _bytes_at(data: bytes, at: int) -> bytes:
    length, at = _varuint(data, at)
    if at + length != len(data):
        raise ValueError("a message ends too early or too late")
    return data[at:]


def _with_length(data: bytes) -> bytes:
    length, made = len(data), bytearray()
    while length >= 0x80:
        made.append(length & 0x7F | 0x80)
        length >>= 7
    made.append(length)
    return bytes(made) + data
