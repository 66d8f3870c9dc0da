"""The time as JavaScript has it."""

import time


def now() -> int:
    """`Date.now()`: milliseconds since 1970."""
    return time.time_ns() // 1_000_000
