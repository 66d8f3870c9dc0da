"""The request that opened a session, as the WSGI dictionary that connect handlers get."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from .scope_extras import EMPTY, raw_path
from .types import Environ, Receive, Scope, Send


class EmptyBody:
    """`wsgi.input`: the engine has read the body."""

    async def read(self, length: int | None = None) -> bytes:
        return b""


def make_environ(scope: Scope, receive: Receive, send: Send) -> Environ:
    """The keys of `engineio.AsyncServer` under ASGI, but with the real peer as REMOTE_ADDR."""
    path = scope["path"]
    query = _text(scope.get("query_string") or b"") or ""
    client = scope.get("client") or ("", 0)
    secure = scope.get("scheme") in ("https", "wss")
    environ: Environ = {
        "wsgi.input": EmptyBody(),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.async": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "SERVER_SOFTWARE": "asgi",
        "REQUEST_METHOD": scope.get("method", "GET"),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": f"{path}?{query}" if query else path,
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": "asgi",
        "SERVER_PORT": "0",
        "asgi.receive": receive,
        "asgi.send": send,
        "asgi.scope": scope,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = _text(raw_name), _text(raw_value)
        if name is None or value is None:
            continue  # as there: what is not UTF-8 is left out
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
            if key in environ:
                value = f"{environ[key]},{value}"
        environ[key] = value
    scheme = "https" if secure else "http"
    environ["wsgi.url_scheme"] = environ.get("HTTP_X_FORWARDED_PROTO", scheme)
    return environ


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


async def _no_asgi(*message: Any) -> Any:
    raise RuntimeError(
        "the engine itself serves this client: there is no ASGI server to receive from or send to"
    )


def environ_from_head(
    head: Mapping[str, Any] | None, extras: Mapping[str, Any] | None = None
) -> Environ:
    """The environ of a client that the engine itself serves, from `Engine.request_head`.

    `extras` is what its scope had beyond the request. Without a head (the engine has ended) it
    names nobody.
    """
    head = head or {}
    headers = [(name.lower(), value) for name, value in head.get("headers", ())]
    websocket = any(name == b"upgrade" and value.lower() == b"websocket" for name, value in headers)
    secure = head.get("secure", False)
    path = head.get("path", "/")
    scope: Scope = {
        "type": "websocket" if websocket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": head.get("http_version", "1.1"),
        "method": head.get("method", "GET"),
        "scheme": ("wss" if secure else "ws") if websocket else ("https" if secure else "http"),
        "path": path,
        "raw_path": raw_path(path),
        "query_string": head.get("query", b""),
        "root_path": "",
        "headers": headers,
        "client": head.get("remote"),
        "server": head.get("local"),
        "state": {},
        "extensions": {},
    }
    if websocket:
        scope["subprotocols"] = _listed(headers, b"sec-websocket-protocol")
    for key, value in (extras or {}).items():
        scope[key] = {} if value is EMPTY else value
    return make_environ(scope, _no_asgi, _no_asgi)


def _listed(headers: list[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    values = (value.decode("latin-1") for name, value in headers if name == wanted)
    return [item.strip() for value in values for item in value.split(",")]
