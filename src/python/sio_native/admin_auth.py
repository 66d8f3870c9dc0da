"""Who may look at the server as an admin."""

from __future__ import annotations

import inspect
import secrets
import time
from typing import Any

# So many admins are remembered, each for a day since the last time that it came: beyond, the one
# that was remembered first is forgotten, and its user asked again.
MAX_SESSIONS = 1_000
SESSION_SECONDS = 24 * 60 * 60.0


class Authenticator:
    """`auth` of `AsyncServer.instrument`.

    Credentials, a list of them, a function of what the client sent (also async), or False: anyone.
    Whoever has shown credentials gets a session id to come back with, as the Admin UI does when
    its page is loaded again. A function decides each time.
    """

    def __init__(self, auth: Any) -> None:
        if auth is None:
            raise ValueError("auth must be specified")
        self._auth = auth
        self._sessions: dict[str, float] = {}  # until when, in the order of their making

    async def admits(self, sent: Any) -> bool:
        """`sent` is what came with the CONNECT packet, None for nothing."""
        auth = self._auth
        if not auth:
            return True
        if isinstance(auth, dict):
            return sent == auth or self._is_known(sent)
        if isinstance(auth, list):
            return sent in auth or self._is_known(sent)
        verdict = auth(sent)
        return bool(await verdict if inspect.isawaitable(verdict) else verdict)

    def session_id(self, sent: Any) -> str | None:
        """What an admin who was admitted is to send the next time; None: the same as now."""
        if not isinstance(self._auth, (dict, list)) or not self._auth or self._is_known(sent):
            return None
        while len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        made = secrets.token_hex(16)
        self._sessions[made] = time.monotonic() + SESSION_SECONDS
        return made

    def _is_known(self, sent: Any) -> bool:
        session_id = sent.get("sessionId") if isinstance(sent, dict) else None
        if not isinstance(session_id, str) or session_id not in self._sessions:
            return False
        if self._sessions[session_id] < time.monotonic():
            del self._sessions[session_id]
            return False
        self._sessions[session_id] = time.monotonic() + SESSION_SECONDS
        return True
