"""A process without clients: it tells of a change through Redis.

REDIS_URL=redis://127.0.0.1:6379/0 python -m examples.fastapi.progress.worker
"""

import asyncio
import os

from sio_native import AsyncEmitter

from .changes import notify_data_change


async def main() -> None:
    async with AsyncEmitter(os.environ["REDIS_URL"]) as emitter:
        found = {"id": "CVE-2014-0160", "severity": "high"}
        await notify_data_change(emitter, "vulnerability", "created", found)


if __name__ == "__main__":
    asyncio.run(main())
