"""The examples of these documents, as a user's pytest runs them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


# For a document whose examples do not say it themselves.
WITH_ANYIO = """
import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


@pytest.mark.parametrize(
    "name",
    [
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
    ],
)
def test_the_examples_pass_under_pytest_with_anyio(name: str, tmp_path: Path) -> None:
    text = (DOCS / name).read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if "anyio_backend" not in text:
        blocks.insert(0, WITH_ANYIO)
    code = "\n\n".join(blocks)
    (tmp_path / "test_examples.py").write_text(code)
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{code.count('async def test_')} passed" in run.stdout
