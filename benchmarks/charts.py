"""Bar charts as small SVG files that are legible on light and on dark pages.

One bar for each server, its median; a thin line from the lowest to the highest of the rounds.
"""

from dataclasses import dataclass
from html import escape

from modes import MODES
from results import Document, Spread, number

WIDTH, LABELS, VALUES = 640, 200, 90  # of the picture, its left and its right column
BAR, GAP, TITLE, MARGIN = 16, 6, 34, 8
LIMITS = ("bare", "bun-publish")  # no Socket.IO servers

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; font-size: 13px; fill: #24292f }
.bar { fill: #8c959f } .ours { fill: #2f81f7 } .limit { fill: #bf8700 }
.spread { stroke: #24292f; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 } .title { fill: #e6edf3 } .spread { stroke: #e6edf3 }
}
""".strip()


@dataclass(frozen=True)
class Bar:
    label: str
    kind: str  # bar, ours or limit
    values: Spread


def bars(document: Document, mode: str) -> list[Bar]:
    """The servers in the document's order; who failed or was skipped has none."""
    found = []
    for peer, cell in document["summary"].get(mode, {}).items():
        if "figures" in cell:
            values = cell["figures"][MODES[mode].figure]
            scaled = {key: value * MODES[mode].scale for key, value in values.items()}
            kind = "ours" if peer.startswith("native") else "limit" if peer in LIMITS else "bar"
            found.append(Bar(document["peers"][peer]["title"], kind, scaled))
    return found


def chart(title: str, all_bars: list[Bar], top: int = 0) -> tuple[list[str], int]:
    """The chart's elements, and the height at which the next begins."""
    most = max(bar.values["max"] for bar in all_bars) or 1.0
    room = WIDTH - LABELS - VALUES

    def x(value: float) -> float:
        return round(LABELS + room * value / most, 1)

    parts = [f'<text class="title" x="{MARGIN}" y="{top + 20}">{escape(title)}</text>']
    y = top + TITLE
    for bar in all_bars:
        middle, low, high = (x(bar.values[key]) for key in ("median", "min", "max"))
        centre = y + BAR / 2
        parts += [
            f'<text x="{LABELS - 8}" y="{y + 12}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{bar.kind}" x="{LABELS}" y="{y}" height="{BAR}" rx="2"'
            f' width="{max(round(middle - LABELS, 1), 1)}"/>',
            f'<line class="spread" x1="{low}" x2="{high}" y1="{centre}" y2="{centre}"/>',
            f'<text x="{high + 6}" y="{y + 12}">{number(bar.values["median"])}</text>',
        ]
        y += BAR + GAP
    return parts, y + MARGIN


def picture(document: Document, modes: list[str]) -> str | None:
    """Charts of these modes below one another; None when none of them was measured."""
    parts: list[str] = []
    top = 0
    for mode in modes:
        if found := bars(document, mode):
            more, top = chart(f"{MODES[mode].title} – {MODES[mode].unit}", found, top)
            parts += more
    if not parts:
        return None
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}"'
        f' height="{top}" role="img">\n<style>{STYLE}</style>\n{body}\n</svg>\n'
    )
