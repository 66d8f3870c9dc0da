"""HTTP and WebSocket messages of an ASGI server, carried to the engine and back."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .core import Core
from .environ import environ_from_head, make_environ
from .environs import Environs
from .handoff import Handoff, is_upgrade
from .options import Options, allows_origin
from .types import Environ, Message, Receive, RequestHead, Scope, Send

MESSAGES_A_TURN = 64


class Response(NamedTuple):
    """An HTTP response as the engine made it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Upload:
    """A request whose body is still arriving."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.refusal: asyncio.Future[None] | None = None

    def refuse(self) -> None:
        """Answer it before its client has sent the rest, which may never come.

        An ASGI server's receive() returns once there has been an answer.
        """
        self.refusal = asyncio.ensure_future(send_response(self._send, SHUTTING_DOWN))


class Exchange(NamedTuple):
    """A request that waits for its response."""

    scope: Scope
    answer: asyncio.Future[Response | None]


SHUTTING_DOWN = Response(503, [(b"content-type", b"text/plain")], b"Shutting down")
REFUSED = Response(400, [(b"content-type", b"text/plain")], b"Bad Request")

WATCH_AFTER = 0.1  # seconds that a poll is parked until its client is watched

# Seconds for a close to reach a peer and come back; then the connection is left to the server.
CLOSE_PATIENCE = 5.0


class Bridge:
    """The open exchanges and connections of one server's ASGI door. On the loop's thread alone."""

    def __init__(
        self,
        core: Core,
        environs: Environs,
        handoff: Handoff,
        options: Options,
        shown_sid: Callable[[str], str],
    ) -> None:
        self._core = core
        self._environs = environs
        self._handoff = handoff
        self._options = options  # which may change until the first client comes
        self._shown_sid = shown_sid
        self._announced = False
        self._uploads: set[Upload] = set()
        self._exchanges: dict[int, Exchange] = {}
        self._websockets: dict[int, WebSocketBridge] = {}

    # --- what the engine tells ---

    def http_response(
        self,
        exchange: int,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        eio_sid: str | None,
    ) -> None:
        waiting = self._exchanges.pop(exchange, None)
        if waiting is None:
            return
        if eio_sid is not None:
            self._environs.opened(eio_sid, self._handoff.extras(waiting.scope))
            headers = headers + self._cookie(eio_sid)
        if not waiting.answer.done():
            waiting.answer.set_result(Response(status, headers, body))

    def opening(self, number: int, eio_sid: str) -> None:
        """The session of a request that waits for a verdict, which may look at its environ."""
        if (waiting := self._exchanges.get(number)) is not None:
            self._environs.opened(eio_sid, self._handoff.extras(waiting.scope))
        elif (websocket := self._websockets.get(number)) is not None:
            websocket.opening(eio_sid)

    def _cookie(self, eio_sid: str) -> list[tuple[bytes, bytes]]:
        """The cookie of a new session, where callables have a say in it."""
        make_cookie = self._options.cookie_maker()
        if make_cookie is None:
            return []
        try:
            return [(b"set-cookie", make_cookie(self._shown_sid(eio_sid)).encode())]
        except Exception:
            self._core.log.engineio.exception("no cookie for %s", eio_sid)
            return []

    def ws_accept(self, connection: int, eio_sid: str, headers: list[tuple[bytes, bytes]]) -> None:
        if (websocket := self._websockets.get(connection)) is not None:
            websocket.accepted(eio_sid, headers)

    def ws_reject(
        self, connection: int, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        if (websocket := self._websockets.get(connection)) is not None:
            websocket.rejected(Response(status, headers, body))

    def ws_send(self, connection: int, data: str | bytes) -> None:
        if (websocket := self._websockets.get(connection)) is not None:
            websocket.outgoing.put_nowait(data)

    def ws_close(self, connection: int, code: int) -> None:
        if (websocket := self._websockets.get(connection)) is not None:
            websocket.closing(code)

    def ws_pause(self, connection: int) -> None:
        if (websocket := self._websockets.get(connection)) is not None:
            websocket.reading.clear()

    def ws_resume(self, connection: int) -> None:
        if (websocket := self._websockets.get(connection)) is not None:
            websocket.reading.set()

    def end(self) -> None:
        """The engine has ended: answer what it left open, and what it would hear of too late."""
        for upload in self._uploads:
            upload.refuse()
        for waiting in self._exchanges.values():
            if not waiting.answer.done():
                waiting.answer.set_result(SHUTTING_DOWN)
        for websocket in self._websockets.values():
            websocket.closing(1001)

    def forget(self) -> None:
        """The loop has been closed, and with it all that it carried."""
        self._uploads.clear()
        self._exchanges.clear()
        self._websockets.clear()

    # --- what the ASGI server asks ---

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._announced:  # at the latest: a client may never upgrade
            self._announced = True
            self._handoff.announce(receive)
        self._handoff.serves_polling(receive)
        engine = self._core.engine
        head = self._head(scope["method"], "https", scope, receive, send)
        begun = 0

        def body_arrives_in_pieces() -> None:
            nonlocal begun
            begun = engine.http_begin(head)

        upload = Upload(send)
        self._uploads.add(upload)
        try:
            body = await read_body(
                scope, receive, self._options.max_http_buffer_size, body_arrives_in_pieces
            )
        finally:
            self._uploads.discard(upload)
        if upload.refusal is not None:
            await upload.refusal
            return
        if body is None:
            if begun:
                engine.http_abort(begun)
            return
        exchange = engine.http_request(begun, head, body.data, body.too_large)
        response = await self._exchange(exchange, scope, receive) if exchange else SHUTTING_DOWN
        if response is not None:
            await send_response(send, response)

    async def _exchange(self, exchange: int, scope: Scope, receive: Receive) -> Response | None:
        """The engine's answer; None if the client left before there was one."""
        engine = self._core.engine
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Response | None] = loop.create_future()
        self._exchanges[exchange] = Exchange(scope, answer)
        watchers: list[asyncio.Future[None]] = []

        def watch() -> None:
            watchers.append(asyncio.ensure_future(_await_disconnect(receive, answer)))

        # A GET may be parked for the length of a ping interval. Most are not: whoever watches its
        # client comes when it has been for a while. A POST is answered at once.
        patience = loop.call_later(WATCH_AFTER, watch) if scope["method"] == "GET" else None
        response = None
        try:
            response = await answer
        finally:
            if patience is not None:
                patience.cancel()
            for watcher in watchers:
                watcher.cancel()
            if response is None:
                self._exchanges.pop(exchange, None)
                engine.http_abort(exchange)
        return response

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        event = await receive()
        if event["type"] != "websocket.connect":
            return
        head = self._head("GET", "wss", scope, receive, send)
        protocol = None
        # A middleware may agree to a subprotocol, and does so in the message that accepts: there is
        # none when a WebSocket is handed over, and a browser then gives the connection up.
        if self._core.engine.running and not scope.get("subprotocols"):
            protocol = self._handoff.protocol(receive)
        if protocol is not None and await self._handoff.take(protocol, scope, receive, head):
            return
        connection = self._core.engine.ws_open(head)
        websocket = WebSocketBridge(self._core, connection, scope, receive, send, self._environs)
        if not connection:
            websocket.rejected(SHUTTING_DOWN)
        self._websockets[connection] = websocket
        try:
            await websocket.run()
        finally:
            self._websockets.pop(connection, None)
            self._core.engine.ws_closed(connection, websocket.failed)

    def _head(
        self, method: str, secure_scheme: str, scope: Scope, receive: Receive, send: Send
    ) -> RequestHead:
        return (
            method,
            scope["path"],
            scope.get("query_string") or b"",
            scope.get("http_version", "1.1"),
            [(bytes(name), bytes(value)) for name, value in scope["headers"]],
            *_addresses(scope),
            scope.get("scheme") == secure_scheme,
            self._origin_verdict(scope, receive, send),
        )

    def _origin_verdict(self, scope: Scope, receive: Receive, send: Send) -> bool | None:
        """What a callable `cors_allowed_origins` says; None if there is none, or no origin."""
        if self._options.origin_check() is None:
            return None
        return self._judge(make_environ(scope, receive, send))

    def origin(self, shard: int, question: int, head: Mapping[str, Any]) -> None:
        """Notification ORIGIN: a request on the engine's own port waits for the verdict."""
        allowed = self._judge(environ_from_head(head))
        self._core.engine.origin_judged(shard, question, bool(allowed))

    def _judge(self, environ: Environ) -> bool | None:
        check, origin = self._options.origin_check(), environ.get("HTTP_ORIGIN")
        if check is None or not origin:
            return None
        try:
            try:
                verdict = check(origin, environ)
            except TypeError:
                verdict = check(origin)
            if inspect.iscoroutine(verdict):  # true, whatever it would come to
                verdict.close()
                raise TypeError("cors_allowed_origins must be a plain function, no coroutine")
            return allows_origin(verdict, origin)
        except Exception:
            self._core.log.engineio.exception("cors_allowed_origins failed for %s", origin)
            return False


