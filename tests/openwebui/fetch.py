"""Fetch Open WebUI's Socket.IO backend: `python fetch.py FOLDER`, as `make test` does.

Downloads the wheels that requirements.txt pins by their hashes, and takes out of them what the
tests run, byte for byte: `FOLDER/backend` gets Open WebUI's modules, `FOLDER/reference` the
python-socketio that it is pinned to. The wheels themselves are too large to keep.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

# What is real in the tests. All else that it imports is in stubs/.
BACKEND = (
    "open_webui/socket/",
    "open_webui/tasks.py",
    "open_webui/utils/chat_id.py",
    "open_webui/utils/json_codec.py",
    "open_webui/utils/redis.py",
)
REFERENCE = ("socketio/",)

FAILED = """
The wheels in tests/openwebui/requirements.txt could not be downloaded, so the tests that run Open
WebUI's own backend cannot run. With a connection to a package index, `make test` fetches them;
without one, all other tests run with

    make test-python OPEN_WEBUI= PYTEST='--ignore=tests/openwebui'
"""


def download(folder: Path) -> None:
    """The wheels alone: none of their dependencies, whatever Python they are meant for."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    wheels_alone = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    pinned = ["--require-hashes", "-r", str(HERE / "requirements.txt")]
    if subprocess.run([*pip, *wheels_alone, *pinned, "-d", str(folder)]).returncode != 0:
        sys.exit(FAILED)


def extract(wheel: Path, names: tuple[str, ...], target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        wanted = [name for name in archive.namelist() if name.startswith(names)]
        for name in names:
            if not any(found.startswith(name) for found in wanted):
                sys.exit(f"{wheel.name} has no {name}")
        archive.extractall(target, wanted)


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=folder) as wheels:
        download(Path(wheels))
        extract(next(Path(wheels).glob("open_webui-*")), BACKEND, folder / "backend")
        extract(next(Path(wheels).glob("python_socketio-*")), REFERENCE, folder / "reference")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
