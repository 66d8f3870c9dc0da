"""Open WebUI's shared notes: Yjs documents over Socket.IO, with real documents at both ends."""

import pycrdt
import pytest

from interop.limits import eventually

from .stage import Stage
from .tab import Tab, do, new_team, opened, see


def text_of(*updates: list[int]) -> str:
    document = pycrdt.Doc()
    text = document.get("text", type=pycrdt.Text)
    for update in updates:
        document.apply_update(bytes(update))
    return str(text)


def update_with(text: str) -> list[int]:
    document = pycrdt.Doc()
    document.get("text", type=pycrdt.Text).insert(0, text)
    return list(document.get_update())


async def enter(tab: Tab, team: str) -> dict:
    """Join the team's document; the state it is in."""
    await tab.send("ydoc:document:join", {"document_id": f"note:{team}", "user_id": tab.user_id})
    return await tab.next("ydoc:document:state")


async def test_who_joins_a_document_gets_its_state_and_the_others_hear_of_it(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
    ):
        state = await enter(alice, team)
        assert (state["document_id"], state["content"]) == (f"note:{team}", "saved")
        assert text_of(state["state"]) == ""

        await enter(bob, team)
        joined = await alice.next("ydoc:user:joined")
        assert (joined["user_id"], joined["user_name"]) == (f"bob-{team}", "Anonymous")
        assert bob.waiting("ydoc:user:joined") == 0


@pytest.mark.parametrize("form", [list, bytes], ids=["as a list", "as an attachment"])
async def test_an_update_reaches_the_others_and_who_joins_later(stage: Stage, form):
    team = new_team()
    update = update_with("written by alice")
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
        opened(stage.second, f"carol-{team}") as carol,
    ):
        await enter(alice, team)
        await enter(bob, team)
        document = {"document_id": f"note:{team}", "user_id": alice.user_id}
        await alice.send("ydoc:document:update", {**document, "update": form(update)})
        told = await bob.next("ydoc:document:update")
        assert told == {**document, "update": update, "socket_id": alice.sid}

        # Who comes later gets what came together, from the server where it is kept or from Redis.
        state = await enter(carol, team)
        assert text_of(state["state"]) == "written by alice"
        await bob.send("ydoc:document:state", {"document_id": f"note_{team}"})  # the other spelling
        state = await bob.next("ydoc:document:state")
        assert text_of(state["state"]) == "written by alice" and bob.sid in state["sessions"]
        assert alice.waiting("ydoc:document:update") == 0


async def test_a_note_is_saved_after_its_last_update(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        await enter(alice, team)
        for version in (1, 2):
            update = {"document_id": f"note:{team}", "update": update_with(str(version))}
            await alice.ask("ydoc:document:update", {**update, "data": {"version": version}})

        async def saved():
            state = await see(stage.first, "state")
            return [
                entry["data"]
                for entry in state["records"]
                if entry["what"] == "note saved" and entry["note"] == team
            ]

        assert await eventually(saved, "the note is saved") == [{"version": 2}]


async def test_who_may_read_a_note_cannot_write_it(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.first, f"carol-{team}") as carol,
        opened(stage.first, f"dora-{new_team()}") as stranger,
    ):
        await enter(alice, team)
        await enter(carol, team)
        document = {"document_id": f"note:{team}"}
        await stranger.ask("ydoc:document:join", document)
        for intruder in (carol, stranger):
            intrusion = {**document, "update": update_with("not allowed")}
            await intruder.ask("ydoc:document:update", intrusion)
        await alice.ask("ydoc:document:update", {**document, "update": update_with("allowed")})
        told = await carol.next("ydoc:document:update")
        assert text_of(told["update"]) == "allowed"
        assert stranger.waiting("ydoc:document:state") == 0
        assert alice.waiting("ydoc:document:update") == 0


async def test_awareness_goes_to_the_others_under_the_name_of_the_session(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
        opened(stage.second, f"carol-{team}") as outside,
    ):
        await enter(alice, team)
        await enter(bob, team)
        document = {"document_id": f"note:{team}"}
        await outside.ask("ydoc:awareness:update", {**document, "update": [0]})
        forged = {**document, "user_id": "somebody-else", "update": [1, 2, 255]}
        await alice.send("ydoc:awareness:update", forged)
        told = await bob.next("ydoc:awareness:update")
        assert told == {**document, "user_id": f"alice-{team}", "update": [1, 2, 255]}


async def test_many_cursors_moves_all_arrive_and_in_order_where_nothing_is_between(stage: Stage):
    team, moves = new_team(), 300
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.first, f"bob-{team}") as bob,
    ):
        await enter(alice, team)
        await enter(bob, team)
        for move in range(moves):
            update = {"document_id": f"note:{team}", "update": [move % 256]}
            await alice.send("ydoc:awareness:update", update)
        seen = [(await bob.next("ydoc:awareness:update"))["update"][0] for _ in range(moves)]
        expected = [move % 256 for move in range(moves)]
        if stage.arrangement.on_redis:  # each is published by a task of its own
            seen.sort(), expected.sort()
        assert seen == expected


async def test_who_leaves_is_told_to_the_others_and_the_last_closes_the_document(stage: Stage):
    team = new_team()
    document = {"document_id": f"note:{team}"}
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
    ):
        await enter(alice, team)
        await enter(bob, team)
        await alice.ask("ydoc:document:update", {**document, "update": update_with("kept")})
        await bob.next("ydoc:document:update")
        await alice.ask("ydoc:document:leave", document)
        assert await bob.next("ydoc:user:left") == {**document, "user_id": f"alice-{team}"}
        kept = await see(stage.second, f"document/note:{team}")
        assert kept == {"exists": True, "users": [bob.sid], "updates": 1}

        await bob.ask("ydoc:document:leave", document)
        kept = await see(stage.second, f"document/note:{team}")
        assert kept == {"exists": False, "users": [], "updates": 0}
        rooms = await do(stage.second, "call/get_session_ids_from_room", [f"doc_note:{team}"])
        assert rooms == []
