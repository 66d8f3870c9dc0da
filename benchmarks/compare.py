"""python-socketio and sio_native side by side: `make bench`, on Linux with two cores or more.

Every round starts each server anew, in turn, so that what the machine does meanwhile hits all of
them alike. The server has one core and the load generator another.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import process
import report

HERE = Path(__file__).parent
SERVER_CORE, GENERATOR_CORE = 0, 1
STARTED_WITHIN = 20.0  # seconds
WARM_UP_CLIENTS = 50  # so that what a server imports or allocates once is not counted as idle


@dataclass(frozen=True)
class Contender:
    name: str
    library: str  # as benchmarks/server.py takes it
    door: str


CONTENDERS = {
    "python-socketio": Contender("python-socketio, uvicorn", "socketio", "uvicorn"),
    "mounted": Contender("sio_native, uvicorn", "sio_native", "uvicorn"),
    "own": Contender("sio_native, own port", "sio_native", "own"),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(server: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # nothing to await: an unbound port gives no notice
    raise RuntimeError(f"the server did not start: {server.args!r}")


class Generator:
    """One run of the load generator, line by line."""

    def __init__(self, load: Path, scenario: str, port: int, **options: object) -> None:
        flags = [
            f for key, value in options.items() for f in (f"--{key.replace('_', '-')}", str(value))
        ]
        self.process = process.start(
            [str(load), scenario, "--port", str(port), *flags],
            GENERATOR_CORE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def expect(self, event: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()  # the generator bounds its own time
        said: dict[str, Any] = json.loads(line) if line else {}
        if said.get("event") != event:
            raise RuntimeError(f"the load generator said {line!r}, not {event!r}")
        return said

    def release(self) -> None:
        self.process.communicate(timeout=30)


def under_load(
    load: Path, scenario: str, server: int, port: int, **options: object
) -> dict[str, Any]:
    """What the generator measured, and the server's CPU time for a message, in microseconds."""
    generator = Generator(load, scenario, port, **options)
    generator.expect("begin")
    before = process.cpu_seconds(server)
    figures = generator.expect("end")
    figures["cpu_us"] = (process.cpu_seconds(server) - before) / figures["messages"] * 1e6
    generator.release()
    return figures


def idle_bytes(load: Path, server: int, port: int, clients: int) -> float:
    """Resident memory that a connected, silent client adds to the server."""
    warm_up = Generator(load, "idle", port, clients=WARM_UP_CLIENTS)
    warm_up.expect("connected")
    warm_up.release()
    before = process.resident_bytes(server)
    generator = Generator(load, "idle", port, clients=clients)
    generator.expect("connected")
    after = process.resident_bytes(server)
    generator.release()
    return (after - before) / clients


def measure(contender: Contender, options: argparse.Namespace) -> dict[str, float]:
    port = free_port()
    server = process.start(
        [sys.executable, str(HERE / "server.py"), contender.library, contender.door, str(port)],
        SERVER_CORE,
    )
    try:
        wait_until_listening(server, port)
        load, common = options.load, {"seconds": options.seconds, "payload": options.payload}
        idle = idle_bytes(load, server.pid, port, options.idle_clients)
        echo = under_load(
            load, "echo", server.pid, port,
            clients=options.echo_clients, in_flight=options.in_flight, **common,
        )  # fmt: skip
        broadcast = under_load(
            load, "broadcast", server.pid, port, clients=options.room, in_flight=4, **common
        )
    finally:
        process.stop(server)
    return {
        "echo_per_second": echo["messages"] / echo["seconds"],
        "echo_cpu_us": echo["cpu_us"],
        "echo_p50_ms": echo["p50_us"] / 1000,
        "echo_p99_ms": echo["p99_us"] / 1000,
        "echo_generator_busy": echo["generator_busy"],
        "broadcast_per_second": broadcast["messages"] / broadcast["seconds"],
        "broadcast_cpu_us": broadcast["cpu_us"],
        "broadcast_generator_busy": broadcast["generator_busy"],
        "idle_bytes": idle,
    }


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--load", type=Path, required=True, help="the load generator's program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--echo-clients", type=int, default=100)
    parser.add_argument(
        "--in-flight", type=int, default=8, help="unanswered events per echo client"
    )
    parser.add_argument("--payload", type=int, default=64, help="characters of text in a message")
    parser.add_argument("--room", type=int, default=1000, help="members of the broadcast's room")
    parser.add_argument("--idle-clients", type=int, default=2000)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    return parser.parse_args()


def main() -> None:
    options = parse()
    rounds: report.Rounds = {CONTENDERS[key].name: [] for key in options.only}
    for number in range(1, options.rounds + 1):
        for key in options.only:
            contender = CONTENDERS[key]
            print(f"round {number} of {options.rounds}: {contender.name}", file=sys.stderr)
            rounds[contender.name].append(measure(contender, options))
    settings = {k: v for k, v in vars(options).items() if k not in ("load", "only")}
    table = report.save(report.document(rounds, settings), HERE / "results")
    print(table.read_text())


if __name__ == "__main__":
    main()
