"""What an order may not do, what it costs, and what becomes of what is held."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from application.brokerage import OrderTicket
from domain.fix import OrdType, Side
from domain.instruments import instrument
from domain.legs import Leg
from domain.market import Quote
from domain.matching.book import EntryKind
from domain.matching.fees import Fees
from domain.matching.rules import Rules
from tests.domain.matching.given import (
    CALL,
    CLOSE,
    FRIDAY,
    HIGHER,
    INDEX_CALL,
    LOWER_PUT,
    NOON,
    PUT,
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

QUOTED = quote(SHARE, "100.00", "100.20")
CALL_QUOTED = quote(CALL, "5.40", "5.50")


def refused(ticket: OrderTicket, *shown: Quote, rules: Rules | None = None) -> str:
    made = engine(rules=rules or Rules())
    return why_not(made.take(ticket, shown or (QUOTED, CALL_QUOTED), NOON))


class TestRefusals:
    def test_a_market_order_without_a_quote(self) -> None:
        made = engine()
        assert why_not(made.take(order("a"), [], NOON)) == "there is no quote of AAPL"

    def test_a_market_order_by_a_stale_quote(self) -> None:
        late = NOON + timedelta(seconds=901)
        words = "the quote of AAPL is 901 seconds old, over 900"
        assert why_not(engine().take(order("a"), [QUOTED], late)) == words

    def test_a_market_order_by_a_crossed_quote(self) -> None:
        assert "crossed or has no offer: 5 x 4" in refused(order("a"), quote(SHARE, "5", "4"))

    def test_a_sale_that_nobody_bids_for(self) -> None:
        made = holding()
        sale = order("b", Side.SELL, closing=True)
        words = why_not(made.take(sale, [quote(SHARE, "0", "0.05", 1)], NOON))
        assert words == "nobody bids for AAPL"

    def test_a_market_order_in_a_closed_market(self) -> None:
        made = engine()
        assert why_not(made.take(order("a"), [QUOTED], NOON, is_open=False)) == (
            "the market is closed"
        )

    def test_what_cannot_be_paid(self) -> None:
        words = refused(order("a", quantity="1000"))
        assert words == "it takes 100200.00 of buying power and the account has 100000.00"

    def test_what_resting_orders_hold_back(self) -> None:
        made = engine()
        made.take(order("a", quantity="900", limit="100"), [QUOTED], NOON)
        words = why_not(made.take(order("b", quantity="200", limit="99"), [QUOTED], NOON))
        assert words == "it takes 19800.00 of buying power and the account has 10000.00"

    def test_more_than_is_held(self) -> None:
        made = holding()
        words = why_not(made.take(order("b", Side.SELL, quantity="11", closing=True), [], NOON))
        assert words == "11 of AAPL cannot be closed: 10 is held"

    def test_what_another_order_sells_already(self) -> None:
        made = holding()
        made.take(order("b", Side.SELL, quantity="8", closing=True, limit="200"), [], NOON)
        words = why_not(made.take(order("c", Side.SELL, quantity="3", closing=True), [], NOON))
        assert words == "3 of AAPL cannot be closed: 10 is held, 8 of it in other orders"

    def test_short_shares_where_they_are_not_allowed(self) -> None:
        words = refused(order("a", Side.SELL), rules=Rules(short_shares=False))
        assert words == "the account may not sell AAPL short"

    @pytest.mark.parametrize(
        ("ticket", "why"),
        [
            (order("a", quantity="0"), "the quantity has to be above zero, not 0"),
            (order("a", symbol=CALL, quantity="1.5"), "contracts are traded whole, not 1.5"),
            (order("a", limit="-1"), "the price has to be above zero, not -1"),
            (order("a", symbol=CALL, stop_loss="4"), "a bracket is for shares only"),
            (
                order("a", Side.SELL, closing=True, stop_loss="4"),
                "a bracket guards what an order opens, and this one closes",
            ),
            (
                order("a", stop_loss="110", take_profit="90"),
                "the bracket's target 90 and stop 110 are the wrong way round",
            ),
            (
                order("a", limit="100", stop_loss="101"),
                "the bracket's stop 101 is not on the losing side of 100",
            ),
            (
                order("a", limit="100", take_profit="99"),
                "the bracket's target 99 is not on the winning side of 100",
            ),
            (
                order(
                    "a", legs=(Leg(symbol=CALL, side=Side.SELL), Leg(symbol="TSLA", side=Side.BUY))
                ),
                "a trade needs legs of one multiplier: options, or shares, not both",
            ),
        ],
    )
    def test_what_cannot_be_an_order(self, ticket: OrderTicket, why: str) -> None:
        assert refused(ticket) == why

    def test_a_limit_order_names_its_limit(self) -> None:
        nameless = replace(order("a"), ord_type=OrdType.LIMIT)
        assert refused(nameless) == "a limit order has a limit price"
        unstopped = replace(order("a", stop="5"), ord_type=OrdType.MARKET)
        assert refused(unstopped) == "a market order has no stop price"

    def test_a_market_that_runs_away_ends_what_cannot_be_paid_any_more(self) -> None:
        made = engine(cash="1000")
        made.take(order("a"), [quote(SHARE, "99", "100", offer_size=5)], NOON)
        (ended,) = made.look([quote(SHARE, "150", "151", 1)])
        assert kinds([ended]) == ["canceled"]
        assert ended.text == "it takes 755.00 of buying power and the account has 500.00"


class TestBuyingPower:
    def test_a_credit_spread_ties_up_what_it_can_lose(self) -> None:
        legs = (Leg(symbol=PUT, side=Side.SELL), Leg(symbol=LOWER_PUT, side=Side.BUY))
        shown = [quote(PUT, "5.00", "5.10"), quote(LOWER_PUT, "2.00", "2.10")]
        made = engine()
        assert fills(made.take(order("a", Side.SELL, legs=legs), shown, NOON))[0][1] == D("2.90")
        assert made.book.cash == D(102_900)
        assert made.book.buying_power == D(100_000) - 10 * 100 * (D(10) - D("2.90"))

    def test_a_covered_call_ties_up_nothing(self) -> None:
        made = engine()
        made.take(order("a", symbol="TSLA", quantity="100"), [quote("TSLA", "249", "250")], NOON)
        made.take(order("b", Side.SELL, CALL, quantity="1"), [CALL_QUOTED], NOON)
        assert made.book.tied_up == 0

    def test_a_naked_call_ties_up_a_fifth_of_its_strike(self) -> None:
        made = engine()
        made.take(order("b", Side.SELL, CALL, quantity="1"), [CALL_QUOTED], NOON)
        assert made.book.buying_power == D(100_000) - D("0.20") * 250 * 100

    def test_short_shares_tie_up_their_price(self) -> None:
        made = engine()
        made.take(order("a", Side.SELL), [QUOTED], NOON)
        assert (made.book.cash, made.book.buying_power) == (D(101_000), D(99_000))

    def test_a_bought_contract_covers_none_that_lives_longer(self) -> None:
        later = "TSLA  261218C00250000"
        legs = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=later, side=Side.SELL))
        made = engine()
        shown = [CALL_QUOTED, quote(later, "9.00", "9.10")]
        made.take(order("a", Side.SELL, legs=legs, quantity="1"), shown, NOON)
        assert made.book.tied_up == D("0.20") * 250 * 100 + 900


class TestCosts:
    def test_each_contract_of_each_leg_costs_the_same(self) -> None:
        legs = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL, ratio=2))
        shown = [CALL_QUOTED, quote(HIGHER, "2.20", "2.30")]
        (_, fill) = engine(rules=Rules()).take(order("a", legs=legs, quantity="3"), shown, NOON)
        assert fill.commission == D("6.30")

    def test_shares_cost_what_was_agreed(self) -> None:
        rules = Rules(commission_per_share=D("0.005"))
        (_, fill) = engine(rules=rules).take(order("a", quantity="100"), [QUOTED], NOON)
        assert fill.commission == D("0.50")

    def test_nine_contracts_cost_what_the_worked_example_says(self) -> None:
        made = engine(cash="50000", rules=Rules())
        made.take(order("a", symbol=CALL, quantity="9"), [quote(CALL, "5.50", "5.52")], NOON)
        assert D(50_000) - made.book.cash == D("4974.30")

    def test_the_fees_of_a_day_are_charged_at_its_end_each_rounded_up(self) -> None:
        made = holding("100", rules=Rules())
        for place in (1, 2):
            sale = order(f"s{place}", Side.SELL, quantity="50", closing=True)
            made.take(sale, [quote(SHARE, "100", "100.20", place)], NOON)
        assert made.book.cash == D(100_000)
        assert made.book.fees_due == D("0.21")
        made.drain()
        made.end_of_day(TODAY, CLOSE)
        fees = made.drain().entries
        assert [(e.kind, e.text, e.amount) for e in fees] == [(EntryKind.FEE, "SEC", D("-0.21"))]
        assert made.book.cash == D("99999.79")

    @pytest.mark.parametrize(
        ("day", "sec", "taf"),
        [
            (date(2025, 5, 13), D("0.278"), D("0.0166")),
            (date(2026, 1, 2), None, D("0.0195")),
            (date(2026, 4, 6), D("0.206"), D("0.0195")),
            (date(2026, 11, 18), D("0.206"), None),
            (date(2027, 1, 4), D("0.206"), D("0.0232")),
        ],
    )
    def test_rates_hold_from_their_day_on(self, day: date, sec: object, taf: object) -> None:
        found = Fees().of(instrument(SHARE), Side.SELL, D(100), D(10_000), day)
        assert (found.get("SEC"), found.get("TAF")) == (sec, taf)

    def test_purchases_bear_none(self) -> None:
        assert Fees().of(instrument(SHARE), Side.BUY, D(100), D(10_000), TODAY) == {}

    def test_options_on_indexes_bear_neither(self) -> None:
        day = date(2026, 5, 1)
        assert Fees().of(instrument(INDEX_CALL), Side.SELL, D(1), D(500), day) == {}
        assert Fees().of(instrument(CALL), Side.SELL, D(10), D(5000), day) == {
            "SEC": D("0.103"), "TAF": D("0.0329"),
        }  # fmt: skip

    def test_the_activity_fee_of_a_trade_is_bounded(self) -> None:
        found = Fees().of(instrument(SHARE), Side.SELL, D(10**6), D(1), date(2026, 5, 1))
        assert found["TAF"] == D("9.79")

    def test_a_brokers_options_fee_is_borne_both_ways(self) -> None:
        fees = Fees(orf_per_contract=D("0.015"))
        for side in Side:
            assert fees.of(instrument(CALL), side, D(10), D(1), TODAY)["ORF"] == D("0.150")


class TestBrackets:
    def test_its_exits_rest_when_the_entry_is_done(self) -> None:
        made = engine()
        entry = order("a", stop_loss="95", take_profit="110")
        reports = made.take(entry, [quote(SHARE, "100", "100.20", offer_size=4)], NOON)
        assert kinds(reports) == ["new", "trade"]
        assert kinds(made.look([quote(SHARE, "100", "100.20", 1)])) == ["trade", "new", "new"]
        assert [o.cl_ord_id for o in made.resting()] == ["a.sl", "a.tp"]

    def test_one_cancels_the_other(self) -> None:
        made = engine()
        made.take(order("a", stop_loss="95", take_profit="110"), [QUOTED], NOON)
        reports = made.look([quote(SHARE, "110", "110.20", 1)])
        assert [(r.cl_ord_id, r.exec_type.value) for r in reports] == [
            ("a.tp", "trade"), ("a.sl", "canceled"),
        ]  # fmt: skip
        assert made.book.positions == {}

    def test_what_the_one_has_sold_the_other_does_not(self) -> None:
        made = engine()
        made.take(order("a", stop_loss="95", take_profit="110"), [QUOTED], NOON)
        made.look([quote(SHARE, "110", "110.20", 1, bid_size=4)])
        assert made.orders["a.sl"].order_qty == 6
        assert fills(made.look([quote(SHARE, "90", "91", 2)])) == [(D(6), D(90))]
        assert (made.book.positions, made.resting()) == ({}, [])

    def test_canceling_one_cancels_the_other(self) -> None:
        made = engine()
        made.take(order("a", stop_loss="95", take_profit="110"), [QUOTED], NOON)
        assert kinds(made.cancel("a.sl", NOON)) == ["canceled", "canceled"]

    def test_an_entry_that_is_canceled_guards_what_it_bought(self) -> None:
        made = engine()
        shown = quote(SHARE, "100", "100.20", offer_size=4)
        made.take(order("a", limit="100.20", stop_loss="95"), [shown], NOON)
        assert kinds(made.cancel("a", NOON)) == ["canceled", "new"]
        assert made.orders["a.sl"].order_qty == 4


class TestDayTrades:
    def test_what_is_closed_on_the_day_it_was_opened_counts_once_an_order(self) -> None:
        made = holding()
        sale = order("b", Side.SELL, closing=True)
        made.take(sale, [quote(SHARE, "99", "100", 1, bid_size=4)], NOON)
        made.look([quote(SHARE, "99", "100", 2)])
        assert made.book.day_trades == {TODAY: frozenset({"b"})}

    def test_what_was_held_overnight_does_not(self) -> None:
        made, later = holding(), NOON + timedelta(days=1)
        made.take(order("b", Side.SELL, closing=True), [quote(SHARE, "99", "100", 86_400)], later)
        assert made.book.day_trades == {}


class TestExpiry:
    def settled(
        self, symbol: str, price: str, *, short: bool = False
    ) -> tuple[list[tuple[str, Decimal]], dict[str, Decimal], Decimal]:
        made = engine(cash="1000000")
        side = Side.SELL if short else Side.BUY
        made.take(order("a", side, symbol, quantity="2"), [quote(symbol, "5.00", "5.00")], NOON)
        made.drain()
        before = made.book.cash
        underlying = "SPX" if symbol == INDEX_CALL else "TSLA"
        made.settle(FRIDAY, {(underlying, FRIDAY): D(price)}, CLOSE)
        entries = [(e.kind.value, e.quantity) for e in made.drain().entries]
        held = {name: held.quantity for name, held in made.book.positions.items()}
        return entries, held, made.book.cash - before

    def test_out_of_the_money_is_worth_nothing(self) -> None:
        assert self.settled(CALL, "250.009") == ([("expiry", D(-2))], {}, D(0))

    def test_a_cent_in_the_money_is_exercised_at_the_strike(self) -> None:
        assert self.settled(CALL, "250.01") == (
            [("exercise", D(-2)), ("option_trade", D(200))], {"TSLA": D(200)}, D(-50_000),
        )  # fmt: skip

    def test_a_put_sells_the_shares(self) -> None:
        entries, held, cash = self.settled(PUT, "240")
        assert entries == [("exercise", D(-2)), ("option_trade", D(-200))]
        assert (held, cash) == ({"TSLA": D(-200)}, D(50_000))

    def test_who_is_short_is_assigned(self) -> None:
        entries, held, cash = self.settled(CALL, "260", short=True)
        assert entries == [("assignment", D(2)), ("option_trade", D(-200))]
        assert (held, cash) == ({"TSLA": D(-200)}, D(50_000))
        entries, held, cash = self.settled(PUT, "240", short=True)
        assert entries == [("assignment", D(2)), ("option_trade", D(200))]
        assert (held, cash) == ({"TSLA": D(200)}, D(-50_000))

    def test_an_index_pays_the_difference(self) -> None:
        assert self.settled(INDEX_CALL, "6512.34") == ([("exercise", D(-2))], {}, D("2468.00"))
        assert self.settled(INDEX_CALL, "6512.34", short=True)[2] == D("-2468.00")

    def test_what_has_no_price_stays(self) -> None:
        made = engine()
        made.take(order("a", symbol=CALL, quantity="2"), [CALL_QUOTED], NOON)
        made.settle(FRIDAY, {}, CLOSE)
        assert made.book.quantity(CALL) == 2

    def test_what_lives_on_stays(self) -> None:
        made = engine()
        made.take(order("a", symbol=CALL, quantity="2"), [CALL_QUOTED], NOON)
        made.settle(TODAY, {("TSLA", FRIDAY): D(300)}, CLOSE)
        assert made.book.quantity(CALL) == 2

    def test_its_orders_end(self) -> None:
        made = engine()
        made.take(order("a", symbol=CALL, quantity="2"), [CALL_QUOTED], NOON)
        made.take(order("b", Side.SELL, CALL, quantity="2", closing=True, limit="9"), [], NOON)
        (ended,) = made.settle(FRIDAY, {("TSLA", FRIDAY): D(1)}, CLOSE)
        assert (kinds([ended]), ended.text) == (["expired"], "the contract has expired")

    def test_an_account_may_settle_everything_in_cash(self) -> None:
        made = engine(rules=Rules(delivers_shares=False))
        made.take(order("a", symbol=CALL, quantity="2"), [quote(CALL, "5", "5")], NOON)
        before = made.book.cash
        made.settle(FRIDAY, {("TSLA", FRIDAY): D("251.50")}, CLOSE)
        assert (made.book.positions, made.book.cash - before) == ({}, D(300))
