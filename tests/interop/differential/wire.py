"""A client by hand: sends Engine.IO packets as they are told, keeps what it is sent, decoded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import deque
from typing import Any

from ..engineio_wire import Packet, Session, SessionGone, open_session

PATIENCE = 10.0  # seconds for what must come
DEAF = 0.5  # seconds for an answer that may not come
NAMES = ("CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK")
FENCE = "everything before this has arrived"
FENCE_NAMESPACE = "/fence"
CLOSED = ["closed"]

_packet = re.compile(r"4(\d)(?:(\d+)-)?(?:(/[^,]*),)?(\d+)?(.*)", re.DOTALL)


def decode(packet: Packet) -> Any:
    """`[name, namespace, id, data]` of a Socket.IO packet; an attachment as it is."""
    if isinstance(packet, bytes):
        return packet
    found = _packet.fullmatch(packet)
    if found is None:
        return ["ENGINE.IO", packet]
    kind, attachments, namespace, number, data = found.groups()
    name = NAMES[int(kind)] + (f" with {attachments}" if attachments else "")
    return [
        name,
        namespace or "/",
        None if number is None else int(number),
        json.loads(data) if data else None,
    ]


def _kind(packet: Any) -> str:
    return "attachment" if isinstance(packet, bytes) else packet[0].split()[0]


def _is_fence(packet: Any) -> bool:
    return isinstance(packet, list) and (packet[-1] == [FENCE] or packet[1] == FENCE_NAMESPACE)


class Wire:
    """One session, on either transport. `packets` is all that came but pings and noops."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.sids: dict[str, str] = {}  # by namespace
        self.packets: list[Any] = []
        self._unread: deque[Any] = deque()
        self._came = asyncio.Event()
        self._reader = asyncio.ensure_future(self._read())

    @classmethod
    async def open(cls, site: Any, transport: str, headers: dict[str, str]) -> Wire:
        return cls(await open_session(site, transport, headers))

    @property
    def sid(self) -> str:
        return self.sids["/"]

    async def send(self, *packets: Packet) -> None:
        """Engine.IO packets: `42["event"]`; bytes are an attachment."""
        with contextlib.suppress(SessionGone, OSError):  # the reader notes it
            await self.session.send(*packets)

    async def join(self, namespace: str = "/", auth: Any = None) -> Any:
        """Connect to a namespace; the answer, which is a refusal or has the sid."""
        prefix = "" if namespace == "/" else f"{namespace},"
        await self.send(f"40{prefix}" + ("" if auth is None else json.dumps(auth)))
        return await self.joined()

    async def joined(self) -> Any:
        """The answer to a CONNECT that has been sent; events before it stay to be read."""
        answer = await self.next("CONNECT", "CONNECT_ERROR")
        if answer[0] == "CONNECT":
            self.sids[answer[1]] = answer[3]["sid"]
        return answer

    async def emit(self, event: str, *args: Any, namespace: str = "/", ack: Any = "") -> None:
        prefix = "" if namespace == "/" else f"{namespace},"
        await self.send(f"42{prefix}{ack}{json.dumps([event, *args])}")

    async def ask(self, event: str, *args: Any, namespace: str = "/") -> Any:
        """Emit with an id; the arguments of the ack. What came before it stays to be read."""
        await self.emit(event, *args, namespace=namespace, ack=7)
        answer = await self.next("ACK", "BINARY_ACK")
        return answer[3] if answer != CLOSED else answer

    async def answer(self, event: Any, *args: Any) -> None:
        """Acknowledge an event of the server."""
        _, namespace, number, _ = event
        prefix = "" if namespace == "/" else f"{namespace},"
        await self.send(f"43{prefix}{number}{json.dumps(list(args))}")

    async def next(self, *kinds: str) -> Any:
        """The next packet, or the next one of these kinds; `CLOSED` when there will be none."""
        return await asyncio.wait_for(self._next(kinds), PATIENCE)

    async def _next(self, kinds: tuple[str, ...]) -> Any:
        while True:
            for position, packet in enumerate(self._unread):
                if not kinds or packet == CLOSED or _kind(packet) in kinds:
                    if packet != CLOSED:
                        del self._unread[position]
                    return packet
            self._came.clear()
            await self._came.wait()

    async def fence(self, sio: Any) -> None:
        """Wait until all that the server has sent is here."""
        joined = [
            (namespace, sid)
            for namespace, sid in self.sids.items()
            if sio.manager.is_connected(sid, namespace)
        ]
        if CLOSED in self.packets:
            return
        for namespace, sid in joined:
            await sio.emit(FENCE, to=sid, namespace=namespace)
            while await self.next("EVENT") not in (["EVENT", namespace, None, [FENCE]], CLOSED):
                pass
        if not joined and self.sids:  # an answer of any kind; python-socketio may be deaf by now
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._asked(), DEAF)

    async def _asked(self) -> None:
        await self.send(f"40{FENCE_NAMESPACE},")
        while (await self.next("CONNECT_ERROR", "CONNECT"))[1:2] not in ([FENCE_NAMESPACE], []):
            pass

    def seen(self) -> list[Any]:
        """The packets without fences. The end, if it has come, is for the script to tell."""
        return [each for each in self.packets if each != CLOSED and not _is_fence(each)]

    async def close(self) -> None:
        if self._reader.cancelled():
            return
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        self.session.abort()
        await self.session.close()

    async def _read(self) -> None:
        try:
            while True:
                packet = await self.session.receive()
                if packet not in ("2", "6"):
                    self._keep(decode(packet))
        except (SessionGone, OSError, asyncio.IncompleteReadError):
            self._keep(CLOSED)

    def _keep(self, packet: Any) -> None:
        self.packets.append(packet)
        self._unread.append(packet)
        self._came.set()
