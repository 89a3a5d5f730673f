"""Figures of a record kept by hand: every contract is bought at 2.00, so 3.00 is half as much
again, 5 % of NAV and 100 dollars."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from domain.fix import Side
from domain.legs import Leg
from domain.quant.definitions import DEFINITIONS
from domain.quant.figures import Figure, Status
from domain.shared import InvalidInput
from projections.books import Books
from projections.exposure import Exposure
from projections.leaderboards import By
from projections.people import People
from projections.performance import performance
from projections.runner import Runner
from projections.signal_feed import SignalFeed
from projections.trader_profiles import TraderProfiles
from projections.windows import Window, span_of
from tests.projections.record import CALL, SESSIONS, Record, utc
from tests.projections.tape import Tape, reading

D = Decimal


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    follower = Runner(reading(tape.url), [Books, Exposure, People, SignalFeed, TraderProfiles])
    follower.start()
    try:
        yield Record(tape, follower)
    finally:
        follower.close()


def figures(
    record: Record,
    trader: UUID,
    window: Window = Window.ALL,
    at: str = "11-20 22:00",
    *,
    as_of: int | None = None,
    benchmark: str = "SPY",
    risk_free: str = "0",
) -> dict[str, Figure]:
    record.follow()
    found = performance(
        record.tape.connection, trader, span_of(window, utc(at)), SESSIONS, as_of=as_of,
        benchmark=benchmark, risk_free=D(risk_free),
    )  # fmt: skip
    return {figure.name: figure for figure in found}


def a_week(record: Record) -> UUID:
    """Half as much again on Monday, a quarter lost on Tuesday, nothing made on Wednesday."""
    nora = record.trader("Nora")
    record.trades(nora, "11-16 15:00", "11-16 16:00", "3.00")
    record.trades(nora, "11-17 15:00", "11-17 17:00", "1.50")
    record.trades(nora, "11-18 15:00", "11-18 18:00", "2.00")
    return nora


def test_every_figure_has_its_definition_and_a_status(record: Record) -> None:
    nora = a_week(record)
    for window in Window:
        found = figures(record, nora, window)
        assert list(found) == list(DEFINITIONS)
        for figure in found.values():
            assert (figure.value is None) == (figure.status is not Status.OK), figure
            assert figure.definition
            assert figure.unit is DEFINITIONS[figure.name].unit


def test_a_stranger_has_no_figures_but_reasons(record: Record) -> None:
    found = figures(record, record.trader("Nora"))

    assert {figure.value for figure in found.values()} == {None}
    assert found["sharpe"].status is Status.TOO_FEW
    assert found["beta"].status is Status.NO_BENCHMARK


def test_a_week_by_hand(record: Record) -> None:
    found = figures(record, a_week(record), Window.WEEK)

    returns = [0.05, -0.025, 0.0, 0.0, 0.0]
    sharpe = statistics.mean(returns) / statistics.stdev(returns) * 252**0.5
    assert found["total_return"].value == D("1.05") * D("0.975") - 1
    assert found["nav"].value == D("1.05") * D("0.975")
    assert float(found["sharpe"].value or 0) == pytest.approx(sharpe)
    assert (found["sharpe"].n, found["sharpe"].ddof, found["sharpe"].annualisation) == (5, 1, 252)
    assert found["sharpe"].risk_free == 0
    assert found["annualised_return"].status is Status.TOO_FEW
    assert (found["max_drawdown"].value, found["max_drawdown"].period) == (
        D("-0.025"), "2026-11-16/2026-11-17",
    )  # fmt: skip
    assert found["drawdown_recovery"].status is Status.NOT_RECOVERED
    assert found["exposure"].value == D("0.6")
    assert found["total_return"].period == "2026-11-16/2026-11-20"


def test_trades_by_hand(record: Record) -> None:
    found = figures(record, a_week(record), Window.WEEK)

    wanted = {
        "profit_factor": D(2), "payoff": D(2), "expectancy": D("16.67"), "average_win": D(100),
        "average_loss": D(-50), "longest_win_streak": D(1), "longest_loss_streak": D(1),
        "current_streak": D(0), "mean_holding": D(2), "median_holding": D(2),
    }  # fmt: skip
    assert {name: found[name].value for name in wanted} == wanted
    assert (round(found["accuracy"].low or 0, 4), round(found["accuracy"].high or 0, 4)) == (
        D("0.0615"), D("0.7923"),
    )  # fmt: skip
    assert found["mean_trade_return"].value == D("0.083333333333")
    assert found["mean_r"].status is Status.NO_STOPS


def test_the_figures_agree_with_the_board(record: Record) -> None:
    nora = a_week(record)
    record.trades(nora, "10-20 15:00", "10-28 15:00", "2.60")
    for window in (Window.ALL, Window.LAST_30D, Window.LAST_7D, Window.WEEK, Window.MONTH):
        standing = record.board(window, by=By.SHARPE).standings[0]
        found = figures(record, nora, window)
        assert found["total_return"].value == standing.return_, window
        assert float(found["sharpe"].value or 0) == pytest.approx(float(standing.sharpe or 0))
        assert found["accuracy"].value == standing.accuracy
        assert (found["sharpe"].n, found["accuracy"].n) == (standing.sessions, standing.closed)


def test_excursions_are_of_the_marks_on_the_way(record: Record) -> None:
    nora = record.trader("Nora")
    signal = record.opens(nora, "11-16 15:00")
    record.marks(CALL, "11-16 16:00", "1.00", "1.10")
    record.marks(CALL, "11-17 16:00", "4.00", "4.10")
    record.exits(signal, "11-18 15:00", "3.00")
    record.trades(nora, "11-18 16:00", "11-18 17:00", "2.50")
    found = figures(record, nora)

    assert (found["mae"].value, found["mfe"].value) == (D("-0.25"), (D(1) + D("0.25")) / 2)


def test_r_is_counted_where_a_stop_was_posted(record: Record) -> None:
    nora = record.trader("Nora")
    record.exits(record.opens(nora, "11-16 15:00", stop="1.50"), "11-16 16:00", "3.00")
    record.exits(record.opens(nora, "11-16 15:01", stop="1.00"), "11-16 16:01", "1.50")
    # This stop was meant for the underlying: it would fire at once.
    record.exits(record.opens(nora, "11-16 15:02", stop="240"), "11-16 16:02", "9.00")
    found = figures(record, nora)

    assert (found["mean_r"].value, found["mean_r"].n) == (D("0.75"), 2)


def test_r_keeps_the_stop_it_was_posted_with(record: Record) -> None:
    nora = record.trader("Nora")
    signal = record.opens(nora, "11-16 15:00", stop="1.00")
    signal.move_levels(stop=D("1.90"), targets=(), message=UUID(int=1),
                       posted_at=utc("11-16 15:30"), at=utc("11-16 15:30"))  # fmt: skip
    record.tape.save(signal)
    record.exits(signal, "11-16 16:00", "3.00")

    assert figures(record, nora)["mean_r"].value == D(1)


def test_the_money_weighted_return_counts_the_days_money_was_tied_up(record: Record) -> None:
    nora = record.trader("Nora")
    record.trades(nora, "10-05 15:00", "11-10 15:00", "2.20")
    found = figures(record, nora)

    assert float(found["xirr"].value or 0) == pytest.approx(1.1 ** (365 / 36) - 1)
    assert (found["xirr"].n, found["xirr"].unit) == (2, "ratio")


def test_what_was_sold_earlier_was_tied_up_shorter(record: Record) -> None:
    nora = record.trader("Nora")
    signal = record.opens(nora, "10-05 15:00", quantity="2")
    record.exits(signal, "10-15 15:00", "2.20")
    record.exits(signal, "11-10 15:00", "2.20")
    rate = float(figures(record, nora)["xirr"].value or 0)

    # 400 USD out; 220 back after 10 days, 220 after 36.
    worth = -400 + 220 * (1 + rate) ** (-10 / 365) + 220 * (1 + rate) ** (-36 / 365)
    assert worth == pytest.approx(0, abs=1e-6)


def test_a_sold_trade_ties_up_what_it_risks(record: Record) -> None:
    nora = record.trader("Nora")
    short = (Leg(symbol=CALL, side=Side.SELL),)
    signal = record.opens(nora, "10-05 15:00", legs=short, side=Side.SELL)
    record.exits(signal, "11-10 15:00", "1.00")
    found = figures(record, nora)

    # A fifth of the strike of 250 is 50 a share; 1.00 of it was earned.
    assert float(found["xirr"].value or 0) == pytest.approx((51 / 50) ** (365 / 36) - 1)


def test_open_losers_are_in_the_money_weighted_return_at_the_bid(record: Record) -> None:
    nora = record.trader("Nora")
    record.opens(nora, "10-05 15:00")
    record.marks(CALL, "11-10 15:00", "1.00", "1.10")
    found = figures(record, nora)

    assert float(found["xirr"].value or 0) == pytest.approx(0.5 ** (365 / 36) - 1)
    assert found["accuracy"].status is Status.TOO_FEW


def test_without_a_price_of_the_market_there_is_no_beta(record: Record) -> None:
    nora = a_week(record)

    assert figures(record, nora)["beta"].status is Status.NO_BENCHMARK
    with pytest.raises(InvalidInput, match="names no instrument"):
        figures(record, nora, benchmark="the market")


def days_of_trades(record: Record, days: int) -> UUID:
    """A trade a day, won and lost in turns, and the market's price at each close."""
    nora = record.trader("Nora")
    for number, day in enumerate(SESSIONS[:days]):
        at = f"{day:%m-%d}"
        record.trades(nora, f"{at} 15:00", f"{at} 16:00", "3.00" if number % 2 else "1.50")
        price = 600 + (number % 2) * 6
        record.marks("SPY", f"{at} 20:00", str(price), str(price))
    return nora


