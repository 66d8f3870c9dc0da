"""`sio.users`: which clients are whose. One user may have many: tabs, devices."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from . import _core
from .arguments import as_namespace_name
from .people_nodes import nodes_of
from .rooms import MOST_ROOM_BYTES, as_user_id, user_room
from .types import Key, as_sid
from .user_table import NO_DATA, Binding, UserTable
from .user_views import SessionPool, UserPool

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .core import Core
    from .service import Service

# In UTF-8; what a room's name may have, less what marks a user's. Far more than any id.
MOST_ID_BYTES = MOST_ROOM_BYTES - 2


class Users:
    """Clients by user, and what the application knows of each: `sio.users`.

    A client is bound from `bind` until its disconnect handler has ended: the handler still finds
    it. Each answer is one look into a dictionary, from any thread, and with a client manager that
    shares clients (`AsyncRedisManager`) it counts those of all processes; see docs/people.md.
    """

    def __init__(self, server: AsyncServer, core: Core, service: Service) -> None:
        self._server = server
        self._core = core
        self._table = UserTable()
        # Called with what has changed here and with None where it has ended, to tell others.
        self._told: Callable[[str, Binding | None], None] | None = None
        # Called with a user whose clients are put out: nobody else knows of those that are away.
        self._put_out_there: Callable[[str], Awaitable[None]] = _nobody_else
        # Called with a process, and clients of it that are put out and will not come back.
        self._forget_there: Callable[[str, list[str]], Awaitable[None]] = _of_nobody
        self._check_data: Callable[[Any], None] = lambda data: None
        self._session_pool = SessionPool(self)
        self._user_pool = UserPool(self)
        service.sessions.when_dropped.append(self._dropped)
        self._recovery = service.recovery
        if service.recovery is not None:
            service.recovery.keepers.append((self._kept, self._given_back))
        if (nodes := nodes_of(server)) is not None:
            nodes.share_users(self)

    async def bind(
        self, sid: str, user_id: str, data: Any = None, *, namespace: str | None = None
    ) -> None:
        """Say whose client this is, and what `get(sid)` answers from now on.

        A client has one user: bound again, it is the other's. `data` is anything; where clients
        are shared with other processes, what JSON can carry. Raises `KeyError` for an unknown sid,
        `TypeError` for an id that is no str or data that cannot be shared, and `ValueError` for an
        id that is empty or too long.
        """
        self._check_data(data)
        where = as_namespace_name(namespace)
        self._bind(sid, user_id, where)
        self._set(sid, Binding(user_id, where, data))

    async def unbind(self, sid: str, *, namespace: str | None = None) -> None:
        """It is nobody's client any more, and `get(sid)` has nothing. No-op if it was nobody's.

        `namespace` need not be given: a sid is bound in one.
        """
        self._unbind(sid)
        self._set(sid, None)

    def get(self, sid: str, default: Any = None) -> Any:
        """What the client was bound with, else `default`. `TypeError` unless the sid is a str."""
        binding = self._binding(sid)
        return default if binding is None or binding.data is NO_DATA else binding.data

    def user_of(self, sid: str) -> str | None:
        """The id of the client's user; None for a client that is nobody's. Errors as `get`."""
        binding = self._binding(sid)
        return None if binding is None else binding.user_id

    def sids(self, user_id: str) -> list[str]:
        """The clients of a user, in the order in which they were bound; [] if there are none.

        `TypeError` unless the id is a str.
        """
        return list(self._table.sids.get(as_user_id(user_id), ()))

    def online(self) -> list[str]:
        """The ids of the users who have a client."""
        return list(self._table.sids)

    async def disconnect_user(self, user_id: str) -> None:
        """Disconnect all clients of a user; returns when their disconnect handlers have ended.

        Those of other processes are told to leave, and not waited for. Who is away, from this
        process or another one, does not come back as the user's. `TypeError` unless the id is a
        str.
        """
        bindings = self._table.bindings
        self._put_out_away(as_user_id(user_id))
        await self._put_out_there(user_id)
        await self._forget(self.sids(user_id))
        await asyncio.gather(
            *(
                self._server.disconnect(sid, bindings[sid].namespace)
                for sid in self.sids(user_id)
                if sid in bindings
            )
        )

    @property
    def session_pool(self) -> SessionPool:
        """What clients were bound with, as a dictionary by sid: see `user_views`."""
        return self._session_pool

    @property
    def user_pool(self) -> UserPool:
        """The sids of each user, as a dictionary by the user's id: see `user_views`."""
        return self._user_pool

    def _put_out_away(self, user_id: str) -> None:
        """Of those who are away from this process."""
        for namespace in () if self._recovery is None else self._recovery.namespaces():
            for sid in self._core.engine.away(namespace, [user_room(user_id)]):
                self._core.engine.disconnect(sid, namespace)

    async def _forget(self, sids: list[str]) -> None:
        """Presence does not wait for them, where it is in use."""
        elsewhere = defaultdict(list)
        for sid in sids:
            node = self._table.bindings[sid].node
            if node is not None:
                elsewhere[node].append(sid)
            elif "presence" in vars(self._server):
                self._server.presence.forget(sid)
        for node, theirs in elsewhere.items():
            await self._forget_there(node, theirs)

    # --- for the views ---

    def _binding(self, sid: str) -> Binding | None:
        if not isinstance(sid, str):
            raise TypeError(f"a sid is a str, not {sid!r}")
        return self._table.bindings.get(sid)

    def _check(self, sid: str, namespace: str = "/") -> None:
        if self._core.engine.eio_sid(as_sid(sid), namespace) is None:
            raise KeyError(sid)

    def _bind(self, sid: str, user_id: str, namespace: str) -> None:
        """Into the room of the user, and out of that of another one."""
        room = user_room(user_id)
        if not user_id or len(user_id.encode("utf-8", "surrogatepass")) > MOST_ID_BYTES:
            raise ValueError(f"the id of a user has 1 to {MOST_ID_BYTES} bytes")
        before = self._table.bindings.get(sid)
        if before is not None and before.user_id == user_id:
            return
        result = self._core.engine.enter_room(as_sid(sid), namespace, room)
        if result == _core.ROOM_LIMIT:
            raise ValueError("the client is in too many rooms to be bound to a user")
        if result != _core.ROOM_OK:
            raise KeyError(sid)
        if before is not None:
            self._leave(sid, before)
        self._tell_documents(sid, user_id)

    def _unbind(self, sid: str) -> None:
        before = self._table.bindings.get(sid)
        if before is not None and before.user_id is not None:
            self._leave(sid, before)
            self._tell_documents(sid, "")

    def _leave(self, sid: str, before: Binding) -> None:
        if before.user_id is not None:
            room = user_room(before.user_id)
            self._core.engine.leave_room(as_sid(sid), before.namespace, room)

    def _tell_documents(self, sid: str, user_id: str) -> None:
        if "yjs" in vars(self._server):  # in use
            self._server.yjs._bound(sid, user_id)

    def _set(self, sid: str, binding: Binding | None) -> None:
        """Of a client of this process; what is said of others is theirs to say."""
        if binding is not None and binding.data is not NO_DATA:
            self._check_data(binding.data)
        if (before := self._table.bindings.get(sid)) is not None and before.node is not None:
            return
        if self._table.set(sid, binding) and self._told is not None:
            self._told(sid, binding)

    def _dropped(self, key: Key) -> None:
        """The client has gone: its room is the engine's affair."""
        self._set(key[1], None)

    # --- for `recovery` ---

    def _kept(self, key: Key) -> Binding | None:
        binding = self._table.bindings.get(key[1])
        return binding if binding is not None and binding.namespace == key[0] else None

    def _given_back(self, key: Key, binding: Binding) -> None:
        """It is in the user's room already."""
        self._set(key[1], binding)
        if binding.user_id is not None:
            self._tell_documents(key[1], binding.user_id)

    # --- for `people_nodes` ---

    def _own(self) -> dict[str, Binding]:
        bindings = self._table.bindings
        return {sid: each for sid, each in bindings.items() if each.node is None}

    def _of(self, node: str) -> set[str]:
        """The clients of another process."""
        return {sid for sid, each in self._table.bindings.items() if each.node == node}

    def _theirs(self, sid: str, binding: Binding | None) -> None:
        """Said by the process that it is a client of."""
        before = self._table.bindings.get(sid)
        if before is None or before.node is not None:
            self._table.set(sid, binding)


async def _nobody_else(user_id: str) -> None:
    """There is no other process."""


async def _of_nobody(node: str, sids: list[str]) -> None:
    """All clients are of this process."""
