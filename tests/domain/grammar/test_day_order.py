"""In rooms outside America the day comes before the month."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.grammar.reader import read
from domain.grammar.reading import Embed, EmbedField, MessageText, Room
from tests.domain.grammar.spoken import THURSDAY, read_text, spoken

LONDON = Room(language="en-GB")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("BTO TSLA 250c 21/11 @ 2.30", "open BTO TSLA 250C 2025-11-21 @2.30"),
        ("BTO TSLA 250c 05/12 @ 2.30", "open BTO TSLA 250C 2025-12-05 @2.30"),
        ("BTO TSLA 250c 16/01/26 @ 2.30", "open BTO TSLA 250C 2026-01-16 @2.30"),
        ("BTO TSLA 250c 16.01.2026 @ 2.30", "open BTO TSLA 250C 2026-01-16 @2.30"),
        ("STC 1/2 TSLA 250c @ 3.10", "trim STC 0.5 of TSLA 250C @3.10"),
        ("BTO SPY 500/505 call vertical 21/11 @ 1.85",
         "open BTO SPY 500C 2025-11-21/-SPY 505C 2025-11-21 @1.85"),
        ("BTO TSLA 250c Nov 21 @ 2.30", "open BTO TSLA 250C 2025-11-21 @2.30"),
    ],
)  # fmt: skip
def test_the_day_comes_first_where_that_is_the_custom(text: str, meant: str) -> None:
    assert spoken(read_text(text, LONDON)) == meant


def test_cards_are_turned_as_well() -> None:
    fields = (EmbedField(name="Contract", value="TSLA 250C 21/11"),
              EmbedField(name="Entry", value="2.30"))  # fmt: skip
    card = MessageText(embeds=(Embed(title="Entry", fields=fields),), posted_at=THURSDAY)
    assert spoken(read(card, LONDON)).startswith("open BTO TSLA 250C 2025-11-21")


@pytest.mark.parametrize("language", ["", "en", "en-US"])
def test_americans_write_the_month_first(language: str) -> None:
    at = datetime(2025, 10, 2, 15, tzinfo=UTC)
    reading = read_text("BTO TSLA 250c 10/11 @ 2.30", Room(language=language), at)
    assert spoken(reading) == "open BTO TSLA 250C 2025-10-11 @2.30"
