"""Usage of several processes in one Redis: `await sio.usage.store(RedisStore("redis://…"))`."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from .usage_types import Batch, Total

# One call is one batch, all of it or nothing. A record whose id is there already is taken off its
# row; a batch whose number has been seen does nothing.
_SCRIPT = """
local node, seq, id_seconds, day_seconds = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
if seq <= tonumber(redis.call('HGET', KEYS[1] .. ':nodes', node) or 0) then return -1 end
redis.call('HSET', KEYS[1] .. ':nodes', node, ARGV[2])
local rows, ids = cjson.decode(ARGV[5]), cjson.decode(ARGV[6])
local duplicates = 0
for _, id in ipairs(ids) do
    if not redis.call('SET', KEYS[1] .. ':id:' .. id[1], '1', 'NX', 'EX', id_seconds) then
        local row = rows[id[2] + 1]
        for count = 1, 3 do row[2 + count] = row[2 + count] - id[2 + count] end
        row[6] = row[6] - 1
        duplicates = duplicates + 1
    end
end
local names = {'input', 'output', 'total', 'events'}
for _, row in ipairs(rows) do
    if row[6] > 0 then
        local day = KEYS[1] .. ':day:' .. row[7]
        for count, name in ipairs(names) do
            local more = string.format('%.0f', row[2 + count])
            redis.call('HINCRBY', KEYS[1] .. ':totals', row[1] .. name, more)
            redis.call('HINCRBY', day, row[2] .. name, more)
        end
        redis.call('EXPIRE', day, day_seconds)
    end
end
return duplicates
"""
_DAY_SECONDS = 40 * 86_400


class RedisStore:
    """Adds each batch in one script, with the number of the node's last one: so once.

    Under `key`: `:totals`, a hash of each model with its groups, and `:day:YYYY-MM-DD` (UTC, kept
    for 40 days) of each model, user and groups. Needs the package `redis`.
    """

    def __init__(
        self, url: str, key: str = "{sio_native}:usage", id_seconds: int = 86_400, **options: Any
    ) -> None:
        self._url = url
        self._key = key
        self._id_seconds = id_seconds
        self._options = options
        self._redis: Any = None
        self._script: Any = None
        self.duplicates = 0  # that only Redis has known

    def open(self) -> None:
        import redis  # optional, and slow to import

        self._redis = redis.Redis.from_url(self._url, **self._options)
        self._redis.ping()
        self._script = self._redis.register_script(_SCRIPT)

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()

    def write(self, batch: Batch) -> None:
        rows = [
            [
                json.dumps([row.model, row.groups]),
                json.dumps([row.model, row.user, row.groups]),
                *row[4:],
                datetime.fromtimestamp(row.minute * 60, timezone.utc).date().isoformat(),
            ]
            for row in batch.rows
        ]
        arguments = [
            *(batch.node, batch.seq, self._id_seconds, _DAY_SECONDS),
            *(json.dumps(rows), json.dumps(batch.ids)),
        ]
        duplicates = self._script(keys=[self._key], args=arguments)
        self.duplicates += max(duplicates, 0)

    def totals(self) -> list[Total]:
        sums: dict[str, dict[str, int]] = {}
        for field, value in self._redis.hgetall(f"{self._key}:totals").items():
            of, _, count = _text(field).rpartition("]")
            sums.setdefault(of + "]", {})[count] = int(value)
        made = []
        for of, counts in sorted(sums.items()):
            model, groups = json.loads(of)
            made.append(Total(model, tuple(groups), **counts))
        return made


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
