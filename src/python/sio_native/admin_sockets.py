"""Clients as admins see them, and all of them in slices that hold nothing up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs

from .async_manager import AsyncManager
from .core import Core
from .environ import environ_from_head
from .types import Room

# So many clients are described between two turns of the loop: about two milliseconds.
SLICE = 50
# So many are told in one message, half a megabyte or so. The rest follow one by one.
FIRST = 500
# An admin with more bytes under way than this gets no more for now: at a multiple of it (the
# engine's `send_buffer_bytes`) it would be disconnected.
MAX_BACKLOG = 256 * 1024


def iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, timezone.utc).isoformat()


def shown(room: Room) -> Any:
    """A room as JSON can carry it."""
    return room if isinstance(room, (str, int, float)) else str(room)


class Sockets:
    """The clients of one server, for its admins in `namespace`."""

    def __init__(self, core: Core, manager: AsyncManager, namespace: str) -> None:
        self._core = core
        self._manager = manager
        self._namespace = namespace

    def tell(self, event: str, *args: Any, to: str | None = None) -> None:
        """Emit to the admins of this process, or to one of them. Any thread."""
        # Not by a subclass's emit, which would tell those of other processes too.
        AsyncManager._emit(self._manager, event, args, self._namespace, to, None, None)

    def congested(self, admins: Iterable[str]) -> bool:
        """Has one of these sessions much to read yet?"""
        queued = self._core.engine.queued_bytes
        return any((queued(eio_sid) or 0) > MAX_BACKLOG for eio_sid in admins)

    def describe(self, namespace: str, sids: Iterable[str]) -> list[dict[str, Any]]:
        """Those of the clients whose session is open. One question to the engine."""
        now = time.time()
        return [
            self._serialize(namespace, now, *told)
            for told in self._core.engine.describe(namespace, list(sids))
        ]

    async def tell_all(self, admin: str, eio_sid: str) -> None:
        """Send `all_sockets`, with the first 500 clients, and a `socket_connected` for each other.

        `all_sockets` makes the Admin UI forget what it knew, so that it cannot be sent in parts.
        """
        first: list[dict[str, Any]] | None = []
        async for sockets in self._slices():
            if first is not None:
                first += sockets
                if len(first) < FIRST:
                    continue
                self.tell("all_sockets", first, to=admin)
                first = None
                continue
            for each in sockets:
                self.tell("socket_connected", each, each["handshake"]["time"], to=admin)
            if not await self._has_room(eio_sid):
                return
        if first is not None:
            self.tell("all_sockets", first, to=admin)

    async def _slices(self) -> AsyncIterator[list[dict[str, Any]]]:
        for namespace in self._manager.get_namespaces():
            sids = [sid for sid, _ in self._manager.get_participants(namespace, None)]
            for start in range(0, len(sids), SLICE):
                yield self.describe(namespace, sids[start : start + SLICE])
                await asyncio.sleep(0)

    async def _has_room(self, eio_sid: str) -> bool:
        """Wait until the admin has read most of what it was sent. False: it has gone."""
        queued = self._core.engine.queued_bytes
        while (waiting := queued(eio_sid)) is not None and waiting > MAX_BACKLOG:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return waiting is not None

    def _serialize(
        self,
        namespace: str,
        now: float,
        sid: str,
        eio_sid: str,
        transport: str,
        rooms: list[str],
        head: dict[str, Any],
        age: float,
    ) -> dict[str, Any]:
        environ = environ_from_head(head)
        issued = now - age
        query = parse_qs(environ["QUERY_STRING"])
        return {
            "id": sid,
            "clientId": eio_sid,
            "transport": transport,
            "nsp": namespace,
            "data": {},
            "handshake": {
                "address": environ["REMOTE_ADDR"],
                "headers": {
                    key[5:].lower(): value
                    for key, value in environ.items()
                    if key.startswith("HTTP_")
                },
                "query": {
                    key: values[0] if len(values) == 1 else values for key, values in query.items()
                },
                "secure": environ["wsgi.url_scheme"] == "https",
                "url": environ["PATH_INFO"],
                "issued": issued * 1000,
                "time": iso(issued),
            },
            "rooms": [shown(self._manager._names.name(key)) for key in rooms],
        }
