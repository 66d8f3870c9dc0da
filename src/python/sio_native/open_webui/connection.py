"""Clients of Redis, from the arguments that Open WebUI's classes take."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlparse


def connect(url: str, sentinels: Sequence[tuple[str, int]], cluster: bool) -> Any:
    """A `redis.asyncio` client whose answers are text. It opens no connection yet.

    With sentinels the URL's host is the name of their service. `RuntimeError` without the package,
    `ValueError` for a URL that is none of Redis's and for a cluster, which has no channel for all.
    """
    if cluster:
        raise ValueError("a Redis cluster is not supported here: use a server, or Sentinel")
    try:
        library = importlib.import_module("redis.asyncio")
    except ImportError:
        raise RuntimeError('redis is not installed: run "pip install sio-native[redis]"') from None
    if not sentinels:
        return library.Redis.from_url(url, decode_responses=True)
    parsed = urlparse(url)
    sentinel = library.sentinel.Sentinel(
        list(sentinels),
        username=parsed.username,
        password=parsed.password,
        db=int(parsed.path.lstrip("/") or 0),
        decode_responses=True,
    )
    # hostname is in lower case, and the names of services are not.
    name = parsed.netloc.rpartition("@")[2].split(":")[0] or "mymaster"
    return sentinel.master_for(name)
