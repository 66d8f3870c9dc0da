"""A channel that servers share: a manager that says things there, and hears what others say."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from .async_manager import AsyncManager
from .pubsub_wire import Message
from .troubles import Troubles

# Seconds before a listener that has failed is started again. Brokers wait by themselves between
# their attempts; this is for one that does not, and would keep the loop from anything else.
RESTART_DELAY = 1.0


class PubSubChannel(AsyncManager):
    """Listens as long as its server serves; what it hears is for `_heard`, of a subclass."""

    name: str  # in the log

    def __init__(self, channel: str, write_only: bool, logger: Any, json: Any) -> None:
        super().__init__()
        self.channel = channel
        self.write_only = write_only
        self.host_id = uuid.uuid4().hex
        self.logger = logger
        if json is not None:
            self.json = json
        self.troubles = Troubles()
        self._said_no_json = False
        self._shared: dict[str, Callable[[Message], Awaitable[None]]] = {}
        self._tellers: list[Callable[[], Awaitable[None]]] = []
        self._telling: list[asyncio.Future[None]] = []

    # --- what a broker implements ---

    async def _publish(self, data: Message) -> None:
        """Send a message to all who listen to the channel."""
        raise NotImplementedError("This method must be implemented in a subclass.")

    def _listen(self) -> AsyncIterator[Any]:
        """The messages on the channel, as JSON or as dictionaries. An async generator."""
        raise NotImplementedError("This method must be implemented in a subclass.")

    # --- what hears ---

    async def _heard(self, message: Message) -> None:
        """A message of anybody who can write to the channel; it has a "method"."""
        raise NotImplementedError

    # --- life ---

    def initialize(self) -> None:
        """Start to listen, on the running loop. No-op while it listens."""
        super().initialize()
        if not self.write_only:
            if self.thread is not None and not self.thread.done():
                return
            assert self.server is not None  # it calls this
            self.thread = self.server.start_background_task(self._thread)
        self._get_logger().info(self.name + " backend initialized.")

    def share(
        self,
        method: str,
        heard: Callable[[Message], Awaitable[None]],
        tell: Callable[[], Awaitable[None]],
    ) -> None:
        """Features of several servers talk, too: messages of this method go to `heard`, and `tell`
        publishes as long as the server serves."""
        self._shared[method] = heard
        self._tellers.append(tell)
        if self._service is not None and self.thread is not None and not self.thread.done():
            self._service.spawn(self._begin(tell))

    async def _begin(self, tell: Callable[[], Awaitable[None]]) -> None:
        self._telling.append(asyncio.ensure_future(tell()))

    async def _thread(self) -> None:
        for tell in self._tellers:
            await self._begin(tell)
        try:
            await self._listen_on()
        finally:
            while self._telling:
                self._telling.pop().cancel()

    async def _listen_on(self) -> None:
        assert self.server is not None
        log = self.server.logger
        while True:
            try:
                async for message in self._listen():
                    await self._receive(message)
                log.error("pubsub listen() exited unexpectedly")
                break
            except asyncio.CancelledError:
                break
            except Exception as error:
                log.exception("Unexpected Error in pubsub listening thread")
                self.troubles.failed("listen", error)
                await asyncio.sleep(RESTART_DELAY)

    async def _receive(self, received: Any) -> None:
        message = received if isinstance(received, dict) else self._decoded(received)
        if isinstance(message, dict) and "method" in message:
            await self._heard(message)

    def _decoded(self, received: Any) -> Any:
        try:
            return self.json.loads(received)
        except Exception:
            if not self._said_no_json:
                self._said_no_json = True
                self._get_logger().warning(
                    "what is on the channel %r is not all JSON, and left out: "
                    "python-socketio before 5.14 publishes pickles",
                    self.channel,
                )
            return None
