"""What is sent to Alpaca, and what is not even sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.alpaca.lines import Line
from adapters.alpaca.wire import RawOrder
from adapters.alpaca.words import side_of, status_of
from application.brokerage import OrderTicket
from domain.fix import OrdStatus, Side
from domain.legs import Leg
from domain.reports import ExecType
from tests.adapters.alpaca.book import Order
from tests.adapters.alpaca.under_test import Alpaca
from tests.adapters.brokers.under_test import CALL, HIGHER, SHARE, VERTICAL, Told, ticket

D = Decimal
CREDIT = (Leg(symbol=CALL, side=Side.SELL), Leg(symbol=HIGHER, side=Side.BUY))


def sent(under: Alpaca, name: str) -> Order:
    with under.fake.market() as exchange:
        return exchange.by_name(name)


def posts(under: Alpaca) -> int:
    return under.fake.rest.requests.count(("POST", "/v2/orders"))


def refused_unsent(under: Alpaca, order: OrderTicket) -> str:
    (report,) = under.broker.submit(order)
    assert report.exec_type is ExecType.REJECTED
    assert report.leaves_qty == 0
    assert posts(under) == 0
    return report.text


def test_an_option_is_named_without_padding_and_with_its_intent(under: Alpaca) -> None:
    under.broker.submit(ticket(under, "o-1", symbol=CALL, quantity="3", limit="5.50"))
    order = sent(under, "o-1")
    assert (order.symbol, order.position_intent) == ("TSLA261120C00250000", "buy_to_open")
    found = under.broker.order("o-1")
    assert found is not None
    assert [leg.symbol for leg in found.legs] == [CALL]


@pytest.mark.parametrize(
    ("side", "closing", "intent"),
    [
        (Side.BUY, False, "buy_to_open"),
        (Side.BUY, True, "buy_to_close"),
        (Side.SELL, True, "sell_to_close"),
        (Side.SELL, False, "sell_to_open"),
    ],
)
def test_the_intent_follows_from_side_and_effect(
    under: Alpaca, side: Side, closing: bool, intent: str
) -> None:
    under.show(SHARE, "189.00", "189.20")
    if side is Side.SELL and closing:
        under.broker.submit(ticket(under, "before"))
    under.broker.submit(ticket(under, "o-1", side, closing=closing, limit="189.10"))
    assert sent(under, "o-1").position_intent == intent


def test_a_credit_is_below_zero_at_alpaca_and_above_it_here(under: Alpaca) -> None:
    under.show(CALL, "5.40", "5.50")
    under.show(HIGHER, "2.20", "2.30")
    told = Told(under.broker)
    sale = ticket(under, "o-1", Side.SELL, legs=CREDIT, limit="3.00", quantity="2")
    told.hear(under.broker.submit(sale))
    (fill,) = told.until("o-1", ExecType.TRADE)
    assert sent(under, "o-1").limit_price == D("-3.00")
    assert (fill.last_qty, fill.last_px) == (D(2), D("3.10"))
    assert [(leg.symbol, leg.side, leg.last_qty, leg.last_px) for leg in fill.legs] == [
        (CALL, Side.SELL, D(2), D("5.40")),
        (HIGHER, Side.BUY, D(2), D("2.30")),
    ]
    # Another program has not sent it, and finds the side by the sign.
    for broker in (under.broker, under.another()):
        order = broker.order("o-1")
        assert order is not None
        assert (order.side, order.limit_px, order.avg_px) == (Side.SELL, D("3.00"), D("3.10"))
        assert order.legs == CREDIT
        assert list(broker.history("o-1"))[-1] == fill


def test_the_ratios_of_legs_are_told(under: Alpaca) -> None:
    legs = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL, ratio=2))
    under.show(CALL, "5.40", "5.50")
    under.show(HIGHER, "2.20", "2.30", bid_size=6)
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", legs=legs, limit="1.20", quantity="5")))
    (fill,) = told.until("o-1", ExecType.TRADE)
    # Six of the second leg are three strategies.
    assert (fill.last_qty, fill.last_px, fill.leaves_qty) == (D(3), D("1.10"), D(2))
    assert [leg.last_qty for leg in fill.legs] == [3, 6]
    under.show(HIGHER, "2.30", "2.40")
    first, second = told.until("o-1", ExecType.TRADE, count=2)
    assert first == fill
    assert (second.last_qty, second.last_px, second.cum_qty) == (D(2), D("0.90"), D(5))
    assert list(under.another().history("o-1"))[1:] == [first, second]


def test_a_bracket_of_shares_has_its_exits_under_names_of_ours(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    told = Told(under.broker)
    entry = ticket(under, "o-1", stop_loss="180.00", take_profit="195.00")
    told.hear(under.broker.submit(entry))
    told.until("o-1", ExecType.TRADE)
    told.until("o-1.tp", ExecType.NEW)
    for alone in (False, True):
        under.fake.rest.lists_exits_alone = alone
        for broker in (under.broker, under.another()):
            assert {order.cl_ord_id for order in broker.open_orders()} == {"o-1.tp", "o-1.sl"}
    under.show(SHARE, "195.10", "195.20")
    (fill,) = told.until("o-1.tp", ExecType.TRADE)
    told.until("o-1.sl", ExecType.CANCELED)
    assert (fill.last_qty, fill.last_px) == (D(10), D("195.10"))
    assert list(under.broker.positions()) == []
    stop = under.another().order("o-1.sl")
    assert stop is not None
    assert (stop.status, stop.stop_px) == (OrdStatus.CANCELED, D("180.00"))


def test_one_exit_makes_an_oto(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", stop_loss="180.00")))
    told.until("o-1.sl", ExecType.NEW)
    assert sent(under, "o-1").order_class == "oto"


def test_another_program_finds_whose_exit_has_traded(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    under.broker.submit(ticket(under, "o-1", stop_loss="180.00", take_profit="195.00"))
    told = Told(under.another())
    under.show(SHARE, "179.90", "180.00")
    (fill,) = told.until("o-1.sl", ExecType.TRADE)
    assert fill.last_px == D("179.90")


def test_options_have_no_bracket(under: Alpaca) -> None:
    order = ticket(under, "o-1", symbol=CALL, stop_loss="4.00")
    assert "bracket" in refused_unsent(under, order)


def test_contracts_are_whole(under: Alpaca) -> None:
    assert "whole" in refused_unsent(under, ticket(under, "o-1", symbol=CALL, quantity="1.5"))


def test_strategies_have_no_stop(under: Alpaca) -> None:
    assert "limit" in refused_unsent(under, ticket(under, "o-1", legs=VERTICAL, stop="3.00"))


def test_strategies_have_four_legs_at_most(under: Alpaca) -> None:
    strikes = (f"TSLA  261120C00{strike}000" for strike in range(250, 255))
    legs = tuple(Leg(symbol=symbol, side=Side.BUY) for symbol in strikes)
    assert "4 legs at most" in refused_unsent(under, ticket(under, "o-1", legs=legs))


def test_ratios_are_as_small_as_they_can_be(under: Alpaca) -> None:
    legs = tuple(Leg(symbol=leg.symbol, side=leg.side, ratio=2) for leg in VERTICAL)
    assert "divisor" in refused_unsent(under, ticket(under, "o-1", legs=legs))


def test_shares_are_no_leg(under: Alpaca) -> None:
    legs = (Leg(symbol=SHARE, side=Side.BUY), Leg(symbol=CALL, side=Side.SELL))
    assert "options" in refused_unsent(under, ticket(under, "o-1", legs=legs))


def test_pairs_are_not_traded(under: Alpaca) -> None:
    assert "only shares" in refused_unsent(under, ticket(under, "o-1", symbol="BTC/USD"))


def test_a_name_too_long_for_alpaca_is_refused(under: Alpaca) -> None:
    assert "128" in refused_unsent(under, ticket(under, "x" * 129))


def test_nothing_and_less_cannot_be_ordered(under: Alpaca) -> None:
    for quantity in ("0", "-1", "NaN"):
        assert "ordered" in refused_unsent(under, ticket(under, "o-1", quantity=quantity))


def test_alpacas_own_words_are_the_reason(under: Alpaca) -> None:
    under.show(CALL, "5.40", "5.50")
    sale = ticket(under, "o-1", Side.SELL, CALL, quantity="3", closing=True)
    (report,) = under.broker.submit(sale)
    assert report.text == "insufficient qty available for order (requested: 3, available: 0)"


def test_a_price_between_the_cents_is_refused_in_alpacas_words(under: Alpaca) -> None:
    (report,) = under.broker.submit(ticket(under, "o-1", limit="189.105"))
    assert "sub-penny" in report.text


def test_market_orders_for_options_wait_for_no_session(under: Alpaca) -> None:
    under.fake.exchange.is_open = False
    (refused,) = under.broker.submit(ticket(under, "o-1", symbol=CALL))
    assert "market hours" in refused.text
    (taken,) = under.broker.submit(ticket(under, "o-2", symbol=CALL, limit="5.50"))
    assert taken.exec_type is ExecType.NEW


def test_an_order_of_the_day_expires_with_it(under: Alpaca) -> None:
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", limit="100.00")))
    with under.fake.market() as exchange:
        exchange.end_day()
    (expired,) = told.until("o-1", ExecType.EXPIRED)
    assert expired.leaves_qty == 0
    assert list(under.broker.history("o-1"))[-1].exec_id == expired.exec_id


def test_prices_are_decimals_without_an_exponent(under: Alpaca) -> None:
    under.broker.submit(ticket(under, "o-1", limit="1E+2", quantity="1E+1"))
    order = under.broker.order("o-1")
    assert order is not None
    assert (order.limit_px, order.order_qty) == (D(100), D(10))


def test_the_price_of_a_market_order_is_nowhere(under: Alpaca) -> None:
    order = ticket(under, "o-1", legs=VERTICAL)
    under.broker.submit(order)
    assert sent(under, "o-1").limit_price is None


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        ("pending_new", 0, OrdStatus.PENDING_NEW),
        ("accepted", 0, OrdStatus.NEW),
        ("new", 0, OrdStatus.NEW),
        ("new", 4, OrdStatus.PARTIALLY_FILLED),
        ("partially_filled", 4, OrdStatus.PARTIALLY_FILLED),
        ("done_for_day", 4, OrdStatus.DONE_FOR_DAY),
        ("suspended", 0, OrdStatus.SUSPENDED),
        ("pending_cancel", 4, OrdStatus.PENDING_CANCEL),
        ("pending_replace", 0, OrdStatus.PENDING_REPLACE),
        ("stopped", 0, OrdStatus.NEW),
        ("calculated", 4, OrdStatus.PARTIALLY_FILLED),
        ("canceled", 4, OrdStatus.CANCELED),
        ("whatever_comes", 0, OrdStatus.NEW),
    ],
)
def test_every_state_has_one_of_ours(status: str, filled: int, state: OrdStatus) -> None:
    assert status_of(RawOrder(id="a-1", status=status), D(filled)) is state


@pytest.mark.parametrize("shown", ["3.10", "-3.10"])
def test_the_average_of_a_credit_follows_from_its_legs(shown: str) -> None:
    """Whatever sign Alpaca gives what was received."""
    legs = [
        RawOrder(id="a-2", symbol="X", order_class="mleg", side="sell", filled_avg_price=D("5.40")),
        RawOrder(id="a-3", symbol="Y", order_class="mleg", side="buy", filled_avg_price=D("2.30")),
    ]
    whole = RawOrder(
        id="a-1", order_class="mleg", filled_qty=D(2), filled_avg_price=D(shown), legs=legs
    )
    assert side_of(whole) is Side.SELL
    assert Line("o-1", Side.SELL, (whole,)).as_broker_order().avg_px == D("3.10")
