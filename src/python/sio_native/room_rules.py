"""Rules by which clients come into rooms; the engine goes by them, see docs/rooms.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from .arguments import as_str, as_texts
from .handlers import call
from .rooms import room_key
from .types import Room, as_sid

if TYPE_CHECKING:
    from .service import Service

# Pattern -> room, in which the parameter's name in braces stands for the value.
Choices: TypeAlias = Mapping[str, str]
# Of `(sid, room)`, to a truth; a coroutine function too.
RoomJudge: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Rules:
    """What `Engine.set_room_rules` takes."""

    query: list[tuple[str, str, str, list[tuple[str, str]]]] = field(default_factory=list)
    events: list[tuple[str, str, bool, str, str, list[tuple[str, str]]]] = field(
        default_factory=list
    )
    asked: list[tuple[str, str]] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)


class RoomRules:
    """The rules of one server, and the functions that decide about rooms."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._core = service.core
        self._rules = Rules()
        # In the order of their registration: namespace, glob, function.
        self._judges: list[tuple[str, str, RoomJudge]] = []
        service.room_asked = self.asked
        service.use(self._configure)

    def from_query(
        self, rules: Mapping[str, Choices], namespace: str, messages: Mapping[str, str] | None
    ) -> None:
        made = []
        said = as_texts(messages, "messages")
        for parameter, choices in _mapping(rules, "rooms_from_query").items():
            if not re.fullmatch(r"[\w.~-]+", parameter, re.ASCII):
                raise ValueError(f"{parameter!r} cannot be the name of a query parameter")
            message = said.get(parameter) or f"Invalid {words(parameter)} format"
            made.append((namespace, parameter, message, _choices(choices, parameter)))
        names = [each[1] for each in made]
        kept = [r for r in self._rules.query if r[0] != namespace or r[1] not in names]
        self._set(replace(self._rules, query=kept + made, switches=self._with(namespace)))

    def from_event(
        self,
        event: str,
        choices: Choices,
        name: str,
        namespace: str,
        message: str | None,
        leave: bool,
    ) -> None:
        message = as_str(message or f"Invalid {words(as_str(name, 'name'))} format", "message")
        made = (namespace, as_str(event, "event"), leave, name, message, _choices(choices, name))
        kept = [r for r in self._rules.events if r[:2] != (namespace, event)]
        self._set(replace(self._rules, events=[*kept, made], switches=self._with(namespace)))

    def ask(self, glob: str, judge: RoomJudge, namespace: str) -> None:
        if not callable(judge):
            raise TypeError(f"a room rule must be callable, not {judge!r}")
        asked = [*self._rules.asked, (namespace, as_str(glob, "rooms"))]
        self._set(replace(self._rules, asked=asked, switches=self._with(namespace)))
        self._judges.append((namespace, glob, judge))

    def _with(self, namespace: str) -> list[str]:
        return sorted({*self._rules.switches, namespace})

    def _set(self, rules: Rules) -> None:
        self._tell(rules)  # first: it refuses what it cannot read
        self._rules = rules

    def _configure(self) -> None:
        self._tell(self._rules)

    def _tell(self, rules: Rules) -> None:
        self._core.engine.set_room_rules(rules.query, rules.events, rules.asked, rules.switches)

    async def revoke(self, sid: str, room: Room, namespace: str) -> bool:
        key = room_key(room)
        if key is None:
            raise ValueError(f"clients ask for rooms by str, not {room!r}")
        return self._core.engine.revoke_room(as_sid(sid), namespace, key)

    def asked(self, sid: str, namespace: str, room: str) -> None:
        """Notification ROOM_QUESTION. The first rule that matches decides."""
        self._service.runner.spawn(self._judge(sid, namespace, room))

    async def _judge(self, sid: str, namespace: str, room: str) -> None:
        allowed = False
        try:
            for where, glob, judge in self._judges:
                if where == namespace and _glob(glob).fullmatch(room):
                    allowed = bool(await call(judge, sid, room))
                    break
        except Exception:
            self._core.log.socketio.exception(
                "the rule of room %r failed for %s [%s]", room, sid, namespace
            )
        finally:
            self._core.engine.room_judged(sid, namespace, room, allowed)


def words(parameter: str) -> str:
    """A parameter's name as a sentence has it: "jobId" is "job ID"."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_.~-]+", " ", parameter).lower().split()
    return " ".join("ID" if word == "id" else word for word in split)


def _glob(glob: str) -> re.Pattern[str]:
    """As the engine has it: `*` any run of characters, `?` any one, all else itself."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in glob)
    return re.compile("".join(parts), re.DOTALL)


def _mapping(given: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise TypeError(f"{name} needs a dict with str for keys, not {given!r}")
    return given


def _choices(given: Any, parameter: str) -> list[tuple[str, str]]:
    choices = _mapping(given, f"the rule of {parameter!r}")
    for pattern, room in choices.items():
        as_str(pattern, f"a pattern of {parameter!r}")
        as_str(room, f"the room of {parameter!r}")
    return list(choices.items())
