"""Where the demo keeps what must outlive it."""

import os
from pathlib import Path

STATIC = Path(__file__).parent / "static"

# Three SQLite files, the journal of the usage, and the secret that signs tokens.
DATA = Path(os.environ.get("DEMO_DATA") or Path(__file__).parent / "data")
DATA.mkdir(parents=True, exist_ok=True)


def line(value: object, longest: int) -> str:
    """What a client sent as a line of text; empty when it is not one. Clients can send anything."""
    return " ".join(value.split())[:longest] if isinstance(value, str) else ""
