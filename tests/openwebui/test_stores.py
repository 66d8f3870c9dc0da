"""What processes share, on a real Redis and without one: dictionaries and locks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from interop.redis_server import RedisServer, running_redis
from sio_native.exceptions import TimeoutError
from sio_native.open_webui import RedisDict, RedisLock

LIMIT = 10.0


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def url(request: pytest.FixtureRequest, redis: RedisServer) -> str | None:
    return redis.url if request.param == "redis" else None


@asynccontextmanager
async def dicts(name: str, url: str | None, count: int = 2) -> AsyncIterator[list[RedisDict]]:
    """So many processes' copies of one dictionary."""
    made = [RedisDict(name, url) for _ in range(count)]
    try:
        for each in made:
            await asyncio.wait_for(each.ready(), LIMIT)
        yield made
    finally:
        for each in made:
            await each.aclose()


async def until(holds: Callable[[], bool]) -> None:
    async def look() -> None:
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), LIMIT)


async def test_it_is_a_dictionary(url: str | None) -> None:
    async with dicts("a", url, 1) as [d]:
        d["x"] = {"n": 1}
        d.update({"y": [1, 2]}, z=None)
        assert d["x"] == {"n": 1} and d.get("w") is None and d.get("w", 5) == 5
        assert sorted(d.keys()) == ["x", "y", "z"] and len(d) == 3 and "y" in d
        assert dict(d.items()) == {"x": {"n": 1}, "y": [1, 2], "z": None}
        assert d.setdefault("x", 7) == {"n": 1} and d.setdefault("v", 7) == 7
        assert d.pop("v") == 7 and d.pop("v", None) is None
        with pytest.raises(KeyError):
            del d["w"]
        with pytest.raises(KeyError):
            d["w"]
        d.delete_many("x", "nothing")
        d.set({"y": [1, 2], "new": True})
        assert dict(d) == {"y": [1, 2], "new": True}
        for key in d.keys():  # noqa: SIM118 - a list, as Open WebUI's
            del d[key]
        assert not d
        d.clear()


async def test_whoever_changes_a_value_that_he_got_changes_it_for_himself(url: str | None) -> None:
    async with dicts("b", url, 1) as [d]:
        d["x"] = value = {"list": [1]}
        value["list"].append(2)
        d["x"]["list"].append(3)
        assert d["x"] == {"list": [1]}


async def test_what_json_cannot_carry_is_refused_and_changes_nothing(url: str | None) -> None:
    async with dicts("c", url, 1) as [d]:
        with pytest.raises(TypeError):
            d.update({"good": 1, "bad": object()})
        with pytest.raises(TypeError, match="keys of a RedisDict are str, not int"):
            d[1] = 1  # type: ignore[index]
        assert not d


async def test_batches_have_all_pairs_and_no_more_than_200(url: str | None) -> None:
    async with dicts("d", url, 1) as [d]:
        d.update({str(i): i for i in range(450)})
        batches = list(d.scan_batches())
        assert [len(b) for b in batches] == [200, 200, 50]
        assert {k: v for b in batches for k, v in b} == {str(i): i for i in range(450)}


async def test_others_see_what_one_writes_and_deletes(redis: RedisServer) -> None:
    async with dicts("e", redis.url, 3) as [one, two, three]:
        one["x"] = 1
        await until(lambda: two.get("x") == 1 and three.get("x") == 1)
        del two["x"]
        await until(lambda: "x" not in one and "x" not in three)


async def test_one_that_comes_later_finds_what_was_there(redis: RedisServer) -> None:
    async with dicts("f", redis.url, 1) as [one]:
        one.update({str(i): i for i in range(1200)})
        await asyncio.wait_for(one.written(), LIMIT)
        async with dicts("f", redis.url, 1) as [late]:
            assert len(late) == 1200


async def test_all_end_with_the_same_when_they_write_against_each_other(redis: RedisServer) -> None:
    async with dicts("g", redis.url, 3) as all_of_them:
        for turn in range(300):
            for who, each in enumerate(all_of_them):
                each[f"k{turn % 7}"] = [who, turn]
                if turn % 5 == 4:
                    each.pop(f"k{(turn + who) % 7}", None)
            if turn % 10 == 0:
                await asyncio.sleep(0)
        for each in all_of_them:
            await asyncio.wait_for(each.written(), LIMIT)
        async with dicts("g", redis.url, 1) as [truth]:
            await until(lambda: all(dict(each) == dict(truth) for each in all_of_them))


async def test_it_goes_on_without_redis_and_writes_on_its_return() -> None:
    with running_redis() as server:
        async with dicts("h", server.url) as [one, two]:
            one["kept"] = 1
            await asyncio.wait_for(one.written(), LIMIT)
            await asyncio.to_thread(server.stop)
            one["x"] = "while it was away"
            two["y"] = "too"
            assert one["x"] == "while it was away"
            await asyncio.to_thread(server.start)  # empty
            await until(lambda: one.get("y") == "too" and two.get("x") == "while it was away")


async def test_a_lock_is_one_owners(url: str | None) -> None:
    one, two = (RedisLock(url, "lock", 5) for _ in range(2))
    assert await one.aquire_lock() and one.lock_obtained
    assert not await two.acquire_lock() and not two.lock_obtained
    assert await one.renew_lock() and not await two.renew_lock()
    await two.release_lock()  # not his
    assert not await two.acquire_lock()
    await one.release_lock()
    assert await two.acquire_lock()
    await two.release_lock()
    for each in (one, two):
        await each.aclose()


async def test_a_lock_frees_itself_when_its_owner_does_not_renew_it(url: str | None) -> None:
    one, two = RedisLock(url, "brief", 0.05), RedisLock(url, "brief", 5)
    assert await one.acquire_lock()
    while not await two.acquire_lock():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    assert not await one.renew_lock()
    await one.release_lock()
    assert await two.renew_lock()
    for each in (one, two):
        await each.aclose()


async def test_work_holds_the_lock_to_its_end_and_the_next_waits(url: str | None) -> None:
    class Counted(RedisLock):
        renewals = 0

        async def renew_lock(self) -> bool:
            self.renewals += 1
            return await super().renew_lock()

    one, two = (Counted(url, "work", 0.3) for _ in range(2))
    done: list[str] = []

    async def long() -> str:
        await until(lambda: one.renewals == 5)  # longer than the lock lasts unrenewed
        done.append("long")
        return "result"

    async def short() -> None:
        done.append("short")

    first = asyncio.create_task(one.run(long))
    await until(lambda: one.lock_obtained)
    await two.run(short, retry=0.02)
    assert done == ["long", "short"] and await first == "result"
    for each in (one, two):
        await each.aclose()


async def test_work_that_loses_its_lock_is_cancelled(redis: RedisServer) -> None:
    lock, thief = (RedisLock(redis.url, "lost", 0.3) for _ in range(2))
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await thief._keys._redis.delete("lost")
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(TimeoutError, match="the lock lost was lost"):
        await asyncio.wait_for(lock.run(work), LIMIT)
    assert ended.is_set()
    for each in (lock, thief):
        await each.aclose()


def test_what_cannot_work_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="cluster is not supported"):
        RedisDict("a", "redis://localhost", redis_cluster=True)
    with pytest.raises(ValueError, match="above 0 seconds"):
        RedisLock(None, "a", 0)
