"""examples/fastapi/progress under uvicorn: each of its patterns, by real clients and HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from .example_client import ExampleClient, entered
from .limits import eventually, run
from .redis_server import RedisServer, running_redis
from .uvicorn_process import ROOT, UvicornProcess

PACKAGE = "examples.fastapi.progress"
APP = f"{PACKAGE}.server:app"
LIMITED = "Rate limit exceeded"


@pytest.fixture(scope="module")
def example() -> Iterator[UvicornProcess]:
    running = UvicornProcess(APP)
    yield running
    running.stop()


@contextlib.asynccontextmanager
async def clients(
    example: UvicornProcess, count: int = 2, **options: Any
) -> AsyncIterator[list[ExampleClient]]:
    async with entered(example.url, "welcome", count, **options) as those:
        yield those


async def all_said(*those: ExampleClient) -> None:
    """What was sent to a client before its answer has come with the answer."""
    for client in those:
        await client.ask("join-room", {"roomId": "nobody"})


async def http(example: UvicornProcess, method: str, path: str, body: Any = None) -> Any:
    """Status and body of a response."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, example.url + path, json=body) as response,
    ):
        return response.status, None if response.status == 204 else await response.json()


def take_timestamp(data: dict[str, Any]) -> int:
    """It is `Date.now()`: milliseconds since 1970."""
    timestamp = data.pop("timestamp")
    assert isinstance(timestamp, int) and abs(timestamp / 1000 - time.time()) < 60
    return timestamp


# --- changes of data, and progress ---


def test_http_routes_tell_all_clients_of_each_change(example):
    async def conversation():
        async with clients(example) as both:

            async def told(action: str, data: Any) -> None:
                change = {"type": "ticket", "action": action, "data": data}
                for each in both:
                    heard = await each.hears("data-changed")
                    take_timestamp(heard)
                    assert heard == change

            status, ticket = await http(example, "POST", "/api/tickets", {"title": "A door"})
            assert status == 201 and ticket["title"] == "A door"
            await told("created", ticket)
            path, changed = f"/api/tickets/{ticket['id']}", {**ticket, "title": "A gate"}
            assert await http(example, "PUT", path, {"title": "A gate"}) == (200, changed)
            await told("updated", changed)
            assert changed in (await http(example, "GET", "/api/tickets"))[1]
            assert (await http(example, "DELETE", path))[0] == 204
            await told("deleted", changed)
            assert (await http(example, "DELETE", path))[0] == 404
            assert (await http(example, "POST", "/api/tickets", {"title": ""}))[0] == 422
            await all_said(*both)
            assert both[0].heard("data-changed") == both[1].heard("data-changed") == []

    run(conversation())


def test_a_background_task_tells_how_far_it_is_and_what_it_has_changed(example):
    async def conversation():
        async with clients(example) as both:
            body = {"titles": ["one", "two", "three"]}
            status, started = await http(example, "POST", "/api/tickets/import", body)
            assert status == 202 and started.keys() == {"operationId"}
            for each in both:
                heard = [await each.hears("operation-started")]
                heard += [await each.hears("operation-progress") for _ in range(3)]
                heard.append(await each.hears("operation-complete"))
                times = [take_timestamp(data) for data in heard]
                assert times == sorted(times)
                assert heard == [
                    {**started, "totalSteps": 3},
                    {**started, "currentStep": 1, "message": "Imported one"},
                    {**started, "currentStep": 2, "message": "Imported two"},
                    {**started, "currentStep": 3, "message": "Imported three"},
                    {**started, "result": {"imported": 3}},
                ]
                changes = each.heard("data-changed")
                assert [change["data"]["title"] for change in changes] == body["titles"]

    run(conversation())


# --- uploads ---


