"""Running a test's coroutine with a limit, and waiting for what must come true."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

TEST_LIMIT = 30.0  # seconds for one test's conversation, on a busy machine


def run(conversation: Coroutine[Any, Any, Result], limit: float = TEST_LIMIT) -> Result:
    return asyncio.run(_limited(conversation, limit))


async def _limited(conversation: Coroutine[Any, Any, Result], limit: float) -> Result:
    return await asyncio.wait_for(conversation, limit)


async def eventually(
    condition: Callable[[], Awaitable[Any]], what: str, limit: float = 10.0
) -> Any:
    """Ask again until the answer is true; for what can only be asked, not awaited."""
    deadline = time.monotonic() + limit
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"not within {limit} s: {what}"
        await asyncio.sleep(0.02)
    return answer
