"""What people write in many styles, and what they never mean as a trade."""

from __future__ import annotations

import pytest

from domain.grammar.reading import Kind
from domain.instruments import Option, instrument
from domain.shared import InvalidInput
from tests.domain.grammar.corpus import BOOKED, HALF_READ, TRAPS
from tests.domain.grammar.spoken import read_text, spoken


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(BOOKED) + len(HALF_READ) + len(TRAPS) >= 230
    assert len(TRAPS) >= 100


@pytest.mark.parametrize(("text", "meant"), BOOKED)
def test_a_trade_is_read_as_a_person_would(text: str, meant: str) -> None:
    assert spoken(read_text(text)) == meant


@pytest.mark.parametrize(("text", "lacking"), HALF_READ)
def test_a_trade_that_lacks_a_part_is_not_booked_and_names_it(text: str, lacking: str) -> None:
    reading = read_text(text)
    assert spoken(reading) == lacking
    assert reading.trades == ()
    assert reading.why


@pytest.mark.parametrize(("text", "kind"), TRAPS)
def test_what_is_no_trade_books_nothing_and_moves_nothing(text: str, kind: str | None) -> None:
    reading = read_text(text)
    assert reading.trades == ()
    assert (reading.stop, reading.stop_at_entry, reading.targets) == (None, False, ())
    assert reading.why
    if kind is not None:
        assert reading.kind is Kind(kind.rstrip("?"))


def test_every_symbol_that_is_booked_can_exist() -> None:
    for text, _ in BOOKED:
        for trade in read_text(text).trades:
            for leg in trade.legs:
                if leg.strike is None and leg.root:
                    assert instrument(leg.root).symbol == leg.root


def test_no_stock_is_opened_where_a_word_speaks_of_an_option() -> None:
    for end in ("calls", "puts", "11/21", "250c", "weekly", "0dte", "strike", "exp", "lotto"):
        reading = read_text(f"BTO 5 TSLA {end} @ 2.30")
        assert reading.trades == (), end
        assert reading.missing, end


def test_one_slip_never_turns_an_option_into_shares() -> None:
    for ticket in ("BTO 5 TSLA 250c 11/21 @ 2.30", "BTO 1 TSLA261120C00250000 @ 2.30"):
        for place in range(len(ticket)):
            for slipped in (
                ticket[:place] + ticket[place + 1 :],
                ticket[:place] + " " + ticket[place:],
                ticket[:place] + ticket[place : place + 2][::-1] + ticket[place + 2 :],
            ):
                legs = [leg for trade in read_text(slipped).trades for leg in trade.legs]
                assert all(leg.strike is not None for leg in legs), slipped


def test_an_option_symbol_reads_as_itself_padded_or_not() -> None:
    for text in ("BTO 1 TSLA261120C00250000 @ 2", "BTO 1 TSLA  261120C00250000 @ 2"):
        leg = read_text(text).trades[0].legs[0]
        assert leg.expiry is not None
        assert leg.strike is not None
        named = instrument("TSLA261120C00250000")
        assert isinstance(named, Option)
        assert (leg.root, leg.expiry, leg.strike) == (named.root, named.expiry, named.strike)


def test_a_symbol_that_names_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput):
        instrument("BTO TSLA")
