"""A WebSocket as an ASGI server shows it to the application, and an Engine.IO session on it."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from .. import exceptions
from ..packet import Packet as Codec
from ..types import ASGIApplication, Message, Scope
from .packets import Packet, Reader, encode

GONE = "transport close"  # as python-socketio's client calls it


class Listener(Protocol):
    """What hears of one namespace."""

    def told(self, packet: Packet) -> None: ...
    def ended(self, reason: str) -> None: ...
    def failed(self, error: BaseException) -> None: ...


class Connection:
    """One connection of one client: no port, no socket, the application runs in a task here.

    `listeners` are those of each namespace; `moved` counts messages, both ways. An exception that
    the application raises, or that what it sends causes, is `failure` if there is no listener.
    """

    def __init__(
        self, app: ASGIApplication, scope: Scope, codec: type[Codec], answer_pings: bool
    ) -> None:
        self.listeners: dict[str, Listener] = {}
        self.answer_pings = answer_pings
        self.pings = 0
        self.moved = 0
        self.failure: BaseException | None = None
        self.closed = False
        self._app = app
        self._scope = scope
        self._codec = codec
        self._reader = Reader(codec)
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()  # bounded by what a test sends
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._refusal: str | None = None
        self._task: asyncio.Future[None] | None = None

    async def open(self, timeout: float) -> None:
        """Returns when there is a session. `ConnectionError` if there will be none.

        What the application raises is raised here.
        """
        __tracebackhide__ = True
        self._incoming.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(self._app(self._scope, self._receive, self._send))
        self._task.add_done_callback(self._returned)
        await asyncio.wait([self._opened], timeout=timeout)
        if self._opened.done() and not self.closed:
            return
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        if self._refusal is not None:
            what = f"refused: {self._refusal}"
        elif self.closed:
            what = "closed before there was a session"
        else:
            what = f"not open within {timeout:g} s"
        raise exceptions.ConnectionError(f"the WebSocket at {self._scope['path']} was {what}")

    def write(self, packet: Packet) -> None:
        """Nothing happens when the connection is closed: so it is with a network."""
        for each in encode(packet, self._codec):
            if isinstance(each, str):
                self._put({"type": "websocket.receive", "text": "4" + each})
            else:
                self._put({"type": "websocket.receive", "bytes": each})

    def close(self, code: int = 1000) -> None:
        """The client's side ends, with 1006 as one whose network is gone."""
        if not self.closed:
            self._put({"type": "websocket.disconnect", "code": code, "reason": ""})
            self._end()

    async def wait_closed(self, timeout: float) -> None:
        """Returns when the application has; it is cancelled if it does not in time."""
        task = self._task
        if task is None:
            return
        await asyncio.wait([task], timeout=timeout)
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=timeout)

    # --- the application's side ---

    async def _receive(self) -> Message:
        message = await self._incoming.get()
        if message["type"] == "websocket.disconnect":
            self._incoming.put_nowait(message)  # and nothing else for ever after
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.http.response.start":
            self._refusal = f"HTTP status {message['status']} "
        elif kind == "websocket.http.response.body":
            body: bytes = message.get("body", b"")
            self._refusal = (self._refusal or "") + body.decode(errors="replace")
            if not message.get("more_body"):
                self.close()
        elif kind == "websocket.close":
            if not self._opened.done():
                self._refusal = (
                    "is there a Socket.IO server at this path, and is the origin allowed?"
                )
            self.close(message.get("code", 1000))
        elif kind == "websocket.send" and not self.closed:
            self.moved += 1
            text = message.get("text")
            try:
                self._told(message["bytes"] if text is None else text)
            except Exception as error:
                self._fail(error)  # not raised: the application may take it for the network's

    def _told(self, frame: str | bytes) -> None:
        kind = frame[:1]
        if isinstance(frame, bytes) or kind == "4":
            packet = self._reader.read(frame if isinstance(frame, bytes) else frame[1:])
            if packet is not None and (listener := self.listeners.get(packet.namespace)):
                listener.told(packet)
        elif kind == "0":
            self._opened.set_result(None)
        elif kind == "1":
            self.close()
        elif kind == "2":
            self.pings += 1
            if self.answer_pings:
                self._put({"type": "websocket.receive", "text": "3" + frame[1:]})

    def _put(self, message: dict[str, Any]) -> None:
        if not self.closed:
            self.moved += 1
            self._incoming.put_nowait(message)

    # --- ends ---

    def _returned(self, task: asyncio.Future[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)
        self._end()

    def _fail(self, error: BaseException) -> None:
        if not self.listeners:
            self.failure = self.failure or error
        for each in self.listeners.values():
            each.failed(error)

    def _end(self) -> None:
        if self.closed:
            return
        self.closed = True
        if not self._opened.done():
            self._opened.set_result(None)
        listeners, self.listeners = self.listeners, {}
        for each in listeners.values():
            each.ended(GONE)
