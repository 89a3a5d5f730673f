"""What the passing of days does: marks at the close, and settlement after the expiry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.reaction_runner import reaction_statuses
from application.administering import open_account
from application.approving import approve
from application.desk import Desk
from application.ports import NotFound
from application.settling import RATE, mark, settle_expired, settled_at, settlement_of
from domain.fix import Side
from domain.holdings import HoldingExpired
from domain.instruments import Option, Right
from domain.legs import Leg
from domain.market import EXCHANGE_ZONE, MarkRecorded
from domain.signal_events import ClosedBy, SignalClosed, SignalSettled
from domain.signals import Signal
from tests.adapters.notes import as_owner, on_tape
from tests.application.acts import (
    ADA,
    BLIND,
    DANA,
    TSLA,
    TSLA_HIGHER,
    VERTICAL,
    call_exit,
    catch_up,
    change,
    command,
    events,
    head,
    last,
    names,
    new_signal,
    post,
)
from tests.application.conftest import NOON, Overtaken, ShownMarket
from tests.application.floor import Floor, floor_on

D = Decimal
FRIDAY = date(2026, 11, 20)
CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
CONDOR = (
    Leg(symbol="TSLA  261120P00230000", side=Side.BUY),
    Leg(symbol="TSLA  261120P00240000", side=Side.SELL),
    Leg(symbol="TSLA  261120C00250000", side=Side.SELL),
    Leg(symbol="TSLA  261120C00260000", side=Side.BUY),
)


def closing_at(market: ShownMarket, price: str, symbol: str = "TSLA") -> None:
    market.closes[symbol, FRIDAY] = D(price)


def settle(desk: Desk, market: ShownMarket, *signals: UUID, at: datetime = CLOSE) -> int:
    return settle_expired(desk, market, signals, at=at)


def void(desk: Desk, signal: UUID) -> None:
    change(
        desk,
        Signal,
        signal,
        lambda found: found.void(correction=uuid4(), reason="x", by="ada", at=NOON),
    )


def add(desk: Desk, signal: UUID, quantity: str, price: str) -> None:
    change(
        desk,
        Signal,
        signal,
        lambda found: found.add(
            quantity=D(quantity),
            price=D(price),
            message=uuid4(),
            rules=(),
            posted_at=NOON,
            at=NOON,
        ),
    )


class TestSettling:
    def test_an_option_in_the_money_settles_at_its_intrinsic_value(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        closing_at(market, "262.25")
        assert settle(desk, market, post(desk, quantity="2")) == 1
        settled = last(desk, SignalSettled)
        assert (settled.number, settled.quantity) == (2, D(2))
        assert (settled.price, settled.underlying_px) == (D("12.25"), D("262.25"))
        assert not settled.assumed
        assert settled.settled_at == CLOSE

    def test_the_trade_is_closed_by_its_expiry(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "262.25")
        settle(desk, market, post(desk), at=CLOSE + timedelta(hours=3))
        assert names(desk) == ["signal.posted", "signal.settled", "signal.closed"]
        closed = last(desk, SignalClosed)
        assert (closed.reason, closed.closed_at) == (ClosedBy.EXPIRY, CLOSE)
        assert closed.timestamp == CLOSE + timedelta(hours=3)

    def test_an_option_out_of_the_money_is_known_to_be_worthless(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        closing_at(market, "249.99")
        settle(desk, market, post(desk))
        settled = last(desk, SignalSettled)
        assert (settled.price, settled.assumed) == (D(0), False)

    def test_only_what_is_still_open_settles(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "262.25")
        signal = post(desk, quantity="5")
        call_exit(desk, signal, "3", "7.00")
        settle(desk, market, signal)
        assert last(desk, SignalSettled).quantity == 2

    def test_nothing_settles_before_the_close(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "262.25")
        signal = post(desk)
        assert settle(desk, market, signal, at=CLOSE - timedelta(microseconds=1)) == 0
        assert settle(desk, market, signal, at=CLOSE) == 1

    def test_the_legs_of_a_spread_settle_as_one(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "257.50")
        settle(desk, market, post(desk, legs=VERTICAL, price="4.00"))
        assert last(desk, SignalSettled).price == D("7.50")

    def test_what_was_sold_settles_at_what_it_costs(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "253.00")
        settle(desk, market, post(desk, side=Side.SELL, legs=CONDOR, price="2.10"))
        assert last(desk, SignalSettled).price == D("3.00")

    def test_a_weekly_of_the_index_settles_on_the_index(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        closing_at(market, "6700", "SPX")
        put = Leg(symbol="SPXW  261120P06725000", side=Side.BUY)
        settle(desk, market, post(desk, legs=(put,)))
        assert last(desk, SignalSettled).price == D(25)

    def test_shares_and_what_is_over_are_left_alone(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "262.25")
        shares = post(desk, legs=(Leg(symbol="TSLA", side=Side.BUY),))
        sold, voided = post(desk, quantity="2"), post(desk)
        call_exit(desk, sold, "2", "7.00")
        void(desk, voided)
        before = head(desk)
        assert settle(desk, market, shares, sold, voided) == 0
        assert head(desk) == before

    def test_it_settles_once(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "262.25")
        signal = post(desk)
        assert settle(desk, market, signal, signal) == 1
        assert settle(desk, market, signal) == 0
        assert head(desk) == 3

    def test_of_two_timers_one_settles(
        self, desk: Desk, market: ShownMarket, overtaken: Overtaken
    ) -> None:
        closing_at(market, "262.25")
        signal = post(desk)
        late = overtaken(lambda: settle(desk, market, signal))
        assert settle(late, market, signal) == 0
        assert head(desk) == 3

    def test_an_exit_that_is_faster_leaves_less_to_settle_next_time(
        self, desk: Desk, market: ShownMarket, overtaken: Overtaken
    ) -> None:
        closing_at(market, "262.25")
        signal = post(desk, quantity="2")
        late = overtaken(lambda: call_exit(desk, signal, "1", "12.00"))
        assert settle(late, market, signal) == 0
        assert settle(late, market, signal) == 1
        assert last(desk, SignalSettled).quantity == 1

    def test_the_record_says_that_time_did_it(
        self, desk: Desk, market: ShownMarket, database_url: str
    ) -> None:
        closing_at(market, "262.25")
        signal = post(desk)
        settle(desk, market, signal)
        told = [(event.actor, event.correlation) for event in on_tape(database_url)[1:]]
        assert told == 2 * [("timer:settlement", signal)]

    def test_what_is_no_signal_cannot_settle(self, desk: Desk, market: ShownMarket) -> None:
        closing_at(market, "262.25")
        with pytest.raises(NotFound):
            settle(desk, market, post(desk), uuid4())
        assert names(desk) == ["signal.posted"]


class TestWithoutAClose:
    def test_what_was_bought_counts_as_lost(self, desk: Desk, market: ShownMarket) -> None:
        assert settle(desk, market, post(desk, price="5.50")) == 1
        settled = last(desk, SignalSettled)
        assert (settled.price, settled.underlying_px, settled.assumed) == (D(0), None, True)

    def test_what_was_sold_loses_its_premium(self, desk: Desk, market: ShownMarket) -> None:
        put = (Leg(symbol="TSLA  261120P00230000", side=Side.SELL),)
        settle(desk, market, post(desk, side=Side.SELL, legs=put, price="1.20"))
        settled = last(desk, SignalSettled)
        assert (settled.price, settled.assumed) == (D("2.40"), True)

    def test_what_was_sold_in_parts_loses_the_premium_of_all(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        put = (Leg(symbol="TSLA  261120P00230000", side=Side.SELL),)
        signal = post(desk, side=Side.SELL, legs=put, price="1.00", quantity="1")
        add(desk, signal, "1", "3.00")
        settle(desk, market, signal)
        assert last(desk, SignalSettled).price == D("4.00")

    def test_the_close_of_another_day_is_no_close(self, desk: Desk, market: ShownMarket) -> None:
        market.closes["TSLA", FRIDAY - timedelta(days=1)] = D("262.25")
        settle(desk, market, post(desk))
        assert last(desk, SignalSettled).assumed


prices = st.decimals("0.01", "99000", places=2)
strikes = st.decimals("1", "9000", places=1)


def vertical(side: Side, right: Right, low: Decimal, high: Decimal) -> Signal:
    """The nearer strike on the trade's own side: bought for a debit, sold for a credit."""
    near, far = (low, high) if right is Right.CALL else (high, low)
    symbols = [Option("TSLA", FRIDAY, right, strike).symbol for strike in (near, far)]
    return new_signal(
        side=side,
        legs=(Leg(symbol=symbols[0], side=side), Leg(symbol=symbols[1], side=side.opposite)),
    )


