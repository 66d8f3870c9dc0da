"""What an Engine.IO server shows of itself, whether Socket.IO is above it or not."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from ..core import Core
from ..options import VALID_TRANSPORTS, Options, Origins
from ..session import SessionContext
from ..types import as_sid
from .packet import MESSAGE, Packet
from .sockets import Sessions, Socket, Sockets

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

_running: set[asyncio.Future[Any]] = set()  # asyncio itself keeps no task alive


class reason:
    """Why a client was disconnected: the second argument of a disconnect handler."""

    SERVER_DISCONNECT: Final = "server disconnect"
    CLIENT_DISCONNECT: Final = "client disconnect"
    PING_TIMEOUT: Final = "ping timeout"
    TRANSPORT_CLOSE: Final = "transport close"
    TRANSPORT_ERROR: Final = "transport error"


class Setting(Generic[T]):
    """An option by its name in `options.Options`, as an attribute of an `EngineFace`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, face: None, owner: type) -> Self: ...
    @overload
    def __get__(self, face: EngineFace, owner: type) -> T: ...
    def __get__(self, face: EngineFace | None, owner: type) -> Any:
        return self if face is None else getattr(face._options, self._name)

    def __set__(self, face: EngineFace, value: T) -> None:
        face.change(self._name, value)


class EngineFace(Sessions):
    """Names of `engineio.AsyncServer`, over an engine.

    Options can be read, and set until the first client may come: NiceGUI does so when it starts.
    """

    reason = reason
    event_names: Final = ["connect", "disconnect", "message"]
    valid_transports: Final = list(VALID_TRANSPORTS)
    compression_methods: Final = ["gzip", "deflate"]
    async_mode: Final = "asgi"
    # The engine watches its clients itself: there is no task for it.
    service_task_handle: Final = None
    service_task_event: Final = None
    sequence_number = 0

    def __init__(self, core: Core, options: Options) -> None:
        self._core = core
        self._options = options
        self.logger = core.log.engineio

    # --- options ---

    @property
    def ping_interval(self) -> float:
        """Seconds."""
        interval = self._options.ping_interval
        return interval[0] if isinstance(interval, (tuple, list)) else interval

    @ping_interval.setter
    def ping_interval(self, seconds: float) -> None:
        grace = self.ping_interval_grace_period
        self.change("ping_interval", (seconds, grace) if grace else seconds)

    @property
    def ping_interval_grace_period(self) -> float:
        """Seconds."""
        interval = self._options.ping_interval
        return interval[1] if isinstance(interval, (tuple, list)) else 0

    @ping_interval_grace_period.setter
    def ping_interval_grace_period(self, seconds: float) -> None:
        self.change("ping_interval", (self.ping_interval, seconds))

    @property
    def ping_timeout(self) -> float:
        """Seconds."""
        return self._options.ping_timeout

    @ping_timeout.setter
    def ping_timeout(self, seconds: float) -> None:
        self.change("ping_timeout", seconds)

    def change(self, name: str, value: Any) -> None:
        """Set one of `options.Options`. `RuntimeError` once the server serves."""
        if self._core.started:
            raise RuntimeError(f"{name} can be set before the server serves, and not any more")
        change: dict[str, Any] = {name: value}
        changed = replace(self._options, **change)
        self._core.configure(self._for_engine(changed))
        setattr(self._options, name, value)

    @staticmethod
    def _for_engine(options: Options) -> dict[str, Any]:
        return options.for_engine()

    max_http_buffer_size = Setting[int]()  # bytes
    allow_upgrades = Setting[bool]()
    http_compression = Setting[bool]()
    compression_threshold = Setting[int]()  # bytes
    cookie = Setting[Any]()
    cors_allowed_origins = Setting[Origins]()
    cors_credentials = Setting[bool]()

    @property
    def transports(self) -> list[str]:
        given = self._options.transports
        if given is None:
            return list(VALID_TRANSPORTS)
        return [given] if isinstance(given, str) else [t for t in given if t in VALID_TRANSPORTS]

    @transports.setter
    def transports(self, given: str | Collection[str] | None) -> None:
        self.change("transports", given)

    @property
    def start_service_task(self) -> bool:
        """False: a client that answers no ping stays."""
        return self._options.monitor_clients is not False

    @start_service_task.setter
    def start_service_task(self, wanted: bool) -> None:
        self.change("monitor_clients", wanted)

    def is_asyncio_based(self) -> bool:
        return True

    def async_modes(self) -> list[str]:
        return [self.async_mode]

    def attach(self, app: Any, engineio_path: str = "engine.io") -> None:
        """Not supported: `RuntimeError`. aiohttp, Sanic and Tornado need python-engineio."""
        raise RuntimeError("attach() needs aiohttp, Sanic or Tornado: use ASGIApp")

    # --- sessions ---

    @property
    def sockets(self) -> Sockets:
        """The sessions by sid: a live, read-only view."""
        return Sockets(self)

    def _get_socket(self, sid: str) -> Socket:
        """What python-engineio's users have for `sockets[sid]`."""
        try:
            return self.sockets[sid]
        except KeyError:
            raise KeyError("Session not found") from None

    def transport(self, sid: str) -> str:
        """The transport of a client, "polling" or "websocket". `KeyError` for an unknown sid."""
        name = self.transport_of(sid)
        if name is None:
            raise KeyError("Session not found")
        return name

    def session(self, sid: str) -> SessionContext:
        """`async with eio.session(sid) as session`: the user session, saved at the end."""
        return SessionContext(
            lambda: self.get_session(sid), lambda session: self.save_session(sid, session)
        )

    async def send(self, sid: str, data: Any) -> None:
        """Send a message: a str, bytes, or a list or dict, which is sent as JSON.

        To an unknown sid it is not sent, which is logged.
        """
        await self.send_packet(sid, self.packet_class(MESSAGE, data=data))

    async def send_packet(self, sid: str, pkt: Packet) -> None:
        """Send a packet of any type. `ValueError` for a type that Engine.IO does not have."""
        eio_sid = self.eio_sid_of(as_sid(sid))
        # The engine makes base64 of bytes where the transport needs it.
        encoded = pkt.data if pkt.binary else pkt.encode()
        if isinstance(encoded, str):
            self._core.engine.send_packet(eio_sid, int(encoded[0]), encoded[1:])
        else:
            self._core.engine.send_packet(eio_sid, MESSAGE, bytes(encoded))

    def generate_id(self) -> str:
        """A new session id: 20 URL-safe characters. The engine makes its own of the same kind."""
        number = self.sequence_number
        self.sequence_number = (number + 1) & 0xFFFFFF
        raw = secrets.token_bytes(12) + number.to_bytes(3, "big")
        return base64.urlsafe_b64encode(raw).decode()

    # --- asyncio ---

    def start_background_task(
        self, target: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> asyncio.Future[Any]:
        """Run a coroutine function in a task, which is returned and kept alive."""
        task = asyncio.ensure_future(target(*args, **kwargs))
        _running.add(task)
        task.add_done_callback(_running.discard)
        return task

    async def sleep(self, seconds: float = 0) -> None:
        """`asyncio.sleep`."""
        await asyncio.sleep(seconds)

    def create_queue(self, *args: Any, **kwargs: Any) -> asyncio.Queue[Any]:
        """`asyncio.Queue`."""
        return asyncio.Queue(*args, **kwargs)

    def get_queue_empty_exception(self) -> type[Exception]:
        """`asyncio.QueueEmpty`."""
        return asyncio.QueueEmpty

    def create_event(self, *args: Any, **kwargs: Any) -> asyncio.Event:
        """`asyncio.Event`."""
        return asyncio.Event(*args, **kwargs)
