"""Writes docs/events.md from the event classes: `python docs/generate_events.py`.

With `--check` it writes nothing and ends with 1 if the page is not what it would write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

from domain.catalogue import event_classes
from domain.shared import Event

PAGE = Path(__file__).with_name("events.md")
ENVELOPE = ("originator_id", "originator_version", "originator_topic", "timestamp")


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Events"
    yield ""
    yield "Generated from the code by `python docs/generate_events.py`; do not edit."
    yield ""
    yield (
        "Every event also has an envelope of columns, written by the store: position, stream, "
        "version, event id, `recorded_at` (when it was known), actor, correlation, causation, "
        "command id. Each body has `timestamp`, the time of the command that decided it. Prices "
        "are US dollars per share, times are UTC. What is sealed is stored as one field, `sealed`, "
        "encrypted under the key of the person it is about; a sealed name stands in its field, "
        "encrypted for itself, as the actor does (see auditing.md)."
    )
    noun = ""
    for name, kind in event_classes().items():
        if name.partition(".")[0] != noun:
            noun = name.partition(".")[0]
            yield ""
            yield f"## {noun}"
        yield ""
        yield f"**{name}** (v{kind.class_version}): {_first_line(kind)}"
        yield ""
        yield from _fields(kind)


def _first_line(kind: type[Event]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _fields(kind: type[Event]) -> Iterator[str]:
    hints = get_type_hints(kind)
    for name in kind.__struct_fields__:
        if name not in ENVELOPE:
            yield f"- `{name}`: {_type_name(hints[name])}{_sealed(kind, name)}"


def _sealed(kind: type[Event], field: str) -> str:
    if field in kind.PERSONAL:
        return ", sealed"
    if field in kind.PEOPLE:
        return ", a sealed name"
    return ", with sealed names" if field in kind.TELLS else ""


def _type_name(hint: object) -> str:
    if isinstance(hint, type) and not getattr(hint, "__args__", ()):
        return hint.__name__
    text = str(hint)
    for module in ("domain.", "datetime.", "decimal.", "uuid.", "grammar.", "reading."):
        text = text.replace(module, "")
    return text.replace("shared.", "").replace("legs.", "").replace("signal_events.", "")


def main() -> int:
    """Writes or checks the page; returns the exit code."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return 0 if current == page() else 1


if __name__ == "__main__":
    sys.exit(main())
