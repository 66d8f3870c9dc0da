"""Where the demo keeps what must outlive it."""

import os
from pathlib import Path

STATIC = Path(__file__).parent / "static"

# Three SQLite files, the journal of the usage, and the secret that signs tokens.
DATA = Path(os.environ.get("DEMO_DATA") or Path(__file__).parent / "data")
DATA.mkdir(parents=True, exist_ok=True)


def text(value: object, longest: int) -> str:
    """What a client sent as a text; empty when it is none. Clients can send anything."""
    if not isinstance(value, str) or len(value) > longest:
        return ""
    return value.encode("utf-8", "ignore").decode().strip()  # without half characters


def line(value: object, longest: int) -> str:
    """The same on one line."""
    return " ".join(text(value, longest).split())
