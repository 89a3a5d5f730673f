"""Expiry: what is in the money by a cent is exercised or assigned, the rest is worth nothing.

OCC Rule 805 (exercise by exception): a contract that is in the money by 0.01 dollars or more at
expiry is exercised unless its holder says otherwise; nobody says so here, and every short one
is assigned. Options on shares move shares at the strike; options on indexes settle in cash.
Every contract settles by the close it is given; that some index options settle by the opening
of their last day (SPX of the third Friday) is for whoever hands the price in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg
from domain.matching.book import Book, EntryKind, Position
from domain.matching.rules import Rules
from domain.shared import CENT, cents

NOTHING = Decimal(0)
Closes = Mapping[tuple[str, date], Decimal]
"""Closing prices by underlying and day."""


def settle(book: Book, rules: Rules, day: date, prices: Closes, at: datetime) -> None:
    """Settles the contracts that have expired by that day; those without a price stay."""
    for position in sorted(book.positions.values(), key=lambda held: held.symbol):
        named = instrument(position.symbol)
        if isinstance(named, Option) and named.expiry <= day:
            price = prices.get((named.underlying, named.expiry))
            if price is not None:
                _settle(book, rules, position, named, price, at, day)


def _settle(
    book: Book, rules: Rules, position: Position, option: Option, price: Decimal, at: datetime,
    day: date,
) -> None:  # fmt: skip
    quantity, value = position.quantity, option.intrinsic(price)
    text = f"{option.underlying} settled at {price}"
    if value < CENT:
        book.enter(EntryKind.EXPIRY, at, day, symbol=position.symbol, quantity=-quantity, text=text)
        return
    kind = EntryKind.EXERCISE if quantity > 0 else EntryKind.ASSIGNMENT
    in_cash = option.is_index or not rules.delivers_shares
    book.enter(
        kind, at, day, symbol=position.symbol, quantity=-quantity,
        price=value if in_cash else NOTHING,
        amount=cents(quantity * value * option.multiplier) if in_cash else NOTHING,
        text=text,
    )  # fmt: skip
    if in_cash:
        return
    # Who exercises a call or is assigned on a put gets the shares.
    gets = (quantity > 0) == (option.right.value == "C")
    leg = Leg(symbol=option.underlying, side=Side.BUY if gets else Side.SELL)
    shares = abs(quantity) * option.multiplier
    book.trade(leg, shares, option.strike, at, day, kind=EntryKind.OPTION_TRADE)
