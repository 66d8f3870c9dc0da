"""What other servers ask of this one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from . import exceptions
from .cluster_wire import event_of, packed, packed_answer, packed_socket, whom_of
from .pubsub_wire import Message
from .selection import Selection
from .types import Data, as_namespace

if TYPE_CHECKING:
    from .async_pubsub_manager import AsyncPubSubManager

MOST_AT_ONCE: Final = 1_000  # that are worked on; one more is answered with an error
SIDS_IN_A_PART: Final = 1_000
SOCKETS_IN_A_PART: Final = 100  # with their headers, up to some 100 KB
ANSWERS_IN_A_PART: Final = 100
COLLECTED: Final = 0.02  # seconds that the answers of clients are collected for, to go together


class Answers:
    """`say(kind, **about)` publishes. On the loop."""

    def __init__(self, manager: AsyncPubSubManager, say: Callable[..., Awaitable[None]]) -> None:
        self._manager = manager
        self._say = say
        self._working: dict[tuple[str, int], asyncio.Future[None]] = {}
        self.refused = 0

    def __len__(self) -> int:
        return len(self._working)

    async def asked(self, message: Message) -> None:
        """Raises for a message that is none."""
        asker, number = message["from"], message["id"]
        if not isinstance(number, int):
            raise TypeError(f"the id of a request is a number, not {number!r}")
        reply = _Reply(self._say, asker, number)
        work = self._work(message, reply)
        if (asker, number) in self._working:
            return  # the channel has brought it twice
        if len(self._working) >= MOST_AT_ONCE:
            self.refused += 1
            await reply.fail("the server has too much to answer")
            return
        assert self._manager.server is not None  # nobody else listens
        task = self._manager.server.start_background_task(self._answer, work, reply)
        self._working[asker, number] = task
        task.add_done_callback(lambda _: self._working.pop((asker, number), None))
        await asyncio.sleep(0)  # it begins before what comes next: emits stay in order

    def ended(self, asker: Any, number: Any) -> None:
        """Nobody waits for this answer any more."""
        if (task := self._working.get((asker, number))) is not None:
            task.cancel()

    def gone(self, asker: str) -> None:
        for known, number in list(self._working):
            if known == asker:
                self.ended(known, number)

    def _work(self, message: Message, reply: _Reply) -> Callable[[], Awaitable[None]]:
        match message["what"]:
            case "sids":
                return partial(self._sids, whom_of(message), reply)
            case "sockets":
                return partial(self._sockets, whom_of(message), reply)
            case "acks":
                timeout = message["timeout"]
                if not (timeout is None or isinstance(timeout, (int, float))):
                    raise TypeError(f"a timeout is a number of seconds, not {timeout!r}")
                whom = whom_of(message)
                return partial(self._acks, whom, *event_of(message), timeout, reply)
            case "event":
                namespace = as_namespace(message["nsp"])
                return partial(self._event, namespace, *event_of(message), reply)
        raise ValueError(f"no server knows what {message['what']!r} is")

    async def _answer(self, work: Callable[[], Awaitable[None]], reply: _Reply) -> None:
        try:
            await work()
        except Exception as error:
            self._manager._get_logger().exception("what another server asks has failed")
            await reply.fail(f"{type(error).__name__}: {error}")

    async def _sids(self, whom: Selection, reply: _Reply) -> None:
        sids = await self._manager.find_sockets(whom)
        while len(sids) > SIDS_IN_A_PART:
            await reply.part(sids[:SIDS_IN_A_PART])
            del sids[:SIDS_IN_A_PART]
        await reply.part(sids, last=True)

    async def _sockets(self, whom: Selection, reply: _Reply) -> None:
        found = await self._manager.fetch_sockets(whom)
        dumps = self._manager.json.dumps
        while len(found) > SOCKETS_IN_A_PART:
            await reply.part([packed_socket(each, dumps) for each in found[:SOCKETS_IN_A_PART]])
            del found[:SOCKETS_IN_A_PART]
        await reply.part([packed_socket(each, dumps) for each in found], last=True)

    async def _event(
        self, namespace: str, event: str, args: tuple[Any, ...], reply: _Reply
    ) -> None:
        server = self._manager.server
        assert server is not None  # nobody else listens
        part = packed(await server._server_event(namespace, event, args))
        self._manager.json.dumps(part)  # TypeError, which the asker is told
        await reply.part([part], last=True)

    async def _acks(
        self,
        whom: Selection,
        event: str,
        args: tuple[Any, ...],
        timeout: float | None,
        reply: _Reply,
    ) -> None:
        collected: list[list[Any]] = []
        came = asyncio.Event()
        all_came = False

        def answered(sid: str, value: Data) -> None:
            collected.append([sid, packed_answer(value)])
            came.set()

        async def tell() -> None:
            while not all_came:
                await came.wait()
                if not all_came:
                    await asyncio.sleep(COLLECTED)
                came.clear()
                while collected:
                    part = collected[:ANSWERS_IN_A_PART]
                    del collected[:ANSWERS_IN_A_PART]
                    await reply.part(part)

        telling = asyncio.ensure_future(tell())
        try:
            await self._manager._gather(whom, event, args, timeout, answered)
            all_came = True
            came.set()
            await telling
            await reply.part([], last=True)
        except exceptions.AckTimeoutError:
            pass  # and nobody waits any more where it was asked
        finally:
            telling.cancel()


class _Reply:
    """To one request of one server, part by part."""

    def __init__(self, say: Callable[..., Awaitable[None]], asker: str, number: int) -> None:
        self._say = say
        self._asker = asker
        self._number = number

    async def part(self, entries: list[Any], *, last: bool = False) -> None:
        await self._tell(entries, last, None)

    async def fail(self, why: str) -> None:
        await self._tell([], True, why)

    async def _tell(self, entries: list[Any], last: bool, error: str | None) -> None:
        await self._say(
            "answer", to=self._asker, id=self._number, part=entries, last=last, error=error
        )
