"""What is held and what it cost, worked by hand: 100 shares a contract unless said otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.lots import ZERO, Lot, Lots

D = Decimal


def at(minute: int) -> datetime:
    return datetime(2025, 3, 3, 15, minute, tzinfo=UTC)


def after(*executions: tuple[str, str], multiplier: int = 100) -> Lots:
    """Lots after (signed quantity, price) executions, a minute apart."""
    lots = Lots()
    for minute, (quantity, price) in enumerate(executions):
        lots = lots.traded(D(quantity), D(quantity) * D(price) * multiplier, at(minute))
    return lots


def test_two_buys_are_two_lots_at_one_average_cost() -> None:
    lots = after(("2", "1.00"), ("1", "1.60"))
    assert lots.lots == (Lot(D(2), D(200), at(0)), Lot(D(1), D(160), at(1)))
    assert (lots.open, lots.cost, lots.average_cost) == (D(3), D(360), D(360))


def test_a_partial_exit_takes_the_oldest_lot_or_the_average() -> None:
    """2 @ 1.00 and 2 @ 2.00, 3 sold @ 3.00: first in first out earns 900 - 400, at average 1.50
    it earns 900 - 450; one is left that cost 200, or 150."""
    lots = after(("2", "1.00"), ("2", "2.00"), ("-3", "3.00"))
    assert (lots.realised, lots.realised_average) == (D(500), D(450))
    assert (lots.open, lots.cost, lots.average_cost) == (D(1), D(200), D(150))
    assert lots.lots == (Lot(D(1), D(200), at(1)),)


def test_both_methods_agree_once_nothing_is_open() -> None:
    lots = after(("1", "1.00"), ("2", "1.25"), ("-1", "0.70"), ("-2", "2.10"))
    assert lots.realised == lots.realised_average == D(140)
    assert lots == Lots(realised=lots.realised, realised_average=lots.realised)


def test_a_short_position_earns_when_it_is_bought_back_lower() -> None:
    lots = after(("-2", "3.00"), ("1", "1.00"))
    assert lots.realised == D(200)
    assert (lots.open, lots.cost) == (D(-1), D(-300))


def test_a_reversing_fill_closes_and_opens() -> None:
    """Long 3 @ 10, sold 5 @ 12: the three earn 6 a share, two are short at 12."""
    lots = after(("3", "10"), ("-5", "12"), multiplier=1)
    assert lots.realised == lots.realised_average == D(6)
    assert lots.lots == (Lot(D(-2), D(-24), at(1)),)


def test_a_third_of_a_lot_and_its_rest_are_the_whole_lot() -> None:
    lots = Lots().traded(D(3), D(100), at(0))
    left, gone = lots.delivered(D(1))
    assert gone.cost == D("33.333333333333")
    assert left.cost + gone.cost == D(100)


def test_delivered_lots_keep_their_cost_and_date_where_they_come_in() -> None:
    left, gone = after(("2", "1.00"), ("2", "2.00")).delivered(D(3))
    assert left.realised == ZERO
    there = after(("1", "5.00")).received(gone)
    assert (there.open, there.cost, there.average_cost) == (D(4), D(900), D(950))
    assert [lot.opened_at for lot in there.lots] == [at(0), at(0), at(1)]


def test_shares_that_come_in_against_a_short_position_close_it() -> None:
    _, gone = after(("2", "1.00")).delivered(D(2))
    there = after(("-3", "1.50")).received(gone)
    assert (there.open, there.realised) == (D(-1), D(100))


def test_a_split_changes_quantities_and_no_cost() -> None:
    lots = after(("100", "900"), ("50", "930"), multiplier=1).scaled(D(10), D(1))
    assert lots.open == D(1500)
    assert [lot.quantity for lot in lots.lots] == [D(1000), D(500)]
    assert lots.cost == D(136500)


executions = st.tuples(
    st.integers(-9, 9).filter(bool).map(Decimal),
    st.decimals(D("0.01"), D("900"), places=2),
)


@given(st.lists(executions, max_size=12))
def test_cash_and_cost_add_up_whatever_is_traded(history: list[tuple[Decimal, Decimal]]) -> None:
    """Cash paid out is what is realised less the cost of what is open, by either method."""
    lots, cash = Lots(), ZERO
    for minute, (quantity, price) in enumerate(history):
        lots = lots.traded(quantity, quantity * price * 100, at(minute))
        cash -= quantity * price * 100
    assert lots.realised - lots.cost == cash
    assert lots.realised_average - lots.average_cost == cash
    assert sum((lot.quantity for lot in lots.lots), ZERO) == lots.open
    assert sum((lot.cost for lot in lots.lots), ZERO) == lots.cost
