"""How an AsyncServer comes to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
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
    _ending: asyncio.Future[Any] | None = None  # under way, for an application that ends

    async def close(self) -> None:
        """`shutdown`, for good: requests are answered 503 from now on.

        Disconnect handlers get "server disconnect", with the detail "server shutting down". No-op
        for a server that is closed, or was never started. The next `listen`, or the next start of
        the ASGI application, opens it again.
        """
        self._service.closed = True
        try:
            await cast("AsyncServer", self).shutdown()
        except Exception:  # it serves another loop, which is to do this
            self._service.closed = False
            raise

    async def drain(
        self, *, notify: Notify = None, deadline: float = 10.0, wave: int = 1000
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
        from .sigterm import Sigterm

        self._check_drain(how)
        sigterm = Sigterm(lambda: self.drain(**how))
        service = self._service
        service.reopen()
        sigterm.watch()
        farewell, service.farewell = service.farewell, lambda: self.drain(**how)
        try:
            yield
        finally:
            sigterm.stop()
            service.farewell = farewell
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

    @cached_property
    def _sigterm(self) -> Sigterm | None:
        from .sigterm import Sigterm

        return None if self._options.drain is None else Sigterm(self._end_once)

    async def _serve_until_told(self) -> None:
        told = asyncio.Event()
        if self._sigterm is not None:
            self._sigterm.watch(instead=told.set)
        try:
            await told.wait()
        finally:
            await self._end_serving()

    def _begin_serving(self) -> None:
        """The application that this server is part of starts."""
        self._service.reopen()
        if self._sigterm is not None:
            self._sigterm.watch()

    async def _end_serving(self) -> None:
        """It ends: `drain` if the server was told to, or else `shutdown`."""
        if self._sigterm is not None:
            self._sigterm.stop()
        await self._end_once()

    async def _end_once(self) -> None:
        """Uvicorn's end, the lifespan's and SIGTERM may come at one time: all wait for the same."""
        if self._ending is None or self._ending.done():
            how, sio = self._options.drain, cast("AsyncServer", self)
            ends = sio.shutdown() if how is None else sio.drain(**how)
            self._ending = asyncio.ensure_future(ends)
        await asyncio.shield(self._ending)