class TestTheValueAtExpiry:
    @given(prices, st.sets(strikes, min_size=2, max_size=2), st.sampled_from(Right))
    def test_a_vertical_is_worth_at_most_its_width_and_the_same_to_both_sides(
        self, spot: Decimal, pair: set[Decimal], right: Right
    ) -> None:
        low, high = sorted(pair)
        market = ShownMarket()
        closing_at(market, str(spot))
        bought, _ = settlement_of(market, vertical(Side.BUY, right, low, high))
        sold, _ = settlement_of(market, vertical(Side.SELL, right, low, high))
        assert bought is not None
        assert bought == sold
        assert 0 <= bought <= high - low

    @given(prices, strikes)
    def test_call_less_put_is_spot_less_strike(self, spot: Decimal, strike: Decimal) -> None:
        market = ShownMarket()
        closing_at(market, str(spot))
        contracts = (Option("TSLA", FRIDAY, right, strike) for right in (Right.CALL, Right.PUT))
        legs = ((Leg(symbol=contract.symbol, side=Side.BUY),) for contract in contracts)
        call, put = (settlement_of(market, new_signal(legs=leg))[0] for leg in legs)
        assert call is not None
        assert put is not None
        assert call - put == spot - strike

    @given(st.dates(date(2015, 1, 1), date(2040, 12, 31)))
    def test_it_is_taken_at_four_in_new_york_in_winter_and_in_summer(self, day: date) -> None:
        assert settled_at(day).tzinfo is UTC
        local = settled_at(day).astimezone(EXCHANGE_ZONE)
        assert (local.date(), local.time()) == (day, time(16))


