"""`sio.presence`: who is in which topic, and since when; told to those who are there."""

from __future__ import annotations

import inspect
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, Any, TypeAlias

from . import _core
from .arguments import as_count, as_namespace_name, as_str
from .people_nodes import nodes_of
from .presence_comeback import Comeback
from .rooms import is_user_room
from .types import Key, PresenceData, PresenceEntry, as_sid

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .core import Core
    from .service import Service

Entry: TypeAlias = dict[str, Any]
Entries: TypeAlias = list[Entry]
Names: TypeAlias = list[str]
PresenceRows: TypeAlias = list[PresenceData]
Hook: TypeAlias = Callable[[str, dict[str, Any]], Any]

PAGE = 1_000  # keys


@dataclass(frozen=True)
class PresenceOptions:
    """Times in seconds, sizes in bytes."""

    tick: float = 0.05  # what happens in one is told together
    grace: float = 5.0  # a client that is gone may come back, and never left
    idle_after: float = 300.0  # without a packet but heartbeats
    count_above: int = 1_000  # tabs in a topic: beyond, clients hear the number of users alone
    max_entries: int = 100_000  # of a topic
    max_meta: int = 4_096  # of one meta, as JSON
    max_key: int = 256

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least = 0.001 if name in ("tick", "idle_after") else 0
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"{name} must be a number, not {value!r}")
            if not least <= value <= 1e9:
                raise ValueError(f"{name} must be {least} to 1000000000, not {value!r}")

    def for_engine(self) -> dict[str, Any]:
        chosen = ("tick", "grace", "idle_after", "count_above", "max_entries")
        return {name: getattr(self, name) for name in chosen}


