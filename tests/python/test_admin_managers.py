"""Admins of servers whose client managers are not the plain one."""

from __future__ import annotations

from typing import Any

import pytest
import socketio
from admin_client import admin_at, watched
from brokers import Bus, broker
from conftest import OWN_PORT, connected

import sio_native


@pytest.mark.parametrize("base", [sio_native, socketio], ids=["native", "adopted"])
async def test_each_server_sends_its_stats_to_the_admins_of_all(base: Any) -> None:
    bus = Bus()
    options = {"mode": "production"}
    async with (
        watched(OWN_PORT, client_manager=broker(base, bus), server_id="a", **options) as (_, url),
        watched(OWN_PORT, client_manager=broker(base, bus), **options) as (other, others_url),
        connected(others_url),
        admin_at(url) as admin,
    ):
        await admin.hears("server_stats", lambda stats: stats["serverId"] == "a")
        (stats,) = await admin.hears("server_stats", lambda stats: stats["serverId"] != "a")
        assert stats["serverId"] == other.manager.host_id
        assert stats["clientsCount"] == 1
        assert {"name": "/", "socketsCount": 1} in stats["namespaces"]


async def test_details_are_those_of_the_admins_own_server() -> None:
    bus = Bus()
    async with (
        watched(OWN_PORT, client_manager=broker(sio_native, bus)) as (_, url),
        watched(OWN_PORT, client_manager=broker(sio_native, bus)) as (other, others_url),
        connected(others_url) as elsewhere,
        admin_at(url) as admin,
    ):
        await admin.hears("all_sockets")
        async with connected(url) as here:
            await elsewhere.call("echo", "there")
            await here.call("echo", "here")
            await other.emit("news", 1)  # by the broker to clients of both
            await admin.hears("event_sent", lambda nsp, sid, event, at: event[0] == "news")
            received = [args[1:3] for args in admin.all_of("event_received")]
            assert received == [(here.get_sid(), ["echo", "here"])]
            assert {args[1] for args in admin.all_of("event_sent")} == {here.get_sid()}
        details = [message for message in bus.of("emit") if message["event"] != "server_stats"]
        assert [message["event"] for message in details] == ["news"]


class Overriding(sio_native.AsyncManager):
    """All that concerns rooms and clients goes through Python."""

    async def enter_room(self, *args: Any, **kwargs: Any) -> None:
        await super().enter_room(*args, **kwargs)

    def basic_enter_room(self, *args: Any, **kwargs: Any) -> None:
        super().basic_enter_room(*args, **kwargs)

    def basic_leave_room(self, *args: Any, **kwargs: Any) -> None:
        super().basic_leave_room(*args, **kwargs)

    async def emit(self, *args: Any, **kwargs: Any) -> None:
        await super().emit(*args, **kwargs)


async def test_a_manager_with_methods_of_its_own_is_followed_too() -> None:
    async with (
        watched(OWN_PORT, client_manager=Overriding()) as (sio, url),
        admin_at(url) as admin,
    ):
        await admin.hears("all_sockets")
        async with connected(url) as client:
            sid = client.get_sid()
            await admin.hears("socket_connected", lambda told, at: told["id"] == sid)
            await sio.enter_room(sid, "room")
            await sio.enter_room(sid, "closed")
            await sio.close_room("closed")
            await sio.emit("news", 1, to="room")
        for room in (sid, "room"):  # by its end
            await admin.hears("room_left", lambda nsp, left, who, at, room=room: left == room)
        joined = [args[1] for args in admin.all_of("room_joined") if args[2] == sid]
        assert joined == [sid, "room", "closed"]
        left = [args[1] for args in admin.all_of("room_left") if args[2] == sid]
        assert left[0] == "closed"
        assert sorted(left) == sorted([sid, "room", "closed"])
        assert [args[2] for args in admin.all_of("event_sent") if args[1] == sid] == [["news", 1]]
