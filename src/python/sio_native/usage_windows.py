"""When windows begin: minutes, hours and days of a time zone, with a time of day for the reset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .usage_types import Row, WindowSum

By = Literal["minute", "hour", "day"]

# What is worked out when a group is declared: the engine knows no zones. A rule of a zone that
# changes meanwhile counts from the next declaration on.
DAYS_AHEAD = 3660


def parse_reset(reset: str) -> time:
    """A time of day as "HH:MM". Raises `ValueError`."""
    try:
        parsed = datetime.strptime(reset, "%H:%M").time()
    except (TypeError, ValueError):
        raise ValueError(f'reset must be a time of day as "HH:MM", not {reset!r}') from None
    return parsed


def parse_zone(zone: str | tzinfo) -> tzinfo:
    """A time zone by its IANA name. Raises `ValueError` for one that is not known."""
    if isinstance(zone, tzinfo):
        return zone
    if zone == "UTC":
        return timezone.utc  # also where there is no database of zones
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        raise ValueError(
            f'zone must be a time zone such as "Europe/Vienna", not {zone!r}'
        ) from None


def day_starts(reset: time, zone: tzinfo, today: date) -> list[int]:
    """Unix time // 60 of each reset, from two days ago on.

    A time that the zone's clocks leave out or have twice is the one before the change.
    """
    first = today - timedelta(days=2)
    return [
        int(datetime.combine(first + timedelta(days=day), reset, zone).timestamp()) // 60
        for day in range(DAYS_AHEAD)
    ]


def start_of(by: By, reset: time, zone: tzinfo) -> Callable[[int], datetime]:
    """Gives the beginning of the window that a minute (Unix time // 60) is in."""

    def minute_start(minute: int) -> datetime:
        return datetime.fromtimestamp(minute * 60, zone)

    def hour_start(minute: int) -> datetime:
        local = minute_start(minute)
        return minute_start(minute - local.minute)

    def day_start(minute: int) -> datetime:
        local = minute_start(minute)
        # By Unix time: two times of one zone compare by what its clocks show.
        begins = datetime.combine(local.date(), reset, zone)
        if minute * 60 < begins.timestamp():
            begins = datetime.combine(local.date() - timedelta(days=1), reset, zone)
        return begins

    starts = {"minute": minute_start, "hour": hour_start, "day": day_start}
    if by not in starts:
        raise ValueError(f'by must be "minute", "hour" or "day", not {by!r}')
    return starts[by]


def roll_up(rows: Iterable[Row], start: Callable[[int], datetime]) -> list[WindowSum]:
    """The sums of each window, oldest first."""
    starts: dict[int, datetime] = {}
    sums: dict[tuple[datetime, str, str, tuple[str, ...]], list[int]] = defaultdict(
        lambda: [0, 0, 0, 0]
    )
    for row in rows:
        begins = starts.get(row.minute)
        if begins is None:
            begins = starts[row.minute] = start(row.minute)
        into = sums[begins, row.model, row.user, row.groups]
        for place, more in enumerate(row[4:]):
            into[place] += more
    made = [WindowSum(*of, *counts) for of, counts in sums.items()]
    made.sort(key=lambda each: (each.start.timestamp(), *each[1:4]))
    return made
