"""The JavaScript client in rooms that rules choose; the checks are in js/rooms.mjs."""

import pytest

import sio_native

from .scripts import run_script

JOBS = {"all": "all-jobs", r"[0-9a-f]{24}": "job:{jobId}"}


def server(**options) -> sio_native.AsyncServer:
    sio = sio_native.AsyncServer(rooms_from_query={"jobId": JOBS}, **options)
    sio.rooms_from_event("subscribe:job", JOBS, name="jobId")
    asked = []

    @sio.room_rule("team:*")
    async def may_join(sid, room):
        asked.append(room)
        return room == "team:red"

    @sio.event
    async def work(sid, job, progress):
        data = {"jobId": job, "progress": progress}
        await sio.emit("job:progress", data, to=[f"job:{job}", "all-jobs"])
        return True

    @sio.on("asked")
    def what_was_asked(sid):
        return asked

    @sio.event
    async def revoke(sid, room):
        return await sio.revoke(sid, room)

    @sio.event
    def stats(sid):
        return sio.stats()

    @sio.event
    def sync(sid):
        return True

    return sio


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("threads", [1, 3])
def test_javascript_clients_in_rooms(transport, threads):
    run_script("rooms.mjs", lambda: server(threads=threads), transport)
