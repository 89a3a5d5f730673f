"""At which price, and how much of it, an order trades."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.fix import OrdStatus, Side, TimeInForce
from domain.legs import Leg
from domain.matching.rules import Rules
from domain.reports import ExecType
from tests.domain.matching.given import (
    CALL,
    CLOSE,
    HIGHER,
    NOON,
    SHARE,
    TODAY,
    D,
    engine,
    fills,
    holding,
    kinds,
    order,
    quote,
    why_not,
)

VERTICAL = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL))
REVERSED = (Leg(symbol=CALL, side=Side.SELL), Leg(symbol=HIGHER, side=Side.BUY))
QUOTED = quote(SHARE, "100.00", "100.20")


class TestFarSide:
    def test_a_purchase_pays_the_offer(self) -> None:
        assert fills(engine().take(order("a"), [QUOTED], NOON)) == [(D(10), D("100.20"))]

    def test_a_sale_gets_the_bid(self) -> None:
        sale = order("b", Side.SELL, closing=True)
        assert fills(holding().take(sale, [QUOTED], NOON)) == [(D(10), D("100.00"))]

    def test_a_limit_inside_the_quote_waits(self) -> None:
        made = engine()
        assert kinds(made.take(order("a", limit="100.10"), [QUOTED], NOON)) == ["new"]
        assert fills(made.look([quote(SHARE, "99.90", "100.05", 1)])) == [(D(10), D("100.05"))]

    def test_a_better_market_than_the_limit_is_taken_as_it_is(self) -> None:
        assert fills(engine().take(order("a", limit="105"), [QUOTED], NOON))[0][1] == D("100.20")

    def test_legs_trade_at_the_net_of_their_far_sides(self) -> None:
        shown = [quote(CALL, "5.40", "5.50"), quote(HIGHER, "2.20", "2.30")]
        bought = engine().take(order("a", legs=VERTICAL), shown, NOON)
        sold = engine().take(order("a", Side.SELL, legs=REVERSED), shown, NOON)
        assert (fills(bought), fills(sold)) == ([(D(10), D("3.30"))], [(D(10), D("3.10"))])
        assert [(leg.symbol, leg.last_px) for leg in bought[-1].legs] == [
            (CALL, D("5.50")), (HIGHER, D("2.20")),
        ]  # fmt: skip

    def test_a_wing_without_a_bid_is_given_away_with_the_rest(self) -> None:
        made = engine()
        opening = [quote(CALL, "5.40", "5.50"), quote(HIGHER, "2.20", "2.30")]
        made.take(order("a", Side.SELL, legs=REVERSED), opening, NOON)
        later = [quote(CALL, "0.05", "0.10", 1), quote(HIGHER, "0", "0.05", 1, bid_size=0)]
        closing = made.take(order("b", legs=VERTICAL, closing=True), later, NOON)
        assert fills(closing) == [(D(10), D("0.10"))]

    def test_nobody_pays_to_be_rid_of_a_spread(self) -> None:
        shown = [quote(CALL, "1.00", "1.40"), quote(HIGHER, "0.90", "1.20")]
        made = engine()
        made.take(order("a", legs=VERTICAL), shown, NOON)
        worse = [quote(CALL, "0.90", "1.00", 1), quote(HIGHER, "0.90", "1.00", 1)]
        closing = order("b", Side.SELL, legs=REVERSED, closing=True)
        assert kinds(made.take(closing, worse, NOON)) == ["new"]


class TestSize:
    def test_no_more_trades_than_is_quoted(self) -> None:
        made = engine()
        (fill,) = made.take(order("a"), [quote(SHARE, "1", "2", offer_size=4)], NOON)[1:]
        assert (fill.last_qty, fill.cum_qty, fill.leaves_qty) == (D(4), D(4), D(6))
        assert made.orders["a"].status is OrdStatus.PARTIALLY_FILLED

    def test_two_orders_share_one_quote(self) -> None:
        made, shown = engine(), quote(SHARE, "1", "2", offer_size=4)
        made.take(order("a", quantity="3"), [shown], NOON)
        assert fills(made.take(order("b", quantity="3"), [shown], NOON)) == [(D(1), D(2))]
        assert fills(made.look([shown])) == []

    def test_another_quote_has_another_size(self) -> None:
        made = engine()
        made.take(order("a"), [quote(SHARE, "1", "2", offer_size=4)], NOON)
        again = made.look([quote(SHARE, "1", "2", 1, offer_size=4)])
        assert fills(again) == [(D(4), D(2))]

    def test_the_older_order_comes_first(self) -> None:
        made = engine()
        for name in ("a", "b"):
            made.take(order(name, limit="2"), [quote(SHARE, "2", "3")], NOON)
        reports = made.look([quote(SHARE, "1", "2", 1, offer_size=12)])
        assert [(r.cl_ord_id, r.last_qty) for r in reports] == [("a", D(10)), ("b", D(2))]

    def test_the_leg_of_which_least_is_left_decides(self) -> None:
        legs = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL, ratio=2))
        shown = [quote(CALL, "9", "9.5", offer_size=50), quote(HIGHER, "2", "2.1", bid_size=7)]
        made = engine(cash="1000000")
        assert fills(made.take(order("a", legs=legs), shown, NOON)) == [(D(3), D("5.5"))]

    def test_a_quote_that_is_late_says_nothing(self) -> None:
        made = engine()
        made.take(order("a", limit="2"), [quote(SHARE, "2", "3", 5)], NOON)
        assert made.look([quote(SHARE, "1", "2", 4)]) == []

    def test_an_order_does_not_look_at_what_was_before_it(self) -> None:
        made = engine()
        made.take(order("a", limit="2"), [], NOON + timedelta(seconds=9))
        assert made.look([quote(SHARE, "1", "2", 4)]) == []


class TestStops:
    def test_a_sale_waits_for_the_bid(self) -> None:
        made = holding()
        made.take(order("s", Side.SELL, closing=True, stop="95"), [], NOON)
        assert made.look([quote(SHARE, "95.01", "95.50", 1)]) == []
        reports = made.look([quote(SHARE, "95", "95.50", 2)])
        assert (kinds(reports), fills(reports)) == (["triggered", "trade"], [(D(10), D(95))])
        assert reports[-1].text == ""

    def test_a_purchase_waits_for_the_offer(self) -> None:
        made = engine()
        made.take(order("s", stop="105"), [QUOTED], NOON)
        assert made.look([quote(SHARE, "104", "104.99", 1)]) == []
        assert kinds(made.look([quote(SHARE, "104", "105", 2)])) == ["triggered", "trade"]

    def test_a_gap_is_filled_at_the_market_and_said(self) -> None:
        made = holding()
        made.take(order("s", Side.SELL, closing=True, stop="95"), [], NOON)
        triggered, fill = made.look([quote(SHARE, "90", "91", 1)])
        assert triggered.text == "the bid 90 went through the stop 95"
        assert (fill.last_px, fill.text) == (
            D(90), "gapped through the stop 95: filled at the market, 90",
        )  # fmt: skip

    def test_a_stop_limit_is_a_limit_from_then_on(self) -> None:
        made = holding()
        made.take(order("s", Side.SELL, closing=True, stop="95", limit="94"), [], NOON)
        assert kinds(made.look([quote(SHARE, "90", "91", 1)])) == ["triggered"]
        assert fills(made.look([quote(SHARE, "96", "97", 2)])) == [(D(10), D(96))]

    def test_it_triggers_once(self) -> None:
        made = holding()
        made.take(order("s", Side.SELL, closing=True, stop="95"), [], NOON)
        made.look([quote(SHARE, "94", "95", 1, bid_size=4)])
        assert kinds(made.look([quote(SHARE, "97", "98", 2)])) == ["trade"]


class TestSlippage:
    def test_ticks_are_paid_on_top(self) -> None:
        rules = Rules(slippage_ticks=2)
        assert fills(engine(rules=rules).take(order("a"), [QUOTED], NOON))[0][1] == D("100.22")

    def test_basis_points_are_whole_ticks_against_us(self) -> None:
        rules = Rules(slippage_bps=D("1.5"))
        assert fills(engine(rules=rules).take(order("a"), [QUOTED], NOON))[0][1] == D("100.22")

    def test_a_limit_is_kept(self) -> None:
        rules = Rules(slippage_ticks=5)
        reports = engine(rules=rules).take(order("a", limit="100.21"), [QUOTED], NOON)
        assert fills(reports)[0][1] == D("100.21")

    def test_the_limit_of_a_spread_is_kept(self) -> None:
        shown = [quote(CALL, "5.40", "5.50"), quote(HIGHER, "2.20", "2.30")]
        made = engine(rules=Rules(slippage_ticks=2))
        assert fills(made.take(order("a", legs=VERTICAL, limit="3.32"), shown, NOON))[0][1] == D(
            "3.32"
        )

    def test_a_sale_is_never_for_less_than_nothing(self) -> None:
        made = holding(rules=Rules(slippage_ticks=5))
        sale = order("b", Side.SELL, closing=True)
        assert fills(made.take(sale, [quote(SHARE, "0.03", "0.05", 1)], NOON))[0][1] == 0


class TestTime:
    def test_a_day_order_ends_with_its_day(self) -> None:
        made = engine()
        made.take(order("a", limit="50"), [QUOTED], NOON)
        (ended,) = made.end_of_day(TODAY, CLOSE)
        assert (ended.exec_type, ended.leaves_qty) == (ExecType.EXPIRED, D(0))
        assert made.book.buying_power == D(100_000)

    def test_one_that_is_good_till_canceled_stays(self) -> None:
        made = engine()
        made.take(order("a", limit="50", lasts=TimeInForce.GTC), [QUOTED], NOON)
        assert made.end_of_day(TODAY, CLOSE) == []
        assert [o.cl_ord_id for o in made.resting()] == ["a"]

    def test_a_closed_market_trades_nothing(self) -> None:
        made = engine()
        made.take(order("a", limit="101"), [QUOTED], NOON, is_open=False)
        assert made.look([quote(SHARE, "99", "100", 1)], is_open=False) == []
        assert fills(made.look([quote(SHARE, "99", "100", 2)])) == [(D(10), D(100))]

    def test_a_market_order_may_wait_for_the_open(self) -> None:
        made = engine(rules=Rules(waits_for_the_open=True))
        assert kinds(made.take(order("a"), [QUOTED], NOON, is_open=False)) == ["new"]
        assert kinds(made.look([quote(SHARE, "99", "100", 2)])) == ["trade"]

    def test_pairs_trade_at_any_hour(self) -> None:
        made = engine()
        coin = order("a", symbol="BTC/USD", quantity="0.5")
        reports = made.take(coin, [quote("BTC/USD", "100", "101")], NOON, is_open=False)
        assert fills(reports) == [(D("0.5"), D(101))]


class TestCancelAndReplace:
    def test_what_is_canceled_gives_its_money_back(self) -> None:
        made = engine()
        made.take(order("a", limit="50"), [QUOTED], NOON)
        assert made.book.buying_power == D(99_500)
        assert kinds(made.cancel("a", NOON)) == ["canceled"]
        assert made.book.buying_power == D(100_000)

    def test_other_terms_trade_at_once_if_they_can(self) -> None:
        made = engine()
        made.take(order("a", limit="50"), [QUOTED], NOON)
        terms = order("-", limit="101", quantity="12")
        assert kinds(made.replace("a", terms, NOON)) == ["replaced", "trade"]
        assert made.book.quantity(SHARE) == 12

    @pytest.mark.parametrize(
        ("terms", "why"),
        [
            (order("-", limit="50", quantity="4"), "4 of it have traded already"),
            (order("-", limit="50"), "these are the order's terms already"),
            (order("-", limit="50", quantity="999999"), "buying power"),
            (order("-", limit="50", stop="3"), "a limit order has no stop price"),
        ],
    )
    def test_terms_that_cannot_be_leave_it_as_it_is(self, terms: object, why: str) -> None:
        made = engine()
        made.take(order("a", limit="50"), [quote(SHARE, "49", "50", offer_size=4)], NOON)
        before = made.book.buying_power
        assert why in why_not(made.replace("a", terms, NOON))  # type: ignore[arg-type]
        assert (made.orders["a"].order_qty, made.book.buying_power) == (D(10), before)

    def test_nobody_takes_back_what_is_done_or_unknown(self) -> None:
        made = holding()
        assert why_not(made.cancel("held", NOON)) == "the order is filled already"
        assert why_not(made.cancel("x", NOON)) == "there is no order x"
        assert "filled already" in why_not(made.replace("held", order("-", limit="1"), NOON))


def test_the_same_calls_say_the_same() -> None:
    def told() -> list[object]:
        made = engine()
        first = made.take(order("a"), [quote(SHARE, "1", "2", offer_size=4)], NOON)
        return [*first, *made.look([quote(SHARE, "1", "2", 1)])]

    assert told() == told()


def test_a_name_is_used_once() -> None:
    made = holding()
    assert why_not(made.take(order("held"), [], NOON)) == "held is the name of another order"
    assert made.book.quantity(SHARE) == 10
