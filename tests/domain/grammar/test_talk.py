"""What people say around trades: what is one, and all that sounds like one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.grammar.reading import Kind, Reading
from tests.domain.grammar import idle_reports as reports
from tests.domain.grammar import idle_talk as talk
from tests.domain.grammar.idle_chatter import CHATTER
from tests.domain.grammar.spoken import read_text, spoken
from tests.domain.grammar.spoken_entries import ENTRIES
from tests.domain.grammar.spoken_exits import EXITS
from tests.domain.grammar.spoken_moves import MOVES

IDLE = [
    *CHATTER,
    *talk.IDIOMS, *talk.PLANS, *talk.QUESTIONS, *talk.OTHERS, *talk.RELAYED,
    *reports.NEWS, *reports.RECAPS, *reports.PAPER, *reports.LESSONS, *reports.HINDSIGHT,
    *reports.NEGATIONS, *reports.LEVELS, *reports.REPORTS, *reports.PROMOTION,
]  # fmt: skip

FRAMES = (
    "if it dips {}", "should have {}", "wish I {}", "@mike {}", "{}?", "{} ??", "will {}", "> {}",
    "I'll {}", "almost {}", "not {}", "never {}", "did you {}", "who {}", "Mike: {}", '"{}"',
    "RT @mike: {}", "Forwarded from Mike: {}", "other room: {}", "via @mike {}", "{} via @mike",
    "paper trade: {}", "{} (paper)", "sim: {}", "example: {}", "let's say {}", "imagine {}",
    "Recap: {}", "yesterday: {}", "Tomorrow {}", "plan: {}", "watchlist: {}", "{} if it holds",
    "{}, only if it breaks 245", "{} jk", "{} just kidding", "he {}", "they {}", "members {}",
    "Example\n{}", "Recap\n{}", "Watchlist\n{}", "Ideas for tomorrow\n{}", "backtest: {}",
)  # fmt: skip
"""What makes somebody else's, a wish, a plan, a joke or a memory of any ticket."""

TICKETS = st.builds(
    "{} {} {}{} {} @ {}".format,
    st.sampled_from(
        ["BTO", "BTO 5", "STO 2", "Bought", "bought 3", "buying", "grabbed", "went long"]
    ),
    st.sampled_from(["TSLA", "$NVDA", "SPY", "AMD", "IWM"]),
    st.integers(min_value=5, max_value=900),
    st.sampled_from(["c", "p", "C", "P"]),
    st.sampled_from(["11/21", "12/19", "1/16", "0dte"]),
    st.decimals(min_value=Decimal("0.05"), max_value=Decimal("4.50"), places=2),
)


def moves_nothing(reading: Reading) -> bool:
    levels = (reading.stop, reading.stop_at_entry, reading.targets)
    return reading.trades == () and levels == (None, False, ())


@pytest.mark.parametrize("text", IDLE)
def test_idle_talk_books_nothing_and_moves_nothing(text: str) -> None:
    reading = read_text(text)
    assert moves_nothing(reading)
    assert reading.why


def test_the_idle_talk_is_large_enough_to_mean_something() -> None:
    assert len(IDLE) >= 600
    assert len(set(IDLE)) == len(IDLE)


@pytest.mark.parametrize(("text", "meant"), [*EXITS, *MOVES])
def test_what_is_said_of_an_open_trade_is_done(text: str, meant: str) -> None:
    assert spoken(read_text(text)) == meant


@pytest.mark.parametrize("text", ENTRIES)
def test_words_around_an_entry_leave_it_an_entry(text: str) -> None:
    (trade,) = read_text(text).trades
    (leg,) = trade.legs
    assert (leg.root, leg.strike, leg.right) == ("TSLA", Decimal(250), "C")
    assert str(leg.expiry) == "2025-11-21"
    assert (trade.action.value, trade.price) == ("BTO", Decimal("2.30"))


@settings(max_examples=400, deadline=None)
@given(ticket=TICKETS, frame=st.sampled_from(FRAMES))
def test_no_ticket_in_a_frame_is_booked(ticket: str, frame: str) -> None:
    assert moves_nothing(read_text(frame.format(ticket)))


@settings(max_examples=100, deadline=None)
@given(ticket=TICKETS)
def test_the_same_ticket_by_itself_is_booked(ticket: str) -> None:
    assert read_text(ticket).kind is Kind.OPEN


@settings(max_examples=600, deadline=None)
@given(
    text=st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from("@$%/.,:;!?\"'()>~ 0123456789BTOSTCc")),
        max_size=200,
    )
)
def test_any_text_at_all_is_read(text: str) -> None:
    assert read_text(text).kind in Kind
