"""A sample value for every type that an event may hold: one event of each class, made of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from domain.shared import Created, Event

AT = datetime(2026, 11, 18, 15, 4, 5, 678901, tzinfo=UTC)
PLAIN: dict[Any, Any] = {
    str: "words",
    int: 3,
    bool: True,
    Decimal: Decimal("2.30"),
    datetime: AT,
    date: date(2026, 11, 20),
    UUID: UUID("6f2d3c1e-0a57-4c1b-9d2e-7472756574a9"),
}


def event_of(kind: type[Event]) -> Event:
    """An event with every field filled."""
    hints = get_type_hints(kind)
    fields = {name: value_of(hints[name]) for name in kind.__struct_fields__}
    fields["originator_version"] = 1
    if issubclass(kind, Created):
        fields["originator_topic"] = kind.TOPIC.partition(".")[0]
    return kind(**fields)


def value_of(hint: Any) -> Any:
    """A value of the type; of a union, one that is not None."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return value_of(next(kind for kind in inside if kind is not NoneType))
    if origin is tuple:
        return tuple(map(value_of, inside[:1] if Ellipsis in inside else inside))
    if origin is frozenset:
        return frozenset({value_of(inside[0])})
    if issubclass(hint, Enum):
        return next(iter(hint))
    if issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        return hint(**{name: value_of(hints[name]) for name in hint.__struct_fields__})
    raise TypeError(f"no sample for {hint}")
