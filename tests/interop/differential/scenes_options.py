"""The constructor's keywords: what they are checked for, and what they change on the wire."""

from __future__ import annotations

import json
import logging
import warnings
from typing import Any

from .play import Play
from .table import scenario

HANDSHAKE = "?EIO=4&transport=polling"


async def opened(play: Play, **options: Any) -> dict[str, Any]:
    """The OPEN packet of a server with these options."""
    async with play.serving(play.server(**options)):
        answer = await play.fetch("GET", HANDSHAKE)
        packet = json.loads(answer.text[1:])
        return {key: value for key, value in packet.items() if key != "sid"}


@scenario(served=False)
async def attributes_of_a_server(play: Play) -> Any:
    sio = play.server()
    names = ("async_handlers", "always_connect", "async_mode", "namespaces", "reserved_events")
    reasons = {name: value for name, value in vars(sio.reason).items() if name.isupper()}
    return [
        {name: getattr(sio, name) for name in names},
        reasons,
        sio.handlers,
        sio.namespace_handlers,
        sio.manager_initialized,
        dict(sio.environ),
        sio.is_asyncio_based(),
        type(sio.manager).__name__,
        sio.manager.server is sio,
        sio.logger.name,
        play.package.AsyncServer.reason.PING_TIMEOUT,
    ]


@scenario(served=False)
async def keywords_become_attributes(play: Play) -> Any:
    logger = logging.getLogger("of the application")
    manager = play.package.AsyncManager()
    sio = play.server(
        client_manager=manager,
        logger=logger,
        engineio_logger=False,
        async_handlers=False,
        always_connect=True,
        namespaces=["/a", "/b"],
    )
    return [
        sio.manager is manager,
        sio.logger is logger,
        sio.async_handlers,
        sio.always_connect,
        sio.namespaces,
        play.server(namespaces="*").namespaces,
        play.server(namespaces=[]).namespaces,
    ]


@scenario(served=False)
async def async_mode_that_is_none(play: Play) -> Any:
    make = play.package.AsyncServer
    return [
        await play.outcome(make, async_mode="threading"),
        await play.outcome(make, async_mode="no such mode"),
    ]


@scenario(served=False)
async def async_mode_of_another_framework(play: Play) -> Any:
    return (await play.outcome(play.package.AsyncServer, async_mode="aiohttp"))[0]


@scenario(served=False)
async def transports_that_are_none(play: Play) -> Any:
    return [
        await play.outcome(play.server, transports="smoke"),
        await play.outcome(play.server, transports=["smoke", "drums"]),
        await play.outcome(play.server, transports=[]),
    ]


@scenario(served=False)
async def transports_that_are_left_out_are_refused(play: Play) -> Any:
    seen = []
    for transports in ("polling", ["websocket"], ["smoke", "polling"], ("polling", "websocket")):
        async with play.serving(play.server(transports=transports)):
            answer = await play.fetch("GET", HANDSHAKE)
            seen.append(answer.status)
            if answer.status == 200:
                seen.append(json.loads(answer.text[1:])["upgrades"])
    return seen


@scenario(served=False)
async def open_packet_has_the_options(play: Play) -> Any:
    return [
        await opened(play),
        await opened(play, ping_interval=7, ping_timeout=3, max_http_buffer_size=5000),
        await opened(play, allow_upgrades=False, monitor_clients=False),
        await opened(play, ping_interval=(5, 2)),
        await opened(play, transports=["polling"]),
    ]


@scenario(served=False)
async def intervals_of_less_than_a_second(play: Play) -> Any:
    return [
        (await opened(play, ping_interval=0.5, ping_timeout=0.25))["pingInterval"],
        (await opened(play, ping_interval=0.5, ping_timeout=0.25))["pingTimeout"],
        (await opened(play, ping_interval=(1.5, 0.2)))["pingInterval"],
    ]


