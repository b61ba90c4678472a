"""The JSON Schema of what is stored: every event type in every schema version."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from eventstore.streams import EventType, StreamType

Schema = dict[str, Any]
Versions = dict[int, Schema]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Of classes, which may be renamed and described anew: nothing of them is stored.
OF_CLASSES = {"title", "description"}


def document(stream_types: Sequence[StreamType]) -> Schema:
    """One JSON Schema with all stored forms: `$defs["<stream type>/<type>/<version>"]`.

    The same code gives the same document, in the same order.
    """
    forms = {
        f"{stream_type.name}/{event_type.name}/{version}": schema
        for stream_type in stream_types
        for event_type in stream_type.events
        for version, schema in versions(event_type).items()
    }
    return {
        "$schema": DIALECT,
        "title": "Data of stored events, by stream type, event type, schema version",
        "$defs": {name: forms[name] for name in sorted(forms)},
    }


def versions(event_type: EventType) -> Versions:
    """The schema of the newest version, and of older ones that have a struct."""
    structs = {
        each.schema_version: each.struct for each in event_type.upcasters if each.struct
    }
    structs[event_type.schema_version] = event_type.struct
    return {version: of(structs[version]) for version in sorted(structs)}


def of(struct: type[Any]) -> Schema:
    """The schema of a struct, complete in itself: with all it refers to in its place.

    Raises ValueError for a struct that contains itself.
    """
    (schema,), definitions = msgspec.json.schema_components(
        [struct], ref_template="{name}"
    )
    found: Schema = _inlined(schema, definitions, within=())
    return found


def text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _inlined(schema: Any, definitions: Schema, *, within: tuple[str, ...]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, definitions, within=within) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if name := schema.get("$ref"):
        if name in within:
            raise ValueError(f"{name} contains itself")
        return _inlined(definitions[name], definitions, within=(*within, name))
    return {
        key: _properties(value, definitions, within=within)
        if key == "properties"
        else _inlined(value, definitions, within=within)
        for key, value in schema.items()
        if key not in OF_CLASSES
    }


def _properties(
    properties: Schema, definitions: Schema, *, within: tuple[str, ...]
) -> Schema:
    # By names of fields, of which one may be called "title".
    return {
        name: _inlined(schema, definitions, within=within)
        for name, schema in properties.items()
    }
