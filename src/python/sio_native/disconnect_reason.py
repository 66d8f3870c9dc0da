"""Why a client was disconnected, as disconnect handlers are told."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from . import _core

# The reasons of socket.io's server, in JavaScript.
Detail: TypeAlias = Literal[
    "transport error",
    "transport close",
    "forced close",
    "ping timeout",
    "parse error",
    "server shutting down",
    "forced server close",
    "client namespace disconnect",
    "server namespace disconnect",
]


class DisconnectReason(str):
    """One of the five of `AsyncServer.reason`; `detail` says more, see docs/disconnects.md."""

    __slots__ = ("detail",)

    detail: Detail

    def __new__(cls, reason: str, detail: Detail) -> DisconnectReason:
        made = super().__new__(cls, reason)
        made.detail = detail
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return DisconnectReason, (str(self), self.detail)


# By the number with which the engine tells of them: made once, and not for each client.
REASONS: Final = tuple(DisconnectReason(*each) for each in _core.CLOSE_REASONS)
