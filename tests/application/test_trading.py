"""An approved signal becomes one order, and its exits close what is held."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest

from adapters.paper_broker import PaperBroker
from adapters.reaction_runner import ReactionRunner, Step
from application.access import LOCAL_OPERATOR
from application.administering import OrderTicket, open_account, place_order
from application.approving import approve
from application.desk import Command, Desk, Work
from application.trading import Trading
from domain.fix import OrdType, PositionEffect, Side
from domain.legs import Leg
from domain.shared import stream_id
from domain.signal_events import ClosedBy, Source
from domain.signals import Signal
from tests.application.conftest import NOON, ShownMarket

TSLA = "TSLA  261120C00250000"


@pytest.fixture
def trading(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[ReactionRunner]:
    runner = ReactionRunner(database_url, desk, Trading(PaperBroker(market), market))
    open_account(
        desk, _command(), LOCAL_OPERATOR, name="paper", broker="paper", cash=Decimal(50_000)
    )
    yield runner
    runner.close()


def _command() -> Command:
    return Command.given(uuid4(), actor="member:test", at=NOON)


def _posted(desk: Desk, price: str = "5.50", quantity: str = "2") -> UUID:
    work = Work(desk)
    signal = work.begin(
        Signal.post(
            place=0,
            origin="trader",
            trader=stream_id("trader", "x"),
            source=Source(platform="discord", channel="room", message=uuid4()),
            side=Side.BUY,
            legs=(Leg(symbol=TSLA, side=Side.BUY),),
            quantity=Decimal(quantity),
            price=Decimal(price),
            price_to=None,
            stop=None,
            targets=(),
            valid_until=None,
            parser="test",
            rules=(),
            posted_at=NOON,
            at=NOON,
        )
    )
    work.save(_command())
    work.commit()
    return signal.id


def _approved(desk: Desk, signal: UUID) -> None:
    approve(desk, _command(), LOCAL_OPERATOR, signal=signal, account="paper", via="test")


def _exit(desk: Desk, signal: UUID, quantity: str) -> None:
    def decide(work: Work) -> Signal:
        found = work.get(Signal, signal)
        found.call_exit(
            quantity=Decimal(quantity),
            price=None,
            reason=ClosedBy.EXIT,
            message=uuid4(),
            rules=(),
            posted_at=NOON,
            at=NOON,
        )
        return found

    desk.run(_command(), decide)


def _run(runner: ReactionRunner) -> None:
    while runner.step() is Step.WORKED:
        continue


def _names(desk: Desk) -> list[str]:
    return [n.topic for n in desk.recorder.select_notifications(start=1, limit=1000)]


def _last(desk: Desk, name: str) -> dict[str, object]:
    found = [n for n in desk.recorder.select_notifications(start=1, limit=1000) if n.topic == name]
    event = desk.mapper.to_domain_event(found[-1])
    assert isinstance(event, msgspec.Struct)
    return msgspec.structs.asdict(event)


def test_an_approval_buys_a_tenth_of_the_equity_at_the_offer(
    desk: Desk, trading: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = _posted(desk)
    _approved(desk, signal)
    _run(trading)
    assert _names(desk)[-4:] == [
        "order.requested",
        "order.submitted",
        "order.accepted",
        "order.filled",
    ]
    fill = _last(desk, "order.filled")
    assert (fill["last_qty"], fill["last_px"]) == (9, Decimal("5.50"))
    assert fill["commission"] == Decimal("6.30")


def test_reacting_again_orders_nothing_again(
    desk: Desk, trading: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    _approved(desk, _posted(desk))
    _run(trading)
    before = _names(desk)
    trading.close()
    _run(trading)
    assert _names(desk) == before


def test_an_exit_of_half_sells_half_at_the_bid(
    desk: Desk, trading: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = _posted(desk)
    _approved(desk, signal)
    _run(trading)
    market.show(TSLA, "7.00", "7.20")
    _exit(desk, signal, "1")
    _run(trading)
    fill = _last(desk, "order.filled")
    assert (fill["last_qty"], fill["last_px"]) == (4, Decimal("7.00"))
    _exit(desk, signal, "1")
    _run(trading)
    assert _last(desk, "order.filled")["last_qty"] == 5


def test_a_market_that_ran_away_is_not_followed(
    desk: Desk, trading: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "6.10", "6.20")
    _approved(desk, _posted(desk))
    _run(trading)
    assert "moved over 10%" in str(_last(desk, "order.denied")["reason"])


def test_without_a_quote_the_order_is_denied(desk: Desk, trading: ReactionRunner) -> None:
    _approved(desk, _posted(desk))
    _run(trading)
    assert "no quote" in str(_last(desk, "order.denied")["reason"])


def test_a_manual_order_beyond_the_cash_is_denied(
    desk: Desk, trading: ReactionRunner, market: ShownMarket
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
    place_order(desk, _command(), LOCAL_OPERATOR, ticket)
    _run(trading)
    assert "in cash" in str(_last(desk, "order.denied")["reason"])


def test_what_the_account_does_not_hold_cannot_be_sold(
    desk: Desk, trading: ReactionRunner, market: ShownMarket
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
    place_order(desk, _command(), LOCAL_OPERATOR, ticket)
    _run(trading)
    assert "holds 0" in str(_last(desk, "order.denied")["reason"])
