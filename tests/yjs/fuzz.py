"""Compares the update algebra with yjs and pycrdt on many histories, and writes report.md.

    python -m tests.yjs.fuzz TOOL [HISTORIES [FIRST_SEED]]

Ends with 1 if there is a difference.
"""

import json
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from .pycrdt_histories import differences
from .tool import Tool

HERE = Path(__file__).parent
PACKAGES = HERE.parent / "interop" / "node_modules"

REPORT = """# Yjs updates against yjs and pycrdt

Random histories of two to five editors: texts with formats, embeds, emoji and cut surrogate pairs,
maps, arrays, XML, types in types, subdocuments, undo and redo, with and without garbage collection,
each editor having seen some of what the others did. What the relay makes of their updates — merged
at once, merges of merges in random order, a snapshot and a tail, a diff, with an update lost that
comes late, and each of these plain, squashed, and with deleted content dropped — is loaded by the
real libraries and compared with the updates themselves: contents, state vector, delete set,
snapshot, what is pending. `make fuzz` writes this file.

| | |
|---|---:|
| histories of yjs {yjs} | {histories:,} |
| differences | {differences:,} |
| histories of pycrdt {pycrdt} | {pycrdt_histories:,} |
| differences | {pycrdt_differences:,} |
| updates of yjs | {updates:,} |
| of histories, with a surrogate pair that was cut | {cutPairs:,} |
| of histories, yjs's own three ways to a live editor differ | {disagreed:,} |

| size of all histories of yjs | bytes |
|---|---:|
| the updates | {raw:,} |
| yjs, `mergeUpdates` | {yjs_size:,} |
| yjs, a document's state | {state:,} |
| merged | {plain:,} |
| merged and squashed | {squash:,} |
| and deleted content dropped | {dropped:,} |

Seeds from {first_seed}; {seconds:.0f} s; Node {node}, Python {python}.
"""


def yjs_version() -> str:
    return str(json.loads((PACKAGES / "yjs" / "package.json").read_text())["version"])


def main(tool: str, histories: int = 3_000, first_seed: int = 1) -> int:
    began = time.monotonic()
    command = ["node", HERE / "differential.mjs", tool, str(histories), str(first_seed)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *lines, last = ran.stdout.splitlines()
    sums = {"disagreed": 0, **json.loads(last)}
    with Tool(Path(tool)) as asked:
        found = differences(asked, range(first_seed, first_seed + histories))
    print("\n".join([*lines, *found]))
    report = REPORT.format(
        **{key: sums[key] for key in ("histories", "differences", "updates", "cutPairs")},
        **{key: sums[key] for key in ("disagreed", "raw", "state", "plain", "squash")},
        yjs=yjs_version(),
        yjs_size=sums["yjs"],
        dropped=sums["squash+drop"],
        pycrdt=version("pycrdt"),
        pycrdt_histories=histories,
        pycrdt_differences=len(found),
        first_seed=first_seed,
        seconds=time.monotonic() - began,
        node=subprocess.check_output(["node", "--version"], text=True).strip().lstrip("v"),
        python=platform.python_version(),
    )
    (HERE / "report.md").write_text(report)
    print(report)
    return 1 if lines or found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
