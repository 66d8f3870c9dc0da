"""What the head of a model's file says."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

HEAD = struct.Struct("<4sIQQ")  # GGUF, little-endian: magic, version, tensors, metadata

GgufParser = Callable[[Path], dict[str, Any]]


def parse_gguf(path: Path) -> dict[str, Any]:
    """`{version, tensors, metadata, bytes}`; two of them are counts. `ValueError` for no GGUF."""
    with path.open("rb") as file:
        head = file.read(HEAD.size)
    if len(head) < HEAD.size or head[:4] != b"GGUF":
        raise ValueError(f"{path.name} is no GGUF file")
    _, version, tensors, metadata = HEAD.unpack(head)
    return {
        "version": version,
        "tensors": tensors,
        "metadata": metadata,
        "bytes": path.stat().st_size,
    }
