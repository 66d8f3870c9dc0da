"""What clients said of themselves in topics, for those that come back: see docs/recovery.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .recovery import Recovery
from .types import Key

if TYPE_CHECKING:
    from .core import Core
    from .presence import Presence

LOOK_EVERY = 64  # topics of a client: then those that it has left by their rooms are forgotten


class Comeback:
    """Puts a client that comes back into its topics again.

    An entry that is still waited for is its own then, and nobody hears that it was away. It comes
    back to the topics in whose rooms it is. On the loop's thread.
    """

    def __init__(self, recovery: Recovery, presence: Presence, core: Core) -> None:
        self._recovery = recovery
        self._presence = presence
        self._core = core
        self._said: dict[Key, dict[str, tuple[str, str]]] = {}  # key and meta, by topic
        recovery.keepers.append((self._has_said, self._again))
        recovery.when_gone.append(self._forget)

    def tracked(self, who: Key, topic: str, key: str, meta: str) -> None:
        said = self._said.setdefault(who, {})
        if topic not in said and len(said) % LOOK_EVERY == LOOK_EVERY - 1:
            for left in [each for each in said if not self._is_in(who, each)]:
                del said[left]
        said[topic] = (key, meta)

    def updated(self, who: Key, topic: str, meta: str) -> None:
        said = self._said.get(who, {})
        if topic in said:
            said[topic] = (said[topic][0], meta)

    def untracked(self, who: Key, topic: str) -> None:
        self._said.get(who, {}).pop(topic, None)

    def forget(self, sid: str) -> None:
        """Also while it is away: it was put out, and is not to be seen again."""
        for who in [who for who in self._said if who[1] == sid]:
            self._forget(who)

    def dropped(self, who: Key) -> None:
        """It has left."""
        if not self._recovery.is_away(who):
            self._forget(who)

    def clear(self) -> None:
        self._said.clear()

    def _forget(self, who: Key) -> None:
        self._said.pop(who, None)

    def _has_said(self, who: Key) -> Any:
        return self._said.get(who) or None

    def _again(self, who: Key, _: Any) -> None:
        for topic, (key, meta) in self._said.get(who, {}).items():
            if self._is_in(who, topic):
                self._presence._track(who, topic, key, meta)  # one that is full goes without it

    def _is_in(self, who: Key, topic: str) -> bool:
        namespace, sid = who
        return self._core.engine.in_room(sid, namespace, topic)
