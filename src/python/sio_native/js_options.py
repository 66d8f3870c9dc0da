"""The JavaScript server's options, as keywords of `AsyncServer`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any, Final

# In milliseconds there, in seconds here.
_TIMES: Final = {
    "connectTimeout": "connect_timeout",
    "pingInterval": "ping_interval",
    "pingTimeout": "ping_timeout",
    "upgradeTimeout": "upgrade_timeout",
}
_SAME: Final = {
    "adapter": "client_manager",
    "allowUpgrades": "allow_upgrades",
    "cleanupEmptyChildNamespaces": "cleanup_empty_child_namespaces",
    "maxHttpBufferSize": "max_http_buffer_size",
    "maxPayload": "max_http_buffer_size",
    "path": "path",
}
# Which are known there, and why not here.
_NOT_HERE: Final = {
    "destroyUpgrade": "other upgrades are the ASGI server's affair",
    "destroyUpgradeTimeout": "other upgrades are the ASGI server's affair",
    "httpServer": "mount the server, or use sio_native.run()",
    "initialPacket": "it is not supported",
    "parser": "give the constructor a serializer: see docs/serializers.md",
    "wsEngine": "WebSockets are the engine's own",
}
_LONGEST: Final = 1e12  # milliseconds: the constructor says which it takes
_COOKIE: Final = {
    "domain": "Domain",
    "httpOnly": "HttpOnly",
    "maxAge": "Max-Age",
    "partitioned": "Partitioned",
    "path": "Path",
    "priority": "Priority",
    "sameSite": "SameSite",
    "secure": "Secure",
}
_CORS: Final = ("credentials", "methods", "origin")
_NEEDED_METHODS: Final = {"GET", "POST"}


def options_from_js(given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords. `ValueError` that names the option for what is unknown or cannot be meant."""
    _mapping("the options", given)
    keywords: dict[str, Any] = {}

    def set_(name: str, keyword: str, value: Any) -> None:
        if keyword in keywords:
            raise ValueError(f"{name} is the same as another one of the options")
        keywords[keyword] = value

    for name, value in given.items():
        if name in _TIMES:
            set_(name, _TIMES[name], _seconds(name, value))
        elif name in _SAME:
            set_(name, _SAME[name], value)
        elif name in _OTHERS:
            keywords.update(_OTHERS[name](value))
        elif name in _NOT_HERE:
            raise ValueError(f"the option {name} cannot be had: {_NOT_HERE[name]}")
        else:
            known = [*_TIMES, *_SAME, *_OTHERS]
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise ValueError(f"unknown option {name!r}{hint}")
    return keywords


