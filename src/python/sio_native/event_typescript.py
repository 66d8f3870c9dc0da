"""TypeScript of a registry: types of JSON schemas, and the two interfaces of socket.io-client."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .event_asyncapi import referred

if TYPE_CHECKING:
    from .event_registry import EventRegistry, RegisteredEvent, Schemas, Sender

INTERFACES = {"server": "ServerToClientEvents", "client": "ClientToServerEvents"}
# What cannot be the name of a type, or is one already that the text uses.
_WORDS = """
any bigint boolean never null number object string symbol undefined unknown void
Array ArrayBuffer Record Uint8Array
break case catch class const continue debugger default delete do else enum export extends false
finally for function if implements import in instanceof interface let new package private protected
public return static super switch this throw true try typeof var while with yield
"""
_TAKEN = frozenset(_WORDS.split())
_SIMPLE = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def typescript_text(registry: EventRegistry) -> str:
    schemas = registry.schemas()
    names = _type_names(schemas.definitions)
    parts = [f"// {_one_line(registry.title)} {_one_line(registry.version)}: made by sio_native."]
    for name, schema in schemas.definitions.items():
        parts.append(_declared(names[name], schema, names))
    parts += [_interface(registry, sender, schemas, names) for sender in ("server", "client")]
    return "\n\n".join(parts) + "\n"


def _interface(
    registry: EventRegistry, sender: Sender, schemas: Schemas, names: Mapping[str, str]
) -> str:
    lines = [f"export interface {INTERFACES[sender]} {{"]
    for event in registry:
        if event.sender == sender:
            if event.summary:
                lines.append(f"  /** {_comment(event.summary)} */")
            lines.append(f"  {_key(event.name)}: {_signature(event, schemas, names)};")
    return "\n".join([*lines, "}"])


def _signature(event: RegisteredEvent, schemas: Schemas, names: Mapping[str, str]) -> str:
    arguments = []
    if event.data is not None:
        arguments.append(f"data: {_type(schemas.data[event], names)}")
    if event.ack is not None:
        arguments.append(f"ack: (answer: {_type(schemas.acks[event], names)}) => void")
    return f"({', '.join(arguments)}) => void"


def _declared(name: str, schema: dict[str, Any], names: Mapping[str, str]) -> str:
    text = f"/** {_comment(schema['description'])} */\n" if schema.get("description") else ""
    plain = schema.get("type") == "object" and schema.get("properties")
    if plain and not _additional(schema, names):
        return f"{text}export interface {name} {_object(schema, names)}"
    return f"{text}export type {name} = {_type(schema, names)};"


def _type(schema: Any, names: Mapping[str, str]) -> str:
    """The type of what a schema allows; `unknown` for what TypeScript has no words for."""
    if not isinstance(schema, dict):
        return "never" if schema is False else "unknown"
    if "$ref" in schema:
        return names.get(referred(schema["$ref"]), "unknown")
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return _union([_literal(each) for each in schema["enum"]])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _union([_type(each, names) for each in schema[several]])
    if "allOf" in schema:
        return " & ".join(dict.fromkeys(_bracketed(_type(each, names)) for each in schema["allOf"]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union([_type({**schema, "type": each}, names) for each in kind])
    if kind == "array":
        return _array(schema, names)
    if kind == "object":
        return _object(schema, names)
    if kind == "string" and schema.get("format") == "binary":
        return "ArrayBuffer | Uint8Array"
    return _SIMPLE.get(kind, "unknown") if isinstance(kind, str) else "unknown"


def _array(schema: dict[str, Any], names: Mapping[str, str]) -> str:
    first = [_type(each, names) for each in schema.get("prefixItems", ())]
    rest = schema.get("items")
    if not first:
        return f"Array<{_type(rest, names)}>" if rest is not None else "Array<unknown>"
    least = schema.get("minItems", 0)
    items = [each if n < least else f"({each})?" for n, each in enumerate(first)]
    if rest is not False and schema.get("maxItems") != len(first):
        items.append(f"...Array<{_type(rest, names)}>")
    return f"[{', '.join(items)}]"


def _object(schema: dict[str, Any], names: Mapping[str, str]) -> str:
    properties = schema.get("properties", {})
    additional = _additional(schema, names)
    if not properties:
        if additional:
            return additional
        closed = schema.get("additionalProperties") is False
        return f"Record<string, {'never' if closed else 'unknown'}>"
    required = schema.get("required", ())
    lines = []
    for name, each in properties.items():
        if isinstance(each, dict) and each.get("description"):
            lines.append(f"  /** {_comment(each['description'])} */")
        optional = "" if name in required else "?"
        lines.append(f"  {_key(name)}{optional}: {_indented(_type(each, names))};")
    text = "\n".join(["{", *lines, "}"])
    # An index signature would have to allow the properties, too.
    return f"{text} & {additional}" if additional else text


def _additional(schema: dict[str, Any], names: Mapping[str, str]) -> str | None:
    more = schema.get("additionalProperties")
    if more is None or more is False:
        return None
    if more is True or schema.get("properties"):
        return "Record<string, unknown>"
    return f"Record<string, {_type(more, names)}>"


def _union(types: list[str]) -> str:
    return " | ".join(dict.fromkeys(types)) or "never"


def _bracketed(type_: str) -> str:
    return f"({type_})" if " | " in type_ else type_


def _indented(type_: str) -> str:
    return type_.replace("\n", "\n  ")


def _literal(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return "unknown"
    return (
        json.dumps(value, ensure_ascii=False)
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", name) else _literal(name)


def _type_names(definitions: Mapping[str, Any]) -> dict[str, str]:
    """Of each definition, a name that TypeScript takes and no other has."""
    taken = {*_TAKEN, *INTERFACES.values()}
    names = {}
    for name in definitions:
        base = re.sub(r"[^A-Za-z0-9_$]", "", name)
        base = free = base if base[:1].isalpha() or base[:1] in ("_", "$") else f"_{base}"
        number = 2
        while free in taken:
            free, number = f"{base}{number}", number + 1
        taken.add(free)
        names[name] = free
    return names


def _comment(text: str) -> str:
    return _one_line(text).replace("*/", "*\\/")


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
