"""Where documents are kept: the interface, and a store in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Change:
    """An update, or a snapshot that stands for all updates up to its number.

    The numbers of a document's updates rise. `epoch` names its history: where it has begun anew,
    there is another. A snapshot without `data` ends a history: the document is to be forgotten.
    """

    document: str
    epoch: str
    number: int
    data: bytes
    is_snapshot: bool = False

    @property
    def is_end(self) -> bool:
        """The document is to be forgotten."""
        return self.is_snapshot and not self.data


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store has of a document: a snapshot, if there is one, and the updates behind it."""

    epoch: str
    number: int
    updates: list[bytes]


class Store(Protocol):
    """A store of documents. All is called on the server's loop, which it must not hold up."""

    async def load(self, document: str) -> Stored | None:
        """What there is; None for a document that is unknown."""

    async def write(self, changes: Sequence[Change]) -> None:
        """Take all of them, or none and raise. Not lost any more when it returns.

        They come in order. One that fails is called again, with more; of an update that it has by
        then it must not make two.
        """


class MemoryStore:
    """A store in this process, which is gone with it: for tests, and as an example."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[str, dict[int, bytes]]] = {}

    async def load(self, document: str) -> Stored | None:
        """As `Store.load`."""
        if document not in self._documents:
            return None
        epoch, updates = self._documents[document]
        return Stored(epoch, max(updates), [updates[number] for number in sorted(updates)])

    async def write(self, changes: Sequence[Change]) -> None:
        """As `Store.write`."""
        for change in changes:
            if change.is_end:
                self._documents.pop(change.document, None)
                continue
            _, updates = self._documents.setdefault(change.document, (change.epoch, {}))
            if change.is_snapshot:
                for number in [each for each in updates if each <= change.number]:
                    del updates[number]
            updates[change.number] = change.data
