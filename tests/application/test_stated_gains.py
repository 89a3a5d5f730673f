"""Where a trade stands by its author's word, and the exits that name no price."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from application.intents import StandsCall
from domain.fix import Side
from tests.application.said import AMD_PUT, NOON, TSLA, exit_of, held, intents, only

JUST_NOW = NOON - timedelta(minutes=4)


@pytest.mark.parametrize(
    ("words", "price"),
    [
        ("Up 150 % on TSLA 250c", "5.00"),
        ("TSLA 250c up 30%", "2.60"),
        ("250c up over 20% here", "2.40"),
        ("250c down 40% here", "1.20"),
    ],
)
def test_a_stated_gain_says_where_the_trade_stands(words: str, price: str) -> None:
    stands = only(words, held(TSLA), held(AMD_PUT))
    assert stands == StandsCall(signal_id=held(TSLA).signal_id, price=Decimal(price))


def test_a_sold_trade_gains_as_its_price_falls() -> None:
    stands = only("TSLA 250c up 30%", held(TSLA, side=Side.SELL))
    assert isinstance(stands, StandsCall)
    assert stands.price == Decimal("1.40")


def test_without_a_contract_the_only_trade_is_meant_but_not_by_another_ticker() -> None:
    assert isinstance(only("up 30% on this", held(TSLA)), StandsCall)
    assert intents("META up 30% on this", held(TSLA)) == ()


@pytest.mark.parametrize(
    "words",
    [
        "TSLA 250c could be up 100%",
        "TSLA 250c up 100%?",
        "TSLA 250c up 20%, AMD 240p up 40%",
        "META 600c up 100%",
        "down 100% on TSLA 250c",
    ],
)
def test_what_would_be_or_is_of_several_says_nothing(words: str) -> None:
    found = intents(words, held(TSLA), held(AMD_PUT))
    assert not any(isinstance(intent, StandsCall) for intent in found)


def test_an_exit_without_a_price_takes_what_was_just_said() -> None:
    call = exit_of(only("taking full profit TSLA", held(TSLA, said=("5.00", JUST_NOW))))
    assert (call.price, call.is_said) == (Decimal("5.00"), False)
    assert "price 5.00: what it stood at 4 min before, as said" in call.rules


@pytest.mark.parametrize("minutes", [16, -1])
def test_what_was_said_long_before_or_after_is_no_price(minutes: int) -> None:
    trade = held(TSLA, said=("5.00", NOON - timedelta(minutes=minutes)))
    call = exit_of(only("closing TSLA", trade))
    assert call.price is None
    assert "no price was said" in call.rules


def test_a_stop_is_never_priced_by_what_was_said() -> None:
    call = exit_of(only("stopped out of TSLA", held(TSLA, said=("5.00", JUST_NOW))))
    assert call.price is None


def test_a_price_in_the_message_goes_before_what_was_said() -> None:
    call = exit_of(only("STC TSLA 250c @ 3.10", held(TSLA, said=("5.00", JUST_NOW))))
    assert (call.price, call.is_said) == (Decimal("3.10"), True)


@pytest.mark.parametrize("words", ["out TSLA at BE", "closing TSLA at breakeven"])
def test_an_exit_at_break_even_is_at_the_average_entry(words: str) -> None:
    call = exit_of(only(words, held(TSLA, average="2.35")))
    assert call.price == Decimal("2.35")
