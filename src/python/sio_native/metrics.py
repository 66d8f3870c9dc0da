"""What a server counts, as Prometheus reads it: `AsyncServer.prometheus`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .usage_text import escaped

if TYPE_CHECKING:
    from .async_server import AsyncServer

# Of `Engine.admin_stats`, `flow_stats` and `yjs.stats`: what rises is a counter.
ENGINE: Final = {
    "sessions": "sio_sessions",
    "polling": "sio_sessions_polling",
    "opened": "sio_sessions_opened_total",
    "closed": "sio_sessions_closed_total",
    "packets_in": "sio_packets_received_total",
    "packets_out": "sio_packets_sent_total",
    "bytes_in": "sio_received_bytes_total",
    "bytes_out": "sio_sent_bytes_total",
}
FLOW: Final = {
    "limited": "sio_events_limited_total",
    "repeated": "sio_events_repeated_total",
    "conflated": "sio_emits_conflated_total",
}
RECOVERY: Final = {
    "away": "sio_recovery_away",
    "bytes": "sio_recovery_kept_bytes",
    "recovered": "sio_recovery_recovered_total",
    "given_up": "sio_recovery_given_up_total",
    "refused": "sio_recovery_refused_total",
}
DOCUMENTS: Final = {
    "documents": "sio_documents_open",
    "members": "sio_document_members",
    "bytes": "sio_document_bytes",
    "tail_updates": "sio_document_tail_updates",
    "tail_bytes": "sio_document_tail_bytes",
    "unkept_bytes": "sio_document_unstored_bytes",
    "joins": "sio_document_joins_total",
    "updates": "sio_document_updates_total",
    "update_bytes": "sio_document_update_bytes_total",
    "duplicates": "sio_document_duplicates_total",
    "awareness": "sio_document_awareness_total",
    "data_dropped": "sio_document_data_dropped_total",
    "damaged_updates": "sio_document_damaged_updates_total",
    "compactions": "sio_document_compactions_total",
    "failed_compactions": "sio_document_failed_compactions_total",
}


def prometheus_text(sio: AsyncServer) -> str:
    """Of what the server uses: nothing is begun by being asked for."""
    used = vars(sio)
    lines: list[str] = []
    if sio._core.started:
        counted = sio._core.engine.admin_stats()
        lines += _samples(counted, ENGINE)
        sockets = counted["sockets"].items()
        clients = [(f'{{namespace="{escaped(name)}"}}', count) for name, count in sockets]
        lines += _series("sio_clients", clients)
        lines += _samples(sio.flow_stats(), FLOW)
        if counted["recovery"] is not None:
            lines += _samples(counted["recovery"], RECOVERY)
    if "users" in used:
        bindings = sio.users._table.bindings
        lines += _series("sio_users_online", [("", len(sio.users.online()))])
        lines += _series("sio_user_clients", [("", len(bindings))])
    if "yjs" in used and (counted := sio.yjs.stats()):
        lines += _samples(counted, DOCUMENTS)
        refused = [(f'{{reason="{why}"}}', count) for why, count in counted["refused"].items()]
        lines += _series("sio_document_refusals_total", refused)
    text = "".join(f"{line}\n" for line in lines)
    return text + sio.usage.prometheus() if "usage" in used else text


def _samples(values: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[str]:
    for key, name in names.items():
        yield from _series(name, [("", values[key])])


def _series(name: str, values: Iterable[tuple[str, int]]) -> Iterable[str]:
    yield f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
    for labels, value in values:
        yield f"{name}{labels} {value}"
