"""`AsyncServer.drain`: clients are told of the end, and leave a few at a time."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from . import _core
from .handlers import RESERVED_EVENTS

if TYPE_CHECKING:
    from .async_server import AsyncServer

NOTICE: Final = "server-shutting-down"  # the event, when only its data is given
LONGEST: Final = 24 * 3600.0  # seconds: longer than any orchestrator lets a process take
# Of the deadline, in which the waves are begun; the rest is for the last of them to be read.
SPREAD: Final = 0.8

Notify: TypeAlias = "str | tuple[str, Any] | Mapping[str, Any] | None"


@dataclass(frozen=True)
class Drained:
    """What has become of the clients."""

    clients: int  # sessions that there were
    late: int  # of these, those that the deadline has cut off
    seconds: float


@dataclass(frozen=True)
class Plan:
    """The arguments of `AsyncServer.drain`, looked at."""

    event: str | None
    data: Any
    deadline: float
    wave: int

    @classmethod
    def of(cls, notify: Notify = None, *, deadline: float = 10.0, wave: int = 1000) -> Plan:
        """`TypeError` and `ValueError` for what cannot be meant."""
        if isinstance(deadline, bool) or not isinstance(deadline, (int, float)):
            raise TypeError(f"deadline must be seconds, not {deadline!r}")
        if not math.isfinite(deadline) or not 0 <= deadline <= LONGEST:
            raise ValueError(f"deadline must be 0 to {LONGEST:.0f} seconds, not {deadline!r}")
        if isinstance(wave, bool) or not isinstance(wave, int):
            raise TypeError(f"wave must be a number of clients, not {wave!r}")
        if wave < 1:
            raise ValueError(f"a wave must be at least one client, not {wave!r}")
        return cls(*_notice(notify), deadline, wave)


def _notice(notify: Notify) -> tuple[str | None, Any]:
    if notify is None:
        return None, None
    if isinstance(notify, Mapping):
        return NOTICE, dict(notify)
    event, data = (notify, None) if isinstance(notify, str) else _pair(notify)
    if not event or event in RESERVED_EVENTS:
        raise ValueError(f"clients cannot be sent the event {event!r}")
    return event, data


def _pair(notify: Any) -> tuple[str, Any]:
    if not isinstance(notify, tuple) or not notify or not isinstance(notify[0], str):
        raise TypeError(
            f"notify must be an event, (event, data) or a mapping, not {type(notify).__name__}"
        )
    if len(notify) != 2:
        raise ValueError(f"notify must be (event, data), and not of {len(notify)}")
    return notify


async def drain(sio: AsyncServer, plan: Plan) -> Drained:
    """On the loop that the server serves."""
    engine = sio._core.engine
    if plan.event is not None:
        engine.emit(plan.event, plan.data, "/", (), ())  # to nobody: can it be sent at all?
    now = asyncio.get_running_loop().time
    began = now()
    if not sio._core.started or not sio._service.on_its_loop():
        await sio.close()
        return Drained(0, 0, now() - began)

    sio._service.refuse_new()
    clients = engine.sessions()
    left = set(clients)
    gone = asyncio.ensure_future(sio._service.runner.wait_closed(left, plan.deadline))
    try:
        if plan.event is not None:
            for namespace in engine.namespaces():
                await sio.emit(plan.event, plan.data, namespace=namespace, ignore_queue=True)
        random.shuffle(clients)
        for wait_until, wave in _waves(clients, plan):
            if wait_until:
                await asyncio.wait([gone], timeout=max(0.0, began + wait_until - now()))
            engine.close_sessions(wave, _core.SERVER_SHUTDOWN, True)
        await gone
    finally:
        gone.cancel()
    late = len(left)
    await sio.close()
    return Drained(len(clients), late, now() - began)


def _waves(clients: list[str], plan: Plan) -> Iterator[tuple[float, list[str]]]:
    """When each wave is to leave, in seconds from the beginning, and who is in it.

    The first at once. The others earlier than their turn by up to half the time between two, so
    that what comes back to other servers does not come in step.
    """
    count = math.ceil(len(clients) / plan.wave)
    for number in range(count):
        turn = (number - random.uniform(0, 0.5)) if number else 0
        first = number * plan.wave
        yield turn * plan.deadline * SPREAD / count, clients[first : first + plan.wave]
