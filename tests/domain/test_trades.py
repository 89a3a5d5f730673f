"""What one trade counts for, worked by hand. One contract is 100 shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.executions import Contribution, Execution
from domain.fix import Side
from domain.legs import Leg, capital_at_risk
from domain.trades import Badge, Trade
from domain.worth import RATIO_MAX

D = Decimal
START = datetime(2025, 3, 3, 15, 0, tzinfo=UTC)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def execution(number: int, quantity: str, price: str | None, hour: float) -> Execution:
    claimed = None if price is None else D(price)
    return Execution(number=number, at=at(hour), quantity=D(quantity), claimed=claimed)


class Market:
    """Marks that were recorded so far, by the time they are about."""

    def __init__(self) -> None:
        self.marks: dict[datetime, Decimal] = {}

    def since(self, moment: datetime) -> list[tuple[datetime, Decimal]]:
        return sorted(mark for mark in self.marks.items() if mark[0] >= moment)


def opened(price: str = "2.00", *, quantity: str = "1", sign: int = 1) -> tuple[Trade, Market]:
    market = Market()
    return Trade(sign, 100, [execution(1, quantity, price, 0)], market.since), market


def mark(trade: Trade, market: Market, price: str, hour: float) -> tuple[Contribution, ...]:
    market.marks[at(hour)] = D(price)
    return trade.mark(at(hour), D(price))


def moved(*moves: tuple[float, str, str]) -> tuple[Contribution, ...]:
    return tuple(Contribution(at(hour), D(share), D(pnl)) for hour, share, pnl in moves)


def test_a_trade_without_marks_counts_its_open_part_at_cost() -> None:
    trade, _ = opened("2.00", quantity="4")
    assert trade.execute(execution(2, "-1", "3.00", 1)) == moved((1, "0.125", "100"))
    assert trade.open_quantity == 3


def test_each_mark_contributes_what_it_moves_and_the_exit_the_rest() -> None:
    """Bought @ 2.00, marked 2.50 (+25 %), then 1.80 (-10 %), sold @ 3.00 (+50 %)."""
    trade, market = opened("2.00")
    assert mark(trade, market, "2.50", 5) == moved((5, "0.25", "50"))
    assert mark(trade, market, "1.80", 29) == moved((29, "-0.35", "-70"))
    assert trade.execute(execution(2, "-1", "3.00", 30)) == moved((30, "0.60", "120"))
    assert trade.worth.ratio == D("0.5")
    assert trade.tally.won
    assert trade.tally.closed_at == at(30)


def test_averaging_down_measures_against_all_that_was_paid() -> None:
    """1 @ 2.00 and 1 @ 1.00, both sold @ 1.80: 60 earned on 300."""
    trade, _ = opened("2.00")
    trade.execute(execution(2, "1", "1.00", 1))
    trade.execute(execution(3, "-2", "1.80", 2))
    assert trade.worth.ratio == D("0.2")
    assert trade.worth.lots.realised == D(60)


def test_a_sold_trade_earns_when_it_gets_cheaper() -> None:
    trade, market = opened("2.00", sign=-1)
    assert mark(trade, market, "1.50", 1) == moved((1, "0.25", "50"))
    assert trade.execute(execution(2, "-1", "3.00", 2)) == moved((2, "-0.75", "-150"))
    assert trade.open_quantity == 0
    assert not trade.tally.won


def test_an_exit_without_a_price_is_a_full_loss_until_there_is_evidence() -> None:
    trade, _ = opened("2.00")
    assert trade.execute(execution(2, "-1", None, 1)) == moved((1, "-1", "-200"))
    badges = [trade.tally.badge]
    assert trade.check(2, D("2.40"), attainable=True) == moved((1, "1.2", "240"))
    assert [*badges, trade.tally.badge] == [Badge.ASSUMED, Badge.POSTED]
    assert trade.prices() == [D("2.00"), D("2.40")]


def test_a_sold_trade_without_an_exit_price_pays_twice_its_entry() -> None:
    trade, _ = opened("2.00", sign=-1)
    assert trade.execute(execution(2, "-1", None, 1)) == moved((1, "-1", "-200"))


def test_hiding_the_exit_of_a_sold_trade_never_beats_its_worst_mark() -> None:
    trade, market = opened("2.00", sign=-1)
    mark(trade, market, "9.00", 1)
    mark(trade, market, "3.00", 2)
    trade.execute(execution(2, "-1", None, 3))
    assert trade.worth.ratio == D("-3.5")
    assert trade.prices() == [D("2.00"), D("9.00")]


def test_evidence_of_the_last_fact_moves_only_that_fact() -> None:
    trade, market = opened("2.00")
    trade.check(1, D("2.00"), attainable=True)
    mark(trade, market, "2.20", 1)
    trade.execute(execution(2, "-1", "3.00", 2))
    assert trade.check(2, D("2.80"), attainable=True) == moved((2, "-0.1", "-20"))
    assert trade.tally.badge is Badge.CHECKED


def test_late_evidence_of_the_entry_moves_the_whole_path() -> None:
    """Claimed 2.00, the offer was 2.50: the mark of 2.50 earned nothing, the exit 20 %."""
    trade, market = opened("2.00")
    mark(trade, market, "2.50", 1)
    trade.execute(execution(2, "-1", "3.00", 2))
    assert trade.check(1, D("2.50"), attainable=True) == moved(
        (1, "-0.25", "-50"), (2, "-0.05", "0")
    )
    assert trade.worth.ratio == D("0.2")


def test_an_entry_that_could_not_be_had_counts_for_nothing() -> None:
    trade, market = opened("2.00")
    mark(trade, market, "2.50", 1)
    assert trade.check(1, D("2.50"), attainable=False) == moved((1, "-0.25", "-50"))
    assert trade.execute(execution(2, "-1", "3.00", 2)) == ()
    assert trade.tally.badge is Badge.UNATTAINABLE
    assert not trade.tally.scored
    assert trade.worth.ratio == D("0.2"), "it is still shown"


def test_an_exit_that_could_not_be_had_counts_at_the_evidence() -> None:
    trade, _ = opened("2.00")
    trade.execute(execution(2, "-1", "5.00", 1))
    assert trade.check(2, D("3.00"), attainable=False) == moved((1, "-1", "-200"))
    assert trade.tally.scored
    assert trade.executions[1].is_unattainable


def test_a_corrected_price_counts_whatever_the_evidence_says() -> None:
    trade, _ = opened("2.00")
    trade.check(1, D("2.50"), attainable=False)
    trade.execute(execution(2, "-1", "3.00", 1))
    assert trade.correct(1, D("2.40"), None) == moved((1, "0.25", "60"))
    assert trade.tally.badge is Badge.POSTED


def test_a_corrected_quantity_can_open_the_trade_again_to_its_marks() -> None:
    trade, market = opened("2.00", quantity="2")
    trade.execute(execution(2, "-2", "3.00", 1))
    assert mark(trade, market, "5.00", 2) == ()
    assert trade.correct(2, None, D(1)) == moved((1, "-0.25", "-100"), (2, "0.75", "300"))
    assert trade.open_quantity == 1
    assert trade.tally.closed_at is None


def test_a_voided_trade_takes_back_all_it_contributed() -> None:
    trade, market = opened("2.00")
    mark(trade, market, "2.50", 1)
    trade.execute(execution(2, "-1", "3.00", 2))
    assert trade.void() == moved((1, "-0.25", "-50"), (2, "-0.25", "-50"))
    assert trade.total().pnl == 0
    assert (trade.tally.scored, trade.tally.badge) == (False, Badge.VOID)


def test_a_trade_booked_with_hindsight_is_shown_and_counts_for_nothing() -> None:
    market = Market()
    trade = Trade(1, 100, [execution(1, "1", "2.00", 0)], market.since, hindsight=True)
    assert mark(trade, market, "2.50", 5) == ()
    assert trade.execute(execution(2, "-1", "9.00", 6)) == ()
    assert (trade.tally.scored, trade.tally.badge) == (False, Badge.HINDSIGHT)
    assert trade.worth.lots.realised == D(700)


def test_an_exit_that_is_crossed_out_never_was_and_can_come_back() -> None:
    trade, market = opened("2.00")
    trade.execute(execution(2, "-1", None, 1))
    assert (trade.tally.badge, trade.open_quantity) == (Badge.ASSUMED, D(0))
    assert trade.correct(2, None, D(0)) == moved((1, "1", "200"))
    assert (trade.open_quantity, trade.tally.closed_at) == (D(1), None)
    assert (trade.tally.badge, trade.open_quantity) == (Badge.POSTED, D(1))
    assert mark(trade, market, "2.50", 5) == moved((5, "0.25", "50"))
    trade.execute(execution(3, "-1", "3.00", 6))
    assert (trade.worth.ratio, trade.ending.number) == (D("0.5"), 3)
    trade.correct(3, None, D(0))
    trade.correct(2, D("2.20"), D(1))
    assert (trade.worth.ratio, trade.tally.closed_at) == (D("0.1"), at(1))


def test_a_mark_that_comes_late_moves_its_own_day_and_the_next_fact() -> None:
    trade, market = opened("2.00")
    trade.execute(execution(2, "-1", "3.00", 48))
    assert mark(trade, market, "1.00", 24) == moved((24, "-0.5", "-100"), (48, "0.5", "100"))
    assert mark(trade, market, "9.00", 50) == ()
    assert mark(trade, market, "9.00", -1) == ()


def test_an_execution_that_comes_late_takes_its_place_in_time() -> None:
    trade, market = opened("2.00", quantity="2")
    mark(trade, market, "3.00", 10)
    assert trade.execute(execution(2, "-1", "1.00", 5)) == moved(
        (5, "-0.25", "-100"), (10, "-0.25", "-100")
    )
    assert trade.worth.ratio == D("0")


def test_expiry_at_intrinsic_value_is_an_exit_like_others() -> None:
    trade, _ = opened("2.00")
    settled = execution(2, "-1", "0", 6)
    assert trade.execute(settled) == moved((6, "-1", "-200"))
    assert trade.tally.badge is Badge.POSTED


def test_a_checked_trade_that_we_filled_is_badged_so() -> None:
    trade, _ = opened("2.00")
    trade.check(1, D("2.10"), attainable=True)
    trade.fill()
    assert trade.tally.badge is Badge.FILLED


def test_an_option_sold_for_nothing_has_no_return() -> None:
    trade, market = opened("0.05", sign=-1)
    trade.check(1, D("0"), attainable=True)
    assert mark(trade, market, "4.00", 1) == ()
    assert trade.tally.badge is Badge.UNATTAINABLE


def test_an_absurd_claim_counts_for_the_most_there_is() -> None:
    trade, _ = opened("0.000001")
    trade.execute(execution(2, "-1", "99999999999999", 1))
    assert trade.worth.ratio == RATIO_MAX


PUT = (Leg(symbol="TSLA  261120P00250000", side=Side.SELL),)


def written(price: str, *, legs: tuple[Leg, ...] = PUT) -> tuple[Trade, Market]:
    """One unit sold, measured by what it ties up."""
    market = Market()
    entry = [execution(1, "1", price, 0)]
    at_risk = partial(capital_at_risk, Side.SELL, legs)
    return Trade(-1, 100, entry, market.since, at_risk=at_risk), market


def test_a_sold_put_is_measured_by_what_it_ties_up_and_not_by_its_premium() -> None:
    """Sold @ 0.05 and bought back @ 0.01: 4 earned on a fifth of 250, not 80 %."""
    trade, _ = written("0.05")
    assert trade.execute(execution(2, "-1", "0.01", 1)) == moved((1, "0.0008", "4"))
    assert (trade.worth.entry_cost, trade.worth.tied) == (D(5), D(5000))


def test_a_credit_spread_is_measured_by_the_most_that_it_can_lose() -> None:
    """Ten wide, sold @ 3.00: seven are at risk, and expiry beyond the far leg loses them all."""
    spread = (*PUT, Leg(symbol="TSLA  261120P00240000", side=Side.BUY))
    kept, _ = written("3.00", legs=spread)
    assert kept.execute(execution(2, "-1", "0", 1)) == moved((1, "0.428571428571", "300"))
    lost, _ = written("3.00", legs=spread)
    assert lost.execute(execution(2, "-1", "10.00", 1)) == moved((1, "-1", "-700"))


def test_what_is_uncovered_can_lose_more_than_it_ties_up() -> None:
    trade, market = written("2.00")
    assert mark(trade, market, "77.00", 1) == moved((1, "-1.5", "-7500"))
    assert trade.execute(execution(2, "-1", "52.00", 2)) == moved((2, "0.5", "2500"))


def test_each_entry_ties_up_what_it_does_at_its_own_price() -> None:
    """A premium above the margin is the base itself: 50 and 60 a share are tied up."""
    trade, _ = written("2.00")
    trade.execute(execution(2, "1", "60.00", 1))
    assert trade.worth.tied == D(11_000)
    assert trade.execute(execution(3, "-2", "9.00", 2)) == moved((2, "0.4", "4400"))


def test_a_part_that_is_bought_back_ties_up_the_base_all_the_same() -> None:
    trade, _ = written("2.00")
    trade.execute(execution(2, "1", "2.00", 1))
    assert trade.execute(execution(3, "-1", "1.00", 2)) == moved((2, "0.01", "100"))
    assert trade.execute(execution(4, "-1", "1.00", 3)) == moved((3, "0.01", "100"))


def test_evidence_and_corrections_of_the_entry_move_what_is_tied_up() -> None:
    spread = (*PUT, Leg(symbol="TSLA  261120P00240000", side=Side.BUY))
    trade, _ = written("3.00", legs=spread)
    trade.execute(execution(2, "-1", "1.00", 1))
    trade.check(1, D("2.00"), attainable=True)
    assert (trade.worth.tied, trade.worth.ratio) == (D(800), D("0.125"))
    trade.correct(1, D("5.00"), None)
    assert (trade.worth.tied, trade.worth.ratio) == (D(500), D("0.8"))


def test_a_hidden_buyback_is_assumed_at_twice_the_entry_over_the_same_base() -> None:
    trade, _ = written("2.00")
    assert trade.execute(execution(2, "-1", None, 1)) == moved((1, "-0.04", "-200"))
    assert trade.tally.badge is Badge.ASSUMED


prices = st.decimals(D("0"), D("20"), places=2)
entry_prices = st.decimals(D("0.01"), D("20"), places=2)
hours = st.integers(-3, 40)


@given(entry_prices, entry_prices, prices | st.none(), st.sampled_from([1, -1]))
def test_the_base_changes_the_return_and_never_the_money(
    first: Decimal, second: Decimal, last: Decimal | None, sign: int
) -> None:
    parts = [execution(1, "1", str(first), 0), execution(2, "1", str(second), 1)]
    parts.append(execution(3, "-2", None if last is None else str(last), 2))
    by_price = Trade(sign, 100, parts, Market().since)
    by_itself = Trade(sign, 100, parts, Market().since, at_risk=lambda price: price)
    by_double = Trade(sign, 100, parts, Market().since, at_risk=lambda price: 2 * price)
    assert by_itself.worth == by_price.worth
    assert by_double.worth.pnl == by_price.worth.pnl
    assert abs(2 * by_double.worth.ratio - by_price.worth.ratio) <= D("0.000000000001")


@st.composite
def facts(draw: st.DrawFn) -> list[tuple[str, int, int, Decimal | None]]:
    """Executions and marks at any times, then evidence for some executions."""
    found: list[tuple[str, int, int, Decimal | None]] = []
    left, number = 4, 1
    for _ in range(draw(st.integers(0, 4))):
        number += 1
        taken = draw(st.integers(-left, 2).filter(bool))
        price = draw(entry_prices) if taken > 0 else draw(st.none() | prices)
        left += taken
        found.append(("execute", taken, draw(hours), price))
        if left == 0:
            break
    marked = draw(st.lists(hours, unique=True, max_size=5))
    return [*found, *(("mark", 0, hour, draw(prices)) for hour in marked)]


@pytest.mark.parametrize("sign", [1, -1])
@given(facts(), st.data())
def test_the_order_in_which_facts_are_heard_does_not_matter(
    sign: int, history: list[tuple[str, int, int, Decimal | None]], data: st.DataObject
) -> None:
    """What facts moved, in whatever order they came, adds up to what all of them are worth."""
    number, numbered = 1, []
    for kind, quantity, hour, price in history:
        number += kind == "execute"
        numbered.append((kind, number, quantity, hour, price))
    trade, market = opened("3.00", quantity="4", sign=sign)
    heard: dict[datetime, Decimal] = {}
    entries = [execution(1, "4", "3.00", 0)]
    for kind, number, quantity, hour, price in data.draw(st.permutations(numbered)):
        if kind == "mark":
            assert price is not None
            moves = mark(trade, market, str(price), hour)
        else:
            part = Execution(number=number, at=at(hour), quantity=D(quantity), claimed=price)
            entries.append(part)
            moves = trade.execute(part)
        for move in moves:
            heard[move.at] = heard.get(move.at, D(0)) + move.ratio
    whole = Trade(sign, 100, entries, market.since)
    assert whole.worth == trade.worth
    assert whole.tally == trade.tally
    assert sum(heard.values(), D(0)) == whole.worth.ratio
    path = {moment: share for moment, (share, _) in whole._path().items() if share}
    assert {moment: share for moment, share in heard.items() if share} == path
