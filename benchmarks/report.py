"""Fill docs/performance.md, its charts and the README's chart from one result document:
`make bench-report RESULT=benchmarks/results/….json`. No figure there comes from anywhere else.
"""

import argparse
import json
import re
from pathlib import Path

import charts
import goals
from modes import MODES
from peers import ROOT
from results import Document, table

CHARTS = {
    "charts/overview.svg": ["echo-8", "broadcast-1000-8", "idle-10000"],
    "charts/echo.svg": ["echo-8", "echo-1"],
    "charts/broadcast.svg": ["broadcast-1000-1", "broadcast-1000-8", "broadcast-10000-8"],
    "charts/connect.svg": ["connect", "connect-polling", "polling"],
    "charts/memory.svg": ["idle-10000", "idle-18000"],
}


def fill(text: str, section: str, content: str) -> str:
    """Replace what stands between `<!-- section -->` and `<!-- /section -->`."""
    pattern = re.compile(f"(<!-- {section} -->\n).*?(<!-- /{section} -->)", re.DOTALL)
    filled, times = pattern.subn(lambda match: match[1] + content + match[2], text)
    if times != 1:
        raise SystemExit(f"no place for {section!r}, or more than one")
    return filled


def measured_where(document: Document, source: Path) -> str:
    where, settings = document["machine"], document["settings"]
    return (
        f"All figures here are of one run: [{source.name}](../{source.relative_to(ROOT)}), "
        f"{document['date']}, {where['processor']}, {where['cores']} cores, Linux "
        f"{where['kernel']}; {settings['rounds']} rounds of {settings['seconds']:g} s each.\n"
    )


def versions(document: Document) -> str:
    lines = []
    for peer in document["peers"].values():
        found = ", ".join(f"{name} {number}" for name, number in peer["versions"].items())
        lines.append(f"- {peer['title']}: {found or 'this repository'}\n")
    lines += [f"- {key}: skipped, {why}\n" for key, why in document["skipped"].items()]
    return "".join(lines)


def write_charts(document: Document, folder: Path) -> dict[str, str]:
    """The Markdown that shows each chart that could be drawn."""
    shown = {}
    for name, modes in CHARTS.items():
        drawn = charts.picture(document, modes)
        if drawn is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(drawn)
            shown[name] = "; ".join(MODES[mode].title for mode in modes)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("result", type=Path)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where to write instead")
    options = parser.parse_args()
    source = options.result.resolve()
    document: Document = json.loads(source.read_text())

    shown = write_charts(document, options.docs)
    images = "".join(
        f"![{title}]({name})\n\n" for name, title in shown.items() if "overview" not in name
    )
    tables = "\n".join(line for key in document["summary"] for line in table(document, key))
    page = options.docs / "performance.md"
    text = page.read_text()
    for section, content in (
        ("run", measured_where(document, source)),
        ("goals", goals.table(document) + "\n"),
        ("charts", images),
        ("tables", tables + "\n"),
        ("versions", versions(document)),
    ):
        text = fill(text, section, content)
    page.write_text(text)
    readme = options.docs.parent / "README.md"
    overview = "charts/overview.svg"
    if overview in shown:
        image = f"![{shown[overview]}](docs/{overview})\n"
        readme.write_text(fill(readme.read_text(), "chart", image))


if __name__ == "__main__":
    main()
