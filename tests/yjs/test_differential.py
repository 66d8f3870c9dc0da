"""The update algebra against yjs and pycrdt, on random histories; `make fuzz` takes many more.

`make test-cpp` builds the tool that is asked, and `make test-python` too.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .pycrdt_histories import differences
from .tool import RefusedError, Tool

HERE = Path(__file__).parent
TOOL = HERE.parents[1] / "build" / "dev" / "tests" / "cpp" / "features" / "yjs_tool"


@pytest.fixture
def tool() -> Path:
    assert TOOL.exists(), "yjs_tool is needed: `cmake --build --preset dev --target yjs_tool`"
    return TOOL


def node(script: str, *arguments: object) -> str:
    node = shutil.which("node")
    assert node, "node is needed: the Makefile's `test` says how to install it"
    command = [node, HERE / script, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("first_seed", [10_000, 20_000])
def test_what_is_merged_shows_yjs_what_the_updates_showed(tool: Path, first_seed: int) -> None:
    *differing, sums = node("differential.mjs", tool, 75, first_seed).splitlines()
    assert not differing
    assert json.loads(sums)["updates"] > 1_000


def test_what_is_merged_shows_pycrdt_what_the_updates_showed(tool: Path) -> None:
    with Tool(tool) as asked:
        assert not differences(asked, range(10_000, 10_050))


def test_a_difference_would_be_seen(tool: Path) -> None:
    class Forgetful(Tool):
        def merge(self, updates, flags):  # type: ignore[no-untyped-def]
            return super().merge(updates[:-1], flags)

    with Forgetful(tool) as asked:
        assert differences(asked, range(10_000, 10_003))


def test_awareness_is_as_y_protocols_has_it(tool: Path) -> None:
    node("awareness.mjs", tool)


def test_the_tool_refuses_what_is_no_update(tool: Path) -> None:
    with Tool(tool) as asked, pytest.raises(RefusedError, match="fewer bytes"):
        asked.merge([b"\x01\x01\x05"], 0)
