"""The legs of a trade: one contract, or several that are bought or sold as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from domain.fix import Side
from domain.instruments import Option, Right, instrument
from domain.shared import InvalidInput, Value


class Leg(Value, frozen=True, kw_only=True):
    """One instrument of a trade, with the side it takes when the trade is opened."""

    symbol: str
    side: Side
    ratio: int = 1


def strategy_symbol(side: Side, legs: tuple[Leg, ...]) -> str:
    """The name under which the same trade nets: the symbol of a single leg, else its legs.

    Several legs are written as if the whole were bought (`+1` bought, `-1` sold), sorted, so
    that buying and selling the same spread give the same name.
    """
    if len(legs) == 1 and legs[0].ratio == 1:
        return legs[0].symbol
    signed = sorted((leg.symbol, leg.side.sign * side.sign * leg.ratio) for leg in legs)
    return "|".join(f"{ratio:+d} {symbol}" for symbol, ratio in signed)


def legs_of(symbol: str) -> tuple[Leg, ...]:
    """The legs, as when bought, of a name made by `strategy_symbol`."""
    if not symbol.startswith(("+", "-")):
        return (Leg(symbol=symbol, side=Side.BUY),)
    legs = []
    for part in symbol.split("|"):
        ratio, _, name = part.partition(" ")
        side = Side.BUY if int(ratio) > 0 else Side.SELL
        legs.append(Leg(symbol=name, side=side, ratio=abs(int(ratio))))
    return tuple(legs)


def multiplier_of(legs: tuple[Leg, ...]) -> int:
    """Shares per unit of the trade: 100 where a leg is an option, else 1.

    Raises:
        InvalidInput: no legs, or legs of different multipliers (a covered call is priced
            per leg, so it is two trades).
    """
    if len(legs) == 1:
        return instrument(legs[0].symbol).multiplier
    multipliers = {instrument(leg.symbol).multiplier for leg in legs}
    if len(multipliers) != 1:
        raise InvalidInput("a trade needs legs of one multiplier: options, or shares, not both")
    return multipliers.pop()


def expiry_of(legs: Sequence[Leg]) -> date | None:
    """The day on which the last option leg expires; None without options."""
    contracts = (instrument(leg.symbol) for leg in legs)
    days = [contract.expiry for contract in contracts if isinstance(contract, Option)]
    return max(days, default=None)


def closing_price(
    side: Side, legs: tuple[Leg, ...], quotes: Mapping[str, tuple[Decimal, Decimal]]
) -> Decimal | None:
    """What closing one unit now costs or brings per share, or None if a leg has no quote.

    Held legs are sold at the bid and short ones bought at the offer; never the mid.
    Quotes are (bid, offer) by symbol. Positive in the trade's own terms: proceeds for a bought
    trade, cost for a sold one.
    """
    value = Decimal(0)
    for leg in legs:
        quote = quotes.get(leg.symbol)
        if quote is None:
            return None
        bid, offer = quote
        value += leg.ratio * (bid if leg.side is Side.BUY else -offer)
    return value * side.sign


def strategy_quote(
    side: Side, legs: tuple[Leg, ...], quotes: Mapping[str, tuple[Decimal, Decimal]]
) -> tuple[Decimal, Decimal] | None:
    """Bid and offer of one unit of the trade per share, or None if a leg has no quote.

    In the trade's own terms: a spread sold for a credit has the credit as its price.
    """
    bid = offer = Decimal(0)
    for leg in legs:
        quote = quotes.get(leg.symbol)
        if quote is None:
            return None
        if leg.side is side:
            bid += leg.ratio * quote[0]
            offer += leg.ratio * quote[1]
        else:
            bid -= leg.ratio * quote[1]
            offer -= leg.ratio * quote[0]
    return bid, offer


def strategy_sizes(
    side: Side, legs: tuple[Leg, ...], sizes: Mapping[str, tuple[int | None, int | None]]
) -> tuple[int | None, int | None]:
    """How many units of the trade stand at its bid and at its offer.

    Sizes are (bid, offer) by symbol; the scarcest leg decides. None where one is not told.
    """
    bids: list[int | None] = []
    offers: list[int | None] = []
    for leg in legs:
        bid, offer = sizes.get(leg.symbol, (None, None))
        if leg.side is not side:
            bid, offer = offer, bid
        bids.append(None if bid is None else bid // leg.ratio)
        offers.append(None if offer is None else offer // leg.ratio)
    return _least(bids), _least(offers)


def _least(sizes: Sequence[int | None]) -> int | None:
    told = [size for size in sizes if size is not None]
    return min(told) if told and len(told) == len(sizes) else None


NAKED_MARGIN = Decimal("0.20")
"""What a broker asks for an uncovered short option, of the strike (after FINRA Rule 4210
(f)(2)(E), without its relief for contracts out of the money)."""


def capital_at_risk(side: Side, legs: tuple[Leg, ...], price: Decimal) -> Decimal:
    """What one unit of a trade opened at `price` ties up per share: the base of its return.

    A bought trade can lose what it cost. A sold one is not measured by the premium it took
    in, or a few cents for a far contract would make any gain look large: it ties up the most
    that it can lose at expiry, or a fifth of the short strikes if that is less; short shares
    tie up their price.
    """
    if side is Side.BUY:
        return price
    return sold_risk(legs).at(price)


class SoldRisk(NamedTuple):
    """What a trade with short legs ties up per share, whatever it was sold for.

    `margin` is a fifth of the short strikes, None where shares are short. `worst` is the most
    that its legs can cost at expiry, None without a bound.
    """

    margin: Decimal | None
    worst: Decimal | None

    def at(self, price: Decimal) -> Decimal:
        """The capital at risk when one unit brings `price`."""
        if self.margin is None:
            return price
        risk = self.margin if self.worst is None else min(self.margin, self.worst - price)
        return max(risk, price)


def sold_risk(legs: tuple[Leg, ...]) -> SoldRisk:
    """What the legs of a sold trade put at risk, before what it brought in."""
    contracts = [(instrument(leg.symbol), leg) for leg in legs]
    options = [(named, leg) for named, leg in contracts if isinstance(named, Option)]
    if len(options) < len(contracts):
        return SoldRisk(None, None)
    shorts = [(named, leg) for named, leg in options if leg.side is Side.SELL]
    margin = NAKED_MARGIN * sum((named.strike * leg.ratio for named, leg in shorts), Decimal(0))
    calls = sum(leg.side.sign * leg.ratio for named, leg in options if named.right is Right.CALL)
    if calls < 0:
        return SoldRisk(margin, None)
    spots = [Decimal(0), *(named.strike for named, _ in options)]
    worst = max(
        -sum(leg.side.sign * leg.ratio * named.intrinsic(spot) for named, leg in options)
        for spot in spots
    )
    return SoldRisk(margin, Decimal(worst))
