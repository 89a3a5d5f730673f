"""What another reading makes of history, once an admin has agreed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from application.accepting import accept
from application.correcting import Change
from application.desk import Desk, Outcome, Work
from application.differing import Difference
from application.ports import Forbidden
from application.settling import settle_expired
from domain.approvals import Role
from domain.corrections import CorrectionRequested, Target
from domain.grammar.reading import PARSER
from domain.messages import message_stream
from domain.shared import Impossible, InvalidInput
from domain.signal_events import (
    Decision,
    SignalBookedLate,
    SignalPosted,
)
from domain.signals import Signal
from domain.terms import HINDSIGHT
from tests.application.acts import (
    ADA,
    TSLA,
    TSLA_HIGHER,
    head,
    last,
    member,
    names,
    put_right,
)
from tests.application.before import (
    LATER,
    OLD,
    OPEN,
    Before,
    D,
    differing,
    only,
)
from tests.application.conftest import NOON, ShownMarket


@pytest.fixture
def channel(desk: Desk, database_url: str) -> Iterator[Before]:
    with closing(Before(desk, database_url)) as channel:
        yield channel


def agree(
    desk: Desk, difference: Difference, market: ShownMarket | None = None, at: datetime = LATER
) -> Outcome:
    return accept(desk, market or ShownMarket(), ADA, difference, reason="a better reader", at=at)


def signal_of(desk: Desk, stream: UUID) -> Signal:
    return Work(desk).get(Signal, stream)


def test_only_an_admin_with_a_reason_does(desk: Desk, database_url: str, channel: Before) -> None:
    channel.hears(OPEN)
    new = only(desk, database_url)
    with pytest.raises(Forbidden):
        accept(desk, ShownMarket(), member("rob", Role.APPROVER), new, reason="x", at=LATER)
    with pytest.raises(InvalidInput, match="needs a reason"):
        accept(desk, ShownMarket(), ADA, new, reason=" ", at=LATER)


def test_a_missed_trade_is_booked_with_hindsight(
    desk: Desk, database_url: str, channel: Before
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
    desk: Desk, database_url: str, channel: Before
) -> None:
    signal = channel.booked(channel.hears("good morning everyone"))
    agree(desk, only(desk, database_url))
    assert signal_of(desk, signal).voided
    asked = last(desk, CorrectionRequested)
    assert asked.reason == (f"a better reader (read again by {PARSER}, booked by {OLD})")
    assert (asked.by, asked.revision, asked.target_stream) == (PARSER, 0, signal)


def test_figures_are_corrected(desk: Desk, database_url: str, channel: Before) -> None:
    signal = channel.booked(channel.hears(OPEN), price="22.80", quantity="1")
    agree(desk, only(desk, database_url))
    now = signal_of(desk, signal)
    assert (now.book, now.entry_prices) == ({1: D(2)}, {1: D("2.28")})


def test_another_contract_is_voided_and_booked_with_hindsight(
    desk: Desk, database_url: str, channel: Before
) -> None:
    signal = channel.booked(channel.hears(OPEN), symbol=TSLA_HIGHER)
    agree(desk, only(desk, database_url))
    assert signal_of(desk, signal).voided
    posted = last(desk, SignalPosted)
    assert (posted.legs[0].symbol, posted.origin) == (TSLA, HINDSIGHT)


def test_exits_are_put_right_missed_ones_added_and_false_ones_crossed_out(
    desk: Desk, database_url: str, channel: Before
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
    desk: Desk, database_url: str, channel: Before, market: ShownMarket
) -> None:
    signal = channel.booked(channel.hears("BTO 4 TSLA 11/20 250c @ 2.28"), quantity="4")
    channel.hears("STC half TSLA 250c @ 3.00")
    settle_expired(desk, market, [signal], at=LATER)
    agree(desk, only(desk, database_url))
    now = signal_of(desk, signal)
    assert now.book == {1: D(4), 2: D(-2), 3: D(-2)}
    assert now.closed


def test_a_price_counts_no_better_than_the_market_allowed(
    desk: Desk, database_url: str, channel: Before, market: ShownMarket
) -> None:
    signal = channel.booked(channel.hears(OPEN), price="22.80")
    market.show(TSLA, "2.25", "2.35")
    agree(desk, only(desk, database_url), market)
    assert signal_of(desk, signal).entry_prices == {1: D("2.35")}


def test_an_entry_that_could_not_be_had_does_not_come_to_be_scored(
    desk: Desk, database_url: str, channel: Before, market: ShownMarket
) -> None:
    signal = channel.booked(channel.hears(OPEN), price="22.80")
    market.show(TSLA, "4.00", "4.10")
    agree(desk, only(desk, database_url), market)
    assert signal_of(desk, signal).voided
    assert last(desk, SignalPosted).origin == HINDSIGHT


def test_once_accepted_nothing_differs_and_repeating_does_nothing(
    desk: Desk, database_url: str, channel: Before
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


def test_what_its_author_says_next_finds_it(desk: Desk, database_url: str, channel: Before) -> None:
    channel.hears(OPEN)
    new = only(desk, database_url)
    channel.has_read_all()
    agree(desk, new, at=NOON + timedelta(hours=2))
    channel.books("all out TSLA 250c @ 3.40", at=NOON + timedelta(hours=3))
    assert names(desk)[-2:] == ["signal.exit_called", "signal.closed"]
    assert last(desk, SignalPosted).origin == HINDSIGHT
    assert names(desk).count("trader.registered") == 1


def test_a_record_that_moved_on_is_left(desk: Desk, database_url: str, channel: Before) -> None:
    signal = channel.booked(channel.hears("good morning everyone"))
    gone = only(desk, database_url)
    wanted = Change(target=Target.SIGNAL, stream=signal, void=True, reason="a joke")
    put_right(desk, wanted)
    with pytest.raises(Impossible, match="voided already"):
        agree(desk, gone)
