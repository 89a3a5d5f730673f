"""Foreseeing: what an account's order for a signal would be if it were approved now, and what
would stop it.

It is judged by the same checks as the order that follows a yes, before anybody says one. Nothing
is decided or recorded by looking.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from application.assessing import Assessor, KnownBooks
from application.checks import Entry, checked
from application.desk import Work
from application.entries import entry_seen
from application.hours import Exchange
from application.limiting import limits_of
from application.ports import MarketPrices
from domain.approvals import percent, why_moved
from domain.fix import Side
from domain.order_events import Check
from domain.shared import cents, price
from domain.signals import Signal


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """The order that a yes would bring: the check of a yes, then those of the order up to the
    first that fails.

    Amounts are USD; `limit_px`, `equity` and `buying_power` are None where there is no quote or
    no account, and `above` is the amount over which a second approver is needed, if it is.
    """

    account: str
    at: datetime
    side: Side
    quantity: Decimal
    limit_px: Decimal | None
    at_risk: Decimal
    equity: Decimal | None
    buying_power: Decimal | None
    above: Decimal | None
    checks: tuple[Check, ...]

    @property
    def share(self) -> Decimal | None:
        """How much of the equity is at risk."""
        return self.at_risk / self.equity if self.equity else None

    @property
    def passes(self) -> bool:
        return all(check.passed for check in self.checks)


class Foresight:
    """Looks at what trading would do."""

    def __init__(self, market: MarketPrices, books: KnownBooks, exchange: Exchange) -> None:
        self._market = market
        self._books = books
        self._exchange = exchange
        self._assessor = Assessor(market, books)

    def of(self, work: Work, signal: Signal, *, account: str, at: datetime) -> Foreseen:
        """The order of an account for a signal, were it approved at this moment.

        Raises:
            Unavailable: store, market or books did not answer.
        """
        book = self._books.book(account)
        assessed = self._assessor.assess(work, signal, account=account, accept_price=None, at=at)
        entry = entry_seen(
            work,
            self._market,
            Entry(
                side=signal.side,
                legs=signal.legs,
                quantity=None,
                at=at,
                account=account,
                book=book,
                limits=limits_of(work, account),
                signal=signal,
            ),
        )
        moved = why_moved(signal.side, signal.entry_prices[1], assessed)
        said = Check(
            name="price",
            passed=not moved,
            detail=moved or _near(assessed.market_px, assessed.rules.price_move_limit),
        )
        return Foreseen(
            account=account,
            at=at,
            side=signal.side,
            quantity=entry.size,
            limit_px=entry.limit,
            at_risk=cents(entry.size * entry.unit),
            equity=None if book is None else book.equity,
            buying_power=None if book is None else book.buying_power,
            above=assessed.rules.second_approver_above if assessed.needed > 1 else None,
            checks=(said, *checked(entry, self._exchange)),
        )


def _near(market_px: Decimal | None, limit: Decimal) -> str:
    if market_px is None:
        return "no quote to hold the posted price against"
    return f"the market is at {price(market_px)}, within {percent(limit)} of the post"
