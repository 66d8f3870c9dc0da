"""`sio.usage`: counting, ids, groups and limits, what clients report, and what is in use."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import Log, connected, until

import sio_native
from sio_native.testing import TestClient
from sio_native.usage_types import Row
from sio_native.usage_windows import day_starts, parse_reset, roll_up, start_of

VIENNA = ZoneInfo("Europe/Vienna")


def usage() -> Any:
    return sio_native.AsyncServer().usage


def sums(found: list[Any]) -> list[tuple[int, int, int, int]]:
    return [each[-4:] for each in found]


# --- counting ---


async def test_tokens_add_up_by_model_and_user() -> None:
    u = usage()
    assert u.record("m", 1, 2, user="ann")
    assert u.record("m", 10, 20, user="bob")
    assert u.record("n", 5, 0, user="ann", total_tokens=7)
    assert [(t.model, *t[-4:]) for t in await u.totals()] == [
        ("m", 11, 22, 33, 2),
        ("n", 5, 0, 7, 1),
    ]
    assert sums(await u.report("hour", user="ann", model="m")) == [(1, 2, 3, 1)]


async def test_an_id_counts_once_and_record_says_so() -> None:
    u = usage()
    assert u.record("m", 1, 2, id="request 1") is True
    assert u.record("m", 1, 2, id="request 1") is False
    assert u.record_many([("m", 1, 2, None, "request 1"), ("m", 1, 2, "ann", "request 2")]) == [
        False,
        True,
    ]
    assert sums(await u.totals()) == [(2, 4, 6, 2)]
    assert u.stats()["duplicates"] == 2


@pytest.mark.parametrize("wrong", [1.5, math.nan, math.inf, "7", None, True, [1]])
def test_counts_that_are_no_integers_raise_type_error(wrong: Any) -> None:
    u = usage()
    for counts in ((wrong, 1), (1, wrong)):
        with pytest.raises(TypeError, match=r"(prompt|completion)_tokens must be an integer"):
            u.record("m", *counts)
    with pytest.raises(TypeError, match="prompt_tokens must be an integer"):
        u.record_many([("m", 1, 1), ("m", wrong, 1)])
    assert u.totals_here() == []


@pytest.mark.parametrize("wrong", [-1, 1_000_000_001, 2**53, 2**63, 2**200, -(2**200)])
def test_counts_that_cannot_be_raise_value_error(wrong: int) -> None:
    u = usage()
    for counts in ((wrong, 1), (1, wrong)):
        with pytest.raises(ValueError, match="token counts must not be"):
            u.record("m", *counts, id="x")
        with pytest.raises(ValueError, match="token counts must not be"):
            u.record_many([("m", 1, 1), ("m", *counts)])
    with pytest.raises(ValueError, match="total_tokens is less"):
        u.record("m", 5, 1, total_tokens=4)
    assert u.totals_here() == []
    assert u.record("m", 1, 1, id="x"), "what was refused has not used its id up"


def test_a_total_may_be_the_sum_of_the_largest_counts() -> None:
    u = usage()
    assert u.record("m", 10**9, 10**9)
    assert u.record("m", 1, 1, total_tokens=2 * 10**9)
    with pytest.raises(ValueError, match="token counts must not be"):
        u.record("m", 1, 1, total_tokens=2 * 10**9 + 1)


@pytest.mark.parametrize(
    ("model", "options", "error"),
    [
        ("", {}, ValueError),
        (7, {}, TypeError),
        ("x" * 257, {}, ValueError),
        ("\ud800", {}, ValueError),
        ("m", {"user": 7}, TypeError),
        ("m", {"id": "é" * 129}, ValueError),
        ("m", {"at": time.time() + 86_400}, ValueError),
        ("m", {"at": time.time() - 36 * 86_400}, ValueError),
        ("m", {"at": math.nan}, ValueError),
        ("m", {"at": datetime(2026, 1, 1)}, ValueError),
        ("m", {"at": "now"}, TypeError),
    ],
)
def test_names_and_times_that_are_wrong_raise(
    model: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        usage().record(model, 1, 1, **options)


async def test_a_record_of_earlier_is_in_its_own_window() -> None:
    u = usage()
    now = datetime.now(timezone.utc)
    assert u.record("m", 1, 0, at=now - timedelta(hours=2))
    assert u.record("m", 2, 0)
    assert sums(await u.report("hour")) == [(1, 0, 1, 1), (2, 0, 2, 1)]
    assert sums(await u.report("hour", since=now - timedelta(minutes=1))) == [(2, 0, 2, 1)]


def test_threads_may_count_together() -> None:
    u = usage()

    def count() -> None:
        for number in range(2000):
            u.record("m", 1, 1, id=f"{number}")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sums(u.totals_here()) == [(2000, 2000, 4000, 2000)]
    assert u.stats()["duplicates"] == 6000


# --- windows ---


def minute_of(*local: int, zone: Any = VIENNA, fold: int = 0) -> int:
    return int(datetime(*local, tzinfo=zone, fold=fold).timestamp()) // 60  # type: ignore[misc]


def test_days_begin_at_the_reset_of_their_zone_and_may_have_23_or_25_hours() -> None:
    begins = start_of("day", parse_reset("06:00"), VIENNA)
    assert begins(minute_of(2026, 3, 29, 5, 59)) == datetime(2026, 3, 28, 6, tzinfo=VIENNA)
    assert begins(minute_of(2026, 3, 29, 6, 0)) == datetime(2026, 3, 29, 6, tzinfo=VIENNA)
    starts = day_starts(parse_reset("00:00"), VIENNA, datetime(2026, 3, 30).date())
    assert starts[:3] == [minute_of(2026, 3, day) for day in (28, 29, 30)]
    assert starts[2] - starts[1] == 23 * 60
    starts = day_starts(parse_reset("00:00"), VIENNA, datetime(2026, 10, 26).date())
    assert starts[2] - starts[1] == 25 * 60


def test_hours_are_those_of_the_zones_clocks() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")  # UTC+5:45
    begins = start_of("hour", parse_reset("00:00"), kathmandu)
    moment = minute_of(2026, 5, 1, 12, 59, zone=kathmandu)
    assert begins(moment) == datetime(2026, 5, 1, 12, tzinfo=kathmandu)
    begins = start_of("hour", parse_reset("00:00"), VIENNA)
    # The hour from two to three comes twice in this night.
    twice = [begins(minute_of(2026, 10, 25, 2, 30, fold=fold)) for fold in (0, 1)]
    assert twice[1].timestamp() - twice[0].timestamp() == 3600


def test_rows_are_added_up_by_window_model_user_and_groups() -> None:
    rows = [
        Row("m", "ann", ("g",), 0, 1, 2, 3, 1),
        Row("m", "ann", ("g",), 59, 1, 2, 3, 1),
        Row("m", "ann", ("g",), 60, 4, 0, 4, 1),
        Row("m", "bob", ("g",), 59, 5, 0, 5, 1),
    ]
    found = roll_up(rows, start_of("hour", parse_reset("00:00"), timezone.utc))
    assert [(each.start.hour, each.user, each.total) for each in found] == [
        (0, "ann", 6),
        (0, "bob", 5),
        (1, "ann", 4),
    ]


# --- groups and limits ---


async def test_a_group_counts_its_models_and_tells_what_remains() -> None:
    u = usage()
    u.group("fast", models=["m", "n"], limit=100, reset="03:00", zone="Europe/Vienna")
    u.group("all", models=["m", "n", "o"])
    u.record("m", 10, 20)
    u.record("o", 1, 1)
    state = u.check("fast")
    assert state[:4] == (10, 20, 30, 1)
    assert (state.limit, state.remaining, state.reserved) == (100, 70, 0)
    reset = datetime.fromtimestamp(state.resets_at, VIENNA)
    assert (reset.hour, reset.minute) == (3, 0)
    assert timedelta(0) < reset - datetime.now(VIENNA) <= timedelta(hours=25)
    assert u.check("all").total == 32
    assert u.check("all")[-3:] == (None, None, None)
    assert {each.groups for each in await u.totals()} == {("fast", "all"), ("all",)}
    assert sums(await u.report("day", group="fast")) == [(10, 20, 30, 1)]


async def test_reservations_keep_the_limit() -> None:
    u = usage()
    u.group("g", models=["m"], limit=100, window=timedelta(hours=1))
    first = u.try_reserve("g", 80)
    assert u.try_reserve("g", 21) is None
    second = u.try_reserve("g", 20)
    assert u.check("g").remaining == 0
    assert u.commit(first, "m", 10, 5, user="ann", id="x")
    assert u.check("g")[2:7] == (15, 1, 20, 100, 65)
    assert u.release(second) and not u.release(second)
    assert u.check("g").remaining == 85
    third = u.try_reserve("g", 50)
    with pytest.raises(ValueError, match="negative"):
        u.commit(third, "m", -1, 0)
    assert u.check("g").reserved == 50
    assert u.commit(third, "m", 10, 5, id="x") is False  # a retry: done before, and released
    assert u.check("g")[4] == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"models": "m"}, TypeError),
        ({"models": [""]}, ValueError),
        ({"limit": 1.5}, TypeError),
        ({"limit": -1}, ValueError),
        ({"reset": "25:00"}, ValueError),
        ({"reset": "00:00", "window": 60}, ValueError),
        ({"reset": "00:00", "zone": "Europe/Nowhere"}, ValueError),
        ({"window": 90}, ValueError),
        ({"window": 33 * 86_400}, ValueError),
        ({"window": "day"}, TypeError),
        ({"name": "two\nlines"}, ValueError),
    ],
)
def test_groups_that_are_wrong_raise(options: dict[str, Any], error: type[Exception]) -> None:
    name = options.pop("name", "g")
    with pytest.raises(error):
        usage().group(name, **{"models": ["m"], **options})


def test_unknown_groups_raise_key_error() -> None:
    u = usage()
    for ask in (lambda: u.check("g"), lambda: u.try_reserve("g", 1)):
        with pytest.raises(KeyError):
            ask()


# --- clients ---


async def test_clients_report_what_they_have_used(native_door: Any) -> None:
    sio = native_door.server()
    u = sio.usage
    u.listen()
    handled = Log()
    sio.on("usage", lambda *args: handled.add(*args))

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> None:
        await sio.users.bind(sid, auth["user"])

    report = {"model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    async with native_door.open(sio) as url:
        async with (
            connected(url, auth={"user": "ann"}) as ann,
            connected(url, auth={"user": "bob"}) as bob,
        ):
            assert await ann.call("usage", report) == {"ok": True, "duplicate": False}
            retried = {**report, "id": "1"}
            assert await ann.call("usage", retried) == {"ok": True, "duplicate": False}
            assert await ann.call("usage", retried) == {"ok": True, "duplicate": True}
            # The same id of another user is another record.
            assert await bob.call("usage", retried) == {"ok": True, "duplicate": False}
            assert u.models_in_use() == ["m"]
        found = await u.report("day")
        assert [(each.user, *each[-4:]) for each in found] == [
            ("ann", 6, 8, 14, 2),
            ("bob", 3, 4, 7, 1),
        ]
        assert handled == []


@pytest.mark.parametrize(
    ("report", "error"),
    [
        ({"model": "m", "usage": {"prompt_tokens": -1}}, "token counts must not be negative"),
        ({"model": "m", "usage": {"prompt_tokens": 1.5}}, "token counts must be integers"),
        ({"model": "m", "usage": {"prompt_tokens": math.nan}}, "token counts must be integers"),
        (
            {"model": "m", "usage": {"prompt_tokens": 2**60}},
            "token counts must not be over 1000000000 in one record",
        ),
        ({"usage": {"prompt_tokens": 1}}, "model must be a string"),
        ({"model": "x" * 257, "usage": {"prompt_tokens": 1}}, "names and ids have at most 256"),
        ({"model": "\ud800", "usage": {"prompt_tokens": 1}}, "names and ids must be Unicode"),
        ("m", "expected an object with a model"),
        ({"model": "other", "action": "chat"}, "this model is not known"),
    ],
)
async def test_what_clients_report_wrongly_is_refused_with_the_reason(
    report: Any, error: str
) -> None:
    sio = sio_native.AsyncServer()
    sio.on("connect", lambda *args: None)
    models = None if error != "this model is not known" else ["m"]
    sio.usage.listen(models=models)
    async with TestClient(sio) as client:
        answer = await client.call("usage", report)
    assert answer["ok"] is False
    assert answer["error"].startswith(error)
    assert sio.usage.stats()["refused"] == 1
    assert sio.usage.totals_here() == []
    await sio.shutdown()


async def test_only_the_server_records_where_clients_tokens_are_not_taken() -> None:
    sio = sio_native.AsyncServer()
    sio.on("connect", lambda *args: None)
    sio.usage.listen(tokens=False)
    async with TestClient(sio) as client:
        refused = await client.call("usage", {"model": "m", "usage": {"prompt_tokens": 1}})
        assert refused == {"ok": False, "error": "tokens are recorded by the server"}
        touched = await client.call("usage", {"action": "chat", "model": "m", "chat_id": "c"})
        assert touched == {"ok": True, "duplicate": False}
    assert sio.usage.models_in_use() == ["m"]
    assert sio.usage.totals_here() == []
    await sio.shutdown()


async def test_models_leave_by_the_engines_clock_while_python_is_blocked() -> None:
    """The broadcast of the end reaches a client whose server's loop does nothing all the while."""
    sio = sio_native.AsyncServer()
    sio.usage.listen(broadcast="models")
    host, port = sio.listen("127.0.0.1", 0)
    sio.on("connect", lambda *args: None)
    heard: list[Any] = []
    ended, ready = threading.Event(), threading.Event()

    def client() -> None:
        async def converse() -> None:
            told = Log()
            async with connected(f"http://{host}:{port}") as one:
                one.on("models", lambda data: told.add(data["models"]))
                await one.emit("usage", {"action": "chat", "model": "m", "chat_id": "c"})
                ready.set()
                await told.reaches(2)
            heard.extend(each[0] for each in told)

        asyncio.run(converse())
        ended.set()

    thread = threading.Thread(target=client)
    thread.start()
    await until(ready.is_set)
    assert ended.wait(15), "nothing came while the loop was blocked"
    assert heard == [["m"], []]
    assert sio.usage.models_in_use() == []
    thread.join()
    await sio.shutdown()