def test_an_upload_is_followed_in_its_room_which_is_empty_at_the_end(example):
    async def conversation():
        file = bytes(range(256)) * 4000
        async with clients(example) as (sender, other):
            answer = await sender.done("start-upload", {"name": "a.bin", "file": file})
            upload_id = answer["uploadId"]
            assert answer["sha256"] == hashlib.sha256(file).hexdigest()
            expected = [
                {
                    "uploadId": upload_id,
                    "progress": percent,
                    "message": f"Processing: {percent}%",
                }
                for percent in range(10, 101, 10)
            ]
            assert sender.heard("upload-progress") == expected
            assert await other.hears("upload-started") == {"uploadId": upload_id, "name": "a.bin"}
            gone = await other.refusal("watch-upload", {"uploadId": upload_id})
            assert gone == "There is no such upload"
            assert other.heard("upload-progress") == []

    run(conversation())


def test_who_watches_an_upload_hears_the_rest_and_nothing_of_another_one(example):
    async def conversation():
        file = bytes(9_000_000)
        async with clients(example, 3) as (sender, watcher, second):

            async def came_in_time() -> list[int]:
                uploads = [
                    asyncio.create_task(each.done("start-upload", {"name": name, "file": file}))
                    for each, name in ((sender, "watched"), (second, "other"))
                ]
                while (started := await watcher.hears("upload-started"))["name"] != "watched":
                    pass
                watched = {"uploadId": started["uploadId"]}
                await watcher.ask("watch-upload", watched)
                answers = [await each for each in uploads]
                assert answers[0]["uploadId"] == watched["uploadId"]
                await all_said(watcher)
                heard = watcher.heard("upload-progress")
                watcher.forget()
                assert {each["uploadId"] for each in heard} <= {watched["uploadId"]}
                return [each["progress"] for each in heard]

            percents = await eventually(came_in_time, "an upload was watched before its end")
            assert percents == list(range(110 - 10 * len(percents), 101, 10))

    run(conversation())


# --- validation ---


@pytest.mark.parametrize(
    ("event", "data", "error"),
    [
        ("send-message", {"roomId": "a"}, "text: Field required"),
        ("send-message", {"roomId": "a", "text": "x" * 1001}, "text: String should have at most"),
        ("send-message", {"roomId": 7, "text": "x"}, "roomId: Input should be a valid string"),
        ("send-message", None, "data: Input should be a valid dictionary"),
        ("chat-message", {"text": ""}, "text: String should have at least 1 character"),
        ("start-upload", {"name": "a", "file": "text"}, "file: Input should be a valid bytes"),
        ("watch-upload", {"uploadId": "../../etc"}, "uploadId: String should match pattern"),
    ],
)
def test_what_does_not_fit_is_answered_with_what_is_wrong_with_it(example, event, data, error):
    async def conversation():
        async with clients(example, 1) as (client,):
            assert (await client.refusal(event, data)).startswith(error)

    run(conversation())


def test_a_message_that_fits_goes_to_the_others_in_its_room(example):
    async def conversation():
        room = {"roomId": uuid.uuid4().hex}
        message = {**room, "text": "hello"}
        async with clients(example, 3) as (one, two, elsewhere):
            assert await one.refusal("send-message", message) == "Join the room first"
            for each in (one, two):
                await each.done("join-room", room)
            assert await one.done("send-message", message) == {}
            assert await two.hears("new-message") == message
            await all_said(one, elsewhere)
            assert one.heard("new-message") == elsewhere.heard("new-message") == []

    run(conversation())


def test_a_room_s_name_cannot_be_that_of_another_client(example):
    async def conversation():
        async with clients(example) as (spy, victim):
            await spy.done("join-room", {"roomId": victim.sid})
            await victim.done("start-upload", {"name": "private", "file": b"secret"})
            await all_said(spy)
            assert spy.heard("upload-progress") == []

    run(conversation())


# --- limits ---


def test_ten_messages_a_minute_get_through_and_of_the_rest_none(example):
    async def conversation():
        async with clients(example, 3) as (one, two, listener):
            for number in range(15):
                await one.io.emit("chat-message", {"text": str(number)})
            for _ in range(5):
                assert await one.hears("error") == LIMITED
            said = [(await listener.hears("chat-message"))["text"] for _ in range(10)]
            assert said == [str(number) for number in range(10)]
            assert await one.refusal("chat-message", {"text": "again"}) == LIMITED
            # It is a limit of this client, and of this event.
            await two.done("chat-message", {"text": "mine"})
            assert (await listener.hears("chat-message"))["text"] == "mine"
            await one.done("join-room", {"roomId": "any"})
            await all_said(one, listener)
            assert one.heard("error") == listener.heard("chat-message") == []

    run(conversation())


