"""A client manager with methods of the application's own, told of each client."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from .types import Key

if TYPE_CHECKING:
    from .async_manager import AsyncManager

# What becomes of a client: None to let it in, or what it is told when it is refused.
Decide: TypeAlias = Callable[[Any], None]
Step: TypeAlias = Callable[[], None]


class ClientHooks:
    """Calls a manager's methods as clients come and go, as python-socketio does and in its order.

    The engine does its part of a step when the override gets to it, by `super()`, and at the
    latest when the override has ended. On the loop's thread alone.
    """

    def __init__(self, manager: AsyncManager, always_connect: bool) -> None:
        self._manager = manager
        self._always_connect = always_connect
        self._connects_first = _is_of_5_16(manager)
        self._joining: dict[Key, str] = {}  # by namespace and Engine.IO sid, while pre_connect runs
        self._due: dict[tuple[str, Key], Step] = {}  # the engine's part, while an override runs
        self._told: set[Key] = set()  # whose pre_disconnect has been called

    # --- what the runner calls ---

    async def connect(
        self,
        sid: str,
        namespace: str,
        eio_sid: str,
        handler: Callable[[Decide], Awaitable[None] | None],
        decide: Decide,
    ) -> None:
        """A client asks to join: the manager is told, the connect handler asked."""
        if not await self._join(sid, namespace, eio_sid):
            decide("Unable to connect")
            return
        undecided = True
        refusal: Any = {"message": "Connection rejected by server"}  # of a handler that fails

        def settle(payload: Any) -> None:
            nonlocal undecided
            undecided = False
            decide(payload)

        verdict: list[Any] = []
        try:
            waiting = handler(verdict.append)
            if waiting is not None:
                await waiting
            if verdict and verdict[0] is None:
                await self._accept(sid, namespace, partial(settle, None))
            elif verdict:
                refusal = verdict[0]
        finally:
            if undecided:
                if self._always_connect:
                    self._manager.pre_disconnect(sid, namespace)
                await self._leave(sid, namespace, partial(settle, refusal))

    async def leave(
        self,
        sid: str,
        namespace: str,
        handler: Callable[[], Awaitable[None] | None],
        forget: Step,
    ) -> None:
        """A client has left: the disconnect handler runs, and the manager forgets it."""
        try:
            self.leaving(sid, namespace)
        finally:
            try:
                waiting = handler()
                if waiting is not None:
                    await waiting
            finally:
                self._told.discard((namespace, sid))
                await self._leave(sid, namespace, forget)

    def leaving(self, sid: str, namespace: str) -> None:
        """A client is about to leave, of its own or as the server wants. May be called twice."""
        if (namespace, sid) not in self._told:
            self._manager.pre_disconnect(sid, namespace=namespace)
            self._told.add((namespace, sid))

    # --- what the manager's own methods call ---

    def joining(self, eio_sid: str, namespace: str) -> str | None:
        """The sid of the client that is asking to join."""
        return self._joining.get((namespace, eio_sid))

    def reach(self, step: str, sid: str, namespace: str) -> bool:
        """Do the engine's part, if it is time for this step and it has not been done."""
        due = self._due.pop((step, (namespace, sid)), None)
        if due is not None:
            due()
        return due is not None

    # --- steps ---

    async def _join(self, sid: str, namespace: str, eio_sid: str) -> bool:
        manager = self._manager
        self._joining[namespace, eio_sid] = sid
        try:
            if self._connects_first:
                joined = await manager.connect(eio_sid, namespace)
            else:
                joined = await manager.pre_connect(eio_sid, namespace)
        finally:
            if self._joining.get((namespace, eio_sid)) == sid:
                del self._joining[namespace, eio_sid]
        if joined is None:
            return False
        if joined != sid:
            raise RuntimeError(
                f"{type(manager).__name__} gave a client the sid {joined!r}, but the engine has "
                f"given it {sid!r}: pre_connect() and connect() must return what super() returns"
            )
        if self._always_connect and not self._connects_first:
            await manager.connect(sid, namespace)
        return True

    async def _accept(self, sid: str, namespace: str, let_in: Step) -> None:
        self._due["connect", (namespace, sid)] = let_in
        if not self._always_connect and not self._connects_first:
            try:
                await self._manager.connect(sid, namespace)
            except BaseException:
                self._due.pop(("connect", (namespace, sid)), None)
                raise
        self.reach("connect", sid, namespace)

    async def _leave(self, sid: str, namespace: str, forget: Step) -> None:
        self._due["leave", (namespace, sid)] = forget
        try:
            await self._manager.disconnect(sid, namespace, ignore_queue=True)
        finally:  # the engine forgets it in any case
            self.reach("leave", sid, namespace)


def _is_of_5_16(manager: AsyncManager) -> bool:
    """Is `connect` overridden as python-socketio had it up to 5.16: connect(eio_sid, namespace)?

    There it is the first to hear of a client, instead of `pre_connect`.
    """
    if "connect" not in manager._own or "pre_connect" in manager._own:
        return False
    try:
        return next(iter(inspect.signature(manager.connect).parameters), None) == "eio_sid"
    except (TypeError, ValueError):
        return False
