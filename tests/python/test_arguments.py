"""What an application passes in is checked at the call, in words that name the argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from conftest import NATIVE, connected

NAN = float("nan")

# A call of a server with one wrong argument, and the name that the error has.
WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "limit(5)": (lambda sio: sio.limit(5, "1/s"), "event"),
    "limit(surrogate)": (lambda sio: sio.limit("\ud800", "1/s"), "event"),
    "limit(namespace)": (lambda sio: sio.limit("a", "1/s", namespace=5), "namespace"),
    "limit(handler)": (lambda sio: sio.limit("1/s")(5), "handler"),
    "deduplicate(5)": (lambda sio: sio.deduplicate(5), "event"),
    "deduplicate(id)": (lambda sio: sio.deduplicate("a", id=5), "id"),
    "deduplicate(last)": (lambda sio: sio.deduplicate("a", last=True), "last"),
    "deduplicate(window)": (lambda sio: sio.deduplicate("a", window=None), "window"),
    "deduplicate(NaN)": (lambda sio: sio.deduplicate("a", window=NAN), "window"),
    "replay(5)": (lambda sio: sio.replay(5), "rooms"),
    "replay(bytes)": (lambda sio: sio.replay(b"a"), "rooms"),
    "replay(max_age)": (lambda sio: sio.replay("a", max_age=None), "max_age"),
    "replay(namespace)": (lambda sio: sio.replay("a", namespace=b"/"), "namespace"),
    "room_rule(5)": (lambda sio: sio.room_rule(5), "rooms"),
    "room_rule(bytes)": (lambda sio: sio.room_rule(b"a"), "rooms"),
    "query messages": (lambda sio: sio.rooms_from_query({"k": {"a": "r"}}, messages=5), "messages"),
    "query message": (
        lambda sio: sio.rooms_from_query({"k": {"a": "r"}}, messages={"k": 5}),
        "messages",
    ),
    "query pattern": (lambda sio: sio.rooms_from_query({"k": {"\ud800": "r"}}), "pattern"),
    "query room": (lambda sio: sio.rooms_from_query({"k": {"a": "\ud800"}}), "room"),
    "rooms_from_event(5)": (lambda sio: sio.rooms_from_event(5, {"a": "r"}), "event"),
    "rooms_from_event(name)": (lambda sio: sio.rooms_from_event("a", {"a": "r"}, 5), "name"),
    "resume_room(room)": (lambda sio: sio.resume_room("nobody", 5, "a"), "room"),
    "resume_room(long)": (lambda sio: sio.resume_room("nobody", "x" * 1025, "a"), "room"),
    "resume_room(user)": (lambda sio: sio.resume_room("nobody", "\0uann", "a"), "room"),
    "stats(5)": (lambda sio: sio.stats(5), "namespace"),
    "stream(event)": (lambda sio: sio.stream(None, 5), "event"),
    "stream(window)": (lambda sio: sio.stream(None, "a", window=None), "window"),
    "stream(linger)": (lambda sio: sio.stream(None, "a", linger="x"), "linger"),
    "stream(max_bytes)": (lambda sio: sio.stream(None, "a", max_bytes=1.5), "max_bytes"),
    "emit(interval)": (lambda sio: sio.emit("a", conflate="k", interval=None), "interval"),
    "emit(to_user)": (lambda sio: sio.emit("a", to_user=5), "to_user"),
    "presence.count": (lambda sio: sio.presence.count(None), "topic"),
    "presence.keys": (lambda sio: sio.presence.keys(5), "topic"),
    "presence.is_online": (lambda sio: sio.presence.is_online([]), "key"),
    "presence.sids": (lambda sio: sio.presence.sids(b"a"), "key"),
    "presence.list(after)": (lambda sio: sio.presence.list("a", after=None), "after"),
    "presence.list(limit)": (lambda sio: sio.presence.list("a", limit=None), "limit"),
    "presence.on_change": (lambda sio: sio.presence.on_change(5), "topics"),
    "presence.track": (
        lambda sio: sio.presence.track("a", "k", sid="s", namespace=5),
        "namespace",
    ),
    "usage.check": (lambda sio: sio.usage.check(5), "group"),
    "usage.try_reserve": (lambda sio: sio.usage.try_reserve([], 1), "group"),
    "usage.commit": (lambda sio: sio.usage.commit(None, "m", 1, 1), "reservation"),
    "usage.release": (lambda sio: sio.usage.release(1.5), "reservation"),
    "usage.listen(5)": (lambda sio: sio.usage.listen(5), "event"),
    "usage.listen(bytes)": (lambda sio: sio.usage.listen(b"a"), "event"),
    "usage.listen(namespace)": (lambda sio: sio.usage.listen(namespace=5), "namespace"),
    "usage.listen(models)": (lambda sio: sio.usage.listen(models=5), "models"),
    "usage.listen(broadcast)": (lambda sio: sio.usage.listen(broadcast=5), "broadcast"),
    "usage.listen(room)": (lambda sio: sio.usage.listen(broadcast="a", room=5), "room"),
    "usage.record_many": (lambda sio: sio.usage.record_many(5), "records"),
    "usage.report([])": (lambda sio: sio.usage.report([]), "by"),
    "usage.report(model)": (lambda sio: sio.usage.report("day", model=5), "model"),
    "usage.report(group)": (lambda sio: sio.usage.report("day", group=[]), "group"),
    "usage.store(interval)": (lambda sio: sio.usage.store(print, interval=None), "interval"),
    "usage.group(models)": (lambda sio: sio.usage.group("g", models=None), "models"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_argument_is_named_and_nothing_of_the_call_is_kept(wrong: str) -> None:
    call, name = WRONG[wrong]
    door = NATIVE["own-port"]
    sio = door.server()
    with pytest.raises((TypeError, ValueError), match=name) as raised:
        result = call(sio)
        if inspect.isawaitable(result):
            await result
    assert "incompatible" not in str(raised.value)
    sio.on("ask", lambda sid, given: given)
    async with door.open(sio) as url, connected(url) as client:
        with pytest.raises((TypeError, ValueError), match=name):
            result = call(sio)
            if inspect.isawaitable(result):
                await result
        # The engine takes what follows: nothing wrong goes with it.
        sio.limit("chat", "1/s")
        sio.deduplicate("chat")
        sio.replay("kept")
        sio.usage.listen()
        assert await client.call("ask", 1) == 1


async def test_nobody_is_brought_into_a_room() -> None:
    door = NATIVE["own-port"]
    sio = door.server()
    sio.replay("kept")
    async with door.open(sio):
        for nobody in ("nobody", "\ud800", None, 5):
            with pytest.raises(KeyError):
                await sio.resume_room(nobody, "kept", "a")
            with pytest.raises(KeyError):
                await sio.users.bind(nobody, "ann")
            with pytest.raises(KeyError):
                await sio.presence.track("topic", "ann", sid=nobody)
            sio.presence.forget(nobody)
            assert not await sio.revoke(nobody, "kept")


def test_counts_and_times_have_bounds() -> None:
    from sio_native.arguments import as_count, as_seconds

    assert as_count(3, "n", 1, 3) == 3
    assert as_seconds(1, "t", 0, 1) == 1.0
    for error, wrong in ((TypeError, "1"), (TypeError, True), (ValueError, 4), (ValueError, -1)):
        with pytest.raises(error, match="n must be"):
            as_count(wrong, "n", 1, 3)
        with pytest.raises(error, match="t must be"):
            as_seconds(wrong, "t", 0, 1)
