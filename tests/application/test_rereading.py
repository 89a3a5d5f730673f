"""History read again by today's grammar, beside what an older one had booked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from adapters.history import history
from application.accepting import accept
from application.administering import configure_room
from application.correcting import Change, correct
from application.desk import Desk, Outcome, Work
from application.differing import Difference, Sort
from application.ports import Forbidden
from application.reaction import Happened
from application.rereading import HISTORY, Rereading
from application.settling import settle_expired
from domain.approvals import Role
from domain.corrections import CorrectionRequested, Target
from domain.fix import Side
from domain.grammar.reading import PARSER, Room
from domain.legs import Leg
from domain.messages import message_stream
from domain.shared import Impossible, InvalidInput
from domain.signal_events import (
    ClosedBy,
    Decision,
    SignalBookedLate,
    SignalPosted,
    Source,
)
from domain.signals import Signal, signal_stream
from domain.terms import HINDSIGHT
from domain.traders import trader_stream
from tests.application.acts import (
    ADA,
    TSLA,
    TSLA_HIGHER,
    begin,
    change,
    command,
    head,
    last,
    member,
    names,
)
from tests.application.channel import Channel
from tests.application.conftest import NOON, ShownMarket

D = Decimal
OPEN = "BTO 2 TSLA 11/20 250c @ 2.28"
LATER = NOON + timedelta(days=30)
OLD = "canonical-0"


class Before(Channel):
    """A channel that an older version has read: what that booked is booked by hand."""

    def booked(
        self,
        number: str,
        *,
        symbol: str = TSLA,
        quantity: str = "2",
        price: str = "2.28",
        side: Side = Side.BUY,
    ) -> UUID:
        """The older version took a message for this trade."""
        message = message_stream("discord", number)
        posted_at = NOON + timedelta(minutes=int(number))
        return begin(
            self.desk,
            Signal.post(
                place=0,
                origin="trader",
                trader=self.author,
                source=Source(platform="discord", channel="options", message=message),
                side=side,
                legs=(Leg(symbol=symbol, side=Side.BUY),),
                quantity=D(quantity),
                price=D(price),
                price_to=None,
                stop=None,
                targets=(),
                valid_until=posted_at + timedelta(days=1),
                parser=OLD,
                rules=(),
                posted_at=posted_at,
                at=posted_at,
            ),
        )

    @property
    def author(self) -> UUID:
        return trader_stream("discord", "77")

    def left(self, signal: UUID, number: str, quantity: str, price: str | None) -> None:
        """The older version took a message for this exit."""
        posted_at = NOON + timedelta(minutes=int(number))

        def act(found: Signal) -> None:
            found.call_exit(
                quantity=D(quantity),
                price=None if price is None else D(price),
                reason=ClosedBy.EXIT,
                message=message_stream("discord", number),
                rules=(),
                posted_at=posted_at,
                at=posted_at,
            )
            if found.open_quantity == 0:
                found.close(reason=ClosedBy.EXIT, closed_at=posted_at, at=posted_at)

        change(self.desk, Signal, signal, act)

    def has_read_all(self) -> None:
        """Booking is at the head of the tape, by whatever version it came there."""
        self.runner.close()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO tape.reactions (reaction, position) VALUES ('booking', %s)"
                " ON CONFLICT (reaction) DO UPDATE SET position = excluded.position",
                (head(self.desk),),
            )


@pytest.fixture
def channel(desk: Desk, database_url: str) -> Iterator[Before]:
    with closing(Before(desk, database_url)) as channel:
        yield channel


def happened(desk: Desk, url: str) -> list[Happened]:
    with psycopg.connect(url, autocommit=True) as connection:
        return list(history(connection, HISTORY, head(desk)))


def reread(desk: Desk, url: str, **scope: Any) -> Rereading:
    rereading = Rereading(**scope)
    for one in happened(desk, url):
        rereading.take(one)
    return rereading


def differing(desk: Desk, url: str, **scope: Any) -> list[Difference]:
    return reread(desk, url, **scope).differences()


def only(desk: Desk, url: str) -> Difference:
    (difference,) = differing(desk, url)
    return difference


def said(difference: Difference) -> list[str]:
    return [str(change) for change in difference.changes]


def agree(
    desk: Desk, difference: Difference, market: ShownMarket | None = None, at: datetime = LATER
) -> Outcome:
    return accept(desk, market or ShownMarket(), ADA, difference, reason="a better reader", at=at)


def signal_of(desk: Desk, stream: UUID) -> Signal:
    return Work(desk).get(Signal, stream)


class TestDifferences:
    def test_what_today_would_book_alike_is_the_same(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        for words in (OPEN, "STC half TSLA 250c @ 3.05", "good morning", "all out @ 3.40"):
            channel.books(words)
        channel.books("BTO 1 AMD 12/18 150c @ 1.00", channel="other", by="78")
        before = head(desk)
        rereading = reread(desk, database_url)
        assert rereading.differences() == []
        assert rereading.messages == 5
        assert dict(rereading.counts) == {("same", PARSER): 2}
        assert head(desk) == before

    def test_a_trade_that_nobody_booked_is_new_with_all_that_was_said_of_it(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.hears(OPEN)
        channel.hears("all out TSLA 250c @ 3.40")
        new = only(desk, database_url)
        assert (new.sort, said(new)) == (
            Sort.NEW,
            ["trade none -> buy 2 TSLA 250C 2026-11-20 @ 2.28"],
        )
        assert new.read is not None
        assert [(e.kind, e.price) for e in new.read.executions.values()] == [
            ("entry", D("2.28")),
            ("exit", D("3.40")),
        ]

    def test_a_trade_of_words_that_are_none_is_gone(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.booked(channel.hears("good morning everyone"))
        gone = only(desk, database_url)
        assert (gone.sort, said(gone)) == (
            Sort.GONE,
            ["trade buy 2 TSLA 250C 2026-11-20 @ 2.28 -> none"],
        )

    @pytest.mark.parametrize(
        ("booked", "sort", "changes"),
        [
            ({"price": "22.80"}, Sort.CHANGED, ["price 22.80 -> 2.28"]),
            ({"quantity": "1"}, Sort.CHANGED, ["quantity 1 -> 2"]),
            (
                {"symbol": TSLA_HIGHER},
                Sort.REPLACED,
                ["contract TSLA 260C 2026-11-20 -> TSLA 250C 2026-11-20"],
            ),
            ({"side": Side.SELL}, Sort.REPLACED, ["side sell -> buy"]),
        ],
    )
    def test_what_differs_is_told_field_by_field(
        self,
        desk: Desk,
        database_url: str,
        channel: Before,
        booked: dict[str, Any],
        sort: Sort,
        changes: list[str],
    ) -> None:
        channel.booked(channel.hears(OPEN), **booked)
        rereading = reread(desk, database_url)
        (difference,) = rereading.differences()
        assert (difference.sort, said(difference)) == (sort, changes)
        assert dict(rereading.counts) == {(sort.value, OLD): 1}

    def test_exits_are_compared_one_by_one(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears("BTO 4 TSLA 11/20 250c @ 2.28"), quantity="4")
        channel.left(signal, channel.hears("STC half TSLA 250c @ 3.00"), "2", "30.0")
        channel.left(signal, channel.hears("what a day"), "1", "3.10")
        channel.hears("all out TSLA 250c @ 3.50")
        changed = only(desk, database_url)
        assert said(changed) == [
            "exit 2 price 30.0 -> 3.00",
            "exit 3 1 @ 3.10 -> none",
            "exit none -> 2 @ 3.50",
        ]

    def test_levels_matter_while_a_trade_is_open(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears(f"{OPEN} SL 1.50"))
        assert said(only(desk, database_url)) == ["stop none -> 1.50"]
        channel.left(signal, channel.hears("all out TSLA 250c @ 3.50"), "2", "3.50")
        assert differing(desk, database_url) == []

    def test_the_settings_are_those_of_the_time(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        def settings(expiry: str) -> None:
            configure_room(
                desk, command(), ADA, channel="options",
                room=Room(default_expiry=expiry),
            )  # fmt: skip

        settings("weekly")
        channel.books("BTO 2 TSLA 250c @ 2.28")
        settings("")
        channel.books("BTO 2 TSLA 255c @ 2.28")
        assert names(desk).count("signal.posted") == 1
        assert differing(desk, database_url) == []

    def test_only_what_was_said_since_and_only_the_channel_asked_for(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.hears(OPEN)
        channel.hears("BTO 1 AMD 12/18 150c @ 1.00", at=NOON + timedelta(days=2))
        channel.hears("BTO 1 AMD 12/18 160c @ 1.00", channel="other", at=NOON)
        since = NOON + timedelta(days=1)
        rereading = reread(desk, database_url, since=since, channel="options")
        (new,) = rereading.differences()
        assert new.trade.legs[0].symbol.startswith("AMD   261218C00150000")
        assert rereading.messages == 1

    def test_what_was_open_before_is_what_words_since_then_are_about(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.booked(channel.hears(OPEN))
        channel.hears("all out @ 3.50", at=NOON + timedelta(days=1))
        (changed,) = differing(desk, database_url, since=NOON + timedelta(hours=20))
        assert said(changed) == ["exit none -> 2 @ 3.50"]

    def test_what_an_edit_says_is_not_what_was_said_first(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        number = channel.books(OPEN)
        channel.edits(number, "BTO 2 TSLA 11/20 260c @ 9.99")
        assert differing(desk, database_url) == []

    @pytest.mark.parametrize("void", [True, False])
    def test_what_a_person_put_right_no_reading_undoes(
        self, desk: Desk, database_url: str, channel: Before, void: bool
    ) -> None:
        channel.books(OPEN)
        stream = signal_stream(message_stream("discord", "1"), 0)
        wanted = Change(
            target=Target.SIGNAL, stream=stream, part="" if void else "1", void=void,
            price=None if void else D("2.40"), reason="the fill was at 2.40",
        )  # fmt: skip
        correct(desk, command(), ADA, wanted)
        assert differing(desk, database_url) == []

    def test_a_long_history_keeps_only_what_differs_or_is_open(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.books(OPEN)
        channel.books("all out TSLA 250c @ 3.50")
        rereading = Rereading()
        told = happened(desk, database_url)
        for one in told:
            rereading.take(one)
        chatter = next(one for one in told if one.event.TOPIC == "message.captured")
        quiet = type(chatter.event)(**{**_fields(chatter.event), "content": "hm"})
        for position in range(1_000_000, 1_002_000):
            rereading.take(
                Happened(position, message_stream("x", str(position)), NOON, "", None, quiet)
            )
        assert rereading.kept == 0
        assert rereading.differences() == []
        assert dict(rereading.counts) == {("same", PARSER): 1}


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


class TestAccepting:
    def test_only_an_admin_with_a_reason_does(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.hears(OPEN)
        new = only(desk, database_url)
        with pytest.raises(Forbidden):
            accept(desk, ShownMarket(), member("rob", Role.APPROVER), new, reason="x", at=LATER)
        with pytest.raises(InvalidInput, match="needs a reason"):
            accept(desk, ShownMarket(), ADA, new, reason=" ", at=LATER)

    def test_a_missed_trade_is_booked_with_hindsight(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        number = channel.hears(OPEN)
        channel.hears("all out TSLA 250c @ 3.40")
        before = head(desk)
        agree(desk, only(desk, database_url))
        assert names(desk, before) == [
            "trader.registered",
            "signal.posted",
            "signal.booked_late",
            "signal.expired",
            "signal.exit_called",
            "signal.booked_late",
            "signal.closed",
        ]
        posted = last(desk, SignalPosted)
        assert (posted.origin, posted.parser) == (HINDSIGHT, PARSER)
        assert posted.source.message == message_stream("discord", number)
        assert posted.posted_at == NOON + timedelta(minutes=1)
        assert posted.timestamp == LATER
        assert signal_of(desk, posted.originator_id).decision is Decision.EXPIRED
        noted = last(desk, SignalBookedLate)
        assert (noted.numbers, noted.parser, noted.by) == ((2,), PARSER, "ada")
        assert "a better reader" in noted.reason

    def test_what_is_gone_is_voided_and_both_versions_are_named(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears("good morning everyone"))
        agree(desk, only(desk, database_url))
        assert signal_of(desk, signal).voided
        asked = last(desk, CorrectionRequested)
        assert asked.reason == (f"a better reader (read again by {PARSER}, booked by {OLD})")
        assert (asked.by, asked.revision, asked.target_stream) == ("ada", 0, signal)

    def test_figures_are_corrected(self, desk: Desk, database_url: str, channel: Before) -> None:
        signal = channel.booked(channel.hears(OPEN), price="22.80", quantity="1")
        agree(desk, only(desk, database_url))
        now = signal_of(desk, signal)
        assert (now.book, now.entry_prices) == ({1: D(2)}, {1: D("2.28")})

    def test_another_contract_is_voided_and_booked_with_hindsight(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears(OPEN), symbol=TSLA_HIGHER)
        agree(desk, only(desk, database_url))
        assert signal_of(desk, signal).voided
        posted = last(desk, SignalPosted)
        assert (posted.legs[0].symbol, posted.origin) == (TSLA, HINDSIGHT)

    def test_exits_are_put_right_missed_ones_added_and_false_ones_crossed_out(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears("BTO 4 TSLA 11/20 250c @ 2.28"), quantity="4")
        channel.left(signal, channel.hears("STC half TSLA 250c @ 3.00"), "2", "30.0")
        channel.left(signal, channel.hears("what a day"), "2", "3.10")
        channel.hears("all out TSLA 250c @ 3.50")
        agree(desk, only(desk, database_url))
        now = signal_of(desk, signal)
        assert now.book == {1: D(4), 2: D(-2), 3: D(0), 4: D(-2)}
        assert now.closed

    def test_what_was_settled_at_expiry_is_settled_of_the_rest(
        self, desk: Desk, database_url: str, channel: Before, market: ShownMarket
    ) -> None:
        signal = channel.booked(channel.hears("BTO 4 TSLA 11/20 250c @ 2.28"), quantity="4")
        channel.hears("STC half TSLA 250c @ 3.00")
        settle_expired(desk, market, [signal], at=LATER)
        agree(desk, only(desk, database_url))
        now = signal_of(desk, signal)
        assert now.book == {1: D(4), 2: D(-2), 3: D(-2)}
        assert now.closed

    def test_a_price_counts_no_better_than_the_market_allowed(
        self, desk: Desk, database_url: str, channel: Before, market: ShownMarket
    ) -> None:
        signal = channel.booked(channel.hears(OPEN), price="22.80")
        market.show(TSLA, "2.25", "2.35")
        agree(desk, only(desk, database_url), market)
        assert signal_of(desk, signal).entry_prices == {1: D("2.35")}

    def test_an_entry_that_could_not_be_had_does_not_come_to_be_scored(
        self, desk: Desk, database_url: str, channel: Before, market: ShownMarket
    ) -> None:
        signal = channel.booked(channel.hears(OPEN), price="22.80")
        market.show(TSLA, "4.00", "4.10")
        agree(desk, only(desk, database_url), market)
        assert signal_of(desk, signal).voided
        assert last(desk, SignalPosted).origin == HINDSIGHT

    def test_once_accepted_nothing_differs_and_repeating_does_nothing(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.booked(channel.hears("good morning everyone"))
        channel.booked(channel.hears(OPEN), price="22.80")
        channel.hears("STC half TSLA 250c @ 3.00")
        channel.booked(channel.hears("BTO 1 AMD 12/18 150c @ 1.00"), symbol=TSLA_HIGHER)
        channel.hears("BTO 3 MSFT 12/18 500c @ 4.00")
        found = differing(desk, database_url)
        assert len(found) == 4
        agree(desk, found[0])
        # The run was interrupted: it is begun anew.
        for difference in differing(desk, database_url):
            agree(desk, difference)
        assert differing(desk, database_url) == []
        after = head(desk)
        for difference in found:
            agree(desk, difference)
        assert head(desk) == after

    def test_what_its_author_says_next_finds_it(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.hears(OPEN)
        new = only(desk, database_url)
        channel.has_read_all()
        agree(desk, new, at=NOON + timedelta(hours=2))
        channel.books("all out TSLA 250c @ 3.40", at=NOON + timedelta(hours=3))
        assert names(desk)[-2:] == ["signal.exit_called", "signal.closed"]
        assert last(desk, SignalPosted).origin == HINDSIGHT
        assert names(desk).count("trader.registered") == 1

    def test_a_record_that_moved_on_is_left(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears("good morning everyone"))
        gone = only(desk, database_url)
        wanted = Change(target=Target.SIGNAL, stream=signal, void=True, reason="a joke")
        correct(desk, command(), ADA, wanted)
        with pytest.raises(Impossible, match="voided already"):
            agree(desk, gone)
