"""The examples of docs/operations.md, as printed, with a real Redis."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from fastapi import FastAPI, Response

from sio_native.testing import TestClient

from .limits import eventually, run
from .redis_server import running_redis
from .test_docs import Names, example, statements

DOCUMENT = "docs/operations.md"


def test_a_server_of_the_environment_a_worker_and_their_health(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def conversation(redis: Any) -> None:
        monkeypatch.setenv("REDIS_URL", redis.url)
        names: Names = {"app": FastAPI(), "Response": Response}
        exec(example(DOCUMENT, "from_env()"), names)
        worker = example(DOCUMENT, "publish_model_chunk")
        assert worker.count("redis://localhost:6379/0") == 1
        exec(worker.replace("redis://localhost:6379/0", redis.url), names)
        exec(example(DOCUMENT, "@app.get"), names)
        endpoint = names["health"]
        sio = names["sio"]
        async with TestClient(sio) as ann, TestClient(sio) as bob:
            await sio.users.bind(ann.sid, "ann")

            async def well() -> Any:
                response = Response()
                found = await endpoint(response)
                return response.status_code == 200 and found

            assert (await eventually(well, "it is well"))["manager"]["subscribers"] == 1
            for each in statements(example(DOCUMENT, "health = await")):
                result = eval(each, names)
                if inspect.iscoroutine(result):
                    await result
            assert names["health"]["ok"] is True
            await asyncio.to_thread(names["publish_model_chunk"], "7", "ann", "token", 0, 1)
            assert (await ann.expect("model:chunk"))["chunk"] == "token"
            await bob.expect_nothing()
            redis.stop()
            response = Response()
            await endpoint(response)
            assert response.status_code == 503
        await sio.shutdown()
        names["emitter"].close()

    with running_redis() as redis:
        run(conversation(redis))
