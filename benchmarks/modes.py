"""What is measured: each mode is one run of the load generator against a fresh server."""

from dataclasses import dataclass, field, replace
from typing import Any

PING_INTERVAL = 1.0  # seconds, where heartbeats are measured
SMOKE_CLIENTS = 40
SHARING = ("--documents",)
EDITS = 260_000
MERGED = 10_000  # updates
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
    server_flags: tuple[str, ...] = ()
    alone: bool = False  # a program of the peer's measures itself, and there is no server
    small_options: dict[str, Any] = field(default_factory=dict)  # for `small`

    def flags(self, seconds: float) -> list[str]:
        options = dict(self.options)
        if not self.fixed_time:
            options.setdefault("seconds", seconds)
        if self.heartbeats:
            options["interval"] = PING_INTERVAL
        return [part for name, value in options.items() for part in (f"--{name}", str(value))]

    def small(self) -> "Mode":
        """The same with few clients and for a moment: does it work at all?"""
        if self.alone:
            return self
        options = self.options | {"warm-up": 0.1} | self.small_options
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


def edit(title: str, dialect: str, editors: int, window: int) -> Mode:
    return Mode(
        f"{title}: {editors} editors in one document, window {window}",
        "edit",
        "per_second",
        "deliveries/s",
        {"dialect": dialect, "clients": editors, "in-flight": window},
        needs="ydoc" if dialect == "ydoc" else "yjs",
        server_flags=SHARING,
    )


def history(title: str, dialect: str) -> Mode:
    return Mode(
        f"{title}: joining a document after {EDITS:,} edits, the last a moment ago",
        "join-history",
        "join_cpu_us",
        "ms of the server's CPU",
        {"dialect": dialect, "edits": EDITS},
        needs="thousands",
        scale=1 / 1000,
        estimate=10,
        fixed_time=True,
        server_flags=SHARING,
        small_options={"edits": 2_000},
    )


def alone(
    title: str, scenario: str, figure: str, unit: str, needs: str = "parts", scale: float = 1.0
) -> Mode:
    return Mode(
        title,
        scenario,
        figure,
        unit,
        needs=needs,
        scale=scale,
        estimate=2,
        fixed_time=True,
        alone=True,
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
DOCUMENTS = {
    "ydoc-50": edit("Open WebUI's events", "ydoc", 50, 32),
    "yjs-50": edit("y-socket.io's events", "y-socket.io", 50, 32),
    "ydoc-rate": Mode(
        "300 updates/s among 1,000 editors, until the last has it, p99",
        "edit",
        "p99_us",
        "ms",
        {"dialect": "ydoc", "clients": 1000, "rate": 300},
        needs="thousands",
        scale=1 / 1000,
        estimate=10,
        server_flags=SHARING,
    ),
    "ydoc-join": Mode(
        "1,000 editors join one document of 10,000 characters at once",
        "join-document",
        "seconds",
        "s until all have it",
        {"dialect": "ydoc", "clients": 1000, "payload": 10_000},
        needs="ydoc",
        estimate=10,
        fixed_time=True,
        server_flags=SHARING,
    ),
    "ydoc-open": Mode(
        "Memory of 10,000 open documents of 10,000 characters",
        "open-documents",
        "resident_growth",
        "MB",
        {"dialect": "ydoc", "clients": 625, "payload": 10_000},
        needs="thousands",
        scale=1e-6,
        estimate=10,
        fixed_time=True,
        server_flags=SHARING,
    ),
    "ydoc-history": history("Open WebUI's events", "ydoc"),
    "yjs-history": history("y-socket.io's events", "y-socket.io"),
    "merge": alone(f"Merging {MERGED:,} updates", "merge", "merge_us", "ms", "merge", 1 / 1000),
    "presence": alone(
        "Presence: one who comes, and his part of a diff", "presence", "track_us", "µs"
    ),
    "usage": alone("Usage: records with ids", "usage", "per_second", "records/s"),
}
MODES |= DOCUMENTS

QUICK = (
    "echo-8",
    "echo-1",
    "broadcast-1000-1",
    "broadcast-1000-8",
    "connect",
    "polling",
    "idle-10000",
)
