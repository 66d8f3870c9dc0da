"""An example as its user has it: uvicorn in a process of its own."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTED_WITHIN = 60.0  # seconds; a busy two-core machine imports FastAPI slowly


class UvicornProcess:
    """Started at once. It may be killed, and started again at the same address."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._arguments = arguments
        self._environment = environment or {}
        self._port = "0"
        self._log: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", *self._arguments]
        self._process = subprocess.Popen(
            [*command, "--port", self._port, "--no-use-colors"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={**os.environ, **self._environment},
        )
        addresses: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._follow, args=(addresses,))
        self._reader.start()
        url = addresses.get(timeout=STARTED_WITHIN)
        assert url, "uvicorn did not start:\n" + "".join(self._log)
        self.url, self._port = url, url.rsplit(":", 1)[1]

    def log(self) -> str:
        """What it has written so far."""
        return "".join(self._log)

    def kill(self) -> None:
        """As `kill -9`."""
        self._end(lambda process: process.kill())

    def stop(self) -> None:
        """As its user does. Whatever it has logged must be free of errors."""
        self._end(lambda process: process.terminate())
        assert "Traceback" not in self.log(), self.log()

    def _end(self, how: Callable[[subprocess.Popen[str]], None]) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        how(process)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()

    def _follow(self, addresses: queue.Queue[str | None]) -> None:
        """Read stderr to its end, so that the pipe never fills."""
        assert self._process is not None and self._process.stderr is not None
        for line in self._process.stderr:
            self._log.append(line)
            if match := re.search(r"running on (http://[\d.:]+)", line):
                addresses.put(match[1])
        addresses.put(None)
