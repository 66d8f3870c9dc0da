"""`sio.users` and `sio.presence` of several processes: each tells the others of its own clients.

What travels over the client manager's channel, {"method": "people", "host_id", "epoch", "kind"}:

    beat   {"seq"}                        each BEAT seconds: alive, and how far it has told
    delta  {"seq", "users", "put", "drop"}  what has changed; numbered without gaps
    state  {"seq", "users", "put"}        everything, for whoever has missed something
    ask    {"to"}                         a process has missed something of that one
    forget {"to", "sids"}                 clients of that one that will not come back
    put_out {"user"}                      the user's clients that are away will not, either
    bye    {}                             it ends

Nobody says anything about another's clients, so there is nothing to agree on, and no lock. Channels
may lose what they are given: who finds a gap in the numbers, or a process that it does not know,
asks for the state. Who has not been heard for DEAD seconds is no more, and his clients with him.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .user_table import NO_DATA, Binding

if TYPE_CHECKING:
    from .async_pubsub_manager import AsyncPubSubManager
    from .async_server import AsyncServer
    from .presence import Presence
    from .types import PresenceData
    from .users import Users

BEAT = 2.5  # seconds
DEAD = 10.0  # without a beat; found at the next one
# Messages that wait for the channel. Beyond, they are given up for the state, once it takes any.
MOST_WAITING = 1_000


@dataclass
class Node:
    """Another process, as far as it has been heard."""

    number: int  # the engine's name for it
    epoch: str
    seq: int = -1  # -1: its state has not come yet
    heard_at: float = 0.0
    asked_at: float = -DEAD
    entries: dict[tuple[str, ...], PresenceData] = field(default_factory=dict)


class Nodes:
    """What this process tells the others, and what it knows of them. On the loop alone."""

    def __init__(self, server: AsyncServer, manager: AsyncPubSubManager) -> None:
        self._server = server
        self._manager = manager
        self._users: Users | None = None
        self._presence: Presence | None = None
        self._nodes: dict[str, Node] = {}
        self._epochs = itertools.count(1)
        self._epoch = ""
        self._seq = 0
        self._waiting: deque[dict[str, Any]] = deque()
        self._changed_users: dict[str, Any] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Future[Any] | None = None
        # From the server's end to its next start: what its clients leave behind nobody need hear.
        self._ended = False
        server._core.when_started.append(self._begin)
        # Of what is heard here of this process's own: while nothing is, the channel is deaf, and
        # nobody is dead.
        self._echo_at = 0.0
        self._hears_since = 0.0
        manager._people = self

    # --- who shares what ---

    def share_users(self, users: Users) -> None:
        self._users = users
        users._told = self._user_changed
        users._check_data = _check
        users._forget_there = self._tell_to_forget
        users._put_out_there = self._tell_to_put_out

    def share_presence(self, presence: Presence) -> None:
        self._presence = presence
        presence._share_with(self._presence_changed)

    def _user_changed(self, sid: str, binding: Binding | None) -> None:
        if self._ended:
            return
        self._changed_users[sid] = None if binding is None else _packed(binding)
        self._start()
        self._wake.set()

    def _presence_changed(self, namespace: str, topic: str, diff: dict[str, Any]) -> None:
        drop, put = (
            [
                _entry(namespace, topic, key, each)
                for key, row in diff[kind].items()
                for each in row
                if each["node"] == 0
            ]
            for kind in ("leaves", "joins")
        )
        if (drop or put) and not self._ended:
            self._tell({"kind": "delta", "put": put, "drop": drop})

    # --- telling ---

    def _begin(self) -> None:
        self._ended = False

    def _start(self) -> None:
        task = self._task
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            self._epoch = f"{time.time_ns()}-{next(self._epochs)}"
            self._seq = 0
            self._wake = asyncio.Event()
            self._hears_since = time.monotonic()
            self._task = self._server.start_background_task(self._run)

    def _tell(self, message: dict[str, Any]) -> None:
        self._start()
        self._flush_users()
        if "seq" not in message and message["kind"] == "delta":
            self._seq += 1
            message["seq"] = self._seq
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()  # a gap, which the others will ask about
        self._waiting.append(message)
        self._wake.set()

    def _flush_users(self) -> None:
        """What has changed since the loop's last turn, in one message."""
        if self._changed_users:
            changed, self._changed_users = self._changed_users, {}
            self._tell({"kind": "delta", "users": changed})

    async def _run(self) -> None:
        next_beat = 0.0
        while not self._ended:  # wait_for loses a cancellation at times, before Python 3.12
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + BEAT
                self._tell({"kind": "beat", "seq": self._seq})
                self._bury(now)
            self._flush_users()
            while self._waiting:
                await self._publish(self._waiting.popleft())
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), max(next_beat - time.monotonic(), 0.01))
            except asyncio.TimeoutError:
                continue

    async def _publish(self, message: dict[str, Any]) -> None:
        try:
            await self._manager._publish(
                {
                    "method": "people",
                    "host_id": self._manager.host_id,
                    "epoch": self._epoch,
                    **message,
                }
            )
        except Exception:
            self._server.logger.exception("what other processes should know was not published")

    async def _tell_to_forget(self, node: str, sids: list[str]) -> None:
        """At once: it must come before they are told to leave."""
        await self._publish({"kind": "forget", "to": node, "sids": sids})

    async def _tell_to_put_out(self, user_id: str) -> None:
        await self._publish({"kind": "put_out", "user": user_id})

    def _tell_state(self) -> None:
        self._flush_users()
        users = {} if self._users is None else self._users._own()
        put = [] if self._presence is None else self._presence._own()
        self._tell(
            {
                "kind": "state",
                "seq": self._seq,
                "users": {sid: _packed(each) for sid, each in users.items()},
                "put": put,
            }
        )

    async def end(self) -> None:
        """The server has shut down: its clients have left, which "bye" says of all of them."""
        self._ended = True
        task, self._task = self._task, None
        self._waiting.clear()
        self._changed_users.clear()
        for name in list(self._nodes):
            self._forget(name)
        if task is not None:
            task.cancel()
            if task.get_loop() is asyncio.get_running_loop():
                await asyncio.wait([task])  # what it publishes now would come behind
            await self._publish({"kind": "bye"})

    # --- hearing ---

    def heard(self, message: dict[str, Any]) -> None:
        """A message of anybody who can write to the channel."""
        try:
            self._heard(message)
        except Exception:
            self._server.logger.exception("a message of another process was not understood")

    def _heard(self, message: dict[str, Any]) -> None:
        if self._ended:
            return
        name, kind, now = message["host_id"], message["kind"], time.monotonic()
        self._start()
        if name == self._manager.host_id:
            if now - self._echo_at > DEAD / 2:
                self._hears_since = now
            self._echo_at = now
            return
        if kind == "ask":
            if message["to"] == self._manager.host_id:
                self._tell_state()
            return
        if kind == "forget":
            if message["to"] == self._manager.host_id and self._presence is not None:
                for sid in message["sids"]:
                    self._presence.forget(sid)
            return
        if kind == "put_out":
            if self._users is not None:
                self._users._put_out_away(message["user"])
            return
        if kind == "bye":
            self._forget(name)
            return
        node = self._node(name, message["epoch"])
        node.heard_at = now
        seq = int(message["seq"])
        if kind == "state":
            self._take_state(name, node, message)
            node.seq = seq
        elif kind == "delta" and seq == node.seq + 1 and node.seq >= 0:
            node.seq = seq
            self._take(name, node, message)
        elif seq > node.seq and now - node.asked_at > BEAT / 2:
            node.asked_at = now  # one question for all that comes before the answer
            self._tell({"kind": "ask", "to": name})

    def _node(self, name: str, epoch: str) -> Node:
        known = self._nodes.get(name)
        if known is not None and known.epoch != epoch:
            self._forget(name)
            known = None
        if known is None:
            taken = {each.number for each in self._nodes.values()}
            number = next(n for n in itertools.count(1) if n not in taken)
            known = self._nodes[name] = Node(number, epoch)
            if self._presence is not None:
                self._presence.node_names[number] = name
        return known

    def _take(self, name: str, node: Node, message: dict[str, Any]) -> None:
        if self._users is not None:
            for sid, packed in message.get("users", {}).items():
                self._users._theirs(sid, None if packed is None else _unpacked(packed, name))
        drop = [_as_entry(each) for each in message.get("drop", ())]
        put = [_as_entry(each) for each in message.get("put", ())]
        for each in drop:
            node.entries.pop(_name(each), None)
        for each in put:
            node.entries[_name(each)] = each
        if self._presence is not None:
            self._presence._theirs(node.number, drop, put)

    def _take_state(self, name: str, node: Node, message: dict[str, Any]) -> None:
        put = {_name(entry): entry for entry in map(_as_entry, message["put"])}
        gone = [each for key, each in node.entries.items() if key not in put]
        users = dict(message["users"])
        if self._users is not None:
            users.update(dict.fromkeys(self._users._of(name) - users.keys()))
        self._take(name, node, {"users": users, "put": list(put.values()), "drop": gone})

    def _bury(self, now: float) -> None:
        """Forget who has been silent for too long, if this process can hear at all."""
        if now - self._echo_at > DEAD / 2:
            return
        for name, node in list(self._nodes.items()):
            if now - max(node.heard_at, self._hears_since) > DEAD:
                self._forget(name)

    def _forget(self, name: str) -> None:
        node = self._nodes.pop(name, None)
        if node is None:
            return
        if self._users is not None:
            self._users._table.drop_node(name)
        if self._presence is not None:
            self._presence._drop_node(node.number)