def test_the_market_s_own_marks_make_a_beta(record: Record) -> None:
    nora = days_of_trades(record, 30)
    found = figures(record, nora, at="11-11 22:00")

    beta, alpha = found["beta"], found["alpha"]
    assert (beta.n, beta.status, alpha.status) == (29, Status.OK, Status.OK)
    # 7.5 points of NAV lie between a won and a lost day, about 2 points between the market's.
    assert float(beta.value or 0) == pytest.approx(0.075 / (6 / 600 + 6 / 606), rel=1e-3)
    assert figures(record, nora, at="11-11 22:00", benchmark="BTC/USD")["beta"].status is (
        Status.NO_BENCHMARK
    )


def test_prices_of_the_underlying_beside_its_options_do_as_well(record: Record) -> None:
    nora = record.trader("Nora")
    for number, day in enumerate(SESSIONS[:30]):
        at = f"{day:%m-%d}"
        record.trades(nora, f"{at} 15:00", f"{at} 16:00", "3.00" if number % 2 else "1.50")
        record.marks("SPY   261218C00600000", f"{at} 20:00", "2.00", "2.10",
                     underlying=str(600 + (number % 2) * 6))  # fmt: skip
    beta = figures(record, nora, at="11-11 22:00")["beta"]

    assert (beta.n, beta.status) == (29, Status.OK)


