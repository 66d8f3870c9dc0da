"""What an AsyncServer has for those who run it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .health import Health


class OperatorMethods:
    """Of `AsyncServer`."""

    async def health(self, *, timeout: float = 2.0) -> dict[str, Any]:
        """How this process is, for a health endpoint: `{"ok", "problems", "server", "manager"}`.

        `problems` is a list of sentences, empty if all is well. `server` has what waits to be sent,
        in all and for the slowest clients; `manager` the channel that is shared with other servers,
        how many listen to it, and the seconds that a message of this server takes to come back;
        None without such a manager. `documents` and `usage` are there where they are used. See
        docs/operations.md. Raises nothing that Redis could cause, and takes at most `timeout`
        seconds.
        """
        if not 0 < timeout <= 60:
            raise ValueError(f"timeout must be up to 60 seconds, not {timeout!r}")
        return await self._health.report(timeout)

    @cached_property
    def _health(self) -> Health:
        from .health import Health  # only for those who ask

        return Health(cast("AsyncServer", self))
