"""python-socketio and we are seen to do the same, but for what the list of differences names."""

from pathlib import Path

import pytest

from .changes import CHANGES, without_differences
from .differences import DIFFERENCES, table
from .houses import OURS, by_the_reference, perform
from .table import load

GUIDE = Path(__file__).parents[3] / "docs" / "migrating.md"
# tests/python/test_names.py sees that clients are passed on, test_annotated_handlers.py the others
UNSEEN = {"clients", "annotations"}
PLAYS = [(name, door) for name, scenario in load().items() for door in scenario.doors]


@pytest.mark.parametrize(("name", "door"), PLAYS)
def test_we_do_what_python_socketio_does(name: str, door: str) -> None:
    ours = perform(load()[name], OURS[door])
    theirs, ours = without_differences(name, by_the_reference(name), ours)
    assert ours == theirs


def test_each_wanted_difference_is_seen_in_a_scenario_and_no_other() -> None:
    assert set(CHANGES) == set(DIFFERENCES) - UNSEEN
    assert {name for scenarios in CHANGES.values() for name in scenarios} <= set(load())


def test_the_migration_guide_has_the_list() -> None:
    """`python -m interop.differential --write GUIDE` puts it there."""
    assert table() in GUIDE.read_text()
