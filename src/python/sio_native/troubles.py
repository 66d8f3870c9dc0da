"""What does not work just now, and since when: what `AsyncServer.health` tells operators."""

from __future__ import annotations

import time
from typing import Any


class Troubles:
    """By what is tried: "publish", "listen", "store". Any thread; as many entries as there are of
    these."""

    def __init__(self) -> None:
        self._now: dict[str, dict[str, Any]] = {}
        self.last: dict[str, Any] | None = None  # also when it is over

    def failed(self, what: str, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        at = time.time()
        began = self._now.get(what)
        since = at if began is None else began["since"]
        self._now[what] = {"what": what, "error": text, "since": since}
        self.last = {"what": what, "error": text, "at": at}

    def worked(self, what: str) -> None:
        if self._now:
            self._now.pop(what, None)

    def now(self) -> list[dict[str, Any]]:
        """`{"what", "error", "since"}` of each; times in seconds since 1970."""
        return list(self._now.values())
