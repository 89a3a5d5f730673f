"""Whatever is traded at whatever price, each layout of a card reads back exactly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.grammar.reader import read
from domain.grammar.reading import Action, Embed, Kind, MessageText, Reading, Room
from tests.domain.grammar.layouts import ENTRIES, EXITS, SILENT, Layout, Trade
from tests.domain.grammar.spoken import THURSDAY

ROOTS = ["TSLA", "SPY", "SPX", "A", "F", "NOW", "ALL", "ON", "GOOGL", "IWM", "NDX", "COIN"]
CENTS = Decimal("0.01")


def _friday(weeks: int) -> date:
    return THURSDAY.date() + timedelta(days=1 + 7 * weeks)


STRIKES = st.integers(min_value=40, max_value=14_000).map(lambda half: Decimal(half) / 2)
PRICES = st.integers(min_value=1, max_value=1_900).map(lambda cent: cent * CENTS)
TRADES = st.builds(
    Trade,
    root=st.sampled_from(ROOTS),
    strike=STRIKES,
    right=st.sampled_from("CP"),
    expiry=st.integers(min_value=0, max_value=45).map(_friday),
    price=PRICES,
    other=PRICES,
    quantity=st.integers(min_value=1, max_value=500),
)


def reading_of(layout: Layout, trade: Trade) -> Reading:
    return read(layout(trade), Room())


def names(layout: Layout) -> str:
    return str(getattr(layout, "__name__", layout))


def says(reading: Reading, trade: Trade) -> bool:
    """Whether one trade is read, in this contract at this price."""
    if len(reading.trades) != 1 or len(reading.trades[0].legs) != 1:
        return False
    (leg,) = reading.trades[0].legs
    return (leg.root, leg.strike, leg.right, leg.expiry, reading.trades[0].price) == (
        trade.root, trade.strike, trade.right, trade.expiry, trade.price,
    )  # fmt: skip


@pytest.mark.parametrize("layout", ENTRIES, ids=names)
@settings(max_examples=60, deadline=None)
@given(trade=TRADES)
def test_an_entry_reads_back_exactly(layout: Layout, trade: Trade) -> None:
    reading = reading_of(layout, trade)
    assert says(reading, trade), reading
    assert (reading.kind, reading.trades[0].action) == (Kind.OPEN, Action.BTO)


@pytest.mark.parametrize("layout", EXITS, ids=names)
@settings(max_examples=60, deadline=None)
@given(trade=TRADES)
def test_an_exit_reads_back_exactly(layout: Layout, trade: Trade) -> None:
    reading = reading_of(layout, trade)
    assert says(reading, trade), reading
    assert reading.kind in (Kind.TRIM, Kind.CLOSE)
    assert reading.trades[0].action is Action.STC


@pytest.mark.parametrize("layout", SILENT, ids=names)
@settings(max_examples=40, deadline=None)
@given(trade=TRADES)
def test_what_only_shows_a_contract_books_nothing(layout: Layout, trade: Trade) -> None:
    reading = reading_of(layout, trade)
    assert reading.trades == ()
    assert reading.why


@pytest.mark.parametrize("layout", [*ENTRIES, *EXITS], ids=names)
@settings(max_examples=25, deadline=None)
@given(trade=TRADES)
def test_a_card_that_lost_a_part_is_never_read_as_a_stock(layout: Layout, trade: Trade) -> None:
    for lacking in lessened(layout(trade)):
        for found in read(lacking, Room()).trades:
            opens = found.action is Action.BTO
            assert not opens or all(leg.strike is not None for leg in found.legs), lacking


def lessened(whole: MessageText) -> Iterator[MessageText]:
    """The message without one of its titles, words, lines or fields."""
    (embed,) = whole.embeds
    for text, name in ((embed.title, "title"), (embed.description, "description")):
        words = text.split(" ")
        for place in range(len(words)):
            less = " ".join(words[:place] + words[place + 1 :])
            yield with_embed(whole, msgspec.structs.replace(embed, **{name: less}))
    for place in range(len(embed.fields)):
        fields = embed.fields[:place] + embed.fields[place + 1 :]
        yield with_embed(whole, msgspec.structs.replace(embed, fields=fields))


def with_embed(whole: MessageText, embed: Embed) -> MessageText:
    return msgspec.structs.replace(whole, embeds=(embed,))
