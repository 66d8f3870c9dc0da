"""Random JSON documents, for which the engine must do what Python's json module does.

`python json_documents.py 1000000` checks a million sound and a million damaged ones on all cores,
from a seed that it prints; `python json_documents.py 1000000 <seed>` does it again.
"""

from __future__ import annotations

import json
import math
import os
import random
import struct
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

from sio_native import _core

Item = TypeVar("Item")

COMPACT = json.JSONEncoder(separators=(",", ":"))  # as json.dumps makes one for each call
DRESSES = [
    json.JSONEncoder(ensure_ascii=False),
    json.JSONEncoder(ensure_ascii=False, separators=(" ,\t", " :\r\n")),
    json.JSONEncoder(ensure_ascii=False, indent=1),
]


def loads(text: str | bytes, attachments: list[bytes] | None = None) -> Any:
    return _core._loads(text.encode() if isinstance(text, str) else text, attachments or [])


def dumps(value: Any) -> tuple[str, list[bytes]]:
    text, attachments = _core._dumps(value)
    return text.decode("ascii"), attachments


def expected_dumps(value: Any) -> str:
    return COMPACT.encode(value)


def same(left: Any, right: Any) -> bool:
    """Equal in types, order of keys and sign of zero too."""
    return repr(left) == repr(right)


# --- values ---

CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyz ABC 0123456789 {}[]:,/'",
    '"\\\b\f\n\r\t\x00\x1f\x7f',
    "\x80\xa0éßÿ",
    "Āж中\u2028\ufeff\uffff",
    "\U00010000😀\U0010ffff",
    "\ud800\udbff\udc00\udfff",
)
LENGTHS = (0, 1, 1, 3, 7, 8, 9, 15, 16, 17, 40)
BITS = (1, 7, 8, 30, 31, 32, 53, 59, 60, 63, 64, 65, 120, 300, 2000)
KEYS = ("id", "num", "name", "text", "_placeholder", "a-key-longer-than-the-cache-keeps")
PLAIN = (True, False, None, 0, 1, "", "x")
SIZES = (0, 1, 2, 3, 3, 5, 9)


def pick(rng: random.Random, items: Sequence[Item]) -> Item:
    """`rng.choice`, which would be most of the time that a document takes."""
    return items[int(rng.random() * len(items))]


def random_string(rng: random.Random) -> str:
    length = pick(rng, LENGTHS)
    if rng.random() < 0.6:
        return "".join(rng.choices(CHARACTERS[0], k=length))
    return "".join([pick(rng, pick(rng, CHARACTERS)) for _ in range(length)])


def random_integer(rng: random.Random) -> int:
    bits = pick(rng, BITS)
    return pick(rng, (-1, 1)) * (rng.getrandbits(bits) + pick(rng, (0, 0, 1 << (bits - 1))))


def random_float(rng: random.Random) -> float:
    match int(rng.random() * 6):
        case 0:
            return rng.uniform(-1000, 1000)
        case 1:
            return round(rng.uniform(-1000, 1000), int(rng.random() * 6))
        case 2:
            return float(rng.getrandbits(pick(rng, BITS[:-1])))
        case 3:
            return pick(rng, (-1.0, 1.0)) * 10.0 ** rng.randrange(-320, 309)
        case 4:
            return pick(rng, (math.nan, math.inf, -math.inf))
        case _:
            number: float = struct.unpack("d", rng.randbytes(8))[0]
            return number


def random_key(rng: random.Random) -> Any:
    match int(rng.random() * 12):
        case 0:
            return random_integer(rng)
        case 1:
            return random_float(rng)
        case 2:
            return pick(rng, (True, False, None))
        case 3 | 4 | 5:
            return random_string(rng)
        case _:
            return pick(rng, KEYS)


def random_value(rng: random.Random, depth: int) -> Any:
    kind = int(rng.random() * (9 if depth > 0 else 6))
    if kind < 2:
        return random_string(rng)
    if kind == 2:
        return random_integer(rng)
    if kind == 3:
        return random_float(rng)
    if kind < 6:
        return pick(rng, PLAIN)
    size = pick(rng, SIZES)
    if kind == 6:
        return {random_key(rng): random_value(rng, depth - 1) for _ in range(size)}
    items = [random_value(rng, depth - 1) for _ in range(size)]
    return tuple(items) if rng.random() < 0.2 else items


def wrapped(value: Any, levels: int, rng: random.Random) -> Any:
    for _ in range(levels):
        value = [value] if rng.random() < 0.5 else {"k": value}
    return value


# --- checks ---


def check_sound(rng: random.Random, count: int) -> None:
    """Each is written as by json.dumps, and read as by json.loads in two dresses."""
    for number in range(count):
        value = random_value(rng, pick(rng, (0, 1, 2, 3, 3, 4)))
        deep = number % 1000 == 0
        if deep:
            value = wrapped(value, rng.randrange(1, 400), rng)
        text = expected_dumps(value)
        assert dumps(value) == (text, []), f"document {number}: {value!r}"
        assert same(loads(text), json.loads(text)), f"document {number}: {text}"
        # The same value in another dress: spaces, UTF-8 where it is possible. The encoder that
        # indents is one in Python, which takes its time.
        spaced = DRESSES[2 if number % 16 == 0 else number % 2].encode(value)
        try:
            utf8 = spaced.encode()
        except UnicodeEncodeError:  # a lone surrogate
            continue
        assert same(loads(utf8), json.loads(spaced)), f"document {number}: {spaced}"


DAMAGE = [*'[]{}",:\\u019-+.eE tn \n\x01é', "NaN", "Infinity", "-Infinity", "1" * 4301]
DAMAGED_COPIES = 8  # of one document


def check_damaged(rng: random.Random, count: int) -> None:
    """Each is read as by json.loads, or both refuse it."""
    for number in range(count):
        if number % DAMAGED_COPIES == 0:
            encoder = DRESSES[0] if rng.random() < 0.8 else COMPACT
            whole = encoder.encode(random_value(rng, 3))
        text = whole
        for _ in range(int(rng.random() * 3) + 1):
            where = int(rng.random() * (len(text) + 1))
            text = text[:where] + pick(rng, DAMAGE) + text[where + (rng.random() < 0.5) :]
        try:
            utf8 = text.encode()
        except UnicodeEncodeError:
            continue
        assert outcome(loads, utf8) == outcome(json.loads, text), f"document {number}: {text}"


def outcome(read: Callable[[Any], Any], text: str | bytes) -> str:
    try:
        return repr(read(text))
    except ValueError:
        return "refused"


# --- many of them ---

SLICE = 25_000


def check_slice(check: Callable[[random.Random, int], None], seed: str, count: int) -> str:
    try:
        check(random.Random(seed), count)
    except Exception as error:
        return f"{check.__name__}(random.Random({seed!r}), {count}): {error!r}"
    return ""


def main(count: int, seed: int) -> int:
    began = time.monotonic()
    slices = [(f"{seed}.{first}", min(SLICE, count - first)) for first in range(0, count, SLICE)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        failures = [
            failure
            for check in (check_sound, check_damaged)
            for failure in pool.map(partial(check_slice, check), *zip(*slices, strict=True))
            if failure
        ]
    print(*failures, sep="\n", end="\n" if failures else "")
    seconds = time.monotonic() - began
    print(f"{count} sound and {count} damaged documents from seed {seed}, {seconds:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    sys.exit(main(given[0], given[1] if len(given) > 1 else random.SystemRandom().getrandbits(32)))
