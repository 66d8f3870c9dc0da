"""Usage as Prometheus reads it: the text exposition format 0.0.4. Users are never labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .usage_types import GroupState, Total


def prometheus_text(
    totals: Iterable[Total],
    groups: Mapping[str, GroupState],
    counters: Mapping[str, int],
    models_in_use: int,
) -> str:
    lines = ["# TYPE sio_tokens_total counter", "# HELP sio_tokens_total Tokens of models."]
    events = ["# TYPE sio_usage_events_total counter", "# HELP sio_usage_events_total Records."]
    for each in totals:
        # Of a model in several groups one series, so that the sum over all counts each token once.
        labels = f'model="{escaped(each.model)}",group="{escaped(",".join(each.groups))}"'
        lines.append(f'sio_tokens_total{{{labels},direction="input"}} {each.input}')
        lines.append(f'sio_tokens_total{{{labels},direction="output"}} {each.output}')
        events.append(f"sio_usage_events_total{{{labels}}} {each.events}")
    lines += events
    for name, values in (
        ("used", {name: state.total for name, state in groups.items()}),
        ("reserved", {name: state.reserved for name, state in groups.items()}),
        ("limit", {name: s.limit for name, s in groups.items() if s.limit is not None}),
    ):
        if values:
            lines.append(f"# TYPE sio_usage_group_{name}_tokens gauge")
        for group, value in values.items():
            lines.append(f'sio_usage_group_{name}_tokens{{group="{escaped(group)}"}} {value}')
    for name in ("duplicates", "refused", "touches"):
        lines.append(f"# TYPE sio_usage_{name}_total counter")
        lines.append(f"sio_usage_{name}_total {counters[name]}")
    lines.append("# TYPE sio_models_in_use gauge")
    lines.append(f"sio_models_in_use {models_in_use}")
    return "\n".join(lines) + "\n"


def escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
