"""`EventRegistry`: what may be registered, and each JSON schema as TypeScript."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import BaseModel

from sio_native import EventRegistry
from sio_native.event_typescript import _type


def registry() -> EventRegistry:
    return EventRegistry("Jobs", "1")


class Chunk(BaseModel):
    job_id: str
    index: int = 0


def test_a_name_is_registered_once_for_each_side() -> None:
    events = registry()
    assert events.server("model:chunk")(Chunk) is Chunk
    events.client("model:chunk", Chunk)
    for again in (events.server, events.client):
        with pytest.raises(ValueError, match="'model:chunk' is registered already"):
            again("model:chunk", Chunk)
        with pytest.raises(ValueError, match="registered already"):
            again("model:chunk")
    assert [(each.sender, each.name) for each in events] == [
        ("server", "model:chunk"),
        ("client", "model:chunk"),
    ]


def test_two_decorators_of_one_name_are_told_when_the_second_is_used() -> None:
    events = registry()
    first, second = events.server("a"), events.server("a")
    first(Chunk)
    with pytest.raises(ValueError, match="registered already"):
        second(Chunk)


@pytest.mark.parametrize("name", ["connect", "disconnect", "connect_error", "newListener"])
def test_names_of_socket_io_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        registry().server(name, Chunk)


@pytest.mark.parametrize("name", ["", None, 7])
def test_a_name_is_a_text(name: Any) -> None:
    with pytest.raises(ValueError, match="name"):
        registry().client(name, Chunk)


def test_what_pydantic_does_not_know_is_refused_at_once() -> None:
    class Strange: ...

    events = registry()
    with pytest.raises(Exception, match="schema"):
        events.server("a", Strange)
    with pytest.raises(Exception, match="schema"):
        events.server("a", Chunk, ack=Strange)
    assert len(events) == 0


def test_the_text_is_as_printed_here() -> None:
    events = registry()
    events.server("model:chunk", Chunk, summary="A token\nof a model")
    events.client("start", Chunk, ack=str)
    events.client("stop", None)
    assert (
        events.typescript()
        == """\
// Jobs 1: made by sio_native.

export interface Chunk {
  job_id: string;
  index?: number;
}

export interface ServerToClientEvents {
  /** A token of a model */
  "model:chunk": (data: Chunk) => void;
}

export interface ClientToServerEvents {
  start: (data: Chunk, ack: (answer: string) => void) => void;
  stop: () => void;
}
"""
    )


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date-time"}, "string"),
        ({"type": "integer"}, "number"),
        ({"type": "null"}, "null"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "Array<string | null>"),
        ({"type": "array"}, "Array<unknown>"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "[(string)?, ...Array<unknown>]"),
        ({"enum": ["a", 1, None, True]}, '"a" | 1 | null | true'),
        ({"enum": []}, "never"),
        ({"const": 'say "hi"'}, '"say \\"hi\\""'),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
        (
            {"allOf": [{"$ref": "#/$defs/A"}, {"anyOf": [{"type": "null"}, {}]}]},
            "A & (null | unknown)",
        ),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": False}, "Record<string, never>"),
        ({"type": "object", "additionalProperties": {"type": "null"}}, "Record<string, null>"),
        (
            {"type": "object", "properties": {"a-b": {}}, "additionalProperties": True},
            '{\n  "a-b"?: unknown;\n} & Record<string, unknown>',
        ),
        ({"$ref": "#/$defs/Elsewhere"}, "unknown"),
        ({"type": "date"}, "unknown"),
        ({"not": {"type": "string"}}, "unknown"),
        ({}, "unknown"),
        (True, "unknown"),
        (False, "never"),
    ],
)
def test_a_schema_as_typescript(schema: Any, expected: str) -> None:
    assert _type(schema, {"A": "A"}) == expected


def test_pydantic_that_is_missing_is_said_and_needed_by_nobody_else() -> None:
    code = (
        "import sys; sys.modules['pydantic'] = None; import sio_native\n"
        "sio_native.AsyncServer(); events = sio_native.EventRegistry('a', '1')\n"
        "try: events.server('b', str)\n"
        "except RuntimeError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout == "an EventRegistry needs pydantic 2: pip install sio-native[events]\n"
