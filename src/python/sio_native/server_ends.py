"""How an AsyncServer comes to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .draining import Drained, Notify
    from .options import Options
    from .service import Service
    from .sigterm import Sigterm


class EndMethods:
    """Of `AsyncServer`; see docs/shutdown.md."""

    _options: Options
    _service: Service

    async def close(self) -> None:
        """`shutdown`, for good: requests are answered 503 from now on.

        Disconnect handlers get "server disconnect", with the detail "server shutting down". No-op
        for a server that is closed, or was never started. The next `listen`, or the next start of
        the ASGI application, opens it again.
        """
        self._service.closed = True
        await cast("AsyncServer", self).shutdown()

    async def drain(
        self, *, notify: Notify = None, deadline: float = 10.0, wave: int = 500
    ) -> Drained:
        """Let clients go, without haste, and then `close`.

        New sessions are refused with 503 from now on; polls and upgrades of those that are open go
        on. All clients of this server are told by `notify` in each of their namespaces: an event,
        (event, data), or a mapping, which is the data of "server-shutting-down". Then `wave`
        clients at a time are closed, each when it has been sent what waits for it: the first wave
        at once, the others spread at random over four fifths of `deadline`, in seconds from now.
        At the deadline the rest is closed at once, for `close`.

        Returns how many clients there were, how many were late, and the seconds it took. Raises
        `TypeError` and `ValueError` for what cannot be meant, `TypeError` for data that cannot be
        sent, before anything is done. Cancelled, it leaves the others connected and new ones
        refused: `close`, or another `drain`, goes on from there.
        """
        from .draining import Plan, drain

        plan = Plan.of(notify, deadline=deadline, wave=wave)
        return await drain(cast("AsyncServer", self), plan)

    @asynccontextmanager
    async def draining(self, **how: Any) -> AsyncIterator[None]:
        """`async with sio.draining(...)`, around the life of an application: `drain` at its end.

        At SIGTERM already, before the web server that has a handler for it hears of it. The
        arguments are those of `drain`.
        """
        self._check_drain(how)
        sigterm = self._drain_at_sigterm(how)
        self._service.reopen()
        sigterm.watch()
        try:
            yield
        finally:
            sigterm.stop()
            await self.drain(**how)

    # --- the option `drain` ---

    def _use_drain_option(self) -> None:
        if (how := self._options.drain) is not None:
            self._check_drain(how)
            self._service.farewell = self._end_serving

    @staticmethod
    def _check_drain(how: Mapping[str, Any]) -> None:
        from .draining import Plan

        Plan.of(**how)

    def _drain_at_sigterm(
        self, how: Mapping[str, Any], instead: Callable[[], None] | None = None
    ) -> Sigterm:
        from .sigterm import Sigterm

        return Sigterm(lambda: self.drain(**how), instead)

    @cached_property
    def _sigterm(self) -> Sigterm | None:
        how = self._options.drain
        return None if how is None else self._drain_at_sigterm(how)

    async def _serve_until_told(self) -> None:
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        how = self._options.drain
        sigterm = how is not None and self._drain_at_sigterm(how, lambda: _tell(told))
        if sigterm:
            sigterm.watch()
        try:
            await told
        finally:
            if sigterm:
                sigterm.stop()
            await self._end_serving()

    def _begin_serving(self) -> None:
        """The application that this server is part of starts."""
        self._service.reopen()
        if self._sigterm is not None:
            self._sigterm.watch()

    async def _end_serving(self) -> None:
        """It ends: `drain` if the server was told to, or else `shutdown`."""
        how = self._options.drain
        if how is None:
            await cast("AsyncServer", self).shutdown()
            return
        if self._sigterm is not None:
            self._sigterm.stop()
        await self.drain(**how)


def _tell(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
