"""Programs on cores of their own, and their end."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

STARTED_WITHIN = 20.0  # seconds
STOPPED_WITHIN = 5.0
DESCRIPTORS = 32_768  # more than the largest mode has clients


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _prepare(cores: frozenset[int]) -> None:
    os.sched_setaffinity(0, cores)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < DESCRIPTORS:
        with contextlib.suppress(ValueError, OSError):  # only root may raise the hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            return
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Server:
    """A server that is being measured: all its threads on the given cores, its words in a log."""

    def __init__(
        self, command: list[str], environment: dict[str, str], cores: Iterable[int], log: Path
    ):
        self.log = log
        pinned = frozenset(cores)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # so that what it starts ends with it
                preexec_fn=lambda: _prepare(pinned),
            )

    def wait_until_listening(self, port: int) -> None:
        deadline = time.monotonic() + STARTED_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)  # nothing to await: an unbound port gives no notice
        raise RuntimeError(f"the server did not start: {self.last_words()}")

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"

    def stop(self) -> None:
        for how in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                os.killpg(self.process.pid, how)
                try:
                    self.process.wait(STOPPED_WITHIN)
                except subprocess.TimeoutExpired:
                    continue


def run_pinned(command: list[str], core: int, limit: float) -> str:
    """What the program says on its standard output. Raises `RuntimeError` with its reason."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=limit,
            preexec_fn=lambda: _prepare(frozenset({core})),
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"no result within {limit:.0f} s") from None
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or f"exit status {done.returncode}")
    return done.stdout
