"""What the meter has counted goes to a store, in batches, on a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import inspect
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from . import _core
from .troubles import Troubles
from .usage_journal import Journal
from .usage_types import Batch, RecordId, Row, Store

T = TypeVar("T")

RETRY_DELAY = 1.0  # seconds, after a store has failed
END_LIMIT = 10.0  # seconds, of a coroutine function when all ends
LOOK_AGAIN = 0.1  # seconds, whether its loop still runs
MEMORY_DAYS = 32  # of what a store has, to fill the groups' windows after a restart


class CallbackStore:
    """A function or coroutine function that takes each batch; the latter runs on the loop.

    It is waited for. Once the usage is to end, END_LIMIT seconds more at most, and only on a loop
    that runs: the process ends, and a loop that has been stopped and not closed will not go on.
    """

    def __init__(self, function: Callable[[Batch], Any], loop: asyncio.AbstractEventLoop) -> None:
        self._function = function
        self._loop = loop
        self._until: float | None = None

    def open(self) -> None: ...

    def end_soon(self) -> None:
        self._until = time.monotonic() + END_LIMIT

    def close(self) -> None: ...

    def write(self, batch: Batch) -> None:
        result = self._function(batch)
        if inspect.iscoroutine(result):
            try:
                running = asyncio.run_coroutine_threadsafe(result, self._loop)
            except RuntimeError:
                result.close()
                raise
            while not running.done():
                if self._is_vain() and running.cancel():
                    if not self._loop.is_running():
                        result.close()
                    raise RuntimeError("the coroutine function of the store did not end in time")
                wait([running], LOOK_AGAIN)
            running.result()

    def _is_vain(self) -> bool:
        if self._until is None:
            return self._loop.is_closed()
        return time.monotonic() > self._until or not self._loop.is_running()


class Flusher:
    """One thread: opens the store, brings what a crash has left, then batch after batch.

    A batch that the store refuses is tried again until it is taken; meanwhile the meter goes on
    counting, and the next batch is the larger.
    """

    def __init__(
        self,
        meter: _core.UsageMeter,
        store: Store,
        journal: Journal | None,
        *,
        interval: float,
        each: bool,
        sync: bool,
        most_ids: int,
        logger: logging.Logger,
    ) -> None:
        self.failures = 0
        self.batches = 0
        self.troubles = Troubles()
        self._stored = 0  # of the records counted, those before the last batch that was stored
        self._meter = meter
        self._store = store
        self._journal = journal
        self._interval = interval
        self._each = each
        self._sync = sync
        self._most_ids = most_ids
        self._logger = logger
        self._node = journal.node if journal else uuid.uuid4().hex
        self._jobs: list[tuple[Future[Any], Callable[[], Any]]] = []
        self._process = os.getpid()
        self._lock = threading.Lock()  # of the jobs, and of whether there may be more
        self._ending = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="sio_native usage", daemon=True)

    def start(self) -> Future[None]:
        """Done when the store is open and knows what a crash has left; its exception otherwise."""
        opened: Future[None] = Future()
        self._opened = opened
        self._thread.start()
        atexit.register(self.end)
        return opened

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Call it on the store's thread, when all that has been counted so far is stored."""
        if os.getpid() != self._process:
            raise RuntimeError(
                "the store of usage was opened before the process forked, and its thread stayed "
                "with the parent: open it in the child"
            )
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()  # who no longer waits does not stop it
        with self._lock:
            if self._ended:
                raise RuntimeError("the store of usage is closed")
            self._jobs.append((done, job))
        self._meter.wake()
        return done

    def unstored(self) -> int:
        """Records that the store has not been given yet, or has not taken."""
        return max(0, self._meter.statistics()["records"] - self._stored)

    def end(self) -> None:
        """Flush once more, and close. What the store does not take stays in the journal, if any."""
        if os.getpid() != self._process:
            return  # the parent's affair
        atexit.unregister(self.end)
        self._ending.set()
        if (end_soon := getattr(self._store, "end_soon", None)) is not None:
            end_soon()
        self._meter.wake()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._open()
        except BaseException as error:
            with contextlib.suppress(Exception):
                self._store.close()
            if self._journal:
                self._journal.close()
            self._close_jobs()
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        while not self._ending.is_set():
            self._meter.wait(self._interval)
            self._flush()
        self._flush()
        self._close_jobs()
        self._store.close()
        if self._journal:
            self._journal.close()

    def _open(self) -> None:
        self._store.open()
        load = getattr(self._store, "load", None)
        seq = 1
        if self._journal:
            for seq in self._journal.left():
                self._bring(self._journal, seq, known=load is not None)
                seq += 1
        if load is not None:
            rows, ids = load(int(time.time()) // 60 - MEMORY_DAYS * 1440, self._most_ids)
            for row in rows:
                self._meter.restore(*row)
            self._meter.remember(ids)
        folder = str(self._journal.folder) if self._journal else None
        self._stored = self._meter.statistics()["records"]
        self._meter.collect(seq, folder, self._each)

    def _bring(self, journal: Journal, seq: int, known: bool) -> None:
        """A batch that a crash has left. Perhaps the store has it: then its number says so."""
        path = str(journal.path(seq))
        found = _core.UsageMeter()
        found.replay(path, True)
        taken = found.take()
        if taken is not None:
            self._store.write(self._batch(seq, *taken[1:]))
            if not known:  # else it comes back with all that the store has
                self._meter.replay(path, False)
        journal.remove(seq)

    def _batch(self, seq: int, rows: list[Any], ids: list[Any]) -> Batch:
        return Batch(self._node, seq, list(map(Row._make, rows)), list(map(RecordId._make, ids)))

    def _flush(self) -> None:
        with self._lock:
            jobs, self._jobs = self._jobs, []
        counted = self._meter.statistics()["records"]
        try:
            taken = self._meter.take()
            if taken is not None:
                self._write(self._batch(*taken))
            self._stored = counted
        except Exception as error:  # a journal that cannot be written, or the end
            self.troubles.failed("store", error)
            self._logger.exception("usage cannot be stored")
            for done, _ in jobs:
                done.set_exception(error)
            self._ending.wait(RETRY_DELAY)
            return
        for done, job in jobs:
            try:
                done.set_result(job())
            except Exception as error:
                done.set_exception(error)

    def _write(self, batch: Batch) -> None:
        if self._journal and self._sync:
            self._journal.sync(batch.seq)
        while True:
            try:
                self._store.write(batch)
                break
            except Exception as error:
                self.failures += 1
                self.troubles.failed("store", error)
                if self._ending.is_set():
                    raise
                self._logger.error("usage cannot be stored yet: %s", error, exc_info=True)
                self._ending.wait(RETRY_DELAY)
        self.batches += 1
        self.troubles.worked("store")
        if self._journal:
            self._journal.remove(batch.seq)

    def _close_jobs(self) -> None:
        with self._lock:
            self._ended = True
            jobs, self._jobs = self._jobs, []
        for done, _ in jobs:
            done.set_exception(RuntimeError("the store of usage is closed"))
