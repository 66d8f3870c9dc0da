"""AsyncServer's keywords: checked once, and translated to what the engine takes."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from .response_headers import Headers, header_lines

if TYPE_CHECKING:
    from .engine_request import EngineRequest
    from .recovery import RecoveryOptions

VALID_TRANSPORTS = ("polling", "websocket")

# A callable is given (origin, environ), or (origin) alone.
Origins: TypeAlias = str | Collection[str] | Callable[..., Any] | None
Interval: TypeAlias = float | tuple[float, float]

_ALIASES = {"max_payload": "max_http_buffer_size", "maxPayload": "max_http_buffer_size"}
_MOST_THREADS = 64  # a session id has six bits for the thread that serves it
_LONGEST = 7 * 24 * 3600.0  # seconds: a week, far from where a clock in the engine overflows


@dataclass(kw_only=True)
class Options:
    """What the keywords of an `AsyncServer` mean, defaults filled in.

    The first group is python-socketio's, with its defaults; the second is ours.
    """

    async_mode: str | None = None
    serializer: Any = "default"  # or "msgpack", or a Packet class; see `serializers`
    always_connect: bool = False
    ping_interval: Interval = 25  # seconds, or (interval, grace)
    ping_timeout: float = 20  # seconds
    max_http_buffer_size: int = 1_000_000  # bytes; also of a WebSocket message
    allow_upgrades: bool = True
    http_compression: bool = True
    compression_threshold: int = 1024  # bytes
    cookie: str | Mapping[str, Any] | None = None
    cors_allowed_origins: Origins = None  # None: the same origin; []: no check at all
    cors_credentials: bool = True
    monitor_clients: bool | None = None
    transports: str | Collection[str] | None = None
    engineio_logger: Any = None

    connect_timeout: float = 45  # seconds in which a client must join a namespace
    upgrade_timeout: float = 10  # seconds for the change to WebSocket
    max_attachments: int = 10  # of one packet; more close the client
    per_message_deflate: bool | Mapping[str, int] = False  # of WebSockets; see docs/compression.md
    send_buffer_bytes: int = 1 << 20  # of one client; past it the client counts as slow
    max_sessions: int = 0  # Engine.IO sessions; 0: no limit
    # TCP connections of the engine's own, handed over or on its port; 0: as many as the process can
    max_connections: int = 0
    handoff: bool = True  # under uvicorn the engine takes WebSockets over, where it can
    threads: int = 1  # of the engine, with its own share of the clients each
    rooms_from_query: Mapping[str, Mapping[str, str]] | None = None  # see the method
    cancel_on_disconnect: bool = False  # the handlers of a client's events that still wait
    drain: Mapping[str, Any] | None = None  # at the end: the arguments of `AsyncServer.drain`
    # True, or the options of `recovery.RecoveryOptions`: clients come back as the ones they were
    connection_state_recovery: bool | Mapping[str, Any] = False
    path: str = "/socket.io"  # where `listen`, `ASGIApp` and `mount` are not given one
    # Called with the `EngineRequest` of each that asks for a session: refused unless it is true.
    allow_request: Callable[[EngineRequest], Any] | None = None
    headers: Headers | None = None  # of every response
    cleanup_empty_child_namespaces: bool = False  # of `of(pattern)`, when the last client leaves
    max_child_namespaces: int = 10_000  # clients that ask for more are refused
    dispatch: str = "runner"  # of handlers; "task": each in an asyncio task made for it

    def __post_init__(self) -> None:
        if self.async_mode not in (None, "asgi"):
            raise ValueError("Invalid async_mode specified")
        if self.dispatch not in ("runner", "task"):
            raise ValueError(f'dispatch must be "runner" or "task", not {self.dispatch!r}')
        if self.drain is not None and not isinstance(self.drain, Mapping):
            raise TypeError(f"drain must be a mapping of drain()'s arguments, not {self.drain!r}")
        _ = self.recovery  # which refuses wrong values
        if not isinstance(self.path, str) or not self.path.strip("/"):
            raise ValueError(f"path must be the path of a URL, not {self.path!r}")
        whole("max_child_namespaces", self.max_child_namespaces)

    @cached_property
    def recovery(self) -> RecoveryOptions | None:
        """What `connection_state_recovery` means; None: it is off."""
        if self.connection_state_recovery is False or self.connection_state_recovery is None:
            return None
        from .recovery import RecoveryOptions  # only for those who use it

        return RecoveryOptions.read(self.connection_state_recovery)

    def origin_check(self) -> Callable[..., Any] | None:
        """The callable that decides about origins, if that is what was given."""
        return self.cors_allowed_origins if callable(self.cors_allowed_origins) else None

    def cookie_maker(self) -> Callable[[str], str] | None:
        """What makes the cookie for a session id, if it has attributes that are callables."""
        cookie = self.cookie
        if not isinstance(cookie, Mapping) or not any(map(callable, cookie.values())):
            return None

        def make(eio_sid: str) -> str:
            name, attributes = _cookie({k: v() if callable(v) else v for k, v in cookie.items()})
            return f"{name}={eio_sid}{attributes}"

        return make

    def check_own_port(self) -> None:
        """`ValueError` for what the engine's own port cannot do."""
        if self.cookie_maker() is not None:
            raise ValueError("listen() needs a cookie of texts: a callable works under ASGI only")

    def for_engine(self) -> dict[str, Any]:
        """The options of `_core.Engine`. `ValueError` for what cannot be meant."""
        transports = _transports(self.transports)
        made_here = self.cookie_maker() is not None
        cookie_name, cookie_attributes = _cookie(None if made_here else self.cookie)
        return {
            "ping_interval_ms": _ping_interval(self.ping_interval),
            "ping_timeout_ms": milliseconds("ping_timeout", self.ping_timeout),
            "upgrade_timeout_ms": milliseconds("upgrade_timeout", self.upgrade_timeout),
            "connect_timeout_ms": milliseconds("connect_timeout", self.connect_timeout),
            "max_payload_bytes": whole("max_http_buffer_size", self.max_http_buffer_size, 1),
            "allow_upgrades": bool(self.allow_upgrades),
            "polling": "polling" in transports,
            "websocket": "websocket" in transports,
            "http_compression": bool(self.http_compression),
            "compression_threshold_bytes": whole(
                "compression_threshold", self.compression_threshold
            ),
            **_deflate(self.per_message_deflate),
            "headers": header_lines(self.headers or {}),
            "cookie_name": cookie_name,
            "cookie_attributes": cookie_attributes,
            **_cors(self.cors_allowed_origins),
            "cors_credentials": bool(self.cors_credentials),
            "always_connect": bool(self.always_connect),
            "max_attachments": whole("max_attachments", self.max_attachments),
            "send_buffer_bytes": whole("send_buffer_bytes", self.send_buffer_bytes, 1),
            "monitor_clients": self.monitor_clients is None or bool(self.monitor_clients),
            "max_sessions": whole("max_sessions", self.max_sessions),
            "max_connections": whole("max_connections", self.max_connections),
            "threads": whole("threads", self.threads, 1, _MOST_THREADS),
            **self._recovery_for_engine(),
        }

    def _recovery_for_engine(self) -> dict[str, Any]:
        chosen = self.recovery
        if chosen is None:
            return {}
        most = self.send_buffer_bytes  # who comes back is sent all of it at once
        kept = min(1 << 20, most) if chosen.max_bytes is None else chosen.max_bytes
        return {
            "recovery": True,
            "recovery_ms": milliseconds(
                "max_disconnection_duration", chosen.max_disconnection_duration
            ),
            "recovery_bytes": whole("max_bytes", kept, 1, most),
            "recovery_total_bytes": whole("max_total_bytes", chosen.max_total_bytes, 1),
            "recovery_sessions": whole("max_sessions", chosen.max_sessions, 1),
        }


