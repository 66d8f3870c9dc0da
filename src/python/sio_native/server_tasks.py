"""What an AsyncServer has for handlers that take their time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .adapters import asking_for_nothing, for_task

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .client_tasks import ClientTasks
    from .handlers import Registry

H = TypeVar("H", bound=Callable[..., Any])


class TaskMethods:
    """Of `AsyncServer`."""

    _registry: Registry

    def task(
        self,
        id: str = "taskId",
        *,
        cancel_event: str = "CANCEL_TASK",
        by: str = "sid",
        most: int = 100,
        namespace: str | None = None,
    ) -> Callable[[H], H]:
        """`@sio.on("START_SEARCH") @sio.task()`: the client may cancel what the handler does.

        `id` is the member of the event's first argument that names the task, a text or a whole
        number, and of the cancel event's: `{"taskId": …}` cancels the handler that runs for it, if
        the same client has begun it; with `by="user"` any client of the same user, see
        `users.bind`. Who has asked for an ack gets `{success: false, error: "Cancelled"}`; so does
        an event without an id, or with one that is running, and what is more than `most` tasks of
        one owner. The cancel event answers `{success: true}`, or false when there is no such task.

        For coroutine functions `(sid, data)`, and annotated ones; `TypeError` for others,
        `ValueError` for a `by` or `most` that cannot be meant and for a cancel event that has
        another handler, `RuntimeError` with `async_handlers=False`: the cancel event would wait for
        the end of what it cancels.
        """
        sio = cast("AsyncServer", self)
        tasks = self._client_tasks_of(namespace or "/", cancel_event, id, by, most)

        def decorate(handler: H) -> H:
            called = for_task(handler, sio, namespace or "/")

            @wraps(handler)
            async def cancellable(sid: str, *arguments: Any) -> Any:
                return await tasks.run(called, sid, arguments, by, most)

            return cast(H, asking_for_nothing(cancellable))

        return decorate

    def _client_tasks_of(
        self, namespace: str, cancel_event: str, id: str, by: str, most: int
    ) -> ClientTasks:
        """`ValueError` and `RuntimeError` as of `task`."""
        if by not in ("sid", "user"):
            raise ValueError(f'a task is cancelled by its "sid" or its "user", not {by!r}')
        if not isinstance(most, int) or not 1 <= most <= 10_000:
            raise ValueError(f"most must be a whole number of 1 to 10000, not {most!r}")
        if not cast("AsyncServer", self).async_handlers:
            raise RuntimeError("Cannot use task() when async_handlers is False.")
        return self._tasks_of(namespace, cancel_event, id)

    def _tasks_of(self, namespace: str, cancel_event: str, id: str) -> ClientTasks:
        from .client_tasks import ClientTasks  # only for those who use it

        tasks = self._client_tasks.get((namespace, cancel_event, id))
        if tasks is None:
            if cancel_event in self._registry.functions.get(namespace, {}):
                raise ValueError(f"{cancel_event!r} has a handler already")
            tasks = ClientTasks(cast("AsyncServer", self), id)
            self._client_tasks[namespace, cancel_event, id] = tasks
            self._registry.add(namespace, cancel_event, tasks.cancel)
        return tasks

    @cached_property
    def _client_tasks(self) -> dict[tuple[str, str, str], ClientTasks]:
        return {}
