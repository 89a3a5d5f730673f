"""Flags are raised by whichever fact comes last, and taken back when one of them goes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.accounts import Account
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.flags import FlagKind
from domain.legs import Leg
from domain.messages import message_stream
from domain.orders import Order
from domain.signal_events import ClosedBy, PriceEvidence, Source
from domain.signals import Signal
from domain.traders import Trader
from projections.flag_rows import FlagRow
from projections.flags import Flags, flag_counts, flags
from projections.runner import Runner
from tests.projections import desk
from tests.projections.desk import CALL, LONGER_CALL, minute
from tests.projections.given import Story, current
from tests.projections.tape import Tape, reading

D = Decimal
PUT = "TSLA  261120P00250000"


def trade(
    trader: Trader,
    number: int,
    symbol: str = CALL,
    side: Side = Side.BUY,
    *,
    quantity: str = "4",
) -> Signal:
    """A trade that is posted at the minute of its number."""
    posted = minute(number)
    return Signal.post(
        place=0, origin="trader", trader=trader.id,
        source=Source(
            platform="discord", channel="alerts", message=message_stream("discord", str(number))
        ),
        side=side, legs=(Leg(symbol=symbol, side=side),), quantity=D(quantity), price=D("2.00"),
        price_to=None, stop=None, targets=(), valid_until=None, parser="canonical-1", rules=(),
        posted_at=posted, at=posted,
    )  # fmt: skip


def leave(found: Signal, number: int, quantity: str = "4") -> None:
    found.call_exit(
        quantity=D(quantity), price=D(3), reason=ClosedBy.EXIT,
        message=message_stream("discord", f"x{number}"), rules=(),
        posted_at=minute(number), at=minute(number),
    )  # fmt: skip


def correct(found: Signal, number: int, quantity: str) -> None:
    found.correct(
        correction=UUID(int=number), number=number, price=None, quantity=D(quantity),
        reason="typo", by="ana", at=minute(90),
    )  # fmt: skip


def void(found: Signal) -> None:
    found.void(correction=UUID(int=77), reason="a joke", by="ana", at=minute(91))


def check(found: Signal, number: int, *, offered: int | None, bid: int | None = None) -> None:
    evidence = PriceEvidence(
        claimed=D(2), bid=D("1.90"), offer=D(2), bid_size=bid, offer_size=offered,
        quote_time=desk.NOON, source="recorded", attainable=True, price=D(2),
    )  # fmt: skip
    found.check_price(number, evidence, at=desk.NOON)


def link(one: Trader, to: Trader) -> Trader:
    one.link(to.id, reason="one phone", by="ana", at=minute(50))
    return one


def unlink(one: Trader) -> Trader:
    one.unlink(reason="a shared phone", by="ana", at=minute(60))
    return one


def account(owner: Trader | None = None) -> Account:
    book = Account.open(name="own", broker="paper", cash=D(1000), at=desk.NOON)
    if owner is not None:
        book.name_owner(owner.id, reason="their name on it", by="ana", at=desk.NOON)
    return book


def order(name: str, *, side: Side = Side.BUY, opens: bool = True, of: UUID | None = None) -> Order:
    found = Order.request(
        cl_ord_id=name, account="own", signal=of, side=side,
        position_effect=PositionEffect.OPEN if opens else PositionEffect.CLOSE,
        legs=(Leg(symbol=CALL, side=side),), order_qty=D(10), ord_type=OrdType.MARKET,
        limit_px=None, time_in_force=TimeInForce.DAY, at=desk.NOON,
    )  # fmt: skip
    return desk.accepted(found)


def fill(found: Order, at: datetime, quantity: str = "3") -> Order:
    found.fill(
        exec_id=f"{found.id.hex[:6]}-{quantity}", last_qty=D(quantity), last_px=D(2),
        commission=D(0), transact_time=at, at=at,
    )  # fmt: skip
    return found


class Told:
    """A story, and the flags that it leaves."""

    def __init__(self) -> None:
        self.model = Flags()
        self._story = Story(self.model)
        self.tell = self._story.tell

    def of(self, kind: FlagKind) -> list[FlagRow]:
        rows = [row for row in current(self.model.flags) if row.kind is kind]
        return sorted(rows, key=lambda row: (row.since, row.trader, row.reason))


class TestOppositeTrades:
    def test_linked_accounts_that_bet_against_each_other_are_flagged_both(self) -> None:
        told, nora, other = Told(), desk.trader("7"), desk.trader("8")
        told.tell(nora, other, link(other, nora))
        long, short = trade(nora, 1), trade(other, 2, LONGER_CALL, Side.SELL)
        told.tell(long, short)
        found = {row.trader: row for row in told.of(FlagKind.OPPOSITE)}
        assert set(found) == {nora.id, other.id}
        row = found[nora.id]
        assert (row.signal, row.other, row.other_trader) == (long.id, short.id, other.id)
        assert row.since == minute(2)
        assert row.positions == [3, 4, 5]
        assert row.reason == (
            f"bought TSLA 250C 2026-11-20 while {str(short.id)[:8]} of the same person, sold "
            "TSLA 260C 2026-11-20, was open: both from 2026-03-02 17:02 UTC"
        )

    def test_a_link_looks_back_and_its_end_takes_the_flags_with_it(self) -> None:
        told, nora, other = Told(), desk.trader("7"), desk.trader("8")
        told.tell(nora, other, trade(nora, 1), trade(other, 2, PUT))
        assert told.of(FlagKind.OPPOSITE) == []
        told.tell(link(other, nora))
        assert len(told.of(FlagKind.OPPOSITE)) == 2
        told.tell(unlink(other))
        assert told.of(FlagKind.OPPOSITE) == []
        told.tell(trade(nora, 3), trade(other, 4, PUT))
        assert told.of(FlagKind.OPPOSITE) == []

    def test_a_chain_of_links_is_one_person(self) -> None:
        told = Told()
        a, b, c = (desk.trader(author) for author in "789")
        told.tell(a, b, c, trade(a, 1), trade(c, 2, PUT), link(a, b))
        assert told.of(FlagKind.OPPOSITE) == []
        told.tell(link(c, b))
        assert len(told.of(FlagKind.OPPOSITE)) == 2
        told.tell(unlink(a))
        assert told.of(FlagKind.OPPOSITE) == []

    def test_what_was_never_open_at_once_or_is_no_bet_against_is_not_flagged(self) -> None:
        told, nora, other = Told(), desk.trader("7"), desk.trader("8")
        told.tell(nora, other, link(other, nora))
        first = trade(nora, 1)
        leave(first, 5)
        told.tell(first, trade(other, 5, PUT), trade(other, 2), trade(nora, 6, "AAPL"))
        told.tell(trade(other, 7, "AAPL"))
        assert told.of(FlagKind.OPPOSITE) == []
        told.tell(trade(nora, 8, PUT))
        told.tell(trade(nora, 9, CALL))
        assert {row.since for row in told.of(FlagKind.OPPOSITE)} == {minute(8), minute(9)}

    def test_one_trader_may_hold_both_sides(self) -> None:
        told, nora, other = Told(), desk.trader("7"), desk.trader("8")
        told.tell(nora, other, link(other, nora), trade(nora, 1), trade(nora, 2, PUT))
        assert told.of(FlagKind.OPPOSITE) == []

    def test_corrections_move_the_end_and_voiding_takes_the_trade_out(self) -> None:
        told, nora, other = Told(), desk.trader("7"), desk.trader("8")
        told.tell(nora, other, link(other, nora))
        first, second = trade(nora, 1), trade(other, 5, PUT)
        leave(first, 5)
        told.tell(first, second)
        assert told.of(FlagKind.OPPOSITE) == []
        correct(first, 2, "3")
        told.tell(first)
        assert len(told.of(FlagKind.OPPOSITE)) == 2
        void(second)
        told.tell(second)
        assert told.of(FlagKind.OPPOSITE) == []


class TestFrontRunning:
    def test_an_own_fill_before_the_post_is_flagged_when_it_is_posted(self) -> None:
        told, nora = Told(), desk.trader("7")
        told.tell(nora, account(nora))
        told.tell(fill(order("o-1"), minute(-30)))
        post = trade(nora, 1)
        told.tell(post)
        (row,) = told.of(FlagKind.FRONT_RUN)
        assert (row.trader, row.signal, row.account) == (nora.id, post.id, "own")
        assert (row.posted, row.since) == (D(3), minute(-30))
        assert row.positions == [3, 7, 8]
        assert row.reason == (
            "own, an own account, bought TSLA 250C 2026-11-20 from 2026-03-02 16:30 UTC and held "
            "3 at the post of 2026-03-02 17:01 UTC"
        )

    def test_the_account_may_be_of_somebody_they_are_linked_to(self) -> None:
        told, nora, other = Told(), desk.trader("7"), desk.trader("8")
        told.tell(nora, other, account(other), fill(order("o-1"), minute(-30)), trade(nora, 1))
        assert told.of(FlagKind.FRONT_RUN) == []
        told.tell(link(other, nora))
        assert len(told.of(FlagKind.FRONT_RUN)) == 1
        told.tell(unlink(other))
        assert told.of(FlagKind.FRONT_RUN) == []

    def test_whose_an_account_is_may_come_out_later_and_be_taken_back(self) -> None:
        told, nora, book = Told(), desk.trader("7"), account()
        told.tell(nora, book, fill(order("o-1"), minute(-30)), trade(nora, 1))
        book.name_owner(nora.id, reason="their name on it", by="ana", at=minute(2))
        told.tell(book)
        assert len(told.of(FlagKind.FRONT_RUN)) == 1
        book.name_owner(None, reason="their father's", by="ana", at=minute(3))
        told.tell(book)
        assert told.of(FlagKind.FRONT_RUN) == []

    def test_a_fill_that_is_told_late_counts_from_when_it_happened(self) -> None:
        told, nora = Told(), desk.trader("7")
        told.tell(nora, account(nora), trade(nora, 1))
        bought = fill(order("o-1"), minute(-5))
        told.tell(bought)
        assert len(told.of(FlagKind.FRONT_RUN)) == 1
        told.tell(fill(order("o-2", side=Side.SELL, opens=False), minute(20), "2"))
        (row,) = told.of(FlagKind.FRONT_RUN)
        assert row.reason.endswith("; 2 sold within 24 h after it")

    def test_busting_the_fill_takes_the_flag_back(self) -> None:
        told, nora = Told(), desk.trader("7")
        bought = fill(order("o-1"), minute(-5))
        told.tell(nora, account(nora), bought, trade(nora, 1))
        (row,) = told.of(FlagKind.FRONT_RUN)
        exec_id = f"{bought.id.hex[:6]}-3"
        bought.correct_trade(
            correction=UUID(int=1), exec_id=exec_id, last_qty=D(2), last_px=D(2), reason="typo",
            by="ana", at=minute(9),
        )  # fmt: skip
        told.tell(bought)
        (row,) = told.of(FlagKind.FRONT_RUN)
        assert row.posted == D(2)
        bought.cancel_trade(
            correction=UUID(int=2), exec_id=exec_id, reason="bust", by="ana", at=minute(10)
        )
        told.tell(bought)
        assert told.of(FlagKind.FRONT_RUN) == []

    def test_what_follows_from_a_signal_is_no_front_running(self) -> None:
        told, nora = Told(), desk.trader("7")
        first = trade(nora, 0)
        told.tell(nora, account(nora), first, fill(order("o-1", of=first.id), minute(1)))
        told.tell(trade(nora, 5))
        assert told.of(FlagKind.FRONT_RUN) == []


class TestSizes:
    def test_more_than_stood_at_the_quote_is_flagged_entry_by_entry(self) -> None:
        told, nora = Told(), desk.trader("7")
        found = trade(nora, 1, quantity="100")
        check(found, 1, offered=20)
        desk.add(found, "5", "2.00")
        check(found, 2, offered=5)
        told.tell(nora, found)
        (row,) = told.of(FlagKind.SIZE)
        assert (row.part, row.posted, row.quoted) == (1, D(100), D(20))
        assert row.positions == [2, 3]
        assert row.reason == (
            "100 of TSLA 250C 2026-11-20 posted, 20 stood at the quote: its dollars count up to "
            "that"
        )

    def test_a_sale_is_held_against_what_was_bid(self) -> None:
        told, nora = Told(), desk.trader("7")
        found = trade(nora, 1, side=Side.SELL, quantity="30")
        check(found, 1, offered=99, bid=10)
        told.tell(nora, found)
        assert [row.quoted for row in told.of(FlagKind.SIZE)] == [D(10)]

    def test_what_nobody_told_or_leaves_is_not_held_against_it(self) -> None:
        told, nora = Told(), desk.trader("7")
        found = trade(nora, 1, quantity="30")
        check(found, 1, offered=None)
        leave(found, 9, "30")
        check(found, 2, offered=1, bid=1)
        told.tell(nora, found)
        assert told.of(FlagKind.SIZE) == []

    def test_a_correction_to_what_was_quoted_takes_the_flag_back(self) -> None:
        told, nora = Told(), desk.trader("7")
        found = trade(nora, 1, quantity="30")
        check(found, 1, offered=10)
        told.tell(nora, found)
        assert len(told.of(FlagKind.SIZE)) == 1
        correct(found, 1, "10")
        told.tell(found)
        assert told.of(FlagKind.SIZE) == []
        correct(found, 1, "11")
        told.tell(found)
        assert [row.posted for row in told.of(FlagKind.SIZE)] == [D(11)]
        void(found)
        told.tell(found)
        assert told.of(FlagKind.SIZE) == []


def test_flags_are_the_same_live_one_by_one_and_rebuilt_and_known_as_of(tape: Tape) -> None:
    nora, other, third = (desk.trader(author) for author in "789")
    book = account()
    runner = Runner(reading(tape.url), [Flags])
    runner.start()

    def happens(*aggregates: Trader | Signal | Account | Order) -> int:
        position = 0
        for aggregate in aggregates:
            position = tape.save(aggregate)
        runner.catch_up()
        return position

    large = trade(nora, 1, quantity="50")
    check(large, 1, offered=7)
    happens(nora, other, third, book, large, trade(other, 2, PUT), fill(order("o-1"), minute(-9)))
    before = happens(trade(third, 3, PUT))
    linked = happens(link(other, nora))
    runner.close()
    runner = Runner(reading(tape.url), [Flags])
    runner.start()
    happens(link(third, nora))
    book.name_owner(third.id, reason="their name on it", by="ana", at=minute(55))
    owned = happens(book)
    happens(unlink(other), trade(other, 4, PUT))

    def told(as_of: int | None) -> list[FlagRow]:
        return flags(tape.connection, as_of=as_of)

    def known() -> list[list[FlagRow]]:
        return [told(as_of) for as_of in (None, before, linked, owned)]

    live = known()
    assert [len(rows) for rows in live] == [4, 1, 3, 6]
    (page,) = flags(tape.connection, trader=nora.id, kind=FlagKind.FRONT_RUN)
    assert flags(tape.connection, signal=large.id, after=(page.since, page.flag)) == []
    assert flag_counts(tape.connection, [nora.id, third.id, other.id]) == {
        nora.id: {FlagKind.FRONT_RUN: 1, FlagKind.OPPOSITE: 1, FlagKind.SIZE: 1},
        third.id: {FlagKind.OPPOSITE: 1},
    }
    runner.rebuild()
    runner.catch_up()
    assert known() == live
    runner.close()
