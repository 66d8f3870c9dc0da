"""Builds the parts of one raw Engine.IO server around its engine."""

from __future__ import annotations

from collections.abc import Callable

from .. import _core
from ..core import Core
from ..doors import Doors
from ..environs import Environs
from ..options import Options
from ..session import SessionStore
from ..types import Handler
from .names import Names
from .packet import Packet
from .runner import EngineRunner
from .sockets import State


class EngineService(Doors):
    """What is behind an `engineio.AsyncServer`."""

    def __init__(
        self, core: Core, options: Options, packet_class: Callable[[], type[Packet]], serial: bool
    ) -> None:
        self.handlers: dict[str, Handler] = {}
        self.exposed = False  # they may change at any time, so that all is delivered
        self.names = Names()
        self.sessions = SessionStore(lambda sid, namespace: self.state_of(sid) is not None)
        environs = Environs(core, lambda eio_sid: self.runner.session_dropped(eio_sid))
        self.runner = EngineRunner(
            core, self.handlers, packet_class, environs, self.sessions, self.names, serial
        )
        super().__init__(
            core,
            options,
            environs,
            self.runner,
            {
                _core.EIO_OPEN: self.runner.opened,
                _core.EIO_MESSAGE: self.runner.message,
                _core.EIO_CLOSE: self.runner.closed,
            },
        )

    def send_interest(self) -> None:
        self.core.engine.set_raw_interest(
            decides=self.exposed or "connect" in self.handlers or self.names.generate is not None,
            messages=self.exposed or "message" in self.handlers,
        )

    def shown_sid(self, eio_sid: str) -> str:
        return self.names.sid(eio_sid)

    def open_sessions(self) -> set[str]:
        return set(self.core.engine.sessions())

    def session_ids(self) -> list[str]:
        """The sids of all that have a state."""
        open_ = [self.names.sid(eio_sid) for eio_sid in self.core.engine.sessions()]
        return [*self.runner.connecting, *open_, *self.runner.closing]

    def state_of(self, sid: str) -> State | None:
        """None for an unknown sid."""
        if sid in self.runner.connecting:
            return "connecting"
        if sid in self.runner.closing:
            return "closing"
        return None if self.core.engine.transport(self.names.eio_sid(sid)) is None else "open"

    def transport_of(self, sid: str) -> str | None:
        """None for an unknown sid."""
        return (
            self.runner.connecting.get(sid)
            or self.runner.closing.get(sid)
            or self.core.engine.transport(self.names.eio_sid(sid))
        )
