"""Documents in an SQLite file: the store for one process that needs no service beside it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, TypeVar

from .yjs_store import Change, Stored

Result = TypeVar("Result")

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS yjs_updates (
    document TEXT NOT NULL,
    number INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (document, number)
)
"""


class SQLiteStore:
    """A `Store` in one file, written ahead (WAL), on a thread of its own.

    What `write` has taken survives the end of the process, however it ends; with "full" also that
    of the system, for a wait for the disk at each write, which takes all that has come meanwhile.
    The file may be read by others at any time. One server writes it: two that share it would each
    have a document of their own.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Literal["full", "normal"] = "full",
    ) -> None:
        """The file is made when it is first used. `ValueError` for another `synchronous`."""
        if synchronous not in ("full", "normal"):
            raise ValueError(f'synchronous must be "full" or "normal", not {synchronous!r}')
        self._path = os.fspath(path)
        self._synchronous = synchronous
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def load(self, document: str) -> Stored | None:
        """As `Store.load`."""
        return await self._run(lambda file: _load(file, document))

    async def write(self, changes: Sequence[Change]) -> None:
        """As `Store.write`: one transaction."""
        await self._run(lambda file: _write(file, changes))

    async def delete(self, document: str) -> None:
        """Forget a document. One that is open is stored anew when it changes."""
        await self._run(
            lambda file: file.execute("DELETE FROM yjs_updates WHERE document = ?", (document,))
        )

    async def close(self) -> None:
        """Close the file; it may be used again."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        await asyncio.get_running_loop().run_in_executor(thread, self._close)
        thread.shutdown(wait=False)

    async def _run(self, call: Callable[[sqlite3.Connection], Result]) -> Result:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sio_native.yjs")

        def in_thread() -> Result:
            if self._connection is None:
                self._connection = self._open()
            try:
                with self._connection as file:  # a transaction, for what writes
                    return call(file)
            except sqlite3.Error:
                self._close()  # the next call opens it anew, should it be back by then
                raise

        return await asyncio.get_running_loop().run_in_executor(self._thread, in_thread)

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path, timeout=5)
        try:
            file.execute("PRAGMA journal_mode = WAL")
            file.execute(f"PRAGMA synchronous = {self._synchronous}")
            file.execute(SCHEMA)
            file.commit()
        except BaseException:
            file.close()
            raise
        return file

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _load(file: sqlite3.Connection, document: str) -> Stored | None:
    rows = file.execute(
        "SELECT epoch, number, data FROM yjs_updates WHERE document = ? ORDER BY number",
        (document,),
    ).fetchall()
    if not rows:
        return None
    epoch, number, _ = rows[-1]
    return Stored(epoch, number, [data for _, _, data in rows])


def _write(file: sqlite3.Connection, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.is_snapshot:
            file.execute(
                "DELETE FROM yjs_updates WHERE document = ? AND number <= ?",
                (change.document, change.number),
            )
        if change.is_end:
            continue
        # One that was written before, and whose answer was lost, is the same again.
        file.execute(
            "INSERT OR REPLACE INTO yjs_updates (document, number, epoch, data)"
            " VALUES (?, ?, ?, ?)",
            (change.document, change.number, change.epoch, change.data),
        )
