"""Embeds: titles set the intent, labels fill the slots, notes may still act."""

from __future__ import annotations

import pytest

from domain.grammar.reader import read
from domain.grammar.reading import Embed, EmbedField, Kind, Room
from tests.domain.grammar.spoken import card, message, spoken

DISCLAIMER = "*These are ONLY my opinions, I am NOT a Financial Advisor. BTO at your own risk*"


def said(title: str, description: str) -> str:
    return spoken(read(card(title, description), Room()))


@pytest.mark.parametrize("title", ["Daytrade", "LOTTO:", "Swing", "Open Alert", "I'm entering", ""])
def test_a_card_with_contract_and_entry_opens(title: str) -> None:
    description = f"Contract:  **AMD 11/14 250C**\r\n\r\nEntry: **@.84**\r\n\r\n{DISCLAIMER}"
    assert said(title, description) == "open BTO AMD 250C 2025-11-14 @0.84"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Watching", Kind.WATCH),
        ("Watchlist", Kind.WATCH),
        ("Daily recap", Kind.RECAP),
        ("Cancelled", Kind.CANCEL),
        ("Update", Kind.RECAP),
    ],
)
def test_the_same_card_under_another_title_does_not(title: str, kind: Kind) -> None:
    reading = read(card(title, "Contract: AMD 11/14 250C\nEntry: 0.84\nUp 40%"), Room())
    assert (reading.trades, reading.kind) == ((), kind)


def test_fields_are_labels_too() -> None:
    fields = [("Ticker", "tsla"), ("Strike", "$250"), ("Type", "Call"),
              ("Expiration", "11/21/2025"), ("Entry", "2.30"), ("Stop Loss", "1.50"),
              ("Target 1", "3.00"), ("Target 2", "4.00"),
              ("Contracts", "5")]  # fmt: skip
    embed = Embed(title="New Trade", fields=tuple(EmbedField(name=n, value=v) for n, v in fields))
    assert spoken(read(message("", embed), Room())) == (
        "open BTO 5 TSLA 250C 2025-11-21 @2.30 SL 1.50 PT 3.00 PT 4.00"
    )


def test_a_line_under_a_contract_trims_it_with_its_gain() -> None:
    description = (
        "**Contract:** AMD 11/14 250C\n\n**I\u2019m trimming here for 51%**\n\n**Notes:** nice"
    )
    assert said("", description) == "trim STC some AMD 250C 2025-11-14 +51%"


def test_notes_may_turn_a_trim_into_a_close() -> None:
    description = (
        "Contract: AMD 11/14 250C\nI'm trimming here for 121%\n"
        "Notes: Taking full profit on these, congrats if you held"
    )
    assert said("", description) == "close STC AMD 250C 2025-11-14 +121%"


def test_notes_may_move_the_stop() -> None:
    description = "Contract: AMD 11/14 250C\nI'm trimming here for 35%\nNotes: and set my SL to BE"
    assert said("", description) == "trim STC some AMD 250C 2025-11-14 +35% SL BE"


def test_notes_that_grab_the_same_thing_do_not_open_it_twice() -> None:
    description = "Contract: $AMD 11/14 250C\nEntry: @0.83\nNotes: grabbing these as well"
    assert said("LOTTO:", description) == "open BTO AMD 250C 2025-11-14 @0.83"


@pytest.mark.parametrize(
    ("title", "description", "meant"),
    [
        ("Trim Alert", "TSLA 250c @ 3.10", "trim STC some TSLA 250C @3.10"),
        ("Closed", "TSLA 250c 3.10", "close STC TSLA 250C @3.10"),
        (
            "Close Alert",
            "Contract: TSLA 250C\nEntry: 2.30\nExit: 3.10",
            "close STC TSLA 250C @3.10",
        ),
        ("Trim Alert", "Contract: TSLA 250C\nPrice: 3.10", "trim STC some TSLA 250C @3.10"),
        ("Open Alert", "TSLA 250c 11/21 @ 2.30", "open BTO TSLA 250C 2025-11-21 @2.30"),
        ("Updates:", "Stopped out the rest", "close STC that (stop)"),
        ("Updates:", "Personally taking full profit here", "close STC that"),
        ("Updates:", "Time to close the rest -31%", "close STC that -31%"),
        ("Stock Trade", "Ticker: AAPL\nEntry: 189.20\nStop: 185", "open BTO AAPL @189.20 SL 185"),
    ],
)
def test_a_title_or_its_words_act(title: str, description: str, meant: str) -> None:
    assert said(title, description) == meant


@pytest.mark.parametrize(
    ("title", "description"),
    [
        ("Daytrade", "Contract: TSLA 11/21 250C\nEntry: over 2.30"),
        ("Daytrade", "Contract: TSLA 11/21 250C\nEntry: 2.30 if it breaks 245"),
        ("Daytrade", "Contract: TSLA 11/21 250C\nEntry: 2.30\nNotes: only enter if it breaks 245"),
        ("Daytrade", "TSLA 250c 11/21 looking good, might enter at 2.30"),
        ("LOTTO", "Anyone in TSLA 250c 11/21 @ 2.30?"),
        ("Market Open", "AAPL @ 189.20 +2%"),
        ("Quote", "Symbol: AAPL\nPrice: 189.20"),
        ("Price Alert", "Symbol: AAPL\nPrice: 189.20"),
        ("UPDATE:", "Contract: AMD 11/14 250C\n\nUp 80%\n\nNotes: right when I trimmed lol"),
        ("Updates:", "423 level breaks we will close out the rest"),
        ("Updates:", "I def did not take SPX 11/13 6805C @1.70 for this setup"),
    ],
)
def test_conditions_quotes_and_boasts_on_cards_book_nothing(title: str, description: str) -> None:
    assert read(card(title, description), Room()).trades == ()


def test_a_card_without_expiry_says_so() -> None:
    reading = read(card("Daytrade", "Contract: TSLA 250C\nEntry: 2.30"), Room())
    assert (reading.kind, reading.trades, reading.missing) == (Kind.OPEN, (), ("expiry",))


def test_the_preview_of_a_link_is_somebody_elses() -> None:
    embed = Embed(title="Open Alert", description="BTO TSLA 250c 11/21 @ 2.30")
    assert read(message("https://example.com/post/1", embed), Room()).trades == ()


def test_content_may_carry_the_labels_itself() -> None:
    text = message("Contract: QQQ 11/14 623C\nEntry: .84\nSL: .50")
    assert spoken(read(text, Room())) == "open BTO QQQ 623C 2025-11-14 @0.84 SL 0.50"
