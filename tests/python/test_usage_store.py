"""Usage in stores: SQLite, functions, journals; what a failure or a crash leaves, counts once."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Log

import sio_native
from sio_native.usage_journal import Journal
from sio_native.usage_sqlite import SQLiteStore, without
from sio_native.usage_types import Batch, RecordId, Row

NOW = int(time.time()) // 60


def usage() -> Any:
    return sio_native.AsyncServer().usage


def sums(path: Path) -> tuple[int, ...]:
    with sqlite3.connect(path) as db:
        counts = "sum(input), sum(output), sum(total), sum(events)"
        return tuple(db.execute(f"SELECT {counts} FROM usage").fetchone())


def batch(seq: int, *ids: str, node: str = "a") -> Batch:
    """One row of ten tokens for each id."""
    count = len(ids)
    rows = [Row("m", "ann", ("g",), NOW, 10 * count, 0, 10 * count, count)]
    return Batch(node, seq, rows, [RecordId(id, 0, 10, 0, 10, NOW * 60) for id in ids])


# --- SQLite ---


async def test_a_file_has_all_that_was_counted(tmp_path: Path) -> None:
    u = usage()
    u.group("g", models=["m"])
    await u.store(tmp_path / "usage.db")
    u.record("m", 1, 2, user="ann", id="x")
    u.record("m", 1, 2, user="ann", id="x")
    u.record("n", 5, 5)
    await u.flush()
    assert sums(tmp_path / "usage.db") == (6, 7, 13, 2)
    assert [(t.model, t.groups, t.total) for t in await u.totals()] == [
        ("m", ("g",), 3),
        ("n", (), 10),
    ]
    assert [(w.model, w.user, w.total) for w in await u.report("day", group="g")] == [
        ("m", "ann", 3)
    ]
    await u.close()


async def test_a_restart_goes_on_with_ids_windows_and_totals(tmp_path: Path) -> None:
    for expected in (True, False):
        u = usage()
        await u.store(tmp_path / "usage.db")
        u.group("g", models=["m"], limit=100, window=3600)
        assert u.record("m", 10, 20, id="x") is expected
        assert u.check("g").remaining == 70
        await u.close()
    assert sums(tmp_path / "usage.db") == (10, 20, 30, 1)


async def test_two_processes_may_share_a_file(tmp_path: Path) -> None:
    both = [usage(), usage()]
    for each in both:
        await each.store(tmp_path / "usage.db")
    for each in both:
        assert each.record("m", 1, 1, id="sent to both")  # neither knows of the other's
        each.record("m", 10, 10)
        await each.flush()
    assert [total[-4:] for total in await both[0].totals()] == [(21, 21, 42, 3)]
    assert both[1].stats()["store_duplicates"] == 1
    for each in both:
        await each.close()


def test_a_batch_that_comes_again_counts_once(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "usage.db")
    store.open()
    for each in (batch(1, "x", "y"), batch(1, "x", "y"), batch(2, "z"), batch(1, "x", "y")):
        store.write(each)
    assert sums(tmp_path / "usage.db") == (30, 0, 30, 3)
    store.write(batch(1, "x", "new", node="b"))  # of which one is known
    assert sums(tmp_path / "usage.db") == (40, 0, 40, 4)
    store.write(batch(2, "x", "new", node="b"))
    assert sums(tmp_path / "usage.db") == (40, 0, 40, 4)
    assert store.duplicates == 3
    store.close()


def test_ids_are_forgotten_when_their_time_is_up(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "usage.db", id_seconds=3600)
    store.open()
    old = batch(1, "x")
    store.write(Batch("a", 1, old.rows, [old.ids[0]._replace(at=NOW * 60 - 7200)]))
    store.write(batch(2, "x"))
    assert sums(tmp_path / "usage.db") == (20, 0, 20, 2)
    assert store.load(0, 10)[1] == [("x", NOW * 60)]
    store.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "usage.db")
    store.open()
    wrong: Any = [("m", "ann", None, NOW, "x")]
    with pytest.raises(Exception, match=r"."):
        store.write(Batch("a", 1, wrong, batch(1, "x").ids))
    store.write(batch(1, "x"))
    assert sums(tmp_path / "usage.db") == (10, 0, 10, 1)
    store.close()


def test_what_is_taken_off_a_row_may_be_all_of_it() -> None:
    rows = [Row("m", "", (), NOW, 3, 4, 7, 2), Row("n", "", (), NOW, 1, 1, 2, 1)]
    known = [RecordId("a", 0, 1, 1, 2, 0), RecordId("b", 1, 1, 1, 2, 0)]
    assert without(rows, known) == [Row("m", "", (), NOW, 2, 3, 5, 1)]


# --- functions ---


async def test_a_coroutine_function_gets_each_batch_in_order() -> None:
    u = usage()
    got: list[Batch] = []

    async def keep(each: Batch) -> None:
        await asyncio.sleep(0)
        got.append(each)

    await u.store(keep, interval=3600)
    u.record("m", 1, 2, id="x")
    u.record("m", 1, 2)
    await u.flush()
    u.record("m", 1, 2)
    await u.flush()
    await u.flush()
    assert [each.seq for each in got] == [1, 2]
    assert len({each.node for each in got}) == 1
    assert [row[4:] for each in got for row in each.rows] == [(2, 4, 6, 2), (1, 2, 3, 1)]
    assert [id[:5] for id in got[0].ids] == [("x", 0, 1, 2, 3)]
    await u.close()


async def test_a_thousand_records_do_not_wait_for_the_interval() -> None:
    u = usage()
    loop, log = asyncio.get_running_loop(), Log()
    await u.store(lambda each: loop.call_soon_threadsafe(log.add, each), interval=3600)
    u.record_many([("m", 1, 1)] * 1000)
    await log.reaches(1)
    assert log[0][0].rows[0].events == 1000
    await u.close()


async def test_what_a_store_refuses_comes_again_the_same(monkeypatch: Any) -> None:
    monkeypatch.setattr("sio_native.usage_flush.RETRY_DELAY", 0.01)
    sio = sio_native.AsyncServer()
    sio.logger.setLevel("CRITICAL")
    u = sio.usage
    got: list[Batch] = []

    def keep(each: Batch) -> None:
        got.append(each)
        if len(got) < 3:
            u.record("m", 100, 0)  # goes on meanwhile, and does not change what was refused
            raise OSError("the store is down")

    await u.store(keep, interval=3600)
    u.record("m", 1, 0)
    await u.flush()
    await u.flush()
    assert got[0] == got[1] == got[2]
    assert got[3].seq == 2
    assert [row.input for row in got[3].rows] == [200]
    assert u.stats()["failures"] == 2
    await u.close()


async def test_the_last_are_flushed_when_the_server_ends(tmp_path: Path) -> None:
    sio = sio_native.AsyncServer()
    await sio.usage.store(tmp_path / "usage.db", interval=3600)
    sio.usage.record("m", 1, 2)
    await sio.shutdown()
    assert sums(tmp_path / "usage.db") == (1, 2, 3, 1)
    await sio.usage.close()


async def test_the_server_ends_though_its_store_takes_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr("sio_native.usage.END_PATIENCE", 0.05)
    sio = sio_native.AsyncServer()
    sio.logger.setLevel("CRITICAL")
    down = True

    def refuse(each: Batch) -> None:
        if down:
            raise OSError("the store is down")

    monkeypatch.setattr("sio_native.usage_flush.RETRY_DELAY", 0.01)
    await sio.usage.store(refuse)
    sio.usage.record("m", 1, 2)
    await sio.shutdown()
    down = False
    await sio.usage.flush()
    assert sio.usage.stats()["batches"] == 1
    await sio.usage.close()


@pytest.mark.parametrize("left", ["loop.close()", "pass"])
def test_a_process_ends_though_the_loop_of_its_store_does_not_run(left: str) -> None:
    code = f"""