def given_path(given: str, options: Options) -> str:
    """The server's own path in the place of python-socketio's default."""
    return options.path if given.strip("/") == Options.path.strip("/") else given


def read_options(keywords: Mapping[str, Any], stacklevel: int = 3) -> Options:
    """Options from `AsyncServer`'s keywords.

    Unknown ones are left out, with one warning that names the nearest known ones: python-socketio
    ignores them silently, and a misspelt limit is no limit.
    """
    known = Options.__dataclass_fields__
    taken: dict[str, Any] = {}
    unknown = []
    for given, value in keywords.items():
        name = _ALIASES.get(given, given)
        if name not in known:
            unknown.append(given)
        elif name in taken:
            raise ValueError(f"{given} and {name} are the same option: give one of them")
        else:
            taken[name] = value
    if unknown:
        warnings.warn(_unknown_sentence(unknown, list(known)), stacklevel=stacklevel)
    return Options(**taken)


def _unknown_sentence(unknown: list[str], known: list[str]) -> str:
    parts = []
    for name in unknown:
        snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()  # pingInterval
        near = difflib.get_close_matches(snake, known, n=1)
        parts.append(f"{name!r} (did you mean {near[0]!r}?)" if near else repr(name))
    return f"AsyncServer ignores unknown options: {', '.join(parts)}"


