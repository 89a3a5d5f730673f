"""An approved signal becomes one order, and its exits close what is held."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from adapters.postgres import open_pool
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.administering import OrderTicket, open_account, place_order
from application.approving import approve
from application.assessing import Assessor
from application.desk import Desk
from domain.fix import OrdStatus, OrdType, PositionEffect, Side
from domain.legs import Leg
from domain.order_events import OrderDenied, OrderFilled
from domain.orders import Order
from domain.signal_events import ClosedBy
from domain.signals import Signal
from tests.application.acts import (
    BLIND,
    TSLA,
    call_exit,
    catch_up,
    change,
    command,
    last,
    names,
    post,
)
from tests.application.conftest import NOON, ShownMarket
from tests.application.floor import Floor, floor_on

D = Decimal


@pytest.fixture
def trading(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Floor]:
    with floor_on(desk, database_url, market) as floor:
        open_account(
            desk, command(), LOCAL_OPERATOR, name="paper", broker="paper", cash=Decimal(50_000)
        )
        yield floor


def _approved(desk: Desk, signal: UUID) -> None:
    _approve(desk, signal, "paper")


def _approve(desk: Desk, signal: UUID, account: str, assessor: Assessor = BLIND) -> None:
    approve(
        desk, command(), LOCAL_OPERATOR, signal=signal, account=account, via="test",
        assessor=assessor,
    )  # fmt: skip


def test_an_approval_buys_a_tenth_of_the_equity_at_the_offer(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = post(desk)
    _approved(desk, signal)
    catch_up(trading)
    assert names(desk)[-6:] == [
        "order.requested",
        "order.cleared",
        "order.submitted",
        "order.accepted",
        "order.filled",
        "exit_plan.set",
    ]
    fill = last(desk, OrderFilled)
    assert (fill.last_qty, fill.last_px) == (Decimal(9), Decimal("5.50"))
    assert fill.commission == Decimal("6.30")


def test_reacting_again_orders_nothing_again(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    _approved(desk, post(desk))
    catch_up(trading)
    before = names(desk)
    trading.close()
    catch_up(trading)
    assert names(desk) == before


def test_an_exit_of_half_sells_half_at_the_bid(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = post(desk)
    _approved(desk, signal)
    catch_up(trading)
    market.show(TSLA, "7.00", "7.20")
    call_exit(desk, signal, "1")
    catch_up(trading)
    fill = last(desk, OrderFilled)
    assert (fill.last_qty, fill.last_px) == (Decimal(4), Decimal("7.00"))
    call_exit(desk, signal, "1")
    catch_up(trading)
    assert last(desk, OrderFilled).last_qty == 5


def test_an_order_whose_end_was_only_found_by_asking_gives_back_what_it_reserved(
    desk: Desk, trading: Floor, market: ShownMarket, database_url: str
) -> None:
    market.show(TSLA, "5.40", "5.50")
    ticket = OrderTicket(
        account="paper", side=Side.BUY, position_effect=PositionEffect.OPEN,
        legs=(Leg(symbol=TSLA, side=Side.BUY),), order_qty=D(2), ord_type=OrdType.LIMIT,
        limit_px=D("5.00"),
    )  # fmt: skip
    stream = place_order(desk, command(), LOCAL_OPERATOR, ticket).stream
    catch_up(trading)
    with open_pool(database_url, size=1) as pool:
        books = TradingBooks(pool)
        before = books.book("paper")
        change(
            desk, Order, stream,
            lambda order: order.reconcile(OrdStatus.EXPIRED, D(0), as_of=NOON, at=NOON),
        )  # fmt: skip
        assert not books.is_up_to_date()
        catch_up(trading)
        after = books.book("paper")
        assert books.is_up_to_date()
    assert before is not None
    assert after is not None
    assert before.reserved > after.reserved == D(0)


def test_a_market_that_ran_away_is_not_followed(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show(TSLA, "6.10", "6.20")
    _approved(desk, post(desk))
    catch_up(trading)
    assert "moved over 10%" in last(desk, OrderDenied).reason


def test_without_a_quote_the_order_is_denied(desk: Desk, trading: Floor) -> None:
    _approved(desk, post(desk))
    catch_up(trading)
    assert "no quote" in last(desk, OrderDenied).reason


def test_a_manual_order_beyond_a_tenth_of_the_equity_is_denied(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show("AAPL", "189.00", "189.20")
    ticket = OrderTicket(
        account="paper",
        side=Side.BUY,
        position_effect=PositionEffect.OPEN,
        legs=(Leg(symbol="AAPL", side=Side.BUY),),
        order_qty=Decimal(1000),
        ord_type=OrdType.MARKET,
    )
    place_order(desk, command(), LOCAL_OPERATOR, ticket)
    catch_up(trading)
    assert "over 10% of the equity: 5000.00" in last(desk, OrderDenied).reason


def test_what_the_account_does_not_hold_cannot_be_sold(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show("AAPL", "189.00", "189.20")
    ticket = OrderTicket(
        account="paper",
        side=Side.SELL,
        position_effect=PositionEffect.CLOSE,
        legs=(Leg(symbol="AAPL", side=Side.SELL),),
        order_qty=Decimal(10),
        ord_type=OrdType.MARKET,
    )
    place_order(desk, command(), LOCAL_OPERATOR, ticket)
    catch_up(trading)
    assert "holds 0" in last(desk, OrderDenied).reason


def _sell_by_hand(desk: Desk, quantity: int) -> None:
    ticket = OrderTicket(
        account="paper",
        side=Side.SELL,
        position_effect=PositionEffect.CLOSE,
        legs=(Leg(symbol=TSLA, side=Side.SELL),),
        order_qty=Decimal(quantity),
        ord_type=OrdType.MARKET,
    )
    place_order(desk, command(), LOCAL_OPERATOR, ticket)


def test_what_a_signal_bought_is_sold_by_hand_and_its_exit_finds_nothing(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = post(desk)
    _approved(desk, signal)
    catch_up(trading)
    _sell_by_hand(desk, 9)
    catch_up(trading)
    fill = last(desk, OrderFilled)
    assert (fill.last_qty, fill.last_px) == (D(9), D("5.40"))
    call_exit(desk, signal, "1")
    catch_up(trading)
    assert names(desk)[-1] == "signal.exit_called"


def test_selling_by_hand_takes_from_one_trade_after_the_other(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    first, second = post(desk), post(desk)
    _approved(desk, first)
    _approved(desk, second)
    catch_up(trading)
    _sell_by_hand(desk, 10)
    catch_up(trading)
    assert last(desk, OrderFilled).last_qty == 10
    _sell_by_hand(desk, 9)
    catch_up(trading)
    assert last(desk, OrderDenied).reason == "the account holds 8 of it"
    trading.close()
    _sell_by_hand(desk, 8)
    catch_up(trading)
    assert last(desk, OrderFilled).last_qty == 8


@pytest.mark.parametrize("by_hand", [True, False])
def test_without_the_account_nothing_is_sent(
    desk: Desk, trading: Floor, market: ShownMarket, by_hand: bool
) -> None:
    market.show(TSLA, "5.40", "5.50")
    if by_hand:
        ticket = OrderTicket(
            account="nobody's",
            side=Side.BUY,
            position_effect=PositionEffect.OPEN,
            legs=(Leg(symbol=TSLA, side=Side.BUY),),
            order_qty=Decimal(1),
            ord_type=OrdType.MARKET,
        )
        place_order(desk, command(), LOCAL_OPERATOR, ticket)
    else:
        signal = post(desk)
        _approve(desk, signal, "nobody's")
    catch_up(trading)
    assert last(desk, OrderDenied).reason == "there is no account nobody's"


def test_what_was_over_before_the_approval_was_seen_is_not_bought(
    desk: Desk, trading: Floor, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = post(desk, quantity="2")
    _approved(desk, signal)
    call_exit(desk, signal, "1")
    call_exit(desk, signal, "1")
    change(
        desk,
        Signal,
        signal,
        lambda found: found.close(reason=ClosedBy.EXIT, closed_at=NOON, at=NOON),
    )
    catch_up(trading)
    assert last(desk, OrderDenied).reason == "the trade was over before it was approved"
    assert "order.filled" not in names(desk)