async def test_touch_tells_clients_in_a_room() -> None:
    sio = sio_native.AsyncServer()
    sio.on("connect", lambda *args: None)
    sio.usage.listen(broadcast="models", room="board")
    async with TestClient(sio) as inside, TestClient(sio) as outside:
        await sio.enter_room(inside.sid, "board")
        sio.usage.touch("m")
        assert await inside.expect("models") == {"models": ["m"]}
        await outside.expect_nothing()
    await sio.shutdown()


def test_listening_needs_json_and_an_event_of_its_own() -> None:
    with pytest.raises(ValueError, match="serializer is JSON"):
        sio_native.AsyncServer(serializer="msgpack").usage.listen()
    u = usage()
    u.listen()
    with pytest.raises(ValueError, match="already"):
        u.listen()
    for wrong in ("", 7):
        with pytest.raises((ValueError, TypeError)):
            u.touch(wrong)


# --- reading ---


def test_prometheus_text_has_each_token_once() -> None:
    u = usage()
    u.group("a", models=["m"], limit=50)
    u.group("b", models=["m"])
    u.record("m", 3, 4, user="ann", id="x")
    u.record("m", 3, 4, user="ann", id="x")
    u.record('quo"te\\', 1, 0)
    lines = u.prometheus().splitlines()
    assert 'sio_tokens_total{model="m",group="a,b",direction="input"} 3' in lines
    assert 'sio_tokens_total{model="m",group="a,b",direction="output"} 4' in lines
    assert 'sio_tokens_total{model="quo\\"te\\\\",group="",direction="input"} 1' in lines
    assert 'sio_usage_group_limit_tokens{group="a"} 50' in lines
    assert 'sio_usage_group_used_tokens{group="b"} 7' in lines
    assert "sio_usage_duplicates_total 1" in lines
    assert not any("ann" in line for line in lines)
