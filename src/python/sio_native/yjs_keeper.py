"""Takes updates to a store, in order, as many at once as there are; again until it has them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from .troubles import Troubles
from .yjs_store import Change, Store

FIRST_PAUSE: Final = 0.5  # seconds; doubled each time
LONGEST_PAUSE: Final = 30.0  # of a document that the store refuses
LONGEST_PAUSE_FOR_ALL: Final = 5.0  # of a store that is down
# So many documents in a row, each by itself, and nothing else taken: the others are not tried.
ENOUGH_REFUSED: Final = 3
ENOUGH_IN_A_HURRY: Final = 100


@dataclass
class Queue:
    """What a document has for the store."""

    changes: list[Change] = field(default_factory=list)
    refused: int = 0  # so often in a row, by itself
    due: float = 0.0  # not before


class Keeper:
    """One store's queues. The engine bounds what a document has in its own."""

    def __init__(
        self,
        store: Store,
        kept: Callable[[str, int], None],
        refused: Callable[[str], None],
        log: logging.Logger,
    ) -> None:
        """`kept(document, number)` is called for what the store has, `refused(document)` for what
        it has not taken and will be offered again."""
        self.store = store
        self.troubles = Troubles()
        self._kept = kept
        self._refused = refused
        self._log = log
        self._queues: dict[str, Queue] = {}  # in the order in which they have come
        self._replaced: dict[tuple[str, int], asyncio.Future[None]] = {}
        self._running: asyncio.Future[None] | None = None
        self._wake: asyncio.Event | None = None  # while it runs
        self._pause_for_all = 0.0  # the last one
        self._all_due = 0.0
        self._enough = ENOUGH_REFUSED

    def keep(self, document: str, epoch: str, number: int, update: bytes) -> None:
        """One more update; without bytes: forget those before it."""
        self._add(Change(document, epoch, number, update, is_snapshot=not update))

    def replace(
        self, document: str, epoch: str, number: int, snapshot: bytes
    ) -> asyncio.Future[None]:
        """A snapshot in the place of all updates up to its number; done when it is stored."""
        done = self._replaced.setdefault(
            (document, number), asyncio.get_running_loop().create_future()
        )
        self._add(Change(document, epoch, number, snapshot, is_snapshot=True))
        return done

    def hurry(self) -> None:
        """Try all now, however long the pause would be, and harder."""
        self._all_due = 0.0
        self._enough = ENOUGH_IN_A_HURRY
        for queue in self._queues.values():
            queue.due = 0.0
        if self._wake is not None:
            self._wake.set()

    async def abandon(self) -> None:
        """Forget what the store has not taken; a write that is under way is cancelled."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait([running], timeout=1)
        self._queues.clear()
        for done in self._replaced.values():
            done.cancel()
        self._replaced.clear()

    def _add(self, change: Change) -> None:
        self._queues.setdefault(change.document, Queue()).changes.append(change)
        if self._running is None or self._running.done():
            self._wake = asyncio.Event()
            self._running = asyncio.ensure_future(self._run(self._wake))
        elif self._wake is not None:
            self._wake.set()

    async def _run(self, wake: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while self._queues:
            wake.clear()
            now = loop.time()
            ready = {
                document: queue
                for document, queue in self._queues.items()
                if max(queue.due, self._all_due) <= now
            }
            if ready:
                await self._write(ready)
                if not any(queue.refused for queue in self._queues.values()):
                    self.troubles.worked("store")
                continue
            soonest = max(min(queue.due for queue in self._queues.values()), self._all_due)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(wake.wait(), soonest - now)

    async def _write(self, ready: dict[str, Queue]) -> None:
        # Those that are known to be refused by themselves, lest they be in the way of the others.
        new = [document for document, queue in ready.items() if not queue.refused]
        known = sorted(ready.keys() - new, key=lambda document: ready[document].refused)
        enough, self._enough = self._enough, ENOUGH_REFUSED
        taken, new_refused = await self._write_all(new, enough)
        if known:
            is_down = not taken and len(new_refused) >= enough
            taken_too, _ = await self._write_all(known, 0 if is_down else enough)
            taken = taken or taken_too
        if not taken and len(new_refused) > 1:  # it is down: each need not find that out by itself
            doubled = max(2 * self._pause_for_all, FIRST_PAUSE)
            self._pause_for_all = min(doubled, LONGEST_PAUSE_FOR_ALL)
            self._all_due = asyncio.get_running_loop().time() + self._pause_for_all

    async def _write_all(self, documents: list[str], enough: int) -> tuple[bool, list[str]]:
        """All at once. If that fails each by itself: one must not hold up the others.

        If `enough` are refused and none is taken, the rest is not tried; 0: none is. Gives whether
        any has been taken, and which have been refused by themselves.
        """
        # In the order of the documents, and of each one's changes: more come meanwhile.
        changes = {document: list(self._queues[document].changes) for document in documents}
        together = [each for of_one in changes.values() for each in of_one]
        if enough and len(documents) > 1 and await self._written(together):
            return True, []
        taken = False
        refused: list[str] = []
        for document in documents:
            if not taken and len(refused) >= enough:
                self._pause(document)
            elif await self._written(changes[document]):
                taken = True
            else:
                self._queues[document].refused += 1
                refused.append(document)
                self._pause(document)
        return taken, refused

    def _pause(self, document: str) -> None:
        queue = self._queues[document]
        pause = FIRST_PAUSE * 2.0 ** min(max(queue.refused - 1, 0), 16)
        queue.due = asyncio.get_running_loop().time() + min(pause, LONGEST_PAUSE)
        self._refused(document)

    async def _written(self, changes: list[Change]) -> bool:
        documents = dict.fromkeys(each.document for each in changes)
        try:
            await self.store.write(changes)
        except Exception as error:
            self.troubles.failed("store", error)
            what = repr(next(iter(documents))) if len(documents) == 1 else "documents"
            self._log.exception("the store has not taken %s; it will be tried again", what)
            return False
        self._pause_for_all = 0.0
        count = dict.fromkeys(documents, 0)
        last: dict[str, int] = {}
        for change in changes:
            count[change.document] += 1
            if not change.is_snapshot or change.is_end:
                last[change.document] = change.number
                continue
            done = self._replaced.pop((change.document, change.number), None)
            if done is not None and not done.done():
                done.set_result(None)
        for document in documents:
            queue = self._queues[document]
            del queue.changes[: count[document]]
            queue.refused, queue.due = 0, 0.0
            if not queue.changes:
                del self._queues[document]
        for document, number in last.items():
            self._kept(document, number)
        return True
