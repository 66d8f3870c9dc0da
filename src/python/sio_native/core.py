"""The one place that owns an engine: its start, its end, and what a fork does to it."""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .serializers import Serializer, find_serializer
from .watch import Watcher

if TYPE_CHECKING:
    from .outgoing import Outgoing


@dataclass(frozen=True)
class Loggers:
    """Where the two protocols' log lines go."""

    socketio: logging.Logger
    engineio: logging.Logger


class Core:
    """What all parts of a server share. `engine` is the same object but for a fork."""

    def __init__(
        self, options: dict[str, Any], log: Loggers, serializer: Serializer | None = None
    ) -> None:
        self.serializer = serializer or find_serializer()
        self.log = log
        self.logs = _level_check(log.socketio)
        # Asked once: the engine makes no line of a packet or an ack that nobody reads.
        self._options = {
            **options,
            "log_packets": _level_check(log.engineio)(logging.INFO),
            "log_acks": self.logs(logging.INFO),
        }
        self._installs: list[Callable[[Any], object]] = []
        self._make_engine()
        self.started = False
        self.when_started: list[Callable[[], None]] = []  # each start, before there are clients
        self.watcher: Watcher | None = None  # see watch()
        self.outgoing: Outgoing | None = None  # see tell_emits()
        _cores.add(self)

    def _make_engine(self) -> None:
        self.engine = self.serializer.make_engine(self._options)
        self.quick_emit = self.engine.quick_emit
        for install in self._installs:
            install(self.engine)

    def install(self, feature: Callable[[Any], object]) -> None:
        """Add a feature to the engine: `feature(engine)`, and again for its successor."""
        self._installs.append(feature)
        feature(self.engine)

    def configure(self, options: dict[str, Any]) -> None:
        """Other options, for an engine that has not been started."""
        self._options = {**self._options, **options}
        self._make_engine()
        self._choose_way()

    def start(self) -> None:
        self.engine.start()  # first: it refuses in a child of the process that started it
        if not self.started:
            self.started = True
            for each in self.when_started:
                each()

    def watch(self, watcher: Watcher | None) -> None:
        """Tell `watcher` of what clients and the application do; None: nobody.

        While there is one each emit takes the long way, past where it is told.
        """
        self.watcher = watcher
        self._choose_way()

    def tell_emits(self, outgoing: Outgoing | None) -> None:
        """Tell `outgoing` of each emit, which takes the long way meanwhile; None: nobody."""
        self.outgoing = outgoing
        self._choose_way()

    def _choose_way(self) -> None:
        seen = self.watcher is not None or self.outgoing is not None
        self.quick_emit = _never_quick if seen else self.engine.quick_emit

    def close(self, timeout: float = 2.0) -> None:
        """Close every client and join the engine's thread; waits for bytes under way."""
        self.engine.close(timeout)
        self.started = False

    def after_fork_in_child(self) -> None:
        if self.started:
            self.engine.abandon()  # from now on it raises and says why
        else:
            # Never started, so the child may start it; but not on the parent's descriptor, by
            # which the two would wake each other.
            self._make_engine()
            self._choose_way()

    def at_exit(self) -> None:
        if self.started and self.engine.running:
            self.engine.close()


def _never_quick(*arguments: Any) -> bool:
    return False


# A server that nobody shut down still says goodbye to its clients.
_cores: weakref.WeakSet[Core] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for core in list(_cores):
        core.after_fork_in_child()


def _at_exit() -> None:
    for core in list(_cores):
        core.at_exit()


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_at_exit)


def _level_check(logger: Any) -> Callable[[int], bool]:
    """Does anyone read a line of this level? From a logger of another make: perhaps."""
    check: Callable[[int], bool] = getattr(logger, "isEnabledFor", lambda level: True)
    return check


def make_logger(given: Any, name: str) -> logging.Logger:
    """A logger as python-socketio makes it from `logger=True`, `False` or a logger object.

    True shows INFO, False errors only, on a stream handler, unless the logger is configured.
    """
    if not isinstance(given, bool) and given is not None:
        return given  # type: ignore[no-any-return]
    logger = logging.getLogger(name)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO if given else logging.ERROR)
        logger.addHandler(logging.StreamHandler())
    return logger
