"""Starts servers under test as processes of their own, and always ends them."""

import collections
import contextlib
import dataclasses
import json
import os
import select
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

START_LIMIT = 40.0  # seconds; importing FastAPI on a busy machine takes some
STOP_LIMIT = 5.0

_depth = len((__package__ or "").split("."))
TEST_ROOT = Path(__file__).resolve().parents[_depth]

# sio_native by all of its doors: handed off by uvicorn, bridged from it, and on its own port.
OUR_FLAVOURS = ("handoff", "bridge", "listen")


@dataclasses.dataclass
class Server:
    """A running server: where it is, its process and what it wrote to stderr."""

    flavour: str
    port: int
    process: subprocess.Popen[bytes]
    stderr_path: Path
    path: str = "/socket.io/"
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def authority(self) -> str:
        return f"{self.host}:{self.port}"

    def stderr(self) -> str:
        return self.stderr_path.read_text(errors="replace")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def start(flavour: str, options: dict[str, Any] | None = None, mount: str = "alone") -> Server:
    """Start one server and wait until it listens. Raises `RuntimeError` with its stderr if not.

    The flavour "foreign" is any other server, to judge the tests themselves by it: the command
    in SIO_INTEROP_COMMAND is given the same arguments and must print the same line.
    """
    arguments = [flavour, json.dumps(options or {}), mount]
    handle, name = tempfile.mkstemp(prefix="interop-stderr-")
    search_path = os.pathsep.join(filter(None, [str(TEST_ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", f"{__package__}.server_app"]
    if flavour == "foreign":
        command = shlex.split(os.environ["SIO_INTEROP_COMMAND"])
    with os.fdopen(handle, "wb") as stderr:
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": search_path},
        )
    server = Server(flavour, 0, process, Path(name))
    if mount not in ("alone", "outer"):
        server.path = "/ws/socket.io/"
    deadline = time.monotonic() + START_LIMIT
    try:
        server.port = _read_port(process, deadline)
        _await_listening(server, deadline)
    except (TimeoutError, EOFError) as error:
        server.stop()
        raise RuntimeError(f"{flavour} server: {error}; its stderr:\n{server.stderr()}") from None
    return server


def _read_port(process: subprocess.Popen[bytes], deadline: float) -> int:
    assert process.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError(f"not ready after {START_LIMIT:.0f} s")
        piece = os.read(process.stdout.fileno(), 1)
        if not piece:
            raise EOFError("ended before it was ready")
        line += piece
        if line.endswith(b"\n") and not line.startswith(b"READY "):
            line = b""  # a server's own greeting
    return int(line.split()[1])


def _await_listening(server: Server, deadline: float) -> None:
    while True:
        try:
            socket.create_connection((server.host, server.port), timeout=1).close()
            return
        except OSError:
            if server.process.poll() is not None:
                raise EOFError("ended before it listened") from None
            if time.monotonic() > deadline:
                raise TimeoutError(f"port {server.port} not open") from None
            time.sleep(0.05)  # granian opens its port some time after it was told to


class ServerPool:
    """Servers by flavour, options and mount; each is started once and shared by the tests.

    Tests tell themselves apart by their own sids and rooms. At most `limit` live at a time.
    """

    def __init__(self, limit: int = 8) -> None:
        self._limit = limit
        self._servers: collections.OrderedDict[tuple[str, str, str], Server] = (
            collections.OrderedDict()
        )

    def get(self, flavour: str, mount: str = "alone", **options: Any) -> Server:
        key = (flavour, mount, json.dumps(options, sort_keys=True))
        server = self._servers.pop(key, None)
        if server is not None and server.process.poll() is not None:
            self._discard(server)
            raise RuntimeError(
                f"the {flavour} server died ({server.process.returncode}) in an earlier test"
            )
        if server is None:
            while len(self._servers) >= self._limit:
                self._discard(self._servers.popitem(last=False)[1])
            server = start(flavour, options, mount)
        self._servers[key] = server
        return server

    def running(self) -> list[Server]:
        return list(self._servers.values())

    def close(self) -> None:
        while self._servers:
            self._discard(self._servers.popitem()[1])

    @staticmethod
    def _discard(server: Server) -> None:
        server.stop()
        with contextlib.suppress(OSError):
            server.stderr_path.unlink()
