"""socket.io-client, unmodified, driven from Python: one node process for all tests of a run.

    async with js.serving(sio) as connect:
        ann = await connect("/chat", auth={"token": "good"})
        await sio.emit("news", 1, namespace="/chat")
        assert await ann.next("news") == (1,)

Nobody has to wait and see that something does *not* come: `heard` sends a last event behind it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ANSWER_LIMIT_MS = 15_000
LINE_LIMIT = 1 << 24  # bytes of a line: what one test sends to a client or gets from it
# For `run`: a polling client leaves out its next request until it is asked for it.
HOLD = """
    const { transport } = socket.io.engine;
    socket.goOn = transport._poll;
    transport._poll = () => {};
"""
GO_ON = """
    const { transport } = socket.io.engine;
    transport._poll = socket.goOn;
    transport._poll();
"""

OWN_EVENTS = ("connect", "connect_error", "disconnect")
MARKER = "nothing before this is under way"


def encode(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: encode(each) for key, each in value.items()}
    return [encode(each) for each in value] if isinstance(value, (list, tuple)) else value


def decode(value: Any) -> Any:
    if isinstance(value, dict):
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        return {key: decode(each) for key, each in value.items()}
    return [decode(each) for each in value] if isinstance(value, list) else value


class JsError(Exception):
    """What was asked for has raised in node."""


class Refused(Exception):
    """connect_error, with its `message` and `data`."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Node:
    """The process; it ends with its stdin."""

    def __init__(self) -> None:
        node = shutil.which("node")
        assert node, "node is needed: the Makefile's `test` says how to install it"
        assert (HERE / "node_modules/socket.io-client").is_dir(), "run `npm ci` in tests/interop"
        self._process = subprocess.Popen(
            [node, str(HERE / "js" / "driver.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)

    @contextlib.asynccontextmanager
    async def serving(self, sio: Any) -> AsyncIterator[Clients]:
        """Serve on a port of its own; gives what connects clients to it."""
        host, port = sio.listen("127.0.0.1", 0)
        try:
            async with self.clients(f"http://{host}:{port}", sio) as clients:
                yield clients
        finally:
            await sio.shutdown()

    @contextlib.asynccontextmanager
    async def clients(self, url: str, sio: Any = None) -> AsyncIterator[Clients]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=LINE_LIMIT)
        clients = Clients(sio, url, writer)
        reading = asyncio.create_task(clients.read(reader))
        try:
            yield clients
        finally:
            reading.cancel()
            writer.close()


class Clients:
    """The clients of one test."""

    def __init__(self, sio: Any, url: str, writer: asyncio.StreamWriter) -> None:
        self.sio = sio
        self.url = url
        self._writer = writer
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._all: dict[int, Client] = {}

    async def __call__(self, namespace: str = "/", *, wait: bool = True, **options: Any) -> Client:
        """A client on a connection of its own, over WebSocket; `Refused` on connect_error.

        With `wait=False` it may not be connected yet. `options` are those of the JavaScript client.
        """
        options = {"transports": ["websocket"], **options}
        asked = {"url": self.url, "namespace": namespace, "options": options}
        return await self._made(wait, "open", **asked)

    async def beside(
        self, client: Client, namespace: str, auth: Any = None, wait: bool = True
    ) -> Client:
        """A client of another namespace over the same connection."""
        asked = {"beside": client.number, "namespace": namespace, "auth": auth or {}}
        return await self._made(wait, "beside", **asked)

    async def _made(self, wait: bool, what: str, **asked: Any) -> Client:
        client = Client(self, len(self._all), asked["namespace"])
        self._all[client.number] = client
        await self.ask(what, socket=client.number, **asked)
        if wait:
            await client.connected()
        return client

    async def refused(self, namespace: str = "/", **options: Any) -> Refused:
        """What connect_error tells a client that must not be let in."""
        try:
            await self(namespace, **options)
        except Refused as refused:
            return refused
        raise AssertionError("it was let in")

    async def run(self, code: str, *given: Any) -> Any:
        """`Client.run`, without a client."""
        return await self.ask("run", code=code, given=given)

    async def ask(self, what: str, **asked: Any) -> Any:
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        message = {"number": number, "what": what, **encode(asked)}
        self._writer.write(json.dumps(message).encode() + b"\n")
        return await self._asked[number]

    async def read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = decode(json.loads(line))
            if "number" not in message:
                self._all[message["socket"]].hear(message)
            elif not (asked := self._asked.pop(message["number"])).cancelled():
                if "error" in message:
                    asked.set_exception(JsError(message["error"]))
                else:
                    asked.set_result(message["result"])


class Client:
    """A socket of socket.io-client, and all that it has heard."""

    def __init__(self, clients: Clients, number: int, namespace: str) -> None:
        self.number = number
        self.namespace = namespace
        self.sid = ""
        self.log: list[tuple[Any, ...]] = []  # ("connect", recovered), ("news", 1), ...
        self._clients = clients
        self._taken = 0  # of the log, for `next`
        self._grown = asyncio.Event()
        self._answers: dict[str, Callable[..., Any]] = {}

    def hear(self, message: dict[str, Any]) -> None:
        event, args = message["event"], message["args"]
        self.sid = message.get("sid") or self.sid
        self.log.append((event, *args))
        self._grown.set()
        if "ack" in message and event in self._answers:
            answer = self._answers[event](*args)
            args = answer if isinstance(answer, tuple) else (answer,)
            task = asyncio.create_task(self._clients.ask("answer", ack=message["ack"], args=args))
            task.add_done_callback(asyncio.Task.result)

    async def _take(self, *events: str) -> tuple[Any, ...]:
        while True:
            for index in range(self._taken, len(self.log)):
                if self.log[index][0] in events:
                    self._taken = index + 1
                    return self.log[index]
            self._grown.clear()
            await self._grown.wait()

    async def next(self, event: str) -> tuple[Any, ...]:
        """The arguments of the next such event; what came before it is passed over."""
        return (await self._take(event))[1:]

    async def connected(self) -> None:
        """Until it is. `Refused` on connect_error."""
        event, told = await self._take("connect", "connect_error")
        if event == "connect_error":
            raise Refused(told["message"], told.get("data"))

    async def heard(self) -> list[tuple[Any, ...]]:
        """All events of the server so far, none of which is still on its way."""
        marker = f"{MARKER} {len(self.log)}"
        await self._clients.sio.emit(marker, to=self.sid, namespace=self.namespace)
        await self.next(marker)
        events = [each for each in self.log if each[0] not in OWN_EVENTS]
        return [each for each in events if not each[0].startswith(MARKER)]

    def answers(self, event: str, answer: Callable[..., Any]) -> None:
        """Answer such events with its result; a tuple is several arguments."""
        self._answers[event] = answer

    async def emit(self, *args: Any) -> None:
        await self._clients.ask("emit", socket=self.number, args=args)

    async def ask(self, *args: Any) -> Any:
        """Emit an event and wait for its ack: None, one value, or a tuple of several."""
        answer = await self._clients.ask(
            "emit", socket=self.number, args=args, timeout=ANSWER_LIMIT_MS
        )
        return tuple(answer) if len(answer) > 1 else next(iter(answer), None)

    async def run(self, code: str, *given: Any) -> Any:
        """Run a function's body with `socket`, which is this, and `given`, in node."""
        return await self._clients.ask("run", socket=self.number, code=code, given=given)

    async def disconnect(self) -> None:
        await self.run("socket.disconnect()")

    async def drop(self) -> None:
        """Let the connection break, without a word."""
        await self.run("""
            const { transport } = socket.io.engine;
            transport.ws ? transport.ws.terminate() : socket.io.engine.close();
        """)

    async def upgraded(self) -> None:
        """Until it is on WebSocket."""
        await self.run("""
            const { engine } = socket.io;
            if (engine.transport.name !== "websocket")
                await new Promise((resolve) => engine.once("upgrade", resolve));
        """)

    async def write(self, packet: str) -> None:
        """Send a Socket.IO packet as it stands."""
        await self.run("socket.io.engine.write(given[0])", packet)
