"""Sids by user, and what is known of each client."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

NO_DATA: Final = object()


@dataclass(frozen=True)
class Binding:
    """Of one client: whose it is, and what the application knows of it."""

    user_id: str | None  # None: nobody's, but there is data
    namespace: str
    data: Any = None  # NO_DATA: none has been given, or it was taken back
    node: str | None = None  # the process that it is a client of; None: this one


class UserTable:
    """Two dictionaries that agree. Changed on the loop, read by any thread."""

    def __init__(self) -> None:
        self.bindings: dict[str, Binding] = {}  # by sid: as many as there are clients
        self.sids: dict[str, dict[str, None]] = {}  # by user, in order
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}  # for a user's next change

    def set(self, sid: str, binding: Binding | None) -> bool:
        """None: forget the client. False if nothing has changed."""
        before = self.bindings.get(sid)
        if binding is None:
            if before is None:
                return False
            del self.bindings[sid]
        else:
            self.bindings[sid] = binding
        old = None if before is None else before.user_id
        new = None if binding is None else binding.user_id
        if old != new:
            if old is not None:
                del self.sids[old][sid]
                if not self.sids[old]:
                    del self.sids[old]
            if new is not None:
                self.sids.setdefault(new, {})[sid] = None
        if new in self._waiting:
            for future in list(self._waiting[new]):
                if not future.done():
                    future.set_result(None)
        return True

    def next_binding(self, user_id: str) -> asyncio.Future[None]:
        """Done when a client is bound to the user, or bound again. Cancel it if you do not wait."""
        future = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(user_id, set())
        waiting.add(future)

        def forget(_: object) -> None:
            waiting.discard(future)
            if not waiting and self._waiting.get(user_id) is waiting:
                del self._waiting[user_id]

        future.add_done_callback(forget)
        return future

    def drop_node(self, node: str) -> None:
        """Forget the clients of a process that is no more."""
        for sid in [sid for sid, each in self.bindings.items() if each.node == node]:
            self.set(sid, None)
