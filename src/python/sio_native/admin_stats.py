"""`server_stats`: what admins are told of the whole server at each interval."""

from __future__ import annotations

import os
import socket
import time
from typing import Any

from .core import Core
from .handlers import ANY, Registry

HOSTNAME = socket.gethostname()

# Clients name namespaces where all are accepted: of those without handlers so many are told.
MAX_NAMESPACES = 1_000

# The protocol's names of what is counted, and the engine's.
COUNTED = {
    "rawConnection": "opened",
    "rawDisconnection": "closed",
    "packetsIn": "packets_in",
    "packetsOut": "packets_out",
    "bytesIn": "bytes_in",
    "bytesOut": "bytes_out",
}


class ServerStats:
    """Made of the engine's counters, which count anyway: nothing is done here between two readings.

    One question to the engine for each.
    """

    def __init__(self, core: Core, registry: Registry, server_id: str) -> None:
        self._core = core
        self._registry = registry
        self._server_id = server_id
        self._began = time.time()
        self._before: dict[str, Any] = {}

    def begin(self) -> None:
        """What has happened until now is in no interval."""
        self._before = self._core.engine.admin_stats()

    def read(self) -> dict[str, Any]:
        """The payload: `aggregatedEvents` is what has happened since the last reading."""
        counted = self._core.engine.admin_stats()
        sockets: dict[str, int] = counted["sockets"]
        known = {*self._registry.functions, *self._registry.classes} - {ANY}
        known.update(sorted(sockets.keys() - known)[:MAX_NAMESPACES])
        return {
            "serverId": self._server_id,
            "hostname": HOSTNAME,
            "pid": os.getpid(),
            "uptime": time.time() - self._began,
            "clientsCount": counted["sessions"],
            "pollingClientsCount": counted["polling"],
            "aggregatedEvents": self._grown(counted),
            "namespaces": [
                {"name": name, "socketsCount": sockets.get(name, 0)} for name in sorted(known)
            ],
        }

    def _grown(self, counted: dict[str, Any]) -> list[dict[str, Any]]:
        before, self._before = self._before, counted
        if any(counted[name] < before.get(name, 0) for name in COUNTED.values()):
            before = {}  # the engine has been started anew
        timestamp = int(time.time()) * 1000
        return [
            {"timestamp": timestamp, "type": kind, "count": count}
            for kind, name in COUNTED.items()
            if (count := counted[name] - before.get(name, 0))
        ]
