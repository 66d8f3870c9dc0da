"""examples/fastapi/registration under uvicorn: each of its handlers is driven by a real client."""

from __future__ import annotations

import ast
import contextlib
import importlib
import logging
import struct
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from sio_native import AsyncServer
from sio_native.testing import TestClient

from .example_client import ExampleClient, entered
from .limits import eventually, run
from .uvicorn_process import ROOT, UvicornProcess

MODULE = "examples.fastapi.registration.server"
FOLDER = ROOT / "examples" / "fastapi" / "registration"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    (folder / "found-7b.gguf").write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 291, 24))
    (folder / "broken.gguf").write_bytes(b"GGML")
    return folder


@pytest.fixture(scope="module")
def example(models: Path) -> Iterator[UvicornProcess]:
    running = UvicornProcess(f"{MODULE}:app", environment={"MODELS_DIR": str(models)})
    yield running
    running.stop()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example in this process."""
    monkeypatch.syspath_prepend(ROOT)
    for name in [each for each in sys.modules if each.startswith(MODULE.rpartition(".")[0])]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module(MODULE).app


@contextlib.asynccontextmanager
async def clients(example: UvicornProcess, count: int = 2) -> AsyncIterator[list[ExampleClient]]:
    path = {"socketio_path": "/llamaproxws"}
    async with entered(example.url, "connection:ready", count, **path) as those:
        yield those


async def all_said(*those: ExampleClient) -> None:
    """What was sent to a client before its answer has come with the answer."""
    for client in those:
        await client.ask("connection:ping")


def new_name() -> str:
    return f"m-{uuid.uuid4().hex}"


# --- the table, row by row ---


def test_connection_each_client_is_greeted_and_its_coming_and_going_is_logged(example):
    async def conversation():
        async with clients(example, 1) as (client,):
            assert isinstance(await client.ask("connection:ping"), float)
            sid = client.sid

        async def is_logged() -> bool:
            return f"{sid} has left: " in example.log()

        await eventually(is_logged, "its going is logged")
        assert f"{sid} has come from 127.0.0.1" in example.log()

    run(conversation())


def test_models_are_created_read_updated_and_deleted_and_each_change_is_told_to_all(example):
    async def conversation():
        name = new_name()
        async with clients(example) as both:
            one = both[0]
            made = {"name": name, "parameters": {"context": 4096}}
            assert await one.done("models:create", made) == {"model": made}
            assert [await each.hears("models:created") for each in both] == [made, made]
            assert await one.refusal("models:create", made) == "There is such a model already"

            changed = {"name": name, "parameters": {"context": 8192}}
            await one.done("models:update", changed)
            assert [await each.hears("models:updated") for each in both] == [changed, changed]
            assert await both[1].done("models:read", {"name": name}) == {"model": changed}
            listed = await both[1].done("models:list")
            assert listed["models"][name] == {"context": 8192}

            await one.done("models:delete", {"name": name})
            gone = {"name": name}
            assert [await each.hears("models:deleted") for each in both] == [gone, gone]
            for event, data in (("models:read", gone), ("models:update", changed)):
                assert await one.refusal(event, data) == "There is no such model"
            assert await one.refusal("models:delete", gone) == "There is no such model"
            await all_said(*both)
            assert both[1].heard("models:created") == both[1].heard("models:updated") == []

    run(conversation())


@pytest.mark.parametrize("data", [(), (None,), ("qwen",), ({"name": ""},), ({"name": "../etc"},)])
def test_what_is_no_model_is_refused_and_told_to_nobody(example, data):
    async def conversation():
        async with clients(example) as (one, other):
            assert await one.refusal("models:create", *data)
            await all_said(other)
            assert other.heard("models:created") == []

    run(conversation())


def test_models_router_a_client_has_one_model_and_all_see_how_many_have_it(example):
    async def conversation():
        first, second = new_name(), new_name()
        async with clients(example, 3) as (one, two, looker_on):
            assert await one.done("models:route", {"name": first}) == {"clients": 1}
            assert await two.done("models:route", {"name": first}) == {"clients": 2}
            assert await two.done("models:route", {"name": second}) == {"clients": 1}
            assert await one.done("models:unroute") == {"model": first}
            assert await one.refusal("models:unroute") == "No model is routed to"
            await two.io.disconnect()
            told = [await looker_on.hears("models:routed") for _ in range(6)]
            assert [(each["model"], each["clients"]) for each in told] == [
                (first, 1),
                (first, 2),
                (first, 1),  # the second has gone from the first model
                (second, 1),  # to the second one
                (first, 0),
                (second, 0),  # and has left
            ]

    run(conversation())


def test_models_scan_the_requester_sees_progress_and_everybody_what_was_found(example):
    async def conversation():
        async with clients(example) as (one, other):
            answer = await one.done("models:scan")
            assert answer == {"found": ["found-7b"], "problems": ["broken.gguf is no GGUF file"]}
            # What goes to the requester comes in the order of its answers.
            assert one.heard("models:scan-progress") == [{"done": n, "of": 2} for n in (1, 2)]
            for each in (one, other):
                assert await each.hears("models:scanned") == {"found": ["found-7b"]}
            assert other.heard("models:scan-progress") == []
            model = (await one.done("models:read", {"name": "found-7b"}))["model"]
            assert model["parameters"] == {
                "version": 3, "tensors": 291, "metadata": 24, "bytes": 24
            }  # fmt: skip

    run(conversation())


def test_metrics_go_to_the_requester_as_an_answer_and_to_all_others_as_an_event(example):
    async def conversation():
        async with clients(example, 3) as (one, *others):
            data = (await one.done("metrics:get"))["data"]
            assert data.keys() == {"time", "cpu_seconds", "models", "presets", "llama"}
            for each in others:
                assert await each.hears("metrics:update") == {"type": "broadcast", "data": data}
            await all_said(one, *others)
            assert [each.heard("metrics:update") for each in (one, *others)] == [[], [], []]

    run(conversation())


def test_metrics_come_to_each_subscriber_at_its_own_interval(example):
    async def conversation():
        async with clients(example, 3) as (often, seldom, never):
            first = await often.done("metrics:subscribe", {"interval": 200})
            assert first["interval"] == 250 and first["data"]["cpu_seconds"] > 0
            assert (await seldom.done("metrics:subscribe", {"interval": 2000}))["interval"] == 2000
            times = []
            for _ in range(6):
                update = await often.hears("metrics:update")
                assert update["type"] == "periodic"
                times.append(update["data"]["time"])
            assert times == sorted(times)
            assert len(seldom.heard("metrics:update")) < 6
            await often.done("metrics:unsubscribe")
            often.forget()
            await seldom.hears("metrics:update")
            assert often.heard("metrics:update") == never.heard("metrics:update") == []

    run(conversation())


@pytest.mark.parametrize("interval", [0, -1, 10_001, "soon", None, float("1e300")])
def test_an_interval_that_cannot_be_is_refused(example, interval):
    async def conversation():
        async with clients(example, 1) as (client,):
            refusal = await client.refusal("metrics:subscribe", {"interval": interval})
            assert refusal.startswith("interval: ")

    run(conversation())


def test_logs_are_read_entry_by_entry_before_the_answer(example):
    async def conversation():
        async with clients(example) as (one, other):
            await one.done("logs:clear")
            for number in range(3):
                entry = {"level": "warning", "message": f"entry {number}"}
                added = (await one.done("logs:add", entry))["entry"]
                assert added["level"] == "warning" and added["message"] == f"entry {number}"
                assert await other.hears("logs:added") == added
            assert await other.done("logs:read", {"count": 2}) == {"count": 2}
            read = [entry["message"] for entry in other.heard("logs:entry")]
            assert read == ["entry 1", "entry 2"]
            assert one.heard("logs:entry") == []
            assert await one.done("logs:clear") == {"removed": 3}
            assert [await other.hears("logs:cleared") for _ in range(2)][1] == {"removed": 3}
            assert await one.done("logs:read", {}) == {"count": 0}
            assert await one.refusal("logs:add", {"message": "", "level": "info"})
            assert await one.refusal("logs:add", {"message": "x", "level": "loud"})

    run(conversation())


def test_config_a_setting_is_set_told_to_the_others_read_and_deleted(example):
    async def conversation():
        async with clients(example) as (one, other):
            name = new_name()
            setting = {"name": name, "value": {"layers": [1, 2.5, None]}}
            await one.done("config:set", setting)
            assert await other.hears("config:changed") == setting
            assert await other.done("config:get", {"name": name}) == {"value": setting["value"]}
            assert (await other.done("config:all"))["config"][name] == setting["value"]
            await one.done("config:delete", {"name": name})
            assert await other.hears("config:changed") == {"name": name, "value": None}
            assert await one.refusal("config:delete", {"name": name}) == "There is no such setting"
            assert await one.done("config:get", {"name": name}) == {"value": None}
            await all_said(one)
            assert one.heard("config:changed") == []

    run(conversation())


def test_config_a_client_cannot_say_which_folder_the_server_reads(example):
    async def conversation():
        async with clients(example, 1) as (client,):
            for event in ("config:set", "config:delete"):
                assert await client.refusal(event, {"name": "models_dir", "value": "/"})
            assert (await client.done("models:scan"))["found"] == ["found-7b"]

    run(conversation())


def test_presets_are_saved_listed_and_deleted(example):
    async def conversation():
        async with clients(example) as (one, other):
            preset = {"name": new_name(), "settings": {"temperature": 0.7}}
            await one.done("presets:save", preset)
            assert await other.hears("presets:saved") == preset
            assert (await other.done("presets:list"))["presets"][preset["name"]] == {
                "temperature": 0.7
            }
            await other.done("presets:delete", {"name": preset["name"]})
            assert await one.hears("presets:deleted") == {"name": preset["name"]}
            assert await one.refusal("presets:delete", {"name": preset["name"]})
            await all_said(other)
            assert other.heard("presets:deleted") == []

    run(conversation())


async def created(client: ExampleClient) -> dict[str, str]:
    name = new_name()
    await client.done("models:create", {"name": name})
    return {"model": name}


def test_llama_a_server_is_started_and_stopped_and_everybody_sees_its_states(example):
    """The states come from an object, the output from a thread, the rest from the handler."""

    async def conversation():
        async with clients(example) as (one, other):
            model = await created(one)
            assert await other.done("process:follow", model) == {"state": "stopped"}
            assert await one.done("llama:start", model) == {}
            for each in (one, other):
                states = [(await each.hears("process:state"))["state"] for _ in range(2)]
                assert states == ["starting", "running"]
                assert (await each.hears("llama:status"))[model["model"]] == "running"
            assert len(other.heard("process:output")) == 3 and one.heard("process:output") == []
            assert (await one.done("metrics:get"))["data"]["llama"]["model"] == model["model"]
            running = (await one.done("llama:status"))["processes"]
            assert running[model["model"]] == "running"
            assert await one.refusal("llama:start", model) == f"{model['model']} is running"

            await other.done("llama:stop", model)
            states = [(await one.hears("process:state"))["state"] for _ in range(2)]
            assert states == ["stopping", "stopped"]
            assert model["model"] not in await one.hears("llama:status")
            assert await one.refusal("llama:stop", model) == f"{model['model']} is stopped"
            unknown = await one.refusal("llama:start", {"model": new_name()})
            assert unknown == "There is no such model"

    run(conversation())


def test_llama_router_who_follows_a_process_hears_its_console_until_it_does_not(example):
    async def conversation():
        async with clients(example, 3) as (one, follower, nobody):
            model = await created(one)
            line = {**model, "line": "/help"}
            assert await one.refusal("process:input", line) == f"{model['model']} is stopped"
            await one.done("llama:start", model)
            assert await follower.done("process:follow", model) == {"state": "running"}
            await one.done("process:input", line)
            assert await follower.hears("process:output") == {**model, "line": "> /help"}
            await follower.done("process:unfollow", model)
            await one.done("process:input", line)
            await all_said(follower, nobody)
            assert follower.heard("process:output") == nobody.heard("process:output") == []
            assert await one.refusal("process:follow", {"model": new_name()})
            await one.done("llama:stop", model)

    run(conversation())


def test_what_was_registered_for_a_client_answers_that_client_alone(example):
    """Handlers are closures over their client: twenty at once, and none gets another's answer."""

    async def conversation():
        async with clients(example, 20) as those:
            names = [new_name() for _ in those]
            for client, name in zip(those, names, strict=True):
                assert await client.done("models:route", {"name": name}) == {"clients": 1}
            for client, name in zip(those, names, strict=True):
                assert await client.done("models:unroute") == {"model": name}

    run(conversation())


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_client_is_answered_though_it_asks_as_soon_as_it_is_let_in(example, transport):
    """Its handlers are registered before its first event can come."""

    async def conversation():
        for _ in range(20):
            async with socketio.AsyncSimpleClient(reconnection=False) as client:
                await client.connect(
                    example.url, transports=[transport], socketio_path="/llamaproxws"
                )
                assert (await client.call("models:list"))["success"]

    run(conversation())


