"""Ends tasks that use a client library."""

from __future__ import annotations

import asyncio
from typing import Any


async def end(*tasks: asyncio.Future[Any], again: float = 0.1) -> None:
    """Cancel them until they have ended, again every so many seconds.

    Once is not enough: before Python 3.12 a cancellation that meets an answer in
    `asyncio.wait_for` is lost.
    """
    while unfinished := [each for each in tasks if not each.done()]:
        for each in unfinished:
            each.cancel()
        await asyncio.wait(unfinished, timeout=again)
