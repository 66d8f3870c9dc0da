"""A dictionary that all processes of a backend share, and each of them has in memory."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from .connection import connect
from .tasks import end

log = logging.getLogger("socketio.server")

SCAN_BATCH_SIZE = 200
WRITES_AT_ONCE = 500  # keys in one transaction
MOST_UNWRITTEN = 1_000_000  # keys; see RedisDict
LONGEST_RETRY = 10.0  # seconds


class RedisDict(MutableMapping[str, Any]):
    """Open WebUI's `RedisDict`: text to what JSON can carry, in the Redis hash `name`.

    Reads are of a copy in memory, which changes of other processes reach over the Redis channel
    `name:changes`. Writes are seen here at once, and by others when Redis has them: soon after, in
    an order that is the same for all; the last one for a key wins. While Redis is away all goes on
    in memory, and what has changed is written on return: at most the last value of each key, and
    for no more than a million keys, beyond which a new one raises `RuntimeError`.

    It begins to share at its first use in a running event loop, and `await ready()` waits until it
    has what was there. Of that loop alone; `await aclose()` ends it. A value that JSON cannot carry
    raises `TypeError`. With `redis_url` None it is a dictionary of this process.
    """

    def __init__(
        self,
        name: str,
        redis_url: str | None,
        redis_sentinels: Sequence[tuple[str, int]] = (),
        redis_cluster: bool = False,
    ) -> None:
        self.name = name
        # As JSON: whoever changes a value that he has got does not change it here.
        self._texts: dict[str, str] = {}
        self._sharing: _Sharing | None = None
        if redis_url is not None:
            self._sharing = _Sharing(
                name, connect(redis_url, redis_sentinels, redis_cluster), self._texts
            )

    async def ready(self) -> None:
        """Wait until what is in Redis is here too. It waits for a Redis that is away."""
        if self._sharing is not None:
            await self._sharing.ready()

    async def written(self) -> None:
        """Wait until Redis has all that was changed here."""
        if self._sharing is not None:
            await self._sharing.written()

    async def aclose(self) -> None:
        """Write what has changed, if Redis can be reached, and close the connection."""
        if self._sharing is not None:
            await self._sharing.aclose()

    # --- dict ---

    def __getitem__(self, key: str) -> Any:
        self._begin()
        return json.loads(self._texts[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        self._begin()
        if key not in self._texts:
            raise KeyError(key)
        self._change({key: None})

    def __contains__(self, key: object) -> bool:
        self._begin()
        return key in self._texts

    def __len__(self) -> int:
        self._begin()
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        self._begin()
        return iter(list(self._texts))

    def keys(self) -> list[str]:  # type: ignore[override]
        return list(self)

    def values(self) -> list[Any]:  # type: ignore[override]
        self._begin()
        return [json.loads(text) for text in self._texts.values()]

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        self._begin()
        return [(key, json.loads(text)) for key, text in self._texts.items()]

    def update(self, other: Any = (), /, **more: Any) -> None:
        """All of it, or nothing when a value raises `TypeError`."""
        merged = {**dict(other), **more}
        self._begin()
        self._change({_text(key): json.dumps(value) for key, value in merged.items()})

    def clear(self) -> None:
        self._begin()
        self._change(dict.fromkeys(self._texts))

    # --- and what Open WebUI's has beside ---

    def set(self, mapping: Mapping[str, Any]) -> None:
        """Have this and nothing else. Values that are the same are not written."""
        self._begin()
        new = {_text(key): json.dumps(value) for key, value in mapping.items()}
        changes: dict[str, str | None] = dict.fromkeys(self._texts.keys() - new.keys())
        changes.update((k, text) for k, text in new.items() if self._texts.get(k) != text)
        self._change(changes)

    def delete_many(self, *keys: str) -> None:
        """Delete those that are there."""
        self._begin()
        self._change({key: None for key in keys if key in self._texts})

    def scan_batches(self) -> Iterator[list[tuple[str, Any]]]:
        """Lists of up to 200 pairs; others may change the dictionary between two of them."""
        keys = list(self)
        for start in range(0, len(keys), SCAN_BATCH_SIZE):
            batch = keys[start : start + SCAN_BATCH_SIZE]
            yield [(key, json.loads(self._texts[key])) for key in batch if key in self._texts]

    def _begin(self) -> None:
        if self._sharing is not None:
            self._sharing.begin()

    def _change(self, changes: Mapping[str, str | None]) -> None:
        """None: it is deleted."""
        if self._sharing is not None:
            self._sharing.check_room(changes)
        _apply(changes, self._texts)
        if self._sharing is not None and changes:
            self._sharing.changed(changes)


def _text(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the keys of a RedisDict are str, not {type(key).__name__}")
    return key


def _apply(changes: Mapping[str, str | None], to: dict[str, str]) -> None:
    for key, text in changes.items():
        if text is None:
            to.pop(key, None)
        else:
            to[key] = text


class _Sharing:
    """Keeps a copy in step with a hash.

    Each write and its notice are one transaction, so that all hear of writes in the order in which
    the hash has had them.
    """

    def __init__(self, name: str, redis: Any, texts: dict[str, str]) -> None:
        self._name = name
        self._channel = f"{name}:changes"
        self._redis = redis
        self._texts = texts
        self._id = uuid.uuid4().hex
        self._unwritten: dict[str, str | None] = {}  # the last of each key
        # Writes whose notices have not come back, by key. Until then what others say of the key is
        # older than ours.
        self._on_the_way: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_written.set()
        self._loaded = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if self._task is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # at import, perhaps
        self._task = loop.create_task(self._run())

    async def ready(self) -> None:
        self.begin()
        await self._loaded.wait()

    async def written(self) -> None:
        self.begin()
        await self._all_written.wait()

    async def aclose(self) -> None:
        if self._task is not None:
            await end(self._task, again=1.0)  # which ends its own
            self._send_again()
            try:
                await asyncio.wait_for(self._write_all(), 2.0)
            except Exception as error:
                log.warning(
                    "%s: %d changes were not written: %s", self._name, len(self._unwritten), error
                )
        await self._redis.aclose()

    def check_room(self, changes: Iterable[str]) -> None:
        if len(self._unwritten) >= MOST_UNWRITTEN and any(
            k not in self._unwritten for k in changes
        ):
            raise RuntimeError(f"{self._name}: Redis is away and {MOST_UNWRITTEN} keys wait for it")

    def changed(self, changes: Mapping[str, str | None]) -> None:
        self._unwritten.update(changes)
        self._all_written.clear()
        self._wake.set()

    async def _run(self) -> None:
        retry = 0.1
        while True:
            pubsub = self._redis.pubsub(ignore_subscribe_messages=True)
            try:
                await pubsub.subscribe(self._channel)
                await self._load()
                retry = 0.1
                reader = asyncio.ensure_future(self._read(pubsub))
                writer = asyncio.ensure_future(self._write())
                try:
                    await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await end(reader, writer)
                for each in (reader, writer):
                    if not each.cancelled():
                        each.result()  # raises: neither ends otherwise
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("%s: Redis is away, next try in %.1f s: %s", self._name, retry, error)
            finally:
                await asyncio.gather(pubsub.aclose(), return_exceptions=True)
            await asyncio.sleep(retry)
            retry = min(2 * retry, LONGEST_RETRY)

    async def _load(self) -> None:
        self._send_again()
        found = await self._redis.hgetall(self._name)
        for key in self._texts.keys() - found.keys() - self._unwritten.keys():
            del self._texts[key]
        self._texts.update((k, v) for k, v in found.items() if k not in self._unwritten)
        self._loaded.set()

    def _send_again(self) -> None:
        """What was sent and is not confirmed may not have arrived."""
        for key in self._on_the_way:
            self._unwritten.setdefault(key, self._texts.get(key))
        self._on_the_way.clear()

    async def _read(self, pubsub: Any) -> None:
        async for message in pubsub.listen():
            notice = json.loads(message["data"])
            changes: dict[str, str | None] = notice["changes"]
            if notice["from"] == self._id:
                for key in changes:
                    left = self._on_the_way.get(key, 1) - 1
                    if left:
                        self._on_the_way[key] = left
                    else:
                        self._on_the_way.pop(key, None)
                if not self._unwritten and not self._on_the_way:
                    self._all_written.set()
            else:
                _apply(
                    {
                        key: text
                        for key, text in changes.items()
                        if key not in self._on_the_way and key not in self._unwritten
                    },
                    self._texts,
                )
        raise ConnectionError("the subscription has ended")

    async def _write(self) -> None:
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._write_all()

    async def _write_all(self) -> None:
        while self._unwritten:
            batch = dict(itertools.islice(self._unwritten.items(), WRITES_AT_ONCE))
            for key in batch:
                self._on_the_way[key] = self._on_the_way.get(key, 0) + 1
                del self._unwritten[key]
            transaction = self._redis.pipeline(transaction=True)
            if present := {key: text for key, text in batch.items() if text is not None}:
                transaction.hset(self._name, mapping=present)
            if absent := [key for key, text in batch.items() if text is None]:
                transaction.hdel(self._name, *absent)
            transaction.publish(self._channel, json.dumps({"from": self._id, "changes": batch}))
            await transaction.execute()  # if it fails, _load() takes them up again
