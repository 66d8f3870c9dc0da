"""The json module, but for integers of more than 100 digits, which it refuses to read.

Reading an integer takes a time that grows with the square of its length, and a client may send it.
"""

from __future__ import annotations

import json
from json import (
    JSONDecodeError,
    JSONDecoder,
    JSONEncoder,
    dump,
    dumps,
    load,
)
from typing import Any

__all__ = ["JSONDecodeError", "JSONDecoder", "JSONEncoder", "dump", "dumps", "load", "loads"]

MAX_DIGITS = 100  # as python-engineio


def loads(*args: Any, **kwargs: Any) -> Any:
    """`json.loads`. `ValueError` for too large an integer."""
    kwargs.setdefault("parse_int", _parse_int)
    return json.loads(*args, **kwargs)


def _parse_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("Integer is too large")
    return int(digits)
