"""The ASGI scope of a client's WebSocket."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from ..doors import TEST_CLIENT
from ..types import Scope

HOST = "testserver"
CLIENT = ("127.0.0.1", 50000)

_HANDSHAKE = {
    "host": HOST,
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": base64.b64encode(b"sixteen bytes...").decode(),
}


def websocket_scope(
    path: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    query: Mapping[str, str] | None,
    reached: Callable[[Any], None],
) -> Scope:
    """`reached` is called by the server of sio_native's that gets to see it."""
    path = f"/{path.strip('/')}/" if path.strip("/") else "/"
    given = list(headers.items() if isinstance(headers, Mapping) else headers)
    names = {name.lower() for name, _ in given}
    given += [(name, value) for name, value in _HANDSHAKE.items() if name not in names]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": urlencode({"EIO": "4", "transport": "websocket", **(query or {})}).encode(),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given
        ],
        "client": CLIENT,
        "server": (HOST, 80),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}, TEST_CLIENT: {"reached": reached}},
    }
