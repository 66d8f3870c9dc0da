"""Where scenarios are played: python-socketio's AsyncClient, several at once, and what they saw."""

import asyncio
from typing import Any

import socketio

from .limits import eventually

ANSWER_LIMIT = 10.0
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}


class Actor:
    """One client: it notes every event, and answers what the server asks."""

    def __init__(self, name: str, server: Any, transport: str):
        self.name = name
        self.events: asyncio.Queue[list[Any]] = asyncio.Queue()
        self.client = socketio.AsyncClient(reconnection=False)
        self._server = server
        self._transports = TRANSPORTS[transport]

    async def connect(self, namespaces: list[str], auth: Any = None) -> None:
        for namespace in namespaces:
            self._listen(namespace)
        await self.client.connect(
            self._server.url,
            auth=auth,
            transports=self._transports,
            namespaces=namespaces,
            socketio_path=self._server.path,
            wait_timeout=ANSWER_LIMIT,
        )

    def _listen(self, namespace: str) -> None:
        on = self.client.on

        def note(event: str):
            def handler(*args: Any) -> None:
                self.events.put_nowait([event, namespace, *args])

            return handler

        on("connect_error", note("connect_error"), namespace=namespace)
        on("disconnect", note("disconnect"), namespace=namespace)
        on("answer nothing", lambda: None, namespace=namespace)
        on("answer one", lambda data: {"got": data}, namespace=namespace)
        on("answer many", lambda data: (1, [data], b"three"), namespace=namespace)
        on("never answer", self._never_answer, namespace=namespace)

        async def anything(event: str, *args: Any) -> None:
            self.events.put_nowait([event, namespace, *args])

        on("*", anything, namespace=namespace)

    @staticmethod
    async def _never_answer() -> None:
        await asyncio.Event().wait()

    def sid(self, namespace: str = "/") -> str:
        return self.client.get_sid(namespace)

    async def call(self, event: str, *args: Any, namespace: str = "/") -> Any:
        """The ack's arguments: None, one value or a list."""
        data = args if len(args) != 1 else args[0]
        if isinstance(data, list):
            data = (data,)
        return await self.client.call(
            event, data or None if not args else data, namespace=namespace, timeout=ANSWER_LIMIT
        )

    async def emit(self, event: str, *args: Any, namespace: str = "/") -> None:
        await self.client.emit(event, args, namespace=namespace)

    async def leave(self) -> None:
        """Say goodbye and go.

        `AsyncClient.disconnect` also waits for its last GET, which python-socketio does not answer
        before the next ping; so once all is sent, that GET is given up.
        """
        engine = self.client.eio
        leaving = asyncio.create_task(self.client.disconnect())
        tasks = {task for task in (engine.write_loop_task, engine.read_loop_task) if task}
        if engine.write_loop_task is not None:
            await asyncio.wait({engine.write_loop_task}, timeout=ANSWER_LIMIT)
        for task in tasks:
            task.cancel()
        await asyncio.gather(leaving, *tasks, return_exceptions=True)
        if engine.http is not None:
            await engine.http.close()

    async def next_event(self) -> list[Any]:
        return await asyncio.wait_for(self.events.get(), ANSWER_LIMIT)

    async def events_so_far(self, namespace: str = "/") -> list[list[Any]]:
        """All events that came; an answered call shows that nothing older is under way."""
        await self.call("echo", "so far", namespace=namespace)
        return self.drain()

    def drain(self) -> list[list[Any]]:
        seen = []
        while not self.events.empty():
            seen.append(self.events.get_nowait())
        return seen


class Stage:
    """The actors of one scenario, and the names that stand for their sids in its transcript."""

    def __init__(self, server: Any, transport: str):
        self.server = server
        self.transport = transport
        self._actors: list[Actor] = []
        self._names: dict[str, str] = {}

    async def actor(
        self, name: str = "ann", namespaces: list[str] | None = None, auth: Any = None
    ) -> Actor:
        actor = Actor(name, self.server, self.transport)
        self._actors.append(actor)
        namespaces = namespaces or ["/"]
        await actor.connect(namespaces, auth)
        for namespace in namespaces:
            self._names[actor.sid(namespace)] = f"<{name} in {namespace}>"
        return actor

    async def refused(self, auth: Any, namespace: str = "/") -> list[Any]:
        """What a client that is not let in is told."""
        actor = Actor("nobody", self.server, self.transport)
        connecting = asyncio.create_task(actor.connect([namespace], auth))
        try:
            return (await actor.next_event())[2:]
        except asyncio.TimeoutError:
            return ["no answer"]
        finally:
            await actor.leave()
            await asyncio.gather(connecting, return_exceptions=True)

    async def records(self, witness: Actor, sid: str, *expected: str) -> list[dict[str, Any]]:
        """What the server's handlers noted about a sid, once all that is expected is there."""

        async def complete() -> Any:
            records = await witness.call("records_of", sid)
            return records if [record["what"] for record in records] == list(expected) else None

        return await eventually(complete, f"records {expected} of {sid}")

    def normalised(self, value: Any) -> Any:
        """The same with names for sids."""
        if isinstance(value, str):
            return self._names.get(value, value)
        if isinstance(value, list | tuple):
            return [self.normalised(item) for item in value]
        if isinstance(value, dict):
            return {self.normalised(key): self.normalised(item) for key, item in value.items()}
        return value

    async def close(self) -> None:
        for actor in self._actors:
            await actor.leave()