class WebSocketBridge:
    """One WebSocket: a task that reads and one that writes, until the reader hears the end."""

    def __init__(
        self,
        core: Core,
        connection: int,
        scope: Scope,
        receive: Receive,
        send: Send,
        environs: Environs,
    ) -> None:
        self._core = core
        self._connection = connection
        self._scope = scope
        self._receive = receive
        self._send = send
        self._environs = environs
        self._opened: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        # Bounded by the engine, which stops at a window of bytes that ws_sent() opens; a number
        # is the code to close with.
        self.outgoing: asyncio.Queue[str | bytes | int] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.failed = False
        self._headers: list[tuple[bytes, bytes]] = []  # of the answer to its handshake
        self._ended = asyncio.Event()
        self._patience: asyncio.TimerHandle | None = None

    def opening(self, eio_sid: str) -> None:
        self._environs.bridged(eio_sid, self._scope, self._receive, self._send)

    def accepted(self, eio_sid: str, headers: list[tuple[bytes, bytes]]) -> None:
        self._headers = [(name.lower(), value) for name, value in headers]
        if not is_upgrade(self._scope):
            self.opening(eio_sid)
        if not self._opened.done():
            self._opened.set_result(None)

    def rejected(self, response: Response) -> None:
        if not self._opened.done():
            self._opened.set_result(response)

    def closing(self, code: int) -> None:
        self.rejected(REFUSED)  # unless it has been accepted
        self.outgoing.put_nowait(code)
        self.reading.set()  # for the disconnect message
        # The peer may read nothing any more, so that the close never gets out.
        if self._patience is None:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(CLOSE_PATIENCE, self._ended.set)

    async def run(self) -> None:
        refusal = await self._opened
        if refusal is not None:
            await self._refuse(refusal)
            return
        await self._send({"type": "websocket.accept", "headers": self._headers})
        tasks = [asyncio.ensure_future(each) for each in (self._read(), self._write())]
        try:
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            if self._patience is not None:
                self._patience.cancel()

    async def _refuse(self, response: Response) -> None:
        if "websocket.http.response" not in (self._scope.get("extensions") or {}):
            # The ASGI server answers 403; the reason is for the middleware before it.
            reason = response.body.decode(errors="replace")
            await self._send({"type": "websocket.close", "reason": reason})
            return
        await self._send(
            {
                "type": "websocket.http.response.start",
                "status": response.status,
                "headers": asgi_headers(response),
            }
        )
        await self._send({"type": "websocket.http.response.body", "body": response.body})

    async def _read(self) -> None:
        receive, engine_receive = self._receive, self._core.engine.ws_receive
        # Where messages wait already, receive() returns without a turn of the loop. The loop gets
        # one all the same: for the other clients, and to hear from the engine that it has enough.
        credit = MESSAGES_A_TURN
        try:
            while True:
                credit -= 1
                if credit == 0:
                    credit = MESSAGES_A_TURN
                    self._core.engine.catch_up()  # so that it can have said that it has enough
                    await asyncio.sleep(0)
                if not self.reading.is_set():
                    await self.reading.wait()
                message = await receive()
                if message["type"] != "websocket.receive":
                    return
                text = message.get("text")
                data = bytes(message.get("bytes") or b"") if text is None else text
                engine_receive(self._connection, data)
        except Exception:
            self.failed = True
            self._core.log.engineio.exception("the ASGI server's receive() failed")
        finally:
            self._ended.set()

    async def _write(self) -> None:
        """Pass on what the engine sends until it closes, or the peer is found to be gone."""
        # A peer that went shows as an exception of the server's own kind; the reader hears of it.
        with contextlib.suppress(Exception):
            while True:
                data = await self.outgoing.get()
                if isinstance(data, int):
                    await self._send({"type": "websocket.close", "code": data})
                    return
                if isinstance(data, str):
                    await self._send({"type": "websocket.send", "text": data})
                    size = len(data) if data.isascii() else len(data.encode())
                else:
                    await self._send({"type": "websocket.send", "bytes": data})
                    size = len(data)
                self._core.engine.ws_sent(self._connection, size)
        self.reading.set()


