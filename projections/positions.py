"""Positions: one row for every trade of a trader's signal book and every holding of an account.

The two kinds share one table: what is open, what it cost first in first out and at average
cost, what it is worth at its last mark, what it earned. Money is USD, prices are per share.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from domain.executions import Execution
from domain.lots import ZERO, Lot
from domain.shared import learned
from domain.trades import Badge
from projections.shape import Index, Private, Row
from projections.table import Table

FIRST_VERSION = "valid_from = began"
"""True of one version of each position: from there, others of it are found by its id."""


class BookKind(StrEnum):
    """Whose position: a trader's, by their words, or an account's, by its fills."""

    TRADER = "trader"
    ACCOUNT = "account"


class PositionRow(Row, frozen=True, kw_only=True):
    """A position as it stands.

    `position` is the signal's id, or for an account the stream of its holding; it `began` with
    the event at that place on the tape. `quantity` is
    what is open, negative when short, counted in units of `symbol` (several legs are named by
    `strategy_symbol`). `average_entry` is over all entries of a trade, over what is open for
    an account. `mark` is the price at which one unit could be closed, None before the first
    mark; then what is open is valued at cost. `pnl` is without `commission`. `pnl_ratio` is
    over all that was paid to enter.
    """

    position: UUID
    began: int
    kind: BookKind
    book: UUID
    symbol: str
    underlying: str
    expiry: date | None
    side: str
    multiplier: int
    quantity: Decimal = ZERO
    average_entry: Decimal | None = None
    entry_cost: Decimal = ZERO
    cost: Decimal = ZERO
    average_cost: Decimal = ZERO
    lots: str = "[]"
    mark: Decimal | None = None
    marked_at: datetime | None = None
    market_value: Decimal | None = None
    realised: Decimal = ZERO
    realised_average: Decimal = ZERO
    unrealised: Decimal = ZERO
    pnl: Decimal = ZERO
    pnl_ratio: Decimal = ZERO
    commission: Decimal = ZERO
    badge: Badge
    scored: bool
    assumed: bool = False
    unattainable: bool = False
    filled: bool = False
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""
    executions: str = "[]"


class TradeLeg(Row, frozen=True, kw_only=True):
    """A leg of a position. `ratio` is signed: held (+) or owed (-) per unit of the position."""

    position: UUID
    symbol: str
    ratio: int


def positions_table() -> Table[PositionRow]:
    """The positions, found by id, by book, and by when they were closed."""
    return Table(
        "positions",
        PositionRow,
        ["position"],
        [
            Index("book, opened_at, position"),
            Index("book, opened_at", every_version=True, where=FIRST_VERSION),
            # What was open as once known: not stepping over what came on record later.
            Index("book, valid_from, position", every_version=True, where=FIRST_VERSION),
            # A window of hours as it was once known has the few versions of few trades.
            Index("book, opened_at", every_version=True),
            Index("book", where="quantity <> 0"),
            Index("book, closed_at", every_version=True, where="closed_at IS NOT NULL"),
        ],
        private=Private("book"),
    )


def legs_table() -> Table[TradeLeg]:
    """The legs, found by position and by instrument."""
    return Table(
        "position_legs",
        TradeLeg,
        ["position", "symbol"],
        [Index("symbol")],
        private=Private("position", beside="positions"),
    )


_encode = msgspec.json.Encoder().encode
_executions_of = msgspec.json.Decoder(learned(list[Execution])).decode
_lots_of = msgspec.json.Decoder(learned(tuple[Lot, ...])).decode


def as_text(values: Sequence[Any]) -> str:
    """Values for a text column: JSON with ' for its quotes, so that COPY need not escape it."""
    return _encode(values).decode().replace('"', "'")


def executions_of(text: str) -> list[Execution]:
    """The executions of a position's row, each with the price it counts at."""
    return _executions_of(text.replace("'", '"'))


def lots_of(text: str) -> tuple[Lot, ...]:
    """The open lots of a position's row, oldest first."""
    return _lots_of(text.replace("'", '"'))
