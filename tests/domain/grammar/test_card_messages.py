"""Messages of several parts: words above a card, several cards, a card told twice."""

from __future__ import annotations

import pytest

from domain.grammar.reader import read
from domain.grammar.reading import Embed, Room
from tests.domain.grammar.layouts import card
from tests.domain.grammar.spoken import message, spoken

PARTS = (("Ticker", "TSLA"), ("Strike", "250"), ("Type", "Call"), ("Exp", "11/21"))
LEG = "TSLA 250C 2025-11-21"
ENTRY = card("New alert", "", *PARTS, ("Entry", "2.30"))


def said(content: str, *embeds: Embed) -> str:
    return spoken(read(message(content, *embeds), Room()))


@pytest.mark.parametrize(
    "content",
    [
        "@everyone new alert",
        "<@&771204412>",
        "BTO TSLA 250c 11/21 @ 2.30",
        "@everyone TSLA 250c 11/21 @ 2.30",
        "BTO TSLA 250c @ 2.30",
    ],
)
def test_what_content_and_card_both_say_is_booked_once(content: str) -> None:
    assert said(content, ENTRY) == f"open BTO {LEG} @2.30"


def test_the_fuller_telling_is_kept_with_the_levels_of_the_other() -> None:
    embed = card("Entry", "", *PARTS, ("Entry", "2.30"), ("Contracts", "5"), ("Stop", "1.50"))
    assert said("BTO TSLA 250c 11/21 @ 2.30 PT 4", embed) == (
        f"open BTO 5 {LEG} @2.30 SL 1.50 PT 4"
    )


def test_words_above_a_card_without_a_title_say_what_it_is_for() -> None:
    embed = card("", "", *PARTS, ("Price", "3.10"))
    assert said("@everyone trim alert", embed) == f"trim STC some {LEG} @3.10"
    assert said("watching", embed) == "watch"


def test_what_a_bot_says_of_its_author_goes_before_the_title() -> None:
    embed = card("long TSLA NOV 21 2025 $250.00 CALLS @ $3.10")
    assert said("mo closed long from the web platform.", embed) == f"close STC {LEG} @3.10"


def test_several_cards_are_several_trades() -> None:
    other = card("Entry", "AMD 120P 11/21 @ 1.10")
    assert said("", ENTRY, other) == (f"open BTO {LEG} @2.30 BTO AMD 120P 2025-11-21 @1.10")


def test_the_same_card_twice_is_one_trade() -> None:
    assert said("", ENTRY, ENTRY) == f"open BTO {LEG} @2.30"


def test_an_exit_in_words_takes_the_figures_of_its_card() -> None:
    embed = card("Trim Alert", "", *PARTS, ("Exit Price", "3.10"), ("Gain", "+34%"),
                 ("Notes", "Trimming half here"))  # fmt: skip
    assert said("", embed) == f"trim STC 0.5 of {LEG} @3.10 +34%"


def test_a_question_above_a_card_shows_somebodys_card_again() -> None:
    assert read(message("Is this one still good?", ENTRY), Room()).trades == ()


def test_a_contract_under_words_of_something_else_is_not_bought() -> None:
    content = "no, I did not take this one, that was another room entirely"
    assert read(message(content, card("NFLX", "NFLX 560C 11/21 @ 5.20")), Room()).trades == ()


@pytest.mark.parametrize(
    "description",
    [
        "TSLA 250C 11/21 went from 2.30 to $4.60",
        "TSLA 250C 11/21 @ 2.30 +100%",
        "Unusual volume: TSLA 250C 11/21 @ 2.30",
        "TSLA 250C 11/21 over 2.30",
        "Anyone in TSLA 250C 11/21 @ 2.30?",
    ],
)
def test_a_contract_with_a_price_is_an_entry_only_where_nothing_else_is_said(
    description: str,
) -> None:
    assert read(message("", card("", description)), Room()).trades == ()
    assert read(message("", card("Alert", description)), Room()).trades == ()


def test_a_part_that_is_sold_is_no_day_of_the_contract() -> None:
    embed = card("Scaling out", "Sold 1/3 TSLA 250c @ 3.10")
    assert said("", embed) == "trim STC 0.333333333333 of TSLA 250C @3.10"


@pytest.mark.parametrize("title", ["Opening trade", "New trade", "Swing"])
def test_a_title_that_opens_sells_what_brings_a_credit(title: str) -> None:
    embed = card(title, "SPY Iron Condor 640/645/680/685 11/21 for 2.35 credit")
    assert said("", embed).startswith("open STO ")


def test_who_writes_bto_of_a_credit_is_asked() -> None:
    embed = card("BTO", "SPY Iron Condor 640/645/680/685 11/21 for 2.35 credit")
    assert "STO" not in said("", embed)
