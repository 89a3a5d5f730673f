"""Labels in their usual spellings, and which of several values fills a slot."""

from __future__ import annotations

import pytest

from domain.grammar.labels import _SAID, Role, cells, labelled, pattern_of, role_of
from domain.grammar.reader import read
from domain.grammar.reading import Kind, Reading, Room
from tests.domain.grammar.layouts import card
from tests.domain.grammar.spoken import message, spoken

PARTS = (("Ticker", "TSLA"), ("Strike", "250"), ("Type", "Call"), ("Exp", "11/21"))
LEG = "TSLA 250C 2025-11-21"


def reading_of(title: str, *fields: tuple[str, str], description: str = "") -> Reading:
    return read(message("", card(title, description, *fields)), Room())


def said(title: str, *fields: tuple[str, str], description: str = "") -> str:
    return spoken(reading_of(title, *fields, description=description))


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Contract", Role.CONTRACT), ("[🎟] Contract", Role.CONTRACT), ("Option", Role.CONTRACT),
        ("📈 Ticker", Role.TICKER), ("Underlying", Role.TICKER), ("STOCK", Role.TICKER),
        ("Strike Price", Role.STRIKE), ("Call/Put", Role.RIGHT), ("Option Type", Role.RIGHT),
        ("Expiration Date", Role.EXPIRY), ("Exp.", Role.EXPIRY), ("DTE", Role.DTE),
        ("My Entry", Role.ENTRY), ("Entry Price ($)", Role.ENTRY), ("Premium", Role.ENTRY),
        ("My Fill", Role.FILL), ("Avg Fill Price", Role.FILL), ("New Avg", Role.AVERAGE),
        ("Exit Price", Role.EXIT), ("Scaling Price", Role.EXIT), ("Sold", Role.SOLD),
        ("Mark", Role.QUOTE), ("Current Price", Role.QUOTE), ("Stop Loss (SL)", Role.STOP),
        ("TP1", Role.TARGET), ("2nd Target", Role.TARGET), ("Take Profit 3", Role.TARGET),
        ("# of Contracts", Role.QUANTITY), ("Position Size", Role.SIZE), ("P/L %", Role.GAIN),
        ("% Gain", Role.GAIN), ("Notes", Role.NOTES), ("Open Interest", Role.FLOW),
        ("Trigger", Role.TRIGGER), ("Analyst", Role.ASIDE), ("Weather", None), ("", None),
    ],
)  # fmt: skip
def test_a_label_is_known_by_its_words(label: str, role: Role | None) -> None:
    assert role_of(label) is role


def test_a_line_may_hold_several_labels() -> None:
    found = [(one.role, one.value) for one in labelled("Entry: 2.30, SL: 1.50 PT 1: 3.00")]
    assert found == [(Role.ENTRY, "2.30"), (Role.STOP, "1.50"), (Role.TARGET, "3.00")]


def test_a_line_that_begins_with_other_words_is_no_label() -> None:
    assert labelled("Reminder: Entry: 2.30") == []
    assert labelled("TSLA 250C Entry: 2.30") == []


def test_notes_keep_the_labels_that_stand_in_them() -> None:
    (one,) = labelled("Note: Entry: better at 2.00")
    assert (one.role, one.value) == (Role.NOTES, "Entry: better at 2.00")


def test_a_sign_before_a_value_stays_with_it() -> None:
    (one,) = labelled("P/L: -50%")
    assert one.value == "-50%"


def test_bars_part_a_line_only_where_labels_stand_between_them() -> None:
    assert cells("Strike: 250 | Exp: 11/21") == ["Strike: 250", "Exp: 11/21"]
    assert cells("Contract: TSLA | 250C | 11/21") == ["Contract: TSLA 250C 11/21"]
    assert cells("TSLA | 250C") == ["TSLA | 250C"]
    assert cells("Entry 2.30 | half | of it") == ["Entry 2.30 half", "of it"]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "around", ["{}: 5", "\U0001f525 {} 1 (x): 5", "so my {} = 5", "{}\u25b8: 5"]
)
def test_every_label_of_a_role_is_foreseen(role: Role, around: str) -> None:
    sought = pattern_of({role})
    phrases = [phrase.strip() for phrase in _SAID[role].split(",")]
    for label in (*phrases, *map(str.upper, phrases)):
        assert sought.find(around.format(label)), label


