"""The user's dictionary for each client and namespace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from .types import Key, Session


class SessionStore:
    """Session dictionaries by namespace and sid; `knows` says whether the client exists.

    They last until the disconnect handler has ended. What an application keeps for a connection,
    and not for one of its namespaces, lasts as long as that.
    """

    def __init__(self, knows: Callable[[str, str], bool]) -> None:
        self._knows = knows
        self._sessions: dict[Key, Session] = {}
        self._of_connections: dict[str, dict[Any, Any]] = {}  # by Engine.IO sid
        # Others who keep something of a client as long.
        self.when_dropped: list[Callable[[Key], None]] = []

    def get(self, sid: str, namespace: str) -> Session:
        """The session, made when it is first asked for. `KeyError` for an unknown sid."""
        session = self._sessions.get((namespace, sid))
        if session is None:
            self._check(sid, namespace)
            session = self._sessions.setdefault((namespace, sid), {})
        return session

    def get_of(self, key: Key) -> Session:
        """`get`, of a client that is known to be there: nobody is asked, and nobody waits."""
        return self._sessions.setdefault(key, {})

    def save(self, sid: str, namespace: str, session: Session) -> None:
        """Replace the session. `KeyError` for an unknown sid."""
        if (namespace, sid) not in self._sessions:
            self._check(sid, namespace)
        self._sessions[namespace, sid] = session

    def peek(self, key: Key) -> Session | None:
        return self._sessions.get(key)

    def restore(self, key: Key, session: Session) -> None:
        """Of a client that has come back."""
        self._sessions[key] = session

    def drop(self, key: Key) -> None:
        self._sessions.pop(key, None)
        for each in self.when_dropped:
            each(key)

    def get_all(self, eio_sid: str, joined: dict[str, str]) -> dict[Any, Any]:
        """All of a connection; `joined` has the sid of each namespace that it is in."""
        keys = {namespace: (namespace, sid) for namespace, sid in joined.items()}
        return {
            **self._of_connections.get(eio_sid, {}),
            **{name: self._sessions[key] for name, key in keys.items() if key in self._sessions},
        }

    def save_all(self, eio_sid: str, joined: dict[str, str], session: dict[Any, Any]) -> None:
        """Replace all of a connection."""
        for namespace, sid in joined.items():
            self._sessions.pop((namespace, sid), None)
            if namespace in session:
                self._sessions[namespace, sid] = session[namespace]
        others = {name: value for name, value in session.items() if name not in joined}
        if others:
            self._of_connections[eio_sid] = others
        else:
            self.drop_all(eio_sid)

    def drop_all(self, eio_sid: str) -> None:
        self._of_connections.pop(eio_sid, None)

    def _check(self, sid: str, namespace: str) -> None:
        if not self._knows(sid, namespace):
            raise KeyError("Session not found")


class SessionContext:
    """`async with sio.session(sid) as session`: saves what the block leaves.

    `get` and `save` are the server's: a subclass may keep sessions elsewhere.
    """

    def __init__(
        self, get: Callable[[], Awaitable[Session]], save: Callable[[Session], Awaitable[None]]
    ) -> None:
        self._get = get
        self._save = save
        self.session: Session | None = None

    async def __aenter__(self) -> Session:
        self.session = await self._get()
        return self.session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self.session is not None  # it has been entered
        await self._save(self.session)