def nodes_of(server: AsyncServer) -> Nodes | None:
    """What the server shares with other processes; None if its manager shares nothing."""
    from .async_pubsub_manager import AsyncPubSubManager

    manager = server.manager
    if not isinstance(manager, AsyncPubSubManager) or manager.write_only:
        return None
    return manager._people or Nodes(server, manager)


def _check(data: Any) -> None:
    json.dumps(data)


def _packed(binding: Binding) -> list[Any]:
    data = [] if binding.data is NO_DATA else [binding.data]
    return [binding.user_id, binding.namespace, *data]


def _unpacked(packed: list[Any], node: str) -> Binding:
    user_id, namespace, *data = packed
    return Binding(user_id, namespace, data[0] if data else NO_DATA, node)


def _entry(namespace: str, topic: str, key: str, entry: dict[str, Any]) -> list[Any]:
    meta = json.dumps(entry["meta"], separators=(",", ":"))
    about = (entry[name] for name in ("ref", "sid", "joined_at", "idle"))
    return [namespace, topic, key, *about, meta]


def _as_entry(given: Any) -> PresenceData:
    namespace, topic, key, ref, sid, joined_at, idle, meta = given
    return namespace, topic, key, ref, sid, joined_at, idle, meta


def _name(entry: PresenceData) -> tuple[str, ...]:
    return entry[:4]
