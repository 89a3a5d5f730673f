"""Assessments: what a portfolio comes to at its quotes, limit by limit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.risk_assessment import Assessment, Unpriced, added_by
from domain.risk_events import LimitKind, Scope, State
from domain.risk_exposure import Group, Sums
from tests.domain.portfolios import AAPL, MSFT, NOON, TSLA, WIDE, at_quote, greeks, held, weigh

D = Decimal
SHARE = "NVDA"
VERTICAL = "+1 TSLA  261218C00250000|-1 TSLA  261218C00260000"
LOWER, HIGHER = "TSLA  261218C00250000", "TSLA  261218C00260000"


def state(
    found: Assessment, limit: LimitKind, scope: Scope = Scope.PORTFOLIO, of: str = ""
) -> State:
    line = found.line(limit, scope, of)
    assert line is not None
    return line.state


def used(
    found: Assessment, limit: LimitKind, scope: Scope = Scope.PORTFOLIO, of: str = ""
) -> Decimal:
    line = found.line(limit, scope, of)
    assert line is not None
    return line.used


class TestGreeks:
    def worked_example(self) -> Assessment:
        return weigh(
            held(AAPL, 9), held(TSLA, 5), held(MSFT, 7),
            prices=[
                at_quote(AAPL, "5.40", "5.60", **greeks(0.68, 0.03, 0.15)),
                at_quote(TSLA, "7.90", "8.10", **greeks(-0.45, 0.02, 0.12)),
                at_quote(MSFT, "9.00", "9.20", **greeks(0.52, 0.02, 0.10)),
            ],
        )  # fmt: skip

    def test_the_worked_example_is_exact(self) -> None:
        total = self.worked_example().exposures.total
        assert total.contracts == Sums(D("7.51"), D("0.51"), D(0), D("2.65"))
        assert total.shares == Sums(D(751), D(51), D(0), D(265))
        assert total.is_complete

    def test_its_limits_are_told_in_contract_units(self) -> None:
        found = self.worked_example()
        assert [used(found, one) for one in (LimitKind.DELTA, LimitKind.GAMMA, LimitKind.VEGA)] == [
            D("7.51"), D("0.51"), D("2.65"),
        ]  # fmt: skip

    def test_it_is_summed_by_underlying_sector_and_expiry(self) -> None:
        exposures = self.worked_example().exposures
        by_name = {one.name: one.contracts.delta for one in exposures.by(Group.UNDERLYING)}
        assert by_name == {"AAPL": D("6.12"), "MSFT": D("3.64"), "TSLA": D("-2.25")}
        by_sector = {one.name: one.contracts.vega for one in exposures.by(Group.SECTOR)}
        assert by_sector == {
            "consumer discretionary": D("0.6"),
            "information technology": D("2.05"),
        }
        (expiry,) = exposures.by(Group.EXPIRY)
        assert (expiry.name, expiry.legs) == (date(2026, 12, 18).isoformat(), 3)
        assert exposures.by(Group.TOTAL) == [exposures.total]

    def test_a_hundred_shares_are_one_contract_of_delta_one(self) -> None:
        shares = at_quote(SHARE, "99", "101", **greeks(1.0, spot=100.0))
        found = weigh(held(SHARE, 250, "100"), prices=[shares])
        assert found.exposures.total.contracts.delta == D("2.5")
        assert found.exposures.total.shares.delta == 250
        assert found.exposures.total.dollars.delta == 25_000
        assert [one.name for one in found.exposures.by(Group.EXPIRY)] == ["none"]

    def test_the_legs_of_a_spread_count_with_their_own_sides(self) -> None:
        prices = [
            at_quote(LOWER, "11.90", "12.10", **greeks(0.55)),
            at_quote(HIGHER, "7.90", "8.10", **greeks(0.40)),
        ]
        bought = weigh(held(VERTICAL, 10, "4"), prices=prices)
        sold = weigh(held(VERTICAL, -10, "4"), prices=prices)
        assert bought.exposures.total.contracts.delta == D("1.5")
        assert sold.exposures.total.contracts.delta == D("-1.5")

    @pytest.mark.parametrize(
        ("limit", "figure"),
        [("delta_usd", "12500"), ("gamma_usd", "1250"), ("vega_usd", "20"), ("theta_usd", "10")],
    )
    def test_limits_in_dollars_hold_where_they_are_set(self, limit: str, figure: str) -> None:
        call = at_quote(AAPL, "5", "5.1", **greeks(0.5, 0.02, 0.2, theta=-0.1))
        at_it = weigh(held(AAPL, 1), prices=[call], limits=replace(WIDE, **{limit: D(figure)}))
        beyond = replace(WIDE, **{limit: D(figure) - 1})
        assert state(at_it, LimitKind(limit)) is State.WARNING
        assert state(weigh(held(AAPL, 1), prices=[call], limits=beyond), LimitKind(limit)) is (
            State.BREACH
        )
        assert weigh(held(AAPL, 1), prices=[call]).line(LimitKind(limit)) is None

    def test_a_limit_bounds_what_is_short_as_well(self) -> None:
        put = at_quote(TSLA, "7.90", "8.10", **greeks(-0.45))
        found = weigh(held(TSLA, 20), prices=[put], limits=replace(WIDE, delta=D(8)))
        line = found.line(LimitKind.DELTA)
        assert line is not None
        assert (line.figure, line.used, line.state) == (D(-9), D(9), State.BREACH)


class TestMoney:
    def test_value_is_what_closing_would_bring_never_the_mid(self) -> None:
        call = at_quote(AAPL, "5.40", "5.60", **greeks(0.5))
        assert weigh(held(AAPL, 10), prices=[call], cash="1000").equity == 1_000 + 5_400
        assert weigh(held(AAPL, -10), prices=[call], cash="9000").equity == 9_000 - 5_600

    def test_a_long_position_stakes_its_value(self) -> None:
        call = at_quote(AAPL, "5.40", "5.60", **greeks(0.5))
        assert weigh(held(AAPL, 10), prices=[call]).at_stake == 5_400

    def test_a_short_contract_stakes_a_fifth_of_its_strike_not_its_premium(self) -> None:
        put = at_quote(TSLA, "0.40", "0.50", **greeks(-0.05))
        assert weigh(held(TSLA, -2, "0.45"), prices=[put]).at_stake == 2 * 100 * 50

    def test_a_spread_stakes_what_it_can_still_lose(self) -> None:
        prices = [at_quote(LOWER, "11.90", "12.10"), at_quote(HIGHER, "7.90", "8.10")]
        assert weigh(held(VERTICAL, 1, "4"), prices=prices).at_stake == 380
        assert weigh(held(VERTICAL, -1, "4"), prices=prices).at_stake == 1_000 - 420

    def test_what_has_no_quote_counts_at_its_cost_and_is_told(self) -> None:
        found = weigh(held(AAPL, 10, "5"), prices=[], cash="1000")
        assert (found.equity, found.at_stake) == (D(6_000), D(5_000))
        assert found.unpriced == (Unpriced(AAPL, "no quote"),)
        line = found.line(LimitKind.SYMBOL_SHARE, Scope.SYMBOL, "AAPL")
        assert line is not None
        assert not line.complete
        assert not found.exposures.total.is_complete

    @pytest.mark.parametrize(
        ("bid", "offer", "age_s", "why"),
        [
            ("5", "5.1", 61, "its quote is 61 s old; 60 s are allowed"),
            ("5.2", "5.1", 1, "crossed or without an offer: 5.2 x 5.1"),
            ("0", "0", 1, "crossed or without an offer: 0 x 0"),
        ],
    )
    def test_a_quote_that_proves_nothing_is_none(
        self, bid: str, offer: str, age_s: int, why: str
    ) -> None:
        call = at_quote(AAPL, bid, offer, age_s=age_s, **greeks(0.5))
        found = weigh(held(AAPL, 10, "5"), prices=[call])
        assert found.unpriced == (Unpriced(AAPL, why),)
        assert found.at_stake == 5_000

    def test_missing_greeks_are_told_with_their_reason(self) -> None:
        call = at_quote(AAPL, "5", "5.1", why="no quote of AAPL")
        found = weigh(held(AAPL, 10), prices=[call])
        assert found.unpriced == (Unpriced(AAPL, "no quote of AAPL"),)
        assert (found.equity, found.exposures.total.known) == (D(105_000), 0)


class TestConcentration:
    def test_a_symbol_may_take_a_quarter_and_a_sector_three_quarters(self) -> None:
        """Of 40,000 USD, 10,000 in NVDA are allowed; with 10,100 the quarter is passed."""
        limits = replace(WIDE, symbol_share=D("0.25"), sector_share=D("0.75"))
        shares = at_quote(SHARE, "100", "100.1", **greeks(1.0))
        at_it = weigh(held(SHARE, 100, "100"), prices=[shares], limits=limits, cash="30000")
        assert state(at_it, LimitKind.SYMBOL_SHARE, Scope.SYMBOL, SHARE) is State.WARNING
        beyond = weigh(held(SHARE, 101, "100"), prices=[shares], limits=limits, cash="29900")
        line = beyond.line(LimitKind.SYMBOL_SHARE, Scope.SYMBOL, SHARE)
        assert line is not None
        assert (line.used, line.allowed, line.share) == (D(10_100), D(10_000), D("1.01"))
        assert line.state is State.BREACH
        sector = beyond.line(LimitKind.SECTOR_SHARE, Scope.SECTOR, "information technology")
        assert sector is not None
        assert (sector.used, sector.allowed, sector.state) == (D(10_100), D(30_000), State.OK)

    def test_options_and_shares_of_a_company_are_one_symbol(self) -> None:
        prices = [at_quote("AAPL", "230", "230.1", **greeks(1.0)), at_quote(AAPL, "5", "5.1")]
        found = weigh(held("AAPL", 10, "230"), held(AAPL, 2), prices=prices)
        assert used(found, LimitKind.SYMBOL_SHARE, Scope.SYMBOL, "AAPL") == 3_300

    def test_without_equity_everything_is_too_much(self) -> None:
        shares = at_quote(SHARE, "100", "100.1", **greeks(1.0))
        found = weigh(held(SHARE, 10, "100"), prices=[shares], cash="-2000")
        assert found.equity == -1_000
        assert state(found, LimitKind.SYMBOL_SHARE, Scope.SYMBOL, SHARE) is State.BREACH
        assert state(found, LimitKind.BUYING_POWER) is State.BREACH


class TestCounts:
    @pytest.mark.parametrize(
        ("trades", "stands"),
        [(17, State.OK), (18, State.WARNING), (19, State.WARNING), (20, State.BREACH)],
    )
    def test_the_twentieth_trade_is_the_last(self, trades: int, stands: State) -> None:
        assert state(weigh(prices=[], trades_today=trades), LimitKind.DAILY_TRADES) is stands

    def test_open_positions_are_counted(self) -> None:
        limits = replace(WIDE, open_positions=2)
        prices = [at_quote(AAPL, "5", "5.1"), at_quote(MSFT, "9", "9.1")]
        found = weigh(held(AAPL, 1), held(MSFT, 1), prices=prices, limits=limits)
        assert state(found, LimitKind.OPEN_POSITIONS) is State.BREACH
        assert [(cut.symbol, cut.after) for cut in found.suggestions] == [(AAPL, D(1))]

    def test_buying_power_is_what_the_broker_leaves_or_what_is_not_at_stake(self) -> None:
        call = at_quote(AAPL, "5.00", "5.10", **greeks(0.5))
        own = weigh(held(AAPL, 10), prices=[call], cash="1000")
        assert (used(own, LimitKind.BUYING_POWER), state(own, LimitKind.BUYING_POWER)) == (
            D(5_000), State.OK,
        )  # fmt: skip
        told = weigh(held(AAPL, 10), prices=[call], cash="1000", buying_power=D(0))
        assert state(told, LimitKind.BUYING_POWER) is State.BREACH
        more = weigh(held(AAPL, 10), prices=[call], cash="1000", buying_power=D(24_000))
        assert used(more, LimitKind.BUYING_POWER) == 0


class TestDrawdown:
    LIMITS = replace(WIDE, drawdown_halt=D("0.20"))

    @pytest.mark.parametrize(
        ("cash", "stands"),
        [("120000", State.OK), ("98500", State.OK), ("98400", State.WARNING),
         ("96000", State.BREACH)],
    )  # fmt: skip
    def test_it_is_measured_from_the_highest_equity(self, cash: str, stands: State) -> None:
        found = weigh(prices=[], limits=self.LIMITS, cash=cash, peak="20000")
        assert state(found, LimitKind.DRAWDOWN) is stands

    def test_what_is_paid_out_is_no_loss(self) -> None:
        found = weigh(prices=[], limits=self.LIMITS, cash="70000", paid_in="50000", peak="20000")
        assert used(found, LimitKind.DRAWDOWN) == 0

    def test_without_a_limit_there_is_no_line(self) -> None:
        assert weigh(prices=[], cash="1", peak="20000").line(LimitKind.DRAWDOWN) is None


def test_a_finding_names_what_weighs_most_and_the_quotes_it_rests_on() -> None:
    limits = replace(WIDE, delta=D(7))
    prices = [
        at_quote(AAPL, "5.40", "5.60", **greeks(0.68)),
        at_quote(TSLA, "7.90", "8.10", **greeks(-0.45)),
        at_quote(MSFT, "9.00", "9.20", **greeks(0.52)),
    ]
    found = weigh(
        held(MSFT, 7, name="m"), held(TSLA, 5, name="t"), held(AAPL, 9, name="a"),
        prices=prices, limits=limits,
    )  # fmt: skip
    finding = next(one for one in found.findings if one.line.limit is LimitKind.DELTA)
    assert finding.positions == ("a", "m")
    assert [quote.symbol for quote in finding.quotes] == [AAPL, MSFT]
    assert found.state is State.BREACH
    assert found.lines[0].limit is LimitKind.DELTA


def test_an_empty_account_is_fine() -> None:
    found = weigh(prices=[])
    assert (found.state, found.equity, found.suggestions) == (State.OK, D(100_000), ())
    assert found.exposures.by(Group.UNDERLYING) == []


def test_what_an_entry_adds_is_known_with_its_greeks_or_not_at_all() -> None:
    """Ten verticals of 0.55 and 0.40 sold take 1.5 off the delta, 37,500 USD at 250."""
    prices = {
        LOWER: at_quote(LOWER, "11.90", "12.10", **greeks(0.55, 0.02, 0.3)),
        HIGHER: at_quote(HIGHER, "7.90", "8.10", **greeks(0.40, 0.01, 0.2)),
    }
    adds = added_by(VERTICAL, D(-10), prices, quote_age_s=60, at=NOON)
    assert adds == {
        LimitKind.DELTA: D("-1.5"), LimitKind.GAMMA: D("-0.1"), LimitKind.VEGA: D(-1),
        LimitKind.DELTA_USD: D(-37_500), LimitKind.GAMMA_USD: D(-6_250),
        LimitKind.VEGA_USD: D(-100), LimitKind.THETA_USD: D(0),
    }  # fmt: skip
    assert set(adds) == {limit for limit in LimitKind if limit.has_sides}
    del prices[HIGHER]
    assert added_by(VERTICAL, D(-10), prices, quote_age_s=60, at=NOON) == {}
