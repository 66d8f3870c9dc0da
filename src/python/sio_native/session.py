"""The user's dictionary for each client and namespace."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from .types import Key, Session


class SessionStore:
    """Session dictionaries by namespace and sid; `knows` says whether the client exists.

    They last until the disconnect handler has ended.
    """

    def __init__(self, knows: Callable[[str, str], bool]) -> None:
        self._knows = knows
        self._sessions: dict[Key, Session] = {}

    def get(self, sid: str, namespace: str) -> Session:
        """The session, made when it is first asked for. `KeyError` for an unknown sid."""
        session = self._sessions.get((namespace, sid))
        if session is None:
            self._check(sid, namespace)
            session = self._sessions.setdefault((namespace, sid), {})
        return session

    def save(self, sid: str, namespace: str, session: Session) -> None:
        """Replace the session. `KeyError` for an unknown sid."""
        if (namespace, sid) not in self._sessions:
            self._check(sid, namespace)
        self._sessions[namespace, sid] = session

    def drop(self, key: Key) -> None:
        self._sessions.pop(key, None)

    def _check(self, sid: str, namespace: str) -> None:
        if not self._knows(sid, namespace):
            raise KeyError("Session not found")


class SessionContext:
    """`async with sio.session(sid) as session`: saves what the block leaves."""

    def __init__(self, store: SessionStore, sid: str, namespace: str) -> None:
        self._store = store
        self._sid = sid
        self._namespace = namespace
        self._session: Session = {}

    async def __aenter__(self) -> Session:
        self._session = self._store.get(self._sid, self._namespace)
        return self._session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._store.save(self._sid, self._namespace, self._session)
