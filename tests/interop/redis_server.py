"""A private redis-server: a free port, nothing kept on disk, ended with the block that started it.

with running_redis() as redis:
    manager = AsyncRedisManager(redis.url)
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HOST = "127.0.0.1"
START_LIMIT = 15.0  # seconds, on a busy machine
STOP_LIMIT = 5.0
ATTEMPTS = 5  # a free port may be taken before the server has it


class RedisServer:
    """One server. `stop` and `start` take it away and bring it back, empty, at the same address."""

    def __init__(self, folder: Path) -> None:
        self.port = 0
        self._log = folder / "log"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers. `RuntimeError` with what it said if it does not."""
        for _ in range(1 if self.port else ATTEMPTS):
            port = self.port or _free_port()
            if self._starts(port):
                self.port = port
                return
        raise RuntimeError(f"redis-server does not start:\n{self._log.read_text()}")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _starts(self, port: int) -> bool:
        command = ["redis-server", "--bind", HOST, "--port", str(port), "--dir", str(self._folder)]
        nothing_kept = ["--save", "", "--appendonly", "no"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*command, *nothing_kept], stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT
        while self._process.poll() is None and time.monotonic() < deadline:
            if _answers(port) and self._process.poll() is None:
                return True
            time.sleep(0.02)
        self.stop()
        return False


@contextlib.contextmanager
def running_redis() -> Iterator[RedisServer]:
    """`RuntimeError` where there is no redis-server."""
    if shutil.which("redis-server") is None:
        raise RuntimeError("these tests need redis-server: scripts/need.sh redis")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
