"""Connection state recovery: clients that come back as the ones they were. See docs/recovery.md."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, fields
from typing import Any

from .handlers import ANY
from .listeners import Listeners
from .session import SessionStore
from .types import Key, Session

PID_LENGTH = 20

log = logging.getLogger("socketio.server")


@dataclass(frozen=True, kw_only=True)
class RecoveryOptions:
    """`connection_state_recovery=`: its keys and their defaults.

    What is past a bound is dropped, and a client that has not had it is a new client.
    """

    max_disconnection_duration: float = 120  # seconds for which a client may be away
    max_bytes: int | None = None  # kept for one client; None: 1 MiB, or send_buffer_bytes
    max_total_bytes: int = 64 << 20  # kept for all
    max_sessions: int = 10_000  # clients that are away
    skip_middlewares: bool = False  # of `sio.use`, for who is recovered; JavaScript's default: True

    @classmethod
    def read(cls, given: Any) -> RecoveryOptions | None:
        """Of True or a mapping; None of False. `ValueError` for all else, and an unknown key."""
        if not isinstance(given, Mapping):
            if not isinstance(given, bool) and given is not None:
                raise ValueError(
                    f"connection_state_recovery must be True, False or a dict, not {given!r}"
                )
            return cls() if given else None
        known = [each.name for each in fields(cls)]
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f", did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"connection_state_recovery has no option {name!r}{hint}")
        return cls(**given)


class Recovery:
    """What Python keeps of clients that are away, and who has come back."""

    def __init__(
        self,
        options: RecoveryOptions,
        sessions: SessionStore,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self.skips_middlewares = options.skip_middlewares
        # Others that keep something of a client: takes it away, and gives it back to the client.
        self.keepers: list[tuple[Callable[[Key], Any], Callable[[Key, Any], None]]] = [
            (sessions.peek, sessions.restore)
        ]
        self.when_gone: list[Callable[[Key], None]] = []  # of who was away, and does not come back
        self._sessions = sessions
        self._leaving: set[Key] = set()  # whose disconnect handlers run
        self._left: set[Key] = set()  # which have ended, with something to be done behind them
        self._away: dict[Key, list[Any]] = {}  # what the keepers had; until RECOVERY ends it
        self._recovered: set[Key] = set()
        self._spawn = spawn
        self._when_expired: dict[str, Listeners] = {}  # by namespace
        sessions.when_dropped.append(self._recovered.discard)

    def own_auth(self, auth: Any) -> Any:
        """What the application on the client's side authenticates with, without what the client's
        library has put beside it: else a connect handler that takes no auth would refuse all who
        come back.
        """
        pid = auth.get("pid") if isinstance(auth, dict) else None
        if not isinstance(pid, str) or len(pid) != PID_LENGTH:
            return auth
        return {name: auth[name] for name in auth if name not in ("pid", "offset")} or None

    def is_recovered(self, key: Key) -> bool:
        return key in self._recovered

    def is_recoverable(self, key: Key) -> bool:
        return key in self._leaving

    def is_away(self, key: Key) -> bool:
        return key in self._away

    def namespaces(self) -> set[str]:
        """That somebody is away from."""
        return {namespace for namespace, _ in self._away}

    def when_expired(self, namespace: str, handler: Any) -> None:
        self._when_expired.setdefault(namespace, Listeners()).add(handler)

    def told(self, step: str, sid: str, namespace: str) -> None:
        """Notification RECOVERY: always before the CONNECT or DISCONNECT that it is about."""
        key = (namespace, sid)
        if step == "kept":
            self._leaving.add(key)
            return
        kept = self._away.pop(key, None)
        if step == "resumed":
            self._recovered.add(key)
            for (_, give_back), value in zip(self.keepers, kept or (), strict=False):
                if value is not None:
                    give_back(key, value)
        elif kept is not None:
            for each in self.when_gone:
                each(key)
            self._expired(key, kept[0])

    def refused(self, key: Key) -> None:
        """By the connect handler, and its session is about to be dropped."""
        if key in self._recovered:
            self._expired(key, self._sessions.peek(key))

    def _expired(self, key: Key, session: Session | None) -> None:
        for name in (key[0], ANY):
            if (listeners := self._when_expired.get(name)) is not None:
                self._spawn(_told_expired(listeners, key, session or {}))

    def leave(self, key: Key) -> None:
        """Its disconnect handler has ended, and the engine is about to hear so: from then on the
        client may be there again."""
        if key in self._leaving:
            self._leaving.discard(key)
            self._left.add(key)
            self._away[key] = [take(key) for take, _ in self.keepers]
            self._sessions.drop(key)

    def has_left(self, key: Key) -> bool:
        """Was it `leave` that dropped what is known of it? Once."""
        if key not in self._left:
            return False
        self._left.discard(key)
        return True

    def clear(self) -> None:
        """The engine has ended: nobody comes back."""
        for each in (self._leaving, self._left, self._away, self._recovered):
            each.clear()


async def _told_expired(listeners: Listeners, key: Key, session: Session) -> None:
    namespace, sid = key
    try:
        await listeners.call_all(sid, session)
    except Exception:
        log.exception("on_session_expired failed for %s [%s]", sid, namespace)
