"""Rounds of measurements as one JSON document and Markdown tables."""

import json
import os
import platform
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

from modes import MODES, Mode

Document = dict[str, Any]
Spread = dict[str, float]  # median, min, max


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def machine() -> dict[str, Any]:
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "kernel": os.uname().release,
    }


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def summary(runs: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """mode -> peer -> {"figures": {name: median, min, max}} or, if no round worked, {"failed"}."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        cell = found.setdefault(run["mode"], {}).setdefault(run["peer"], {"runs": [], "failed": []})
        if "figures" in run:
            cell["runs"].append(run["figures"])
        else:
            cell["failed"].append(run["error"])
    for peers in found.values():
        for cell in peers.values():
            figures = cell.pop("runs")
            if figures:
                cell["figures"] = {
                    name: spread([one[name] for one in figures if name in one])
                    for name in figures[0]
                }
            if not cell["failed"]:
                del cell["failed"]
    return found


def spread(values: list[float]) -> Spread:
    return {"median": median(values), "min": min(values), "max": max(values)}


def number(value: float) -> str:
    """Three significant digits, whole from 100 on."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread_text(values: Spread, scale: float = 1.0) -> str:
    middle, low, high = (number(values[key] * scale) for key in ("median", "min", "max"))
    return middle if low == high else f"{middle} ({low}–{high})"


def row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


# Beside a mode's own figure: name in the generator's result, heading, scale.
MORE = (
    ("per_second", "messages or clients/s", 1.0),
    ("cpu_us", "server CPU, µs each", 1.0),
    ("p50_us", "p50, ms", 1e-3),
    ("p99_us", "p99, ms", 1e-3),
    ("heartbeat_p99_ms", "heartbeat late by, p99, ms", 1.0),
    ("calm_ping_p99_ms", "ping before, p99, ms", 1.0),
    ("calm_heartbeat_p99_ms", "heartbeat before, p99, ms", 1.0),
    ("updates_per_second", "updates/s", 1.0),
    ("state_bytes", "state, KB", 1e-3),
    ("bytes", "result, KB", 1e-3),
    ("retries", "not let in at first", 1.0),
    ("not_released", "not released", 1.0),
    ("unanswered", "unanswered", 1.0),
    ("generator_busy", "generator busy, %", 100.0),
)


def table(document: Document, key: str) -> list[str]:
    """What one mode gave, as Markdown lines."""
    mode: Mode = MODES[key]
    cells: dict[str, Any] = document["summary"][key]
    titles = {peer: described["title"] for peer, described in document["peers"].items()}
    measured = [cell["figures"] for cell in cells.values() if "figures" in cell]
    extra = [
        more
        for more in MORE
        if more[0] != mode.figure and any(more[0] in figures for figures in measured)
    ]
    lines = [f"### {mode.title}", "", row(["server", mode.unit, *(more[1] for more in extra)])]
    lines.append(row(["---", "---:", *("---:" for _ in extra)]))
    for peer, cell in cells.items():
        if "figures" not in cell:
            lines.append(row([titles[peer], f"failed: {cell['failed'][0]}", *("" for _ in extra)]))
            continue
        figures = cell["figures"]
        mark = f" ({len(cell['failed'])} rounds failed)" if "failed" in cell else ""
        others = (
            spread_text(figures[name], scale) if name in figures else "" for name, _, scale in extra
        )
        lines.append(
            row([titles[peer], spread_text(figures[mode.figure], mode.scale) + mark, *others])
        )
    flags = [] if mode.alone else mode.flags(document["settings"]["seconds"])
    command = " ".join([mode.scenario, *flags])
    return [*lines, "", f"<sub>`{key}`: `{command}`</sub>", ""]


def markdown(document: Document) -> str:
    settings, where = document["settings"], document["machine"]
    lines = [
        f"# Benchmarks of {document['date']}",
        "",
        f"{where['processor']}, {where['cores']} cores, Linux {where['kernel']}. Server on one "
        f"core, generator on another. {settings['rounds']} rounds, the servers in turn within "
        f"each; {settings['seconds']:g} s a measurement; median (lowest–highest).",
        "",
    ]
    for key in document["summary"]:
        lines += table(document, key)
    lines += ["## Versions", ""]
    for peer in document["peers"].values():
        versions = ", ".join(f"{name} {number}" for name, number in peer["versions"].items())
        lines.append(f"- {peer['title']}: {versions or 'this repository'}")
    for key, reason in document["skipped"].items():
        lines.append(f"- {key} was skipped: {reason}")
    return "\n".join([*lines, ""])


def save(document: Document, folder: Path) -> Path:
    """Write both forms, named by date; returns the table's path."""
    folder.mkdir(exist_ok=True)
    name = document["date"].replace(":", "").replace("+0000", "Z")
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    text = folder / f"{name}.md"
    text.write_text(markdown(document))
    return text
