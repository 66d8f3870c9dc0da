"""The benchmarks' documents say what the result file says, and no more."""

import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:  # their names are common: `results`, `process`
        del sys.modules[name]


def document(runs: list[dict[str, Any]], skipped: dict[str, str] | None = None) -> dict[str, Any]:
    import results

    peers = {run["peer"]: {"title": run["peer"].upper(), "versions": {}} for run in runs}
    return {
        "date": "2026-01-02T03:04:05+00:00",
        "machine": {"processor": "a <fast> one", "cores": 2, "kernel": "6"},
        "settings": {"rounds": 3, "seconds": 1.0},
        "peers": peers,
        "skipped": skipped or {},
        "summary": results.summary(runs),
        "runs": runs,
    }


def rounds(mode: str, peer: str, figure: str, *values: float) -> list[dict[str, Any]]:
    return [{"mode": mode, "peer": peer, "figures": {figure: value}} for value in values]


def verdicts_of(key: str, given: dict[str, Any]) -> list[tuple[str, bool | None]]:
    import goals

    goal = next(goal for goal in goals.GOALS + goals.DOCUMENT_GOALS if goal.key == key)
    return [(one.text, one.met) for one in goal.verdicts(given)]


def test_goal_is_judged_by_the_median_and_against_the_best_peer():
    runs = [
        *rounds("echo-8", "native-mounted", "per_second", 499_000, 540_000, 600_000),
        *rounds("echo-8", "python-uvicorn", "per_second", 15_000),
        *rounds("echo-8", "python-aiohttp", "per_second", 27_000),
        *rounds("echo-8", "node", "per_second", 80_000),
    ]
    rate, python, node, bun, _ = verdicts_of("P1", document(runs, {"bun": "no"}))
    assert rate == ("540,000 (499,000–600,000) acks/s (≥ 500,000)", True)
    assert python == ("20.0 × python-socketio's best (≥ 27)", False)
    assert node == ("6.75 × Node (≥ 6)", True)
    assert bun == ("not measured: bun was skipped", None)


def test_goal_that_failed_says_why():
    runs = [{"mode": "polling", "peer": "native-own", "error": "no message came"}]
    mounted, own = verdicts_of("P12", document(runs))
    assert mounted[1] is None
    assert own == ("not measured: native-own, polling: no message came", None)


def test_one_missed_check_misses_the_goal():
    import goals

    met, missed, unknown = (goals.Verdict("", value) for value in (True, False, None))
    assert goals.outcome([met, met]) == "met"
    assert goals.outcome([met, missed, unknown]) == "**missed**"
    assert goals.outcome([met, unknown]) == "met as far as measured"
    only_shown = goals.Verdict("", True, judges=False)
    assert goals.outcome([only_shown, unknown]) == "not measured"


def test_table_keeps_the_rounds_that_worked_and_counts_those_that_failed():
    import results

    runs = [
        *rounds("connect", "go", "per_second", 10, 30),
        {"mode": "connect", "peer": "go", "error": "it ended"},
        {"mode": "connect", "peer": "node", "error": "no port"},
    ]
    text = results.markdown(document(runs))
    assert "| GO | 20.0 (10.0–30.0) (1 rounds failed) |" in text
    assert "| NODE | failed: no port |" in text


def test_chart_is_an_image_of_those_that_were_measured():
    from xml.etree import ElementTree

    import charts

    runs = [
        *rounds("echo-8", "native-own", "per_second", 100, 200, 300),
        *rounds("echo-8", "node", "per_second", 50),
        {"mode": "echo-8", "peer": "go", "error": "it ended"},
    ]
    drawn = charts.picture(document(runs), ["echo-8", "echo-1"])
    assert drawn is not None
    tree = ElementTree.fromstring(drawn)
    widths = [float(bar.get("width", 0)) for bar in tree.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[0] == pytest.approx(4 * widths[1], rel=0.01)
    assert len(widths) == 2
    assert "GO" not in drawn
    assert charts.picture(document(runs), ["idle-10000"]) is None


def test_goal_of_documents_is_judged_against_servers_of_another_dialect():
    runs = [
        *rounds("yjs-50", "native-own", "per_second", 290_000, 310_000, 320_000),
        *rounds("yjs-50", "native-mounted", "per_second", 299_000),
        *rounds("yjs-50", "y-socket.io", "per_second", 60_000),
        *rounds("yjs-50", "y-websocket", "per_second", 140_000),
    ]
    own, mounted, y_socket_io, y_websocket = verdicts_of("Y2", document(runs))
    assert own == ("own port 310,000 (290,000–320,000) deliveries/s (≥ 300,000)", True)
    assert mounted[1] is False
    assert y_socket_io == ("4.98 × y-socket.io (≥ 5)", False)
    assert y_websocket == ("2.14 × y-websocket (≥ 2)", True)


def test_document_fills_those_parts_of_the_page_that_it_has_measured(tmp_path):
    import report

    names = ("run", "goals", "charts", "tables", "versions")
    sections = [*names, *(f"documents-{name}" for name in names if name != "charts")]
    page = "".join(f"<!-- {name} -->\nold\n<!-- /{name} -->\n" for name in sections)
    runs = rounds("ydoc-50", "native-own", "per_second", 500_000)
    source = report.ROOT / "benchmarks" / "results" / "one.json"

    filled = report.fill_page(page, document(runs), source, "")
    assert all(f"<!-- {name} -->\nold\n" in filled for name in names)
    assert "\nold\n" not in filled.partition("documents-run")[2]
    assert "✓ own port 500,000 deliveries/s (≥ 400,000)" in filled

    runs += rounds("echo-8", "bare", "per_second", 1_000_000)
    both = report.fill_page(page, document(runs), source, "")
    assert "\nold\n" not in both
    server, _, shared = both.partition("documents-run")
    assert "BARE" in server and "BARE" not in shared
    assert "NATIVE-OWN" in shared and "NATIVE-OWN" not in server


def test_page_is_filled_from_the_document_and_can_be_filled_again():
    import report

    page = "before\n<!-- goals -->\nold\n<!-- /goals -->\nafter\n"
    once = report.fill(page, "goals", "new\n")
    assert once == "before\n<!-- goals -->\nnew\n<!-- /goals -->\nafter\n"
    assert report.fill(once, "goals", "new\n") == once
    with pytest.raises(SystemExit):
        report.fill(page, "charts", "new\n")
