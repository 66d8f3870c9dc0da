"""An AsyncAPI 3.0 document of a registry: https://www.asyncapi.com/docs/reference/specification/v3.0.0"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .event_registry import EventRegistry, RegisteredEvent

CHANNEL = "events"  # the only one: a namespace


def asyncapi_document(registry: EventRegistry) -> dict[str, Any]:
    schemas = registry.schemas()
    names = _keys(schemas.definitions)
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for event in registry:
        key = _free(f"{event.sender}.{event.name}", messages)
        messages[key] = _message(event, schemas.data.get(event), names)
        operation: dict[str, Any] = {
            # As the application does, which is the server.
            "action": "receive" if event.sender == "client" else "send",
            "channel": {"$ref": f"#/channels/{CHANNEL}"},
            "messages": [{"$ref": f"#/channels/{CHANNEL}/messages/{key}"}],
        }
        if event.summary:
            operation["summary"] = event.summary
        if event.ack is not None:
            ack = _free(f"{key}.ack", messages)
            messages[ack] = {
                "name": event.name,
                "title": f"Ack of {event.name}",
                "payload": _rewritten(schemas.acks[event], names),
            }
            operation["reply"] = {
                "channel": {"$ref": f"#/channels/{CHANNEL}"},
                "messages": [{"$ref": f"#/channels/{CHANNEL}/messages/{ack}"}],
            }
        operations[key] = operation
    info = {"title": registry.title, "version": registry.version}
    if registry.description:
        info["description"] = registry.description
    return {
        "asyncapi": "3.0.0",
        "info": info,
        "defaultContentType": "application/json",
        "channels": {
            CHANNEL: {
                "address": registry.namespace,
                "description": "A Socket.IO namespace. The payload is an event's only argument.",
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
            }
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {
                names[name]: _rewritten(schema, names)
                for name, schema in schemas.definitions.items()
            },
        },
    }


def _message(
    event: RegisteredEvent, schema: dict[str, Any] | None, names: Mapping[str, str]
) -> dict[str, Any]:
    message: dict[str, Any] = {"name": event.name, "title": event.name}
    if event.summary:
        message["summary"] = event.summary
    if schema is not None:
        message["payload"] = _rewritten(schema, names)
    return message


def _keys(names: Mapping[str, Any]) -> dict[str, str]:
    """A component's key has letters, digits, `.`, `-` and `_` only."""
    taken: dict[str, str] = {}
    return {name: _free(name, taken, name) for name in names}


def _free(wanted: str, taken: dict[str, Any], keep: Any = None) -> str:
    base = key = re.sub(r"[^A-Za-z0-9._-]", "_", wanted)
    number = 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    if keep is not None:
        taken[key] = keep
    return key


def _rewritten(schema: Any, names: Mapping[str, str]) -> Any:
    """A JSON schema where AsyncAPI wants it: with other places of what it refers to."""
    if isinstance(schema, list):
        return [_rewritten(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref":
            made[key] = f"#/components/schemas/{names[referred(value)]}"
        elif key in ("properties", "patternProperties"):
            made[key] = {name: _rewritten(each, names) for name, each in value.items()}
        elif key in ("const", "enum", "default", "examples"):
            made[key] = value  # values, whatever they look like
        elif key == "discriminator":
            continue  # OpenAPI's, a mapping; in AsyncAPI it is a property's name and no mapping
        else:
            made[key] = _rewritten(value, names)
    return made


def referred(reference: str) -> str:
    """The name in `#/$defs/name`."""
    name = reference.rpartition("/")[2]
    return name.replace("~1", "/").replace("~0", "~")