@pytest.mark.parametrize(
    "description",
    [
        "Ticker = TSLA\nStrike = 250C\nExpiry = 11/21\nEntry = 2.30",
        "Ticker: TSLA Strike: 250 Type: Call Exp: 11/21 Entry: 2.30",
        "Underlying: TSLA @ $247.80\nContract: 250C 11/21\nEntry: 2.30",
        "Ticker TSLA\nStrike 250C\nExpiry 11/21\nEntry 2.30",
        "Ticker ➜ TSLA\nStrike ➜ 250C\nExpiry ➜ 11/21\nEntry ➜ 2.30",
        "Ticker » TSLA\nStrike » 250C\nExpiry » 11/21\nEntry » 2.30",
        "Ticker: TSLA, Strike: 250C, Expiry: 11/21, Entry: 2.30",
        "**Ticker:** TSLA\n**Option:** `250C 11/21` **Price:** `2.30`",
        "TSLA | 250C | 11/21 | $2.30",
        "BUY_TO_OPEN TSLA_112125C250 @ 2.30",
        "Symbol: TSLA\nDescription: TSLA 11/21/2025 250 Call\nAvg Fill Price: 2.30",
        "Option: TSLA Call\nStrike: $250\nExp: Nov 21\nEntry: 2.30",
        "TSLA - 250C - 11/21 - $2.30",
        "TSLA\n250 Call\nExp 11/21\n$2.30",
    ],
)
def test_labels_stand_in_many_ways(description: str) -> None:
    assert said("Entry", description=description) == f"open BTO {LEG} @2.30"


@pytest.mark.parametrize(
    "expiry",
    ["11/21", "11/21/25", "Nov 21", "Friday, November 21, 2025", "21 Nov 2025", "2025-11-21",
     "2025/11/21", "20251121", "11-21-2025", "11-21", "21-Nov-2025", "Nov-21-25",
     "2025-11-21T16:00:00Z", "11/21 (8 DTE)"],
)  # fmt: skip
def test_an_expiry_stands_under_its_label_in_every_spelling(expiry: str) -> None:
    fields = (*PARTS[:3], ("Expiration", expiry), ("Entry", "2.30"))
    assert said("Entry", *fields) == f"open BTO {LEG} @2.30"


def test_days_to_expiration_are_counted_by_the_calendar() -> None:
    for days in ("8", "8 DTE", "8 days"):
        assert said("Entry", *PARTS[:3], ("DTE", days), ("Entry", "2.30")).startswith("open BTO")
    assert said("Entry", *PARTS[:3], ("DTE", "9"), ("Entry", "2.30")) == "open? expiry"


def test_a_date_is_an_expiry_only_where_it_lies_ahead() -> None:
    fields = (*PARTS[:3], ("Entry", "2.30"))
    assert said("Entry", *fields, ("Date", "11/21/2025")) == f"open BTO {LEG} @2.30"
    assert said("Entry", *fields, ("Date", "11/13/2025")) == "open? expiry"


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ((("Mark", "2.41"), ("Entry", "2.30")), "2.30"),
        ((("Ask", "2.41"), ("Bid", "2.35"), ("Fill", "2.30")), "2.30"),
        ((("Current Price", "$2.41"), ("Price", "$2.30")), "2.30"),
        ((("Average", "2.30"), ("Market", "2.41")), "2.30"),
        ((("Ask", "2.41"),), "2.41"),
        ((("Entry", "$2.30 per contract"),), "2.30"),
        ((("Entry", "2.30 (5 contracts)"),), "2.30"),
        ((("Entry", "2.30 avg"), ("Cost", "$230")), "2.30"),
    ],
)
def test_an_entry_is_at_the_entry_and_never_at_a_mark_beside_it(
    fields: tuple[tuple[str, str], ...], price: str
) -> None:
    assert f"@{price}" in said("Entry", *PARTS, *fields)


def test_the_choice_between_prices_is_named() -> None:
    reading = reading_of("Entry", *PARTS, ("Entry", "2.30"), ("Mark", "2.41"))
    assert "price: the card's 'Entry', not 'Mark'" in reading.rules
    reading = reading_of("Entry", *PARTS, ("Ask", "2.41"))
    assert "price: the card's 'Ask', where it says no other" in reading.rules


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ((("Entry", "2.30"), ("Exit", "3.10")), f"close STC {LEG} @3.10"),
        ((("Entry", "2.30"), ("Fill", "3.10")), f"close STC {LEG} @3.10"),
        ((("Avg", "2.30"), ("Sold", "3.10"), ("Mark", "3.20")), f"close STC {LEG} @3.10"),
        ((("Entry", "2.30"), ("P/L", "+34%")), f"close STC {LEG} +34%"),
        ((("Entry", "2.30"), ("P/L", "$-80 (-34%)")), f"close STC {LEG} -34%"),
        ((("Exit", "1.50"), ("Loss", "34%")), f"close STC {LEG} @1.50 -34%"),
        ((("Exit", "3.10"), ("Stop", "1.50 (-35%)")), f"close STC {LEG} @3.10 SL 1.50"),
    ],
)
def test_an_exit_is_at_the_exit_and_never_at_the_entry(
    fields: tuple[tuple[str, str], ...], meant: str
) -> None:
    assert said("Exit", *PARTS, *fields) == meant


