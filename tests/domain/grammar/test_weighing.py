"""The second opinion may veto or doubt what the rules would book, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.intents import Unbooked
from application.resolving import resolve
from domain.grammar import reader
from domain.grammar.opinion import Leaning, Opinion, OpinionModel, features_of, model
from domain.grammar.reading import PARSER, Kind, MessageText, Reading, Room
from domain.grammar.weighing import CONFIRMATION, DOUBTED, is_ticket, read, weighed
from tests.domain.grammar.corpus import BOOKED, HALF_READ, TRAPS
from tests.domain.grammar.phrases import LEVELS, PLANS, RECAPS, TALK
from tests.domain.grammar.real_alerts import message_of, needs_real_alerts, rows
from tests.domain.grammar.spoken import THURSDAY, message

LIMITS = OpinionModel(
    veto_below=0.05, veto_ticket_below=0.01, leanings=(), intercepts=(), weights={}
)
PROSE = "bought TSLA 250c 11/21 at 2.30, stop 1.50"
TICKET = "BTO 5 TSLA 250c 11/21 @ 2.30 SL 1.50"
LEANINGS = st.sampled_from(Leaning)
SHARES = st.floats(0, 1)


def by_rules(text: str) -> Reading:
    return reader.read(message(text), Room())


def recap(order: float) -> Opinion:
    return Opinion(Leaning.RECAP, 1 - order, order)


def test_an_order_that_looks_like_one_is_left_as_it_is() -> None:
    reading = by_rules(PROSE)
    assert weighed(reading, Opinion(Leaning.ORDER, 0.4, 0.4), LIMITS) is reading


def test_what_is_surely_something_else_is_not_booked() -> None:
    reading = by_rules(PROSE)
    found = weighed(reading, recap(0.01), LIMITS)
    assert (found.kind, found.trades, found.stop, found.targets) == (Kind.RECAP, (), None, ())
    assert found.why == "the second opinion reads this as a recap (0.99)"
    assert found.confidence == Decimal("0.99")
    assert found.missing == (CONFIRMATION,)
    assert (found.named, found.parser) == (reading.named, PARSER)
    assert (found.announced, found.entry, found.stop_at_entry) == (None, None, False)


@pytest.mark.parametrize(
    ("leaning", "kind", "said"),
    [
        (Leaning.PLAN, Kind.CONDITIONAL, "a plan"),
        (Leaning.CHAT, Kind.CHAT, "talk"),
        (Leaning.LEVELS, Kind.UPDATE, "a change of levels"),
    ],
)
def test_it_says_what_it_reads_instead(leaning: Leaning, kind: Kind, said: str) -> None:
    found = weighed(by_rules(PROSE), Opinion(leaning, 0.97, 0.01), LIMITS)
    assert (found.kind, found.trades) == (kind, ())
    assert found.why == f"the second opinion reads this as {said} (0.97)"
    assert (found.stop, found.targets) == (None, ())


def test_what_is_perhaps_something_else_is_booked_with_less_confidence() -> None:
    reading = by_rules(PROSE)
    found = weighed(reading, recap(0.2), LIMITS)
    assert (found.trades, found.stop, found.kind) == (reading.trades, reading.stop, reading.kind)
    assert found.confidence == DOUBTED
    assert found.rules[-1] == "the second opinion reads this as a recap (0.80)"


def test_an_order_ticket_is_vetoed_only_where_hardly_any_doubt_is_left() -> None:
    reading = by_rules(TICKET)
    assert is_ticket(reading)
    assert weighed(reading, recap(0.02), LIMITS).trades == reading.trades
    assert weighed(reading, recap(0.005), LIMITS).trades == ()


def test_a_veto_is_reported_and_not_passed_over_as_talk() -> None:
    found = weighed(by_rules(PROSE), Opinion(Leaning.CHAT, 0.99, 0.001), LIMITS)
    (left,) = resolve(found, Room(), (), posted_at=THURSDAY)
    assert isinstance(left, Unbooked)
    assert (left.missing, left.why) == ((CONFIRMATION,), found.why)


def test_a_confidence_is_never_raised() -> None:
    reading = by_rules("Tromming SPY here")
    low = weighed(reading, recap(0.2), LIMITS)
    assert low.confidence <= min(reading.confidence, DOUBTED)


@pytest.mark.parametrize("text", [text for text, _ in (*TRAPS, *HALF_READ)])
def test_what_the_rules_do_not_book_is_not_asked_about(text: str) -> None:
    assert read(message(text), Room()) == by_rules(text)


@pytest.mark.parametrize("text", [text for text, _ in BOOKED])
def test_no_right_trade_of_the_corpus_is_lost(text: str) -> None:
    reading = read(message(text), Room())
    assert reading.trades == by_rules(text).trades
    assert (reading.stop, reading.targets) == (by_rules(text).stop, by_rules(text).targets)


@pytest.mark.parametrize("text", [*LEVELS, *PLANS, *RECAPS, *TALK])
def test_chatter_in_the_words_of_orders_is_not_booked(text: str) -> None:
    assert read(message(text), Room()).trades == ()


@given(st.sampled_from([text for text, _ in BOOKED]), LEANINGS, SHARES, SHARES)
def test_whatever_the_opinion_no_trade_is_made_or_changed(
    text: str, leaning: Leaning, probability: float, order: float
) -> None:
    reading = by_rules(text)
    found = weighed(reading, Opinion(leaning, probability, order), LIMITS)
    assert found.trades in ((), reading.trades)
    assert found.confidence <= max(reading.confidence, Decimal(1))
    if found.trades:
        assert found.confidence <= reading.confidence
    else:
        assert (found.stop, found.targets, found.stop_at_entry) in (
            (None, (), False),
            (reading.stop, reading.targets, reading.stop_at_entry),
        )


def _booked(said: MessageText) -> tuple[Reading, Opinion] | None:
    reading = reader.read(said, Room())
    return (reading, model().weigh(features_of(said))) if reading.trades else None


@needs_real_alerts
def test_no_ticket_of_real_rooms_is_vetoed_and_hardly_any_prose() -> None:
    found = [one for row in rows() if (one := _booked(message_of(row))) is not None]
    lost = [reading for reading, opinion in found if not weighed(reading, opinion, model()).trades]
    assert len(found) >= 100
    assert [reading for reading in lost if is_ticket(reading)] == []
    assert len(lost) <= len(found) * 0.01
