"""Strategies: what the legs of a position are called, whichever way they are held."""

from __future__ import annotations

import pytest

from domain.fix import Side
from domain.legs import Leg, strategy_symbol
from domain.strategies import strategy_of

NEAR, FAR = "261218", "270115"


def named(*legs: str, side: Side = Side.BUY) -> str:
    """The strategy of a trade; a leg is `+1 C250`, of the later expiry with a `*` behind it."""
    made = []
    for leg in legs:
        ratio, contract = leg.split()
        day = FAR if contract.endswith("*") else NEAR
        right, strike = contract[0], contract[1:].rstrip("*")
        symbol = "TSLA" if right == "S" else f"TSLA  {day}{right}{int(strike) * 1000:08d}"
        leg_side = Side.BUY if int(ratio) > 0 else Side.SELL
        made.append(Leg(symbol=symbol, side=leg_side, ratio=abs(int(ratio))))
    return strategy_of(strategy_symbol(side, tuple(made)), side is Side.BUY)


@pytest.mark.parametrize(
    ("legs", "strategy"),
    [
        (["+1 S0"], "long shares"),
        (["+1 C250"], "long call"),
        (["+2 P250"], "long put"),
        (["+1 C250", "-1 C260"], "call vertical"),
        (["-1 P240", "+1 P250"], "put vertical"),
        (["+1 C250", "-2 C260"], "call ratio spread"),
        (["-1 C250", "+1 C250*"], "call calendar"),
        (["-1 C260", "+1 C250*"], "call diagonal"),
        (["+1 C250", "+1 P250"], "long straddle"),
        (["-1 C260", "-1 P240"], "short strangle"),
        (["+1 C260", "-1 P240"], "risk reversal"),
        (["+1 C250", "-1 P250"], "synthetic shares"),
        (["+1 C240", "-2 C250", "+1 C260"], "call butterfly"),
        (["+1 P230", "-1 P240", "-1 C260", "+1 C270"], "iron condor"),
        (["+1 P240", "-1 P250", "-1 C250", "+1 C260"], "iron butterfly"),
        (["+1 C240", "-1 C250", "-1 C260", "+1 C270"], "call condor"),
        (["+1 C250", "+1 C260"], "2 legs"),
        (["+1 C250", "+1 P240*"], "2 legs"),
        (["+1 C240", "-1 C250", "+1 C260"], "3 legs"),
        (["+1 C240", "-2 C250", "+1 C260*"], "3 legs"),
        (["+1 P230", "-1 P240", "-1 P260", "+1 C270"], "4 legs"),
        (["+1 C210", "-1 C220", "+1 C230", "-1 C240", "+1 C250"], "5 legs"),
    ],
)
def test_a_shape_has_its_name(legs: list[str], strategy: str) -> None:
    assert named(*legs) == strategy


def test_what_is_sold_is_on_its_other_side() -> None:
    assert named("-1 C250", side=Side.SELL) == "short call"
    assert named("-1 S0", side=Side.SELL) == "short shares"
    assert named("-1 C250", "-1 P250", side=Side.SELL) == "short straddle"
    assert named("-1 C250", "+1 C260", side=Side.SELL) == "call vertical"
