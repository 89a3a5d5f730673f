"""Tickets become the message that says them, or are refused in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.administering import configure_room
from application.desk import Desk
from application.tickets import NOTE_MAX, TradeTicket, contract_named, message_of, room_of
from domain.grammar.reading import Action, Room
from domain.instruments import Equity, Option, Right
from domain.shared import InvalidInput
from tests.application.acts import ADA, TSLA, command
from tests.application.conftest import NOON

D = Decimal
DAY = NOON.date()
OPTION = Option("TSLA", date(2026, 11, 20), Right.CALL, D(250))


def ticket(**changed: Any) -> TradeTicket:
    given: dict[str, Any] = {
        "action": Action.BTO, "symbol": TSLA, "quantity": D(2), "price": D("2.3"),
    }  # fmt: skip
    return TradeTicket(**{**given, **changed})


@pytest.mark.parametrize(
    "text",
    [
        "TSLA 11/20/26 250c", "tsla 250C 11/20/2026", "TSLA 250CALL 2026-11-20",
        "TSLA261120C00250000", "TSLA  261120C00250000", "TSLA 11/20 250c",
    ],
)  # fmt: skip
def test_a_contract_is_named_in_any_order(text: str) -> None:
    assert contract_named(text, DAY) == OPTION


def test_a_day_that_is_over_this_year_is_next_years() -> None:
    found = contract_named("TSLA 1/15 250p", DAY)
    assert isinstance(found, Option)
    assert found.expiry == date(2027, 1, 15)


def test_tickers_and_pairs_are_contracts_of_their_own() -> None:
    assert contract_named("aapl", DAY) == Equity("AAPL")
    assert contract_named("BTC/USD", DAY).symbol == "BTC/USD"
    assert contract_named("BRK.B 11/20 450c", DAY).underlying == "BRK.B"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names no contract"),
        ("TSLA 250c", "write it as TSLA 11/20/26 250c"),
        ("TSLA 11/20 250c 260c", "names no contract"),
        ("TSLA 13/40/26 250c", "'13/40/26' is no day"),
        ("TSLA 2/29 250c", "'2/29' is no day"),
        ("TSLA 11/20/26 0c", "is no strike"),
    ],
)
def test_what_names_no_contract_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        contract_named(text, DAY)


def test_a_ticket_is_said_in_canonical_words() -> None:
    full = ticket(stop=D("1.5"), targets=(D("3.5"), D(4)), note="swing into earnings")
    assert message_of(full, Room(), NOON) == (
        "BTO 2 TSLA 11/20/26 250c @ 2.30 SL 1.50 PT 3.50 4.00\nswing into earnings"
    )
    shares = ticket(symbol="AAPL", quantity=D(10), price=D("190.2"))
    assert message_of(shares, Room(), NOON) == "BTO 10 AAPL @ 190.20"


def test_where_the_day_comes_first_the_date_leaves_no_doubt() -> None:
    option = ticket(symbol="TSLA  261211C00250000", action=Action.STC)
    said = message_of(option, Room(language="en-GB"), NOON)
    assert said == "STC 2 TSLA 2026-12-11 250c @ 2.30"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"quantity": D(0)}, "the quantity has to be above zero"),
        ({"price": D(-1)}, "the price has to be above zero"),
        ({"stop": D(0)}, "the stop has to be above zero"),
        ({"targets": (D("NaN"),)}, "the target has to be above zero"),
        ({"targets": (D(3), D(4), D(5), D(6), D(7), D(8))}, "5 targets at most"),
        ({"note": "x" * (NOTE_MAX + 1)}, "500 characters at most"),
        ({"note": "BTO 3 AAPL @ 190"}, "the note changes how the order reads"),
        ({"note": "PT 9"}, "the note changes how the order reads"),
        ({"symbol": "TSLA  261016C00250000"}, "expired on 2026-10-16"),
    ],
)
def test_what_would_not_be_booked_as_filled_in_is_refused(
    changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        message_of(ticket(**changed), Room(), NOON)


PRICES = st.decimals("0.01", "99", places=2, allow_nan=False)


@given(
    st.sampled_from([Action.BTO, Action.STO]),
    st.sampled_from(["TSLA", "SPX", "F", "GOOGL"]),
    st.integers(1, 500),
    st.sampled_from([date(2026, 12, 11), date(2027, 1, 15), date(2026, 11, 20)]),
    st.sampled_from("CP"),
    st.integers(100, 6000),
    PRICES,
    st.sampled_from(["", "en-GB", "ru"]),
)
def test_any_plain_order_is_read_as_it_was_filled_in(
    action: Action, root: str, quantity: int, expiry: date, right: str, strike: int,
    price: Decimal, language: str,
) -> None:  # fmt: skip
    option = Option(root, expiry, Right(right), D(strike))
    filled_in = ticket(action=action, symbol=option.symbol, quantity=D(quantity), price=price)
    assert message_of(filled_in, Room(language=language), NOON).startswith(action.value)


def test_an_author_may_be_read_otherwise_than_the_channel(desk: Desk) -> None:
    for author, language in (("", "en-GB"), ("77", "ru")):
        configure_room(
            desk, command(), ADA, channel="options", author=author, room=Room(language=language)
        )
    assert room_of(desk, "options", "5", "Rob").language == "en-GB"
    assert room_of(desk, "options", "77", "Nora").language == "ru"
    assert room_of(desk, "stocks", "77") == Room()
