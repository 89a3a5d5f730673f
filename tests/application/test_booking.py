"""What is said in a watched channel becomes the book of who said it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.administering import configure_room
from application.booking import Booking
from application.correcting import Change
from application.desk import Desk, Work
from application.reaction import Happened
from application.settling import settle_expired
from domain.approvals import APPROVAL_WINDOW_S, ApprovalRules
from domain.corrections import Target
from domain.grammar.reading import PARSER, Room
from domain.messages import MessageUnbooked, message_stream
from domain.rooms import RoomConfigured, room_stream
from domain.signal_events import (
    ClosedBy,
    SignalAdded,
    SignalClosed,
    SignalExitCalled,
    SignalLevelsMoved,
    SignalPosted,
)
from domain.signals import signal_stream
from domain.traders import TraderRegistered, TraderRenamed, trader_stream
from tests.adapters.notes import on_tape
from tests.application.acts import (
    ADA,
    TSLA,
    catch_up,
    command,
    events,
    head,
    last,
    names,
    put_right,
)
from tests.application.channel import Channel
from tests.application.conftest import NOON, ShownMarket, desk_on
from tests.conftest import NewDatabase

D = Decimal
OPEN = "BTO 2 TSLA 11/20 250c @ 2.28"


@pytest.fixture
def channel(desk: Desk, database_url: str) -> Iterator[Channel]:
    with closing(Channel(desk, database_url)) as channel:
        yield channel


def only_signal(desk: Desk) -> UUID:
    (posted,) = (event for event in events(desk) if isinstance(event, SignalPosted))
    return posted.originator_id


def why_not(desk: Desk) -> str:
    return last(desk, MessageUnbooked).why


class TestOpening:
    def test_an_opening_is_posted_in_its_authors_name(self, desk: Desk, channel: Channel) -> None:
        number = channel.books(OPEN)
        message = message_stream("discord", number)
        assert names(desk) == ["message.captured", "trader.registered", "signal.posted"]
        signal = last(desk, SignalPosted)
        assert signal.originator_id == signal_stream(message, 0)
        assert signal.trader == trader_stream("discord", "77")
        assert (signal.source.channel, signal.source.message) == ("options", message)
        assert [leg.symbol for leg in signal.legs] == [TSLA]
        assert (signal.quantity, signal.price, signal.parser) == (D(2), D("2.28"), PARSER)

    def test_it_counts_from_when_it_was_posted_and_waits_a_day_for_approval(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books(OPEN, at=NOON - timedelta(days=3))
        signal = last(desk, SignalPosted)
        assert signal.posted_at == NOON - timedelta(days=3)
        assert signal.valid_until == signal.posted_at + timedelta(seconds=APPROVAL_WINDOW_S)

    def test_the_record_says_which_message_caused_it(
        self, desk: Desk, channel: Channel, database_url: str
    ) -> None:
        channel.books(OPEN)
        captured, *booked = on_tape(database_url)
        for event in booked:
            assert event.actor == "reaction:booking"
            assert event.causation == captured.position
            assert event.correlation == only_signal(desk)

    def test_the_record_says_how_sure_the_reading_was(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        assert last(desk, SignalPosted).confidence == 1
        channel.books("SPY 600c 11/20 1.10")
        sure = last(desk, SignalPosted).confidence
        assert sure is not None
        assert 0 < sure < 1

    def test_two_trades_of_one_message_are_two_signals(self, desk: Desk, channel: Channel) -> None:
        number = channel.books("BTO 1 TSLA 11/20 250c @ 2.28\nBTO 1 AMD 12/18 150c @ 1.00")
        message = message_stream("discord", number)
        posted = [e.originator_id for e in events(desk) if isinstance(e, SignalPosted)]
        assert posted == [signal_stream(message, 0), signal_stream(message, 1)]

    def test_talk_leaves_nothing_but_itself(self, desk: Desk, channel: Channel) -> None:
        channel.books("good morning everyone")
        assert names(desk) == ["message.captured"]

    def test_words_without_a_price_are_left_with_what_is_missing(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books("BTO 2 TSLA 11/20 250c")
        assert names(desk) == ["message.captured", "message.unbooked"]
        left = last(desk, MessageUnbooked)
        assert (left.kind, left.missing, left.parser) == ("open", ("price",), PARSER)
        assert left.originator_id == message_stream("discord", "1")


class TestLateness:
    @pytest.mark.parametrize(
        ("via", "lag_s", "late"),
        [
            ("gateway", 5, False),
            ("gateway", 6, True),
            ("history", 1, True),
            ("import", None, False),
        ],
    )
    def test_a_signal_of_a_message_that_was_not_heard_live_is_late(
        self, desk: Desk, channel: Channel, via: str, lag_s: int | None, late: bool
    ) -> None:
        channel.books(OPEN, via=via, lag_s=lag_s)
        assert last(desk, SignalPosted).late is late


class TestAuthors:
    def test_an_author_is_registered_once(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("BTO 1 AMD 12/18 150c @ 1.00")
        channel.books("all out AMD @ 2", channel="stocks")
        assert names(desk).count("trader.registered") == 1

    def test_who_only_talks_is_no_trader(self, desk: Desk, channel: Channel) -> None:
        channel.books("BTO 2 TSLA 11/20 250c")
        assert "trader.registered" not in names(desk)

    def test_a_new_name_is_the_same_trader(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN, name="Nora")
        channel.books("half out @ 3", name="Eleanor")
        channel.books("all out @ 3", name="Eleanor")
        renamed = [event.name for event in events(desk) if isinstance(event, TraderRenamed)]
        assert renamed == ["Eleanor"]
        assert last(desk, SignalExitCalled).originator_id == only_signal(desk)

    def test_talk_under_a_new_name_is_enough(self, desk: Desk, channel: Channel) -> None:
        channel.books("good morning", name="Nora")
        channel.books(OPEN, name="Nora")
        channel.books("good night", name="Eleanor")
        channel.starts_anew()
        channel.books("good morning", name="Eleanor")
        renamed = [event.name for event in events(desk) if isinstance(event, TraderRenamed)]
        assert renamed == ["Eleanor"]

    def test_an_old_export_does_not_bring_an_old_name_back(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books(OPEN, name="Eleanor")
        channel.books("good night", name="Nora", at=NOON - timedelta(days=1))
        channel.books("BTO 1 AMD 12/18 150c @ 1.00", name="Nora", at=NOON - timedelta(days=1))
        assert "trader.profile_changed" not in names(desk)
        assert names(desk).count("signal.posted") == 2

    def test_the_history_of_a_channel_takes_no_nickname_away(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books(OPEN, name="Nora")
        channel.books("half out @ 3", name="nora_1987", via="history")
        assert "trader.profile_changed" not in names(desk)
        channel.books("all out @ 3", name="Eleanor")
        assert last(desk, TraderRenamed).name == "Eleanor"

    def test_who_has_no_name_goes_by_the_platforms_id(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN, name="")
        channel.books("half out @ 3", name="77")
        channel.books("all out @ 3", name="")
        assert last(desk, TraderRegistered).name == "77"
        assert "trader.profile_changed" not in names(desk)
        assert names(desk)[-1] == "signal.closed"

    def test_a_message_of_nobody_is_left_and_the_next_one_is_booked(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.hears(OPEN, by="")
        channel.books(OPEN)
        assert "needs the author id" in why_not(desk)
        assert names(desk)[-1] == "signal.posted"


class TestGoingOn:
    def test_an_exit_of_all_closes_the_trade(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("all out TSLA 250c @ 3.35")
        called, closed = last(desk, SignalExitCalled), last(desk, SignalClosed)
        assert (called.quantity, called.price, called.reason) == (D(2), D("3.35"), ClosedBy.EXIT)
        assert (closed.originator_id, closed.reason) == (only_signal(desk), ClosedBy.EXIT)
        assert closed.closed_at == called.posted_at == NOON + timedelta(minutes=2)

    def test_an_exit_of_half_leaves_it_open(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("STC half TSLA 250c @ 3.05")
        assert last(desk, SignalExitCalled).quantity == 1
        assert "signal.closed" not in names(desk)

    def test_more_of_it_is_added(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("added 1 TSLA 250c @ 1.90")
        added = last(desk, SignalAdded)
        assert (added.number, added.quantity, added.price) == (2, D(1), D("1.90"))

    def test_a_stop_is_moved(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("TSLA 250c stop to 1.50")
        assert last(desk, SignalLevelsMoved).stop == D("1.50")

    def test_a_reply_is_about_the_trade_it_answers(self, desk: Desk, channel: Channel) -> None:
        first = channel.books(OPEN)
        channel.books("BTO 1 AMD 12/18 150c @ 1.00")
        channel.books("out @ 3", reply_to=first)
        assert last(desk, SignalExitCalled).originator_id == signal_stream(
            message_stream("discord", first), 0
        )

    def test_nobody_closes_the_trade_of_another(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("all out TSLA 250c @ 3.35", by="88", name="Miles")
        assert "no open position" in why_not(desk)

    def test_nor_ones_own_from_another_channel(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("all out TSLA 250c @ 3.35", channel="stocks")
        assert "no open position" in why_not(desk)

    def test_what_is_closed_is_not_closed_again(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("all out TSLA 250c @ 3.35")
        channel.books("all out TSLA 250c @ 3.40")
        assert "no open position" in why_not(desk)

    def test_after_its_expiry_it_only_awaits_settlement(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        channel.books("all out TSLA 250c @ 3.35", at=NOON + timedelta(days=3))
        assert "no open position" in why_not(desk)

    def test_an_edit_books_nothing_and_a_deletion_unbooks_nothing(
        self, desk: Desk, channel: Channel
    ) -> None:
        number = channel.books(OPEN)
        before = head(desk)
        channel.edits(number, "BTO 9 AMD 12/18 150c @ 9")
        channel.deletes(number)
        assert "signal.posted" not in names(desk, before)
        channel.books("all out TSLA 250c @ 3.35")
        assert names(desk)[-1] == "signal.closed"


class TestWhatOthersDo:
    def void(self, desk: Desk) -> None:
        wanted = Change(target=Target.SIGNAL, stream=only_signal(desk), void=True, reason="a joke")
        put_right(desk, wanted)

    def test_what_was_settled_is_not_open_any_more(
        self, desk: Desk, channel: Channel, market: ShownMarket
    ) -> None:
        channel.books(OPEN)
        market.closes["TSLA", date(2026, 11, 20)] = D("240")
        settle_expired(desk, market, [only_signal(desk)], at=datetime(2026, 11, 21, tzinfo=UTC))
        channel.books("all out TSLA 250c @ 3.35", at=NOON)
        assert "no open position" in why_not(desk)

    def test_what_was_voided_is_not_open_any_more(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        self.void(desk)
        channel.books("all out TSLA 250c @ 3.35")
        assert "no open position" in why_not(desk)

    def test_what_was_voided_before_the_exit_was_read_is_said_to_be(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books(OPEN)
        channel.hears("all out TSLA 250c @ 3.35")
        self.void(desk)
        catch_up(channel.runner)
        assert why_not(desk).startswith("the signal is voided (by ada at")

    def test_a_corrected_quantity_is_what_is_open(self, desk: Desk, channel: Channel) -> None:
        channel.books(OPEN)
        wanted = Change(
            target=Target.SIGNAL, stream=only_signal(desk), part="1", quantity=D(6), reason="typo"
        )
        put_right(desk, wanted)
        channel.books("STC half TSLA 250c @ 3.05")
        assert last(desk, SignalExitCalled).quantity == 3

    def configured(self, desk: Desk, quantity: str, window_s: int = 600, author: str = "") -> None:
        room = Room(default_quantity=D(quantity))
        configure_room(
            desk,
            command(),
            ADA,
            channel="options",
            author=author,
            room=room,
            approvals=ApprovalRules(window_s=window_s),
        )

    def test_an_author_is_read_by_settings_of_their_own(self, desk: Desk, channel: Channel) -> None:
        unsized = "BTO TSLA 11/20 250c @ 2.28"
        self.configured(desk, "5")
        self.configured(desk, "9", 60, author="Nora")
        catch_up(channel.runner)
        channel.starts_anew()
        channel.books(unsized, by="77", name="Nora")
        channel.books(unsized, by="88", name="Max")
        posted = [event for event in events(desk) if isinstance(event, SignalPosted)]
        assert [event.quantity for event in posted] == [D(9), D(5)]

    def test_a_channel_is_read_by_its_settings_from_then_on(
        self, desk: Desk, channel: Channel
    ) -> None:
        unsized = "BTO TSLA 11/20 250c @ 2.28"
        channel.books(unsized)
        self.configured(desk, "5")
        channel.books(unsized, by="88")
        self.configured(desk, "7")
        channel.books(unsized, by="99")
        channel.books(unsized, by="99", channel="stocks")
        posted = [event for event in events(desk) if isinstance(event, SignalPosted)]
        assert [event.quantity for event in posted] == [D(1), D(5), D(7), D(1)]
        waits = [(e.valid_until or NOON) - e.posted_at for e in posted]
        assert [wait.total_seconds() for wait in waits] == [86_400, 600, 600, 86_400]


class TestMemory:
    def test_what_was_tried_and_not_stored_is_forgotten(self, desk: Desk) -> None:
        booking = Booking()
        settings_given = RoomConfigured(channel="options", room=Room(), by="ada", timestamp=NOON)
        tried = Happened(1, room_stream("options"), NOON, "member:ada", None, settings_given)
        booking.react([tried], Work(desk))
        booking.restore({})
        assert booking.changes() == {}

    @settings(max_examples=6)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(
                    (
                        OPEN,
                        "BTO 1 AMD 12/18 150c @ 1.00",
                        "STC half TSLA 250c @ 3.05",
                        "out the rest @ 2",
                        "all out AMD",
                        "added 1 TSLA 250c @ 1.90",
                        "stop 1.50",
                        "AMD up 20%",
                    )
                ),
                st.sampled_from(("77", "88")),
                st.booleans(),
            ),
            min_size=4,
            max_size=14,
        )
    )
    def test_starting_anew_at_any_time_books_the_same(
        self, new_database: NewDatabase, script: Sequence[tuple[str, str, bool]]
    ) -> None:
        tapes = []
        for restarts in (False, True):
            with new_database() as url, desk_on(url) as desk, closing(Channel(desk, url)) as room:
                for words, author, anew in script:
                    room.books(words, by=author)
                    if restarts and anew:
                        room.starts_anew()
                tapes.append([(event.name, event.stream, event.body) for event in on_tape(url)])
        assert tapes[0] == tapes[1]
