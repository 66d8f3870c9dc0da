"""The table of the JavaScript server's behaviours says where each is tested, or why it is not."""

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent


def rows():
    for line in (HERE / "reference_server.md").read_text().splitlines():
        if line.startswith("| ") and line != "| behaviour | here |":
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_each_behaviour_has_a_test_or_a_reason() -> None:
    found = list(rows())
    assert len(found) > 100
    for behaviour, here in found:
        if re.match(r"n/a: .{10}", here):
            continue
        file, name = here.split("::")
        text = (HERE / file).read_text()
        assert f"def {name}(" in text, f"{behaviour}: {here}"
