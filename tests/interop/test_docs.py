"""The examples of the documents run as printed; some documents have a test of their own."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from fastapi import FastAPI

import sio_native
from sio_native.testing import TestClient

from .limits import eventually, run
from .redis_server import running_redis

ROOT = Path(__file__).parents[2]
TESTED_ELSEWHERE = {
    **dict.fromkeys(
        (
            "disconnects.md",
            "flow.md",
            "handlers.md",
            "middleware.md",
            "namespaces.md",
            "open_webui.md",
            "operators.md",
            "recovery.md",
            "rooms.md",
            "socket.md",
            "testing.md",
            "usage.md",
        ),
        "tests/python/test_testing_docs.py",
    ),
    "events.md": "tests/interop/test_event_registry.py",
    "operations.md": "tests/interop/test_operations_docs.py",
    "people.md": "tests/python/test_people_docs.py",
    "shutdown.md": "tests/python/test_drain.py",
    "yjs.md": "tests/python/test_yjs_docs.py",
}

Names = dict[str, Any]


def examples(document: str) -> list[str]:
    """Its blocks of Python, in order."""
    text = (ROOT / document).read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in blocks]


def example(document: str, mark: str) -> str:
    """The one with these words in it."""
    (found,) = (each for each in examples(document) if mark in each)
    return found


def statements(code: str) -> Iterator[Any]:
    """Each compiled by itself, so that something may happen between them; `await` is allowed."""
    for node in ast.parse(code).body:
        module = ast.Module([node], [])
        yield compile(module, "example", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def in_a_process(code: str, *more: str) -> str:
    """What a program says that begins with the example."""
    program = "\n".join([code, *more])
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_every_document_with_examples_is_tested() -> None:
    documents = {
        path.name for path in (ROOT / "docs").glob("*.md") if examples(f"docs/{path.name}")
    }
    tested = set(re.findall(r'"docs/(\w+\.md)"', Path(__file__).read_text()))
    assert documents == tested | set(TESTED_ELSEWHERE)


def test_the_ten_lines_answer_and_tell_everybody_else() -> None:
    names: Names = {}
    exec(example("README.md", "async_mode"), names)

    async def conversation() -> None:
        async with TestClient(names["app"]) as ann, TestClient(names["app"]) as bob:
            assert await ann.call("message", "hi") == "ok"
            assert await bob.expect("message") == "hi"
            await ann.expect_nothing()

    run(conversation())


@pytest.mark.parametrize("path", ["/ws/socket.io", "/socket.io"], ids=["inside", "around"])
def test_a_server_is_mounted_in_fastapi_and_around_it(path: str) -> None:
    sio = sio_native.AsyncServer()
    inside = FastAPI()
    names: Names = {"socketio": sio_native, "sio": sio, "app": inside, "fastapi_app": FastAPI()}
    exec(example("README.md", "app.mount("), names)

    async def conversation() -> None:
        async with TestClient(inside if path.startswith("/ws") else names["app"], path=path) as c:
            assert c.connected

    run(conversation())


@pytest.mark.parametrize(
    "code",
    [
        example("README.md", "sio_native.install()"),
        example("docs/migrating.md", "sio_native.install()"),
        example("docs/migrating.md", "import sio_native as socketio"),
    ],
    ids=["readme", "install", "import"],
)
def test_socketio_is_sio_native_after_the_lines_that_say_so(code: str) -> None:
    installed = "install" in code
    imports = "import socketio, engineio; from socketio.packet import Packet" if installed else ""
    seen = "print(socketio.AsyncServer.__module__, type(socketio.AsyncServer()).__module__)"
    assert in_a_process(code, imports, seen) == "sio_native.async_server sio_native.async_server"


def test_what_python_socketio_does_not_have_works() -> None:
    code = example("README.md", "sio.mount(").replace('"0.0.0.0", 8001', '"127.0.0.1", 0')

    async def conversation() -> None:
        sio = sio_native.AsyncServer()
        app = FastAPI()
        names: Names = {"sio": sio, "app": app}
        for each in statements(code):
            result = eval(each, names)
            if inspect.iscoroutine(result):  # it serves "until cancelled"
                serving = asyncio.ensure_future(result)
                done, _ = await asyncio.wait([serving], timeout=0.05)
                assert not done and serving.cancel()
                await asyncio.wait([serving])
                assert serving.cancelled()
        async with TestClient(app, path="/ws/socket.io") as c:
            assert c.connected
        await sio.shutdown()

    run(conversation())


def test_a_process_that_only_sends_reaches_the_clients_of_sio_native() -> None:
    code = example("docs/migrating.md", "write_only=True")
    assert code.count("redis://localhost:6379/0") == 2

    async def conversation(url: str) -> None:
        names: Names = {}
        *prepare, send = statements(code.replace("redis://localhost:6379/0", url))
        for each in prepare:
            exec(each, names)
        sio = names["sio"]

        @sio.event
        async def connect(sid: str, environ: Names, auth: Any) -> None:
            await sio.enter_room(sid, "all")

        async def listening() -> bool:
            with redis.Redis.from_url(url) as server:
                return bool(server.pubsub_numsub("socketio")[0][1])

        async with TestClient(sio) as c:
            await eventually(listening, "the server listens to Redis")
            await asyncio.to_thread(exec, send, names)
            assert await c.expect("news") == {"n": 1}
        await sio.shutdown()

    with running_redis() as server:
        run(conversation(server.url))


@pytest.mark.parametrize(
    "document", ["docs/compression.md", "docs/managers.md", "docs/serializers.md"]
)
def test_servers_are_made_as_the_documents_say(document: str) -> None:
    for code in examples(document):
        names: Names = {}
        exec(code, names)
        assert type(names["sio"]) is sio_native.AsyncServer


def test_orjson_reads_and_writes_for_a_server() -> None:
    (code,) = examples("docs/json.md")
    names: Names = {}
    exec(code, names)
    sio = names["sio"]
    sio.on("echo", lambda sid, data: data)

    async def conversation() -> None:
        async with TestClient(sio) as c:
            assert await c.call("echo", {"n": [1, "é"]}) == {"n": [1, "é"]}

    run(conversation())


def test_the_admin_ui_is_let_in_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "secret")
    (code,) = examples("docs/admin.md")
    names: Names = {}
    exec(code, names)

    async def conversation() -> None:
        auth = {"username": "admin", "password": "secret"}
        async with TestClient(names["sio"], namespace="/admin", auth=auth) as admin:
            await admin.expect("config")
        with pytest.raises(sio_native.exceptions.ConnectionRefusedError):
            async with TestClient(names["sio"], namespace="/admin", auth={**auth, "password": ""}):
                pass
        await names["sio"].shutdown()

    run(conversation())
