"""Open WebUI asks a tab and waits: `sio.call`, its timeout, and a caller that gives up."""

import asyncio

from .stage import Stage
from .tab import DONE, do, new_team, opened

CONFIRM = {"type": "confirmation", "data": {"title": "Delete it?"}}


def request_for(tab, message_id: str) -> dict:
    return {
        "session_id": tab.sid,
        "user_id": tab.user_id,
        "chat_id": "chat",
        "message_id": message_id,
    }


async def test_a_tab_answers_a_server_that_it_is_not_connected_to(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        alice.answer = {"confirmed": True, "text": "ja ✓"}
        for server in stage.servers:
            question = {"request": request_for(alice, team), "event": CONFIRM}
            assert await do(server, "ask", question) == {"answer": alice.answer}
            asked = await alice.asked.get()
            assert (asked["chat_id"], asked["message_id"]) == ("chat", team)
            interaction = asked["data"]["data"].pop("interaction_id")
            assert asked["data"] == CONFIRM
            done = (await alice.next("events"))["data"]
            assert done == {"type": DONE, "data": {"interaction_id": interaction}}


async def test_a_tab_that_does_not_answer_is_given_up_after_the_timeout(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        alice.answer = asyncio.get_running_loop().create_future()
        question = {"request": request_for(alice, team), "event": CONFIRM, "timeout": 0.2}
        answer = (await do(stage.first, "ask", question))["answer"]
        assert "timed out" in answer["error"]
        alice.answer.set_result("too late")

        alice.answer = "in time"
        question = {"request": request_for(alice, team), "event": CONFIRM}
        assert await do(stage.first, "ask", question) == {"answer": "in time"}


async def test_a_question_without_a_timeout_can_be_cancelled(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        alice.answer = late = asyncio.get_running_loop().create_future()
        question = {"request": request_for(alice, team), "event": CONFIRM}
        asking = asyncio.create_task(do(stage.first, "ask", question))
        await alice.asked.get()
        assert await do(stage.first, f"cancel/{team}") is True
        assert await asking == {"cancelled": True}
        late.set_result("nobody waits for this")

        alice.answer = "the next is answered"
        assert await do(stage.first, "ask", question) == {"answer": "the next is answered"}


async def test_a_tab_that_closes_ends_the_question(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        alice.answer = asyncio.get_running_loop().create_future()
        question = {"request": request_for(alice, team), "event": {"type": "execute", "data": {}}}
        asking = asyncio.create_task(do(stage.second, "ask", question))
        await alice.asked.get()
        await alice.close()
        assert await asking == {"answer": {"error": "Client session disconnected."}}
        alice.answer.cancel()


async def test_a_question_is_asked_again_when_the_users_next_tab_opens_the_chat(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        alice.answer = late = asyncio.get_running_loop().create_future()
        request = {**request_for(alice, team), "chat_id": team}
        question = {"request": request, "event": CONFIRM}
        asking = asyncio.create_task(do(stage.first, "ask", question))
        first = await alice.asked.get()
    late.cancel()
    async with opened(stage.second, f"alice-{team}") as again:
        again.answer = "still here"
        joining = {"chat_id": team, "data": {"type": "join"}}
        assert await again.ask("events:chat", joining) is True
        assert await again.asked_next(CONFIRM["type"]) == first
        assert await asking == {"answer": "still here"}


async def test_only_a_users_own_tab_is_asked(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        alice.answer = "yes"
        stranger = {**request_for(alice, team), "user_id": f"bob-{team}"}
        answer = (await do(stage.first, "ask", {"request": stranger, "event": CONFIRM}))["answer"]
        assert answer == {"error": "Client session disconnected."}
        assert alice.asked.empty()
