"""Functions in the place of the engine's own JSON encoder, or around it."""

from __future__ import annotations

import json as standard_json
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

COMPACT = (",", ":")

# Puts the attachments of a packet in the place of their placeholders.
Rebuild: TypeAlias = Callable[[Any, list[bytes]], Any]

# What Packet classes have by default: the json module again, but for very large integers.
_STANDARD = ("engineio.json", "sio_native.limited_json")


class Codec(NamedTuple):
    """What `Engine.use_codec` takes. None: the engine's own encoder or decoder."""

    dumps: Callable[[Any], tuple[str | bytes, list[bytes]]] | None = None
    loads: Callable[[Any, list[bytes]], Any] | None = None
    rebuild: Rebuild | None = None  # behind the engine's own decoder; None: it replaces them itself
    binary: bool = False  # `loads` gets bytes
    attachments: bool = True  # the engine's own encoder moves bytes to attachments; else TypeError


def json_codec(module: Any, rebuild: Rebuild | None = None, attachments: bool = True) -> Codec:
    """`module` has `dumps` and `loads` as the json module, called as python-socketio calls them.

    None and the json module itself: the engine's own, which are their equals. With `attachments`
    false bytes are left to the module. `ValueError` for a module that cannot be called so.
    """
    if is_standard(module):
        return Codec(rebuild=rebuild, attachments=attachments)
    _try_out(module)

    def dumps(value: Any) -> tuple[str | bytes, list[bytes]]:
        taken: list[bytes] = []
        if attachments:
            value = without_bytes(value, taken)
        return module.dumps(value, separators=COMPACT), taken

    def loads(text: str, given: list[bytes]) -> Any:
        value = module.loads(text)
        return (rebuild or with_bytes)(value, given) if given else value

    return Codec(dumps, loads)


def is_standard(module: Any) -> bool:
    """Is it what the engine's own encoder is the equal of?"""
    if module is None or module is standard_json:
        return True
    return isinstance(module, ModuleType) and module.__name__ in _STANDARD


def _try_out(module: Any) -> None:
    """Else its first use would fail, on a loop, with a client that waits for an answer."""
    name = getattr(module, "__name__", repr(module))
    event = ["event", {"key": 1}]
    try:
        text = module.dumps(event, separators=COMPACT)
        read = module.loads(text if isinstance(text, str) else text.decode())
    except Exception as error:
        raise ValueError(
            f"json={name} cannot be used as the json module can, as dumps(value, "
            f'separators=(",", ":")) and loads(text): {error!r}. An object whose dumps and '
            "loads call it in its own way can be given instead"
        ) from error
    if read != event:
        raise ValueError(f"json={name} reads {read!r} where it wrote {event!r}")


def without_bytes(value: Any, attachments: list[bytes]) -> Any:
    """A copy with placeholders for bytes, which are moved to the attachments."""
    if isinstance(value, (bytes, bytearray)):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, list):
        return [without_bytes(each, attachments) for each in value]
    if isinstance(value, dict):
        return {key: without_bytes(each, attachments) for key, each in value.items()}
    return value


def with_bytes(value: Any, attachments: list[bytes]) -> Any:
    """The opposite: a copy with bytes for placeholders."""
    if isinstance(value, list):
        return [with_bytes(each, attachments) for each in value]
    if isinstance(value, dict):
        if value.get("_placeholder") and "num" in value:
            return attachments[value["num"]]
        return {key: with_bytes(each, attachments) for key, each in value.items()}
    return value
