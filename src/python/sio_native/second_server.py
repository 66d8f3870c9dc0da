"""Says it when two servers are at one path of one application: clients reach only one of them.

What is looked at is one application: the one that is behind an `ASGIApp`, or that it is mounted on.
Several applications in a process, as tests have them, may have the same paths.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .asgi import ASGIApp

# By the application behind, those in front of it. One that cannot be held weakly, as one of another
# make may be, is not watched.
_in_front: weakref.WeakKeyDictionary[Any, weakref.WeakSet[ASGIApp]] = weakref.WeakKeyDictionary()
_MOST_BEHIND = 100  # applications, one behind the other


def check_wrapped(app: ASGIApp) -> None:
    """It has just been made."""
    behind = app.other_asgi_app
    if behind is None:
        return
    others = list(_chain(behind))
    try:
        known = _in_front.setdefault(behind, weakref.WeakSet())
        others += known
        known.add(app)
    except TypeError:
        pass
    _warn(app, app.engineio_path, others, stacklevel=4)


def check_mounted(app: ASGIApp, host: Any, path: str) -> None:
    """It is about to be mounted at this path of a Starlette application."""
    routes = [each for each in getattr(host, "routes", ()) if getattr(each, "path", None) == path]
    others = [getattr(each, "app", None) for each in routes]
    _warn(app, path + (app.engineio_path or ""), others, stacklevel=5)


def _chain(app: Any) -> Iterator[Any]:
    """An application, and those behind it, as far as their middlewares show them."""
    for _ in range(_MOST_BEHIND):
        if app is None:
            return
        yield app
        inner = getattr(app, "other_asgi_app", None)
        app = getattr(app, "app", None) if inner is None else inner


def _warn(app: ASGIApp, path: str | None, others: list[Any], stacklevel: int) -> None:
    """If another server is at the path that this one is at."""
    for other in others:
        server = getattr(other, "engineio_server", None)
        if server is None or server is app.engineio_server:
            continue
        if getattr(other, "engineio_path", "") == app.engineio_path:
            warnings.warn(
                f"a second Socket.IO server at {path or 'each path'!r} of the same application: "
                "clients reach only one of the two, and what the other one emits reaches nobody. "
                "Make one AsyncServer and pass it on",
                stacklevel=stacklevel,
            )
            return
