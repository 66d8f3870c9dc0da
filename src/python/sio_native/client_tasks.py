"""Work that a client has begun, and may cancel by its id: `AsyncServer.task`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from .async_server import AsyncServer

Owner: TypeAlias = tuple[str, str]  # "sid" or "user", and which
LONGEST_ID: Final = 256  # characters


class Running:
    """A task, and whether its client has cancelled it."""

    def __init__(self, task: asyncio.Future[Any]) -> None:
        self.task = task
        self.cancelled = False


class ClientTasks:
    """The tasks that one cancel event reaches, by owner and id. On the loop's thread alone."""

    def __init__(self, sio: AsyncServer, member: str) -> None:
        self._sio = sio
        self._member = member
        self._running: dict[Owner, dict[str | int, Running]] = {}

    async def run(
        self,
        handler: Callable[..., Awaitable[Any]],
        sid: str,
        arguments: tuple[Any, ...],
        by: str,
        most: int,
    ) -> Any:
        """The handler's result, or the nack that its client gets in the place of it."""
        name = self._name(arguments)
        if name is None:
            return _nack(f"Invalid {self._member}")
        owner = self._owner(sid, by)
        tasks = self._running.setdefault(owner, {})
        if name in tasks:
            return _nack("Task is running already")
        if len(tasks) >= most:
            return _nack("Too many tasks")
        running = tasks[name] = Running(asyncio.ensure_future(handler(sid, *arguments)))
        try:
            return await running.task
        except asyncio.CancelledError:
            if not running.cancelled:  # the handler's own doing, or the whole of it is cancelled
                raise
            return _nack("Cancelled")
        finally:
            del tasks[name]
            if not tasks:
                self._running.pop(owner, None)

    def cancel(self, sid: str, *arguments: Any) -> dict[str, Any]:
        """The handler of the cancel event. Somebody else's task is as good as none."""
        name = self._name(arguments)
        if name is None:
            return _nack(f"Invalid {self._member}")
        found = None
        for owner in (self._owner(sid, "sid"), self._owner(sid, "user")):
            found = found or self._running.get(owner, {}).get(name)
        if found is None:
            return _nack("No such task")
        found.cancelled = True
        found.task.cancel()
        return {"success": True}

    def _owner(self, sid: str, by: str) -> Owner:
        users = vars(self._sio).get("users") if by == "user" else None  # not used: none is bound
        user = None if users is None else users.user_of(sid)
        return ("sid", sid) if user is None else ("user", user)

    def _name(self, arguments: tuple[Any, ...]) -> str | int | None:
        """The id in the first argument; None for what is none."""
        data = arguments[0] if arguments else None
        name = data.get(self._member) if isinstance(data, dict) else None
        if isinstance(name, str):
            return name if 0 < len(name) <= LONGEST_ID else None
        return name if isinstance(name, int) and not isinstance(name, bool) else None


def _nack(why: str) -> dict[str, Any]:
    return {"success": False, "error": why}