@scenario(served=False)
async def cookie_is_set_by_the_handshake(play: Play) -> Any:
    seen = []
    for cookie in (
        None,
        "io",
        {"name": "session", "path": "/chat", "HttpOnly": True, "Max-Age": "60"},
        {"path": "/", "SameSite": "None", "Secure": True},
        {"name": "called", "expires": lambda: "in a moment", "HttpOnly": lambda: True},
    ):
        async with play.serving(play.server(cookie=cookie)):
            answer = await play.fetch("GET", HANDSHAKE)
            sid = json.loads(answer.text[1:])["sid"]
            play.names[sid] = "<session>"
            seen.append(answer.headers.get("set-cookie"))
            again = await play.fetch("POST", f"{HANDSHAKE}&sid={sid}", body=b"40")
            seen.append(again.headers.get("set-cookie"))
    return seen


@scenario(served=False)
async def cookie_attribute_is_asked_for_each_time(play: Play) -> Any:
    times = iter(range(10))
    seen = []
    sio = play.server(cookie={"name": "n", "expires": lambda: f"time {next(times)}"})
    async with play.serving(sio):
        for _ in range(2):
            answer = await play.fetch("GET", HANDSHAKE)
            seen.append(answer.headers["set-cookie"].partition(";")[2])
    return seen


@scenario(served=False)
async def long_answers_are_compressed(play: Play) -> Any:
    seen = []
    encodings = ("gzip", "deflate", "br, gzip;q=0.5, deflate", "deflate, gzip", "br", None)
    for options in ({}, {"compression_threshold": 5000}, {"http_compression": False}):
        sio = play.server(**options)
        async with play.serving(sio):
            for encoding in encodings:
                target = (
                    f"{HANDSHAKE}&sid="
                    + json.loads((await play.fetch("GET", HANDSHAKE)).text[1:])["sid"]
                )
                await play.fetch("POST", target, body=b"40")
                await play.fetch("GET", target)
                await sio.emit("news", "0123456789" * 300)
                headers = {} if encoding is None else {"Accept-Encoding": encoding}
                answer = await play.fetch("GET", target, headers=headers)
                seen.append([answer.headers.get("content-encoding"), len(answer.body) > 3000])
                await play.fetch("POST", target, body=b"1")
    return seen


@scenario(served=False)
async def unknown_keyword(play: Play) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        play.server(ping_intervall=5)
    return [str(each.message) for each in caught]


@scenario(served=False)
async def attach_is_for_other_frameworks(play: Play) -> Any:
    return await play.outcome(play.server().attach, object())


@scenario(served=False)
async def logger_true_and_false_set_a_level_once(play: Play) -> Any:
    seen = []
    names = ("socketio.server", "engineio.server")
    for wish in (False, True):
        for name in names:
            logging.getLogger(name).setLevel(logging.NOTSET)
            logging.getLogger(name).handlers.clear()
        play.server(logger=wish, engineio_logger=wish)
        play.server(logger=not wish, engineio_logger=not wish)
        for name in names:
            logger = logging.getLogger(name)
            handlers = [type(each).__name__ for each in logger.handlers]
            seen.append([name, logging.getLevelName(logger.level), handlers])
            logger.handlers.clear()  # silence what the next server says
    return seen


@scenario(served=False, log="INFO", loggers=("socketio.server", "engineio.server", "own"))
async def loggers_may_be_the_applications(play: Play) -> Any:
    logger = logging.getLogger("own")
    logger.setLevel("INFO")
    logger.handlers[:] = logging.getLogger("socketio.server").handlers
    logger.propagate = False
    sio = play.server(logger=logger, engineio_logger=logger)
    await sio.emit("news", room="room")
    logger.handlers.clear()
    return sio.logger.name


@scenario()
async def heartbeat_is_set_while_clients_are_there(play: Play) -> Any:
    def change() -> None:
        play.sio.eio.ping_interval = 10

    await play.client()
    return [await play.outcome(change), play.sio.eio.ping_interval]


@scenario(served=False)
async def mistakes_in_what_a_server_is_given(play: Play) -> Any:
    sio = play.server()
    made = [
        await play.outcome(play.server, ping_interval=-1),
        await play.outcome(sio.on, "message", "not a function"),
    ]
    return [how if how == "returned" else [how, what] for how, what, *_ in made]
