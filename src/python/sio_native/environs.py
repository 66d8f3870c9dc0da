"""The environs of a server's clients: made when asked for, kept when somebody wants them kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from .core import Core
from .environ import environ_from_head, make_environ
from .scope_extras import ScopeExtras
from .types import Environ, Receive, Scope, Send, as_sid


class WatchedDict(dict[str, Any]):
    """A dictionary that says so when it is about to be changed. Its copies are plain."""

    __slots__ = ("__weakref__", "_changing")

    def __init__(self, items: Mapping[str, Any], changing: Callable[[WatchedDict], None]) -> None:
        super().__init__(items)
        self._changing = changing

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


def _watched(name: str) -> Callable[..., Any]:
    change = getattr(dict, name)

    def method(self: WatchedDict, *args: Any, **kwargs: Any) -> Any:
        self._changing(self)
        return change(self, *args, **kwargs)

    return method


CHANGES = (
    "__setitem__",
    "__delitem__",
    "__ior__",
    "clear",
    "pop",
    "popitem",
    "setdefault",
    "update",
)
READS = (
    "__contains__",
    "__eq__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__ne__",
    "__or__",
    "__repr__",
    "__reversed__",
    "__ror__",
    "copy",
    "get",
    "items",
    "keys",
    "values",
)
for _name in CHANGES:
    setattr(WatchedDict, _name, _watched(_name))


class LateDict(WatchedDict):
    """Gets its items when they are first looked at: most connect handlers never do."""

    __slots__ = ("_make",)

    def __init__(
        self, make: Callable[[], Mapping[str, Any]], changing: Callable[[WatchedDict], None]
    ) -> None:
        super().__init__({}, changing)
        self._make: Callable[[], Mapping[str, Any]] | None = make

    def fill(self) -> None:
        make, self._make = self._make, None
        if make is not None:
            dict.update(self, make())


def _filled(name: str) -> Callable[..., Any]:
    method_of_full = getattr(WatchedDict, name)

    def method(self: LateDict, *args: Any, **kwargs: Any) -> Any:
        if self._make is not None:
            self.fill()
        return method_of_full(self, *args, **kwargs)

    return method


for _name in READS + CHANGES:
    setattr(LateDict, _name, _filled(_name))


class Environs(MutableMapping[str, Any]):
    """Environs by Engine.IO sid: of the sessions that are open or have handlers still running.

    The engine keeps the request of each session. An environ is made of it when it is asked for,
    and is the same dictionary for as long as somebody holds it. What has been changed, it or a
    dictionary in it, is kept for the session. One thread: the loop's.

    An application may put things of its own here, as many keep something by the sids of their
    clients. They stay until it takes them out, or the server ends; under the id of a session, until
    that is over.
    """

    def __init__(self, core: Core, ended: Callable[[str], None]) -> None:
        """`ended` is called with the Engine.IO sid of each session that is over."""
        self._core = core
        self._ended = ended
        self._bridged: dict[str, tuple[Scope, Receive, Send]] = {}
        self._extras: dict[str, ScopeExtras] = {}
        self._made: WeakValueDictionary[str, LateDict] = WeakValueDictionary()
        self._changed: dict[str, WatchedDict] = {}
        self._changed_scopes: dict[str, WatchedDict] = {}
        self._own: dict[str, Any] = {}  # what the application has put here
        self._tables: tuple[dict[str, Any], ...] = (
            self._bridged,
            self._extras,
            self._changed,
            self._changed_scopes,
            self._own,
        )

    def opened(self, eio_sid: str, extras: ScopeExtras | None) -> None:
        """An ASGI request has opened a session, with this in its scope, and is over."""
        if extras is not None:
            self._extras[eio_sid] = extras

    def bridged(self, eio_sid: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A session has opened on a WebSocket that stays with the ASGI server."""
        self._bridged[eio_sid] = (scope, receive, send)

    def closed(self, eio_sid: str) -> None:
        """Notification SESSION_CLOSED."""
        for table in self._tables:
            table.pop(eio_sid, None)
        self._ended(eio_sid)

    def clear(self) -> None:
        """The engine has ended, and every session with it."""
        for table in self._tables:
            table.clear()

    def make(self, eio_sid: str) -> Environ:
        """The environ, for a connect handler: made of nothing if the engine has ended by then."""
        if eio_sid in self._own:
            own: Environ = self._own[eio_sid]
            return own
        environ = self._made.get(eio_sid)
        if environ is None:
            environ = LateDict(
                partial(self._make_of_what_is_known, eio_sid),
                partial(self._changed.__setitem__, eio_sid),
            )
            self._made[eio_sid] = environ
        return environ

    def decided(self, eio_sid: str) -> None:
        """The connect handler has ended. Does the application hold the environ? Then it is filled.

        Later the session may be gone, and its request with it.
        """
        environ = self._made.get(eio_sid)
        if environ is not None:
            environ.fill()

    def __getitem__(self, eio_sid: str) -> Any:
        if eio_sid in self._own:
            return self._own[eio_sid]
        environ = self._made.get(eio_sid)
        if environ is None:
            items = self._make(eio_sid)
            environ = self._made[eio_sid] = LateDict(
                lambda: items, partial(self._changed.__setitem__, eio_sid)
            )
        environ.fill()
        return environ

    def __setitem__(self, key: str, value: Any) -> None:
        self._own[key] = value

    def __delitem__(self, key: str) -> None:
        """What the application has put here. `TypeError` for the environ of a session."""
        if key in self._own:
            del self._own[key]
        elif key in self:
            raise TypeError("the environ of a session stays until the session is over")
        else:
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        sessions = self._core.engine.sessions()
        return iter(dict.fromkeys([*sessions, *self._own]) if self._own else sessions)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _make_of_what_is_known(self, eio_sid: str) -> Environ:
        try:
            return self._make(eio_sid)
        except KeyError:
            return environ_from_head(None)

    def _make(self, eio_sid: str) -> Environ:
        bridged = self._bridged.get(eio_sid)
        if bridged is not None:
            return make_environ(*bridged)
        head = self._core.engine.request_head(as_sid(eio_sid))
        if head is None:
            raise KeyError(eio_sid)
        environ = environ_from_head(head, self._extras.get(eio_sid))
        environ["asgi.scope"] = self._changed_scopes.get(eio_sid) or WatchedDict(
            {
                key: WatchedDict({}, partial(self._keep_in_scope, eio_sid, key))
                if type(value) is dict and not value
                else value
                for key, value in environ["asgi.scope"].items()
            },
            partial(self._changed_scopes.__setitem__, eio_sid),
        )
        return environ

    def _keep_in_scope(self, eio_sid: str, key: str, value: WatchedDict) -> None:
        self._extras[eio_sid] = ScopeExtras(self._extras.get(eio_sid, {}), **{key: value})
