"""`sio.usage`: the tokens of models, by user and group, and what is in use. See docs/usage.md."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from . import _core
from .arguments import as_count, as_namespace_name, as_seconds, as_str
from .usage_types import Batch, GroupState, Row, Store, Total, WindowSum
from .usage_windows import By, day_starts, parse_reset, parse_zone, roll_up, start_of

if TYPE_CHECKING:
    from datetime import time as TimeOfDay

    from .async_manager import AsyncManager
    from .core import Core
    from .usage_flush import Flusher

T = TypeVar("T")

# model, prompt_tokens, completion_tokens[, user[, id]]
Record: TypeAlias = (
    tuple[str, int, int]
    | tuple[str, int, int, str | None]
    | tuple[str, int, int, str | None, str | None]
)

LONGEST_WINDOW = 32 * 86_400  # seconds
LONGEST_NAME = 256  # bytes
MOST_IDS = 1_000_000
END_PATIENCE = 2.0  # seconds


class Usage:
    """What is counted by this process. But for `group` and `store` any thread may call it.

    Names and ids have at most 256 bytes; token counts are integers from 0 to 1,000,000,000, and
    `total_tokens` to twice as many: it may be their sum.
    """

    def __init__(self, core: Core, manager: AsyncManager) -> None:
        self.meter = _core.UsageMeter(most_ids=MOST_IDS)
        self._core = core
        self._groups: dict[str, tuple[TimeOfDay, tzinfo]] = {}
        self._listening: set[tuple[str, str]] = set()
        self._flusher: Flusher | None = None
        self._store: Any = None
        from .async_pubsub_manager import AsyncPubSubManager  # not before there is one

        if isinstance(manager, AsyncPubSubManager):
            from .usage_cluster import UsageCluster

            UsageCluster(manager, core, self)

    # --- counting ---

    def record(
        self,
        model: str,
        prompt_tokens: int,
        completion_tokens: int,
        *,
        user: str | None = None,
        id: str | None = None,
        total_tokens: int | None = None,
        at: float | datetime | None = None,
    ) -> bool:
        """Count what a model has used. False: this `id` has been counted before, nothing is now.

        An id is known for 24 hours, and as one of the last million. `total_tokens` is the sum of
        the other two unless given; `at` is when it was used, in Unix time (up to 35 days ago).

        Raises `TypeError` for what is no integer, NaN among it, `ValueError` for a count that is
        negative or absurd, `RuntimeError` when a bound of the meter is reached and `OSError` when
        the journal cannot be written. What raises has not been counted.
        """
        when = 0 if at is None else _unix_time(at)
        return self.meter.record(
            model, prompt_tokens, completion_tokens, total_tokens, user, id, when
        )

    def record_many(self, records: Sequence[Record]) -> list[bool]:
        """`record` for a list, in a fraction of the time; gives what `record` would for each.

        If a value of any of them is wrong, none is counted. After `OSError` of the journal they
        may have been: records with ids can be sent again.
        """
        if not isinstance(records, Sequence) or isinstance(records, (str, bytes)):
            raise TypeError(f"records must be a list, not {records!r}")
        return self.meter.record_many(records)

    def listen(
        self,
        event: str = "usage",
        *,
        namespace: str = "/",
        tokens: bool = True,
        models: Iterable[str] | None = None,
        broadcast: str | None = None,
        room: str | None = None,
    ) -> None:
        """Take this event of clients in the engine; no handler is called for it any more.

        `{model, usage: {prompt_tokens, completion_tokens}, id?}` is recorded for the user that the
        client is bound to, `{action, model, chat_id}` as Open WebUI's clients send it is a `touch`.
        The ack is `{ok: true, duplicate}` or `{ok: false, error}`. With `tokens=False` only the
        server records; `models` are those that clients may name (default: any).

        With `broadcast` the namespace, or a room of it, gets that event with
        `{models: [name, …]}` when the models in use have changed, at most once a second.

        Raises `ValueError` for a server whose packets are not JSON, and for an event that is
        listened to already.
        """
        as_str(event, "event")
        namespace = as_namespace_name(namespace)
        if self._core.serializer.packet_format != "json":
            raise ValueError("usage.listen() needs a server whose serializer is JSON")
        if (event, namespace) in self._listening:
            raise ValueError(f"usage listens to {event!r} in {namespace!r} already")
        allowed = [] if models is None else _names(models)
        if broadcast is not None:
            as_str(broadcast, "broadcast")
        if room is not None:
            as_str(room, "room")
        options = (event, namespace, bool(tokens), allowed, broadcast, room)
        self._listening.add((event, namespace))
        self._core.install(lambda engine: engine.usage_listen(self.meter, *options))

    # --- what is in use ---

    def touch(self, model: str) -> None:
        """This model is in use for three seconds from now."""
        self._core.engine.usage_touch(self.meter, _name("model", model))

    def models_in_use(self) -> list[str]:
        """Those touched within three seconds, in order; with a pub/sub manager at any server."""
        return self._core.engine.usage_models(self.meter)

    # --- groups and limits ---

    def group(
        self,
        name: str,
        *,
        models: Iterable[str],
        limit: int | None = None,
        reset: str | None = None,
        zone: str | tzinfo = "UTC",
        window: float | timedelta | None = None,
    ) -> None:
        """Count these models together from now on; replaces a group of this name.

        Its window begins each day at `reset` ("HH:MM" in `zone`), or is the last `window` seconds
        (whole minutes, at most 32 days), or without either all time. `limit` is in total tokens.
        Raises `ValueError` or `TypeError` for wrong values, `RuntimeError` beyond 1,000 groups.
        """
        names = _names(models)
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
            raise TypeError(f"limit must be an integer, not {limit!r}")
        if limit is not None and not 0 <= limit < 2**62:
            raise ValueError(f"limit must not be negative, nor 2**62 or more: {limit}")
        if reset is not None and window is not None:
            raise ValueError("a group has a reset or a window, not both")
        parsed_zone = parse_zone(zone)
        parsed_reset = parse_reset(reset or "00:00")
        starts: list[int] = []
        if reset is not None:
            today = datetime.now(parsed_zone).date()
            starts = day_starts(parsed_reset, parsed_zone, today)
        minutes = 0 if window is None else _window_minutes(window)
        if any(each < " " for each in _name("group", name)):
            raise ValueError(f"a group's name has no control characters: {name!r}")
        if not self.meter.declare(name, names, starts, minutes, limit):
            raise RuntimeError("there are too many groups or models")
        self._groups[name] = (parsed_reset, parsed_zone)

    def check(self, group: str) -> GroupState:
        """What a group has used in its window, and what remains of its limit. `KeyError`."""
        found = self.meter.state(as_str(group, "group"))
        if group not in self._groups or found is None:
            raise KeyError(f"there is no group {group!r}")
        used, reserved, limit, resets_at = found[:4], *found[4:]
        remaining = None if limit is None else limit - found[2] - reserved
        return GroupState(*used, reserved, limit, remaining, resets_at)

    def try_reserve(self, group: str, tokens: int) -> int | None:
        """Set tokens aside before they are used: a reservation, or None if too few remain.

        It ends by `commit` or `release`, or by itself after ten minutes. `KeyError` for an unknown
        group.
        """
        if as_str(group, "group") not in self._groups:
            raise KeyError(f"there is no group {group!r}")
        return self.meter.try_reserve(group, as_count(tokens, "tokens", 0, 2**53 - 1))

    def commit(
        self,
        reservation: int,
        model: str,
        prompt_tokens: int,
        completion_tokens: int,
        *,
        user: str | None = None,
        id: str | None = None,
        total_tokens: int | None = None,
    ) -> bool:
        """`record` what was really used and release the reservation, in one step.

        The reservation stays if this raises; one that has ended is no error.
        """
        return self.meter.commit(
            _reservation(reservation),
            model,
            prompt_tokens,
            completion_tokens,
            total_tokens,
            user,
            id,
        )

    def release(self, reservation: int) -> bool:
        """Give a reservation back. False: it has ended."""
        return self.meter.release(_reservation(reservation))

    # --- the store ---

    async def store(
        self,
        to: str | os.PathLike[str] | Callable[[Batch], Any] | Store,
        *,
        interval: float = 1.0,
        journal: str | os.PathLike[str] | None = None,
        each: bool = False,
        fsync: bool = False,
    ) -> None:
        """Keep what is counted from now on: in a SQLite file, by a function, or in a `Store`.

        A batch goes there every `interval` seconds or 1,000 records, from a thread of its own; a
        coroutine function is awaited on the running loop. What a store refuses comes again.

        `journal` is a folder for what is not stored yet: after a crash it is brought at the next
        start, and counted once. Without one, or without `each`, kill -9 loses at most one interval;
        with `each` every record is written before `record` returns, and none is lost. `fsync` is
        for the end of the machine: the disk has each batch before the store.

        Raises what the store raises when it is opened, `RuntimeError` if there is one already or
        the journal is another process's.
        """
        if self._flusher is not None:
            raise RuntimeError("usage has a store already")
        as_seconds(interval, "interval", 0.001, 3600)
        if journal is None and (each or fsync):
            raise ValueError("each and fsync are of a journal: name its folder")
        from .usage_flush import Flusher
        from .usage_journal import Journal

        loop = asyncio.get_running_loop()
        store = _as_store(to, loop)
        flusher = Flusher(
            self.meter,
            store,
            None if journal is None else Journal(journal),
            interval=interval,
            each=each,
            sync=fsync,
            most_ids=MOST_IDS,
            logger=self._core.log.socketio,
        )
        self._flusher, self._store = flusher, store
        try:
            await asyncio.wrap_future(flusher.start())
        except BaseException:
            self._flusher = self._store = None
            raise

    async def flush(self) -> None:
        """Returns when all that has been counted is stored; at once without a store."""
        if self._flusher is not None:
            await asyncio.wrap_future(self._flusher.submit(lambda: None))

    async def _flush_at_end(self) -> None:
        """The server shuts down, and does not wait for long for a store that takes nothing."""
        try:
            await asyncio.wait_for(self.flush(), END_PATIENCE)
        except (asyncio.TimeoutError, OSError) as error:
            self._core.log.socketio.error("usage is not stored yet: %r", error)

    async def close(self) -> None:
        """Flush, and close the store. There may be another one then."""
        flusher, self._flusher, self._store = self._flusher, None, None
        if flusher is not None:
            await asyncio.to_thread(flusher.end)

    # --- what is read ---

    async def report(
        self,
        by: By = "day",
        *,
        model: str | None = None,
        user: str | None = None,
        group: str | None = None,
        since: float | datetime | None = None,
        zone: str | tzinfo | None = None,
        reset: str | None = None,
    ) -> list[WindowSum]:
        """The sums of each minute, hour or day, model and user; oldest first.

        Days are those of `zone` and begin at `reset`: of the group if there is one, else midnight
        UTC. From the store where it has rows, flushed before; else from memory: the last 25 hours.
        """
        as_str(by, "by")
        for name, given in (("model", model), ("user", user), ("group", group)):
            if given is not None:
                as_str(given, name)
        group_reset, group_zone = self._groups.get(group or "", (None, None))
        begins = parse_reset(reset or "00:00") if reset or group_reset is None else group_reset
        where = parse_zone(zone or group_zone or "UTC")
        start = start_of(by, begins, where)
        since_minute = 0 if since is None else int(_unix_time(since)) // 60
        rows = await self._from_store("rows", since_minute)
        if rows is None:
            rows = map(Row._make, self.meter.rows(since_minute, model, user, group))
        kept = (
            row
            for row in rows
            if model in (None, row.model)
            and user in (None, row.user)
            and (group is None or group in row.groups)
        )
        return roll_up(kept, start)

    async def totals(self) -> list[Total]:
        """The sums of each model: of the store's whole time, all nodes' together, if it has any."""
        found: list[Total] | None = await self._from_store("totals")
        return self.totals_here() if found is None else found

    def totals_here(self) -> list[Total]:
        """The sums of each model in this process, and of what its store had when it was opened."""
        found = (Total(row[0], row[2], *row[4:]) for row in self.meter.totals())
        return sorted(found)

    def stats(self) -> dict[str, int]:
        """Counters: `records`, `duplicates`, `refused`, `touches`, `ids` that are remembered;
        of the store `batches`, `failures` and `store_duplicates`, that only it has known."""
        return {
            **self.meter.statistics(),
            "batches": self._flusher.batches if self._flusher else 0,
            "failures": self._flusher.failures if self._flusher else 0,
            "store_duplicates": getattr(self._store, "duplicates", 0),
        }

    def _backlog(self) -> dict[str, Any]:
        """For `AsyncServer.health`: what the store has not, and why."""
        flusher = self._flusher
        return {
            "unstored": 0 if flusher is None else flusher.unstored(),
            "errors": [] if flusher is None else flusher.troubles.now(),
        }

    def prometheus(self) -> str:
        """Counters and gauges in the text format of Prometheus."""
        from .usage_text import prometheus_text

        groups = {name: self.check(name) for name in list(self._groups)}
        in_use = len(self.models_in_use())
        return prometheus_text(self.totals_here(), groups, self.meter.statistics(), in_use)

    async def _from_store(self, method: str, *arguments: Any) -> Any:
        read = getattr(self._store, method, None)
        if self._flusher is None or read is None:
            return None
        return await asyncio.wrap_future(self._flusher.submit(lambda: read(*arguments)))


def _as_store(to: Any, loop: asyncio.AbstractEventLoop) -> Store:
    from .usage_flush import CallbackStore
    from .usage_sqlite import SQLiteStore

    if isinstance(to, (str, os.PathLike)):
        return SQLiteStore(to)
    if hasattr(to, "write") and hasattr(to, "open"):
        store: Store = to
        return store
    if callable(to):
        return CallbackStore(to, loop)
    raise TypeError(f"a store is a path, a function or has open, write and close, not {to!r}")


def _names(models: Iterable[str]) -> list[str]:
    if isinstance(models, (str, bytes)) or not isinstance(models, Iterable):
        raise TypeError(f"models must be a list of names, not {models!r}")
    return [_name("model", each) for each in models]


def _reservation(given: int) -> int:
    return as_count(given, "reservation", 0, 2**63 - 1)


def _name(what: str, given: str) -> str:
    as_str(given, what)
    if not given or len(given.encode()) > LONGEST_NAME:
        raise ValueError(f"{what} must have 1 to {LONGEST_NAME} bytes, not {given!r}")
    return given


def _unix_time(at: float | datetime) -> int:
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise ValueError(f"a datetime needs a time zone: {at!r}")
        return int(at.timestamp())
    if isinstance(at, bool) or not isinstance(at, (int, float)):
        raise TypeError(f"a time is Unix time or a datetime, not {at!r}")
    if not math.isfinite(at) or not 0 < at < time.time() + 366 * 86_400:
        raise ValueError(f"a time is Unix time in seconds, not {at!r}")
    return int(at)


def _window_minutes(window: float | timedelta) -> int:
    seconds = window.total_seconds() if isinstance(window, timedelta) else window
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"window must be seconds or a timedelta, not {window!r}")
    if not 60 <= seconds <= LONGEST_WINDOW or seconds % 60:
        raise ValueError(f"window must be whole minutes up to 32 days, not {seconds!r} seconds")
    return int(seconds) // 60
