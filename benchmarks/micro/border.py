"""The Python border by itself: JSON to and from Python objects, and the call of emit.

Run by `make bench-micro`. The engine's JSON is measured beside the json module and, when it is
there, orjson.
"""

import asyncio
import importlib
import json
import statistics
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import sio_native
from sio_native import _core

RUNS = 9
RUN_TIME = 0.001 if "briefly" in sys.argv else 0.06  # seconds; the former measures nothing

encode = json.JSONEncoder(separators=(",", ":")).encode  # made once, as by who wants it fast

MESSAGE = {
    "id": 17,
    "user": "somebody",
    "text": 'Grüße, and a "quoted" word or two',
    "at": 1.75e9,
    "tags": ["one", "two", None, True],
}
DOCUMENTS: dict[str, Any] = {
    "echo": ["echo", "x" * 32],
    "message": ["chat", MESSAGE],
    "messages": ["chat", [MESSAGE] * 20],
    "text": ["text", "x" * 10_000],
}


def report(name: str, nanoseconds: list[float]) -> None:
    low, middle, high = min(nanoseconds), statistics.median(nanoseconds), max(nanoseconds)
    print(f"{name:<58} {middle:9.1f} ns  ({low:.1f} to {high:.1f})", flush=True)


def measure(name: str, work: Callable[[], Any]) -> None:
    results = []
    for _ in range(RUNS):
        calls, began = 0, time.thread_time_ns()
        while (spent := time.thread_time_ns() - began) < RUN_TIME * 1e9:
            for _ in range(100):
                work()
            calls += 100
        results.append(spent / calls)
    report(name, results)


async def measure_awaited(name: str, work: Callable[[], Awaitable[Any]]) -> None:
    """By this thread's CPU time: the engine's thread works meanwhile, here or on another core."""
    calls, results = 200, []
    for _ in range(RUNS * 3):
        began = time.thread_time_ns()
        for _ in range(calls):
            await work()
        results.append((time.thread_time_ns() - began) / calls)
        await asyncio.sleep(0.02)
    report(name, results)


def measure_json() -> None:
    try:
        orjson = importlib.import_module("orjson")
    except ImportError:
        orjson = None
        print("orjson is not installed, and not measured")
    for name, document in DOCUMENTS.items():
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        size = f"{name} of {len(text):,} bytes"
        if _core._loads(text, []) != json.loads(text):
            raise AssertionError("the engine and the json module disagree")
        measure(f"parse {size}, sio_native", partial(_core._loads, text, []))
        measure(f"parse {size}, json", partial(json.loads, text))
        if orjson:
            measure(f"parse {size}, orjson", partial(orjson.loads, text))
        measure(f"dump {size}, sio_native", partial(_core._dumps, document))
        measure(f"dump {size}, json", partial(encode, document))
        if orjson:
            measure(f"dump {size}, orjson", partial(orjson.dumps, document))


async def measure_emit() -> None:
    sio = sio_native.AsyncServer(async_mode="asgi")
    sio.listen("127.0.0.1", 0)
    try:
        news = {"text": "news"}
        await measure_awaited("await emit to an empty room", lambda: sio.emit("news", news, "r"))

        async def at_once() -> None:
            sio.emit_nowait("news", news, "r")

        await measure_awaited("emit_nowait to an empty room (in a coroutine)", at_once)
    finally:
        await sio.shutdown()


def main() -> None:
    warnings.simplefilter("error")
    measure_json()
    asyncio.run(measure_emit())


if __name__ == "__main__":
    main()
