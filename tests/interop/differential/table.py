"""The table of scenarios. Every module here whose name begins with `scenes_` adds to it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .play import Play

Script = Callable[["Play"], Awaitable[Any]]


@dataclass(frozen=True)
class Scenario:
    """A script, and the server that it is played on.

    `options` are the keywords of its AsyncServer. `served` False: there is no server but the ones
    that the script makes. Log records of the level `log` and above are compared, of the loggers
    named in `loggers`. `doors`: the ways to us by which it is played, by default all, or one
    of them where the script makes its own server.
    """

    script: Script
    options: Mapping[str, Any]
    served: bool
    log: str
    loggers: tuple[str, ...]
    doors: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.script.__name__


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *,
    served: bool = True,
    log: str = "WARNING",
    loggers: tuple[str, ...] = ("socketio.server",),
    doors: tuple[str, ...] | None = None,
    **options: Any,
) -> Callable[[Script], Script]:
    """Add a script to the table, under its name."""

    def add(script: Script) -> Script:
        by = doors or (("own-port", "uvicorn") if served else ("uvicorn",))
        made = Scenario(script, options, served, log, loggers, by)
        assert made.name not in SCENARIOS, f"two scenarios have the name {made.name}"
        SCENARIOS[made.name] = made
        return script

    return add


def load() -> dict[str, Scenario]:
    """All scenarios, by name."""
    package = __name__.rpartition(".")[0]
    paths = importlib.import_module(package).__path__
    for module in pkgutil.iter_modules(paths):
        if module.name.startswith("scenes_"):
            importlib.import_module(f"{package}.{module.name}")
    return SCENARIOS
