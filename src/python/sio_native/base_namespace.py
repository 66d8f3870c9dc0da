"""What class-based namespaces have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import upstream
from .types import Room

if TYPE_CHECKING:
    from socketio.base_namespace import BaseClientNamespace as BaseClientNamespace

    from .async_server import AsyncServer

else:

    def __getattr__(name: str) -> Any:
        if name == "BaseClientNamespace":
            return upstream.attribute(name, of="socketio.base_namespace")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class BaseNamespace:
    """Handlers of one namespace, of a server or a client."""

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace or "/"

    def is_asyncio_based(self) -> bool:
        return False


class BaseServerNamespace(BaseNamespace):
    """Handlers of one namespace of a server."""

    def __init__(self, namespace: str | None = None) -> None:
        super().__init__(namespace)
        # None until register_namespace() sets it, which nothing here works without.
        self.server: AsyncServer = None  # type: ignore[assignment]

    def _set_server(self, server: AsyncServer) -> None:
        self.server = server

    def rooms(self, sid: str, namespace: str | None = None) -> list[Room]:
        """As `AsyncServer.rooms`, in this namespace."""
        return self.server.rooms(sid, namespace=namespace or self.namespace)
