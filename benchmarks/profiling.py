"""Where the CPU time goes in the modes whose goals are missed: `make bench-profile`.

Two profiles of sio_native under the load of `bench.py`: perf tells kernel, engine and interpreter
apart, and the kernel's work by system call; a sampler in the process tells whose Python it is. They
are shares, which hold where the rates of a machine do not; the profiled server is slower than one
that is left alone, so its rates are not shown.
"""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import results
from bench import GENERATOR_CORE, LOAD, SERVER_CORE
from modes import MODES
from peers import BUILD, PEERS, PYTHON_APP, ROOT, SOURCES
from process import Server, free_port, run_pinned
from report import fill

MEASURED = (
    ("echo-8", "native-mounted"),
    ("broadcast-1000-8", "native-mounted"),
    ("connect", "native-own"),
    ("connect", "native-mounted"),
    ("stream-tick", "native-mounted"),
)
SAMPLER = SOURCES / "python" / "sampled.py"
WARM_UP, SECONDS = 1.0, 3.0

SYSTEM_CALLS = {
    "sending": ("sendto", "sendmsg"),
    "receiving": ("recvfrom", "recvmsg", "read"),
    "waiting": ("epoll_wait", "epoll_pwait", "epoll_pwait2"),
    "waking another thread": ("write", "futex"),
    "opening and closing": ("accept", "accept4", "close", "epoll_ctl", "shutdown", "setsockopt"),
}
MODULES = {
    "engine": re.compile(r"_core\."),
    "Python interpreter": re.compile(r"libpython|^python3?|_asyncio|\[JIT\]"),
    "event loop of Python (uvloop)": re.compile(r"^loop\."),
    "C and C++ libraries": re.compile(r"libc\.|libstdc|libm\.|ld-linux|\[vdso\]"),
}


def perf_report(data: Path, *options: str) -> list[tuple[float, str]]:
    """(percent, name) of each line."""
    command = ["perf", "report", "-i", str(data), "-g", "none", *options]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^\s*([\d.]+)%(?:\s+[\d.]+%)?\s+(?:\[[.k]\]\s+)?(\S+)", said, re.MULTILINE)
    return [(float(percent), name) for percent, name in lines]


def shares_of(data: Path) -> dict[str, float]:
    shares: dict[str, float] = {}
    kernel = 0.0
    for percent, name in perf_report(data, "--no-children", "--sort", "dso"):
        if name == "[kernel.kallsyms]":
            kernel += percent
            continue
        part = next((key for key, known in MODULES.items() if known.search(name)), "other")
        shares[part] = shares.get(part, 0) + percent
    calls = dict[str, float]()
    for percent, name in perf_report(data, "--children", "--sort", "symbol"):
        if name.startswith("__x64_sys_"):
            calls.setdefault(name.removeprefix("__x64_sys_"), percent)
    for part, names in SYSTEM_CALLS.items():
        taken = sum(calls.get(name, 0.0) for name in names)
        shares["kernel: " + part] = taken
        kernel -= taken
    shares["kernel: the rest"] = max(kernel, 0.0)
    return shares


def generate(mode: str, port: int, pid: int) -> "Future[str]":
    command = [str(LOAD), MODES[mode].scenario, "--port", str(port), "--server-pid", str(pid)]
    command += MODES[mode].flags(WARM_UP + SECONDS)
    limit = MODES[mode].estimate + 60
    return ThreadPoolExecutor(1).submit(run_pinned, command, GENERATOR_CORE, limit)


def settled(mode: str) -> None:
    """Until the clients are there, and the figures steady."""
    time.sleep(MODES[mode].estimate + WARM_UP)  # nothing to await: the generator tells at its end


def start(command: list[str], port: int) -> Server:
    server = Server(command, {}, {SERVER_CORE}, BUILD / "logs" / "profile.log")
    server.wait_until_listening(port)
    return server


def with_perf(mode: str, peer: str) -> dict[str, float]:
    port, data = free_port(), BUILD / "perf.data"
    server = start(PEERS[peer].command(port, None, *MODES[mode].server_flags), port)
    try:
        load = generate(mode, port, server.process.pid)
        settled(mode)
        record = ["perf", "record", "-q", "-g", "-o", str(data), "-p", str(server.process.pid)]
        subprocess.run([*record, "--", "sleep", str(SECONDS - 1)], check=True)
        load.result()
        return shares_of(data)
    finally:
        server.stop()


def with_sampler(mode: str, peer: str) -> dict[str, float]:
    port, output = free_port(), BUILD / "samples.json"
    output.unlink(missing_ok=True)
    command = PEERS[peer].command(port, None, *MODES[mode].server_flags)
    command.insert(command.index(PYTHON_APP), str(output))
    command.insert(command.index(str(output)), str(SAMPLER))
    server = start(command, port)
    try:
        load = generate(mode, port, server.process.pid)
        settled(mode)
        server.process.send_signal(signal.SIGUSR1)
        time.sleep(SECONDS - 1)
        server.process.send_signal(signal.SIGUSR2)
        server.process.wait(10)
        load.exception()  # its server has gone
    finally:
        server.stop()
    counts: dict[str, int] = json.loads(output.read_text())
    return {name: 100 * count / sum(counts.values()) for name, count in counts.items()}


def row(shares: dict[str, float]) -> str:
    parts = sorted(shares.items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {share:.0f} %" for name, share in parts if share >= 0.5)


def section(found: list[dict[str, Any]]) -> str:
    lines = ["| mode | server | all of it | main thread, by Python package |", "|---|---|---|---|"]
    for one in found:
        names = (MODES[one["mode"]].title, PEERS[one["peer"]].title)
        lines.append("| {} | {} | {} | {} |".format(*names, row(one["perf"]), row(one["python"])))
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where to write instead")
    options = parser.parse_args()
    if shutil.which("perf") is None:
        raise SystemExit("perf is not installed")
    found = []
    for mode, peer in MEASURED:
        print(f"{mode} {peer}", file=sys.stderr)
        profile = {"perf": with_perf(mode, peer), "python": with_sampler(mode, peer)}
        found.append({"mode": mode, "peer": peer, **profile})
    stamp = results.now()
    name = stamp.partition("+")[0].replace(":", "") + "Z-profile.json"
    document = {"date": stamp, "machine": results.machine(), "profiles": found}
    kept = ROOT / "benchmarks" / "results" / name
    kept.write_text(json.dumps(document, indent=1) + "\n")
    page = options.docs / "performance.md"
    page.write_text(fill(page.read_text(), "profiles", section(found)))
    print(kept)


if __name__ == "__main__":
    main()
