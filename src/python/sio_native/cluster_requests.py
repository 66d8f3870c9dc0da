"""What this server has asked all others, until they have answered."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from .pubsub_wire import Message

MOST_REQUESTS: Final = 1_000  # at a time; one more raises RuntimeError
MOST_ENTRIES: Final = 1_000_000  # of an answer of all servers: sids, sockets; more is an error

Take = Callable[[Any], None]  # one entry of an answer; raises for one that is wrong


@dataclass
class _Request:
    missing: set[str]
    take: Take
    entries: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    failures: list[str] = field(default_factory=list)


class Late(Exception):
    """Not everybody has answered in time."""


class Requests:
    """By number, on the loop. `say(kind, **about)` publishes, `spawn` lets go of what runs."""

    def __init__(
        self,
        say: Callable[..., Coroutine[Any, Any, None]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._say = say
        self._spawn = spawn
        self._numbers = itertools.count(1)
        self._pending: dict[int, _Request] = {}
        self.late = 0  # answers that nobody waits for any more

    def __len__(self) -> int:
        return len(self._pending)

    async def ask(
        self, others: set[str], about: Message, take: Take, timeout: float | None
    ) -> list[str]:
        """Ask all of them and wait; who ends meanwhile is not waited for.

        `take` is called with each entry of their answers. Returns what has failed, a text for each
        server. Raises `Late`.
        """
        if not others:
            return []
        if len(self._pending) >= MOST_REQUESTS:
            raise RuntimeError(f"{MOST_REQUESTS} requests wait for other servers already")
        number = next(self._numbers)
        request = self._pending[number] = _Request(set(others), take)

        async def answers() -> None:
            await self._say("ask", id=number, **about)
            await request.complete.wait()

        try:
            await asyncio.wait_for(answers(), timeout)
        except asyncio.TimeoutError:
            missing, asked = len(request.missing), len(others)
            raise Late(f"{missing} of {asked} other servers have not answered") from None
        finally:
            del self._pending[number]
            if request.missing:
                self._spawn(self._say("end", id=number))
        return request.failures

    def answered(self, message: Message) -> None:
        """Raises for a message that is none."""
        request = self._pending.get(message["id"])
        if request is None:
            self.late += 1
            return
        part, error = message["part"], message["error"]
        if not isinstance(part, list):
            raise TypeError(f"a part of an answer is a list, not {part!r}")
        request.entries += len(part)
        if request.entries > MOST_ENTRIES:
            error = f"the answers have more than {MOST_ENTRIES} entries"
            request.missing.clear()
        else:
            for each in part:
                request.take(each)
        if error is not None:
            request.failures.append(str(error))
        if message["last"]:
            request.missing.discard(message["from"])
        if not request.missing:
            request.complete.set()

    def gone(self, name: str) -> None:
        """That server will not answer any more."""
        for request in self._pending.values():
            request.missing.discard(name)
            if not request.missing:
                request.complete.set()