def test_after_a_minute_it_is_ten_again(monkeypatch):
    """The example itself, on virtual time."""
    monkeypatch.syspath_prepend(ROOT)
    from examples.fastapi.progress.server import app

    from sio_native.testing import TestClient

    async def conversation():
        async with TestClient(app) as client:

            async def say() -> Any:
                return await client.call("chat-message", {"text": "hello"})

            for _ in range(2):
                assert [await say() for _ in range(10)] == [{"success": True}] * 10
                assert await say() == {"success": False, "error": LIMITED}
                await client.advance(59)
                assert await say() == {"success": False, "error": LIMITED}
                await client.advance(1)

    run(conversation())


# --- users ---


def test_a_user_is_known_by_all_of_its_connections_and_reached_by_all(example):
    async def conversation():
        user, path = uuid.uuid4().hex, "/api/users"
        async with (
            clients(example, 2, auth={"userId": user}) as (one, two),
            clients(example, 1) as (stranger,),
        ):
            _, found = await http(example, "GET", f"{path}/{user}/connections")
            assert {each["id"] for each in found} == {one.sid, two.sid}
            assert all(abs(each["connectedAt"] / 1000 - time.time()) < 60 for each in found)
            notices = f"{path}/{user}/notices"
            assert await http(example, "POST", notices, {"text": "hi"}) == (202, {"clients": 2})
            for each in (one, two):
                assert await each.hears("notice") == {"text": "hi"}
            await one.io.disconnect()

            async def is_alone() -> bool:
                _, found = await http(example, "GET", f"{path}/{user}/connections")
                return [each["id"] for each in found] == [two.sid]

            await eventually(is_alone, "one of two connections is left")
            await all_said(stranger)
            assert stranger.heard("notice") == []
        assert (await http(example, "GET", f"{path}/nobody/connections")) == (200, [])

    run(conversation())


@pytest.mark.parametrize("auth", [{"userId": ""}, {"userId": 7}, {"userId": "x" * 101}, {}])
def test_who_says_no_sound_id_is_nobody_and_connected_all_the_same(example, auth):
    async def conversation():
        async with clients(example, 1, auth=auth) as (client,):
            await client.done("join-room", {"roomId": "any"})

    run(conversation())


# --- the end ---


def test_at_sigterm_each_client_is_told_and_let_go_and_the_process_ends():
    running = UvicornProcess(APP)

    async def conversation():
        async with clients(running, 10) as those:
            ended = asyncio.create_task(asyncio.to_thread(running.stop))
            for each in those:
                assert await each.hears("server-shutting-down") == {
                    "message": "Server maintenance",
                    "reconnectIn": 30_000,
                }
            await asyncio.gather(ended, *(each.io.wait() for each in those))

    run(conversation())
    assert "Finished server process" in running.log()


# --- a worker ---


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def shared(redis: RedisServer) -> Iterator[UvicornProcess]:
    running = UvicornProcess(APP, environment={"REDIS_URL": redis.url})
    yield running
    running.stop()


def test_a_worker_tells_the_clients_of_a_server_through_redis(shared, redis):
    async def conversation():
        async def is_listening() -> bool:
            status, found = await http(shared, "GET", "/health")
            return status == 200 and found["manager"]["listening"]

        async with clients(shared) as both:
            await eventually(is_listening, "the server hears what workers say")
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                f"{PACKAGE}.worker",
                cwd=ROOT,
                env={"PATH": "", "REDIS_URL": redis.url},
            )
            assert await worker.wait() == 0
            for each in both:
                change = await each.hears("data-changed")
                take_timestamp(change)
                assert change == {
                    "type": "vulnerability",
                    "action": "created",
                    "data": {"id": "CVE-2014-0160", "severity": "high"},
                }

    run(conversation())
