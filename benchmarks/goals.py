"""The goals: P1 to P12 of the server, Y1 to Y9 of what it shares; what a document says of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from results import Document, Spread, number, row, spread_text

MOUNTED, OWN, OWN_2, BARE = "native-mounted", "native-own", "native-own-2", "bare"
PYTHON = ("python-uvicorn", "python-aiohttp", "python-granian")


class Missing(Exception):
    """The document has no such measurement: why, in a few words."""


def figure(document: Document, mode: str, peer: str, name: str, scale: float = 1.0) -> Spread:
    if peer in document["skipped"]:
        raise Missing(f"{peer} was skipped")
    cell: dict[str, Any] = document["summary"].get(mode, {}).get(peer, {})
    if "figures" not in cell:
        reason = cell.get("failed", ["not in this run"])[0]
        raise Missing(f"{peer}, {mode}: {reason}")
    spread: Spread = cell["figures"][name]
    return {key: value * scale for key, value in spread.items()}


@dataclass(frozen=True)
class Verdict:
    text: str
    met: bool | None  # None: not measured
    judges: bool = True  # else it only shows the figure that others judge


Check = Callable[[Document], Verdict]


@dataclass(frozen=True)
class Source:
    """Where a figure is found."""

    mode: str
    peer: str
    name: str
    unit: str
    scale: float = 1.0

    def read(self, document: Document) -> Spread:
        return figure(document, self.mode, self.peer, self.name, self.scale)


def _checked(check: Check) -> Check:
    def guarded(document: Document) -> Verdict:
        try:
            return check(document)
        except Missing as why:
            return Verdict(f"not measured: {why}", None)

    return guarded


def bound(source: Source, limit: float, at_least: bool, title: str = "") -> Check:
    """The median is at least, or at most, so much."""

    def check(document: Document) -> Verdict:
        found = source.read(document)
        met = found["median"] >= limit if at_least else found["median"] <= limit
        sign = "≥" if at_least else "≤"
        said = f"{spread_text(found)} {source.unit}"
        return Verdict(f"{title}{said} ({sign} {number(limit)})", met)

    return _checked(check)


def shown(source: Source, title: str = "") -> Check:
    """The figure by itself, which only the checks after it judge."""

    def check(document: Document) -> Verdict:
        return Verdict(
            f"{title}{spread_text(source.read(document))} {source.unit}", True, judges=False
        )

    return _checked(check)


def factor(
    source: Source, peers: tuple[str, ...], wanted: float, title: str, at_most: bool = False
) -> Check:
    """Our median against the best median of the peers that were measured."""

    def check(document: Document) -> Verdict:
        ours = source.read(document)["median"]
        theirs, reasons = [], []
        for peer in peers:
            try:
                found = figure(document, source.mode, peer, source.name, source.scale)
                theirs.append(found["median"])
            except Missing as why:
                reasons.append(str(why))
        if not theirs:
            raise Missing("; ".join(reasons))
        ratio = ours / max(theirs)
        met = ratio <= wanted if at_most else ratio >= wanted
        sign = "≤" if at_most else "≥"
        return Verdict(f"{number(ratio)} × {title} ({sign} {wanted:g})", met)

    return _checked(check)


@dataclass(frozen=True)
class Goal:
    key: str
    work: str
    checks: tuple[Check, ...]

    def verdicts(self, document: Document) -> list[Verdict]:
        return [check(document) for check in self.checks]


def rate(mode: str, peer: str, unit: str) -> Source:
    return Source(mode, peer, "per_second", unit)


def _goals() -> list[Goal]:
    echo_8 = rate("echo-8", MOUNTED, "acks/s")
    echo_1 = rate("echo-1", MOUNTED, "acks/s")
    late_1 = Source("echo-1", MOUNTED, "p99_us", "ms", 1e-3)
    window_1 = rate("broadcast-1000-1", MOUNTED, "deliveries/s")
    window_8 = rate("broadcast-1000-8", MOUNTED, "deliveries/s")
    connect_own = rate("connect", OWN, "clients/s")
    stream = ("stream-tick", MOUNTED)

    def memory(peer: str) -> Source:
        return Source("idle-10000", peer, "bytes_each", "KB", 1e-3)

    def stalled(name: str, peer: str) -> Source:
        return Source("stall", peer, f"{name}_p99_ms", "ms")

    def leaving(peer: str) -> Source:
        return Source("leave-15000", peer, "cpu_us", "ms", 15_000 / 1000)

    def emit(mode: str) -> Source:
        return Source(mode, OWN, "answer", "µs")

    def per_message(peer: str) -> Source:
        return Source("echo-8", peer, "cpu_us", "µs")

    return [
        Goal(
            "P1",
            "echo, mounted in FastAPI under uvicorn, 100 × 8",
            (
                bound(echo_8, 500_000, True),
                factor(echo_8, PYTHON, 27, "python-socketio's best"),
                factor(echo_8, ("node",), 6, "Node"),
                factor(echo_8, ("bun",), 1.5, "Bun"),
                factor(echo_8, ("socketioxide",), 1.5, "socketioxide"),
            ),
        ),
        Goal(
            "P2",
            "the same, one in flight",
            (
                bound(echo_1, 115_000, True),
                factor(late_1, (BARE,), 1.5, "bare epoll's p99", at_most=True),
                factor(echo_1, PYTHON, 5, "python-socketio's best"),
                factor(echo_1, ("bun",), 1, "Bun"),
                factor(echo_1, ("socketioxide",), 1, "socketioxide"),
            ),
        ),
        Goal(
            "P3",
            "broadcast to 1,000, window 1",
            (
                shown(window_1),
                factor(window_1, (BARE,), 0.9, "bare epoll"),
                factor(window_1, PYTHON, 7, "python-socketio's best"),
                factor(window_1, ("bun",), 1, "Bun"),
            ),
        ),
        Goal(
            "P4",
            "broadcast to 1,000, window 8",
            (
                bound(window_8, 1_200_000, True),
                factor(window_8, ("socketioxide",), 1.8, "socketioxide"),
                factor(window_8, ("node",), 10, "Node"),
                factor(window_8, ("bun-publish",), 0.7, "uWebSockets' publish"),
            ),
        ),
        Goal(
            "P5",
            "connect and leave, with a Python connect handler",
            (
                shown(connect_own, "own port "),
                factor(connect_own, (BARE,), 0.75, "bare epoll"),
                bound(rate("connect", MOUNTED, "clients/s"), 5000, True, "mounted "),
            ),
        ),
        Goal(
            "P6",
            "memory of an idle client",
            (
                bound(memory(OWN), 2, False, "own port "),
                bound(memory(MOUNTED), 2, False, "mounted "),
            ),
        ),
        Goal(
            "P7",
            "p99 delay while Python holds the GIL for 5 s",
            (
                bound(stalled("ping", OWN), 5, False, "own port: ping "),
                bound(stalled("heartbeat", OWN), 5, False, "heartbeat "),
                bound(stalled("ping", MOUNTED), 5, False, "mounted: ping "),
                bound(stalled("heartbeat", MOUNTED), 5, False, "heartbeat "),
            ),
        ),
        Goal(
            "P8",
            "awaited emit, CPU time of Python's thread",
            (
                bound(emit("emit-one"), 1, False, "to one "),
                bound(emit("emit-room"), 1, False, "to 5,000 "),
            ),
        ),
        Goal(
            "P9",
            "1,000 streams × 50 deltas/s, Python producing",
            (
                bound(Source(*stream, "server_cores", "% of a core", 100), 35, False),
                bound(rate(*stream, "deltas/s"), 0.98 * 50_000, True),
            ),
        ),
        Goal(
            "P10",
            "15,000 clients leave at once",
            (
                bound(leaving(OWN), 300, False, "own port "),
                bound(leaving(MOUNTED), 300, False, "mounted "),
            ),
        ),
        Goal(
            "P11",
            "two threads, CPU per message beside one",
            (
                shown(per_message(OWN_2)),
                factor(per_message(OWN_2), (OWN,), 1.1, "one thread", at_most=True),
            ),
        ),
        Goal(
            "P12",
            "long-polling requests",
            (
                bound(rate("polling", "native-uvicorn", "requests/s"), 10_000, True, "uvicorn "),
                bound(rate("polling", OWN, "requests/s"), 80_000, True, "own port "),
            ),
        ),
    ]


def _goals_of_documents() -> list[Goal]:
    def both(mode: str, name: str, unit: str, limit: float, at_least: bool) -> tuple[Check, Check]:
        own, mounted = (Source(mode, peer, name, unit) for peer in (OWN, MOUNTED))
        return (
            bound(own, limit, at_least, "own port "),
            bound(mounted, limit, at_least, "mounted "),
        )

    ydoc, yjs = (rate(mode, MOUNTED, "deliveries/s") for mode in ("ydoc-50", "yjs-50"))

    def join(mode: str) -> Source:
        return Source(mode, OWN, "join_cpu_us", "ms", 1e-3)

    def merge(peer: str) -> Source:
        return Source("merge", peer, "merge_us", "ms", 1e-3)

    return [
        Goal(
            "Y1",
            "Open WebUI's events, 50 editors in one document",
            (
                *both("ydoc-50", "per_second", "deliveries/s", 400_000, True),
                factor(ydoc, ("open-webui",), 10, "Open WebUI's way on python-socketio"),
            ),
        ),
        Goal(
            "Y2",
            "y-socket.io's events, 50 editors in one document",
            (
                *both("yjs-50", "per_second", "deliveries/s", 300_000, True),
                factor(yjs, ("y-socket.io",), 5, "y-socket.io"),
                factor(yjs, ("y-websocket",), 2, "y-websocket"),
            ),
        ),
        Goal(
            "Y3",
            "1,000 editors join one document at once, until all have it",
            both("ydoc-join", "seconds", "s", 5, False),
        ),
        Goal(
            "Y4",
            "300 updates/s among 1,000 editors, until the last has it",
            (
                bound(
                    Source("ydoc-rate", OWN, "updates_per_second", "updates/s"), 0.98 * 300, True
                ),
                bound(Source("ydoc-rate", OWN, "p99_us", "ms", 1e-3), 50, False, "p99 "),
            ),
        ),
        Goal(
            "Y5",
            "10,000 open documents of 10,000 characters",
            (bound(Source("ydoc-open", OWN, "resident_growth", "MB", 1e-6), 250, False),),
        ),
        Goal(
            "Y6",
            "a document of 260,000 edits",
            (
                bound(Source("ydoc-history", OWN, "state_bytes", "KB", 1e-3), 300, False),
                bound(join("ydoc-history"), 2, False, "a join, Open WebUI's "),
                bound(join("yjs-history"), 2, False, "a join, y-socket.io's "),
            ),
        ),
        Goal(
            "Y7",
            "10,000 updates are merged",
            (
                bound(merge("native-parts"), 2, False),
                shown(merge("yjs"), "yjs "),
                shown(merge("pycrdt"), "pycrdt "),
            ),
        ),
        Goal(
            "Y8",
            "presence: one who comes, and his part of a diff",
            (bound(Source("presence", "native-parts", "track_us", "µs"), 2, False),),
        ),
        Goal(
            "Y9",
            "usage, natively",
            (bound(rate("usage", "native-parts", "records/s"), 1_000_000, True),),
        ),
    ]


GOALS = _goals()
DOCUMENT_GOALS = _goals_of_documents()


def outcome(verdicts: list[Verdict]) -> str:
    judges = [one.met for one in verdicts if one.judges]
    if False in judges:
        return "**missed**"
    if None not in judges:
        return "met"
    return "met as far as measured" if True in judges else "not measured"


def mark(verdict: Verdict) -> str:
    known = verdict.met if verdict.judges else None
    return {True: "✓ ", False: "✗ ", None: "– "}[known] + verdict.text


def table(document: Document, goals: list[Goal]) -> str:
    lines = [row(["", "work", "measured: median (min–max), and what was wanted", ""])]
    lines.append(row(["---"] * 4))
    for goal in goals:
        verdicts = goal.verdicts(document)
        said = "<br>".join(mark(one) for one in verdicts)
        lines.append(row([goal.key, goal.work, said, outcome(verdicts)]))
    return "\n".join(lines)
