"""Client managers made for python-socketio: they drive the engine like our own."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from .async_manager import AsyncManager


def adopted(manager: Any) -> AsyncManager:
    """The manager itself, fit for our server; None is a new `AsyncManager`.

    An instance of a subclass of python-socketio's own AsyncManager, be it a broker of the package
    or the application's, becomes one of ours, and keeps its identity, its attributes and its
    classes. Raises `ValueError` for what is no manager of an asyncio server.
    """
    if manager is None:
        return AsyncManager()
    if not isinstance(manager, AsyncManager):
        kind: type = type(manager)
        theirs = _their_async_manager(kind)
        if theirs is None:
            raise ValueError(
                f"client_manager must be an AsyncManager or a subclass, not {manager!r}"
            )
        manager.__class__ = _native_kind(kind, theirs)
        for view in ("rooms", "pending_connect", "pending_disconnect"):
            vars(manager).pop(view, None)  # the engine's from now on
        manager._prepare()
    return cast(AsyncManager, manager)


def is_manager(candidate: Any) -> bool:
    """Can it be `adopted`?"""
    return isinstance(candidate, AsyncManager) or _their_async_manager(type(candidate)) is not None


def _their_async_manager(kind: type) -> type | None:
    return next(filter(_is_their_async_manager, kind.__mro__), None)


def _is_their_async_manager(kind: type) -> bool:
    # By its name: whether and under which name the package has been loaded is not our business.
    return (
        kind.__name__ == "AsyncManager"
        and kind.__module__.rpartition(".")[2] == "async_manager"
        and hasattr(kind, "basic_enter_room")
    )


@cache
def _native_kind(kind: type, theirs: type) -> type:
    """A subclass in which ours comes before theirs, wherever a method says `super()`."""

    class NativeFirst(type(kind)):  # type: ignore[misc]
        def mro(cls) -> list[type]:
            order: list[type] = super().mro()
            place = order.index(theirs)
            ours = AsyncManager.__mro__[:-1]  # but for object
            return [*order[:place], *ours, *order[place:]]

    library = AsyncManager._library | {theirs.__module__.rpartition(".")[0]}
    names = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "_library": library,
    }
    return cast(type, NativeFirst(kind.__name__, (kind,), names))
