"""What `YjsDocuments.serve` is given: checked once, and translated to what the engine takes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from .options import milliseconds, whole
from .yjs_sqlite import SQLiteStore
from .yjs_store import Store

DIALECTS: Final = ("open-webui", "y-socket.io")
MIB: Final = 1024 * 1024
ENVELOPE: Final = 1024  # bytes: what is around the bytes of an update
# As a list of integers a byte takes 3.6 characters, and never more than four.
CHARACTERS: Final = 4


@dataclass(kw_only=True)
class DocumentOptions:
    """The keywords of `serve`, as they stand there."""

    durable: bool
    dialects: Any
    store_delay: float
    store_max_wait: float
    unload_after: float
    keep_deleted: bool
    max_update_bytes: int | None
    max_document_bytes: int
    max_documents_per_session: int
    max_documents: int
    max_total_bytes: int
    max_awareness_bytes: int | None
    max_awareness_rate: int
    max_unstored_bytes: int
    max_data_bytes: int | None

    def for_engine(self, payload: int, threads: int, stores: bool, stacklevel: int = 4) -> Any:
        """The options of `_core.Engine.yjs_serve`.

        `payload` is what one message of a client may have in bytes. A warning for each bound that
        can never be reached because of another one; what is not given is chosen so that it can.
        """
        self._check(stores)
        chosen_update = self.max_update_bytes
        room = max(1, min(MIB, (payload - ENVELOPE) // CHARACTERS))
        if self.max_update_bytes is None:
            kept = self.max_unstored_bytes if stores else room
            self.max_update_bytes = min(room, self.max_document_bytes, kept)
        if self.max_awareness_bytes is None:
            self.max_awareness_bytes = min(4 * 1024, room)
        if self.max_data_bytes is None:
            self.max_data_bytes = max(1, min(MIB, payload - ENVELOPE))
        share = max(1, self.max_total_bytes // threads)
        options = {
            "open_webui": "open-webui" in self.dialects,
            "y_socket_io": "y-socket.io" in self.dialects,
            "durable": self.durable,
            "drop_deleted": not self.keep_deleted,
            "store_after_ms": milliseconds("store_delay", self.store_delay),
            "store_within_ms": milliseconds("store_max_wait", self.store_max_wait),
            "unload_after_ms": milliseconds("unload_after", self.unload_after),
            "max_update_bytes": self.max_update_bytes,
            "max_document_bytes": self.max_document_bytes,
            "max_documents_per_session": self.max_documents_per_session,
            "max_documents": self.max_documents,
            "max_total_bytes": share,
            "max_awareness_bytes": self.max_awareness_bytes,
            "max_awareness_rate": self.max_awareness_rate,
            "max_unkept_bytes": self.max_unstored_bytes,
            "max_data_bytes": self.max_data_bytes,
        }
        for sentence in self._contradictions(payload, chosen_update or 0, share, stores):
            warnings.warn(f"shared documents: {sentence}", stacklevel=stacklevel)
        return options

    def _check(self, stores: bool) -> None:
        if isinstance(self.dialects, str) or not hasattr(self.dialects, "__iter__"):
            raise ValueError(f"dialects must be some of {DIALECTS}, not {self.dialects!r}")
        self.dialects = list(self.dialects)
        if any(each not in DIALECTS for each in self.dialects):
            raise ValueError(f"dialects must be some of {DIALECTS}, not {self.dialects!r}")
        for name in ("durable", "keep_deleted"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {getattr(self, name)!r}")
        if self.durable and not stores:
            raise ValueError("durable documents need a store")
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name.startswith("max_") and (value is not None or "None" not in each.type):
                whole(each.name, value, 1)

    def _contradictions(self, payload: int, update: int, share: int, stores: bool) -> Iterator[str]:
        """`update` is what was chosen, 0 if nothing was."""
        as_list = (payload - ENVELOPE) // CHARACTERS
        passes = f"max_http_buffer_size lets some {as_list} pass as a list of integers"
        speaks_lists = "open-webui" in self.dialects
        if speaks_lists and update > as_list:
            yield f"max_update_bytes is {update}, but {passes}"
        elif update > payload:
            yield f"max_update_bytes is {update}, but max_http_buffer_size lets {payload} pass"
        if speaks_lists and (self.max_awareness_bytes or 0) > as_list:
            yield f"max_awareness_bytes is {self.max_awareness_bytes}, but {passes}"
        if speaks_lists and (self.max_data_bytes or 0) > payload:
            data = self.max_data_bytes
            yield f"max_data_bytes is {data}, but max_http_buffer_size lets {payload} pass"
        if update > self.max_document_bytes:
            document = self.max_document_bytes
            yield f"max_update_bytes is {update}, but max_document_bytes only {document}"
        if stores and update > self.max_unstored_bytes:
            unstored = self.max_unstored_bytes
            yield f"max_update_bytes is {update}, but max_unstored_bytes only {unstored}"
        if self.max_document_bytes > share:
            document = self.max_document_bytes
            yield (
                f"max_document_bytes is {document}, but max_total_bytes only {share} for each of "
                "the engine's threads"
            )
        if self.store_delay > self.store_max_wait:
            yield (
                f"store_delay is {self.store_delay} s, but store_max_wait only "
                f"{self.store_max_wait} s"
            )


def as_store(given: Any) -> Store | None:
    """A path is an SQLite file's. `TypeError` for what is neither that nor a store."""
    if isinstance(given, (str, os.PathLike)):
        if not os.fspath(given):
            raise ValueError("a store's path must not be empty")
        return SQLiteStore(given)
    methods = (getattr(given, name, None) for name in ("load", "write"))
    if given is None or (not isinstance(given, type) and all(map(callable, methods))):
        store: Store | None = given
        return store
    raise TypeError(f"a store is a path or has load and write, not {given!r}")
