"""Which ASGI server runs this application, as far as its objects tell, and where its user reads."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator

from .types import Receive

# Where an ASGI server says what its user sees without having configured anything.
SERVER_LOGGERS = {
    "uvicorn": "uvicorn.error",
    "hypercorn": "hypercorn.error",
    "granian": "_granian",
    "daphne": "daphne.server",
}


def owner_of(receive: Receive | None) -> object:
    """The server's object behind a receive() that nobody has wrapped."""
    return getattr(receive, "__self__", None)


def callers() -> Iterator[object]:
    """Objects of the ASGI server that this call has come through, the nearest first.

    One imports the application, if the server has been given its name, and one runs its lifespan:
    an application that is mounted on another one has no receive() of either to look at.
    """
    frame = inspect.currentframe()
    while frame is not None:
        owner = frame.f_locals.get("self")
        if package_of(owner) is not None:
            yield owner
        frame = frame.f_back


def package_of(thing: object) -> str | None:
    """The ASGI server whose object this is."""
    for base in type(thing).__mro__:
        package = base.__module__.partition(".")[0]
        if package == "uvicorn_worker":  # gunicorn's, and uvicorn inside
            return "uvicorn"
        if package in SERVER_LOGGERS:
            return package
    return None


def logger_of(thing: object) -> logging.Logger | None:
    """Of the ASGI server whose object this is, or else of the one that has set its own up."""
    package = package_of(thing)
    if package is not None:
        return logging.getLogger(SERVER_LOGGERS[package])
    known = logging.root.manager.loggerDict
    for package, name in SERVER_LOGGERS.items():
        if any(logging.getLogger(each).handlers for each in (package, name) if each in known):
            return logging.getLogger(name)
    return None
