"""Which pairs a line names, however its letters are."""

from __future__ import annotations

import pytest

from domain.grammar.pairs import pairs_in


@pytest.mark.parametrize(
    "said", ["EURUSD", "eurusd", "EUR/USD", "eur - usd", "EUR USD", "eur USD", "$EURUSD"]
)
def test_two_currencies_are_a_pair(said: str) -> None:
    assert [named.symbol for named in pairs_in(f"long {said} here")] == ["EURUSD"]


@pytest.mark.parametrize("said", ["eur usd", "EUR usd", "Eur usd then Gbp usd"])
def test_two_codes_in_small_letters_beside_each_other_are_none(said: str) -> None:
    assert not pairs_in(said)


def test_beside_such_codes_a_pair_is_still_found() -> None:
    found = pairs_in("eur usd is flat, GBP USD is not, xauusd neither")
    assert [named.symbol for named in found] == ["GBPUSD", "XAUUSD"]


@pytest.mark.parametrize("said", ["B\u0130TCO\u0130N", "b\u0131tcoin", "Bitcoin"])
def test_a_name_is_known_in_whatever_letters(said: str) -> None:
    (named,) = pairs_in(f"\u00ab{said}\u00bb now")
    assert (named.symbol, named.said, named.place) == ("BTC/USDT", said, 1)


@pytest.mark.parametrize("said", ["Buy USOIL 75", "buy us oil 75", "long ukoil 80", "buy nasdaq"])
def test_a_market_that_is_not_listed_is_known_for_none(said: str) -> None:
    (found,) = pairs_in(said)
    assert found.symbol == ""
