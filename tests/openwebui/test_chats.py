"""Open WebUI's shared chats: presence, typing, and streams from a tab to a waiting request."""

import asyncio

from interop.limits import eventually

from .stage import Stage
from .tab import Tab, do, new_team, opened, see


async def enter(tab: Tab, team: str) -> bool:
    return await tab.ask("events:chat", {"chat_id": team, "data": {"type": "join"}})


async def present(tab: Tab) -> list[str]:
    """Who is there, as the tab is told next."""
    told = await tab.next("events")
    assert told["data"]["type"] == "chat:presence"
    return [person["id"] for person in told["data"]["data"]["users"]]


async def test_who_opens_and_leaves_a_chat_is_told_to_the_others(stage: Stage):
    team = new_team()
    users = [f"alice-{team}", f"bob-{team}"]
    async with opened(stage.first, users[0]) as alice:
        assert await enter(alice, team) is True
        assert await present(alice) == users[:1]
        async with opened(stage.second, users[1]) as bob:
            assert await enter(bob, team) is True
            assert await present(bob) == await present(alice) == users
            assert (await see(stage.second, "state"))["sessions"][bob.sid]["chat_ids"] == [team]
        assert await present(alice) == users[:1]  # a tab that closes leaves its chats


async def test_typing_in_a_chat_goes_to_the_others_and_needs_write_access(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"carol-{team}") as carol,
        opened(stage.second, f"dora-{new_team()}") as stranger,
    ):
        assert await enter(stranger, team) is False
        assert await enter(carol, team) is True
        assert await enter(alice, team) is True
        assert f"carol-{team}" in await present(alice)
        while f"alice-{team}" not in await present(carol):
            pass

        typing = {"chat_id": team, "data": {"type": "typing", "data": {"typing": True}}}
        assert await alice.ask("events:chat", typing) is True
        assert await carol.ask("events:chat", typing) is False  # she may read
        assert await stranger.ask("events:chat", typing) is False
        told = await carol.next("events")
        assert told["data"] == {"type": "typing", "data": {"typing": True}}
        assert told["user"] == {"id": f"alice-{team}", "name": "Alice"}
        assert alice.waiting("events") == 0


async def test_a_chats_status_is_shared_with_those_who_have_it_open(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
    ):
        await enter(bob, team)
        await present(bob)
        request = {"user_id": alice.user_id, "chat_id": team, "message_id": "1"}
        status = {"type": "status", "data": {"done": True}}
        await do(stage.first, "tell", {"request": request, "events": [status]})
        assert (await alice.next("events"))["data"] == status
        shared = await bob.next("events")
        assert shared["shared"] is True and shared["data"] == status


async def test_a_stream_reaches_the_request_that_waits_for_it_on_any_server(stage: Stage):
    user, parts = f"alice-{new_team()}", 100
    async with opened(stage.first, user) as alice:
        for server in stage.servers:
            event = f"{user}:{alice.sid}:{server.port}"
            request = asyncio.create_task(do(server, f"listen/{event}", parts))

            async def listening(server=server, event=event):
                return await see(server, f"listening/{event}")

            await eventually(listening, "the request waits")
            await alice.send(f"somebody-else:{alice.sid}:{server.port}", "not heard")
            for part in range(parts):
                await alice.send(event, {"part": part, "text": "…"})
            assert await request == [{"part": part, "text": "…"} for part in range(parts)]
