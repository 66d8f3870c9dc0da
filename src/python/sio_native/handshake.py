"""The request that opened a client's session, as `socket.handshake` shows it in JavaScript."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Handshake:
    """What a client said of itself when it came.

    `headers` and `query` have a value for each name, a list if there are several. `issued` is in
    milliseconds since 1970, `time` the same in ISO 8601. `address` is that of the peer. `xdomain`:
    a browser says which site it comes from, perhaps another. `auth` is kept for clients of
    namespaces with middleware, `on_connection`, or handlers that ask for `Socket` or `Sid`.
    """

    address: str
    headers: dict[str, str | list[str]]
    query: dict[str, str | list[str]]
    secure: bool
    url: str
    issued: int
    time: str
    auth: Any = None
    xdomain: bool = False

    @classmethod
    def of(cls, head: Mapping[str, Any], age: float, auth: Any = None) -> Handshake:
        """From `Engine.request_head`, and the seconds since."""
        issued = int((time.time() - age) * 1000)
        headers: dict[str, list[str]] = {}
        for name, value in head.get("headers", ()):
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        query = head.get("query", b"").decode("latin-1")
        path = head.get("path", "/")
        return cls(
            address=(head.get("remote") or ("", 0))[0],
            headers=_unlisted(headers),
            query=_unlisted(parse_qs(query, keep_blank_values=True)),
            secure=bool(head.get("secure", False)),
            url=f"{path}?{query}" if query else path,
            issued=issued,
            time=datetime.fromtimestamp(issued / 1000, timezone.utc).isoformat(),
            auth=auth,
            xdomain="origin" in headers,
        )


def _unlisted(values: Mapping[str, list[str]]) -> dict[str, str | list[str]]:
    return {name: each[0] if len(each) == 1 else each for name, each in values.items()}
