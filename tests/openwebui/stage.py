"""How Open WebUI's backend is arranged for its tests: one process, or two that share Redis."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis

from interop.processes import running
from interop.redis_server import running_redis
from interop.serving import START_LIMIT, Server

TESTS = Path(__file__).resolve().parents[1]
FETCHED = TESTS.parent / "build" / "open-webui"
CHANNEL = "socketio"  # python-socketio's default, which Open WebUI leaves as it is

NATIVE = "sio_native"
REFERENCE = "python-socketio"


@dataclass(frozen=True)
class Arrangement:
    """The packages that the processes run on, and what their environment says."""

    packages: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def on_redis(self) -> bool:
        return self.environment.get("WEBSOCKET_MANAGER") == "redis"

    @property
    def room_channels(self) -> bool:
        return self.environment.get("WEBSOCKET_REDIS_ROOM_CHANNELS") != "false"


_ROOMS = {"WEBSOCKET_MANAGER": "redis"}
_SHARED = {**_ROOMS, "WEBSOCKET_REDIS_ROOM_CHANNELS": "false"}

ARRANGEMENTS = {
    "original": Arrangement((REFERENCE,)),
    "native": Arrangement((NATIVE,)),
    "native-json-module": Arrangement((NATIVE,), {"ENABLE_ORJSON": "false"}),
    # Its own handlers, over documents that the engine keeps.
    "native-documents": Arrangement((NATIVE,), {"SIO_NATIVE_DOCUMENTS": "true"}),
    "original-redis": Arrangement((REFERENCE, REFERENCE), _ROOMS),
    "native-redis": Arrangement((NATIVE, NATIVE), _ROOMS),
    "native-redis-one-channel": Arrangement((NATIVE, NATIVE), _SHARED),
    "native-and-original-redis": Arrangement((NATIVE, REFERENCE), _ROOMS),
    "original-and-native-redis-one-channel": Arrangement((REFERENCE, NATIVE), _SHARED),
}


@dataclass(frozen=True)
class Stage:
    """`first` and `second` are two servers, or the same one where there is no Redis."""

    arrangement: Arrangement
    first: Server
    second: Server

    @property
    def servers(self) -> list[Server]:
        return [self.first] if self.first is self.second else [self.first, self.second]


@contextlib.contextmanager
def set_up(arrangement: Arrangement) -> Iterator[Stage]:
    if not (FETCHED / "backend").is_dir():
        raise RuntimeError("no build/open-webui: make build/open-webui/fetched.stamp")
    with contextlib.ExitStack() as stack:
        environment = dict(arrangement.environment)
        if arrangement.on_redis:
            url = stack.enter_context(running_redis()).url
            environment["WEBSOCKET_REDIS_URL"] = url
        servers = [
            stack.enter_context(_backend(package, environment)) for package in arrangement.packages
        ]
        if arrangement.on_redis:
            _await_subscribers(url, len(servers))
        yield Stage(arrangement, servers[0], servers[-1])


def _backend(
    package: str, environment: dict[str, str]
) -> contextlib.AbstractContextManager[Server]:
    search_path = [FETCHED / "backend", TESTS / "openwebui" / "stubs"]
    if package == REFERENCE:  # the release that Open WebUI asks for
        search_path.insert(0, FETCHED / "reference")
    return running(
        ["openwebui.backend", package],
        package,
        path="/ws/socket.io/",
        search_path=search_path,
        environment=environment,
    )


def _await_subscribers(url: str, servers: int) -> None:
    """What is published before a server listens is lost to it."""
    deadline = time.monotonic() + START_LIMIT
    with redis.Redis.from_url(url) as client:
        while True:
            ((_, listening),) = client.pubsub_numsub(CHANNEL)
            if listening >= servers:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{listening} of {servers} servers listen to Redis")
            time.sleep(0.02)
