"""`AsyncServer.from_env`: what the environment says, and what it must not."""

from __future__ import annotations

from typing import Any

import pytest

import sio_native
from sio_native import AsyncRedisManager, AsyncServer
from sio_native.testing import TestClient


def made(**environ: str) -> AsyncServer:
    return AsyncServer.from_env(environ=environ)


def test_an_empty_environment_is_a_server_by_itself() -> None:
    for sio in (made(), made(REDIS_URL="", DISABLE_REDIS="", FRONTEND_ORIGIN=" ")):
        assert type(sio.manager) is sio_native.AsyncManager
        assert sio._options.cors_allowed_origins is None


def test_redis_carries_to_other_servers() -> None:
    manager = made(REDIS_URL=" redis://127.0.0.1:6379/2 ", DISABLE_REDIS="0").manager
    assert isinstance(manager, AsyncRedisManager)
    assert manager.redis_url == "redis://127.0.0.1:6379/2"


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
def test_redis_may_be_disabled_whatever_its_url_is(value: str) -> None:
    sio = made(REDIS_URL="nonsense", DISABLE_REDIS=value)
    assert type(sio.manager) is sio_native.AsyncManager


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("http://localhost:5173", ["http://localhost:5173"]),
        ("https://a.example, http://[::1]:8080,", ["https://a.example", "http://[::1]:8080"]),
        ("*", "*"),
    ],
)
def test_origins_are_separated_by_commas(value: str, origins: Any) -> None:
    assert made(FRONTEND_ORIGIN=value)._options.cors_allowed_origins == origins


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISABLE_REDIS", "2"),
        ("DISABLE_REDIS", "redis"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://localhost:port"),
        ("FRONTEND_ORIGIN", "localhost:5173"),
        ("FRONTEND_ORIGIN", "https://a.example/"),
        ("FRONTEND_ORIGIN", "https://a.example/path"),
        ("FRONTEND_ORIGIN", "https://a.example:port"),
        ("FRONTEND_ORIGIN", "https://a.example, ftp://b.example"),
        ("FRONTEND_ORIGIN", "https://"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "CHAT_"])
def test_a_wrong_value_is_refused_with_the_name_of_its_variable(
    prefix: str, name: str, value: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{prefix}{name} "):
        AsyncServer.from_env(prefix, {prefix + name: value})


def test_a_password_is_not_in_the_error() -> None:
    with pytest.raises(ValueError, match="REDIS_URL") as refused:
        made(REDIS_URL="redis://user:secret@localhost:port")
    assert "secret" not in str(refused.value)


def test_names_have_the_prefix_and_the_processs_own_environment_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_FRONTEND_ORIGIN", "https://chat.example")
    monkeypatch.setenv("FRONTEND_ORIGIN", "https://other.example")
    origins = AsyncServer.from_env("CHAT_")._options.cors_allowed_origins
    assert origins == ["https://chat.example"]


def test_what_is_said_in_the_program_goes_before() -> None:
    class Mine(AsyncServer):
        pass

    sio = Mine.from_env(
        environ={"FRONTEND_ORIGIN": "https://a.example"},
        cors_allowed_origins="https://b.example",
        ping_interval=3,
    )
    assert type(sio) is Mine
    assert sio._options.cors_allowed_origins == "https://b.example"
    assert sio._options.ping_interval == 3


async def test_a_server_starts_though_its_redis_is_not_there() -> None:
    sio = made(REDIS_URL="redis://127.0.0.1:1/0")
    async with TestClient(sio) as client:
        await sio.emit("news", 1)
        assert await client.expect("news") == 1
    await sio.shutdown()
