"""Usage in a SQLite file: `await sio.usage.store("usage.db")`."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .usage_types import Batch, RecordId, Row, Total

_SCHEMA = """
CREATE TABLE IF NOT EXISTS usage (
    model TEXT NOT NULL,
    user TEXT NOT NULL,
    groups TEXT NOT NULL,  -- a JSON list of names
    minute INTEGER NOT NULL,  -- Unix time / 60
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    total INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (minute, model, user, groups)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS usage_ids (id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS usage_batches (node TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER);
"""

_ADD = """
INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    input = input + excluded.input, output = output + excluded.output,
    total = total + excluded.total, events = events + excluded.events
"""

# Ids are old in the order in which they came. A few at each batch, so that none takes long; more
# than come with most batches.
_FORGET_IDS = """
DELETE FROM usage_ids
WHERE rowid IN (SELECT rowid FROM usage_ids ORDER BY rowid LIMIT 5000) AND at < ?
"""
_NODE_SECONDS = 40 * 86_400  # after which a node that has not been heard of will not come again


class SQLiteStore:
    """Adds each batch in one transaction, with the number of the node's last one: so once.

    Several processes may share the file. `durable`: each batch is on the disk when it counts; else
    a crash of the machine, not of the process, may lose the last. Ids are kept for `id_seconds`.
    """

    def __init__(
        self, path: str | os.PathLike[str], durable: bool = False, id_seconds: float = 86_400
    ) -> None:
        self._path = os.fspath(path)
        self._durable = durable
        self._id_seconds = id_seconds
        self._opened: sqlite3.Connection | None = None
        self.duplicates = 0  # that only the file has known

    @property
    def _db(self) -> sqlite3.Connection:
        assert self._opened is not None  # opened before all else
        return self._opened

    def open(self) -> None:
        self._opened = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def write(self, batch: Batch) -> None:
        now = int(time.time())
        with self._transaction():
            last = self._db.execute(
                "SELECT seq FROM usage_batches WHERE node = ?", (batch.node,)
            ).fetchone()
            if last is not None and last[0] >= batch.seq:
                return
            self._db.execute(_FORGET_IDS, (now - self._id_seconds,))
            rows = self._without_known(batch)
            self._db.executemany(_ADD, [(*row[:2], _listed(row.groups), *row[3:]) for row in rows])
            self._db.execute(
                "INSERT OR REPLACE INTO usage_batches VALUES (?, ?, ?)",
                (batch.node, batch.seq, now),
            )
            self._db.execute("DELETE FROM usage_batches WHERE at < ?", (now - _NODE_SECONDS,))

    def load(self, since_minute: int, most_ids: int) -> tuple[list[Row], list[tuple[str, int]]]:
        newest = "SELECT id, at FROM usage_ids WHERE at >= ? ORDER BY rowid DESC LIMIT ?"
        ids = self._db.execute(newest, (time.time() - self._id_seconds, most_ids)).fetchall()
        ids.reverse()
        return self.rows(since_minute), ids

    def rows(self, since_minute: int) -> list[Row]:
        found = self._db.execute(
            "SELECT model, user, groups, minute, input, output, total, events FROM usage"
            " WHERE minute >= ? ORDER BY minute",
            (since_minute,),
        )
        return [Row._make((*row[:2], tuple(json.loads(row[2])), *row[3:])) for row in found]

    def totals(self) -> list[Total]:
        found = self._db.execute(
            "SELECT model, groups, sum(input), sum(output), sum(total), sum(events) FROM usage"
            " GROUP BY model, groups ORDER BY model, groups"
        )
        return [Total._make((row[0], tuple(json.loads(row[1])), *row[2:])) for row in found]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _without_known(self, batch: Batch) -> list[Row]:
        """Its rows, less the records whose ids were here before."""
        if not batch.ids:
            return batch.rows
        insert = "INSERT OR IGNORE INTO usage_ids VALUES (?, ?)"
        self._db.execute("SAVEPOINT ids")
        before = self._db.total_changes
        self._db.executemany(insert, [(each.id, each.at) for each in batch.ids])
        if self._db.total_changes - before == len(batch.ids):
            self._db.execute("RELEASE ids")
            return batch.rows
        # Seldom: retried at another node, or after this one has forgotten it. Which of them?
        self._db.execute("ROLLBACK TO ids")
        known = [
            each for each in batch.ids if self._db.execute(insert, (each.id, each.at)).rowcount == 0
        ]
        self._db.execute("RELEASE ids")
        self.duplicates += len(known)
        return without(batch.rows, known)


def without(rows: list[Row], known: list[RecordId]) -> list[Row]:
    """The rows less these records; those of which nothing is left are left out."""
    left: list[Any] = list(rows)
    for each in known:
        row = left[each.row]
        left[each.row] = row._replace(
            input=row.input - each.input,
            output=row.output - each.output,
            total=row.total - each.total,
            events=row.events - 1,
        )
    return [row for row in left if row.events]


def _listed(groups: tuple[str, ...]) -> str:
    return json.dumps(groups)
