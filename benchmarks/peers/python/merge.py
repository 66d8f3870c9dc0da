"""What pycrdt takes to merge the updates in a file, each after its size in four bytes.

python merge.py merge EDITS FILE; `0` in place of all that prints the versions and ends.
"""

import importlib
import json
import sys
import time
from pathlib import Path

TIMES = 3


def updates_in(path: Path) -> list[bytes]:
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def main() -> None:
    if sys.argv[1] == "0":
        version = importlib.import_module("importlib.metadata").version("pycrdt")
        print(json.dumps({"python": sys.version.split()[0], "pycrdt": version}))
        return
    merge = importlib.import_module("pycrdt").merge_updates
    updates = updates_in(Path(sys.argv[-1]))
    took, merged = [], b""
    for _ in range(TIMES):
        began = time.perf_counter()
        merged = merge(*updates)
        took.append((time.perf_counter() - began) * 1e6)
    print(json.dumps({"merge_us": sorted(took)[TIMES // 2], "bytes": len(merged)}))


main()
