"""Single slots: sizes, prices, levels, and the rules that are named when one is filled."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.grammar.reading import ExitReason, Kind, Room
from tests.domain.grammar.spoken import read_text, spoken

DAILY = Room(default_root="SPX", default_expiry="0dte")


@pytest.mark.parametrize(
    ("said", "price", "to"),
    [
        ("@ 2.30", "2.30", None),
        ("@.95", "0.95", None),
        ("$2.30", "2.30", None),
        ("for .95", "0.95", None),
        ("@ 1.20-1.30", "1.20", "1.30"),
        ("@ 1,61", "1.61", None),
        ("@ 57 .00", "57.00", None),
        ("@lim2.30", "2.30", None),
        ("2.30", "2.30", None),
        ("@ 1,250.50", "1250.50", None),
    ],
)
def test_a_price_is_read_in_any_spelling(said: str, price: str, to: str | None) -> None:
    trade = read_text(f"BTO 2 NDX 25000c 11/21 {said}").trades[0]
    assert trade.price == Decimal(price)
    assert trade.price_to == (Decimal(to) if to else None)


@pytest.mark.parametrize("said", ["@ .1.01", "@ 1..2", "@c1.3", "@m", "@ market", ""])
def test_a_price_that_cannot_be_read_is_missing(said: str) -> None:
    reading = read_text(f"BTO 2 NDX 25000c 11/21 {said}")
    assert reading.trades == ()
    assert reading.missing == ("price",)


def test_an_amount_of_money_is_not_taken_for_a_put_price() -> None:
    reading = read_text("STO 2x NVDA 117P 11/21 for $125")
    assert reading.missing == ("price",)
    assert "125" in reading.why


@pytest.mark.parametrize(
    ("said", "size"),
    [("5 TSLA", 5), ("5x TSLA", 5), ("x5 TSLA", 5), ("(5) TSLA", 5), ("5 contracts TSLA", 5)],
)
def test_a_size_is_read_in_any_spelling(said: str, size: int) -> None:
    assert read_text(f"BTO {said} 250c 11/21 @ 2.30").trades[0].quantity == size


def test_a_size_that_is_not_said_stays_open() -> None:
    assert read_text("BTO TSLA 250c 11/21 @ 2.30").trades[0].quantity is None


def test_a_price_to_price_arrow_is_the_first_for_an_entry_and_the_second_for_an_exit() -> None:
    assert read_text("BTO TSLA 250c 11/21 .55 -> .90").trades[0].price == Decimal("0.55")
    assert read_text("STC TSLA 250c 11/21 .55 \u27a1\ufe0f .90").trades[0].price == Decimal("0.90")


def test_a_stop_above_a_bought_entry_is_left_out_and_said_so() -> None:
    reading = read_text("BTO TSLA 250c 11/21 @ 2.30 SL 3.10 PT 4")
    assert (reading.stop, reading.targets) == (None, (Decimal(4),))
    assert any("3.10" in rule for rule in reading.rules)


def test_levels_of_the_stock_are_none_of_its_option() -> None:
    reading = read_text("BTO TSLA 250c 11/21 @ 2.30 SL 245 PT 3.50 PT2 260")
    assert (reading.stop, reading.targets) == (None, (Decimal("3.50"),))
    assert any("260 is a level of TSLA" in rule for rule in reading.rules)


def test_a_stop_in_percent_is_counted_from_the_entry() -> None:
    reading = read_text("BTO TSLA 400c 11/21 @ 5 SL: 30% PT: 50%")
    assert (reading.stop, reading.targets) == (Decimal("3.5"), (Decimal("7.5"),))
    assert len([rule for rule in reading.rules if "from the entry" in rule]) == 2


def test_a_percentage_is_a_part_after_the_verb_and_a_gain_after_for() -> None:
    part = read_text("Trimming 30% of TSLA 250c").trades[0]
    gain = read_text("Trimming TSLA 250c for 30%").trades[0]
    assert (part.fraction, part.gain) == (Decimal("0.3"), None)
    assert (gain.fraction, gain.gain) == (None, Decimal("0.3"))


def test_a_percentage_that_may_be_either_is_asked_for() -> None:
    assert read_text("Trimming TSLA 250c here 30%").missing == ("size or gain",)


def test_the_year_comes_from_the_message_and_is_named() -> None:
    old = datetime(2023, 12, 20, 15, tzinfo=UTC)
    reading = read_text("BTO SPY 480c 01/19 @ 1.20", at=old)
    assert reading.trades[0].legs[0].expiry == date(2024, 1, 19)
    assert any("2024" in rule for rule in reading.rules)


def test_the_day_is_the_exchange_day_not_the_one_in_greenwich() -> None:
    evening = datetime(2025, 11, 14, 1, 30, tzinfo=UTC)
    assert read_text("BTO SPY 680c 0DTE @ 1", at=evening).trades[0].legs[0].expiry == date(
        2025, 11, 13
    )


def test_the_expiry_on_the_day_itself_is_this_year() -> None:
    assert read_text("BTO SPY 680c 11/13 @ 1").trades[0].legs[0].expiry == date(2025, 11, 13)


def test_a_day_just_past_is_over_and_not_next_year() -> None:
    reading = read_text("BTO SPY 680c 11/12 @ 1")
    assert not reading.trades
    assert (reading.missing, reading.why) == (
        ("expiry",), "'11/12' was over when the message was posted",
    )  # fmt: skip


def test_a_day_just_past_the_turn_of_the_year_is_over_too() -> None:
    new_year = datetime(2026, 1, 2, 15, tzinfo=UTC)
    assert not read_text("BTO SPY 680c 12/31 @ 1", at=new_year).trades
    reading = read_text("BTO SPY 680c 12/19 @ 1", at=new_year)
    assert reading.trades[0].legs[0].expiry == date(2026, 12, 19)


def test_a_leap_day_waits_for_its_year() -> None:
    assert read_text("BTO SPY 680c 2/29 @ 1").trades[0].legs[0].expiry == date(2028, 2, 29)


def test_the_room_fills_root_and_expiry_and_is_named() -> None:
    reading = read_text("BTO 5950c @ 4.20", DAILY)
    assert spoken(reading) == "open BTO SPX 5950C 2025-11-13 @4.20"
    assert [rule for rule in reading.rules if "the room's default" in rule] == [
        "root SPX: the room's default",
        "expiry 2025-11-13: the room's default is the day of the message",
    ]


def test_the_room_never_fills_a_right_or_a_price() -> None:
    assert read_text("BTO SPX 5950 calls", DAILY).missing == ("price",)
    assert read_text("BTO SPX 5950 0dte @ 4.20", DAILY).missing == ("strike", "right")


def test_a_weekly_room_means_the_next_friday() -> None:
    room = Room(default_expiry="weekly")
    assert read_text("BTO SPY 680c @ 1", room).trades[0].legs[0].expiry == date(2025, 11, 14)


def test_a_named_expiry_beats_the_room() -> None:
    assert read_text("BTO SPX 5950c 11/21 @ 4", DAILY).trades[0].legs[0].expiry == date(
        2025, 11, 21
    )


def test_a_stopped_trade_and_a_hit_target_say_so() -> None:
    assert read_text("stopped out of TSLA").trades[0].reason is ExitReason.STOP
    assert read_text("PT hit, all out").trades[0].reason is ExitReason.TARGET
    assert read_text("all out").trades[0].reason is ExitReason.EXIT


def test_a_slip_of_the_finger_is_read_and_named() -> None:
    reading = read_text("Clising SPY here")
    assert reading.kind is Kind.CLOSE
    assert reading.rules[0] == "'Clising' read as 'closing'"
    assert reading.confidence < 1


def test_a_slip_that_is_a_word_is_left_alone() -> None:
    assert read_text("brimming with SPY calls").trades == ()


def test_talk_names_what_the_rest_may_be_the_rest_of() -> None:
    named = read_text("SPY 680c 11/14 up 80%").named
    assert [(leg.root, leg.strike) for leg in named] == [("SPY", Decimal(680))]


def test_words_like_the_rest_point_at_the_trade_at_hand() -> None:
    assert read_text("out the rest").trades[0].at_hand
    assert not read_text("out").trades[0].at_hand


def test_a_ticket_names_its_side_and_plain_words_leave_it_open() -> None:
    assert not read_text("STC TSLA 250c @ 3").trades[0].either_side
    assert read_text("out TSLA 250c @ 3").trades[0].either_side


def test_an_adjusted_root_stays_adjusted() -> None:
    assert read_text("BTO 1 AAPL1 250c 11/21 @ 2").trades[0].legs[0].root == "AAPL1"


def test_a_dollar_before_a_fraction_breaks_nothing() -> None:
    assert read_text("Trimming $1/2 QQQ").trades[0].fraction == Decimal("0.5")