def _ping_interval(value: Interval) -> int:
    """Interval and grace in one: what the client is told is when the server really pings."""
    if not isinstance(value, (tuple, list)):
        return milliseconds("ping_interval", value)
    if len(value) != 2:
        raise ValueError("ping_interval must be seconds or (interval, grace)")
    interval, grace = value
    if not _is_number(grace) or grace < 0:
        raise ValueError(f"the grace of ping_interval must be seconds, not {grace!r}")
    return milliseconds("ping_interval", interval) + round(grace * 1000)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def milliseconds(name: str, value: float) -> int:
    if not _is_number(value) or not 0.001 <= value <= _LONGEST:
        raise ValueError(f"{name} must be between 0.001 and {_LONGEST:.0f} seconds, not {value!r}")
    return round(value * 1000)


def whole(name: str, value: int, smallest: int = 0, largest: int | None = None) -> int:
    known = isinstance(value, int) and not isinstance(value, bool)
    if not known or value < smallest or (largest is not None and value > largest):
        bounds = f"at least {smallest}" if largest is None else f"{smallest} to {largest}"
        raise ValueError(f"{name} must be a whole number of {bounds}, not {value!r}")
    return value


def _deflate(value: bool | Mapping[str, int]) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"websocket_compression": value}
    if not isinstance(value, Mapping) or not value.keys() <= {"threshold", "level"}:
        raise ValueError(
            f"per_message_deflate must be a bool or a dict of threshold and level, not {value!r}"
        )
    return {
        "websocket_compression": True,
        "websocket_compression_threshold_bytes": whole(
            "the threshold of per_message_deflate", value.get("threshold", 1024)
        ),
        "websocket_compression_level": whole(
            "the level of per_message_deflate", value.get("level", 6), 1, 9
        ),
    }


def _transports(value: str | Collection[str] | None) -> list[str]:
    if value is None:
        return list(VALID_TRANSPORTS)
    given = [value] if isinstance(value, str) else value
    valid = [transport for transport in VALID_TRANSPORTS if transport in given]
    if not valid:
        raise ValueError("No valid transports provided")
    return valid


def _cookie(value: str | Mapping[str, Any] | None) -> tuple[str, str]:
    """The cookie's name and what stands behind its value. As `engineio.AsyncServer`."""
    if not value:
        return "", ""
    if isinstance(value, str):
        value = {"name": value, "path": "/", "SameSite": "Lax"}
    if not isinstance(value, Mapping):
        raise ValueError(f"cookie must be a name or a dict of attributes, not {value!r}")
    attributes = ""
    for name, setting in value.items():
        if name == "name" or setting is False:
            continue
        attributes += f"; {name}" if setting is True else f"; {name}={setting}"
    name = str(value.get("name", "io"))
    if re.search(r"[\x00-\x20;=,\x7f]", name) or re.search(r"[\x00-\x1f\x7f]", attributes):
        raise ValueError("the cookie has a character that no cookie can have")
    return name, attributes


def _cors(value: Origins) -> dict[str, Any]:
    origins: list[str] | None = None
    if isinstance(value, str):
        origins = [value]
    elif callable(value):
        origins = []  # the verdict comes with each request
    elif value is not None:
        origins = list(value)
        if not origins:
            return {"cors_enabled": False, "cors_any_origin": False, "cors_origins": None}
    if origins is not None and not all(isinstance(origin, str) for origin in origins):
        raise ValueError(f"cors_allowed_origins must be strings, not {value!r}")
    return {
        "cors_enabled": True,
        "cors_any_origin": origins is not None and "*" in origins,
        "cors_origins": origins,
        "cors_ask_application": callable(value),
    }


def allows_origin(verdict: Any, origin: str) -> bool:
    """What the answer of a callable `cors_allowed_origins` means: a truth, or the origins."""
    if isinstance(verdict, str):
        return verdict in ("*", origin)
    if isinstance(verdict, (list, tuple, set, frozenset)):
        return "*" in verdict or origin in verdict
    return bool(verdict)