@pytest.mark.parametrize(
    ("sold", "meant"),
    [("50%", "0.5 of"), ("half", "0.5 of"), ("1/4", "0.25 of"), ("2 of 4", "some 2"),
     ("2 contracts @ 4.10", "some 2")],
)  # fmt: skip
def test_how_much_was_sold_stands_under_its_label(sold: str, meant: str) -> None:
    fields = (*PARTS, ("Entry", "2.30"), ("Exit Price", "4.10"), ("Sold", sold), ("Gain", "+78%"))
    assert said("Trim", *fields) == f"trim STC {meant} {LEG} @4.10 +78%"


def test_what_remains_says_whether_it_was_all() -> None:
    fields = (*PARTS, ("Quantity", "1"), ("Price", "3.10"))
    assert said("Sell", *fields, ("Remaining", "2")) == f"trim STC some 1 {LEG} @3.10"
    assert said("Sell", *fields, ("Remaining", "0")) == f"close STC 1 {LEG} @3.10"


def test_how_an_open_trade_stands_is_no_entry() -> None:
    fields = (("Entry", "2.30"), ("Current", "3.45"), ("Gain", "+50%"))
    assert reading_of("", *PARTS, *fields).trades == ()


def test_levels_are_read_without_what_stands_beside_them() -> None:
    fields = (("Entry", "2.30"), ("Stop", "$1.50 (-35%)"), ("TP", "1) 3.00 (+30%) 2) 4.00 (+74%)"))
    assert said("Entry", *PARTS, *fields) == f"open BTO {LEG} @2.30 SL 1.50 PT 3.00 PT 4.00"


def test_an_update_moves_levels() -> None:
    assert said("Update", *PARTS, ("New Stop", "2.30")) == "update SL 2.30"
    assert said("Stop moved", *PARTS, ("Stop", "break even")) == "update SL BE"


@pytest.mark.parametrize(
    "fields",
    [
        (("Entry", "over 2.30"),),
        (("Entry", "2.30 on a break of 251"),),
        (("Entry", "2.30"), ("Trigger", "251")),
    ],
)
def test_an_entry_that_waits_for_a_price_is_a_condition(
    fields: tuple[tuple[str, str], ...],
) -> None:
    reading = reading_of("Entry", *PARTS, *fields)
    assert (reading.kind, reading.trades) == (Kind.CONDITIONAL, ())


def test_an_entry_whose_only_words_are_a_condition_is_one() -> None:
    line = "TSLA 250C 11/21 @ 2.30\nif we hold 248 into the close"
    assert reading_of("Entry", description=line).kind is Kind.CONDITIONAL
    note = ("Notes", "If you missed it, do not chase.")
    assert said("Entry", *PARTS, ("Entry", "2.30"), note) == f"open BTO {LEG} @2.30"


def test_what_a_card_that_enters_says_of_its_exit_is_a_plan() -> None:
    notes = ("Notes", "trim at 3.50, cut under 1.50")
    assert said("Entry", *PARTS, ("Entry", "2.30"), notes).startswith(f"open BTO {LEG} @2.30")


@pytest.mark.parametrize(
    "fields",
    [
        (("Fill", "2.30"), ("Premium", "$1.2M")),
        (("Price", "2.30"), ("Volume", "12,000"), ("OI", "3,000")),
        (("Avg Price", "2.30"), ("Type", "SWEEP")),
        (("Bid", "2.25"), ("Ask", "2.35")),
        (("Last", "2.30"), ("Change", "+12%")),
    ],
)
def test_a_scanner_and_a_quote_book_nothing(fields: tuple[tuple[str, str], ...]) -> None:
    assert reading_of("", *PARTS, *fields).trades == ()


def test_a_ticker_alone_is_bought_only_by_a_card_for_shares() -> None:
    assert said("Stock Alert", ("Stock", "AAPL"), ("Action", "Buy"), ("Price", "189.20")) == (
        "open BTO AAPL @189.20"
    )
    assert said("BTO RIVN shares at 10.85") == "open BTO RIVN @10.85"
    assert said("Swing Long: AAPL", ("Entry", "189.20")) == "open BTO AAPL @189.20"
    assert reading_of("Entry: TSLA @ 2.30").trades == ()
    noted = (("Symbol", "TSLA"), ("Side", "BUY_TO_OPEN"), ("Fill", "2.30"))
    assert reading_of("Fill", *noted, ("Description", "the 250 Call")).trades == ()
    for title in ("Options Entry", "Call Entry", "LOTTO entry"):
        assert reading_of(title, ("Ticker", "TSLA"), ("Entry", "2.30")).trades == (), title
    for label in ("Expiration", "Strike", "Contracts", "Option Type"):
        lacking = (("Ticker", "TSLA"), ("Entry", "2.30"), (label, "N/A"))
        assert reading_of("Entry", *lacking).trades == (), label
    assert reading_of("Quote", ("Symbol", "AAPL"), ("Price", "189.20")).trades == ()


def test_a_class_of_shares_keeps_its_dot() -> None:
    fields = (("Ticker", "BRK.B"), *PARTS[1:], ("Entry", "2.30"))
    assert said("Entry", *fields) == "open BTO BRK.B 250C 2025-11-21 @2.30"
