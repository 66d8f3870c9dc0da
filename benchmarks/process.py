"""A process on a core of its own, and what it costs: CPU seconds and resident memory."""

import os
import subprocess
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def start(
    command: list[str], core: int, *, stdin: int | None = None, stdout: int | None = None
) -> subprocess.Popen[str]:
    """Start a command whose threads all stay on one core."""
    return subprocess.Popen(
        command,
        text=True,
        stdin=stdin,
        stdout=stdout,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process, to a hundredth of a second."""
    # The command's name, second, is in parentheses and may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no memory: it has ended")


def stop(process: subprocess.Popen[str], within: float = 10.0) -> None:
    process.terminate()
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
