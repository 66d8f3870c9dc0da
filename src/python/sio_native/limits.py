"""How often events may come, and those that come twice; the engine judges, see docs/flow.md."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .arguments import as_count, as_seconds, as_str

if TYPE_CHECKING:
    from .handlers import Registry
    from .service import Service

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BY = ("sid", "user", "address")
_MOST = 10_000  # events: each that was allowed costs 8 bytes while its window lasts
_SHORTEST = 0.001  # seconds
_LONGEST = 7 * 86400.0


class Limit(NamedTuple):
    """At most so many in any `window` seconds; `id` names it in the engine."""

    most: int
    window: float
    by: int
    id: int


class Dedup(NamedTuple):
    """What of an event names it, and what is remembered of each client."""

    member: str
    last: int
    window: float


class Limits:
    """The limits of one server, by event or by the function that handles it."""

    def __init__(self, service: Service, registry: Registry) -> None:
        self._service = service
        self._core = service.core
        self._registry = registry
        self._ids = itertools.count(1)  # never twice: what has been counted stays with its limit
        self._by_event: dict[tuple[str, str], list[Limit]] = {}
        self._by_handler: dict[Callable[..., Any], list[Limit]] = {}
        self._dedup: dict[tuple[str, str], Dedup] = {}
        service.use(self._configure)

    def make(self, rate: str, by: str) -> Limit:
        """`ValueError` for a rate or a `by` that cannot be meant."""
        if by not in _BY:
            raise ValueError(f'a limit counts by "sid", "user" or "address", not {by!r}')
        return Limit(*parse_rate(rate), _BY.index(by), next(self._ids))

    def add(self, event: str, limit: Limit, namespace: str) -> None:
        key = (namespace, as_str(event, "event"))
        self._by_event.setdefault(key, []).append(limit)
        self._tell()

    def mark(self, handler: Callable[..., Any], limit: Limit) -> None:
        """Limit what this function handles, whether it is registered already or later."""
        if not callable(handler):
            raise TypeError(f"a limit is of a handler, not of {handler!r}")
        self._by_handler.setdefault(handler, []).append(limit)
        self._tell()

    def deduplicate(
        self, event: str, member: str, last: int, window: float, namespace: str
    ) -> None:
        rule = Dedup(
            as_str(member, "id"),
            as_count(last, "last", 1, _MOST),
            as_seconds(window, "window", _SHORTEST, _LONGEST),
        )
        self._dedup[namespace, as_str(event, "event")] = rule
        self._tell()

    def _tell(self) -> None:
        if self._core.started:
            self._configure()

    def _configure(self) -> None:
        limits = [(*key, *limit) for key, limit in self._all()]
        if limits:
            self._core.engine.set_limits(limits)
        if self._dedup:
            self._core.engine.set_dedup([(*key, *rule) for key, rule in self._dedup.items()])

    def _all(self) -> Iterator[tuple[tuple[str, str], Limit]]:
        for key, limits in self._by_event.items():
            yield from ((key, limit) for limit in limits)
        if not self._by_handler:
            return
        for namespace, events in self._registry.functions.items():
            for event, handler in events.items():
                for limit in self._by_handler.get(handler, ()):
                    yield (namespace, event), limit
        for namespace, owner in self._registry.classes.items():
            for name, method in vars(type(owner)).items():
                for limit in self._by_handler.get(method, ()) if callable(method) else ():
                    yield (namespace, name.removeprefix("on_")), limit


def parse_rate(rate: Any) -> tuple[int, float]:
    """ "10/60s" as 10 and 60.0; also "5/s", "100/5m", "1000/h", "1/200ms"."""
    read = (
        re.fullmatch(r"(\d+)/(\d+(?:\.\d+)?)?(ms|s|m|h|d)", rate) if isinstance(rate, str) else None
    )
    if read is None:
        raise ValueError(f'a rate is a count and a time, as "10/60s", not {rate!r}')
    count, window = int(read[1]), float(read[2] or 1) * _UNITS[read[3]]
    if not 1 <= count <= _MOST or not _SHORTEST <= window <= _LONGEST:
        raise ValueError(f"a rate is of 1 to {_MOST} events in 1ms to 7d, not {rate!r}")
    return count, window