class Presence:
    """Who is in which topic: `sio.presence`, see docs/people.md.

    A topic is a room of that name. An entry stands for one client (a tab) under a key, most often a
    user's id, and has a `meta` of the application's: any JSON value. Answers are as of now, those
    of all processes if they share clients, and may be asked for from any thread.
    """

    def __init__(self, server: AsyncServer, core: Core, service: Service) -> None:
        if core.serializer.packet_format != "json":
            raise ValueError("presence needs a server whose packets are JSON: no other serializer")
        self._core = core
        self._service = service
        self._options = PresenceOptions()
        self._engine: _core.Engine | None = None
        self._native: _core.Presence | None = None
        self._hooks: list[tuple[re.Pattern[str], str, Hook]] = []
        # Told of each topic's changes before the hooks: what shares them with other processes.
        self._share: Callable[[str, str, dict[str, Any]], None] | None = None
        self.node_names: dict[int, str] = {}  # of other processes
        service.when_presence_changes = self._changed
        service.sessions.when_dropped.append(self._dropped)
        self._comeback = (
            None if service.recovery is None else Comeback(service.recovery, self, core)
        )
        if self._comeback is not None:
            service.when_ended.append(self._comeback.clear)
        if (nodes := nodes_of(server)) is not None:
            nodes.share_presence(self)

    def configure(self, **options: Any) -> None:
        """Set the options of `PresenceOptions`; those that are not named have their defaults.

        At any time, for what happens from then on. `TypeError` and `ValueError` for wrong ones.
        """
        self._options = PresenceOptions(**options)
        self._presence.configure(**self._options.for_engine())

    # --- what the application says ---

    async def track(
        self, topic: str, key: str, meta: Any = None, *, sid: str, namespace: str | None = None
    ) -> None:
        """Put a client into a topic and its room, under a key; or change its meta, or its key.

        It gets `presence:state`, the others `presence:diff`. It is there until `untrack`, until it
        leaves the room, or until it has been gone for the time of grace. Raises `KeyError` for an
        unknown sid, `TypeError` for names that are no str and for a meta that JSON cannot carry,
        `ValueError` for names and a meta beyond their limits and for a topic that is full.
        """
        self._check_topic(topic)
        self._check_key(key)
        packed = self._packed(meta)
        who = (as_namespace_name(namespace), as_sid(sid))
        result = self._track(who, topic, key, packed)
        if result == _core.TRACK_UNKNOWN_SID:
            raise KeyError(sid)
        if result == _core.TRACK_ROOM_LIMIT:
            raise ValueError("the topic's name is too long or a sid, or there are too many rooms")
        if result == _core.TRACK_TOPIC_FULL:
            raise ValueError(f"the topic is full: {self._options.max_entries} entries")
        if self._comeback is not None:
            self._comeback.tracked(who, topic, key, packed)

    async def update(
        self, topic: str, meta: Any, *, sid: str, namespace: str | None = None
    ) -> None:
        """Change the meta of a client. `KeyError` if it is not in the topic; else as `track`."""
        self._check_topic(topic)
        packed = self._packed(meta)
        who = (as_namespace_name(namespace), as_sid(sid))
        if not self._presence.update(who[0], topic, sid, packed):
            raise KeyError(sid)
        if self._comeback is not None:
            self._comeback.updated(who, topic, packed)

    async def untrack(self, topic: str, *, sid: str, namespace: str | None = None) -> None:
        """Take a client out of a topic at once. It stays in the room, and hears of the others."""
        self._check_topic(topic)
        self._presence.untrack(as_namespace_name(namespace), topic, as_sid(sid))
        if self._comeback is not None:
            self._comeback.untracked((as_namespace_name(namespace), sid), topic)

    def forget(self, sid: str) -> None:
        """Take a client out of all topics at once: it will not be waited for."""
        self._presence.forget(as_sid(sid))
        if self._comeback is not None:
            self._comeback.forget(sid)

    # --- questions ---

    def list(
        self,
        topic: str,
        *,
        limit: int = PAGE,
        after: str = "",
        namespace: str | None = None,
    ) -> dict[str, Entries]:
        """The entries of a topic by key, in the order of the keys: one page.

        At most `limit` keys, those behind `after`: the last key of a page gives the next one. An
        entry is {"ref", "sid", "node", "joined_at", "last_active", "idle", "meta"}; `sid` is None
        while a client that is gone may come back, `node` None for a client of this process, times
        are seconds since 1970, `last_active` None for who is not a client of this process now.
        """
        found: dict[str, Entries] = {}
        self._check_topic(topic)
        as_str(after, "after")
        as_count(limit, "limit", 1, 2**53)
        for entry, ago in self._presence.list(as_namespace_name(namespace), topic, after, limit):
            found.setdefault(entry[2], []).append(self._shown(entry, ago))
        return found

    def count(self, topic: str, *, namespace: str | None = None) -> int:
        """How many different keys are in a topic."""
        return self._presence.count(as_namespace_name(namespace), as_str(topic, "topic"))

    def keys(self, topic: str, *, namespace: str | None = None) -> Names:
        """The keys in a topic, in order. All of them: see `list` for pages."""
        return self._presence.keys(as_namespace_name(namespace), as_str(topic, "topic"))

    def is_online(self, key: str) -> bool:
        """Is the key in any topic?"""
        return self._presence.is_online(as_str(key, "key"))

    def sids(self, key: str) -> Names:
        """The clients that are in any topic under this key; who joined first comes first."""
        return self._presence.sids(as_str(key, "key"))

    def get(self, sid: str, *, namespace: str | None = None) -> dict[str, Entry]:
        """The entries of a client by topic, as those of `list`, and with its "key"."""
        found = {}
        for entry, ago in self._presence.of_sid(as_sid(sid)):
            if entry[0] == (namespace or "/"):
                found[entry[1]] = {"key": entry[2], **self._shown(entry, ago)}
        return found

    # --- hooks ---

    def on_change(
        self, topics: str = "*", *, namespace: str | None = None
    ) -> Callable[[Hook], Hook]:
        """Register a function for the changes of topics: `@sio.presence.on_change("room:*")`.

        `topics` is a pattern as in `fnmatch`. Called with the topic and what has changed in one
        tick, {"topic", "joins": {key: [entry, ...]}, "leaves": {key: [entry, ...]},
        "online": [key, ...], "offline": [key, ...], "count"}: entries that came or have changed and
        those that went, the keys whose first entry came and whose last one went, and how many keys
        there are. It may be a coroutine function.
        """
        pattern = re.compile(translate(as_str(topics, "topics")))
        where = as_namespace_name(namespace)

        def register(hook: Hook) -> Hook:
            if not callable(hook):
                raise TypeError(f"a hook must be callable, not {hook!r}")
            self._hooks.append((pattern, where, hook))
            self._set_telling()
            return hook

        return register

    def _changed(self, namespace: str, topic: str, text: str) -> None:
        """Notification PRESENCE."""
        diff = json.loads(text)
        if self._share is not None:
            self._share(namespace, topic, diff)
        for pattern, wanted, hook in self._hooks:
            if namespace == wanted and pattern.match(topic):
                shown = {**diff, **{name: self._told(diff[name]) for name in ("joins", "leaves")}}
                self._service.runner.spawn(self._call(hook, topic, shown))

    async def _call(self, hook: Hook, topic: str, diff: dict[str, Any]) -> None:
        try:
            result = hook(topic, diff)
            if inspect.isawaitable(result):
                await result
        except Exception:
            self._core.log.socketio.exception(
                "a hook of presence has failed for the topic %r", topic
            )

    # --- ours ---

    @property
    def _presence(self) -> _core.Presence:
        """Of the engine that the server has now: another one in a forked child."""
        if self._native is None or self._engine is not self._core.engine:
            self._engine = self._core.engine
            self._native = _core.Presence(self._engine)
            self._native.configure(**self._options.for_engine())
            self._set_telling()
        return self._native

    def _set_telling(self) -> None:
        if self._native is not None:
            self._native.set_telling(bool(self._hooks) or self._share is not None)

    def _share_with(self, share: Callable[[str, str, dict[str, Any]], None]) -> None:
        self._share = share
        self._set_telling()

    def _own(self) -> PresenceRows:
        """The entries of this process."""
        return [entry[:8] for entry in self._presence.own()]

    def _theirs(self, node: int, drop: PresenceRows, put: PresenceRows) -> None:
        if drop:
            self._presence.drop(node, drop)
        if put:
            self._presence.put(node, put)

    def _drop_node(self, node: int) -> None:
        self._presence.drop_node(node)

    def _track(self, who: Key, topic: str, key: str, meta: str) -> int:
        namespace, sid = who
        return self._presence.track(namespace, topic, key, sid, meta)

    def _dropped(self, key: Key) -> None:
        if self._comeback is not None:
            self._comeback.dropped(key)
        if self._native is not None and self._core.started:
            self._native.client_dropped(key[1])

    def _shown(self, entry: PresenceEntry, ago: float | None) -> Entry:
        _, _, _, ref, sid, joined_at, idle, meta, node = entry
        return {
            "ref": ref,
            "sid": sid,
            "node": self.node_names.get(node),
            "joined_at": joined_at / 1000,
            "last_active": None if ago is None else time.time() - ago,
            "idle": idle,
            "meta": json.loads(meta),
        }

    def _told(self, entries: Mapping[str, Entries]) -> dict[str, Entries]:
        return {
            key: [
                {
                    **entry,
                    "joined_at": entry["joined_at"] / 1000,
                    "node": self.node_names.get(entry["node"]),
                }
                for entry in row
            ]
            for key, row in entries.items()
        }

    def _packed(self, meta: Any) -> str:
        packed = json.dumps(meta, allow_nan=False, separators=(",", ":"))
        if len(packed) > self._options.max_meta:
            raise ValueError(
                f"the meta has {len(packed)} bytes as JSON, more than {self._options.max_meta}"
            )
        return packed

    def _check_key(self, key: str) -> None:
        if not 0 < _size(key, "key") <= self._options.max_key:
            raise ValueError(f"a key has 1 to {self._options.max_key} bytes")

    @staticmethod
    def _check_topic(topic: str) -> None:
        if _size(topic, "topic") == 0 or topic.startswith("\0") or is_user_room(topic):
            raise ValueError(f"{topic!r} cannot be a topic: empty, or it begins with a NUL")


def _size(name: str, what: str) -> int:
    """In bytes."""
    return len(as_str(name, what).encode())
