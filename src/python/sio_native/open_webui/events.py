"""What a request tells the tabs of its user while it is answered, and asks one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..exceptions import TimeoutError

if TYPE_CHECKING:
    from ..async_server import AsyncServer

Info = Mapping[str, Any]
EventData = Mapping[str, Any]
Persist = Callable[[Info, EventData], Awaitable[None]]

DISCONNECTED = {"error": "Client session disconnected."}
TIMED_OUT = {"error": "Event call timed out. The browser tab may be inactive or closed."}


class Events:
    """Makes Open WebUI's event emitters and event callers for a server.

    `info` is what is known of a request: `user_id`, `chat_id`, `message_id` and, for callers, the
    `session_id` of the tab. The clients must be bound by `sio.users`. What they get is the event
    `event` with `{chat_id, message_id, data}`.
    """

    def __init__(
        self, sio: AsyncServer, *, event: str = "events", namespace: str | None = None
    ) -> None:
        self._sio = sio
        self._event = event
        self._namespace = namespace

    def get_event_emitter(
        self, info: Info, persist: Persist | None = None
    ) -> Callable[[EventData], Awaitable[None]] | None:
        """A coroutine function that sends its argument to all tabs of the user, in order.

        It is encoded once. `persist(info, data)` is awaited behind each event, to store what
        should outlive it. None if `info` lacks what an emitter needs.
        """
        if not _has(info, "user_id", "chat_id", "message_id"):
            return None
        sio, event, namespace = self._sio, self._event, self._namespace

        async def emit(event_data: EventData) -> None:
            payload = {
                "chat_id": info["chat_id"],
                "message_id": info["message_id"],
                "data": event_data,
            }
            await sio.emit(event, payload, to_user=info["user_id"], namespace=namespace)
            if persist is not None:
                await persist(info, event_data)

        return emit

    def get_event_call(
        self, info: Info, *, timeout: float | None = 60, follow: float = 60
    ) -> Callable[[EventData], Awaitable[Any]] | None:
        """A coroutine function that asks the tab, and returns its answer.

        When the tab goes the question is asked again in a tab of the user that comes within
        `follow` seconds, or is there and has `chat_id` among the `chat_ids` that it was bound with;
        0: in none. Without one, and after `timeout` seconds in all, it returns `{"error": …}`, as
        Open WebUI's do. Cancelling it takes the question back. A `session_id` that is not the
        user's own is as one that has gone; one that is None has never been, and is not followed.
        None if `info` lacks what a caller needs.
        """
        if not _has(info, "user_id", "session_id", "chat_id", "message_id"):
            return None

        async def call(event_data: EventData) -> Any:
            try:
                return await asyncio.wait_for(self._ask(info, event_data, follow), timeout)
            except asyncio.TimeoutError:
                return TIMED_OUT

        return call

    async def _ask(self, info: Info, event_data: EventData, follow: float) -> Any:
        users = self._sio.users
        user, session = info["user_id"], info["session_id"]
        payload = {
            "chat_id": info["chat_id"],
            "message_id": info["message_id"],
            "data": event_data,
        }
        # What has gone is bound until its disconnect handler has ended: it is not asked again.
        gone = set()
        known = set(users.sids(user))
        sid = session if session is not None and users.user_of(session) == user else None
        while session is not None:
            if sid is not None:
                try:
                    return await self._sio.call(
                        self._event, payload, to=sid, namespace=self._namespace, timeout=NEVER
                    )
                except TimeoutError:
                    gone.add(sid)
            sid = await self._next_tab(user, info["chat_id"], known, gone, follow)
            if sid is None:
                break
            known = set(users.sids(user))
        return DISCONNECTED

    async def _next_tab(
        self, user: str, chat_id: str, known: set[str], gone: set[str], patience: float
    ) -> str | None:
        """A tab of the user that is new, or shows the chat."""
        users = self._sio.users
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while patience > 0:
            came = users._table.next_binding(user)
            try:
                for sid in users.sids(user):
                    shown = sid not in known or _shows(users.get(sid), chat_id)
                    if shown and sid not in gone:
                        return sid
                if not (await asyncio.wait({came}, timeout=max(0, until - loop.time())))[0]:
                    return None
            finally:
                came.cancel()
        return None


NEVER = 1e9  # seconds; with a limit of its own a call ends when its client leaves


def _has(info: Info, *names: str) -> bool:
    """And a user: what is for none must not reach everybody."""
    user = info.get("user_id")
    return info.keys() >= set(names) and isinstance(user, str) and bool(user)


def _shows(data: Any, chat_id: str) -> bool:
    return isinstance(data, Mapping) and chat_id in (data.get("chat_ids") or ())
