"""What an application passes in, checked at the call: errors that name the argument.

The engine takes no other types, and says so in words that are for nobody's eyes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_str(given: Any, name: str) -> str:
    """A text. `TypeError` for what is no str, `ValueError` for one with lone surrogates."""
    if not isinstance(given, str):
        raise TypeError(f"{name} must be a str, not {given!r}")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be text, without lone surrogates: {given!r}") from None
    return given


def as_namespace_name(given: Any) -> str:
    """None, and an empty one, are the default namespace."""
    return "/" if given is None else as_str(given, "namespace") or "/"


def as_count(given: Any, name: str, least: int, most: int) -> int:
    """A whole number. `TypeError` for what is none, `ValueError` for one beyond its bounds."""
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{name} must be an integer, not {given!r}")
    if not least <= given <= most:
        raise ValueError(f"{name} must be {least} to {most}, not {given!r}")
    return given


def as_seconds(given: Any, name: str, least: float, most: float) -> float:
    """`TypeError` for what is no number, `ValueError` for one beyond its bounds, and for NaN."""
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise TypeError(f"{name} must be seconds, not {given!r}")
    if not least <= given <= most:
        raise ValueError(f"{name} must be {least:g} to {most:g} seconds, not {given!r}")
    return float(given)


def as_timeout(given: Any, name: str) -> float:
    """More than 0 seconds. `ValueError` and `TypeError` as `as_seconds`."""
    return as_seconds(given, name, 0.001, 86_400)


def as_texts(given: Any, name: str) -> dict[str, str]:
    """A dict of str by str; None is an empty one."""
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dict, not {given!r}")
    return (
        {as_str(key, name): as_str(value, f"{name}[{key!r}]") for key, value in given.items()}
        if given
        else {}
    )