import asyncio, sio_native
async def save(batch): await asyncio.sleep(0.01)
async def main():
    await usage.store(save, interval=0.01)
    usage.record("m", 1, 1)
    await usage.flush()
    usage.record("m", 1, 1)
usage = sio_native.AsyncServer().usage
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
{left}
"""
    ended = subprocess.run([sys.executable, "-c", code], timeout=20, capture_output=True, text=True)
    assert ended.returncode == 0
    assert "usage cannot be stored" in ended.stderr
    assert "never awaited" not in ended.stderr


async def test_a_store_that_hangs_is_given_up_at_the_end(monkeypatch: Any) -> None:
    monkeypatch.setattr("sio_native.usage_flush.END_LIMIT", 0.05)
    monkeypatch.setattr("sio_native.usage_flush.LOOK_AGAIN", 0.01)
    sio = sio_native.AsyncServer()
    sio.logger.setLevel("CRITICAL")
    asked = Log()

    async def hang(each: Batch) -> None:
        asked.add(each.seq)
        await asyncio.Event().wait()

    await sio.usage.store(hang, interval=0.01)
    sio.usage.record("m", 1, 2)
    await asked.reaches(1)
    await sio.usage.close()


def test_a_forked_child_is_told_that_the_stores_thread_is_the_parents(tmp_path: Path) -> None:
    code = f"""
