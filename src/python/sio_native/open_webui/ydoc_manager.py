"""The documents of `AsyncServer.yjs` under the names that Open WebUI's handlers call them by."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ..yjs import named

if TYPE_CHECKING:
    from ..async_server import AsyncServer


class YdocManager:
    """Open WebUI's `YdocManager`, whose documents are those of `sio.yjs`, which must be served.

    For handlers of the `ydoc:` events that are the application's own: then
    `sio.yjs.serve(dialects=["y-socket.io"])`, or `[]`, leaves the events to them. Documents are
    checked, merged and stored by the engine, and editors of other dialects are in them too. Users
    are sids: those that were added here, and the engine's own members.

    A document that its last user leaves is cleared by `remove_user_from_all_documents`, unless
    `await is_busy(document)`: say True while something of it is still to be saved. Of one process,
    as the documents are.
    """

    COMPACTION_THRESHOLD = 500  # updates behind a snapshot
    MAX_DOCUMENTS_PER_SESSION = 20
    MAX_DOCUMENT_SIZE = 2 * 1024 * 1024  # of an update here; of a document, see `serve`

    def __init__(
        self, sio: AsyncServer, *, is_busy: Callable[[str], Awaitable[bool]] | None = None
    ) -> None:
        self._documents = sio.yjs
        self._is_busy = is_busy
        self._users: dict[str, dict[str, None]] = {}  # by document, in the order they came
        self._of_user: dict[str, set[str]] = {}
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    @asynccontextmanager
    async def lock(self, document_id: str) -> AsyncIterator[None]:
        """One task at a time deals with the document, in the order in which they ask."""
        async with self._locks.setdefault(named(document_id), asyncio.Lock()):
            yield

    async def append_to_updates(self, document_id: str, update: list[int]) -> bool:
        """Take an update; False for one that is none, or for which there is no room.

        Editors that the engine serves are told of it; whom your handlers serve, tell yourself.
        """
        if not isinstance(update, list):
            return False
        try:
            data = bytes(update)
        except (TypeError, ValueError):
            return False
        if len(data) > self.MAX_DOCUMENT_SIZE:
            return False
        try:
            await self._documents.apply(document_id, data)
        except ValueError:
            return False
        return True

    async def get_updates(self, document_id: str) -> list[bytes]:
        """All there is, as one update; an empty list for a document without any."""
        state = await self._documents.snapshot(document_id)
        return [] if state == EMPTY else [state]

    async def document_exists(self, document_id: str) -> bool:
        """Whether something was written in it."""
        return bool(await self.get_updates(document_id))

    async def get_users(self, document_id: str) -> list[str]:
        """The sids of those who are in it."""
        here = self._users.get(named(document_id), {})
        members = await self._documents.members(document_id)
        return [*here, *(sid for sid in members if sid not in here)]

    async def count_documents_for_user(self, user_id: str) -> int:
        """How many documents a sid is in."""
        return len(await self._all_of(user_id))

    async def add_user(self, document_id: str, user_id: str) -> None:
        """From now on this sid is in the document."""
        document = named(document_id)
        self._users.setdefault(document, {})[user_id] = None
        self._of_user.setdefault(user_id, set()).add(document)

    async def remove_user(self, document_id: str, user_id: str) -> None:
        """It is in it no more. A member of the engine's is put out, and told."""
        document = named(document_id)
        self._forget(document, user_id)
        await self._documents.revoke(document, user_id)

    async def remove_user_from_all_documents(self, user_id: str) -> None:
        """As it has disconnected. Those in which nobody is left are cleared."""
        for document in await self._all_of(user_id):
            async with self.lock(document):
                await self.remove_user(document, user_id)
                if await self.get_users(document):
                    continue
                if self._is_busy is None or not await self._is_busy(document):
                    await self.clear_document(document)

    async def clear_document(self, document_id: str) -> None:
        """Forget it and who is in it, in the store too."""
        document = named(document_id)
        for user_id in list(self._users.get(document, ())):
            self._forget(document, user_id)
        await self._documents.clear(document)

    async def _all_of(self, user_id: str) -> set[str]:
        return self._of_user.get(user_id, set()).union(await self._documents.documents_of(user_id))

    def _forget(self, document: str, user_id: str) -> None:
        for table, key, value in (
            (self._users, document, user_id),
            (self._of_user, user_id, document),
        ):
            _discard(table, key, value)


EMPTY = b"\0\0"  # an update without anything


def _discard(table: dict[str, Any], key: str, value: str) -> None:
    """Of the set, or what serves as one, under this key; the last takes the key with it."""
    values = table.get(key)
    if values is None or value not in values:
        return
    if isinstance(values, dict):
        del values[value]
    else:
        values.discard(value)
    if not values:
        del table[key]
