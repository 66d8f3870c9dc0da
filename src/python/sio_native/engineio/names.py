"""Session ids of the application's own making, beside those of the engine."""

from __future__ import annotations

import re
from collections.abc import Callable

# What a URL, a cookie and JSON carry as it is.
_ALLOWED = re.compile(r"[A-Za-z0-9._~:@!$*()=/-]{1,200}")


class Names:
    """Which sid the application and the client know, by the engine's, and the other way round.

    They are the same unless `generate` is given. On the loop's thread alone.
    """

    def __init__(self) -> None:
        self.generate: Callable[[], str] | None = None
        self._sids: dict[str, str] = {}  # by the engine's
        self._eio_sids: dict[str, str] = {}

    def new(self, eio_sid: str) -> str:
        """A sid for a new session. `ValueError` for one that cannot be or is another's."""
        if self.generate is None:
            return eio_sid
        sid = self.generate()
        if not isinstance(sid, str) or not _ALLOWED.fullmatch(sid):
            raise ValueError(
                "generate_id() must return 1 to 200 letters, digits and characters of "
                f"._~:@!$*()=/-, not {sid!r}"
            )
        if sid in self._eio_sids:
            raise ValueError(f"generate_id() returned {sid!r}, which is a client's already")
        self._sids[eio_sid] = sid
        self._eio_sids[sid] = eio_sid
        return sid

    def sid(self, eio_sid: str) -> str:
        """The name of a session by the engine's id for it."""
        return self._sids.get(eio_sid, eio_sid)

    def eio_sid(self, sid: str) -> str:
        """The engine's id for a session; text that is no name may be one."""
        return self._eio_sids.get(sid, sid)

    def drop(self, eio_sid: str) -> None:
        """The session is gone."""
        sid = self._sids.pop(eio_sid, None)
        if sid is not None:
            del self._eio_sids[sid]
