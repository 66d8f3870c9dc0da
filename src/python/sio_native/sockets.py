"""The sockets that an application has asked for, and what it has registered with them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from .adapters import for_connection
from .handlers import ANY, Invocation, call
from .listeners import Listeners
from .outgoing import Outgoing
from .socket import Socket
from .types import Handler, Key

if TYPE_CHECKING:
    from .async_server import AsyncServer

log = logging.getLogger("socketio.server")


class Rules:
    """What is registered for the clients of a namespace, or of all that a parent makes."""

    def __init__(self) -> None:
        self.on_connection = Listeners()
        self.middleware: list[Any] = []
        self.keeps_auth = False  # handlers ask for sockets, which know what their clients came with

    def __bool__(self) -> bool:
        return bool(self.middleware or self.on_connection or self.keeps_auth)

    def use(self, middleware: Any, sio: AsyncServer) -> None:
        if not callable(middleware):
            raise TypeError(f"a middleware must be callable, not {middleware!r}")
        self.middleware.append(for_connection(middleware, sio))


class Sockets:
    """One `Socket` for each client that was asked for, until it has left."""

    def __init__(self, sio: AsyncServer) -> None:
        self._sio = sio
        self._service = sio._service
        self._registry = sio._registry
        self._sockets: dict[Key, Socket] = {}
        self._rules: dict[str, Rules] = {}
        self.inherited: dict[str, Rules] = {}  # a parent's, by the names of its children
        self._outgoing = Outgoing(sio._core, self._service)
        self._service.sessions.when_dropped.append(self._drop)

    def get(self, sid: str, namespace: str) -> Socket:
        """`KeyError` for an unknown sid."""
        key = (namespace, sid)
        found = self._sockets.get(key)
        if found is None:
            if self._sio.manager.eio_sid_from_sid(sid, namespace) is None:
                raise KeyError(sid)
            found = self._sockets.setdefault(key, Socket(self._sio, self, sid, namespace))
        return found

    def has(self, socket: Socket) -> bool:
        """Until its disconnect handlers have ended."""
        return self._sockets.get((socket.nsp, socket.id)) is socket

    def _drop(self, key: Key) -> None:
        self._sockets.pop(key, None)
        self._outgoing.discard(key)

    def on_connection(self, namespace: str, handler: Any) -> None:
        """Call it with the socket of each client that has been let in."""
        called = for_connection(handler, self._sio) if callable(handler) else None
        self._own(namespace).on_connection.add(handler, called=called)
        self._watch(namespace)

    def use(self, namespace: str, middleware: Any) -> None:
        """Call it with the socket of each client that wants to come in."""
        self._own(namespace).use(middleware, self._sio)
        self._watch(namespace)

    def keep_auth(self, namespace: str) -> None:
        """Handlers there ask for sockets, each of which is to know what its client came with."""
        rules = self._own(namespace)
        if not rules.keeps_auth:
            rules.keeps_auth = True
            self._watch(namespace)

    def forget(self, namespace: str) -> None:
        """It is no more, nor what was registered for it."""
        self.inherited.pop(namespace, None)
        self._rules.pop(namespace, None)

    def _own(self, namespace: str) -> Rules:
        return self._rules.setdefault(namespace, Rules())

    def _rules_of(self, namespace: str) -> list[Rules]:
        found = (
            self.inherited.get(namespace),
            self._rules.get(namespace),
            self._rules.get(ANY),
        )
        return [rules for rules in found if rules]

    def _watch(self, namespace: str) -> None:
        self.watch()
        if namespace not in self.inherited:
            self._registry.watch_connects(namespace)

    def watch(self) -> None:
        """Hear of clients that come."""
        self._service.runner.when_joining = self._joining
        self._service.runner.when_accepted = self._accepted

    def _joining(self, sid: str, namespace: str, auth: Any) -> Awaitable[None] | None:
        rules = self._rules_of(namespace)
        if not rules:
            return None
        wanted = [each for rule in rules for each in rule.middleware]
        recovery = self._service.recovery
        if recovery and recovery.skips_middlewares and recovery.is_recovered((namespace, sid)):
            wanted = []
        socket = Socket(self._sio, self, sid, namespace, auth)
        self._sockets[namespace, sid] = socket
        if any(rule.middleware or rule.on_connection for rule in rules):
            # Before it may send events: those that nobody handles never come.
            self.listens(namespace)
        return _asked(wanted, socket) if wanted else None

    def _accepted(self, sid: str, namespace: str) -> None:
        wanted = [each for each in self._rules_of(namespace) if each.on_connection]
        if not wanted or not self._sio.manager.is_connected(sid, namespace):
            return  # nobody asks, or it has gone while it was looked at
        socket = self.get(sid, namespace)
        for rules in wanted:
            for handler in rules.on_connection:  # none waits for another: each may register some
                self._service.spawn(self._connected(handler, socket))

    async def _connected(self, handler: Handler, socket: Socket) -> None:
        try:
            await call(handler, socket)
        except Exception as error:
            hooks = self._service.runner.errors
            if hooks is None:
                log.exception("on_connection failed for %s [%s]", socket.id, socket.nsp)
            else:
                hooks.tell(error, "connection", socket.id, socket.nsp, ())

    def listens_outgoing(self, socket: Socket) -> None:
        """It has listeners for what it is sent, or none any more."""
        if socket._any_outgoing and self.has(socket):
            self._outgoing.add(socket)
        else:
            self._outgoing.discard((socket.nsp, socket.id))

    # --- events ---

    def listens(self, namespace: str) -> None:
        """A socket there has handlers of its own: from now on all events of all are routed."""
        self._registry.route(namespace, self._route)

    def _route(
        self, event: str, namespace: str, args: tuple[Any, ...], found: Invocation | None
    ) -> Invocation | None:
        socket = self._sockets.get((namespace, args[0]))
        if socket is None or event == "connect" or not socket._wants(event):
            return found
        return socket._handle, (found, event, *args[1:])


async def _asked(middleware: list[Any], socket: Socket) -> None:
    for each in middleware:
        await call(each, socket)
