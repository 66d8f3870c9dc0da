"""`sio.users` as the two dictionaries of Open WebUI: SESSION_POOL and USER_POOL.

    SESSION_POOL = sio.users.session_pool  # sid -> what the application knows of the client
    USER_POOL = sio.users.user_pool  # user's id -> his sids

They are read and written as dictionaries, and each may be written without the other. Two things
are better than in dictionaries: a client that disconnects is out of both when its disconnect
handler has ended, whether or not the handler takes it out, and `emit(..., to_user=)` reaches who is
in USER_POOL. What is written about a sid that is no client's raises `KeyError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .rooms import as_user_id
from .user_table import NO_DATA, Binding

if TYPE_CHECKING:
    from .users import Users


def _as_sids(given: object) -> list[str]:
    """A str is one sid, and its letters are none."""
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        sids = list(given)
        if all(isinstance(each, str) for each in sids):
            return sids
    raise TypeError(f"the sids of a user must be a list of str, not {given!r}")


class SessionPool(MutableMapping[str, Any]):
    """sid -> data, of the clients that are bound or have data."""

    def __init__(self, users: Users) -> None:
        self._users = users

    def __getitem__(self, sid: str) -> Any:
        data = self._users._table.bindings[sid].data
        if data is NO_DATA:
            raise KeyError(sid)
        return data

    def __setitem__(self, sid: str, data: Any) -> None:
        users = self._users
        before = users._table.bindings.get(sid)
        if before is None or before.node is not None:
            users._check(sid)
        users._set(sid, replace(before or Binding(None, "/"), data=data))

    def __delitem__(self, sid: str) -> None:
        """Forget the data. Its user is still its user, until that is taken back too."""
        if sid not in self:
            raise KeyError(sid)
        before = self._users._table.bindings[sid]
        kept = None if before.user_id is None else replace(before, data=NO_DATA)
        self._users._set(sid, kept)

    def __contains__(self, sid: object) -> bool:
        found = self._users._table.bindings.get(sid) if isinstance(sid, str) else None
        return found is not None and found.data is not NO_DATA

    def __iter__(self) -> Iterator[str]:
        bindings = list(self._users._table.bindings.items())
        return iter([sid for sid, each in bindings if each.data is not NO_DATA])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return repr(dict(self))


class UserPool(MutableMapping[str, list[str]]):
    """User's id -> sids, of the users who have a client."""

    def __init__(self, users: Users) -> None:
        self._users = users
        # Whom [] was written for: it may be read and deleted, as from a dictionary.
        self._emptied: str | None = None

    def __getitem__(self, user_id: str) -> list[str]:
        if user_id not in self and user_id == self._emptied:
            return []
        return list(self._users._table.sids[user_id])

    def __setitem__(self, user_id: str, sids: Iterable[str]) -> None:
        """These are his clients, and no others. `TypeError` for what is no list of sids."""
        users = self._users
        table = users._table
        wanted = dict.fromkeys(_as_sids(sids))
        as_user_id(user_id)
        for sid in wanted.keys() - table.sids.get(user_id, {}).keys():
            before = table.bindings.get(sid) or Binding(None, "/", NO_DATA)
            users._bind(sid, user_id, before.namespace)
            users._set(sid, replace(before, user_id=user_id))
        for sid in table.sids.get(user_id, {}).keys() - wanted.keys():
            before = table.bindings[sid]
            users._unbind(sid)
            users._set(sid, None if before.data is NO_DATA else replace(before, user_id=None))
        self._emptied = None if wanted else user_id

    def __delitem__(self, user_id: str) -> None:
        if user_id not in self and user_id != self._emptied:
            raise KeyError(user_id)
        self[user_id] = []
        self._emptied = None

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._users._table.sids

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._users._table.sids))

    def __len__(self) -> int:
        return len(self._users._table.sids)

    def __repr__(self) -> str:
        return repr(dict(self))
