"""Takes updates to a store, in order, as many at once as there are; again until it has them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from .troubles import Troubles
from .yjs_store import Change, Store

FIRST_PAUSE: Final = 0.5  # seconds; doubled each time
LONGEST_PAUSE: Final = 30.0


class Keeper:
    """One store's queue. The engine bounds what a document has in it."""

    def __init__(self, store: Store, kept: Callable[[str, int], None], log: logging.Logger) -> None:
        """`kept(document, number)` is called for what the store has."""
        self.store = store
        self.failures = 0  # so far
        self.troubles = Troubles()
        self.running: asyncio.Future[None] | None = None
        self._kept = kept
        self._log = log
        self._waiting: list[Change] = []
        self._replaced: dict[tuple[str, int], asyncio.Future[None]] = {}

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

    def _add(self, change: Change) -> None:
        self._waiting.append(change)
        if self.running is None or self.running.done():
            self.running = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while self._waiting:
            changes, self._waiting = self._waiting, []
            failed: list[Change] = []
            try:
                failed = await self._write(changes)
            except BaseException:  # cancelled, with the loop: the next one begins with them
                failed = changes
                raise
            finally:
                self._waiting = failed + self._waiting
            if failed:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.troubles.worked("store")
                pause = FIRST_PAUSE

    async def _write(self, changes: list[Change]) -> list[Change]:
        """Write them; those that the store has not taken, in their order."""
        if await self._written(changes):
            return []
        by_document: dict[str, list[Change]] = {}
        for change in changes:
            by_document.setdefault(change.document, []).append(change)
        if len(by_document) == 1:
            return changes
        # What is wrong with one document must not hold up the others.
        failed = []
        for of_one in by_document.values():
            if not await self._written(of_one):
                failed += of_one
        return failed

    async def _written(self, changes: list[Change]) -> bool:
        try:
            await self.store.write(changes)
        except Exception as error:
            self.failures += 1
            self.troubles.failed("store", error)
            self._log.exception("the documents' store has failed; it will be tried again")
            return False
        last: dict[str, int] = {}
        for change in changes:
            if not change.is_snapshot or change.is_end:
                last[change.document] = change.number
                continue
            done = self._replaced.pop((change.document, change.number), None)
            if done is not None and not done.done():
                done.set_result(None)
        for document, number in last.items():
            self._kept(document, number)
        return True
