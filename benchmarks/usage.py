"""Counts millions of records in a process that is killed three times; are the sums exact?

    python benchmarks/usage.py [--records 10000000] [--report benchmarks/results/NAME.md]

This process sends blocks of records to another one, which counts them with `record_many`, with a
journal of each record and a SQLite file, and answers each block as soon as it counts. One record in
twenty is a retry of an earlier one. At three random moments the other is killed by signal 9 with
blocks under way; those that it has not answered are sent again to its successor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pickle
import platform
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK = 10_000  # new records, and a twentieth of them again
RETRIES = BLOCK // 20
RETRY_BLOCKS = 40  # how far back: within the million ids that are remembered
UNDER_WAY = 4  # blocks that are sent before the first is answered
KILLS = 3
MODELS = [f"model-{number}" for number in range(12)]
LENGTH = struct.Struct("<I")


def record(number: int) -> tuple[str, int, int, str, str]:
    """The record of this number: always the same."""
    mixed = number * 0x9E3779B97F4A7C15 & 0xFFFFFFFF
    return (
        MODELS[mixed % len(MODELS)],
        mixed >> 20,
        mixed >> 24,
        f"user-{mixed % 997}",
        f"request-{number:09}",
    )


def block(place: int, size: int) -> list[tuple[str, int, int, str, str]]:
    """New records, and with them some of the blocks before."""
    chance = random.Random(place)
    first = place * BLOCK
    records = [record(number) for number in range(first, first + size)]
    oldest = max(0, first - RETRY_BLOCKS * BLOCK)
    if first:
        records += [record(chance.randrange(oldest, first)) for _ in range(RETRIES)]
        chance.shuffle(records)
    return records


# --- the process that counts ---


async def count(folder: str) -> None:
    import sio_native

    usage = sio_native.AsyncServer().usage
    usage.group("even", models=MODELS[::2], limit=10**15, window=3600)
    await usage.store(f"{folder}/usage.db", journal=f"{folder}/journal", each=True)
    answers, blocks = sys.stdout.buffer, sys.stdin.buffer
    spent = 0.0
    answer(answers, "ready", 0, 0, 0.0)
    while head := blocks.read(LENGTH.size):
        place, records = pickle.loads(blocks.read(LENGTH.unpack(head)[0]))
        began = time.perf_counter()
        counted = usage.record_many(records)
        spent = time.perf_counter() - began
        answer(answers, place, sum(counted), len(counted), spent)
        if place % 10 == 0:  # not more of a backlog than the meter takes
            await usage.flush()
    await usage.close()
    answer(answers, "stored", usage.stats()["duplicates"], 0, 0.0)


def answer(to: Any, *values: Any) -> None:
    to.write(json.dumps(values).encode() + b"\n")
    to.flush()


# --- the process that sends ---


class Counter:
    """The other process."""

    def __init__(self, folder: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--count", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.next()[0] == "ready"

    def send(self, place: int, size: int) -> None:
        assert self._process.stdin
        data = pickle.dumps((place, block(place, size)), pickle.HIGHEST_PROTOCOL)
        self._process.stdin.write(LENGTH.pack(len(data)) + data)
        self._process.stdin.flush()

    def next(self) -> list[Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise EOFError("the counting process has ended")
        answered: list[Any] = json.loads(line)
        return answered

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def finish(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        assert self.next()[0] == "stored"
        self._process.wait()


def run(records: int, folder: str, seed: int) -> dict[str, Any]:
    places = -(-records // BLOCK)
    sizes = [min(BLOCK, records - place * BLOCK) for place in range(places)]
    chance = random.Random(seed)
    kills = deque(sorted(chance.sample(range(places // 10, places * 9 // 10), KILLS)))
    unanswered: deque[int] = deque(range(places))
    sent = counted = 0
    counting = 0.0
    killed: list[int] = []
    began = time.perf_counter()
    counter = Counter(folder)
    under_way: deque[int] = deque()
    while unanswered or under_way:
        while unanswered and len(under_way) < UNDER_WAY:
            place = unanswered.popleft()
            counter.send(place, sizes[place])
            under_way.append(place)
        if kills and under_way[0] >= kills[0]:
            kills.popleft()
            killed.append(under_way[0])
            time.sleep(chance.random() * 0.02)  # somewhere in the middle of its work
            counter.kill()
            unanswered.extendleft(reversed(under_way))
            under_way.clear()
            counter = Counter(folder)
            continue
        place, new, of, seconds = counter.next()
        assert place == under_way.popleft()
        sent += of
        counted += new
        counting += seconds
    counter.finish()
    return {
        "records": records,
        "answered_records": sent,
        "killed_at_block": killed,
        "seconds": round(time.perf_counter() - began, 1),
        "record_many_per_second": round(sent / counting),
    }


def expected(records: int) -> dict[str, list[int]]:
    sums = {model: [0, 0, 0, 0] for model in MODELS}
    for number in range(records):
        model, prompt, completion, _, _ = record(number)
        of = sums[model]
        of[0] += prompt
        of[1] += completion
        of[2] += prompt + completion
        of[3] += 1
    return sums


def stored(path: Path) -> dict[str, list[int]]:
    with sqlite3.connect(path) as db:
        counts = "sum(input), sum(output), sum(total), sum(events)"
        found: Iterator[tuple[Any, ...]] = db.execute(
            f"SELECT model, {counts} FROM usage GROUP BY model"
        )
        return {model: list(sums) for model, *sums in found}


def report(done: dict[str, Any], wanted: dict[str, list[int]], found: dict[str, list[int]]) -> str:
    names = ("input", "output", "total", "events")
    rows = [
        f"| {name} | {sum(each[at] for each in wanted.values()):,}"
        f" | {sum(each[at] for each in found.values()):,} |"
        for at, name in enumerate(names)
    ]
    differ = sum(wanted[model] != found.get(model) for model in wanted)
    return "\n".join(
        [
            "# Usage: are the sums exact?",
            "",
            f"`python benchmarks/usage.py --records {done['records']}`, Python"
            f" {platform.python_version()}, {os.cpu_count()} cores, SQLite"
            f" {sqlite3.sqlite_version}.",
            "",
            f"{done['records']:,} records with ids in blocks of {BLOCK:,}, each with {RETRIES}"
            f" retries of earlier ones; the counting process was killed by signal 9 at blocks"
            f" {', '.join(map(str, done['killed_at_block']))}, with {UNDER_WAY} blocks under way,"
            " which were sent again. Journal of each record, SQLite.",
            "",
            "| | sent | stored |",
            "|---|---|---|",
            *rows,
            "",
            f"Models whose sums differ: **{differ}** of {len(wanted)}.",
            "",
            f"The whole run took {done['seconds']} s, most of it making the records in Python and"
            " writing their ids to SQLite; `record_many`, journal and all, took"
            f" {done['record_many_per_second']:,} records a second from Python's tuples.",
            "",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        asyncio.run(count(options.count))
        return 0
    with tempfile.TemporaryDirectory(prefix="usage-") as folder:
        done = run(options.records, folder, options.seed)
        wanted, found = expected(options.records), stored(Path(folder) / "usage.db")
    text = report(done, wanted, found)
    print(text)
    if options.report:
        options.report.write_text(text)
    return 0 if wanted == found else 1


if __name__ == "__main__":
    sys.exit(main())