class TestAccounts:
    @pytest.fixture
    def trading(self, desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Floor]:
        with floor_on(desk, database_url, market) as floor:
            open_account(desk, command(), ADA, name="paper", broker="paper", cash=D(50_000))
            yield floor

    @pytest.mark.parametrize(
        ("side", "legs", "held"),
        [
            (Side.BUY, (Leg(symbol=TSLA, side=Side.BUY),), D(9)),
            (Side.BUY, VERTICAL, D(15)),
            (Side.SELL, CONDOR, D(-7)),
        ],
    )
    def test_what_an_account_holds_settles_with_its_trade(
        self,
        desk: Desk,
        market: ShownMarket,
        trading: Floor,
        side: Side,
        legs: tuple[Leg, ...],
        held: Decimal,
        database_url: str,
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        market.show(TSLA_HIGHER, "2.20", "2.30")
        market.show("TSLA  261120P00240000", "1.40", "1.50")
        market.show("TSLA  261120P00230000", "1.00", "1.10")
        signal = post(desk, side=side, legs=legs, price="5.00" if side is Side.BUY else "1.00")
        approve(desk, command(), DANA, signal=signal, account="paper", via="test", assessor=BLIND)
        catch_up(trading)
        closing_at(market, "256.00")
        settle(desk, market, signal)
        catch_up(trading)
        with as_owner(database_url) as connection:
            statuses = reaction_statuses(connection)
        assert {(status.state, status.reason) for status in statuses} == {("running", "")}
        expired = last(desk, HoldingExpired)
        assert (expired.signal, expired.quantity, expired.price) == (signal, held, D("6.00"))


class TestMarking:
    AT = datetime(2026, 11, 18, 21, 0, tzinfo=UTC)

    def marked(self, desk: Desk, market: ShownMarket, *symbols: str) -> int:
        return mark(desk, market, symbols, marked_at=self.AT, at=self.AT + timedelta(minutes=5))

    def test_a_mark_keeps_the_quote_and_the_middle_of_the_underlying(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        market.show("TSLA", "251.00", "251.50")
        assert self.marked(desk, market, TSLA) == 1
        found = last(desk, MarkRecorded)
        assert (found.symbol, found.bid, found.offer) == (TSLA, D("5.40"), D("5.50"))
        assert (found.underlying_px, found.rate) == (D("251.25"), RATE)
        assert (found.marked_at, found.quote_time, found.source) == (self.AT, NOON, "test")
        assert found.timestamp == self.AT + timedelta(minutes=5)

    def test_an_option_is_marked_without_its_underlying_too(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        market.show("TSLA", "251.50", "251.00")
        assert self.marked(desk, market, TSLA) == 1
        assert last(desk, MarkRecorded).underlying_px is None

    def test_shares_are_their_own_underlying(self, desk: Desk, market: ShownMarket) -> None:
        market.show("TSLA", "251.00", "251.50")
        assert self.marked(desk, market, "TSLA") == 1
        assert last(desk, MarkRecorded).underlying_px == D("251.25")

    def test_what_has_no_quote_or_a_crossed_one_gets_no_mark(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        market.show(TSLA, "5.60", "5.50")
        market.show("AAPL", "0", "0")
        assert self.marked(desk, market, TSLA, TSLA_HIGHER, "AAPL") == 0
        assert names(desk) == []

    def test_the_same_moment_again_adds_only_what_had_no_mark(
        self, desk: Desk, market: ShownMarket
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        assert self.marked(desk, market, TSLA, TSLA) == 1
        market.show(TSLA, "6.40", "6.50")
        market.show(TSLA_HIGHER, "2.20", "2.30")
        assert self.marked(desk, market, TSLA, TSLA_HIGHER) == 1
        found = [event for event in events(desk) if isinstance(event, MarkRecorded)]
        assert [(event.symbol, event.bid) for event in found] == [
            (TSLA, D("5.40")),
            (TSLA_HIGHER, D("2.20")),
        ]

    def test_another_moment_has_marks_of_its_own(self, desk: Desk, market: ShownMarket) -> None:
        market.show(TSLA, "5.40", "5.50")
        self.marked(desk, market, TSLA)
        later = self.AT + timedelta(days=1)
        assert mark(desk, market, [TSLA], marked_at=later, at=later) == 1

    def test_the_record_says_that_time_did_it(
        self, desk: Desk, market: ShownMarket, database_url: str
    ) -> None:
        market.show(TSLA, "5.40", "5.50")
        self.marked(desk, market, TSLA)
        assert [event.actor for event in on_tape(database_url)] == ["timer:marks"]
