"""Fill docs/performance.md, its charts and the README's chart from a result document:
`make bench-report RESULT=benchmarks/results/….json`. No figure there comes from anywhere else.

What is about shared documents, presence and usage is a part of its own; a document fills the parts
that it has measured.
"""

import argparse
import json
import re
from pathlib import Path

import charts
import goals
from modes import DOCUMENTS, MODES
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
        f"All figures of this part are of one run: [{source.name}](../{source.relative_to(ROOT)}), "
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


def part_of(document: Document, of_documents: bool) -> Document:
    """What of it is in the one part of the page or in the other."""
    summary = {
        key: cells
        for key, cells in document["summary"].items()
        if (key in DOCUMENTS) == of_documents
    }
    measured = {name for cells in summary.values() for name in cells}
    peers = {name: peer for name, peer in document["peers"].items() if name in measured}
    return {**document, "summary": summary, "peers": peers}


def tables_of(document: Document) -> str:
    return "\n".join(line for key in document["summary"] for line in table(document, key)) + "\n"


def fill_page(text: str, document: Document, source: Path, images: str) -> str:
    server, shared = part_of(document, False), part_of(document, True)
    sections: list[tuple[str, str]] = []
    if server["summary"]:
        sections += [
            ("run", measured_where(document, source)),
            ("goals", goals.table(server, goals.GOALS) + "\n"),
            ("charts", images),
            ("tables", tables_of(server)),
            ("versions", versions(server)),
        ]
    if shared["summary"]:
        sections += [
            ("documents-run", measured_where(document, source)),
            ("documents-goals", goals.table(shared, goals.DOCUMENT_GOALS) + "\n"),
            ("documents-tables", tables_of(shared)),
            ("documents-versions", versions(shared)),
        ]
    for section, content in sections:
        text = fill(text, section, content)
    return text


def usage_sums() -> str:
    """What benchmarks/usage.py has found last, without its title."""
    text = (ROOT / "benchmarks" / "results" / "usage.md").read_text()
    return text.partition("\n\n")[2]


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
    page = options.docs / "performance.md"
    text = fill_page(page.read_text(), document, source, images)
    page.write_text(fill(text, "usage", usage_sums()))
    readme = options.docs.parent / "README.md"
    overview = "charts/overview.svg"
    if overview in shown:
        image = f"![{shown[overview]}](docs/{overview})\n"
        readme.write_text(fill(readme.read_text(), "chart", image))


if __name__ == "__main__":
    main()
