"""Another json module in the place of the engine's own encoder."""

from __future__ import annotations

import json as standard_json
from collections.abc import Callable
from typing import Any, NamedTuple


class Codec(NamedTuple):
    """What `Engine.use_json` takes."""

    dumps: Callable[[Any], tuple[str | bytes, list[bytes]]]
    loads: Callable[[str, list[bytes]], Any]


COMPACT = (",", ":")


def find_codec(module: Any) -> Codec | None:
    """None for the json module itself: the engine's encoder is its equal.

    `ValueError` for a module that cannot be called as python-socketio calls it.
    """
    if module is None or module is standard_json:
        return None
    _try_out(module)
    return codec_of(module)


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


def codec_of(module: Any) -> Codec:
    """`module` has `dumps` and `loads` as the json module, called as python-socketio calls them."""

    def dumps(value: Any) -> tuple[str | bytes, list[bytes]]:
        attachments: list[bytes] = []
        return module.dumps(_without_bytes(value, attachments), separators=COMPACT), attachments

    def loads(text: str, attachments: list[bytes]) -> Any:
        value = module.loads(text)
        return _with_bytes(value, attachments) if attachments else value

    return Codec(dumps, loads)


def _without_bytes(value: Any, attachments: list[bytes]) -> Any:
    """A copy with placeholders for bytes, which are moved to the attachments."""
    if isinstance(value, (bytes, bytearray)):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, list):
        return [_without_bytes(each, attachments) for each in value]
    if isinstance(value, dict):
        return {key: _without_bytes(each, attachments) for key, each in value.items()}
    return value


def _with_bytes(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, list):
        return [_with_bytes(each, attachments) for each in value]
    if isinstance(value, dict):
        if value.get("_placeholder") and "num" in value:
            return attachments[value["num"]]
        return {key: _with_bytes(each, attachments) for key, each in value.items()}
    return value
