"""Every claimed price is weighed against the quote of its moment, as soon as there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.reaction_runner import ReactionRunner
from application.desk import Desk
from application.evidence import PriceCheck
from application.ports import QuoteRequest
from application.settling import settle_expired
from domain.fix import Side
from domain.legs import Leg
from domain.market import Quote, weigh_claim
from domain.signal_events import SignalPriceChecked
from domain.signals import Signal
from tests.adapters.notes import on_tape
from tests.application.acts import (
    TSLA,
    TSLA_HIGHER,
    VERTICAL,
    call_exit,
    catch_up,
    change,
    events,
    head,
    last,
    names,
    post,
)
from tests.application.conftest import NOON, ShownMarket

D = Decimal
FRIDAY = date(2026, 11, 20)
AFTER_EXPIRY = datetime(2026, 11, 21, tzinfo=UTC)
SOLD_PUT = (Leg(symbol="TSLA  261120P00230000", side=Side.SELL),)


class AskedMarket(ShownMarket):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[QuoteRequest]] = []

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        self.asked.append(list(requests))
        return super().quotes_at(requests)


@pytest.fixture
def market() -> AskedMarket:
    return AskedMarket()


@pytest.fixture
def price_check(desk: Desk, database_url: str, market: AskedMarket) -> Iterator[ReactionRunner]:
    runner = ReactionRunner(database_url, desk, PriceCheck(market))
    yield runner
    runner.close()


def weighed(event: SignalPriceChecked) -> tuple[bool, Decimal]:
    return event.attainable, event.price


class TestOpenings:
    @pytest.mark.parametrize(
        ("claimed", "attainable", "counts"),
        [
            ("2.28", True, "2.30"),
            ("2.30", True, "2.30"),
            ("2.35", True, "2.35"),
            ("2.25", True, "2.30"),
            ("2.24", False, "2.30"),
        ],
    )
    def test_a_buyer_pays_the_offer_or_worse_and_nobody_buys_below_the_bid(
        self,
        desk: Desk,
        market: AskedMarket,
        price_check: ReactionRunner,
        claimed: str,
        attainable: bool,
        counts: str,
    ) -> None:
        market.show(TSLA, "2.25", "2.30")
        post(desk, price=claimed)
        catch_up(price_check)
        found = last(desk, SignalPriceChecked)
        assert weighed(found) == (attainable, D(counts))
        assert (found.number, found.claimed) == (1, D(claimed))
        assert (found.bid, found.offer) == (D("2.25"), D("2.30"))
        assert (found.quote_time, found.source) == (NOON, "test")

    @pytest.mark.parametrize(
        ("claimed", "attainable", "counts"),
        [("1.00", True, "0.95"), ("0.90", True, "0.90"), ("1.05", True, "0.95"),
         ("1.06", False, "0.95")],
    )  # fmt: skip
    def test_a_seller_gets_the_bid_or_worse_and_nobody_sells_above_the_offer(
        self,
        desk: Desk,
        market: AskedMarket,
        price_check: ReactionRunner,
        claimed: str,
        attainable: bool,
        counts: str,
    ) -> None:
        market.show(SOLD_PUT[0].symbol, "0.95", "1.05")
        post(desk, side=Side.SELL, legs=SOLD_PUT, price=claimed)
        catch_up(price_check)
        assert weighed(last(desk, SignalPriceChecked)) == (attainable, D(counts))

    def test_what_is_added_is_weighed_for_itself(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "2.25", "2.30")
        signal = post(desk, price="2.30")
        add(desk, signal, "2.20")
        catch_up(price_check)
        found = [e for e in events(desk) if isinstance(e, SignalPriceChecked)]
        assert [(e.number, weighed(e)) for e in found] == [
            (1, (True, D("2.30"))),
            (2, (False, D("2.30"))),
        ]


def add(desk: Desk, signal: UUID, price: str) -> None:
    change(
        desk,
        Signal,
        signal,
        lambda found: found.add(
            quantity=D(1), price=D(price), message=uuid4(), rules=(), posted_at=NOON, at=NOON
        ),
    )


class TestExits:
    @pytest.mark.parametrize(
        ("claimed", "attainable", "counts"),
        [("3.05", True, "3.05"), ("3.00", True, "3.00"), ("3.10", True, "3.05"),
         ("3.11", False, "3.05"), (None, True, "3.05")],
    )  # fmt: skip
    def test_what_was_bought_is_sold_at_the_bid_or_worse(
        self,
        desk: Desk,
        market: AskedMarket,
        price_check: ReactionRunner,
        claimed: str | None,
        attainable: bool,
        counts: str,
    ) -> None:
        signal = post(desk)
        market.show(TSLA, "3.05", "3.10")
        call_exit(desk, signal, "1", claimed)
        catch_up(price_check)
        found = last(desk, SignalPriceChecked)
        assert (found.number, weighed(found)) == (2, (attainable, D(counts)))
        assert found.claimed == (None if claimed is None else D(claimed))

    @pytest.mark.parametrize(
        ("claimed", "attainable", "counts"),
        [("0.50", True, "0.55"), ("0.60", True, "0.60"), ("0.44", False, "0.55"),
         (None, True, "0.55")],
    )  # fmt: skip
    def test_what_was_sold_is_bought_back_at_the_offer_or_worse(
        self,
        desk: Desk,
        market: AskedMarket,
        price_check: ReactionRunner,
        claimed: str | None,
        attainable: bool,
        counts: str,
    ) -> None:
        signal = post(desk, side=Side.SELL, legs=SOLD_PUT)
        market.show(SOLD_PUT[0].symbol, "0.45", "0.55")
        call_exit(desk, signal, "1", claimed)
        catch_up(price_check)
        assert weighed(last(desk, SignalPriceChecked)) == (attainable, D(counts))


class TestSpreads:
    def test_each_leg_is_taken_at_its_own_far_side(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        market.show(TSLA_HIGHER, "2.20", "2.30")
        post(desk, legs=VERTICAL, price="3.20")
        catch_up(price_check)
        found = last(desk, SignalPriceChecked)
        assert (found.bid, found.offer, found.price) == (D("3.10"), D("3.30"), D("3.30"))

    def test_the_oldest_quote_says_how_old_the_evidence_is(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        market.show(TSLA_HIGHER, "2.20", "2.30")
        older = NOON - timedelta(minutes=7)
        market.quotes[TSLA_HIGHER] = msgspec.structs.replace(market.quotes[TSLA_HIGHER], time=older)
        post(desk, legs=VERTICAL, price="3.20")
        catch_up(price_check)
        assert last(desk, SignalPriceChecked).quote_time == older

    def test_the_evidence_says_how_many_units_stood_there(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        market.show(TSLA_HIGHER, "2.20", "2.30")
        for symbol, bid, offer in ((TSLA, 30, 12), (TSLA_HIGHER, 9, None)):
            market.quotes[symbol] = msgspec.structs.replace(
                market.quotes[symbol], bid_size=bid, offer_size=offer
            )
        post(desk, legs=VERTICAL, price="3.20")
        catch_up(price_check)
        found = last(desk, SignalPriceChecked)
        assert (found.bid_size, found.offer_size) == (None, 9)

    def test_nobody_is_paid_for_taking_a_spread(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "1.00", "1.40")
        market.show(TSLA_HIGHER, "0.90", "1.20")
        post(desk, legs=VERTICAL, price="0.30")
        catch_up(price_check)
        assert last(desk, SignalPriceChecked).bid == 0

    def test_without_a_quote_of_every_leg_there_is_no_evidence(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        post(desk, legs=VERTICAL, price="3.20")
        catch_up(price_check)
        assert names(desk) == ["signal.posted"]


class TestWithoutEvidence:
    @pytest.mark.parametrize(("bid", "offer"), [("5.60", "5.50"), ("0", "0")])
    def test_a_quote_that_proves_nothing_is_none(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner, bid: str, offer: str
    ) -> None:
        market.show(TSLA, bid, offer)
        post(desk)
        catch_up(price_check)
        assert names(desk) == ["signal.posted"]

    def test_a_claim_stays_posted_until_the_market_is_recorded(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        post(desk, price="2.28")
        catch_up(price_check)
        assert names(desk) == ["signal.posted"]
        market.show(TSLA, "2.25", "2.30")
        price_check.start_over()
        catch_up(price_check)
        assert names(desk) == ["signal.posted", "signal.price_checked"]

    def test_what_has_its_evidence_keeps_it_when_the_check_starts_over(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "2.25", "2.30")
        signal = post(desk, price="2.28")
        catch_up(price_check)
        call_exit(desk, signal, "1", "2.27")
        market.show(TSLA, "9.00", "9.10")
        price_check.start_over()
        catch_up(price_check)
        found = [event for event in events(desk) if isinstance(event, SignalPriceChecked)]
        assert [(event.number, event.bid) for event in found] == [(1, D("2.25")), (2, D("9.00"))]


class TestSettlements:
    @pytest.fixture
    def assumed(self, desk: Desk, market: AskedMarket, price_check: ReactionRunner) -> UUID:
        """A trade that was settled without a close."""
        signal = post(desk)
        settle_expired(desk, market, [signal], at=AFTER_EXPIRY)
        catch_up(price_check)
        assert "signal.price_checked" not in names(desk)
        return signal

    def test_an_assumed_settlement_counts_at_the_close_once_that_is_recorded(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner, assumed: UUID
    ) -> None:
        market.closes["TSLA", FRIDAY] = D("262.25")
        price_check.start_over()
        catch_up(price_check)
        found = last(desk, SignalPriceChecked)
        assert (found.originator_id, found.number, weighed(found)) == (
            assumed,
            2,
            (True, D("12.25")),
        )
        assert (found.claimed, found.source) == (None, "intrinsic value at 262.25")

    def test_it_is_put_right_once(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner, assumed: UUID
    ) -> None:
        for close in ("262.25", "270.00"):
            market.closes["TSLA", FRIDAY] = D(close)
            price_check.start_over()
            catch_up(price_check)
        assert names(desk).count("signal.price_checked") == 1
        assert last(desk, SignalPriceChecked).price == D("12.25")

    def test_a_settlement_at_a_known_close_needs_no_evidence(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.closes["TSLA", FRIDAY] = D("262.25")
        settle_expired(desk, market, [post(desk)], at=AFTER_EXPIRY)
        before = head(desk)
        catch_up(price_check)
        assert head(desk) == before


class TestTheCheckItself:
    def test_the_market_is_asked_about_the_moment_of_the_post(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        earlier = NOON - timedelta(hours=1)
        post(desk, at=earlier)
        catch_up(price_check)
        assert market.asked == [[QuoteRequest(TSLA, earlier)]]

    def test_many_claims_are_one_question(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner
    ) -> None:
        market.show(TSLA, "2.25", "2.30")
        for _ in range(5):
            post(desk)
        catch_up(price_check)
        assert [len(question) for question in market.asked if question] == [5]
        assert names(desk)[5:] == 5 * ["signal.price_checked"]

    def test_the_record_says_which_claim_was_weighed(
        self, desk: Desk, market: AskedMarket, price_check: ReactionRunner, database_url: str
    ) -> None:
        market.show(TSLA, "2.25", "2.30")
        signal = post(desk)
        call_exit(desk, signal, "1")
        catch_up(price_check)
        told = [(e.actor, e.correlation, e.causation) for e in on_tape(database_url)[2:]]
        assert told == [
            ("reaction:price_check", signal, 1),
            ("reaction:price_check", signal, 2),
        ]


cents = st.decimals("0", "500", places=2)


@given(st.sampled_from(Side), st.none() | cents, cents, cents)
def test_no_claim_counts_at_better_than_it_said_or_the_market_gave(
    side: Side, claimed: Decimal | None, one: Decimal, other: Decimal
) -> None:
    bid, offer = sorted((one, other))
    found = weigh_claim(side, claimed, bid, offer)
    far, near = (offer, bid) if side is Side.BUY else (bid, offer)
    assert (found.price - far) * side.sign >= 0
    assert found.price in (claimed, far)
    if claimed is None:
        assert found.attainable
    else:
        assert (found.price - claimed) * side.sign >= 0
        assert found.attainable == ((claimed - near) * side.sign >= 0)
