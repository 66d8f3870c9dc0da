"""Open WebUI's sessions: tokens, pools, rooms of users, and what a tab leaves behind."""

import aiohttp

from interop.limits import eventually

from .stage import FETCHED, NATIVE, Stage
from .tab import PATH, do, new_team, opened, see


async def test_the_backend_is_open_webuis_own_and_finds_the_package_asked_for(stage: Stage):
    for server in stage.servers:
        about = await see(server, "about")
        assert about["backend"] == str(FETCHED / "backend/open_webui/socket/main.py")
        package = "sio_native" if server.flavour == NATIVE else "socketio"
        assert about["server"].partition(".")[0] == package
        assert package in {module.partition(".")[0] for module in about["manager"]}
        own_manager = "open_webui.socket.redis_room_channels"
        rooms = stage.arrangement.on_redis and stage.arrangement.room_channels
        assert (own_manager in about["manager"]) is rooms


async def test_a_websocket_is_handed_over_to_the_engine(stage: Stage):
    async with opened(stage.first, f"alice-{new_team()}") as alice:
        path = "handoff" if stage.first.flavour == NATIVE else None
        assert await see(stage.first, f"transport/{alice.sid}") == ["websocket", path]


async def test_polling_is_refused(stage: Stage):
    url = f"{stage.first.url}{PATH}/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 400


async def test_a_token_opens_a_session_and_joins_the_users_room(stage: Stage):
    user = f"alice-{new_team()}"
    async with opened(stage.first, user, joined=False) as alice:

        async def session():
            state = await see(stage.first, "state")
            return alice.sid in state["rooms"].get(f"user:{user}", []) and state

        state = await eventually(session, "the session is there")
        entry = state["sessions"][alice.sid]
        assert (entry["id"], entry["name"], entry["role"]) == (user, "Alice", "user")
        assert "last_seen_at" in entry and "bio" not in entry
        assert state["rooms"][alice.sid] == [alice.sid]
        redis = "Redis" if stage.arrangement.on_redis else "StateRedis"  # app.state has it
        asked = {"what": "token", "token": f"token-{user}", "redis": redis}
        assert asked in state["records"]


async def test_without_a_valid_token_a_client_is_connected_and_nobody(stage: Stage):
    async with opened(stage.first, None, joined=False) as nobody:
        assert await nobody.join() is None
        state = await see(stage.first, "state")
        assert nobody.sid not in state["sessions"]
        assert state["rooms"][nobody.sid] == [nobody.sid]
        await nobody.send("heartbeat", {})  # for users, so it is disconnected
        await nobody.closed.wait()


async def test_user_join_answers_with_the_user_and_joins_the_channels(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}", joined=False) as alice,
        opened(stage.first, f"guest-{team}", joined=False) as guest,
    ):
        assert await alice.join() == {"id": f"alice-{team}", "name": "Alice"}
        assert await guest.join() == {"id": f"guest-{team}", "name": "Guest"}
        rooms = (await see(stage.first, "state"))["rooms"]
        assert rooms[f"channel:{team}"] == [alice.sid]  # a guest may not use channels


async def test_a_heartbeat_is_kept_for_the_user(stage: Stage):
    user = f"alice-{new_team()}"
    async with opened(stage.first, user) as alice:
        await alice.ask("heartbeat", {})
        state = await see(stage.first, "state")
        assert {"what": "last active", "user": user} in state["records"]


async def test_the_models_in_use_are_known_until_their_tabs_close(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
    ):
        for tab in (alice, bob):
            await tab.ask("usage", {"model": f"model-{team}"})
        assert f"model-{team}" in await do(stage.first, "call/get_models_in_use", [])
        usage = (await see(stage.first, "state"))["usage"][f"model-{team}"]
        assert set(usage) == {alice.sid, bob.sid}

        await alice.close()

        async def only_bob():
            usage = (await see(stage.first, "state"))["usage"]
            return set(usage.get(f"model-{team}", ())) == {bob.sid}

        await eventually(only_bob, "alice's use is gone")

    async def nobody():
        return f"model-{team}" not in (await see(stage.first, "state"))["usage"]

    await eventually(nobody, "bob's use is gone")


async def test_a_tab_that_closes_leaves_nothing_behind(stage: Stage):
    team = new_team()
    async with opened(stage.first, f"alice-{team}") as alice:
        await alice.ask("ydoc:document:join", {"document_id": f"note:{team}"})
        assert (await see(stage.first, f"document/note:{team}"))["users"] == [alice.sid]

    async def gone():
        state = await see(stage.first, "state")
        rooms = (alice.sid, f"user:alice-{team}", f"channel:{team}", f"doc_note:{team}")
        users = (await see(stage.first, f"document/note:{team}"))["users"]
        return alice.sid not in state["sessions"] and not {*rooms} & {*state["rooms"]} and not users

    await eventually(gone, "session, rooms and document are gone")


async def test_a_users_tabs_are_disconnected_on_every_server(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as here,
        opened(stage.second, f"alice-{team}") as there,
        opened(stage.first, f"bob-{team}") as bob,
    ):
        await do(stage.first, "call/disconnect_user_sessions", [f"alice-{team}"])
        await here.closed.wait()
        await there.closed.wait()

        async def only_bob():
            sessions = (await see(stage.first, "state"))["sessions"]
            return {here.sid, there.sid, bob.sid} & {*sessions} == {bob.sid}

        await eventually(only_bob, "alice's sessions are gone")
