"""Prints where scenarios differ, for those who write them: `python -m interop.differential NAME…`.

Without names all are played. What `changes.py` names is left out. `--write docs/migrating.md` puts
the list of differences into the migration guide.
"""

import sys
import traceback
from pathlib import Path
from typing import Any

from .changes import changes_of
from .differences import table
from .houses import OURS, by_the_reference, perform
from .table import load


def differing(theirs: Any, ours: Any, path: tuple[Any, ...] = ()) -> Any:
    """The paths at which two transcripts differ, and what stands there."""
    if type(theirs) is type(ours) is dict and theirs.keys() == ours.keys():
        pairs = [(key, theirs[key], ours[key]) for key in theirs]
    elif type(theirs) is type(ours) is list and len(theirs) == len(ours):
        pairs = [(i, *each) for i, each in enumerate(zip(theirs, ours, strict=True))]
    else:
        if theirs != ours:
            yield path, theirs, ours
        return
    for key, one, other in pairs:
        yield from differing(one, other, (*path, key))


def write(guide: Path) -> None:
    """Replace what stands between the guide's two marks."""
    before, mark, rest = guide.read_text().partition("<!-- differences -->\n")
    _, end, after = rest.partition("<!-- /differences -->")
    guide.write_text(f"{before}{mark}{table()}\n{end}{after}")


def main(names: list[str]) -> None:
    scenarios = load()
    print(len(scenarios), "scenarios")
    for name in names or scenarios:
        for door in scenarios[name].doors:
            try:
                theirs, ours = by_the_reference(name), perform(scenarios[name], OURS[door])
            except Exception:
                print(f"{name} by {door}:")
                traceback.print_exc(limit=-4, file=sys.stdout)
                continue
            for path, one, other in differing(theirs, ours):
                if changes_of(name).get(path) != (one, other):
                    print(f"{name} by {door}: {path}\n    theirs {one!r}\n    ours   {other!r}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]))
    else:
        main(sys.argv[1:])
