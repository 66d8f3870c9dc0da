"""Users and presence of two servers that share a broker."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from brokers import Bus, broker
from conftest import Log, connected, until
from recovering_client import Client

import sio_native
from sio_native import people_nodes

THREADS = [1, 3]


@contextlib.asynccontextmanager
async def server(bus: Bus, threads: int = 1, **options: Any) -> AsyncIterator[tuple[Any, str]]:
    """Its clients are bound and tracked under the name that they give."""
    manager = broker(sio_native, bus)
    sio = sio_native.AsyncServer(client_manager=manager, threads=threads, **options)
    sio.presence.configure(tick=0.01, grace=0)
    sio.users  # noqa: B018 - it is used

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        if auth:
            await sio.users.bind(sid, auth["user"], auth)
            await sio.presence.track("room", auth["user"], auth, sid=sid)

    host, port = sio.listen("127.0.0.1", 0)
    try:
        yield sio, f"http://{host}:{port}"
    finally:
        await sio.shutdown()


def auth(user: str) -> dict[str, Any]:
    return {"auth": {"user": user}}


def agree(*servers: Any) -> bool:
    """Does each of them know everybody?"""

    def known(sio: Any) -> Any:
        listed = sio.presence.list("room")
        entries = {key: sorted(each["ref"] for each in row) for key, row in listed.items()}
        users = {user: sorted(sids) for user, sids in sio.users.user_pool.items()}
        return entries, users, dict(sio.users.session_pool), sio.presence.count("room")

    first = known(servers[0])
    return bool(first[0]) and all(known(each) == first for each in servers[1:])


@pytest.mark.parametrize("threads", THREADS)
async def test_each_server_knows_the_clients_of_both(threads: int) -> None:
    bus = Bus()
    async with (
        server(bus, threads) as (one, here),
        server(bus, threads) as (two, there),
        connected(here, **auth("ann")) as ann,
        connected(there, **auth("ann")) as second,
        connected(there, **auth("bob")) as bob,
    ):
        await until(lambda: agree(one, two) and one.presence.count("room") == 2)
        assert set(one.users.sids("ann")) == {ann.get_sid(), second.get_sid()}
        assert one.users.get(bob.get_sid()) == {"user": "bob"}
        assert set(two.presence.sids("ann")) == {ann.get_sid(), second.get_sid()}
        [entry] = one.presence.list("room")["bob"]
        assert entry["node"] == two.manager.host_id
        assert (entry["sid"], entry["meta"]) == (bob.get_sid(), {"user": "bob"})
        assert one.presence.is_online("bob")

        # To the user, wherever he is; and out, wherever he is.
        logs = [Log(), Log(), Log()]
        for client, log in zip((ann, second, bob), logs, strict=True):
            client.on("news", log.add)
        await one.emit("news", 1, to_user="ann")
        await logs[0].reaches(1)
        await logs[1].reaches(1)
        with pytest.raises(KeyError):
            one.users.session_pool[bob.get_sid()] = "another's"
        await one.users.disconnect_user("bob")
        await until(lambda: not bob.connected)
        assert logs[2] == []
        await until(lambda: agree(one, two) and one.users.online() == ["ann"])
        await two.presence.update("room", "changed", sid=second.get_sid())
        await until(
            lambda: "changed" in [each["meta"] for each in one.presence.list("room")["ann"]]
        )


@pytest.mark.parametrize("threads", THREADS)
async def test_a_user_who_is_put_out_is_waited_for_nowhere(threads: int) -> None:
    bus = Bus()
    async with (
        server(bus, threads) as (one, here),
        server(bus, threads) as (two, there),
        connected(here, **auth("ann")),
        connected(there, **auth("bob")),
        connected(there, **auth("carl")) as carl,
    ):
        for each in (one, two):
            each.presence.configure(tick=0.01, grace=60)
        await until(lambda: agree(one, two) and one.presence.count("room") == 3)
        await one.users.disconnect_user("bob")
        await until(lambda: not one.presence.is_online("bob"))
        assert not two.presence.is_online("bob")
        await one.disconnect(carl.get_sid())
        await carl.wait()
        assert one.presence.is_online("carl"), "who is disconnected otherwise may come back"


async def test_who_is_away_from_another_server_does_not_come_back_as_a_user_who_was_put_out() -> (
    None
):
    bus = Bus()
    async with (
        server(bus) as (one, _),
        server(bus, connection_state_recovery=True) as (two, there),
        aiohttp.ClientSession() as http,
    ):
        clients = {name: Client(http, there) for name in ("ann", "bob")}
        for name, client in clients.items():
            client.auth = {"user": name}
            await client.connect()
            client.lose()
        await until(lambda: len(two._service.recovery._away) == 2)
        assert one.users.online() == []
        await one.users.disconnect_user("bob")
        await until(lambda: len(two._service.recovery._away) == 1)
        for client in clients.values():
            client.auth = {}
            await client.connect()
        assert clients["ann"].recovered and not clients["bob"].recovered
        assert two.users.online() == ["ann"]


async def test_clients_hear_of_those_of_other_servers() -> None:
    bus = Bus()
    async with (
        server(bus) as (_, here),
        server(bus) as (_, there),
        connected(here, **auth("ann")) as ann,
    ):
        log = Log()
        ann.on("presence:diff", log.add)
        async with connected(there, **auth("bob")):
            await until(lambda: any(each[0].get("online") == ["bob"] for each in log))
        await until(lambda: any(each[0].get("offline") == ["bob"] for each in log))


async def test_a_server_that_comes_later_learns_of_who_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(people_nodes, "BEAT", 0.05)
    bus = Bus()
    async with server(bus) as (one, here), connected(here, **auth("ann")):
        await until(lambda: one.presence.count("room") == 1)
        async with server(bus) as (two, there):
            two.handle_startup()
            await until(lambda: agree(one, two))
            async with connected(there, **auth("bob")):
                await until(lambda: agree(one, two) and one.presence.count("room") == 2)
        # It has ended, and said so.
        await until(lambda: one.users.online() == one.presence.keys("room") == ["ann"])


async def test_what_the_channel_has_lost_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_nodes, "BEAT", 0.05)
    bus = Bus()
    async with (
        server(bus) as (one, here),
        server(bus) as (two, there),
        connected(here, **auth("ann")),
        connected(there, **auth("bob")) as bob,
    ):
        await until(lambda: agree(one, two) and one.presence.count("room") == 2)
        publish = bus.publish
        lost = []

        def lossy(payload: Any) -> None:
            message = json.loads(payload)
            (lost.append if message.get("kind") == "delta" else publish)(payload)

        monkeypatch.setattr(bus, "publish", lossy)
        async with connected(there, **auth("carl")):
            await two.presence.track("room", "dora", sid=bob.get_sid())
            await until(lambda: agree(one, two) and one.users.online() == ["ann", "bob", "carl"])
            assert one.presence.keys("room") == ["ann", "carl", "dora"]
            assert lost
        monkeypatch.setattr(bus, "publish", publish)
        await until(lambda: agree(one, two) and one.users.online() == ["ann", "bob"])


async def test_a_server_that_falls_silent_is_forgotten_in_one_diff(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(people_nodes, "BEAT", 0.05)
    monkeypatch.setattr(people_nodes, "DEAD", 0.3)
    bus = Bus()
    async with (
        server(bus) as (one, here),
        server(bus) as (two, there),
        connected(here, **auth("ann")) as ann,
        contextlib.AsyncExitStack() as stack,
    ):
        for user in ("bob", "carl", "dora"):
            await stack.enter_async_context(connected(there, **auth(user)))
        await until(lambda: agree(one, two) and one.presence.count("room") == 4)
        log = Log()
        ann.on("presence:diff", log.add)
        dead = two.manager.host_id
        publish = bus.publish

        def without_the_dead(payload: Any) -> None:
            if json.loads(payload).get("host_id") != dead:
                publish(payload)

        monkeypatch.setattr(bus, "publish", without_the_dead)
        await until(lambda: one.users.online() == ["ann"])
        await until(lambda: any(diff["offline"] for (diff,) in log))
        offline = [diff["offline"] for (diff,) in log if diff["offline"]]
        assert offline == [["bob", "carl", "dora"]]
        assert one.presence.keys("room") == ["ann"]
        # It was only the channel: what is there comes back.
        monkeypatch.setattr(bus, "publish", publish)
        await until(lambda: agree(one, two) and one.presence.count("room") == 4)


async def test_garbage_on_the_channel_changes_nothing() -> None:
    bus = Bus()
    async with server(bus) as (one, here), connected(here, **auth("ann")):
        await until(lambda: one.presence.count("room") == 1)
        start = {"method": "people", "host_id": "x", "epoch": "1"}
        for message in (
            {"method": "people"},
            {**start, "kind": "delta"},
            {**start, "kind": "state", "seq": 1, "users": [], "put": [["/", "room"]]},
            {**start, "kind": "state", "seq": "x", "users": {}, "put": []},
            {**start, "kind": "state", "seq": 2, "users": {}, "put": [["/", 1, 2, 3, 4, 5, 6, 7]]},
            {**start, "kind": "put_out", "user": [7]},
            {**start, "kind": "put_out"},
            {**start, "kind": "unheard of", "seq": 9},
        ):
            bus.publish(json.dumps(message))
        bus.publish(
            json.dumps(
                {
                    **start,
                    "kind": "state",
                    "seq": 10,
                    "users": {"s": ["eve", "/", 1]},
                    "put": [],
                }
            )
        )
        await until(lambda: sorted(one.users.online()) == ["ann", "eve"])
        assert one.presence.keys("room") == ["ann"]


async def test_data_that_cannot_be_shared_is_refused() -> None:
    bus = Bus()
    async with server(bus) as (one, here), connected(here) as client:
        with pytest.raises(TypeError):
            await one.users.bind(client.get_sid(), "ann", object())
        assert one.users.online() == []
