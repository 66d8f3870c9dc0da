"""The unmodified JavaScript client in node, over each transport; the checks are in js/*.mjs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
LIMIT = 120.0


@pytest.fixture(scope="module")
def node() -> str:
    command = shutil.which("node")
    assert command, "node is needed: the Makefile's `test` says how to install it"
    assert (HERE / "node_modules/socket.io-client").is_dir(), "run `npm ci` in tests/interop"
    return command


def run_script(node: str, script: str, server, transport: str) -> None:
    done = subprocess.run(
        [node, str(HERE / "js" / script), server.url, server.path, transport],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env={**os.environ, "NODE_ENV": "test"},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
def test_javascript_client_is_served(pool, flavour, node, transport):
    run_script(node, "conversation.mjs", pool.get(flavour), transport)


def test_upgrade_under_load_keeps_every_message(pool, flavour, node):
    run_script(node, "upgrade_under_load.mjs", pool.get(flavour), "upgrade")
