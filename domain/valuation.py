"""Valuation: what a holding is worth at a mark, with and without what opening it cost in fees."""

from __future__ import annotations

from decimal import Decimal

from domain.fix import Side
from domain.legs import Leg, multiplier_of
from domain.shared import Value, cents, ratio


class Valued(Value, frozen=True, kw_only=True):
    """A holding at a mark, money in USD to the cent.

    `unrealised` and `share` leave the commission out: price against price; `unrealised_net` and
    `share_net` count it, of the total cost. 9 contracts at 5.52 with 6.30 of commission cost
    4,968.00 and in total 4,974.30; at 7.25 they are worth 6,525.00: +1,557.00 (+31.3 %) without
    commission, +1,550.70 (+31.2 %) with it. Closing will cost commission again.
    """

    mark: Decimal
    value: Decimal
    cost: Decimal
    total_cost: Decimal
    unrealised: Decimal
    unrealised_net: Decimal
    share: Decimal | None
    share_net: Decimal | None

    @property
    def in_words(self) -> str:
        """Both figures, and which is which."""
        return (
            f"{self.unrealised:+,} USD{_percent(self.share)} without commission, "
            f"{self.unrealised_net:+,} USD{_percent(self.share_net)} with it"
        )


def valued(
    side: Side,
    legs: tuple[Leg, ...],
    *,
    held: Decimal,
    avg_px: Decimal,
    commission: Decimal,
    mark: Decimal,
) -> Valued:
    """A holding at a mark per share; a sold one gains when closing it costs less."""
    unit = held * multiplier_of(legs)
    cost, value = unit * avg_px, unit * mark
    gain = (value - cost) * side.sign
    total = cost + commission * side.sign
    return Valued(
        mark=mark,
        value=cents(value),
        cost=cents(cost),
        total_cost=cents(total),
        unrealised=cents(gain),
        unrealised_net=cents(gain - commission),
        share=ratio(gain / abs(cost)) if cost else None,
        share_net=ratio((gain - commission) / abs(total)) if total else None,
    )


def _percent(share: Decimal | None) -> str:
    return "" if share is None else f" ({share:+.1%})"
