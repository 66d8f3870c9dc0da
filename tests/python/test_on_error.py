"""`@sio.on_error`: who hears of handlers that fail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import OWN_PORT, Door, Log, connected
from pydantic import BaseModel

import sio_native
from sio_native import Ack, Socket
from sio_native.error_hooks import ErrorContext
from sio_native.testing import TestClient

WAYS = [{}, {"dispatch": "task"}, {"async_handlers": False}, {"cancel_on_disconnect": True}]
ways = pytest.mark.parametrize("options", WAYS, ids=["runner", "task", "serial", "cancelled"])


class Message(BaseModel):
    text: str


def failing(sio: Any, **where: Any) -> None:
    @sio.on("fails", **where)
    async def fails(sid: str, *args: Any) -> None:
        await asyncio.sleep(0)
        raise ValueError("on purpose")

    @sio.on("fails at once", **where)
    def fails_at_once(sid: str, *args: Any) -> None:
        raise ValueError("at once")

    @sio.on("works", **where)
    async def works(sid: str, *args: Any) -> list[Any]:
        return list(args)


@ways
async def test_a_hook_hears_what_failed_and_for_whom(
    options: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sio = sio_native.AsyncServer(**options)
    log = Log()
    failing(sio)

    @sio.on_error
    async def heard(error: Exception, context: ErrorContext) -> None:
        await asyncio.sleep(0)
        assert context.socket is sio.socket(context.sid, context.namespace)
        log.add(str(error), context.event, context.sid, context.namespace, context.args)

    async with TestClient(sio) as ann:
        unanswered = asyncio.create_task(ann.call("fails", (1, b"2")))
        await ann.emit("fails at once", {"a": 1})
        await log.reaches(2)
        assert set(map(str, log)) == {
            str(("on purpose", "fails", ann.sid, "/", (1, b"2"))),
            str(("at once", "fails at once", ann.sid, "/", ({"a": 1},))),
        }
        assert await ann.call("works", (1, 2)) == [1, 2]
        assert ann.connected and not unanswered.done()
        unanswered.cancel()
    assert caplog.text == ""
    await sio.shutdown()


async def test_those_of_the_namespace_hear_first_and_the_first_answer_counts(
    native_door: Door,
) -> None:
    sio = native_door.server()
    log = Log()
    failing(sio, namespace="/chat")
    failing(sio)

    @sio.on_error
    def everywhere(error: Exception, context: ErrorContext) -> dict[str, Any]:
        log.add("everywhere", context.namespace)
        return {"success": False, "error": str(error)}

    @sio.on_error
    def also(error: Exception, context: ErrorContext) -> str:
        log.add("also", context.namespace)
        return "too late"

    @sio.on_error(namespace="/chat")
    async def of_chat(error: Exception, context: ErrorContext) -> str | None:
        log.add("of chat", context.namespace)
        return "of chat" if context.args else None

    async with native_door.open(sio) as url, connected(url, namespaces=["/", "/chat"]) as ann:
        told = {"success": False, "error": "on purpose"}
        assert await ann.call("fails") == told
        assert await ann.call("fails", namespace="/chat") == told
        assert await ann.call("fails", 1, namespace="/chat") == "of chat"
        in_chat = [(name, "/chat") for name in ("of chat", "everywhere", "also")]
        assert log == [("everywhere", "/"), ("also", "/"), *in_chat, *in_chat]
        with pytest.raises(TypeError, match="callable"):
            sio.on_error(namespace="/chat")(None)


async def test_without_a_hook_failures_are_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    sio = sio_native.AsyncServer()
    failing(sio)
    sio.on_error(namespace="/elsewhere")(lambda error, context: None)

    @sio.event
    def say(data: Message) -> None: ...

    async with TestClient(sio) as ann:
        await ann.emit("fails")
        await ann.settle()
        assert 'the handler of "fails" failed' in caplog.text and "on purpose" in caplog.text
        caplog.clear()
        assert (await ann.call("say"))["error"]["type"] == "validation_error"
        assert "Traceback" not in caplog.text
    await sio.shutdown()


async def test_a_hook_that_fails_is_logged_and_the_others_hear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sio = sio_native.AsyncServer()
    failing(sio)

    @sio.on_error
    def broken(error: Exception, context: ErrorContext) -> None:
        raise KeyError("in the hook")

    sio.on_error(lambda error, context: "answered")
    async with TestClient(sio) as ann:
        assert await ann.call("fails") == "answered"
    assert "in the hook" in caplog.text and "on purpose" in caplog.text
    await sio.shutdown()


async def test_they_hear_of_all_that_a_client_lives_through() -> None:
    sio = sio_native.AsyncServer(namespaces=["/", "/refuses"])
    log = Log()

    @sio.on_error
    def heard(error: Exception, context: ErrorContext) -> None:
        log.add(context.event, context.namespace, str(error), context.args)

    @sio.on_connection
    def came(socket: Socket) -> None:
        raise RuntimeError("in on_connection")

    @sio.on("connect", namespace="/refuses")
    async def connect(sid: str, environ: Any) -> None:
        raise RuntimeError("in connect")

    @sio.on("disconnect")
    async def disconnect(sid: str, reason: str) -> None:
        raise RuntimeError("in disconnect")

    @sio.event
    def unsendable(sid: str) -> Any:
        return object()

    async with TestClient(sio) as ann:
        await log.reaches(1)
        asked = asyncio.create_task(ann.call("unsendable"))
        await log.reaches(2)
        asked.cancel()
        with pytest.raises(sio_native.exceptions.ConnectionRefusedError):
            await ann.join("/refuses")
        await log.reaches(3)
    await log.reaches(4)
    assert [each[0] for each in log] == ["connection", "unsendable", "connect", "disconnect"]
    assert log[0][2:] == ("in on_connection", ())
    assert log[2] == ("connect", "/refuses", "in connect", ())
    assert log[3] == ("disconnect", "/", "in disconnect", (sio.reason.CLIENT_DISCONNECT,))
    await sio.shutdown()


@ways
async def test_wrong_arguments_are_answered_and_heard_of(
    options: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sio = sio_native.AsyncServer(**options)
    log = Log()

    @sio.event
    async def say(sid: str, data: Message) -> str:
        return data.text

    @sio.on_connection
    def came(socket: Socket) -> None:
        socket.on("whisper", whisper)

    def whisper(data: Message, ack: Ack) -> None:
        ack(data.text)

    def heard(error: Exception, context: ErrorContext) -> Any:
        assert isinstance(error, sio_native.exceptions.PayloadError)
        log.add(context.event, context.args, [each["loc"] for each in error.details])
        return "mine" if context.args == ("mine",) else None

    caplog.set_level("WARNING", "socketio.server")
    async with TestClient(sio) as ann:
        for event in ("say", "whisper"):
            answer = await ann.call(event, {"text": 1})
            assert answer["error"]["type"] == "validation_error"
            assert f"the arguments of '{event}' from {ann.sid}" in caplog.text
            caplog.clear()
        sio.on_error(heard)
        for event in ("say", "whisper"):
            assert await ann.call(event, {"text": 1}) == answer
            assert await ann.call(event, "mine") == "mine"
            assert await ann.call(event, {"text": "right"}) == "right"
        assert log == [
            (event, args, [loc])
            for event in ("say", "whisper")
            for args, loc in ((({"text": 1},), [0, "text"]), (("mine",), [0]))
        ]
    assert caplog.text == ""
    await sio.shutdown()


async def test_who_has_asked_for_the_ack_and_fails_is_answered_by_a_hook() -> None:
    sio = sio_native.AsyncServer()

    @sio.event
    async def before(ack: Ack) -> None:
        raise ValueError("before")

    @sio.event
    async def after(ack: Ack) -> None:
        ack("answered")
        raise ValueError("after")

    sio.on_error(lambda error, context: (1, str(error)))
    async with TestClient(sio) as ann:
        assert await ann.call("before") == (1, "before")
        assert await ann.call("after") == "answered"
    await sio.shutdown()


async def test_a_cancelled_handler_is_no_error() -> None:
    sio = sio_native.AsyncServer(cancel_on_disconnect=True)
    log = Log()
    sio.on_error(lambda error, context: log.add("error", error))

    @sio.event
    async def wait(sid: str) -> None:
        log.add("begun")
        try:
            await asyncio.Event().wait()
        finally:
            log.add("ended")

    async with OWN_PORT.open(sio) as url:
        async with connected(url) as ann:
            await ann.emit("wait")
            await log.reaches(1)
        await log.reaches(2)
    assert log == [("begun",), ("ended",)]
