"""Tickets in thousands of spellings are read back exactly, and options never turn into shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.grammar.reading import Kind, Reading, Room
from tests.domain.grammar.spoken import read_text
from tests.domain.grammar.ticket_styles import (
    EXPIRIES,
    PRICES,
    STRIKES,
    Ticket,
    plain,
    spelled,
    tickets,
)

DEFAULTS = Room(default_root="SPX", default_expiry="0dte")
MARKS = (
    "250c", "$250 C", "250 calls", "calls", "puts", "call", "put", "contracts", "cons", "2 cons",
    "0dte", "weeklies", "exp 11/21", "11/21 exp", "strike", "C250", "250 strike", "AAPL250c",
    "AAPL251121C00250000", "500/505 put spread", "call spread", "iron condor", "options",
    "expiring friday",
)  # fmt: skip
STOCKS = (
    "BTO 100 AAPL @ 189.20", "Bought AAPL @ 189.20", "BTO AAPL @3.7 PT 4.39 SL 3.01",
    "BOUGHT 50 AAPL @ 140.5", "BUY AAPL 12.40", "LONG AAPL @ 55", "Buying 10 AAPL at 3.05",
    "LONG AAPL 189.20 stop 185", "grabbed AAPL here @ 2.30", "entering AAPL 189.2",
    "AAPL BTO @ 2.30", "AAPL\nEntry: 189\nSL: 185\nTP: 200",
    "AAPL long entry 189-190 stop 185 target 200",
    "Buy AAPL in the 189-190 area, stop 185",
)  # fmt: skip


def contract_of(reading: Reading) -> tuple[object, ...]:
    trade = reading.trades[0]
    (leg,) = trade.legs
    return leg.root, leg.strike, leg.right, leg.expiry, trade.price, trade.quantity


def meant(ticket: Ticket) -> tuple[object, ...]:
    return (
        ticket.root, ticket.strike, ticket.right, ticket.expiry, ticket.price, ticket.quantity,
    )  # fmt: skip


def opens_shares(reading: Reading) -> bool:
    return any(
        trade.action.value in ("BTO", "STO") and any(leg.strike is None for leg in trade.legs)
        for trade in reading.trades
    )


@settings(max_examples=1_500, deadline=None)
@given(told=spelled())
def test_a_ticket_is_read_back_however_it_is_spelled(told: tuple[str, Ticket]) -> None:
    text, ticket = told
    reading = read_text(text, at=ticket.at)
    assert contract_of(reading) == meant(ticket)
    assert reading.trades[0].price_to in (None, ticket.price_to)


@settings(max_examples=400, deadline=None)
@given(ticket=tickets(), data=st.data())
def test_a_contract_without_a_verb_opens_in_any_order(ticket: Ticket, data: st.DataObject) -> None:
    expiry = EXPIRIES[
        data.draw(st.sampled_from(["1/16", "01/16/2026", "Jan 16", "16JAN", "1/16 exp"]))
    ]
    strike = STRIKES[data.draw(st.sampled_from(["150c", "$150C", "150 calls", "150 C"]))]
    price = PRICES[data.draw(st.sampled_from(["@ 2.30", "$2.30", "2.30", "at 2.30"]))]
    slots = [
        strike(plain(ticket.strike), ticket.right),
        expiry(ticket.expiry),
        price(plain(ticket.price)),
    ]
    text = " ".join([f"${ticket.root}", *data.draw(st.permutations(slots))])
    reading = read_text(text, at=ticket.at)
    if ticket.price * 5 < ticket.strike * 2 and ticket.price % 1:
        assert contract_of(reading) == meant(ticket._replace(quantity=None))
    assert not opens_shares(reading)


@settings(max_examples=400, deadline=None)
@given(
    ticket=tickets(),
    said=st.sampled_from(
        ["{} up 40%", "{} -> 9.90", "{} hit 9.90", "watching {}", "{} now", "{}?", "if we dip {}",
         "he is in {}", "{} was nice", "missed {}", "{} from 0.05", "{} hod 9.90", "{} \u2705"]
    ),
)  # fmt: skip
def test_a_contract_without_a_verb_opens_nothing_where_words_say_otherwise(
    ticket: Ticket, said: str
) -> None:
    contract = f"{ticket.root} {plain(ticket.strike)}{ticket.right.lower()}"
    text = f"{contract} {ticket.expiry:%m/%d} {plain(ticket.price)}"
    assert read_text(said.format(text), at=ticket.at).trades == ()


@settings(max_examples=600, deadline=None)
@given(
    stock=st.sampled_from(STOCKS),
    mark=st.sampled_from(MARKS),
    place=st.integers(0, 6),
    glue=st.sampled_from([" ", ", ", "\n", " (", ". ", " - "]),
    room=st.sampled_from([Room(), DEFAULTS]),
)
def test_no_text_that_speaks_of_an_option_opens_shares(
    stock: str, mark: str, place: int, glue: str, room: Room
) -> None:
    words = stock.split()
    place = min(place, len(words))
    before, after = " ".join(words[:place]), " ".join(words[place:])
    texts = [f"{before} {mark} {after}"]
    if mark not in ("call", "put"):  # "Nice call" is said of stocks as well.
        texts += [f"{stock}{glue}{mark}", f"{mark}{glue}{stock}"]
    for text in texts:
        assert not opens_shares(read_text(text, room)), text


@settings(max_examples=600, deadline=None)
@given(told=spelled(), cut=st.integers(0, 60))
def test_a_ticket_that_loses_some_letters_is_no_stock(told: tuple[str, Ticket], cut: int) -> None:
    text, ticket = told
    for width in (1, 2):
        assert not opens_shares(read_text(text[:cut] + text[cut + width :], at=ticket.at))


@settings(max_examples=400, deadline=None)
@given(ticket=tickets(), data=st.data())
def test_neither_a_strike_nor_a_day_is_taken_for_the_price(
    ticket: Ticket, data: st.DataObject
) -> None:
    expiry = EXPIRIES[data.draw(st.sampled_from(sorted(EXPIRIES)))](ticket.expiry)
    strike = STRIKES[data.draw(st.sampled_from(sorted(STRIKES)))]
    contract = strike(plain(ticket.strike), ticket.right)
    parts = data.draw(st.permutations([ticket.root, contract, expiry]))
    reading = read_text(" ".join(["BTO", *parts]), at=ticket.at)
    assert [trade for trade in reading.trades if trade.price is not None] == []


@settings(max_examples=400, deadline=None)
@given(ticket=tickets(), style=st.sampled_from(sorted(EXPIRIES)))
def test_a_day_is_never_the_part_that_is_sold(ticket: Ticket, style: str) -> None:
    contract = f"{ticket.root} {plain(ticket.strike)}{ticket.right.lower()}"
    text = f"STC {contract} {EXPIRIES[style](ticket.expiry)} @ {plain(ticket.price)}"
    (trade,) = read_text(text, at=ticket.at).trades
    assert trade.fraction is None
    assert trade.price == ticket.price


@pytest.mark.parametrize("days", [0, 1, 30, 300])
def test_the_year_is_that_of_the_message_in_any_year(days: int) -> None:
    for year in (2022, 2023, 2024, 2025, 2026):
        at = datetime(year, 3, 15, 15, tzinfo=UTC)
        day = at.date() + timedelta(days=days)
        reading = read_text(f"BTO SPY 400c {day:%m/%d} @ 1.20", at=at)
        assert reading.trades[0].legs[0].expiry == day
        assert reading.kind is Kind.OPEN
        assert reading.trades[0].price == Decimal("1.20")
