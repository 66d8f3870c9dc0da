"""What the stubs were asked to do, for the tests to read over HTTP."""

from __future__ import annotations

import collections
from typing import Any

RECORDS_KEPT = 4096  # enough for all tests of one server

_records: collections.deque[dict[str, Any]] = collections.deque(maxlen=RECORDS_KEPT)


def record(what: str, **details: Any) -> None:
    _records.append({"what": what, **details})


def recorded() -> list[dict[str, Any]]:
    """Oldest first."""
    return list(_records)
