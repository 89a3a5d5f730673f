"""Whatever people or machines write, reading ends, in good time, with a reading."""

from __future__ import annotations

from datetime import UTC, datetime
from time import thread_time

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.grammar.normalise import clean
from domain.grammar.reader import read
from domain.grammar.reading import Action, Embed, EmbedField, Kind, MessageText, Reading, Room
from tests.domain.grammar.corpus import BOOKED, HALF_READ, TRAPS
from tests.domain.grammar.spoken import read_text

ROOMS = st.builds(
    Room,
    default_root=st.sampled_from(["", "SPX"]),
    default_expiry=st.sampled_from(["", "0dte", "weekly"]),
)
TIMES = st.integers(min_value=946_684_800, max_value=4_070_908_800).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)
WORDS = st.sampled_from(
    sorted({word for text, *_ in (*BOOKED, *HALF_READ, *TRAPS) for word in text.split()})
)
SENTENCES = st.lists(WORDS, max_size=14).map(" ".join)
TEXTS = st.one_of(st.text(max_size=300), SENTENCES)
EMBEDS = st.builds(
    Embed,
    title=TEXTS,
    description=TEXTS,
    fields=st.lists(st.builds(EmbedField, name=TEXTS, value=TEXTS), max_size=3).map(tuple),
)

_NUMBER = r"[0-9]{1,6}(?:,[0-9]{3})?[.,]?[0-9]{0,3}k?"
NUMBERS = st.from_regex(rf"{_NUMBER}(?: ?[-/] ?{_NUMBER})?", fullmatch=True)
LABELS = st.sampled_from(
    ["LONG BTC", "entry", "Entry zone:", "sl", "stop at", "tp1", "targets:", "tp1 hit, sl to",
     "move SL to", "closed at", "close half at", "stopped at", "BTO 5 TSLA 250c @", "STC TSLA for",
     "trimmed at", "PT", "add more @", "gold buy now", "#ETH/USDT short", "strike", "Avg"]
)  # fmt: skip
PRICED = st.builds("{} {}".format, LABELS, NUMBERS)


@pytest.mark.parametrize(
    "said", ["\u0130USDT", "\u212ausdt", "D\u0130A/USDT", "S\u0130LVER", "B\u0130TCO\u0130N"]
)
def test_letters_that_case_takes_for_plain_ones_never_make_reading_raise(said: str) -> None:
    assert read_text(f"Buy {said} now 5, SL 4").kind in Kind


@settings(max_examples=600, deadline=None)
@given(content=TEXTS, embeds=st.lists(EMBEDS, max_size=2), at=TIMES, room=ROOMS)
def test_reading_never_raises_and_reads_the_same_twice(
    content: str, embeds: list[Embed], at: datetime, room: Room
) -> None:
    text = MessageText(content=content, embeds=tuple(embeds), posted_at=at)
    reading = read(text, room)
    assert reading == read(text, room)
    stored = msgspec.json.encode(reading)
    assert msgspec.json.decode(stored, type=Reading) == reading


@settings(max_examples=1_500, deadline=None)
@given(st.lists(PRICED, min_size=1, max_size=4), st.sampled_from([" ", ", ", "\n"]))
@example(["LONG BTC 1", "entry 105.2k-10,4.6k", "sl 103.4k", "tp1 108k"], "\n")
@example(["tp1 hit, sl to 4,325.50"], " ")
@example(["closed at 1,234.5"], " ")
def test_signs_within_numbers_never_make_reading_raise(said: list[str], between: str) -> None:
    assert read_text(between.join(said)).kind in Kind


@settings(max_examples=300, deadline=None)
@given(content=SENTENCES, at=TIMES)
def test_what_is_booked_as_an_entry_is_whole(content: str, at: datetime) -> None:
    reading = read(MessageText(content=content, posted_at=at), Room())
    for trade in reading.trades:
        if reading.kind is Kind.OPEN and trade.legs and trade.action.value in ("BTO", "STO"):
            assert trade.price is not None
            assert trade.price > 0
            for leg in trade.legs:
                parts = (leg.strike, leg.right, leg.expiry)
                assert None not in parts or parts == (None, None, None)


@settings(max_examples=200, deadline=None)
@given(word=WORDS)
def test_a_ticket_in_a_question_opens_nothing(word: str) -> None:
    trades = read_text(f"{word} BTO 5 TSLA 250c 11/21 @ 2.30?").trades
    assert [trade for trade in trades if trade.action is Action.BTO] == []


@pytest.mark.parametrize(
    "bit",
    ["1,", ".", "@ ", "BTO ", "a", "'a", "$", "1/", "BTO\n", "trim, ", "if, trim, ", "~~", "<@",
     "\u00bd", "\ufdfa", "out of ", "SL 1, ", "BTO SPY 1c 2c ", "500/505/510/515/", "#1", "--"],
)  # fmt: skip
def test_the_longest_message_of_the_worst_kind_is_read_in_a_blink(bit: str) -> None:
    began = thread_time()
    read_text((bit * 4_000)[:4_000])
    assert thread_time() - began < 0.5


@given(st.text("aBnotfd12 \n@$.,:/-+'()<>*_~`|\t\r", max_size=60))
def test_a_plain_text_is_cleaned_like_any_other(said: str) -> None:
    # A tab makes no text plain, and at the end it is cleaned away itself.
    assert clean(said) == clean(f"{said}\n\t")
