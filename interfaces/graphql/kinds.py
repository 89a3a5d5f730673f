"""Kinds: what all types of the schema are made with: scalars, enumerations, descriptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, NewType, ParamSpec, Protocol, TypeVar, cast, dataclass_transform
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema.config import StrawberryConfig

from domain.activities import ActivityKind
from domain.approvals import Attempt, PriceStand, Role
from domain.corrections import ReasonCode, Target
from domain.executions import Evidence
from domain.exit_changes import Concern
from domain.exit_terms import ExitReason
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.flags import FlagKind
from domain.quant.figures import Status
from domain.reports import ExecType
from domain.risk_events import Scope, State
from domain.shared import InvalidInput
from domain.signal_events import ClosedBy, Decision
from domain.trades import Badge as TradeBadge
from interfaces.graphql.reading import Asking, asking_of
from projections.blotter import FillState
from projections.corrections import CorrectionState
from projections.leaderboards import By
from projections.positions import BookKind
from projections.previews import Of
from projections.signal_answers import Heard
from projections.signal_rows import Badge, ExecutionKind, PriceBasis, TradeState
from projections.windows import Window

K = TypeVar("K")
P = ParamSpec("P")

Info = strawberry.Info[Asking, None]

BigInt = NewType("BigInt", int)
"""A position of the tape: JSON text, as JavaScript's numbers end at 2^53."""

BIGINT_MAX = 2**63 - 1

Known = NewType("Known", int)
"""A position of the tape, or the one of a moment that somebody named."""

AsOf = Annotated[
    Known | None,
    strawberry.argument(
        description="Answer as it was known at this position of the tape, or at this moment."
    ),
]
ExpectedVersion = Annotated[
    int | None,
    strawberry.argument(description="Refuse if the record has moved on from this version."),
]
SeenVersion = Annotated[
    int | None,
    strawberry.argument(
        description="Refuse if the trade changed after this version, the one you looked at."
    ),
]
IdempotencyKey = Annotated[
    UUID,
    strawberry.argument(
        description="A new UUID for each decision; sending it again decides nothing again."
    ),
]


def _position(value: Any) -> int:
    try:
        number = int(value) if isinstance(value, str | int) else -1
    except ValueError:
        number = -1
    if not 0 <= number <= BIGINT_MAX or isinstance(value, bool):
        raise InvalidInput(f"{value!r} is no position of the tape: give a whole number from 0 on")
    return number


def _known(value: Any) -> int | datetime:
    if not isinstance(value, str) or value.isdecimal():
        return _position(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput(
            f"{value!r} is neither a position of the tape nor a moment such as 2026-11-20T15:30:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


CONFIG = StrawberryConfig(
    scalar_map={
        Known: strawberry.scalar(
            name="AsOf",
            description="A position of the tape, or a moment (ISO 8601, UTC unless it says else).",
            serialize=str,
            parse_value=_known,
        ),
        BigInt: strawberry.scalar(
            name="BigInt",
            description="A whole number up to 2^63 - 1, written as text: a position of the tape.",
            serialize=str,
            parse_value=_position,
        ),
    }
)


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def kind(cls: type[K]) -> type[K]:
    """A type of the schema, described by its docstring."""
    return strawberry.type(cls, description=inspect.cleandoc(cls.__doc__ or ""))


def figure(meaning: str, name: str | None = None) -> Any:
    """A field with its meaning."""
    return strawberry.field(name=name, description=meaning)


class Decorator(Protocol):
    """Makes a field of a method and lets its type be."""

    def __call__(self, method: Callable[P, K], /) -> Callable[P, K]: ...


class AsKnown(FieldExtension):
    """Finds the position of the moment that somebody asks of."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **given: Any) -> Any:
        moment = given.get("as_of")
        if isinstance(moment, datetime):
            given["as_of"] = asking_of(info).position_at(moment)
        return next_(source, info, **given)


def resolved(meaning: str) -> Decorator:
    """A field that a method answers, with its meaning; `as_of` reaches it as a position."""

    def field(method: Any) -> Any:
        asks = "as_of" in inspect.signature(method).parameters
        more: list[FieldExtension] = [AsKnown()] if asks else []
        return strawberry.field(method, description=meaning, extensions=more)

    return cast("Decorator", field)


def mutation(meaning: str) -> Decorator:
    """A field that changes what is on record, with its meaning."""
    return cast("Decorator", strawberry.mutation(description=meaning))


def subscription(meaning: str) -> Decorator:
    """A field that tells what moves, with its meaning."""
    return cast("Decorator", strawberry.subscription(description=meaning))


def _enumeration(enum: type[StrEnum], name: str | None = None) -> None:
    strawberry.enum(enum, name=name, description=inspect.cleandoc(enum.__doc__ or ""))


for _enum in (
    ActivityKind, Attempt, Badge, BookKind, By, ClosedBy, CorrectionState, Decision, Evidence,
    ExecType, ExecutionKind, ExitReason, FillState, FlagKind, Heard, OrdStatus, OrdType,
    PositionEffect, PriceBasis, PriceStand, ReasonCode, Role, Side, Target, TimeInForce, TradeState,
    Window,
):  # fmt: skip
    _enumeration(_enum)
# A signal and a trade each have a badge of their own.
_enumeration(TradeBadge, "TradeBadge")
_enumeration(Of, "FigureOf")
_enumeration(Concern, "ExitConcern")
_enumeration(Scope, "RiskScope")
_enumeration(State, "RiskState")
_enumeration(Status, "FigureStatus")


_shared: dict[tuple[type[Any], type[Any]], Sequence[str]] = {}


def shown(kind: type[K], row: Any, /, **more: Any) -> K:
    """A row as a type of the schema: fields of the same name, and what else is given."""
    pair = (kind, type(row))
    names = _shared.get(pair)
    if names is None:
        own = fields(cast("Any", kind))
        names = [field.name for field in own if field.init and hasattr(row, field.name)]
        _shared[pair] = names
    taken = {name: getattr(row, name) for name in names if name not in more}
    return kind(**taken, **more)


@kind
class Definition:
    """What a figure means, how many things it rests on, and the time it is about."""

    meaning: str
    n: int
    period: str