def test_a_handler_that_fails_is_logged_and_answered_and_its_client_stays(app, caplog):
    async def conversation():
        async with TestClient(app, path="/llamaproxws") as client:
            answer = await client.call("models:list", "more than it takes")
            assert answer == {"success": False, "error": "Internal error"}
            assert (await client.call("models:list"))["success"]
            return f"models:list of {client.sid} failed"

    logger = logging.getLogger("uvicorn.error")
    caplog.set_level(logging.ERROR, logger.name)  # a test's uvicorn may have set another
    logger.addHandler(caplog.handler)
    logged = run(conversation())
    logger.removeHandler(caplog.handler)
    assert {record.message for record in caplog.records if record.exc_info} == {logged}


# --- the checklist ---


def test_a_second_server_at_the_path_of_the_first_warns(app):
    with pytest.warns(UserWarning, match="a second Socket.IO server at '/llamaproxws'"):
        AsyncServer().mount(app, socketio_path="/llamaproxws")


SOURCES = sorted(FOLDER.rglob("*.py"))
MADE_ONCE = FOLDER / "server.py"
SIGNATURES = {
    "register_connection_handlers": ["socket", "logger"],
    "register_models_handlers": ["socket", "io", "db", "gguf_parser"],
    "register_models_crud_handlers": ["socket", "io", "db"],
    "register_models_router_handlers": ["socket", "io"],
    "register_models_scan_handlers": ["socket", "io", "db", "gguf_parser"],
    "register_metrics_handlers": ["socket", "db"],
    "register_logs_handlers": ["socket", "db"],
    "register_config_handlers": ["socket", "db"],
    "register_presets_handlers": ["socket", "db"],
    "register_handlers": ["socket", "io", "db", "gguf_parser", "process_manager", "logger"],
    # Whose process it is comes as a parameter, too, and not from a global.
    "register_llama_handlers": [
        "socket", "io", "db", "process_manager", "initialize_llama_metrics"
    ],
    "register_process_handlers": ["socket", "io", "db", "process_manager"],
}  # fmt: skip


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_registration_functions_take_what_the_table_says() -> None:
    found = {
        function.name: [each.arg for each in function.args.args]
        for path in SOURCES
        for function in functions(path)
        if function.name.startswith("register_") and path.parent != FOLDER
    }
    assert found == SIGNATURES


