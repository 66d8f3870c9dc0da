"""options.py: what AsyncServer's keywords mean to the engine."""

from __future__ import annotations

import warnings
from typing import Any

import engineio
import pytest

import sio_native
from sio_native import _core
from sio_native.options import allows_origin, read_options


def engine_options(**keywords: Any) -> dict[str, Any]:
    return read_options(keywords).for_engine()


def test_the_defaults_are_those_of_python_engineio() -> None:
    options, reference = read_options({}), engineio.AsyncServer(async_mode="asgi")
    for name in (
        "ping_interval",
        "ping_timeout",
        "max_http_buffer_size",
        "allow_upgrades",
        "http_compression",
        "compression_threshold",
        "cookie",
        "cors_allowed_origins",
        "cors_credentials",
    ):
        assert getattr(options, name) == getattr(reference, name), name


def test_the_engine_knows_every_option() -> None:
    _core.Engine(engine_options())
    with pytest.raises(ValueError, match="unknown engine option 'no_such'"):
        _core.Engine({"no_such": 1})


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({}, {"ping_interval_ms": 25_000, "ping_timeout_ms": 20_000}),
        ({"ping_interval": 0.5}, {"ping_interval_ms": 500}),
        ({"ping_interval": (25, 5)}, {"ping_interval_ms": 30_000}),
        ({"ping_interval": (0.2, 0.05), "ping_timeout": 1.5}, {"ping_interval_ms": 250}),
        ({}, {"threads": 1}),
        ({"threads": 64}, {"threads": 64}),
        ({"connect_timeout": 3}, {"connect_timeout_ms": 3_000}),
        ({"max_http_buffer_size": 5}, {"max_payload_bytes": 5}),
        ({"max_payload": 5}, {"max_payload_bytes": 5}),
        ({"maxPayload": 5}, {"max_payload_bytes": 5}),
        ({"transports": "websocket"}, {"polling": False, "websocket": True}),
        ({"transports": ["polling", "smoke"]}, {"polling": True, "websocket": False}),
        ({"monitor_clients": None}, {"monitor_clients": True}),
        ({"monitor_clients": False}, {"monitor_clients": False}),
        ({"cookie": None}, {"cookie_name": "", "cookie_attributes": ""}),
        ({"cookie": "io"}, {"cookie_name": "io", "cookie_attributes": "; path=/; SameSite=Lax"}),
        (
            {"cookie": {"name": "s", "HttpOnly": True, "Secure": False, "Max-Age": "60"}},
            {"cookie_name": "s", "cookie_attributes": "; HttpOnly; Max-Age=60"},
        ),
        ({"cookie": {"path": "/x"}}, {"cookie_name": "io", "cookie_attributes": "; path=/x"}),
        ({}, {"cors_enabled": True, "cors_any_origin": False, "cors_origins": None}),
        ({"cors_allowed_origins": []}, {"cors_enabled": False}),
        ({"cors_allowed_origins": "*"}, {"cors_enabled": True, "cors_any_origin": True}),
        ({"cors_allowed_origins": ["*"]}, {"cors_any_origin": True}),
        (
            {"cors_allowed_origins": "http://a"},
            {"cors_any_origin": False, "cors_origins": ["http://a"]},
        ),
        ({"cors_allowed_origins": lambda origin: True}, {"cors_origins": []}),
    ],
)
def test_keywords_become_engine_options(keywords: dict[str, Any], expected: dict[str, Any]) -> None:
    options = engine_options(**keywords)
    assert {name: options[name] for name in expected} == expected
    _core.Engine(options)


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"async_mode": "aiohttp"}, "Invalid async_mode specified"),
        ({"transports": ["smoke"]}, "No valid transports provided"),
        ({"transports": []}, "No valid transports provided"),
        ({"ping_interval": 0}, "ping_interval must be between"),
        ({"ping_interval": "25"}, "ping_interval must be between"),
        ({"ping_interval": (1, 2, 3)}, r"seconds or \(interval, grace\)"),
        ({"ping_interval": (1, -2)}, "the grace of ping_interval"),
        ({"ping_timeout": -1}, "ping_timeout must be between"),
        ({"ping_timeout": float("inf")}, "ping_timeout must be between"),
        ({"max_http_buffer_size": 0}, "max_http_buffer_size must be a whole number"),
        ({"max_http_buffer_size": 1e6}, "max_http_buffer_size must be a whole number"),
        ({"threads": 0}, "threads must be a whole number of 1 to 64"),
        ({"threads": 65}, "threads must be a whole number of 1 to 64"),
        ({"threads": "2"}, "threads must be a whole number of 1 to 64"),
        ({"threads": True}, "threads must be a whole number of 1 to 64"),
        ({"max_payload": 1, "max_http_buffer_size": 2}, "the same option"),
        ({"cookie": "a b"}, "a character that no cookie can have"),
        ({"cookie": {"name": "s", "path": "/\r\nX: y"}}, "a character that no cookie can have"),
        ({"cors_allowed_origins": [1]}, "must be strings"),
    ],
)
def test_what_cannot_be_meant_raises(keywords: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        engine_options(**keywords)


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("ping_intervall", "ping_interval"),
        ("pingInterval", "ping_interval"),
        ("cors_alowed_origins", "cors_allowed_origins"),
    ],
)
def test_an_unknown_keyword_warns_and_names_the_nearest(unknown: str, nearest: str) -> None:
    with pytest.warns(UserWarning, match=f"'{unknown}'.*did you mean '{nearest}'"):
        sio_native.AsyncServer(**{unknown: 1})


def test_several_unknown_keywords_are_one_warning_at_the_callers_line() -> None:
    with pytest.warns(UserWarning) as caught:
        sio_native.AsyncServer(zzz=1, yyy=2)
    assert [warning.filename for warning in caught] == [__file__]
    assert "'zzz', 'yyy'" in str(caught[0].message)


def test_known_keywords_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sio_native.AsyncServer(async_mode="asgi", serializer="default", engineio_logger=False)


def test_a_cookie_with_callables_is_made_for_each_session() -> None:
    times = iter("12")
    options = read_options(
        {"cookie": {"name": "n", "expires": lambda: next(times), "Secure": True}}
    )
    make = options.cookie_maker()
    assert make is not None
    assert [make("a"), make("b")] == ["n=a; expires=1; Secure", "n=b; expires=2; Secure"]
    assert options.for_engine()["cookie_name"] == ""  # it makes none of its own
    assert read_options({"cookie": {"name": "n", "path": "/"}}).cookie_maker() is None


@pytest.mark.parametrize(
    ("verdict", "allowed"),
    [
        (True, True),
        (False, False),
        (None, False),
        ("http://a", True),
        ("http://b", False),
        ("*", True),
        (["http://a", "http://b"], True),
        (["http://b"], False),
        ([], False),
        (["*"], True),
    ],
)
def test_the_verdict_on_an_origin(verdict: Any, allowed: bool) -> None:
    assert allows_origin(verdict, "http://a") is allowed
