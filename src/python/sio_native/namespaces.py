"""The namespaces of a server as objects, and those that are made when a client asks for them."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from re import Pattern
from typing import TYPE_CHECKING, Any

from .handlers import ANY
from .server_namespace import ParentNamespace, Predicate, ServerNamespace
from .socket import Socket
from .types import Handler, Key

if TYPE_CHECKING:
    from .async_server import AsyncServer

log = logging.getLogger("socketio.server")

# Characters of a name that a client may ask for: patterns and predicates are asked about no more.
LONGEST_NAME = 256


class Namespaces:
    """What `AsyncServer.of` gives. On the loop's thread alone, once the server serves."""

    def __init__(self, sio: AsyncServer, cleans_up: bool, most: int) -> None:
        self._sio = sio
        self._registry = sio._registry
        self._cleans_up = cleans_up
        self._most = most  # children: their names come from peers
        self._own: dict[str, ServerNamespace] = {}
        self._children: dict[str, ServerNamespace] = {}
        self._parents: list[ParentNamespace] = []
        self._listeners: list[Handler] = []
        self._warned = False

    # --- of the application ---

    def named(self, name: str) -> ServerNamespace:
        """`ValueError` for what is a pattern, or in one."""
        if name == ANY:
            raise ValueError('"*" is not one namespace: of() takes a pattern, as re.compile("")')
        if not name.startswith("/"):
            name = f"/{name}"
        found = self._own.get(name) or self._children.get(name)
        if found is not None:
            return found
        if not self._registry.accepts(name):
            for parent in self._parents:
                if parent.matches(name):
                    return self._make_child(parent, name)
        made = self._own[name] = ServerNamespace(self._sio, name)
        self._registry.open(name)
        if name != "/":
            self._tell(made)
        return made

    def matching(self, admits: Pattern[str] | Predicate) -> ParentNamespace:
        parent = ParentNamespace(self._sio, self, admits)
        if not self._parents:
            service = self._sio._service
            service.runner.when_entering = self._entering
            service.sessions.when_dropped.append(self._left)
            if service.recovery is not None:
                service.recovery.when_gone.append(self._left)
            service.when_ended.append(self._ended)
        self._parents.append(parent)
        self._registry.add_parent(parent._handlers)
        return parent

    def children_of(self, parent: ParentNamespace) -> list[ServerNamespace]:
        return [child for child in self._children.values() if child.parent is parent]

    def on_new(self, listener: Handler) -> None:
        if not callable(listener) or inspect.iscoroutinefunction(listener):
            raise TypeError(f"on_new_namespace needs a plain function, not {listener!r}")
        self._listeners.append(listener)

    # --- of clients ---

    def _entering(
        self, sid: str, namespace: str, auth: Any
    ) -> bool | Callable[[], Awaitable[bool]]:
        child = self._children.get(namespace)
        if child is not None:
            child._sids.add(sid)
            return True
        if self._registry.accepts(namespace):
            return True
        if len(namespace) > LONGEST_NAME:
            return False
        return partial(self._asked, sid, namespace, auth)

    async def _asked(self, sid: str, name: str, auth: Any) -> bool:
        def handshake() -> Any:
            return Socket(self._sio, self._sio._sockets, sid, name, auth).handshake

        for parent in list(self._parents):
            try:
                if not await parent.admits(name, auth, handshake):
                    continue
            except Exception:
                log.exception("a namespace's predicate failed for %r", name)
                continue
            if name not in self._children:  # it may have been made meanwhile
                if self._registry.accepts(name):
                    return True
                if len(self._children) >= self._most:
                    self._refuse_more()
                    return False
                self._make_child(parent, name)
            self._children[name]._sids.add(sid)
            return True
        return False

    def _refuse_more(self) -> None:
        if not self._warned:
            self._warned = True
            hint = (
                ""
                if self._cleans_up
                else "; cleanup_empty_child_namespaces=True forgets empty ones"
            )
            log.error("clients are refused: max_child_namespaces=%d%s", self._most, hint)

    def _make_child(self, parent: ParentNamespace, name: str) -> ServerNamespace:
        child = self._children[name] = ServerNamespace(self._sio, name, parent)
        self._registry.inherit(name, parent._handlers)
        self._sio._sockets.inherited[name] = parent._rules
        self._tell(child)
        return child

    def _tell(self, made: ServerNamespace) -> None:
        for listener in self._listeners:
            try:
                listener(made)
            except Exception:
                log.exception("on_new_namespace failed for %s", made.name)

    def _left(self, key: Key) -> None:
        namespace, sid = key
        recovery = self._sio._service.recovery
        if recovery is not None and recovery.is_away(key):
            return  # what is sent to its parent is for who comes back, too
        child = self._children.get(namespace)
        if child is not None:
            child._sids.discard(sid)
            if self._cleans_up and not child._sids:
                self._remove(namespace)

    def _remove(self, namespace: str) -> None:
        del self._children[namespace]
        self._sio._sockets.forget(namespace)
        self._registry.disinherit(namespace)
        self._sio._service.runner.handlers_changed()

    def _ended(self) -> None:
        """The engine has ended, and all clients with it."""
        for name, child in list(self._children.items()):
            child._sids.clear()
            if self._cleans_up:
                self._remove(name)
