"""What is measured: each mode is one run of the load generator against a fresh server."""

from dataclasses import dataclass, field, replace
from typing import Any

PING_INTERVAL = 1.0  # seconds, where heartbeats are measured
SMOKE_CLIENTS = 40
LONGEST = 360.0  # seconds beside those measured; the generator's own limits are below that


@dataclass(frozen=True)
class Mode:
    title: str
    scenario: str  # of the load generator
    figure: str  # the one that its table shows first
    unit: str  # of that figure, as the table says it
    options: dict[str, Any] = field(default_factory=dict)
    needs: str = "websocket"  # what a peer must have for it
    scale: float = 1.0  # from the generator's figure to the unit
    estimate: float = 2.0  # seconds beside those measured, for a fast server
    both_cores: bool = False
    heartbeats: bool = False  # pings every PING_INTERVAL
    fixed_time: bool = False  # measures until something has happened, not for a time

    def flags(self, seconds: float) -> list[str]:
        options = dict(self.options)
        if not self.fixed_time:
            options.setdefault("seconds", seconds)
        if self.heartbeats:
            options["interval"] = PING_INTERVAL
        return [part for name, value in options.items() for part in (f"--{name}", str(value))]

    def small(self) -> "Mode":
        """The same with few clients and for a moment: does it work at all?"""
        options = self.options | {"warm-up": 0.1}
        options["clients"] = min(options.get("clients", SMOKE_CLIENTS), SMOKE_CLIENTS)
        if "seconds" in options:
            options["seconds"] = min(options["seconds"], 1)
        return replace(self, options=options)


def echo(in_flight: int) -> Mode:
    return Mode(
        f"Echo with ack, 100 clients × {in_flight} in flight",
        "echo",
        "per_second",
        "acks/s",
        {"clients": 100, "in-flight": in_flight},
    )


def broadcast(room: int, window: int) -> Mode:
    return Mode(
        f"Broadcast to {room:,}, window {window}",
        "broadcast",
        "per_second",
        "deliveries/s",
        {"clients": room, "in-flight": window},
        needs="broadcast",
        estimate=2 + room / 2000,
    )


def idle(clients: int) -> Mode:
    return Mode(
        f"Memory of {clients:,} idle clients",
        "idle",
        "bytes_each",
        "KB each",
        {"clients": clients},
        scale=1 / 1000,
        estimate=4 + clients / 4000,
        fixed_time=True,
    )


def emit_cost(title: str, clients: int, event: str) -> Mode:
    return Mode(
        title,
        "ask",
        "answer",
        "µs",
        {"clients": clients, "event": event},
        needs="python",
        estimate=10,
        fixed_time=True,
    )


def stream(title: str, event: str) -> Mode:
    return Mode(
        f"1,000 streams × 50 deltas/s, {title}",
        "stream",
        "server_cores",
        "% of a core",
        {"clients": 1000, "event": event},
        needs="tick" if event == "tick" else "stream",
        scale=100,
        estimate=3,
    )


MODES = {
    "echo-8": echo(8),
    "echo-1": echo(1),
    "echo-16": echo(16),
    "echo-rate": Mode(
        "Echo at a fixed 10,000/s, p99 from when each was due",
        "echo",
        "p99_us",
        "ms",
        {"clients": 100, "rate": 10_000},
        scale=1 / 1000,
        estimate=4,
    ),
    "one-8": Mode(
        "Emit to one, 100 clients × 8 in flight",
        "to-one",
        "per_second",
        "events/s",
        {"clients": 100, "in-flight": 8},
    ),
    "broadcast-100-1": broadcast(100, 1),
    "broadcast-100-8": broadcast(100, 8),
    "broadcast-1000-1": broadcast(1000, 1),
    "broadcast-1000-8": broadcast(1000, 8),
    "broadcast-10000-1": broadcast(10_000, 1),
    "broadcast-10000-8": broadcast(10_000, 8),
    "connect": Mode(
        "Connect and leave over WebSocket, 32 at a time",
        "connect",
        "per_second",
        "clients/s",
        {"in-flight": 32},
    ),
    "connect-polling": Mode(
        "Connect and leave over long-polling, 32 at a time",
        "connect-polling",
        "per_second",
        "clients/s",
        {"in-flight": 32},
        needs="polling",
    ),
    "polling": Mode(
        "Long-polling, 100 clients",
        "polling",
        "per_second",
        "requests/s",
        {"clients": 100},
        needs="polling",
    ),
    "idle-10000": idle(10_000),
    "idle-18000": idle(18_000),
    "leave-15000": Mode(
        "15,000 clients leave at once: the server's CPU time until it knows",
        "leave",
        "cpu_us",
        "ms in all",
        {"clients": 15_000},
        scale=15_000 / 1000,
        estimate=10,
        fixed_time=True,
    ),
    "stall": Mode(
        "WebSocket ping while a handler does not return for 5 s, p99",
        "stall",
        "ping_p99_ms",
        "ms",
        {"clients": 100, "seconds": 5},
        needs="hold",
        estimate=10,
        both_cores=True,
        heartbeats=True,
    ),
    "stream-tick": stream("one producer", "tick"),
    "stream-tasks": stream("a producer each", "stream"),
    "mixed": Mode(
        "Mixed load at fixed rates, p99 of an echo",
        "mixed",
        "p99_us",
        "ms",
        {"clients": 500},
        needs="polling",
        scale=1 / 1000,
        estimate=3,
    ),
    "emit-one": emit_cost(
        "Awaited emits to one in a row, CPU time of Python's thread for each",
        1,
        '["emit_cost","one",1000,15]',
    ),
    "emit-room": emit_cost(
        "Awaited emits to a room of 5,000 in a row, CPU time of Python's thread for each",
        5000,
        '["emit_cost","everybody",300,5]',
    ),
}

QUICK = (
    "echo-8",
    "echo-1",
    "broadcast-1000-1",
    "broadcast-1000-8",
    "connect",
    "polling",
    "idle-10000",
)
