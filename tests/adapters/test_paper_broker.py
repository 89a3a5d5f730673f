"""The paper broker fills at the far side of the quote, whole and at once, or says why not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.paper_broker import PaperBroker
from application.ports import (
    Acceptance,
    Cancellation,
    ExecutionReport,
    Fill,
    QuoteRequest,
    Rejection,
    Ticket,
)
from domain.fix import OrdType, Side
from domain.legs import Leg
from domain.market import Quote
from tests.application.acts import TSLA, TSLA_HIGHER, VERTICAL
from tests.application.conftest import NOON, ShownMarket

D = Decimal
CALL = (Leg(symbol=TSLA, side=Side.BUY),)
REVERSED = (Leg(symbol=TSLA, side=Side.SELL), Leg(symbol=TSLA_HIGHER, side=Side.BUY))


def ticket(
    side: Side = Side.BUY,
    legs: tuple[Leg, ...] = CALL,
    *,
    quantity: str = "3",
    limit: str | None = None,
    name: str = "order-1",
) -> Ticket:
    return Ticket(
        cl_ord_id=name,
        side=side,
        legs=legs,
        order_qty=D(quantity),
        ord_type=OrdType.MARKET if limit is None else OrdType.LIMIT,
        limit_px=None if limit is None else D(limit),
        sent_at=NOON,
    )


def selling(symbol: str = TSLA) -> tuple[Leg, ...]:
    return (Leg(symbol=symbol, side=Side.SELL),)


def showing(*quotes: tuple[str, str, str]) -> ShownMarket:
    market = ShownMarket()
    for symbol, bid, offer in quotes:
        market.show(symbol, bid, offer)
    return market


@pytest.fixture
def broker() -> PaperBroker:
    return PaperBroker(
        showing((TSLA, "5.40", "5.50"), (TSLA_HIGHER, "2.20", "2.30"), ("AAPL", "189.00", "189.20"))
    )


def filled(reports: Sequence[ExecutionReport]) -> Fill:
    accepted, fill = reports
    assert isinstance(accepted, Acceptance)
    assert isinstance(fill, Fill)
    return fill


class TestMarketOrders:
    def test_a_buy_pays_the_offer(self, broker: PaperBroker) -> None:
        fill = filled(broker.submit(ticket()))
        assert (fill.last_qty, fill.last_px, fill.transact_time) == (D(3), D("5.50"), NOON)

    def test_a_sale_gets_the_bid(self, broker: PaperBroker) -> None:
        assert filled(broker.submit(ticket(Side.SELL, selling()))).last_px == D("5.40")

    def test_a_spread_takes_each_leg_at_its_own_far_side(self, broker: PaperBroker) -> None:
        assert filled(broker.submit(ticket(legs=VERTICAL))).last_px == D("3.30")
        assert filled(broker.submit(ticket(Side.SELL, REVERSED))).last_px == D("3.10")

    def test_nobody_pays_to_be_rid_of_a_spread(self) -> None:
        broker = PaperBroker(showing((TSLA, "1.00", "1.40"), (TSLA_HIGHER, "0.90", "1.20")))
        assert filled(broker.submit(ticket(Side.SELL, REVERSED))).last_px == 0

    def test_what_has_a_bid_of_nothing_is_sold_for_nothing(self) -> None:
        broker = PaperBroker(showing((TSLA, "0", "0.05")))
        assert filled(broker.submit(ticket(Side.SELL, selling()))).last_px == 0


class TestLimits:
    def test_a_better_market_than_the_limit_is_taken_as_it_is(self, broker: PaperBroker) -> None:
        assert filled(broker.submit(ticket(limit="6.00"))).last_px == D("5.50")
        assert filled(broker.submit(ticket(Side.SELL, selling(), limit="5.00"))).last_px == D(
            "5.40"
        )

    def test_a_market_at_the_limit_is_taken(self, broker: PaperBroker) -> None:
        assert filled(broker.submit(ticket(limit="5.50"))).last_px == D("5.50")
        assert filled(broker.submit(ticket(Side.SELL, selling(), limit="5.40"))).last_px == D(
            "5.40"
        )

    @pytest.mark.parametrize(
        "beyond", [ticket(limit="5.49"), ticket(Side.SELL, selling(), limit="5.41")]
    )
    def test_a_market_beyond_the_limit_is_not_and_nothing_waits(
        self, broker: PaperBroker, beyond: Ticket
    ) -> None:
        accepted, canceled = broker.submit(beyond)
        assert isinstance(accepted, Acceptance)
        assert canceled == Cancellation(transact_time=NOON)


class TestNoQuote:
    def test_what_has_no_quote_is_refused_by_name_and_time(self) -> None:
        (refusal,) = PaperBroker(ShownMarket()).submit(ticket())
        assert refusal == Rejection(
            reason=f"no usable quote for {TSLA} at 2026-11-18 17:00:00 UTC", transact_time=NOON
        )

    @pytest.mark.parametrize(("bid", "offer"), [("5.60", "5.50"), ("0", "0")])
    def test_a_quote_that_proves_nothing_is_none(self, bid: str, offer: str) -> None:
        (refusal,) = PaperBroker(showing((TSLA, bid, offer))).submit(ticket())
        assert isinstance(refusal, Rejection)

    def test_of_a_spread_only_the_missing_leg_is_named(self) -> None:
        (refusal,) = PaperBroker(showing((TSLA, "5.40", "5.50"))).submit(ticket(legs=VERTICAL))
        assert isinstance(refusal, Rejection)
        assert refusal.reason.startswith(f"no usable quote for {TSLA_HIGHER} at")


class TestCommission:
    def test_each_contract_of_each_leg_costs_the_same(self, broker: PaperBroker) -> None:
        assert filled(broker.submit(ticket(quantity="3"))).commission == D("2.10")
        assert filled(broker.submit(ticket(legs=VERTICAL, quantity="3"))).commission == D("4.20")

    def test_a_leg_that_is_taken_twice_costs_twice(self, broker: PaperBroker) -> None:
        twice = (Leg(symbol=TSLA, side=Side.BUY, ratio=2),)
        assert filled(broker.submit(ticket(legs=twice, quantity="3"))).commission == D("4.20")

    def test_shares_cost_none(self, broker: PaperBroker) -> None:
        shares = (Leg(symbol="AAPL", side=Side.BUY),)
        assert filled(broker.submit(ticket(legs=shares, quantity="100"))).commission == 0

    def test_it_is_what_was_agreed_to_the_cent(self) -> None:
        market = showing((TSLA, "5.40", "5.50"))
        broker = PaperBroker(market, commission_per_contract=D("0.655"))
        assert filled(broker.submit(ticket(quantity="3"))).commission == D("1.96")


class TestIdentity:
    def test_sending_it_again_gives_the_same_reports(self, broker: PaperBroker) -> None:
        assert broker.submit(ticket()) == broker.submit(ticket())

    def test_other_orders_have_other_ids(self, broker: PaperBroker) -> None:
        reports = [broker.submit(ticket(name=name)) for name in ("order-1", "order-2")]
        assert len({filled(each).exec_id for each in reports}) == 2
        assert len({each[0].order_id for each in reports if isinstance(each[0], Acceptance)}) == 2

    def test_the_market_is_asked_about_the_moment_it_was_sent(self) -> None:
        class AtNoon(ShownMarket):
            def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
                assert {request.at for request in requests} == {NOON}
                return super().quotes_at(requests)

        market = AtNoon()
        market.show(TSLA, "5.40", "5.50")
        filled(PaperBroker(market).submit(ticket()))

    def test_it_is_called_paper(self, broker: PaperBroker) -> None:
        assert broker.name == "paper"


cents = st.decimals("0.01", "500", places=2)


@given(
    st.sampled_from(Side), cents, cents, st.none() | cents, st.integers(1, 500), st.integers(1, 3)
)
def test_whatever_the_quote_an_order_is_filled_at_its_far_side_or_not_at_all(
    side: Side, one: Decimal, other: Decimal, limit: Decimal | None, quantity: int, ratio: int
) -> None:
    bid, offer = sorted((one, other))
    assume(bid < offer)
    leg = Leg(symbol=TSLA, side=side, ratio=ratio)
    broker = PaperBroker(showing((TSLA, str(bid), str(offer))))
    reports = broker.submit(
        ticket(side, (leg,), quantity=str(quantity), limit=None if limit is None else str(limit))
    )
    price = ratio * (offer if side is Side.BUY else bid)
    if limit is not None and (price - limit) * side.sign > 0:
        assert isinstance(reports[-1], Cancellation)
    else:
        fill = filled(reports)
        assert (fill.last_px, fill.last_qty) == (price, D(quantity))
        assert fill.commission == D("0.70") * quantity * ratio
    assert {report.transact_time for report in reports} == {NOON}
