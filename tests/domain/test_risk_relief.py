"""Relief: the cuts that end a breach, with as little trading as can be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from domain.risk_events import EASING, LimitKind, Line, Scope, State
from domain.risk_relief import Cut, Weight, cuts_for
from tests.domain.portfolios import AAPL, MSFT, TSLA, WIDE, at_quote, greeks, held, weigh

D = Decimal


def passed(used: str, allowed: str, limit: LimitKind = LimitKind.DELTA) -> Line:
    return Line(
        limit=limit, scope=Scope.PORTFOLIO, figure=D(used), used=D(used), allowed=D(allowed),
        share=D(used) / D(allowed), state=State.BREACH,
    )  # fmt: skip


def weight(name: str, held: int | str, each: float, worth: str) -> Weight:
    """A position that adds `each` a unit and is worth so much a unit."""
    return Weight(name, name, D(held), D(str(each)), D(worth))


def told(cuts: list[Cut]) -> list[tuple[str, Decimal]]:
    return [(cut.position, cut.quantity) for cut in cuts]


def test_a_portfolio_is_told_what_to_close_and_what_comes_of_it() -> None:
    """Delta 12.79 of 10. A dollar of AAPL takes off more than one of MSFT; the puts hedge."""
    prices = [
        at_quote(AAPL, "5.40", "5.60", **greeks(0.68)),
        at_quote(MSFT, "9.00", "9.20", **greeks(0.52)),
        at_quote(TSLA, "7.90", "8.10", **greeks(-0.45)),
    ]
    found = weigh(
        held(AAPL, 16), held(MSFT, 8), held(TSLA, 5), prices=prices,
        limits=replace(WIDE, delta=D(10)),
    )  # fmt: skip
    (cut,) = found.suggestions
    assert (cut.symbol, cut.quantity, cut.held) == (AAPL, D(5), D(16))
    assert (cut.before, cut.after) == (D("12.79"), D("9.39"))
    assert cut.turnover_usd == 5 * 540
    assert str(cut) == f"close 5 of 16 {AAPL}: delta 12.790000 -> 9.390000"


def test_the_cut_ends_the_breach_and_not_only_touches_the_limit() -> None:
    (cut,) = cuts_for(passed("101", "100"), [weight("a", 101, 1.0, "500")])
    assert cut.quantity == 4
    assert cut.after < 100 * (1 - EASING)


def test_what_hedges_is_never_cut() -> None:
    weights = [weight("long", 10, 12.0, "500"), weight("hedge", 10, -2.0, "1")]
    assert told(cuts_for(passed("101", "100"), weights)) == [("long", D(1))]


def test_the_dollar_that_takes_most_off_goes_first() -> None:
    weights = [weight("dear", 100, 1.0, "1000"), weight("cheap", 10, 1.0, "100")]
    cuts = cuts_for(passed("110", "100"), weights)
    assert told(cuts) == [("cheap", D(10)), ("dear", D(3))]
    assert [cut.after for cut in cuts] == [100, 97]


def test_one_position_is_cut_rather_than_two_when_that_trades_less() -> None:
    weights = [weight("small", 1, 2.0, "150"), weight("right", 1, 4.0, "320")]
    assert told(cuts_for(passed("101", "100"), weights)) == [("right", D(1))]


def test_what_is_too_much_is_given_back() -> None:
    """The small ones come first and do not suffice; with the block they are not needed."""
    weights = [weight("small", 3, 1.0, "1"), weight("block", 1, 13.0, "100")]
    assert told(cuts_for(passed("110", "100"), weights)) == [("block", D(1))]


def test_less_than_a_whole_unit_is_closed_altogether() -> None:
    weights = [weight("coin", "0.5", 100.0, "100")]
    assert told(cuts_for(passed("110", "100"), weights)) == [("coin", D("0.5"))]


def test_what_cannot_be_sold_is_not_suggested() -> None:
    limits = replace(WIDE, delta=D(5))
    for worthless in ([at_quote(AAPL, "0", "0.05", **greeks(0.68))], []):
        found = weigh(held(AAPL, 10), prices=worthless, limits=limits)
        assert found.suggestions == ()
    owed = [at_quote(AAPL, "0", "0.05", **greeks(0.68))]
    (cut,) = weigh(held(AAPL, -10), prices=owed, limits=limits).suggestions
    assert (cut.quantity, cut.turnover_usd) == (D(3), D(15))


def test_where_nothing_suffices_all_that_helps_is_said() -> None:
    cuts = cuts_for(passed("200", "100"), [weight("a", 10, 1.0, "1"), weight("b", 5, 2.0, "1")])
    assert told(cuts) == [("b", D(5)), ("a", D(10))]


def test_too_many_positions_are_ended_by_closing_the_least_of_them() -> None:
    weights = [weight("big", 1, 1.0, "900"), weight("tiny", 4, 1.0, "2"), weight("mid", 1, 1, "50")]
    cuts = cuts_for(passed("3", "2", LimitKind.OPEN_POSITIONS), weights)
    assert told(cuts) == [("tiny", D(4)), ("mid", D(1))]
    assert [cut.after for cut in cuts] == [2, 1]


@pytest.mark.parametrize("limit", [LimitKind.DAILY_TRADES, LimitKind.DRAWDOWN])
def test_no_cut_brings_back_a_trade_or_a_loss(limit: LimitKind) -> None:
    call = at_quote(AAPL, "5.40", "5.60", **greeks(0.68))
    found = weigh(
        held(AAPL, 5, "90"), prices=[call], cash="10000", peak="0", trades_today=30,
        limits=replace(WIDE, drawdown_halt=D("0.05")),
    )  # fmt: skip
    assert found.line(limit) in [line for line in found.lines if line.state is State.BREACH]
    assert [cut for cut in found.suggestions if cut.limit is limit] == []


@given(
    some.lists(
        some.tuples(
            some.integers(1, 40), some.floats(0.01, 2.0), some.integers(1, 5_000)
        ),
        min_size=1, max_size=12,
    ),
    some.floats(0.3, 0.99),
)  # fmt: skip
def test_cuts_are_whole_within_what_is_held_and_suffice(
    positions: list[tuple[int, float, int]], part: float
) -> None:
    weights = [
        weight(str(at), units, each, str(worth))
        for at, (units, each, worth) in enumerate(positions)
    ]
    used = sum((one.relief * one.held for one in weights), D(0)).quantize(D("0.000001"))
    allowed = D(f"{float(used) * part:.6f}")
    line = Line(
        limit=LimitKind.DELTA, figure=used, used=used, allowed=allowed, share=used / allowed,
        state=State.BREACH,
    )  # fmt: skip
    cuts = cuts_for(line, weights)
    assert cuts
    assert all(cut.quantity % 1 == 0 and 0 < cut.quantity <= cut.held for cut in cuts)
    assert len({cut.position for cut in cuts}) == len(cuts)
    assert cuts[-1].after < allowed
    # No unit of any cut could have been kept.
    for cut in cuts:
        one = weights[int(cut.position)].relief
        assert cuts[-1].after + one > allowed * (1 - EASING) - D("0.00001")
