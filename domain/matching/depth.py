"""What the quotes offer an order: the far side's price, and how much of it is left.

Buys pay the offer and sales get the bid, never the mid nor inside the quote. What a quote says
stands there can be taken once: two orders, or two looks at the same quote, share it until
another quote comes. A new time makes another quote, even with the same prices.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from domain.fix import Side
from domain.legs import Leg
from domain.market import Quote

NOTHING = Decimal(0)


class Taken(msgspec.Struct):
    """What was taken of one quote already, on each of its sides."""

    quote: Quote
    of_bid: Decimal = NOTHING
    of_offer: Decimal = NOTHING


class Depth:
    """The last quote of each instrument, and what is left of it."""

    def __init__(self, taken: Iterable[Taken] = ()) -> None:
        self.quotes: dict[str, Quote] = {}
        self.taken: dict[str, Taken] = {}
        self._used: set[str] = set()
        for one in taken:
            self.quotes[one.quote.symbol] = one.quote
            self.taken[one.quote.symbol] = one

    def show(self, quote: Quote) -> bool:
        """The market moves; a quote that is older than the last one says nothing new."""
        last = self.quotes.get(quote.symbol)
        if last is not None and quote.time < last.time:
            return False
        self.quotes[quote.symbol] = quote
        return True

    def drain(self) -> list[Taken]:
        """The quotes of which something was used up since the last call."""
        found = [self.taken[symbol] for symbol in sorted(self._used)]
        self._used.clear()
        return found

    def left(self, symbol: str, side: Side) -> Decimal | None:
        """How much an order of this side can still take of the quote; None for any amount."""
        quote = self.quotes[symbol]
        size = quote.offer_size if side is Side.BUY else quote.bid_size
        if size is None:
            return None
        taken = self.taken.get(symbol)
        if taken is None or taken.quote != quote:
            return Decimal(size)
        gone = taken.of_offer if side is Side.BUY else taken.of_bid
        return max(size - gone, NOTHING)

    def take(self, symbol: str, side: Side, quantity: Decimal) -> None:
        """Uses up some of the quote."""
        quote = self.quotes[symbol]
        if (quote.offer_size if side is Side.BUY else quote.bid_size) is None:
            return
        self._used.add(symbol)
        taken = self.taken.get(symbol)
        if taken is None or taken.quote != quote:
            taken = self.taken[symbol] = Taken(quote)
        if side is Side.BUY:
            taken.of_offer += quantity
        else:
            taken.of_bid += quantity

    def why_unusable(self, legs: Iterable[Leg], now: datetime, age: timedelta) -> str:
        """Why no price can be said of these legs, or nothing."""
        for leg in legs:
            symbol = leg.symbol
            quote = self.quotes.get(symbol)
            if quote is None:
                return f"there is no quote of {symbol}"
            if not quote.is_usable:
                return f"the quote of {symbol} is crossed or has no offer: " + _shown(quote)
            if now - quote.time > age:
                old, most = ((now - quote.time).total_seconds(), age.total_seconds())
                return f"the quote of {symbol} is {old:.0f} seconds old, over {most:.0f}"
        return ""

    def far_side(self, side: Side, legs: tuple[Leg, ...]) -> Decimal | None:
        """What one unit of the trade costs to buy, or brings when it is sold, in its own terms;
        None where a leg has no quote.
        """
        quotes = self.quotes
        if len(legs) == 1 and legs[0].ratio == 1:
            quote = quotes.get(legs[0].symbol)
            if quote is None:
                return None
            return quote.offer if side is Side.BUY else quote.bid
        far = NOTHING
        for leg in legs:
            quote = quotes.get(leg.symbol)
            if quote is None:
                return None
            px = quote.offer if leg.side is Side.BUY else quote.bid
            far += px * leg.ratio if leg.side is side else -px * leg.ratio
        return far

    def units_left(self, legs: tuple[Leg, ...]) -> Decimal | None:
        """How many units the quotes' sizes allow: the leg of which least is left decides.

        A leg of a strategy for which nobody bids is given away with the others, so it bounds
        nothing.
        """
        least: Decimal | None = None
        for leg in legs:
            if len(legs) > 1 and leg.side is Side.SELL and self.quotes[leg.symbol].bid == 0:
                continue
            left = self.left(leg.symbol, leg.side)
            if left is not None:
                units = left if leg.ratio == 1 else left // leg.ratio
                least = units if least is None else min(least, units)
        return least


def _shown(quote: Quote) -> str:
    return f"{quote.bid} x {quote.offer}"
