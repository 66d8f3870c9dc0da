"""What an `AsyncServer` does with one client: its rooms, its user session and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .session import SessionContext
from .types import Room, Session, as_sid

if TYPE_CHECKING:
    import logging

    from .async_manager import AsyncManager
    from .core import Core
    from .service import Service


class ClientMethods:
    """Of `AsyncServer`."""

    _core: Core
    _service: Service
    manager: AsyncManager
    logger: logging.Logger

    # --- rooms ---

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room, which exists while somebody is in it.

        Raises `KeyError` for an unknown sid, `ValueError` for a namespace that nobody is in and
        for the own room of another client.
        """
        namespace = namespace or "/"
        self.logger.info("%s is entering room %s [%s]", sid, room, namespace)
        await self.manager.enter_room(sid, namespace, room)

    def enter_room_nowait(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """`enter_room` from any thread."""
        namespace = namespace or "/"
        self.logger.info("%s is entering room %s [%s]", sid, room, namespace)
        self.manager.enter_room_nowait(sid, namespace, room)

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room. No-op if it is not in there."""
        namespace = namespace or "/"
        self.logger.info("%s is leaving room %s [%s]", sid, room, namespace)
        await self.manager.leave_room(sid, namespace, room)

    def leave_room_nowait(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """`leave_room` from any thread."""
        namespace = namespace or "/"
        self.logger.info("%s is leaving room %s [%s]", sid, room, namespace)
        self.manager.leave_room_nowait(sid, namespace, room)

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """Take everybody out of a room. `ValueError` for the own room of a client."""
        namespace = namespace or "/"
        self.logger.info("room %s is closing [%s]", room, namespace)
        await self.manager.close_room(room, namespace)

    def close_room_nowait(self, room: Room, namespace: str | None = None) -> None:
        """`close_room` from any thread."""
        namespace = namespace or "/"
        self.logger.info("room %s is closing [%s]", room, namespace)
        self.manager.close_room_nowait(room, namespace)

    # --- clients ---

    async def get_session(self, sid: str, namespace: str | None = None) -> Session:
        """The user session of a client: a dictionary of the application's.

        Raises `KeyError` for an unknown sid.
        """
        return self._service.sessions.get(sid, namespace or "/")

    async def save_session(self, sid: str, session: Session, namespace: str | None = None) -> None:
        """Replace the user session of a client. `KeyError` for an unknown sid."""
        self._service.sessions.save(sid, namespace or "/", session)

    def session(self, sid: str, namespace: str | None = None) -> SessionContext:
        """`async with sio.session(sid) as session`: the user session, saved at the end."""
        return SessionContext(
            lambda: self.get_session(sid, namespace=namespace),
            lambda session: self.save_session(sid, session, namespace=namespace),
        )

    async def disconnect(
        self, sid: str, namespace: str | None = None, ignore_queue: bool = False
    ) -> None:
        """Disconnect a client from a namespace; returns when its disconnect handler has ended.

        No-op for a client that is unknown or whose connect handler is still running. One that is
        away, and may come back, does so as a new client.
        """
        namespace = namespace or "/"
        if ignore_queue:
            is_here = self.manager.is_connected(sid, namespace)
        else:
            is_here = await self.manager.can_disconnect(sid, namespace)
        if not is_here:
            if self._service.recovery is not None:
                self._core.engine.disconnect(as_sid(sid), namespace)
            return
        self.logger.info("Disconnecting %s [%s]", sid, namespace)
        if self._service.on_its_loop():
            await self._service.runner.wait_disconnected(sid, namespace)
        else:
            self._core.engine.disconnect(sid, namespace)
