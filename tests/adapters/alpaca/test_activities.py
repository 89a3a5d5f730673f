"""What happened in the account apart from orders, and what nobody here has heard of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from application.brokerage import Activity, ActivityKind
from domain.fix import Side
from domain.reports import ExecType
from tests.adapters.alpaca.book import stamp
from tests.adapters.alpaca.settlement import move_cash, settle
from tests.adapters.alpaca.under_test import Alpaca
from tests.adapters.brokers.under_test import CALL, HIGHER, SHARE, VERTICAL, Told, ticket

D = Decimal
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PUT = "TSLA  261120P00250000"


def happened(under: Alpaca) -> list[Activity]:
    return list(under.broker.activities(LONG_AGO))


def bought(under: Alpaca, symbol: str = CALL) -> None:
    under.show(symbol, "5.40", "5.50")
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", symbol=symbol, quantity="2")))
    told.until("o-1", ExecType.TRADE)


def test_an_exercise_has_its_trade_of_shares(under: Alpaca) -> None:
    bought(under)
    settle(under.fake.exchange, CALL, D("260.00"))
    exercise, trade = happened(under)[1:]
    assert (exercise.kind, exercise.symbol) == (ActivityKind.EXERCISE, CALL)
    assert (exercise.quantity, exercise.amount) == (D(-2), D(0))
    assert (trade.kind, trade.symbol, trade.price) == (ActivityKind.OPTION_TRADE, "TSLA", D(250))
    assert (trade.quantity, trade.amount) == (D(200), D(-50_000))
    assert json.loads(exercise.raw)["group_id"] == json.loads(trade.raw)["group_id"]
    (position,) = under.broker.positions()
    assert (position.symbol, position.quantity) == ("TSLA", D(200))


def test_an_assignment_closes_what_was_short(under: Alpaca) -> None:
    under.show(CALL, "5.40", "5.50")
    under.show(HIGHER, "2.20", "2.30")
    told = Told(under.broker)
    legs = tuple(type(leg)(symbol=leg.symbol, side=leg.side.opposite) for leg in VERTICAL)
    told.hear(under.broker.submit(ticket(under, "o-1", Side.SELL, legs=legs, limit="3.00")))
    told.until("o-1", ExecType.TRADE)
    settle(under.fake.exchange, CALL, D("255.00"))
    assignment, trade = happened(under)[2:]
    assert (assignment.kind, assignment.quantity) == (ActivityKind.ASSIGNMENT, D(10))
    assert (trade.quantity, trade.amount) == (D(-1000), D(250_000))


def test_what_is_worth_nothing_expires(under: Alpaca) -> None:
    bought(under, PUT)
    settle(under.fake.exchange, PUT, D("260.00"))
    (expiry,) = happened(under)[1:]
    assert (expiry.kind, expiry.symbol, expiry.quantity) == (ActivityKind.EXPIRY, PUT, D(-2))
    assert expiry.amount == 0


@pytest.mark.parametrize(
    ("word", "amount", "kind"),
    [
        ("CSD", "500", ActivityKind.DEPOSIT),
        ("CSW", "-500", ActivityKind.WITHDRAWAL),
        ("DIV", "1.02", ActivityKind.DIVIDEND),
        ("DIVNRA", "-0.15", ActivityKind.DIVIDEND),
        ("INT", "0.31", ActivityKind.INTEREST),
        ("FEE", "-0.04", ActivityKind.FEE),
        ("JNLC", "25", ActivityKind.JOURNAL),
        ("SPLIT", "0", ActivityKind.SPLIT),
        ("ACATC", "10", ActivityKind.UNCLASSIFIED),
        ("REORG", "0", ActivityKind.UNCLASSIFIED),
    ],
)
def test_every_kind_of_cash(under: Alpaca, word: str, amount: str, kind: ActivityKind) -> None:
    move_cash(under.fake.exchange, word, amount)
    (found,) = happened(under)
    assert (found.kind, found.amount) == (kind, D(amount))
    assert json.loads(found.raw)["activity_type"] == word
    assert found.happened_at == under.now()


def test_a_dividend_moves_no_shares(under: Alpaca) -> None:
    move_cash(under.fake.exchange, "DIV", "1.02", qty="2", symbol="T", per_share_amount="0.51")
    (found,) = happened(under)
    assert (found.symbol, found.quantity, found.amount) == ("T", D(0), D("1.02"))


def test_a_kind_that_nobody_knows_is_kept(under: Alpaca) -> None:
    # Its like is not described, so it is not asked for over the checked way.
    move_cash(under.fake.exchange, "XYZZY", "3.00", note="whatever this is")
    (found,) = happened(under)
    under.fake.rest.breaches.clear()
    assert (found.kind, found.amount) == (ActivityKind.UNCLASSIFIED, D("3.00"))
    assert json.loads(found.raw)["note"] == "whatever this is"


def test_even_one_in_an_unknown_form(under: Alpaca) -> None:
    move_cash(under.fake.exchange, "FEE", "-1.00", qty="a few")
    (found,) = happened(under)
    assert (found.kind, found.amount) == (ActivityKind.UNCLASSIFIED, D(0))
    assert found.activity_id
    assert json.loads(found.raw)["qty"] == "a few"


def test_what_was_taken_back_moves_nothing(under: Alpaca) -> None:
    move_cash(under.fake.exchange, "FEE", "-1.00")
    under.fake.exchange.activities[0]["status"] = "canceled"
    (found,) = happened(under)
    assert (found.kind, found.amount) == (ActivityKind.UNCLASSIFIED, D(0))


def test_many_are_read_page_by_page(under: Alpaca) -> None:
    for number in range(1, 251):
        move_cash(under.fake.exchange, "CSD", str(number))
    assert [found.amount for found in happened(under)] == list(range(1, 251))
    asked = [path for _, path in under.fake.rest.requests if path.endswith("activities")]
    # One more was asked for when the stream began.
    assert len(asked) == 3 + 1


def test_only_what_was_noted_since_is_told(under: Alpaca) -> None:
    move_cash(under.fake.exchange, "CSD", "1")
    between = under.now()
    under.fake.exchange.now += timedelta(hours=1)
    move_cash(under.fake.exchange, "CSD", "2")
    assert [found.amount for found in under.broker.activities(between)] == [D(2)]


def test_fills_have_the_names_of_their_orders(under: Alpaca) -> None:
    """Also for a program that sent none of them: it asks for many at once."""
    under.show(SHARE, "189.00", "189.20")
    names = [f"o-{number}" for number in range(8)]
    for name in names:
        under.broker.submit(ticket(under, name, quantity="1"))
    other = under.another()
    before = len(under.fake.rest.requests)
    assert [found.cl_ord_id for found in other.activities(LONG_AGO)] == names
    assert len(under.fake.rest.requests) - before == 2


def test_the_fills_of_legs_belong_to_the_whole(under: Alpaca) -> None:
    under.show(CALL, "5.40", "5.50")
    under.show(HIGHER, "2.20", "2.30")
    under.broker.submit(ticket(under, "o-1", legs=VERTICAL, limit="3.30"))
    first, second = under.another().activities(LONG_AGO)
    assert [first.cl_ord_id, second.cl_ord_id] == ["o-1", "o-1"]
    assert (first.symbol, first.quantity, first.amount) == (CALL, D(10), D(-5500))
    assert (second.symbol, second.quantity, second.amount) == (HIGHER, D(-10), D(2200))
    # The count of a leg is not the count of the whole.
    assert [first.cum_qty, second.cum_qty] == [None, None]


def test_fills_of_one_order_are_told_by_their_count(under: Alpaca) -> None:
    """Within a millisecond Alpaca's list is in no order."""
    under.show(SHARE, "189.00", "189.20", offer_size=4)
    under.broker.submit(ticket(under, "o-1", limit="189.20"))
    under.show(SHARE, "189.00", "189.10")
    with under.fake.market() as exchange:
        for activity in exchange.activities:
            activity["transaction_time"] = stamp(exchange.now)
        exchange.activities.reverse()
    fills = [r for r in under.broker.history("o-1") if r.exec_type is ExecType.TRADE]
    assert [fill.cum_qty for fill in fills] == [D(4), D(10)]


def test_fills_that_are_not_noted_yet_are_missing_and_said_to_be(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    under.broker.submit(ticket(under, "o-1"))
    with under.fake.market() as exchange:
        exchange.activities.clear()
    last = list(under.broker.history("o-1"))[-1]
    assert (last.exec_type, last.cum_qty) == (ExecType.STATUS, D(10))


def test_a_short_sale_is_a_sale(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    under.broker.submit(ticket(under, "o-1", Side.SELL))
    under.fake.exchange.activities[0]["side"] = "sell_short"
    (found,) = happened(under)
    assert (found.quantity, found.amount) == (D(-10), D(1890))
    (position,) = under.broker.positions()
    assert (position.quantity, position.avg_px) == (D(-10), D("189.00"))


def test_the_day_trades_are_counted_where_alpaca_counts_them(under: Alpaca) -> None:
    account = under.broker.account()
    assert (account.day_trades, account.pattern_day_trader) == (None, False)
    assert account.options_buying_power == 100_000
