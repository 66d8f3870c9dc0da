"""What an AsyncServer has for those who run it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .health import Health

S = TypeVar("S", bound="OperationsMethods")


class OperationsMethods:
    """Of `AsyncServer`."""

    @classmethod
    def from_env(
        cls: type[S], prefix: str = "", environ: Mapping[str, str] = os.environ, **options: Any
    ) -> S:
        """A server made as the environment says; `options` are the constructor's, and go before.

        `REDIS_URL` is shared with other servers by an `AsyncRedisManager`, unless `DISABLE_REDIS`
        is 1, and `FRONTEND_ORIGIN` is `cors_allowed_origins`, several with commas between them.
        All have `prefix` in front of their names, and none is needed. Raises `ValueError` with the
        variable's name for a wrong value. Redis need not be there when the server starts.
        """
        from .env_options import options_from_env  # only for those who use it

        make: Any = cls
        made: S = make(**{**options_from_env(prefix, environ), **options})
        return made

    @classmethod
    def from_js_options(cls: type[S], options: Mapping[str, Any], **more: Any) -> S:
        """A server made of the JavaScript server's options, which have milliseconds.

        As `{"pingInterval": 25000, "cors": {"origin": "http://localhost:3000"}}`; see
        docs/migrating.md. `adapter` is a client manager; `more` are the constructor's own keywords.
        Raises `ValueError` with the name of an option that is unknown, or that cannot be had.
        """
        from .js_options import options_from_js  # only for those who use it

        made: S = cls(**options_from_js(options), **more)
        return made

    async def health(self, *, timeout: float = 2.0) -> dict[str, Any]:
        """How this process is, for a health endpoint: `{"ok", "problems", "server", "manager"}`.

        `problems` is a list of sentences, empty if all is well. `server` has what waits to be sent,
        in all and for the slowest clients; `manager` the channel that is shared with other servers,
        how many listen to it, and the seconds that a message of this server takes to come back;
        None without such a manager. `documents`, `usage` and `recovery` are there where they are
        used. See docs/operations.md. Raises nothing that Redis could cause, and takes at most
        `timeout` seconds.
        """
        if not 0 < timeout <= 60:
            raise ValueError(f"timeout must be up to 60 seconds, not {timeout!r}")
        return await self._health.report(timeout)

    @cached_property
    def _health(self) -> Health:
        from .health import Health  # only for those who ask

        return Health(cast("AsyncServer", self))
