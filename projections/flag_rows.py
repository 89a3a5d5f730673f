"""The rows behind flags: trades with their parts, fills of orders given by hand, and flags."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from domain.fix import Side
from domain.flags import FlagKind, Open
from domain.instruments import instrument
from domain.legs import Leg, legs_of
from domain.shared import learned
from projections.positions import as_text
from projections.readmodel import Index, Private, Row, Table


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An execution of a trade: `quantity` is positive when it opens, negative when it closes.

    `event` and `checked` are where it and its price check lie on the tape; `quoted` is what
    stood at the quote, None where nobody told.
    """

    number: int
    event: int
    at: datetime
    quantity: Decimal
    quoted: int | None = None
    checked: int = 0


class TradeRow(Row, frozen=True, kw_only=True):
    """A trade as far as flags need it; `event` is where its post lies on the tape."""

    trade: UUID
    trader: UUID
    event: int
    symbol: str
    side: str
    opened_at: datetime
    closed_at: datetime | None = None
    voided: bool = False
    parts: str

    @property
    def open(self) -> Open:
        return Open(self.opened_at, self.closed_at)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs as they were opened."""
        return opened_legs(self.symbol, Side(self.side))

    @property
    def underlying(self) -> str:
        return underlying_of(self.symbol)


class OwnOrderRow(Row, frozen=True, kw_only=True):
    """An order that follows from no signal: what its fills do not say themselves."""

    order_id: UUID
    account: UUID
    symbol: str
    side: str
    opens: bool


class OwnFillRow(Row, frozen=True, kw_only=True):
    """A fill of such an order. `quantity` is that of the order's symbol, 0 once it was busted."""

    order_id: UUID
    exec_id: str
    account: UUID
    symbol: str
    side: str
    opens: bool
    quantity: Decimal
    at: datetime
    event: int


class LinkedRow(Row, frozen=True, kw_only=True):
    """A trader who is the same person as another, and the event that says so."""

    trader: UUID
    to_trader: UUID
    event: int


class OwnedRow(Row, frozen=True, kw_only=True):
    """An account, whose it is, and the event that says so."""

    account: UUID
    name: str
    owner: UUID
    event: int


class FlagRow(Row, frozen=True, kw_only=True):
    """What deserves a second look in a trade.

    `other` is the trade on the other side, `account` the author's own account, `part` the
    execution that was larger than the size quoted. `events` are positions on the tape.
    """

    flag: UUID
    kind: FlagKind
    trader: UUID
    signal: UUID
    symbol: str
    other_trader: UUID | None = None
    other: UUID | None = None
    account: str = ""
    part: int | None = None
    posted: Decimal | None = None
    quoted: Decimal | None = None
    since: datetime
    reason: str
    events: str

    @property
    def positions(self) -> list[int]:
        """Where the events behind it lie on the tape, in their order."""
        return [int(event) for event in self.events.split()]


def content_of(row: FlagRow) -> tuple[Any, ...]:
    """What a flag says, whenever it says so."""
    return (row.reason, row.events, row.since, row.posted, row.quoted)


def trades_table() -> Table[TradeRow]:
    return Table("flag_trades", TradeRow, ["trade"], [Index("trader")])


def orders_table() -> Table[OwnOrderRow]:
    return Table("flag_orders", OwnOrderRow, ["order_id"], private=Private("account"))


def fills_table() -> Table[OwnFillRow]:
    return Table(
        "flag_fills",
        OwnFillRow,
        ["order_id", "exec_id"],
        [Index("account")],
        private=Private("account"),
    )


def links_table() -> Table[LinkedRow]:
    return Table("flag_links", LinkedRow, ["trader"])


def owners_table() -> Table[OwnedRow]:
    return Table("flag_owners", OwnedRow, ["account"])


def flags_table() -> Table[FlagRow]:
    """Flags, found by trader, by trade, and by the trade on the other side."""
    return Table(
        "flags",
        FlagRow,
        ["flag"],
        [Index("since, flag"), Index("trader, since, flag"), Index("signal"), Index("other")],
    )


_parts_of = msgspec.json.Decoder(learned(list[Part])).decode


def parts_of(row: TradeRow) -> list[Part]:
    """The executions of a trade, in the order of their numbers."""
    return _parts_of(row.parts.replace("'", '"'))


def parts_text(parts: list[Part]) -> str:
    """Executions for the text column of a trade."""
    return as_text(parts)


def closed_at(parts: list[Part]) -> datetime | None:
    """When the last unit was closed; None while something is open."""
    if sum((part.quantity for part in parts), Decimal(0)) != 0:
        return None
    return max((part.at for part in parts if part.quantity), default=None)


def opened_legs(symbol: str, side: Side) -> tuple[Leg, ...]:
    """The legs of a strategy's symbol as they are when it is bought or sold."""
    legs = legs_of(symbol)
    if side is Side.BUY:
        return legs
    return tuple(msgspec.structs.replace(leg, side=leg.side.opposite) for leg in legs)


def underlying_of(symbol: str) -> str:
    """What a trade is about, by its strategy's symbol."""
    return instrument(legs_of(symbol)[0].symbol).underlying
