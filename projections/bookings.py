"""Bookings: every fill and fact about a holding as it counts now, found by order or position."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.instruments import Option, Right, instrument
from domain.lots import Lots
from domain.positions import Booking, Kind
from domain.shared import learned
from projections.positions import as_text
from projections.shape import Index, Private, Row
from projections.table import Table


class OrderRow(Row, frozen=True, kw_only=True):
    """What a fill has to know of its order. `sign` is 1 to buy `symbol`, -1 to sell it."""

    order_id: UUID
    account: str
    position: UUID
    symbol: str
    sign: int
    signal: UUID | None


class BookingRow(Row, frozen=True, kw_only=True):
    """A booking of a position: `source` is its order, or the position it came from."""

    source: UUID
    part: str
    position: UUID
    at: datetime
    event: int
    kind: Kind
    quantity: Decimal
    price: Decimal
    commission: Decimal
    brought: str = ""


def orders_table() -> Table[OrderRow]:
    """Orders, found by their stream."""
    return Table("book_orders", OrderRow, ["order_id"], private=Private("account"))


def bookings_table() -> Table[BookingRow]:
    """Bookings, found by where they came from and by position."""
    return Table(
        "bookings",
        BookingRow,
        ["source", "part"],
        [Index("position, at, event")],
        private=Private("position", beside="positions"),
    )


def booking_row(source: UUID, part: str, position: UUID, booking: Booking) -> BookingRow:
    """The row of a booking."""
    return BookingRow(
        source=source,
        part=part,
        position=position,
        at=booking.at,
        event=booking.event,
        kind=booking.kind,
        quantity=booking.quantity,
        price=booking.price,
        commission=booking.commission,
        brought="" if booking.brought is None else as_text(booking.brought),
    )


_lots_of = msgspec.json.Decoder(learned(Lots)).decode


def booking_of(row: BookingRow) -> Booking:
    """The booking of a row."""
    return Booking(
        event=row.event,
        at=row.at,
        kind=row.kind,
        quantity=row.quantity,
        price=row.price,
        commission=row.commission,
        brought=_lots_of(row.brought.replace("'", '"')) if row.brought else None,
    )


def received_part(delivery: int) -> str:
    """The part under which the receiving side of a delivery is booked."""
    return f"received {delivery}"


def received(symbol: str, lots: Lots, row: BookingRow) -> BookingRow:
    """The receipt when other lots of `symbol` were delivered than before."""
    if row.kind is Kind.EXCHANGE:
        option = instrument(symbol)
        assert isinstance(option, Option)
        return replace(row, quantity=shares_of(option, lots), brought=as_text(lots))
    return replace(row, brought=as_text(lots))


def shares_of(option: Option, gone: Lots) -> Decimal:
    """Shares (signed) that come of contracts (signed as held) exercised or assigned.

    Held calls bring shares and short ones take them; puts the other way round.
    """
    shares = gone.open * option.multiplier
    return shares if option.right is Right.CALL else -shares
