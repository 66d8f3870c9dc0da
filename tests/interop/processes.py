"""A server that a test starts as a process of its own, and that ends with the block."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .serving import START_LIMIT, TEST_ROOT, Server, _await_listening, _read_port


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    flavour: str,
    *,
    path: str = "/socket.io/",
    search_path: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """`python -m <arguments>`, which prints `READY <port>` once it listens.

    `search_path` is found before all else. Raises `RuntimeError` with its stderr if it does not
    start. Its stdin closes when the tests end, however they do.
    """
    found = [*map(str, search_path), str(TEST_ROOT), os.environ.get("PYTHONPATH", "")]
    with tempfile.TemporaryDirectory(prefix="interop-") as folder:
        log = Path(folder, "stderr")
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={
                    **os.environ,
                    **(environment or {}),
                    "PYTHONPATH": os.pathsep.join(filter(None, found)),
                },
            )
        server = Server(flavour, 0, process, log, path)
        deadline = time.monotonic() + START_LIMIT
        try:
            server.port = _read_port(process, deadline)
            _await_listening(server, deadline)
        except (TimeoutError, EOFError) as error:
            server.stop()
            raise RuntimeError(f"{flavour}: {error}; its stderr:\n{server.stderr()}") from None
        try:
            yield server
        finally:
            server.stop()
