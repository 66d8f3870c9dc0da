"""What a registry writes, judged by the real TypeScript compiler and AsyncAPI's own schema."""

from __future__ import annotations

import enum
import json
import re
import subprocess
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

import pytest
from pydantic import BaseModel, ConfigDict, Field

from sio_native import EventRegistry

HERE = Path(__file__).resolve().parent
TSC = HERE / "node_modules" / "typescript" / "bin" / "tsc"

events = EventRegistry("Search & answers", "1.2.0", description="What the page and the server say")


# A default is in what the server writes, always; so pydantic can be told.
WRITES_ALL = ConfigDict(json_schema_serialization_defaults_required=True)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    names: list[str]


class Result(BaseModel):
    """One thing */ that was found."""

    model_config = WRITES_ALL
    url: str
    score: float | None = None
    color: Color = Color.RED
    children: list[Result] = []


@events.client("search:start:v1", ack=dict[str, str], summary="Begin to search")
class StartSearch(BaseModel):
    job_id: str = Field(alias="jobId", description="Whose results these are")
    limit: int = 10
    pet: Annotated[Union[Cat, Dog], Field(discriminator="kind")]  # noqa: UP007
    tags: set[str] = set()
    pair: tuple[int, str] = (1, "a")
    extra: dict[str, list[int | None]] = {}
    anything: Any = None
    parent: Optional[StartSearch] = None  # noqa: UP045


@events.server("search:result:v1")
class SearchResult(BaseModel):
    model_config = WRITES_ALL
    result: Result
    index: Annotated[int, Field(ge=0)]
    discriminator: str = "a property of this name"


events.server("search:complete:v1", list[Result])
events.server("model:chunk", bytes)
events.server("ask", Color, ack=bool)
events.client("ping", None)
events.client('it\'s a "name"\n', Result)  # the same model, read and not written

USE = """
import { io, Socket } from "socket.io-client";
import type { ClientToServerEvents, ServerToClientEvents } from "./events";
import type { ResultOutput, StartSearch } from "./events";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io();
const cat = { kind: "cat" as const };
socket.emit("ping");
socket.emit("search:start:v1", { jobId: "1", pet: cat }, (answer) => answer["id"].length);
const whole: StartSearch = {
  jobId: "1", limit: 3, pet: { kind: "dog", names: ["rex"] }, tags: ["a"], pair: [1, "b"],
  extra: { a: [1, null] }, anything: { x: 1 }, parent: { jobId: "0", pet: cat },
};
socket.emit("search:start:v1", whole, () => {});
socket.on("search:result:v1", (data) => {
  const score: number | null = data.result.score;
  const color: "red" | "blue" = data.result.color;
  const child: ResultOutput = data.result.children[0];
  return [score, color, child, data.index.toFixed(), data.discriminator.length];
});
socket.on("search:complete:v1", (data) => data.map((each) => each.url));
socket.on("model:chunk", (data) => (data instanceof ArrayBuffer ? data.byteLength : data.length));
socket.on("ask", (color, ack) => ack(color === "red"));
socket.emit("it's a \\"name\\"\\n", { url: "u" });

// @ts-expect-error there is no such event
socket.emit("search:begin:v1", { jobId: "1", pet: cat }, () => {});
// @ts-expect-error the id is missing
socket.emit("search:start:v1", { pet: cat }, () => {});
// @ts-expect-error of another type
socket.emit("search:start:v1", { jobId: 1, pet: cat }, () => {});
// @ts-expect-error no such animal
socket.emit("search:start:v1", { jobId: "1", pet: { kind: "cow" } }, () => {});
// @ts-expect-error a pair has two
socket.emit("search:start:v1", { jobId: "1", pet: cat, pair: [1] }, () => {});
// @ts-expect-error the page does not send this
socket.emit("search:result:v1", {});
// @ts-expect-error a list
socket.on("search:complete:v1", (data) => data.url);
// @ts-expect-error an answer is a truth
socket.on("ask", (color, ack) => ack("yes"));
"""


def compiled(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    options = ["--strict", "--noEmit", "--skipLibCheck", "--target", "es2022"]
    modules = ["--module", "esnext", "--moduleResolution", "bundler"]
    return subprocess.run(
        ["node", str(TSC), *options, *modules, *files],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
    )


def test_socket_io_client_has_the_types_of_the_registry(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    (tmp_path / "events.ts").write_text(events.typescript())
    (tmp_path / "use.ts").write_text(USE)
    run = compiled(tmp_path, "use.ts")
    assert run.returncode == 0, run.stdout + "\n" + events.typescript()


def test_the_example_of_the_document_compiles(tmp_path: Path) -> None:
    text = (HERE.parents[1] / "docs" / "events.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (use,) = re.findall(r"^```ts\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "example"}
    exec(code, names)
    run = validated(names["document"])
    assert run.returncode == 0, run.stdout
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    (tmp_path / "events.ts").write_text(names["typescript"])
    (tmp_path / "use.ts").write_text(
        "declare function append(chunk: string, index: number): void;\n" + use
    )
    run = compiled(tmp_path, "use.ts")
    assert run.returncode == 0, run.stdout


def validated(document: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", str(HERE / "js" / "asyncapi.mjs")],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_document_is_asyncapi() -> None:
    document = events.asyncapi()
    run = validated(document)
    assert run.returncode == 0, run.stdout + run.stderr
    actions = {key: each["action"] for key, each in document["operations"].items()}
    assert actions["client.search_start_v1"] == "receive"
    assert actions["server.search_result_v1"] == "send"
    names = {each["name"] for each in document["components"]["messages"].values()}
    assert names == {each.name for each in events}
    reply = document["operations"]["client.search_start_v1"]["reply"]["messages"]
    assert reply == [{"$ref": "#/channels/events/messages/client.search_start_v1.ack"}]
    payload = document["components"]["messages"]["server.search_result_v1"]["payload"]
    assert payload == {"$ref": "#/components/schemas/SearchResult"}


@pytest.mark.parametrize("wrong", ["asyncapi", "info", "operations"])
def test_the_judge_of_documents_can_say_no(wrong: str) -> None:
    assert validated({**events.asyncapi(), wrong: {"x": {"action": "shout"}}}).returncode == 1


def test_an_empty_registry_is_a_document_and_a_module(tmp_path: Path) -> None:
    empty = EventRegistry("Nothing", "0")
    run = validated(empty.asyncapi())
    assert run.returncode == 0, run.stdout
    (tmp_path / "events.ts").write_text(empty.typescript())
    assert compiled(tmp_path, "events.ts").returncode == 0
