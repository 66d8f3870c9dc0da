"""Texts that grow while clients read them; see docs/flow.md."""

from __future__ import annotations

import asyncio
import secrets
from types import TracebackType
from typing import TYPE_CHECKING

from .arguments import as_str

if TYPE_CHECKING:
    from .service import Service

MOST_OPEN = 10_000


class StreamCancelled(Exception):
    """A client wants no more of the stream. Ends the block of `async with` quietly."""


class Streams:
    """The streams of one server that are open."""

    def __init__(self, service: Service) -> None:
        self._core = service.core
        self.open: dict[str, TextStream] = {}
        service.stream_cancelled = self.cancelled
        service.use(self._configure)

    def _configure(self) -> None:
        self._core.engine.use_streams()

    def cancelled(self, stream: str) -> None:
        """Notification STREAM_CANCELLED."""
        if (known := self.open.get(stream)) is not None:
            known._cancel()


class TextStream:
    """`async with sio.stream(to, event) as stream: stream.append(text)`.

    On the wire each piece is an event with `{stream, after, seq, text}`; the last one has `done`.
    """

    def __init__(
        self,
        streams: Streams,
        rooms: list[str] | None,
        event: str,
        namespace: str,
        window: float,
        linger: float,
        max_bytes: int,
    ) -> None:
        self.id = secrets.token_urlsafe(15)  # who knows it may resume and cancel
        self._streams = streams
        self._engine = streams._core.engine
        self._opened_with = (self.id, namespace, rooms, event, window, linger, max_bytes)
        self._cancelled = asyncio.Event()

    @property
    def cancelled(self) -> bool:
        """A client wants no more of it."""
        return self._cancelled.is_set()

    async def wait_cancelled(self) -> None:
        """Returns when a client wants no more of it."""
        await self._cancelled.wait()

    def append(self, text: str) -> None:
        """Send some more. Never waits for clients.

        Raises `StreamCancelled` when a client wants no more, `ValueError` for a text with lone
        surrogates and for a stream that is not open.
        """
        if self._cancelled.is_set():
            raise StreamCancelled(f"a client has cancelled the stream {self.id}")
        if self.id not in self._streams.open:
            raise ValueError("a stream is open inside of its `async with` alone")
        as_str(text, "text")
        self._engine.append_to_stream(self.id, text)

    async def __aenter__(self) -> TextStream:
        if len(self._streams.open) >= MOST_OPEN:
            raise RuntimeError(f"{MOST_OPEN} streams are open")
        self._engine.open_stream(*self._opened_with)
        self._streams.open[self.id] = self
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if self._streams.open.pop(self.id, None) is None:
            return False
        ours = isinstance(error, StreamCancelled) and self.cancelled
        said = "" if error is None else "cancelled" if self.cancelled else "failed"
        self._engine.end_stream(self.id, said)
        return ours

    def _cancel(self) -> None:
        self._cancelled.set()