def _mapping(name: str, value: Any, *known: str) -> Mapping[str, Any]:
    """The value. `ValueError` for what is none, or has others than the known ones, if given."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping, not {value!r}")
    unknown = [str(each) for each in value if known and each not in known]
    if unknown:
        raise ValueError(f"{name} has options that are not supported: {', '.join(unknown)}")
    return value


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, (list, tuple, set, frozenset)) or not all(
        isinstance(each, str) for each in value
    ):
        raise ValueError(f"{name} must be a list of texts, not {value!r}")
    return list(value)


def _seconds(name: str, value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < _LONGEST:
        raise ValueError(f"{name} must be milliseconds, not {value!r}")
    return value / 1000


def _transports(value: Any) -> dict[str, Any]:
    names = [value] if isinstance(value, str) else _texts("transports", value)
    unknown = sorted({*names} - {"polling", "websocket"})
    if unknown:
        raise ValueError(f"transports cannot have {', '.join(map(repr, unknown))}")
    return {"transports": names}


def _cors(value: Any) -> dict[str, Any]:
    if value is None or value is False:
        return {}  # the same origin, which the JavaScript server does not check
    _mapping("cors", value, *_CORS)
    methods = value.get("methods", "GET,POST")
    listed = methods.split(",") if isinstance(methods, str) else _texts("cors.methods", methods)
    if not {each.strip().upper() for each in listed} >= _NEEDED_METHODS:
        raise ValueError(f"cors.methods must have GET and POST, not {methods!r}")
    return {
        "cors_allowed_origins": _origins(value.get("origin", "*")),
        "cors_credentials": bool(value.get("credentials", False)),
    }


def _origins(origin: Any) -> Any:
    if origin is True:
        return "*"
    if origin is False:
        return []
    if callable(origin):
        return origin
    listed = list(origin) if isinstance(origin, (list, tuple, set, frozenset)) else [origin]
    if not listed or not all(
        isinstance(each.pattern if isinstance(each, re.Pattern) else each, str) for each in listed
    ):
        raise ValueError(f"cors.origin must be of texts and patterns, not {origin!r}")
    if all(isinstance(each, str) for each in listed):
        return listed

    def allowed(asked: str, environ: Any = None) -> bool:
        return any(
            each in ("*", asked) if isinstance(each, str) else each.search(asked) is not None
            for each in listed
        )

    return allowed


def _cookie(value: Any) -> dict[str, Any]:
    if not value or isinstance(value, str):
        return {"cookie": value or None}
    given = {} if value is True else value
    if not isinstance(given, Mapping):
        raise ValueError(f"cookie must be true or a mapping, not {value!r}")
    merged = {"name": "io", "path": "/", "httpOnly": True, "sameSite": "lax", **given}
    cookie: dict[str, Any] = {"name": merged.pop("name")}
    expires = merged.pop("expires", None)
    for name, setting in merged.items():
        if name not in _COOKIE:
            raise ValueError(f"cookie has an option that is not supported: {name}")
        if setting is None or setting is False:
            continue
        if name == "sameSite":
            setting = "Strict" if setting is True else str(setting).capitalize()
        cookie[_COOKIE[name]] = setting if setting is True else str(setting)
    if isinstance(expires, datetime):
        cookie["Expires"] = format_datetime(expires.astimezone(timezone.utc), usegmt=True)
    elif expires is not None:
        raise ValueError(f"cookie.expires must be a datetime, not {expires!r}")
    return {"cookie": cookie}


def _http_compression(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"http_compression": bool(value)}
    _mapping("httpCompression", value, "threshold")
    return {"http_compression": True, "compression_threshold": value.get("threshold", 1024)}


def _recovery(value: Any) -> dict[str, Any]:
    if value is None or value is False:
        return {}
    known = ("maxDisconnectionDuration", "skipMiddlewares")
    given = _mapping("connectionStateRecovery", {} if value is True else value, *known)
    recovery = {
        "max_disconnection_duration": _seconds(known[0], given.get(known[0], 120_000)),
        "skip_middlewares": bool(given.get(known[1], True)),
    }
    return {"connection_state_recovery": recovery}


def _deflate(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"per_message_deflate": bool(value)}
    _mapping("perMessageDeflate", value, "threshold", "zlibDeflateOptions")
    zlib = _mapping("zlibDeflateOptions", value.get("zlibDeflateOptions", {}), "level")
    return {"per_message_deflate": {"threshold": value.get("threshold", 1024), **zlib}}


def _allow_request(value: Any) -> dict[str, Any]:
    if value is not None and not callable(value):
        raise ValueError(f"allowRequest must be a function, not {value!r}")
    return {"allow_request": value}


def _must_be_off(name: str, why: str) -> Callable[[Any], dict[str, Any]]:
    def check(value: Any) -> dict[str, Any]:
        if value:
            raise ValueError(f"the option {name} cannot be had: {why}")
        return {}

    return check


_OTHERS: Final[dict[str, Callable[[Any], dict[str, Any]]]] = {
    "addTrailingSlash": lambda value: {},  # a path is found with and without
    "allowEIO3": _must_be_off("allowEIO3", "clients of Socket.IO 2 are not served"),
    "allowRequest": _allow_request,
    "connectionStateRecovery": _recovery,
    "cookie": _cookie,
    "cors": _cors,
    "httpCompression": _http_compression,
    "perMessageDeflate": _deflate,
    "serveClient": _must_be_off(
        "serveClient", "give ASGIApp the client's file, as static_files, or take it from npm"
    ),
    "transports": _transports,
}
