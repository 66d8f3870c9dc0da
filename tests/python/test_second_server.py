"""Two servers at one path of one application: one of them is never reached, which is said."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from sio_native import ASGIApp, AsyncServer


async def app(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("never called")


class Middleware:
    def __init__(self, app: Any) -> None:
        self.app = app


def around(behind: Any = None, **options: Any) -> ASGIApp:
    return ASGIApp(AsyncServer(), behind or FastAPI(), **options)


def mounted_twice(first: str, second: str, **options: Any) -> None:
    host = FastAPI()
    AsyncServer().mount(host, first)
    AsyncServer().mount(host, second, **options)


def same_application(first: str = "socket.io", second: str = "/socket.io/") -> None:
    host = FastAPI()
    kept = around(host, socketio_path=first), around(host, socketio_path=second)
    assert kept


@pytest.mark.parametrize(
    "make",
    [
        same_application,
        lambda: around(around()),
        lambda: around(Middleware(around())),
        lambda: around(around(socketio_path=None), socketio_path=None),
        lambda: mounted_twice("/", "/"),
        lambda: mounted_twice("/ws", "/ws"),
    ],
)
def test_a_second_server_on_one_path_warns_once(make: Callable[[], Any]) -> None:
    with pytest.warns(UserWarning, match="a second Socket.IO server") as told:
        make()
    assert len(told) == 1
    assert told[0].filename == __file__


def same_server() -> None:
    sio, host = AsyncServer(), FastAPI()
    ASGIApp(sio, ASGIApp(sio, host))
    ASGIApp(sio, host)
    sio.mount(host)
    sio.mount(host)


def one_after_the_other() -> None:
    around(app)
    around(app)


@pytest.mark.parametrize(
    "make",
    [
        same_server,
        lambda: (around(), around()),
        lambda: (ASGIApp(AsyncServer()), ASGIApp(AsyncServer())),
        lambda: around(around(socketio_path="other")),
        lambda: same_application(second="other"),
        lambda: mounted_twice("/", "/ws"),
        lambda: mounted_twice("/ws", "/ws", socketio_path="other"),
        one_after_the_other,
    ],
)
def test_several_servers_that_can_be_reached_say_nothing(make: Callable[[], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make()