class Body(NamedTuple):
    data: bytes
    too_large: bool


async def read_body(
    scope: Scope, receive: Receive, limit: int, in_pieces: Callable[[], None]
) -> Body | None:
    """The whole body, or what there was of one that is too large; None if the client left.

    A body that announces more than `limit` bytes is not read at all. `in_pieces` is called when
    there is more than the first message brings.
    """
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit() and int(value[:20]) > limit:
            return Body(b"", True)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body") or b""
        size += len(chunk)
        if size > limit:
            return Body(b"", True)
        chunks.append(chunk)
        if not message.get("more_body"):
            return Body(b"".join(chunks), False)
        if len(chunks) == 1:
            in_pieces()


def asgi_headers(response: Response) -> list[tuple[bytes, bytes]]:
    """Lower case, as ASGI asks and HTTP/2 demands; with a length, so that nothing is chunked."""
    headers = [(name.lower(), value) for name, value in response.headers]
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % len(response.body)))
    return headers


async def send_response(send: Send, response: Response) -> None:
    # A client that has gone is no error here: the engine hears of it by its heartbeat.
    with contextlib.suppress(OSError):
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": asgi_headers(response),
            }
        )
        await send({"type": "http.response.body", "body": response.body})


async def _await_disconnect(receive: Receive, answer: asyncio.Future[Response | None]) -> None:
    """Give up the answer when the client has gone."""
    # A receive() that fails has nobody to receive from.
    with contextlib.suppress(Exception):
        message: Message = await receive()
        while message["type"] != "http.disconnect":
            message = await receive()
    if not answer.done():
        answer.set_result(None)


def _addresses(scope: Scope) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
    """The peer's and our own address; a Unix socket's peer has none."""
    return _address(scope.get("client")), _address(scope.get("server"))


def _address(given: Any) -> tuple[str, int] | None:
    if not given:
        return None
    host, port = given
    # Granian has the port as a string; of a Unix socket it is None.
    return str(host or ""), int(port or 0)
