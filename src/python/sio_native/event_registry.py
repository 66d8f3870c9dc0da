"""The names and the data of an application's events, in one place, for both of its sides.

    events = EventRegistry("Search", "1.0.0")

    @events.client("search:start:v1")
    class StartSearch(BaseModel):
        query: str
        limit: int = 10

    events.typescript()  # for socket.io-client
    events.asyncapi()    # for documentation

Needs pydantic 2: `pip install sio-native[events]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from .event_asyncapi import asyncapi_document
from .event_typescript import typescript_text
from .handlers import CLIENT_EVENTS

M = TypeVar("M")

Sender = Literal["client", "server"]
# Of a model: what is read is checked ("validation"), what is written is made ("serialization").
Mode = Literal["validation", "serialization"]

# Never an application's own: socket.io-client throws for these.


class _Unsaid:
    """No data is said by None."""


@dataclass(frozen=True, eq=False)  # types may have no hash
class RegisteredEvent:
    """`data` and `ack` are types of what the event and its answer carry; None for nothing."""

    name: str
    sender: Sender
    data: Any
    ack: Any
    summary: str | None

    @property
    def data_mode(self) -> Mode:
        return "serialization" if self.sender == "server" else "validation"

    @property
    def ack_mode(self) -> Mode:
        return "validation" if self.sender == "server" else "serialization"


@dataclass(frozen=True)
class Schemas:
    """JSON schemas of all events: those of data and acks by event, and those they refer to."""

    data: dict[RegisteredEvent, dict[str, Any]]
    acks: dict[RegisteredEvent, dict[str, Any]]
    definitions: dict[str, dict[str, Any]]


class EventRegistry:
    """The events of a namespace. Iterating gives each `RegisteredEvent`, in their order."""

    def __init__(
        self, title: str, version: str, *, namespace: str = "/", description: str | None = None
    ) -> None:
        self.title = title
        self.version = version
        self.namespace = namespace
        self.description = description
        self._events: dict[tuple[Sender, str], RegisteredEvent] = {}

    def client(
        self, name: str, data: Any = _Unsaid, *, ack: Any = None, summary: str | None = None
    ) -> Callable[[M], M]:
        """An event that clients send: as a decorator of its model, or with `data`.

        `data` is any type that pydantic knows, None for an event without data; `ack` that of the
        server's answer, None if there is none. Raises `ValueError` for a name that clients send
        already, or that Socket.IO reserves, and pydantic's `PydanticUserError` for other types.
        """
        return self._register("client", name, data, ack, summary)

    def server(
        self, name: str, data: Any = _Unsaid, *, ack: Any = None, summary: str | None = None
    ) -> Callable[[M], M]:
        """An event that the server sends, as `client`; `ack` is what the client answers."""
        return self._register("server", name, data, ack, summary)

    def asyncapi(self) -> dict[str, Any]:
        """An AsyncAPI 3.0 document, ready for `json.dumps`, as seen from the server."""
        return asyncapi_document(self)

    def typescript(self) -> str:
        """A TypeScript module for socket.io-client: the models, and the interfaces
        `ServerToClientEvents` and `ClientToServerEvents` for `Socket<...>`."""
        return typescript_text(self)

    def schemas(self) -> Schemas:
        """JSON schemas (draft 2020-12) of all, which refer to each other by `#/$defs/…`."""
        data: dict[RegisteredEvent, dict[str, Any]] = {}
        acks: dict[RegisteredEvent, dict[str, Any]] = {}
        wanted: list[tuple[Any, Mode, Any]] = []
        for event in self:
            for kind, mode, of in (
                (data, event.data_mode, event.data),
                (acks, event.ack_mode, event.ack),
            ):
                if of is not None:
                    wanted.append(((event, kind is acks), mode, _adapter(of)))
        if not wanted:
            return Schemas({}, {}, {})
        made, more = _adapter_class().json_schemas(wanted)
        for ((event, is_ack), _), schema in made.items():
            (acks if is_ack else data)[event] = schema
        return Schemas(data, acks, more.get("$defs", {}))

    def __iter__(self) -> Iterator[RegisteredEvent]:
        return iter(self._events.values())

    def __len__(self) -> int:
        return len(self._events)

    def _register(
        self, sender: Sender, name: str, data: Any, ack: Any, summary: str | None
    ) -> Callable[[M], M]:
        if not isinstance(name, str) or not name:
            raise ValueError(f"an event's name is a str that is not empty, not {name!r}")
        if name in CLIENT_EVENTS:
            raise ValueError(f"{name!r} is reserved by Socket.IO")
        if (sender, name) in self._events:
            raise ValueError(f"{name!r} is registered already as an event of the {sender}")

        def register(of: M) -> M:
            if (sender, name) in self._events:
                raise ValueError(f"{name!r} is registered already as an event of the {sender}")
            for each in (of, ack):
                if each is not None:
                    _adapter(each)  # raises here, and not when a document is made
            self._events[sender, name] = RegisteredEvent(name, sender, of, ack, summary)
            return of

        if data is not _Unsaid:
            register(data)
        return register


def _adapter_class() -> Any:
    try:
        from pydantic import TypeAdapter
    except ImportError:
        raise RuntimeError(
            "an EventRegistry needs pydantic 2: pip install sio-native[events]"
        ) from None
    return TypeAdapter


def _adapter(of: Any) -> Any:
    return _adapter_class()(of)
