"""sio_native and its peers, each in turn, under the same load: `make bench`.

On Linux with two cores or more. The server has one core and the load generator another; each
measurement has a server of its own, and within a round and mode the servers follow one another, so
that what the machine does meanwhile hits all of them alike.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import results
from modes import DOCUMENTS, LONGEST, MERGED, MODES, PING_INTERVAL, QUICK, Mode
from peers import BUILD, PEERS, PROGRAMS, ROOT, Peer, Unavailable
from process import Server, free_port, run_pinned

SERVER_CORE, GENERATOR_CORE = 0, 1
LOAD, MICRO = PROGRAMS / "load", PROGRAMS / "micro"
START_AND_STOP = 2.0  # seconds, about


def measure_alone(peer: Peer, mode: Mode) -> dict[str, float]:
    """What a program measures of itself. All are given the same updates."""
    updates = BUILD / "updates.bin"
    made = subprocess.run(
        [str(MICRO), "updates", str(MERGED)], stdout=subprocess.PIPE, check=True
    ).stdout
    updates.write_bytes(made)
    command = [*peer.prepare(), mode.scenario, str(MERGED), str(updates)]
    figures: dict[str, float] = json.loads(run_pinned(command, SERVER_CORE, LONGEST))
    return figures


def measure(name: str, peer: Peer, mode: Mode, seconds: float) -> dict[str, float]:
    """The figures of one run. Raises `RuntimeError` with the reason when there are none."""
    if mode.alone:
        return measure_alone(peer, mode)
    port = free_port()
    logs = BUILD / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    cores = {SERVER_CORE, GENERATOR_CORE} if mode.both_cores else {SERVER_CORE}
    interval = PING_INTERVAL if mode.heartbeats else None
    command = peer.command(port, interval, *mode.server_flags)
    server = Server(command, peer.environment, cores, logs / f"{name}.log")
    try:
        server.wait_until_listening(port)
        generator = [str(LOAD), mode.scenario, "--port", str(port)]
        generator += ["--server-pid", str(server.process.pid), *mode.flags(seconds)]
        if peer.dialect is not None:
            generator += ["--dialect", peer.dialect]
        said = run_pinned(generator, GENERATOR_CORE, LONGEST + 3 * seconds)
        figures: dict[str, float] = json.loads(said)
        if figures.get("messages") == 0:
            raise RuntimeError("no message came")
    except RuntimeError as error:
        ended = server.process.poll() is not None
        raise RuntimeError(
            f"{error}; it ended: {server.last_words()}" if ended else str(error)
        ) from None
    finally:
        server.stop()
    return figures


def available(names: list[str]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The peers that can be run here, with their versions, and why the others cannot."""
    found, skipped = {}, {}
    for name in names:
        try:
            found[name] = {"title": PEERS[name].title, "versions": PEERS[name].versions()}
        except Unavailable as reason:
            skipped[name] = str(reason)
            print(f"skipped: {name}: {reason}", file=sys.stderr)
    return found, skipped


def plan(options: argparse.Namespace, names: list[str]) -> list[tuple[int, str, str]]:
    """(round, mode, peer) in the order in which they are measured."""
    return [
        (number, mode, name)
        for number in range(1, options.rounds + 1)
        for mode in options.modes
        for name in names
        if MODES[mode].needs in PEERS[name].has
    ]


def announce(steps: list[tuple[int, str, str]], seconds: float) -> None:
    estimate = sum(
        START_AND_STOP + MODES[mode].estimate + (0 if MODES[mode].fixed_time else seconds)
        for _, mode, _ in steps
    )
    print(
        f"{len(steps)} measurements: about {estimate / 60:.0f} minutes, and more with slow servers",
        file=sys.stderr,
    )


def run(step: tuple[int, str, str], how: Mode, seconds: float) -> dict[str, Any]:
    """Measure once, and say what came of it: a failure is a result too."""
    number, mode, name = step
    began = time.monotonic()
    result: dict[str, Any] = {"round": number, "mode": mode, "peer": name}
    try:
        result["figures"] = measure(name, PEERS[name], how, seconds)
        value = result["figures"][how.figure] * how.scale
        said = f"{results.number(value)} {how.unit}"
    except (RuntimeError, OSError, ValueError, Unavailable) as error:
        result["error"] = str(error)
        said = f"failed: {error}"
    took = time.monotonic() - began
    print(f"round {number} {mode} {name}: {said} [{took:.0f} s]", file=sys.stderr)
    return result


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument(
        "--quick", action="store_true", help=f"one round of a second each: {', '.join(QUICK)}"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument(
        "--documents",
        action="store_true",
        help=f"only documents, presence, usage: {', '.join(DOCUMENTS)}",
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="every mode with few clients for a moment; keeps no figures, ends with 1 if one fails",
    )
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 1.0
        options.modes = [mode for mode in options.modes if mode in QUICK]
    if options.documents:
        options.modes = [mode for mode in options.modes if mode in DOCUMENTS]
        options.peers = [
            name
            for name in options.peers
            if any(MODES[mode].needs in PEERS[name].has for mode in options.modes)
        ]
    if options.smoke:
        options.rounds, options.seconds = 1, 0.2
    return options


def main() -> None:
    if sys.platform != "linux" or (os.cpu_count() or 1) < 2:
        raise SystemExit("the benchmarks need Linux and two cores")
    options = parse()
    found, skipped = available(options.peers)
    steps = plan(options, list(found))
    if not options.smoke:
        announce(steps, options.seconds)
    runs: list[dict[str, Any]] = []
    try:
        for done, step in enumerate(steps):
            print(f"{done + 1}/{len(steps)} ", end="", file=sys.stderr, flush=True)
            mode = MODES[step[1]]
            runs.append(run(step, mode.small() if options.smoke else mode, options.seconds))
    except KeyboardInterrupt:
        print("\ninterrupted: what was measured is kept", file=sys.stderr)
    document = {
        "date": results.now(),
        "machine": results.machine(),
        "settings": {"rounds": options.rounds, "seconds": options.seconds},
        "peers": found,
        "skipped": skipped,
        "summary": results.summary(runs),
        "runs": runs,
    }
    if not options.smoke:
        print(results.save(document, options.output))
        return
    with tempfile.TemporaryDirectory() as nowhere:
        results.save(document, Path(nowhere))
    failed = [one for one in runs if "error" in one]
    if failed or not runs or skipped:
        raise SystemExit(f"{len(failed)} of {len(runs)} did not work, {len(skipped)} peers skipped")


if __name__ == "__main__":
    main()
