"""What the events of an export mean: their docs, and the JSON Schema of their bodies."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec

from domain.catalogue import event_classes
from domain.shared import Event

ENVELOPE = ("originator_id", "originator_version", "originator_topic")
"""Fields that the body does not have: they are members of the line."""


@cache
def event_schema() -> bytes:
    """The schema of every event by its name, as JSON."""
    classes = event_classes()
    schemas, parts = msgspec.json.schema_components(
        list(classes.values()), ref_template="#/$defs/{name}"
    )
    events = {}
    for (name, kind), schema in zip(classes.items(), schemas, strict=True):
        own = schema["$ref"].rpartition("/")[2]
        events[name] = {
            "version": kind.class_version,
            "meaning": (kind.__doc__ or "").strip(),
            "body": _without_envelope(parts.pop(own), kind),
        }
    told = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "events.jsonl has a line for each event; `body` is JSON text of the schema "
        "that stands under `name`, with a last member `v` where the version is above 1.",
        "events": events,
        "$defs": parts,
    }
    return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _without_envelope(schema: dict[str, Any], kind: type[Event]) -> dict[str, Any]:
    fields = {name: told for name, told in schema["properties"].items() if name not in ENVELOPE}
    wanted = [name for name in schema.get("required", ()) if name in fields]
    return {"title": kind.TOPIC, "type": "object", "properties": fields, "required": wanted}
