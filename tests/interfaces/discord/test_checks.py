"""What cannot be checked now is said to be so; the card stands there all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import uuid4

from application.foreseeing import Foresight
from application.ports import QuoteRequest, Unavailable
from domain.market import Quote
from interfaces.clock import SetClock
from interfaces.compose import House
from interfaces.discord.checks import Checks
from tests.interfaces.discord.deck import Deck


class SilentMarket:
    """A source of quotes that does not answer."""

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        raise Unavailable(f"no answer about {len(requests)} quotes")

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        raise Unavailable(f"no answer about {symbol} on {day}")


def checks_of(house: House, clock: SetClock) -> Checks:
    foresight = Foresight(SilentMarket(), house.books, house.calendar)
    return Checks(house.desk, clock, foresight, "paper")


def test_a_market_that_does_not_answer_is_named(deck: Deck, clock: SetClock) -> None:
    signal = deck.says("Nora", "BTO 2 TSLA 250c 11/20 @ 2.30")
    deck.catch_up()
    assert checks_of(deck.house, clock).told(signal) == (
        "not checked at 2026-11-16 17:00:00 UTC: no answer about 1 quotes"
    )


def test_a_signal_that_nobody_posted_is_not_checked(deck: Deck, clock: SetClock) -> None:
    signal = uuid4()
    assert checks_of(deck.house, clock).told(signal).endswith(f"there is no signal {signal}")
