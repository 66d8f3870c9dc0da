"""Rounds of measurements as one JSON document and a Markdown table."""

import json
import os
import platform
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

PACKAGES = ("sio-native", "python-socketio", "python-engineio", "uvicorn", "uvloop", "httptools")

# Key of a measurement -> what the table calls it, and how a figure is written.
ROWS = {
    "echo_per_second": ("Echo with ack, per second", "{:,.0f}"),
    "echo_cpu_us": ("— server CPU for each, µs", "{:.2f}"),
    "echo_p50_ms": ("— latency p50, ms", "{:.2f}"),
    "echo_p99_ms": ("— latency p99, ms", "{:.2f}"),
    "broadcast_per_second": ("Broadcast, deliveries per second", "{:,.0f}"),
    "broadcast_cpu_us": ("— server CPU for each, µs", "{:.2f}"),
    "idle_bytes": ("Idle memory per connection, bytes", "{:,.0f}"),
}

Rounds = dict[str, list[dict[str, float]]]  # server -> one dict of figures a round


def summary(rounds: Rounds) -> dict[str, dict[str, dict[str, float]]]:
    """Median, lowest and highest of each figure of each server."""
    result: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for server, figures in rounds.items():
        for key in figures[0]:
            values = [one[key] for one in figures]
            result[server][key] = {"median": median(values), "min": min(values), "max": max(values)}
    return dict(result)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def document(rounds: Rounds, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "kernel": os.uname().release,
        },
        "versions": versions(),
        "settings": settings,
        "summary": summary(rounds),
        "rounds": rounds,
    }


def line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def markdown(result: dict[str, Any]) -> str:
    found, settings = result["summary"], result["settings"]
    rows = [line(["median (lowest to highest)", *found]), line(["---", *["---:"] * len(found)])]
    for key, (title, form) in ROWS.items():
        cells = []
        for figures in found.values():
            middle, low, high = (form.format(figures[key][k]) for k in ("median", "min", "max"))
            cells.append(f"{middle} ({low} to {high})")
        rows.append(line([title, *cells]))
    machine = result["machine"]
    busiest = max(
        max(figures[key]["max"] for key in ("echo_generator_busy", "broadcast_generator_busy"))
        for figures in found.values()
    )
    return "\n".join(
        [
            *rows,
            "",
            f"{settings['rounds']} rounds in turn, {settings['seconds']} s a measurement; "
            f"echo: {settings['echo_clients']} WebSocket clients, "
            f"{settings['in_flight']} events of {settings['payload']} characters in flight each; "
            f"broadcast to a room of {settings['room']:,}; "
            f"idle: {settings['idle_clients']:,} WebSocket clients. "
            f"Server on one core, generator on another (busy {busiest:.0%} at most).",
            "",
            f"{result['date']}, {machine['processor']}, {machine['cores']} cores, "
            f"Linux {machine['kernel']}; "
            + ", ".join(f"{name} {number}" for name, number in result["versions"].items())
            + ".",
            "",
        ]
    )


def save(result: dict[str, Any], folder: Path) -> Path:
    """Write both forms, named by date; returns the table's path."""
    folder.mkdir(exist_ok=True)
    name = result["date"].replace(":", "").replace("+0000", "Z")
    (folder / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    table = folder / f"{name}.md"
    table.write_text(markdown(result))
    return table
