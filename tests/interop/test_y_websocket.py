"""npm's y-websocket provider at `sio.yjs.websocket_app()`, beside the other dialects."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI

import sio_native

from .limits import eventually
from .server_app import free_socket
from .test_yjs import LIMIT, script


@contextlib.asynccontextmanager
async def mounted(sio: sio_native.AsyncServer) -> AsyncIterator[str]:
    """Gives the address, with Socket.IO at its path and y-websocket below /collab."""
    application = FastAPI()
    application.mount("/collab", sio.yjs.websocket_app())
    sio.mount(application)

    listening = free_socket()
    host, port = listening.getsockname()
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
        yield f"http://{host}:{port}"
    finally:
        await sio.shutdown()
        server.should_exit = True
        await task


def run(work: Any) -> None:
    asyncio.run(asyncio.wait_for(work, LIMIT))


@pytest.mark.parametrize("threads", [1, 3])
def test_editors_of_all_dialects_end_with_one_text(threads):
    dialects = ["y_websocket", "y_websocket", "y_socket_io", "ydoc"]

    async def work() -> None:
        sio = sio_native.AsyncServer(threads=threads)
        sio.yjs.serve()
        async with mounted(sio) as url, contextlib.AsyncExitStack() as stack:
            editors = [
                await stack.enter_async_context(script(name, url, "note:1", number, 60))
                for number, name in enumerate(dialects)
            ]
            for each in editors:
                assert await each.line() == "edited"
            for each in editors:  # what they have sent has arrived when all have the same
                await each.has()
            names = ["u0", "u1", "u2"]

            async def agree() -> bool:
                text = await sio.yjs.text("note:1")
                seen = [await each.has() for each in editors]
                return len(text) > 50 and seen == [[text, names]] * 3 + [[text]]

            # Who was away forgets the others until they renew what they have said, every 15 s.
            await eventually(agree, "one text", 40.0)
            await editors[0].has("end")  # who leaves takes its cursor along
            await editors[1].has_in_the_end([await sio.yjs.text("note:1"), names[1:]])
            counted = sio.yjs.stats()
            assert counted["members"] == 3
            assert not any(counted["refused"].values()) and not counted["failed_compactions"]

    run(work())


def test_a_provider_is_let_in_by_its_parameters_and_gives_up_when_it_is_not():
    async def work() -> None:
        sio, asked = sio_native.AsyncServer(), []
        sio.yjs.serve()

        @sio.yjs.on_authorize
        async def authorize(document, editor):
            await asyncio.sleep(0)
            asked.append(document)
            return {"w": "write", "r": "read"}.get(editor.auth["token"])

        async with (
            mounted(sio) as url,
            script("y_websocket", url, "a/b c", 0, 5, "w") as writer,
            script("y_websocket", url, "a/b c", 1, 1, "r") as reader,
            script("y_websocket", url, "a/b c", 2, 1, "wrong") as stranger,
        ):
            assert await stranger.line() == "closed 4403"
            assert await writer.line() == "edited"
            while "read_only" not in (line := await reader.line()):
                assert line == "edited", line
            await writer.has()

            async def written() -> bool:
                return "0" in await sio.yjs.text("a/b c")

            await eventually(written, "what was typed has arrived")
            assert "1" not in await sio.yjs.text("a/b c")
            assert asked.count("a/b c") == len(asked) >= 3
            for sid in await sio.yjs.members("a/b c"):
                await sio.yjs.revoke("a/b c", sid)
            while (line := await writer.line()) != "closed 4403":
                assert line.startswith(("nack", "[")), line

    run(work())


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x00", b"\x00\x02\x05ab", b"\x00\x09\x00", b"\xff" * 20, b"\x01\x7f", "text"],
    ids=repr,
)
def test_garbage_closes_the_connection_that_sent_it(garbage):
    async def work() -> None:
        sio = sio_native.AsyncServer()
        sio.yjs.serve()
        async with (
            mounted(sio) as url,
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/collab/d") as good,
            session.ws_connect(f"{url}/collab/d") as bad,
        ):
            for each in (good, bad):
                assert (await each.receive()).data[:2] == b"\x00\x00"  # the server's step 1
                assert (await each.receive()).data == b"\x01\x01\x00"  # and nobody's awareness
            if isinstance(garbage, str):
                await bad.send_str(garbage)
            else:
                await bad.send_bytes(garbage)
            assert (await bad.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            assert bad.close_code == 1007
            await good.send_bytes(b"\x00\x00\x01\x00")
            assert (await good.receive()).data == b"\x00\x01\x02\x00\x00"

    run(work())


def test_a_malformed_update_is_refused_and_said_and_nobody_hears_of_it():
    async def work() -> None:
        sio = sio_native.AsyncServer()
        sio.yjs.serve()
        async with (
            mounted(sio) as url,
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/collab/d") as client,
        ):
            for _ in range(2):
                await client.receive()
            await client.send_bytes(b"\x00\x02\x02\x07\x07")
            told = (await client.receive()).data
            assert told[:2] == b"\x02\x00" and b"sync-update: malformed" in told
            assert sio.yjs.stats()["refused"]["malformed"] == 1
            assert await sio.yjs.snapshot("d") == b"\0\0"

    run(work())


def test_what_is_no_document_and_no_websocket_is_turned_away():
    async def work() -> None:
        sio = sio_native.AsyncServer()
        sio.yjs.serve()
        async with mounted(sio) as url, aiohttp.ClientSession() as session:
            for name in ("", "a,b"):
                async with session.ws_connect(f"{url}/collab/{name}") as client:
                    assert (await client.receive()).data == 4404
            async with session.get(f"{url}/collab/d") as response:
                assert response.status == 426

    run(work())


def test_it_needs_the_dialect_that_it_translates():
    sio = sio_native.AsyncServer()
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"y-socket\.io"):
            sio.yjs.websocket_app()
        if sio.yjs._options is None:
            sio.yjs.serve(dialects=["open-webui"])


def test_a_step_2_is_the_answer_to_the_servers_question_and_then_an_update():
    from sio_native.yjs_websocket import Translation

    spoken = Translation("d", {"token": "t"})
    spoken.from_engine('0{"sid":"x"}')
    assert spoken.to_engine.pop() == '40/yjs|d,{"token": "t"}'
    spoken.from_engine('40/yjs|d,{"sid":"y"}')
    assert spoken.joined
    spoken.from_engine('451-/yjs|d,7["sync-step-1",{"_placeholder":true,"num":0}]')
    spoken.from_engine(b"\x00")
    assert spoken.to_client.pop() == b"\x00\x00\x01\x00"
    spoken.from_client(b"\x00\x01\x02\x00\x00")
    assert spoken.to_engine[0].startswith("461-/yjs|d,7[") and spoken.to_engine[1] == b"\x00\x00"
    spoken.from_client(b"\x00\x01\x02\x00\x00")
    assert json.loads(spoken.to_engine[2].partition(",")[2])[0] == "sync-update"
    spoken.from_client(b"\x01\x01\x00")
    assert spoken.to_client == [b"\x01\x01\x00"]  # else its provider takes us for dead
    spoken.from_engine("41/yjs|d,")
    assert spoken.close_code == 1013
