"""What signal rooms say to a trade that is open, in English and in Russian."""
# The letters of the Russian messages are Cyrillic on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

from time import thread_time

import pytest

from domain.grammar.reading import Kind
from tests.domain.grammar.spoken import read_text, spoken

DONE = [
    ("TP1 hit, SL to BE", "update SL BE"),
    ("TP1 hit \u2705 move your stop to entry", "update SL BE"),
    ("set breakeven", "update SL BE"),
    ("Set Breakeven at lower Part", "update SL BE"),
    ("Put SL at entry", "update SL BE"),
    ("make it risk free", "update SL BE"),
    ("EURUSD set breakeven", "update SL BE"),
    ("btc long: sl to be, tp1 is in", "update SL BE"),
    ("tp1 hit, sl to 4,325.50", "update SL 4325.50"),
    ("closed at 1,234.5", "close STC that @1234.5"),
    ("GBPUSD adjust TP to 1.2370", "update PT 1.2370"),
    ("close now", "close STC that"),
    ("Close gold now at 2661", "close STC XAUUSD @2661"),
    ("trade closed", "close STC that"),
    ("Trade closed manually at 1.0850", "close STC that @1.0850"),
    ("position closed at TP2", "close STC that (target)"),
    ("TP3 hit, trade closed", "close STC that (target)"),
    ("closed at BE", "close STC that +0%"),
    ("closed the btc long at 108,050. gg", "close STC BTC/USDT @108050"),
    ("Closed at BE, will look for a re-entry", "close STC that +0%"),
    ("XAUUSD closed +50 pips", "close STC XAUUSD"),
    ("out of gold at 2661", "close STC XAUUSD @2661"),
    ("SL hit", "close STC that (stop)"),
    ("SL hit on GBPUSD, -30 pips", "close STC GBPUSD (stop)"),
    ("my stop got hit at 2642", "close STC that @2642 (stop)"),
    ("All targets hit \U0001f3af\U0001f3af", "close STC that (target)"),
    ("secured 50% at 290", "trim STC 0.5 of that @290"),
    ("half of the eth short closed at 2545", "trim STC 0.5 of ETH/USDT @2545"),
    ("close 50% and move sl to be", "trim STC 0.5 of that SL BE"),
    ("1 тейк, стоп в б/у \U0001f525", "update SL BE"),
    ("Переносим стоп в безубыток", "update SL BE"),
    ("2 тейк, позиция закрыта \U0001f525", "close STC that (target)"),
    ("Закрыл в б/у, но профит неплохой", "close STC that +0%"),
    ("Вышел в б/у\n\nВсем спокойной ночи", "close STC that +0%"),
    ("Стоп выбило по WIF/USDT, минус 1%", "close STC WIF/USDT (stop)"),
    ("Зафиксировал половину по 3.33", "trim STC 0.5 of that @3.33"),
    ("Закрыл лонг по BTC/USDT по 65000", "close STC BTC/USDT @65000"),
    ("Все цели взяты", "close STC that (target)"),
]

NOTHING = [
    ("TP1 hit", None),
    ("1st TP hit +40 pips", None),
    ("when TP1 hits, move SL to BE", Kind.CONDITIONAL),
    ("SL to BE?", Kind.CONDITIONAL),
    ("you can close half here", None),
    ("feel free to close", None),
    ("he closed gold at 2661", None),
    ("Should I close gold?", None),
    ("not closing yet", None),
    ("market closed", None),
    ("EURUSD closed at 1.0850", None),
    ("gold closed at 2661 yesterday", None),
    ("gold closed above 2661", None),
    ("closed my laptop", None),
    ("close call", None),
    ("exit poll", None),
    ("1 тейк, можете часть зафиксировать", None),
    ("Можно закрыть сделку", None),
    ("Если дойдет до 65000, закрою", None),
    ("Вчера закрыли в минус, сегодня отыграем", None),
]


@pytest.mark.parametrize(("text", "meant"), DONE)
def test_what_is_said_as_done_is_read(text: str, meant: str) -> None:
    assert spoken(read_text(text)) == meant


@pytest.mark.parametrize(("text", "kind"), NOTHING)
def test_what_is_not_done_does_nothing(text: str, kind: Kind | None) -> None:
    reading = read_text(text)
    assert (reading.trades, reading.stop, reading.stop_at_entry) == ((), None, False)
    if kind is not None:
        assert reading.kind is kind


@pytest.mark.parametrize(
    "text",
    ["cancel", "delete the limit", "cancel the GBPJPY limit please", "Buy limit deleted",
     "setup invalidated", "order deleted", "Отменяем лимитку, цена ушла"],
)  # fmt: skip
def test_what_is_taken_back_is_a_cancel_that_books_nothing(text: str) -> None:
    reading = read_text(text)
    assert (reading.kind, reading.trades) == (Kind.CANCEL, ())


def test_advice_to_take_part_moves_the_stop_and_sells_nothing() -> None:
    reading = read_text("1 тейк, можете часть зафиксировать\n\nСтоп в б/у !")
    assert spoken(reading) == "update SL BE"


def test_the_target_that_was_counted_is_kept() -> None:
    for text in ("TP2 smashed! close all now", "2 тейк, позиция закрыта", "closed at TP2"):
        (trade,) = read_text(text).trades
        assert trade.reached == 2, text


def test_words_of_a_ticket_beside_it_are_left_to_the_ticket_grammar() -> None:
    assert spoken(read_text("all out @ 3.10, SL BE")) == "close STC that @3.10 SL BE"
    assert spoken(read_text("took partials, SL at BE")) == "trim STC some that SL BE"


@pytest.mark.parametrize(
    "bit", ["close ", "all now ", "here in with for ", "1,", "1 ", "sl be ", "tp hit ", "закрыл ",
            "is closed ", "half of the ", "target "]
)  # fmt: skip
def test_the_worst_followup_is_read_in_a_blink(bit: str) -> None:
    began = thread_time()
    read_text(("close sl be " + bit * 100)[:319])
    assert thread_time() - began < 0.1
