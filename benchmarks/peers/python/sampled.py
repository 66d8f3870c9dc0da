"""Run a Python program and count in which package its main thread spends its time.

python sampled.py OUTPUT PROGRAM [ARGUMENT …]

SIGUSR1 begins, SIGUSR2 writes {package: samples} to OUTPUT as JSON and ends the program. Samples
are taken by the process' CPU time, as often as the system's clock ticks, and belong to the package
of the innermost Python function: what that function calls in C is its own.
"""

import collections
import json
import os
import runpy
import signal
import sys
import sysconfig
from pathlib import Path
from types import FrameType

counts: collections.Counter[str] = collections.Counter()
INSTALLED = sysconfig.get_path("purelib") + "/"
STANDARD = sysconfig.get_path("stdlib") + "/"


def package_of(frame: FrameType | None) -> str:
    name = frame.f_code.co_filename if frame else ""
    if name.startswith(INSTALLED):
        return name.removeprefix(INSTALLED).partition("/")[0]
    return "standard library" if name.startswith((STANDARD, "<frozen")) else "application"


def sample(number: int, frame: FrameType | None) -> None:
    counts[package_of(frame)] += 1


def main() -> None:
    output, *sys.argv = sys.argv[1:]

    def end(number: int, frame: FrameType | None) -> None:
        Path(output).write_text(json.dumps(counts))
        os._exit(0)

    signal.signal(signal.SIGUSR1, lambda *_: counts.clear())
    signal.signal(signal.SIGUSR2, end)
    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