def test_a_longer_record_has_all_the_tests_of_its_sharpe_ratio(record: Record) -> None:
    nora = days_of_trades(record, 30)
    found = figures(record, nora, at="11-11 22:00")

    for name in ("psr", "dsr", "minimum_track_record", "value_at_risk", "calmar", "alpha",
                 "exposure_adjusted_return", "conditional_value_at_risk"):  # fmt: skip
        assert found[name].status is Status.OK, name
    sharpe = found["sharpe"]
    assert sharpe.low is not None
    assert sharpe.high is not None
    assert sharpe.low < (sharpe.value or 0) < sharpe.high
    # One of one trader: nothing to deflate.
    assert found["dsr"].value == found["psr"].value


def test_the_risk_free_rate_is_taken_off_and_told(record: Record) -> None:
    nora = days_of_trades(record, 30)
    without = figures(record, nora, at="11-11 22:00")["sharpe"]
    found = figures(record, nora, at="11-11 22:00", risk_free="0.05")["sharpe"]

    assert found.risk_free == D("0.05")
    assert (found.value or 0) < (without.value or 0)
    with pytest.raises(InvalidInput, match="above -1"):
        figures(record, nora, risk_free="-1")


def test_figures_are_as_they_were_known(record: Record) -> None:
    nora = a_week(record)
    before = figures(record, nora)
    head = max(seen for (seen,) in record.tape.current("positions", "valid_from"))
    record.trades(nora, "11-17 15:30", "11-17 16:30", "9.00")

    assert figures(record, nora) != before
    assert figures(record, nora, as_of=head) == before


def test_hours_have_trades_and_no_days(record: Record) -> None:
    nora = a_week(record)
    found = figures(record, nora, Window.LAST_24H, "11-18 18:30")

    assert (found["accuracy"].n, found["expectancy"].value) == (1, D(0))
    assert (found["sharpe"].status, found["sharpe"].n) == (Status.TOO_FEW, 0)


def test_the_same_record_gives_the_same_figures(record: Record) -> None:
    nora = days_of_trades(record, 30)

    assert figures(record, nora) == figures(record, nora)
