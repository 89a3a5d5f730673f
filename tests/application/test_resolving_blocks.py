"""Rooms for coins, currencies and metals: what their words find in the book."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from application.announced import ANNOUNCED_FOR
from application.intents import AddCall, ExitCall, LevelsCall, OpenCall, Unbooked
from application.recalling import OpenTrade, Subject
from application.resolving import resolve
from domain.fix import Side
from domain.grammar.reader import read
from domain.grammar.reading import Kind, MessageText, Reading, Room
from tests.application.said import NOON, exit_of, held, intents, only, unbooked

ALERT = "#SOL/USDT LONG\nEntry: 142.50 - 140\nSL: 137\nTP1: 147\nTP2: 153"
PRICE = "Entry 2650-2646\nSL 2642\nTP1 2656"


def sol(**changes: object) -> OpenTrade:
    trade = held("SOL/USDT", average="142.50", stop="137")
    targets = (Decimal(147), Decimal(153))
    return msgspec.structs.replace(trade, targets=targets, **changes)


class TestAnAnnouncement:
    def test_gets_its_price_from_the_next_words(self) -> None:
        call = only(PRICE, after="GOLD BUY NOW")
        assert isinstance(call, OpenCall)
        assert (call.legs[0].symbol, call.side) == ("XAUUSD", Side.BUY)
        assert (call.price, call.price_to, call.stop) == (
            Decimal(2650),
            Decimal(2646),
            Decimal(2642),
        )
        assert any("announced at" in rule for rule in call.rules)

    def test_by_itself_asks_for_the_price(self) -> None:
        assert unbooked(only("GOLD BUY NOW")).missing == ("price",)

    def test_waits_an_hour_and_no_longer(self) -> None:
        subject = Subject.after(_read("GOLD BUY NOW"), NOON - ANNOUNCED_FOR, None)
        late = resolve(_read(PRICE), Room(), (), posted_at=NOON + timedelta(minutes=1),
                       subject=subject)  # fmt: skip
        assert all(isinstance(intent, Unbooked) for intent in late)

    def test_is_used_once(self) -> None:
        subject = Subject.after(_read("GOLD BUY NOW"), NOON, None)
        subject = Subject.after(_read(PRICE), NOON, subject)
        assert subject is None or subject.announced is None

    def test_of_a_sale_is_not_filled_by_the_levels_of_a_purchase(self) -> None:
        (refusal,) = intents(PRICE, after="GOLD SELL NOW")
        assert isinstance(refusal, Unbooked)

    def test_that_never_was_leaves_levels_to_the_open_trade(self) -> None:
        call = only(PRICE, held("XAUUSD", average="2650"))
        assert isinstance(call, LevelsCall)
        assert (call.stop, call.targets) == (Decimal(2642), (Decimal(2656),))


class TestTheSameAlertAgain:
    def test_is_not_bought_twice(self) -> None:
        assert "repeats the entry" in unbooked(only(ALERT, sol())).why

    def test_at_another_price_is_an_add(self) -> None:
        assert isinstance(only(ALERT.replace("142.50", "141.20"), sol()), AddCall)


class TestExits:
    def test_a_coin_is_called_by_its_base(self) -> None:
        call = exit_of(
            only("SOL closed at 150, trade closed", sol(), held("XAUUSD", average="2650"))
        )
        assert call.signal_id == sol().signal_id

    def test_another_coin_is_not(self) -> None:
        assert unbooked(only("ADA stopped out", sol())).missing == ("open position",)

    def test_a_target_that_is_counted_gives_the_price(self) -> None:
        call = exit_of(only("TP2 hit, position closed", sol()))
        assert (call.price, call.reason.value) == (Decimal(153), "target")
        assert "price 153: target 2, as said before" in call.rules

    def test_a_target_that_was_never_set_gives_none(self) -> None:
        assert exit_of(only("TP4 hit, position closed", sol())).price is None

    def test_the_stop_that_was_hit_gives_the_price(self) -> None:
        call = exit_of(only("SL hit", sol()))
        assert (call.price, call.reason.value) == (Decimal(137), "stop")

    def test_a_short_that_is_closed_at_break_even_brings_nothing(self) -> None:
        short = held("EURUSD", side=Side.SELL, average="1.08450")
        assert exit_of(only("closed at BE", short)).price == Decimal("1.08450")

    def test_a_gain_on_a_cheap_coin_keeps_its_digits(self) -> None:
        cheap = held("JASMY/USDT", average="0.002002")
        assert exit_of(only("Closed for +10%", cheap)).price == Decimal("0.0022022")

    def test_advice_to_take_part_sells_nothing(self) -> None:
        assert not [i for i in intents("you can close half here", sol()) if isinstance(i, ExitCall)]


class TestLevels:
    @pytest.mark.parametrize("text", ["TP1 hit, SL to BE", "set breakeven", "SOL: sl to entry"])
    def test_a_stop_to_break_even_is_the_average_entry(self, text: str) -> None:
        call = only(text, sol())
        assert isinstance(call, LevelsCall)
        assert call.stop == Decimal("142.50")


def test_what_was_taken_back_is_not_what_the_next_words_are_about() -> None:
    """The order stays in the book, which no author may rewrite; the talk has moved on."""
    limit = held("GBPJPY", side=Side.SELL, average="198.40")
    gold = held("XAUUSD", average="2650")
    refusal = unbooked(only("cancel the GBPJPY limit", limit, gold))
    assert refusal.kind is Kind.CANCEL
    assert exit_of(
        only("trade closed", limit, gold, after="cancel the GBPJPY limit")
    ).signal_id == (gold.signal_id)
    assert unbooked(only("trade closed", limit, gold)).missing == ("which position",)


def _read(text: str) -> Reading:
    return read(MessageText(content=text, posted_at=NOON), Room())
