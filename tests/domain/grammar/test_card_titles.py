"""What a title makes of the card under it, in any room and in one that has its own titles."""

from __future__ import annotations

import pytest

from domain.grammar.reader import read
from domain.grammar.reading import Kind, Room
from domain.grammar.titles import sense_of, share_in
from tests.domain.grammar.layouts import card
from tests.domain.grammar.spoken import message, spoken

CONTRACT = ("Contract", "TSLA 250C 11/21")
LEG = "TSLA 250C 2025-11-21"


def said(title: str, *fields: tuple[str, str], content: str = "", room: Room | None = None) -> str:
    return spoken(read(message(content, card(title, "", *fields)), room or Room()))


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        ("Open Alert", f"open BTO {LEG} @2.30"),
        ("I'm entering", f"open BTO {LEG} @2.30"),
        ("🟢 **New Position**", f"open BTO {LEG} @2.30"),
        ("Swing Entry", f"open BTO {LEG} @2.30"),
        ("mo entered long", f"open BTO {LEG} @2.30"),
        ("mo entered short", f"open STO -{LEG} @2.30"),
        ("STO", f"open STO -{LEG} @2.30"),
        ("averaged long", f"add BTO {LEG} @2.30"),
        ("Scaling in", f"add BTO {LEG} @2.30"),
        ("Trim Alert", f"trim STC some {LEG} @2.30"),
        ("Trim #2", f"trim STC some {LEG} @2.30"),
        ("Options Scale", f"trim STC some {LEG} @2.30"),
        ("Sold half", f"trim STC 0.5 of {LEG} @2.30"),
        ("STC 25%", f"trim STC 0.25 of {LEG} @2.30"),
        ("Options Close", f"close STC {LEG} @2.30"),
        ("Position Closed", f"close STC {LEG} @2.30"),
        ("mo closed long", f"close STC {LEG} @2.30"),
        ("covered short", f"close BTC -{LEG} @2.30"),
        ("STOPPED IN PROFIT:", f"close STC {LEG} @2.30 (stop)"),
        ("Stop Loss Hit", f"close STC {LEG} @2.30 (stop)"),
    ],
)
def test_a_title_says_what_is_done(title: str, meant: str) -> None:
    assert said(title, CONTRACT, ("Price", "2.30")) == meant


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Watchlist", Kind.WATCH),
        ("Trade idea", Kind.WATCH),
        ("Possible entry", Kind.WATCH),
        ("Plan for tomorrow", Kind.WATCH),
        ("Daily Recap", Kind.RECAP),
        ("Open Positions", Kind.RECAP),
        ("Closed Trades", Kind.RECAP),
        ("Trade of the day", Kind.RECAP),
        ("Unusual Options Activity", Kind.CHAT),
        ("Entry scanner", Kind.CHAT),
        ("Breaking news", Kind.CHAT),
        ("Somebody (@somebody)", Kind.CHAT),
        ("Who took this?", Kind.CHAT),
        ("SEC Form 4", Kind.CHAT),
        ("Options calculator", Kind.CHAT),
        ("Up 50%", Kind.RECAP),
        ("🔥 +50% 🔥", Kind.RECAP),
        ("Not an entry yet", Kind.WATCH),
        ("Setting up an entry", Kind.WATCH),
        ("Limit order placed", Kind.CONDITIONAL),
        ("Conditional entry", Kind.CONDITIONAL),
        ("Cancelled", Kind.CANCEL),
        ("Edit: entry", Kind.CORRECTION),
    ],
)
def test_under_some_titles_a_whole_trade_is_none(title: str, kind: Kind) -> None:
    sense = sense_of(title)
    assert sense is not None
    assert sense.kind is kind
    reading = read(message("", card(title, "", CONTRACT, ("Entry", "2.30"))), Room())
    assert reading.trades == ()
    assert reading.why


def test_an_exit_goes_before_the_entry_a_title_may_name() -> None:
    assert said("Trade opened today: closed", CONTRACT, ("Fill", "3.10")).startswith("close STC")


def test_a_style_leaves_it_to_the_labels_what_is_done() -> None:
    assert said("Swing", CONTRACT, ("Entry", "2.30")) == f"open BTO {LEG} @2.30"
    assert said("Swing", CONTRACT, ("Entry", "2.30"), ("Exit", "3.10")) == f"close STC {LEG} @3.10"


def test_a_status_says_it_where_the_title_does_not() -> None:
    fields = (CONTRACT, ("Price", "3.10"))
    assert said("Trade", *fields, ("Status", "Closed")) == f"close STC {LEG} @3.10"
    assert said("Trade", *fields, ("Status", "Open")) == f"open BTO {LEG} @3.10"


def test_an_action_label_says_which_way() -> None:
    fields = (CONTRACT, ("Entry", "2.30"))
    assert said("Alert", *fields, ("Action", "Buy to Open")) == f"open BTO {LEG} @2.30"
    assert said("Entry", *fields, ("Action", "Sell to Open")) == f"open STO -{LEG} @2.30"


def test_a_sale_beside_an_entry_may_be_either_and_is_not_booked() -> None:
    reading = read(message("", card("Alert", "", CONTRACT, ("Entry", "2.30"), ("Side", "Sell"))),
                   Room())  # fmt: skip
    assert reading.trades == ()


ROOM = Room(
    titles=(
        ("Docked", Kind.CLOSE),
        ("Cast Off", Kind.OPEN),
        ("Anchor", Kind.TRIM),
        ("Entry", Kind.WATCH),
        ("Entry taken", Kind.OPEN),
    )
)


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        ("⚓ cast off", f"open BTO {LEG} @2.30"),
        ("Anchor 50%", f"trim STC 0.5 of {LEG} @2.30"),
        ("Docked!", f"close STC {LEG} @2.30"),
        ("Entry taken", f"open BTO {LEG} @2.30"),
    ],
)
def test_a_rooms_own_titles_are_read_by_its_own_sense(title: str, meant: str) -> None:
    assert said(title, CONTRACT, ("Price", "2.30"), room=ROOM) == meant


def test_a_rooms_own_title_overrides_the_usual_sense() -> None:
    assert sense_of("New entry", ROOM) is not None
    assert said("New entry", CONTRACT, ("Entry", "2.30"), room=ROOM) == "watch"


def test_a_part_of_a_word_is_not_a_rooms_title() -> None:
    sense = sense_of("Undocked", ROOM)
    assert sense is None


@pytest.mark.parametrize(
    ("words", "share"),
    [("STC 50%", "50%"), ("sold Half", "Half"), ("1/3 off", "1/3"), ("up 50%", ""),
     ("+50%", ""), ("50% gain", ""), ("11/1/3", ""), ("closed", "")],
)  # fmt: skip
def test_a_share_in_a_title_is_no_gain(words: str, share: str) -> None:
    assert share_in(words) == share
