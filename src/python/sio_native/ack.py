"""Answers that handlers give by themselves: a parameter that is annotated `Ack`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

log = logging.getLogger("socketio.server")


class Ack:
    """Answers an event: `ack(*args)`, once, now or later.

    When one of an event's handlers asks for it their results answer nothing: without a call the
    client gets no answer.
    """

    __slots__ = ("_answer", "_event", "answered", "taken")

    def __init__(self, event: str, answer: Callable[[tuple[Any, ...]], None] | None) -> None:
        self._event = event
        self._answer = answer
        self.taken = False  # a handler has asked for it
        self.answered = False

    @property
    def wanted(self) -> bool:
        """Does the client wait for an answer? If not, a call does nothing."""
        return self._answer is not None

    def __call__(self, *args: Any) -> None:
        """Answer with these arguments. A second call is ignored, and logged.

        `TypeError` for an argument that cannot be serialised; another call may then follow.
        """
        if self.answered:
            log.warning("%r has been answered already: the second answer is ignored", self._event)
            return
        if self._answer is not None:
            self._answer(args)
        self.answered = True


# Of the event that is being handled.
asked: ContextVar[Ack | None] = ContextVar("asked", default=None)
