"""Assessing: what a yes to a signal is judged by, found at the moment it is said.

The rules are those of the signal's channel, the price is the far side of the market, and the
amount is what the account's order would put at risk, sized as trading will size it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from application.books import Book
from application.desk import Work
from application.limiting import limits_of
from application.ports import MarketPrices, QuoteRequest
from domain.approvals import ApprovalRules, Assessment
from domain.fix import Side
from domain.legs import Leg, capital_at_risk, multiplier_of, strategy_quote
from domain.rooms import RoomSettings, room_stream
from domain.shared import cents, price
from domain.signals import Signal


class KnownBooks(Protocol):
    """What the accounts have, as trading knows it."""

    def book(self, account: str) -> Book | None:
        """The account's cash and what its open trades cost, or None if there is none."""
        ...


class Assessor:
    """Looks at rules, market and books for whoever says yes."""

    def __init__(self, market: MarketPrices, books: KnownBooks) -> None:
        self._market = market
        self._books = books

    def assess(
        self,
        work: Work,
        signal: Signal,
        *,
        account: str,
        accept_price: Decimal | None,
        at: datetime,
    ) -> Assessment:
        """What a yes is judged by at this moment.

        Raises:
            Unavailable: market or books did not answer.
        """
        settings = work.find(RoomSettings, room_stream(signal.source.channel))
        rules = ApprovalRules() if settings is None else settings.approvals
        market_px = market_price(self._market, signal.side, signal.legs, at)
        at_risk = None
        if rules.second_approver_above is not None:
            entry_px = signal.entry_prices[1] if market_px is None else market_px
            at_risk = self._at_risk(work, signal, account, entry_px)
        return Assessment(
            rules=rules, market_px=market_px, at_risk=at_risk, accept_price=accept_price
        )

    def _at_risk(
        self, work: Work, signal: Signal, account: str, entry_px: Decimal
    ) -> Decimal | None:
        """What the account's order would put at risk in USD; None without a book to size it."""
        book = self._books.book(account)
        if book is None:
            return None
        multiplier = multiplier_of(signal.legs)
        unit = capital_at_risk(signal.side, signal.legs, entry_px)
        share = limits_of(work, account).trade_share
        return cents(book.size(unit, multiplier, share) * multiplier * unit)


def market_price(
    market: MarketPrices, side: Side, legs: tuple[Leg, ...], at: datetime
) -> Decimal | None:
    """What an order would pay now, or get for a sale, per share; None if a leg has no quote."""
    quotes = market.quotes_at([QuoteRequest(leg.symbol, at) for leg in legs])
    usable = [quote for quote in quotes if quote is not None and quote.is_usable]
    whole = strategy_quote(side, legs, {each.symbol: (each.bid, each.offer) for each in usable})
    if whole is None:
        return None
    return price(whole[1] if side is Side.BUY else whole[0])
