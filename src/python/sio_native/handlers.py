"""Who handles what: functions by namespace and event, namespace classes, catch-alls."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, NamedTuple, Protocol, TypeAlias

from .types import Handler

RESERVED_EVENTS = ("connect", "disconnect")  # "*" never gets these
# As in the engine (sio/packet.cpp): in a packet they are an error, which ends the connection.
CLIENT_EVENTS = {
    *RESERVED_EVENTS,
    "connect_error",
    "disconnecting",
    "newListener",
    "removeListener",
}
ANY = "*"


Invocation: TypeAlias = tuple[Handler, tuple[Any, ...]]
# Given an event, its namespace, its arguments behind the sid, and who would handle it: who does.
Router: TypeAlias = Callable[[str, str, tuple[Any, ...], "Invocation | None"], "Invocation | None"]
# Whom to call for an event: a handler, or an object's attribute of this name; and what goes in
# front of the arguments.
Entry: TypeAlias = tuple[Any, str | None, tuple[str, ...]]


class NamespaceHandler(Protocol):
    """What the registry needs of an `AsyncNamespace`."""

    namespace: str

    def _entry(self, event: str) -> Entry: ...


def ignore(*args: Any) -> None:
    """An event without a method: its client gets an empty ack, as from python-socketio."""


class Interest(NamedTuple):
    """What `Engine.set_interest` takes."""

    namespaces: list[str] | None
    handlers: list[tuple[str, str]]
    everything: bool


class Registry:
    """The handlers of one server. `changed` is called after each registration.

    Once the tables have been handed out (`expose`) they may change behind our back, so that from
    then on everything is delivered and decided here.
    """

    def __init__(self, namespaces: str | Iterable[str] | None, changed: Callable[[], None]) -> None:
        self.functions: dict[str, dict[str, Handler]] = {}
        self.classes: dict[str, NamespaceHandler] = {}
        self.exposed = False
        self.deliver_all = False  # somebody routes events by rules of their own
        self.deliver_connects = False  # a client manager wants to be told of each client
        self.recovers = False  # clients may come back, and must be known
        self.routers: dict[str, Router] = {}  # of namespaces whose events go by the client, too
        # Of namespaces that come and go, see `namespaces`: the functions of each, which several
        # share, and those of all that there may be.
        self.inherited: dict[str, dict[str, Handler]] = {}
        self.parents: list[dict[str, Handler]] = []
        self._watched: set[str] = set()  # namespaces whose clients somebody wants to hear of
        self._namespaces = _accepted(namespaces)
        self._changed = changed

    @property
    def namespaces(self) -> str | list[str]:
        """Those accepted in addition to the handled ones; "*": any."""
        return self._namespaces

    @namespaces.setter
    def namespaces(self, accepted: str | Iterable[str] | None) -> None:
        self._namespaces = _accepted(accepted)
        self._changed()

    def add(self, namespace: str, event: str, handler: Handler) -> None:
        self.functions.setdefault(namespace, {})[event] = handler
        self._changed()

    def open(self, namespace: str) -> None:
        """Clients may join it, with or without handlers."""
        if not self.accepts(namespace):
            self.namespaces = [*self._namespaces, namespace]

    def add_parent(self, functions: dict[str, Handler]) -> None:
        """Functions of namespaces that will be made when somebody asks for them."""
        self.parents.append(functions)
        self._changed()

    def inherit(self, namespace: str, functions: dict[str, Handler]) -> None:
        """Clients may join it, and its events are for these, unless it has functions of its own.

        `functions` are of a parent, so that the engine delivers their events already.
        """
        self.inherited[namespace] = functions

    def disinherit(self, namespace: str) -> None:
        """It is no more, nor what was registered for it."""
        for table in (self.inherited, self.functions, self.routers):
            table.pop(namespace, None)

    def changed(self) -> None:
        """Functions of a parent have been added."""
        self._changed()

    def add_class(self, handler: NamespaceHandler) -> None:
        self.classes[handler.namespace] = handler
        self._changed()

    def route(self, namespace: str, router: Router) -> None:
        """Ask `router` who handles an event of this namespace, each time."""
        if not self._is_named(namespace):
            namespace = ANY  # clients choose the names of others: they must not fill the table
        if namespace not in self.routers:
            self.routers[namespace] = router
            self._changed()

    def router(self, namespace: str) -> Router | None:
        return self.routers.get(namespace) or self.routers.get(ANY)

    def _is_named(self, namespace: str) -> bool:
        return (
            namespace in self.functions
            or namespace in self.classes
            or namespace in self._watched
            or namespace in self.inherited
            or (self._namespaces != ANY and namespace in self._namespaces)
        )

    def watch_connects(self, namespace: str) -> None:
        """Clients may join it, and are told of."""
        if namespace not in self._watched:
            self._watched.add(namespace)
            self._changed()

    def expose(self) -> None:
        if not self.exposed:
            self.exposed = True
            self._changed()

    def accepts(self, namespace: str) -> bool:
        """May a client join it? A catch-all handler alone does not open a namespace."""
        return (
            namespace in self.functions
            or namespace in self.classes
            or namespace in self._watched
            or namespace in self.inherited
            or self._namespaces == ANY
            or namespace in self._namespaces
        )

    def resolve(self, event: str, namespace: str, args: tuple[Any, ...]) -> Invocation | None:
        """What to call for an event, and with which arguments."""
        invocation: Invocation | None = None
        if (found := self.entry(event, namespace)) is not None:
            target, attribute, prefix = found
            handler = target if attribute is None else getattr(target, attribute, ignore)
            invocation = handler, (*prefix, *args)
        router = self.router(namespace) if self.routers else None
        return invocation if router is None else router(event, namespace, args, invocation)

    def entry(self, event: str, namespace: str) -> Entry | None:
        """Who handles an event, until the next registration; functions go before classes.

        In order: the namespace's own function, its catch-all, the catch-all namespace's own, its
        catch-all; the namespace's class, the catch-all namespace's class.
        """
        return self._function(event, namespace) or self._method(event, namespace)

    def _function(self, event: str, namespace: str) -> Entry | None:
        # A client may name its event "*": that is for a catch-all, with the name in front.
        name = None if event == ANY else event
        catchable = event not in RESERVED_EVENTS
        for own in (self.functions.get(namespace), self.inherited.get(namespace)):
            if own and name in own:
                return own[name], None, ()
            if own and catchable and ANY in own:
                return own[ANY], None, (event,)
        if every := self.functions.get(ANY):
            if name in every:
                return every[name], None, (namespace,)
            if catchable and ANY in every:
                return every[ANY], None, (event, namespace)
        return None

    def _method(self, event: str, namespace: str) -> Entry | None:
        if handler := self.classes.get(namespace):
            return handler._entry(event)
        if handler := self.classes.get(ANY):
            target, attribute, prefix = handler._entry(event)
            return target, attribute, (*prefix, namespace)
        return None

    def interest(self) -> Interest:
        """What the engine must deliver so that no handler misses a thing."""
        if self.exposed:
            return Interest(None, [], True)
        namespaces = None
        if self._namespaces != ANY and not self.parents:
            known = {*self._namespaces, *self.functions, *self.classes, *self._watched}
            namespaces = sorted(known - {ANY})
        if self.deliver_all:
            return Interest(namespaces, [], True)
        pairs = {(name, event) for name, events in self.functions.items() for event in events}
        # Without the client's request in hand a disconnect handler could not ask for its environ.
        pairs |= {(name, "connect") for name, event in pairs if event == "disconnect"}
        if self.deliver_connects or self.recovers:
            pairs.add((ANY, "connect"))
        # A class answers events that it has no method for, and may get methods later.
        pairs |= {(name, event) for name in self.classes for event in (ANY, "connect")}
        # Who decides about names must be asked about each. What comes and goes is not listed: its
        # events are delivered whatever namespace they are of.
        pairs |= {(ANY, event) for table in self.parents for event in (*table, *RESERVED_EVENTS)}
        pairs |= {(ANY if name in self.inherited else name, ANY) for name in self.routers}
        watched = {*self.routers, *self._watched} - self.inherited.keys()
        pairs |= {(name, event) for name in watched for event in RESERVED_EVENTS}
        return Interest(namespaces, sorted(pairs), False)


def _accepted(namespaces: str | Iterable[str] | None) -> str | list[str]:
    if not namespaces:
        return ["/"]
    if isinstance(namespaces, str):
        return ANY if namespaces == ANY else [namespaces]
    return list(namespaces)


async def call(handler: Handler, *args: Any) -> Any:
    """The result of a handler, awaited if need be."""
    result = handler(*args)
    return await result if inspect.isawaitable(result) else result


async def call_either(handler: Handler, args: tuple[Any, ...], shorter: tuple[Any, ...]) -> Any:
    """The result of `start_either`, awaited if need be."""
    result = start_either(handler, args, shorter)
    return await result if inspect.isawaitable(result) else result


def start_either(handler: Handler, args: tuple[Any, ...], shorter: tuple[Any, ...]) -> Any:
    """Call with `args`, or with `shorter` if the handler is of the older kind that takes fewer.

    The signature decides where it can. Behind `*args` it cannot: there a `TypeError` does, as in
    python-socketio, and the first one is raised if both fail.
    """
    fits = _fits(handler, args)
    if fits is None:
        return _try_either(handler, args, shorter)
    if fits or _fits(handler, shorter) is False:
        return handler(*args)
    return handler(*shorter)


async def _try_either(handler: Handler, args: tuple[Any, ...], shorter: tuple[Any, ...]) -> Any:
    try:
        return await call(handler, *args)
    except TypeError as first:
        try:
            return await call(handler, *shorter)
        except TypeError:
            raise first from None


def _fits(handler: Handler, args: tuple[Any, ...]) -> bool | None:
    """Does the handler take these arguments? None if only calling it can tell."""
    function = getattr(handler, "__func__", handler)
    if type(function) is FunctionType:
        return _takes(function, len(args) + (function is not handler))
    try:
        signature = inspect.signature(handler, follow_wrapped=False)
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_POSITIONAL for each in signature.parameters.values()):
        return None
    try:
        signature.bind(*args)
    except TypeError:
        return False
    return True


def _takes(function: FunctionType, count: int) -> bool | None:
    """What a signature would say, at a hundredth of its price: this is asked for every connect."""
    code = function.__code__
    if code.co_flags & inspect.CO_VARARGS:
        return None
    if code.co_kwonlyargcount > len(function.__kwdefaults__ or ()):
        return False
    most = code.co_argcount
    return most - len(function.__defaults__ or ()) <= count <= most