import asyncio, os, sio_native
usage = sio_native.AsyncServer().usage
asyncio.run(usage.store({str(tmp_path / "usage.db")!r}))
child = os.fork()
if not child:
    try:
        asyncio.run(usage.flush())
    except RuntimeError as error:
        os._exit(7 if "open it in the child" in str(error) else 1)
    os._exit(2)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=20).returncode == 7


async def test_options_that_are_wrong_raise(tmp_path: Path) -> None:
    u = usage()
    with pytest.raises(TypeError):
        await u.store(7)
    with pytest.raises(ValueError, match="interval"):
        await u.store(tmp_path / "usage.db", interval=0)
    with pytest.raises(ValueError, match="journal"):
        await u.store(tmp_path / "usage.db", each=True)
    with pytest.raises(sqlite3.OperationalError):
        await u.store(tmp_path / "no folder" / "usage.db")
    await u.store(tmp_path / "usage.db")
    with pytest.raises(RuntimeError, match="already"):
        await u.store(tmp_path / "usage.db")
    await u.close()
    await u.store(tmp_path / "usage.db")
    await u.close()


# --- journals ---


async def test_a_journal_brings_what_a_store_has_not_taken(tmp_path: Path) -> None:
    sio = sio_native.AsyncServer()
    sio.logger.setLevel("CRITICAL")
    first = sio.usage

    def refuse(each: Batch) -> None:
        raise OSError("the store is down")

    await first.store(refuse, journal=tmp_path, interval=3600)
    first.group("g", models=["m"])
    first.record("m", 1, 2, user="ann", id="x")
    await first.close()
    got: list[Batch] = []
    second = usage()
    await second.store(got.append, journal=tmp_path, interval=3600)
    assert [each.rows for each in got] == [
        [Row("m", "ann", ("g",), got[0].rows[0].minute, 1, 2, 3, 1)]
    ]
    assert [each.id for each in got[0].ids] == ["x"]
    assert second.record("m", 1, 2, id="x") is False
    second.record("m", 7, 7)
    await second.close()
    assert got[0].seq < got[1].seq
    assert got[0].node == got[1].node


async def test_a_batch_that_the_store_had_before_the_crash_counts_once(tmp_path: Path) -> None:
    """The store has committed, and the process died before it could forget its journal."""
    u = usage()
    await u.store(tmp_path / "usage.db", journal=tmp_path / "journal", interval=3600)
    u.record("m", 1, 2, id="x")
    left = tmp_path / "journal" / "usage-1.journal"
    await u.flush()
    assert not left.exists()
    await u.close()
    # As it would have been left: written again, by the same node.
    again = sio_native._core.UsageMeter()
    for each in (tmp_path / "journal").glob("*.journal"):
        each.unlink()
    again.collect(1, str(tmp_path / "journal"), True)
    again.record("m", 1, 2, 3, None, "x")
    del again
    u = usage()
    await u.store(tmp_path / "usage.db", journal=tmp_path / "journal")
    assert u.record("m", 1, 2, id="x") is False
    await u.close()
    assert sums(tmp_path / "usage.db") == (1, 2, 3, 1)


def test_a_journal_belongs_to_one_process(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    with pytest.raises(RuntimeError, match="another process"):
        Journal(tmp_path)
    first.close()
    second = Journal(tmp_path)
    assert second.node == first.node
    second.close()


@pytest.mark.parametrize("mode", ["each", "flush"])
def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path, mode: str) -> None:
    """The writer is killed in mid-work, three times; what was not answered is sent again."""
    chance = random.Random(7)
    work = [(f"id{number}", chance.randrange(1, 1000)) for number in range(400)]
    kills = [chance.randrange(50, 350) for _ in range(3)]
    unanswered = dict(work)
    answered = 0
    arguments = [str(tmp_path / "usage.db"), str(tmp_path / "journal"), mode]
    while unanswered:
        writer = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("usage_writer.py")), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdin and writer.stdout
        assert writer.stdout.readline() == "ready\n"
        # Retries of what was answered before, and some ahead of the answers: in flight.
        retried = [each for each in work if each[0] not in unanswered][-20:]
        todo = [*retried, *unanswered.items()]
        for place, (id, tokens) in enumerate(todo):
            print(id, tokens, file=writer.stdin, flush=True)
            if place >= 5:
                answer = writer.stdout.readline().strip()
                answered += unanswered.pop(answer, 0) > 0
            if kills and answered >= kills[0]:
                break
        if kills and answered >= kills[0]:
            kills.pop(0)
            writer.kill()
            writer.wait()
        else:
            rest, _ = writer.communicate()
            for answer in rest.split():
                unanswered.pop(answer, None)
            assert writer.returncode == 0
        for stream in (writer.stdin, writer.stdout):
            stream.close()
    total = sum(tokens for _, tokens in work)
    assert sums(tmp_path / "usage.db") == (total, 400, total + 400, 400)
