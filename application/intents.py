"""Intents: what a message asks of its author's book, once it is clear which trade is meant.

`said` is the part of the reading that an intent came of.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec

from domain.fix import Side
from domain.grammar.reading import Kind, TradeReading
from domain.legs import Leg
from domain.signal_events import ClosedBy


class OpenCall(msgspec.Struct, frozen=True, kw_only=True):
    """A trade to be opened."""

    side: Side
    legs: tuple[Leg, ...]
    quantity: Decimal
    price: Decimal
    price_to: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    said: TradeReading | None = None
    rules: tuple[str, ...] = ()
    confidence: Decimal | None = None


class AddCall(msgspec.Struct, frozen=True, kw_only=True):
    """More of a trade that is open."""

    signal_id: UUID
    quantity: Decimal
    price: Decimal
    said: TradeReading | None = None
    rules: tuple[str, ...] = ()


class ExitCall(msgspec.Struct, frozen=True, kw_only=True):
    """Some or all of an open trade is closed; no price means that none was said."""

    signal_id: UUID
    quantity: Decimal
    price: Decimal | None = None
    reason: ClosedBy = ClosedBy.EXIT
    said: TradeReading | None = None
    rules: tuple[str, ...] = ()
    is_said: bool = False
    """The message itself gave the price, outright or by a gain."""


class StandsCall(msgspec.Struct, frozen=True, kw_only=True):
    """How an open trade stands by its author's word; nothing is booked by it."""

    signal_id: UUID
    price: Decimal


class LevelsCall(msgspec.Struct, frozen=True, kw_only=True):
    """Stop or targets of an open trade are moved."""

    signal_id: UUID
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    rules: tuple[str, ...] = ()


class Unbooked(msgspec.Struct, frozen=True, kw_only=True):
    """Words about a trade that nobody's book takes up, and why."""

    kind: Kind
    missing: tuple[str, ...] = ()
    why: str = ""


Intent = OpenCall | AddCall | ExitCall | StandsCall | LevelsCall | Unbooked
