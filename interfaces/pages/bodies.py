"""Bodies: the fields of a stored event as people read them, by the types that it declares."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from domain.catalogue import event_classes
from domain.shared import DomainError
from projections.naming import title_of

USD = frozenset({
    "accepted_px", "amount", "at_risk", "avg_px", "bid", "cash", "claimed", "commission", "last_px",
    "limit_px", "market_px", "offer", "price", "price_to", "stop", "stop_loss_px", "stop_px",
    "take_profit_px", "targets", "underlying_px",
})  # fmt: skip
"""Fields in US dollars, or dollars per share."""

SYMBOLS = frozenset({"symbol", "to_symbol", "underlying"})


class Shown(NamedTuple):
    """A value: `kind` is none, text, number, usd, moment, id, symbol, items or fields."""

    kind: str
    text: str = ""
    title: str = ""
    at: datetime | None = None
    parts: Sequence[Any] = ()


class Field(NamedTuple):
    """A named value."""

    name: str
    shown: Shown

    @property
    def label(self) -> str:
        """The name as people say it."""
        return LABELS.get(self.name, self.name.replace("_", " "))


NONE = Shown("none")

LABELS = {"v": "version of this kind of event", "timestamp": "decided"}

_classes = lru_cache(maxsize=1)(event_classes)


def about(name: str) -> str:
    """What an event of this stored name says, in a sentence; nothing for one we do not know."""
    found = _classes().get(name)
    return "" if found is None else (found.__doc__ or "").strip().partition("\n")[0]


def fields_of(name: str, body: Mapping[str, Any]) -> list[Field]:
    """The fields of an event's body in their stored order."""
    found = _classes().get(name)
    return list(_fields({} if found is None else _hints(found), body))


def ids_in(fields: Sequence[Field]) -> Iterator[UUID]:
    """Every id in these fields."""
    for field in fields:
        yield from _ids(field.shown)


def _ids(shown: Shown) -> Iterator[UUID]:
    if shown.kind == "id":
        yield UUID(shown.text)
    for part in shown.parts:
        yield from _ids(part.shown if isinstance(part, Field) else part)


@lru_cache(maxsize=512)
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _fields(hints: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Field]:
    for name, value in body.items():
        yield Field(name, _shown(name, hints.get(name, Any), value))


def _shown(name: str, hint: Any, value: Any) -> Shown:
    if value is None or value in ("", [], {}):
        return NONE
    if isinstance(value, Mapping):
        return Shown("fields", parts=list(_fields(_hints_within(hint), value)))
    if isinstance(value, list):
        within = _element(hint)
        return Shown("items", parts=[_shown(name, within, one) for one in value])
    return _plain(name, _leaves(hint), value)


def _plain(name: str, leaves: frozenset[Any], value: Any) -> Shown:
    if isinstance(value, bool):
        return Shown("text", "yes" if value else "no")
    text = str(value)
    if name in SYMBOLS:
        return Shown("symbol", _titled(text), text)
    if UUID in leaves and _is_id(text):
        return Shown("id", text)
    if datetime in leaves:
        at = _moment(text)
        return Shown("text", text) if at is None else Shown("moment", text, at=at)
    if Decimal in leaves or isinstance(value, int):
        number = _number(text)
        return Shown("text", text) if number is None else Shown(_unit(name), number, text)
    return Shown("text", text)


def _unit(name: str) -> str:
    return "usd" if name in USD else "number"


def _titled(symbol: str) -> str:
    try:
        return title_of(symbol)
    except DomainError:
        return symbol


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _number(text: str) -> str | None:
    """The number as it is stored, with its thousands parted."""
    try:
        return f"{Decimal(text):,f}"
    except (InvalidOperation, ValueError):
        return None


@lru_cache(maxsize=2_048)
def _leaves(hint: Any) -> frozenset[Any]:
    """The plain types that a value of this kind can have."""
    parts = get_args(hint)
    if not parts:
        return frozenset({hint})
    return frozenset().union(*(_leaves(part) for part in parts if part is not Ellipsis))


def _element(hint: Any) -> Any:
    """What is in a list of this kind."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next((part for part in get_args(hint) if part is not type(None)), Any)
    return next(iter(get_args(hint)), Any)


def _hints_within(hint: Any) -> Mapping[str, Any]:
    """The fields of the struct that a value of this kind is."""
    for leaf in _leaves(hint):
        if isinstance(leaf, type) and issubclass(leaf, msgspec.Struct):
            return _hints(leaf)
    return {}
