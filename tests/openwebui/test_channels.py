"""Open WebUI's channels, notes and chats: who gets which event, across servers."""

from interop.limits import eventually

from .stage import Stage
from .tab import do, new_team, opened, see


def typing(team: str) -> dict:
    return {"channel_id": team, "message_id": None, "data": {"type": "typing", "data": True}}


async def records(server, what: str) -> list[dict]:
    return [entry for entry in (await see(server, "state"))["records"] if entry["what"] == what]


async def test_typing_reaches_the_members_of_a_channel_on_every_server(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
        opened(stage.second, f"guest-{team}") as guest,
    ):
        await alice.send("events:channel", typing(team))
        user = {"id": f"alice-{team}", "name": "Alice", "role": "user"}
        for tab in (alice, bob):
            assert await tab.next("events:channel") == {**typing(team), "user": user}

        # What the guest is not a member of it does not get; what is sent to it, it does.
        await do(stage.first, "call/emit_to_users", ["told", {"n": 1}, [f"guest-{team}"]])
        assert await guest.next("told") == {"n": 1}
        assert guest.waiting("events:channel") == 0


async def test_only_a_member_may_type_in_a_channel(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.first, f"guest-{team}") as guest,
    ):
        await guest.ask("events:channel", typing(team))
        await alice.ask("events:channel", typing(team))
        assert (await alice.next("events:channel"))["user"]["name"] == "Alice"


async def test_what_was_read_in_a_channel_is_kept(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        read = {"channel_id": team, "data": {"type": "last_read_at"}}
        assert await alice.ask("events:channel", read) is None
        kept = {"what": "channel read", "channel": team, "user": f"alice-{team}"}
        assert kept in await records(stage.first, "channel read")


async def test_users_are_told_in_their_rooms_on_every_server(stage: Stage):
    team = new_team()
    users = [f"alice-{team}", f"bob-{team}"]
    async with (
        opened(stage.first, users[0]) as alice,
        opened(stage.second, users[0]) as alice_elsewhere,
        opened(stage.second, users[1]) as bob,
    ):
        await do(stage.first, "call/emit_to_users", ["told", {"text": "Grüße ☃"}, users])
        for tab in (alice, alice_elsewhere, bob):
            assert await tab.next("told") == {"text": "Grüße ☃"}


async def test_a_new_channel_is_entered_for_its_users(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.first, f"bob-{team}") as bob,
        opened(stage.first, f"guest-{team}") as guest,
    ):
        users = [f"alice-{team}", f"bob-{team}"]
        await do(
            stage.first,
            "call/enter_room_for_users",
            [f"channel:new-{team}", [*users, guest.user_id]],
        )
        members = await do(stage.first, "call/get_user_ids_from_room", [f"channel:new-{team}"])
        assert sorted(members) == users
        await alice.send("events:channel", typing(f"new-{team}"))
        assert (await bob.next("events:channel"))["channel_id"] == f"new-{team}"


async def test_channels_and_notes_are_joined_as_far_as_the_user_may(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"bob-{team}", joined=False) as bob,
        opened(stage.first, f"dora-{new_team()}", joined=False) as stranger,
    ):
        for tab in (bob, stranger):
            await tab.ask("join-channels", {"auth": tab.token})
            await tab.ask("join-note", {"auth": tab.token, "note_id": team})
            await tab.ask("join-note", {"auth": tab.token, "note_id": "missing"})
        rooms = (await see(stage.first, "state"))["rooms"]
        assert rooms[f"channel:{team}"] == [bob.sid]
        assert rooms[f"note:{team}"] == [bob.sid]
        assert "note:missing" not in rooms


async def test_a_chats_events_reach_every_tab_of_its_user(stage: Stage):
    team = new_team()
    request = {"user_id": f"alice-{team}", "chat_id": f"chat-{team}", "message_id": f"m-{team}"}
    status = {"type": "status", "data": {"description": "thinking", "done": False}}
    token = {"type": "message", "data": {"content": "Hallo"}}
    async with (
        opened(stage.first, f"alice-{team}") as here,
        opened(stage.second, f"alice-{team}") as there,
    ):
        await do(stage.first, "tell", {"request": request, "events": [status, token]})
        for tab in (here, there):
            for data in (status, token):
                told = await tab.next("events")
                assert told["data"] == data
                assert told["chat_id"] == f"chat-{team}" and told["message_id"] == f"m-{team}"
    kept = [entry["content"] for entry in await records(stage.first, "message")]
    assert {"content": "so far, Hallo"} in kept


async def test_a_chat_in_a_channel_updates_the_channels_message(stage: Stage):
    team = new_team()
    message = f"{team}/1"
    request = {"user_id": "model", "chat_id": f"channel:{team}", "message_id": message}
    done = {"type": "chat:completion", "data": {"content": "An answer.", "done": True}}
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
    ):
        await do(stage.first, "tell", {"request": request, "events": [done]})
        for tab in (alice, bob):
            told = await tab.next("events:channel")
            assert (told["channel_id"], told["message_id"]) == (team, message)
            assert told["data"]["type"] == "message:update"
            assert told["data"]["data"]["content"] == "An answer."
            assert told["data"]["data"]["meta"] == {"done": True}


async def test_a_chat_that_was_read_is_told_to_all_tabs_of_the_user(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as here,
        opened(stage.second, f"alice-{team}") as there,
    ):
        await here.send("events:chat", {"chat_id": f"c-{team}", "data": {"type": "last_read_at"}})
        for tab in (here, there):
            told = await tab.next("events")
            assert told["chat_id"] == f"c-{team}"
            assert told["data"]["data"]["folder_unread_counts"] == {"outer": 2, "inner": 2}

        async def cancelled():
            kept = await records(stage.first, "timers cancelled")
            return f"c-{team}" in [entry["chat"] for entry in kept]

        await eventually(cancelled, "the chat's timers are cancelled")