def names_of(tree: ast.AST, kind: Any = ast.Load) -> set[str]:
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, kind)
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_what_uses_the_server_or_a_socket_was_given_it(path: Path) -> None:
    """No module but server.py has an `io` of its own, or makes a server; nobody says `global`."""
    tree = ast.parse(path.read_text())
    assert not any(isinstance(node, (ast.Global, ast.Nonlocal)) for node in ast.walk(tree))
    if path == MADE_ONCE:
        return
    made = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and "AsyncServer" in names_of(node.func)
    ]
    assert made == []
    for outermost in tree.body:
        if isinstance(outermost, (ast.Assign, ast.AnnAssign)):
            assert not names_of(outermost, ast.Store) & {"io", "socket"}
        elif isinstance(outermost, (ast.FunctionDef, ast.AsyncFunctionDef)):
            given = {each.arg for each in outermost.args.args}
            used = names_of(outermost) & {"io", "socket", "db"}
            inner = {each.arg for node in functions_in(outermost) for each in node.args.args}
            assert used <= given | inner, outermost.name


def functions_in(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def test_metrics_use_the_broadcast_of_a_socket() -> None:
    (collect,) = (
        each for each in functions(FOLDER / "metrics.py") if each.name == "collect_and_emit_metrics"
    )
    assert 'socket.broadcast.emit("metrics:update"' in ast.unparse(collect).replace("'", '"')
