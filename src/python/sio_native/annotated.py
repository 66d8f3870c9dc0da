"""A handler that gets what its annotations ask for. Plain ones stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from inspect import Parameter
from typing import Any

from .asks import Ask, Given, ours, take_ack, take_sid
from .exceptions import PayloadError
from .types import Handler


class Role(Enum):
    """What a handler is for. Those of a client's life may take less than there is."""

    EVENT = "event"
    CONNECT = "connect"
    DISCONNECT = "disconnect"

    @classmethod
    def of(cls, event: str) -> Role:
        """Also of a name that is neither: an event."""
        return cls(event) if event in ("connect", "disconnect") else cls.EVENT


class AnnotatedHandler:
    """A handler, and what it asks for."""

    def __init__(self, handler: Handler, asks: list[Ask], role: Role) -> None:
        self._handler = handler
        self._role = role
        self._in_order = [each for each in asks if not each.by_name]
        self._by_name = [each for each in asks if each.by_name]
        takes = [each.take for each in asks]
        self.asks_for_client = Given.socket in takes or take_sid in takes
        self.asks_for_ack = take_ack in takes
        # A first parameter that asks for nothing is the client, unless that is asked for otherwise.
        first = asks[0]
        asks_for_nothing = first.is_argument and first.check is None and not first.by_name
        self.leads = asks_for_nothing and not self.asks_for_client
        if self.asks_for_ack and role is not Role.EVENT:
            raise TypeError("only events are answered: there is no Ack here")
        self._dependencies = None
        depends = {each.name: each.dependency for each in asks if each.dependency is not None}
        if depends:
            from .depends import Dependencies  # whoever has a Depends has it

            self._dependencies = Dependencies(depends, _for_dependencies)

    @property
    def depends(self) -> bool:
        return self._dependencies is not None

    @property
    def required(self) -> list[str]:
        """The arguments that it cannot do without."""
        return [
            each.name
            for each in self._in_order
            if each.is_argument and not each.rest and each.default is Parameter.empty
        ]

    def call(
        self,
        given: Given,
        arguments: tuple[Any, ...],
        before: int,
        begins: Callable[[], object] | None = None,
    ) -> Any:
        """Its result, perhaps to be awaited. So many `arguments` stand before the event's own.

        `PayloadError` if these are not what it asks for. `begins` is called once its dependencies
        are there.
        """
        values, named = self._fill(given, arguments, before)
        if given.ack is not None and self.asks_for_ack:
            given.ack.taken = True
        if self._dependencies is None:
            return self._handler(*values, **named)

        def call(found: dict[str, Any]) -> Any:
            for index, ask in enumerate(self._in_order):
                if ask.dependency is not None:
                    values[index] = found[ask.name]
            named.update((each.name, found[each.name]) for each in self._by_name if each.dependency)
            if begins is not None:
                begins()
            return self._handler(*values, **named)

        return self._dependencies.run(call, given)

    def _fill(
        self, given: Given, arguments: tuple[Any, ...], before: int
    ) -> tuple[list[Any], dict[str, Any]]:
        values: list[Any] = []
        faults: list[dict[str, Any]] = []
        at = 0

        def checked(ask: Ask, at: int) -> Any:
            if ask.check is None:
                return arguments[at]
            try:
                return ask.check(arguments[at], at - before)
            except PayloadError as error:
                faults.extend(error.details)
                return None

        for ask in self._in_order:
            if ask.take is not None:
                values.append(ask.take(given))
            elif ask.dependency is not None:
                values.append(None)
            elif ask.rest:
                values.extend(checked(ask, index) for index in range(at, len(arguments)))
                at = len(arguments)
            elif at < len(arguments):
                values.append(checked(ask, at))
                at += 1
            elif ask.default is not Parameter.empty:
                values.append(ask.default)
            else:
                faults.append(_fault("missing", at - before, "Argument required"))
                at += 1
        if at < len(arguments) and self._role is Role.EVENT:
            faults.append(_fault("unexpected_argument", at - before, "Unexpected argument"))
        if faults:
            raise PayloadError(faults)
        return values, {each.name: each.take(given) for each in self._by_name if each.take}


def _fault(kind: str, number: int, text: str) -> dict[str, Any]:
    return {"type": kind, "loc": [number], "msg": text}


def _for_dependencies(annotation: Any) -> Any:
    take = ours(annotation)
    if take is take_ack:
        raise TypeError("a dependency cannot ask for the Ack: the handler answers")
    return take
