import contextlib
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def get_async_db() -> AsyncIterator[None]:
    yield None
