"""Headers that an application adds to the engine's HTTP responses, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

# Of a name one value, or several, as for Set-Cookie.
Headers: TypeAlias = Mapping[str, str | Sequence[str]]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# What frames a response, or makes a WebSocket of a connection, is the engine's.
_ENGINES = (
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "keep-alive",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "transfer-encoding",
    "upgrade",
)


def header_lines(headers: Headers) -> list[tuple[bytes, bytes]]:
    """As the engine takes them. `ValueError` or `TypeError` for what no response can have."""
    if not isinstance(headers, Mapping):
        raise TypeError(f"headers must be a mapping of names to values, not {headers!r}")
    lines = []
    for name, values in headers.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"no header has the name {name!r}")
        if name.lower() in _ENGINES:
            raise ValueError(f"the engine says {name} itself")
        for value in values if isinstance(values, (list, tuple)) else [values]:
            lines.append((name.encode(), _checked(name, value)))
    return lines


def _checked(name: str, value: Any) -> bytes:
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise ValueError(f"the header {name} cannot have the value {value!r}")
    return value.encode("latin-1")
