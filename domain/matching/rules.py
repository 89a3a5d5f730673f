"""What a paper account is charged and allowed."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg
from domain.matching.fees import Fees
from domain.shared import CENT, WIDE, Value, cents

BASIS_POINT = Decimal("0.0001")
NOTHING = Decimal(0)


class Rules(Value, frozen=True, kw_only=True):
    """How an account trades. Money is USD, commissions are per contract of each leg or share.

    Slippage is what a fill is worse than the far side of the quote, in ticks, basis points, or
    both; it never takes a limit order beyond its limit.
    """

    commission_per_contract: Decimal = Decimal("0.70")
    commission_per_share: Decimal = NOTHING
    fees: Fees = Fees()
    tick: Decimal = CENT
    slippage_ticks: int = 0
    slippage_bps: Decimal = NOTHING
    quote_age_s: int = 900
    """An older quote proves nothing, and nothing trades by it."""
    short_shares: bool = True
    waits_for_the_open: bool = False
    """Whether market orders of a closed market wait; else they are refused."""
    delivers_shares: bool = True
    """Whether options on shares are exercised into shares; else they settle in cash."""

    @property
    def quote_age(self) -> timedelta:
        return timedelta(seconds=self.quote_age_s)

    def commission(self, legs: tuple[Leg, ...], quantity: Decimal) -> Decimal:
        """What the broker takes for so many units, to the cent."""
        each = NOTHING
        for leg in legs:
            is_option = isinstance(instrument(leg.symbol), Option)
            rate = self.commission_per_contract if is_option else self.commission_per_share
            each += rate * leg.ratio
        return cents(each * quantity)

    def slipped(self, side: Side, far: Decimal) -> Decimal:
        """The price that a trade at the far side comes to, in whole ticks; no sale below zero."""
        if not self.slippage_ticks and not self.slippage_bps:
            return far
        slip = self.slippage_ticks * self.tick + far * self.slippage_bps * BASIS_POINT
        worse = (far + side.sign * slip) / self.tick
        rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
        return max(worse.quantize(Decimal(1), rounding, WIDE) * self.tick, NOTHING)
