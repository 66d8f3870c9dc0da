"""What `sio.usage` gives and takes: rows of counts, batches for a store, the state of a limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Row(NamedTuple):
    """What a model and a user have used in one minute, counted in these groups."""

    model: str
    user: str  # empty: not known
    groups: tuple[str, ...]
    minute: int  # Unix time // 60
    input: int
    output: int
    total: int
    events: int


class WindowSum(NamedTuple):
    """What a model and a user have used in the window that begins at `start`."""

    start: datetime
    model: str
    user: str
    groups: tuple[str, ...]
    input: int
    output: int
    total: int
    events: int


class Total(NamedTuple):
    """What a model has used since counting began, while it was in these groups."""

    model: str
    groups: tuple[str, ...]
    input: int
    output: int
    total: int
    events: int


class RecordId(NamedTuple):
    """The id of one record of a batch, and what to take off `rows[row]` if the store knows it."""

    id: str
    row: int
    input: int
    output: int
    total: int
    at: int  # Unix time, when it was counted


@dataclass(frozen=True)
class Batch:
    """What one node has counted since its last batch.

    A batch may come again, after a failure or a crash: a store that remembers the last `seq` of
    each `node`, in the transaction that adds the rows, counts each once.
    """

    node: str
    seq: int
    rows: list[Row]
    ids: list[RecordId]


class GroupState(NamedTuple):
    """A group in its window of now. `remaining` is None without a limit, and may be negative."""

    input: int
    output: int
    total: int
    events: int
    reserved: int
    limit: int | None
    remaining: int | None
    resets_at: float | None  # Unix time; None: nothing that is used is ever given back


class Store(Protocol):
    """Where usage is kept. All calls are on one thread of their own, so they may block.

    May also have `load(since_minute, most_ids) -> (rows, [(id, at), …])`, to go on after a restart,
    `rows(since_minute)` and `totals()`, which reports are then made of.
    """

    def open(self) -> None: ...
    def write(self, batch: Batch) -> Any:
        """Keep it, or raise: then it comes again."""

    def close(self) -> None: ...
