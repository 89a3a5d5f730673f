"""Of a trade that is larger than what stood at its quotes, the dollars count that could be had."""

from __future__ import annotations

import pytest

from tests.domain.test_trades import D, execution, mark, moved, opened


def test_of_more_than_was_quoted_the_dollars_count_that_stood_there_and_the_return_whole() -> None:
    trade, market = opened(quantity="100")
    mark(trade, market, "2.50", 1)
    assert trade.check(1, D("2.00"), attainable=True, quoted=30) == moved((1, "0", "-3500"))
    assert mark(trade, market, "3.00", 2) == moved((2, "0.25", "1500"))
    assert trade.execute(execution(2, "-100", "4.00", 3)) == moved((3, "0.5", "3000"))
    assert trade.check(2, D("4.00"), attainable=True, quoted=1) == ()
    assert (trade.worth.ratio, trade.worth.pnl) == (D(1), D(20_000))


def test_the_entry_that_fits_its_quote_the_least_says_how_much_of_a_trade_counts() -> None:
    trade, _ = opened(quantity="10")
    trade.execute(execution(2, "30", "2.00", 1))
    assert trade.check(1, D("2.00"), attainable=True, quoted=5) == ()
    assert trade.check(2, D("2.00"), attainable=True, quoted=6) == ()
    assert trade.execute(execution(3, "-40", "3.00", 2)) == moved((2, "0.5", "800"))


@pytest.mark.parametrize("quoted", [None, 0, 10, 11])
def test_what_fits_its_quote_or_has_no_size_counts_whole(quoted: int | None) -> None:
    trade, _ = opened(quantity="10")
    trade.check(1, D("2.00"), attainable=True, quoted=quoted)
    assert trade.execute(execution(2, "-10", "3.00", 2)) == moved((2, "0.5", "1000"))


def test_a_quantity_that_is_put_right_counts_as_far_as_it_was_quoted() -> None:
    trade, _ = opened(quantity="100")
    trade.check(1, D("2.00"), attainable=True, quoted=40)
    assert trade.execute(execution(2, "-30", "3.00", 2)) == moved((2, "0.15", "1200"))
    assert trade.correct(1, None, D(50)) == moved((2, "0.15", "1200"))
