"""Symbols: how instruments are named, read and told apart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fix import Side
from domain.instruments import CryptoPair, Equity, FxPair, Instrument, Option, Right, instrument
from domain.legs import Leg, capital_at_risk, expiry_of, multiplier_of
from domain.shared import InvalidInput

D = Decimal


def option(symbol: str) -> Option:
    found = instrument(symbol)
    assert isinstance(found, Option)
    return found


@pytest.mark.parametrize(
    ("symbol", "contract"),
    [
        ("TSLA  261120C00250000", Option("TSLA", date(2026, 11, 20), Right.CALL, D(250))),
        ("F     270115P00011500", Option("F", date(2027, 1, 15), Right.PUT, D("11.5"))),
        # Half strikes, and strikes after a split.
        ("SPY   261116C00602500", Option("SPY", date(2026, 11, 16), Right.CALL, D("602.5"))),
        ("NVDA  261120P00117330", Option("NVDA", date(2026, 11, 20), Right.PUT, D("117.33"))),
        ("XYZ   261120C00000500", Option("XYZ", date(2026, 11, 20), Right.CALL, D("0.5"))),
        # The largest that eight digits can say.
        ("SPX   261218C99999999", Option("SPX", date(2026, 12, 18), Right.CALL, D("99999.999"))),
        # Adjusted contracts have a digit behind the root.
        ("TSLA1 261120C00250000", Option("TSLA1", date(2026, 11, 20), Right.CALL, D(250))),
        ("GOOGL2261120C00250000", Option("GOOGL2", date(2026, 11, 20), Right.CALL, D(250))),
    ],
)
def test_a_padded_osi_symbol_names_its_contract_and_back(symbol: str, contract: Option) -> None:
    assert len(symbol) == 21
    assert instrument(symbol) == contract
    assert contract.symbol == symbol


@pytest.mark.parametrize(
    "written",
    [
        "TSLA261120C00250000",
        "tsla261120c00250000",
        " TSLA  261120C00250000 ",
        "TSLA 261120C00250000",
    ],
)
def test_however_it_is_written_the_symbol_is_the_padded_one(written: str) -> None:
    assert instrument(written).symbol == "TSLA  261120C00250000"


def test_unpadded_symbols_of_adjusted_roots_are_read_too() -> None:
    adjusted = option("TSLA1261120C00250000")
    assert (adjusted.root, adjusted.is_adjusted, adjusted.underlying) == ("TSLA1", True, "TSLA")
    assert not option("TSLA261120C00250000").is_adjusted


@pytest.mark.parametrize(
    ("root", "underlying", "is_index", "is_european"),
    [
        ("SPX", "SPX", True, True),
        ("SPXW", "SPX", True, True),
        ("XSP", "XSP", True, True),
        ("NDXP", "NDX", True, True),
        ("RUTW", "RUT", True, True),
        ("VIXW", "VIX", True, True),
        ("OEX", "OEX", True, False),
        ("XEO", "XEO", True, True),
        ("SPY", "SPY", False, False),
        ("TSLA", "TSLA", False, False),
        ("BRKB", "BRK.B", False, False),
        ("BRKB1", "BRK.B", False, False),
    ],
)
def test_the_root_says_on_what_and_how_a_contract_settles(
    root: str, underlying: str, is_index: bool, is_european: bool
) -> None:
    contract = option(f"{root:<6}261120C00250000")
    assert contract.underlying == underlying
    assert (contract.is_index, contract.is_european) == (is_index, is_european)


def test_the_monthly_and_the_weekly_root_are_two_contracts_of_one_index() -> None:
    """They settle at the open and at the close of the same day."""
    monthly, weekly = option("SPX261120P06725000"), option("SPXW261120P06725000")
    assert monthly != weekly
    assert monthly.underlying == weekly.underlying


def test_one_unit_is_a_hundred_shares_of_an_option_and_one_of_anything_else() -> None:
    symbols = ("TSLA261120C00250000", "TSLA", "BTC/USD", "XAUUSD")
    assert [instrument(symbol).multiplier for symbol in symbols] == [100, 1, 1, 1]


def test_two_currencies_are_one_pair_that_never_expires() -> None:
    """They were read as a coin against the dollar before; one pair has one name."""
    named = {instrument(written).symbol for written in ("EURUSD", "EUR/USD", "eur-usd")}
    assert named == {"EURUSD"}
    leg = Leg(symbol="XAUUSD", side=Side.SELL)
    assert expiry_of((leg,)) is None
    assert multiplier_of((leg,)) == 1
    assert capital_at_risk(Side.SELL, (leg,), D("2650.4")) == D("2650.4")


def test_metals_are_told_from_currencies() -> None:
    pairs = [instrument(symbol) for symbol in ("XAUUSD", "XPTUSD", "EURUSD")]
    assert [isinstance(pair, FxPair) and pair.is_metal for pair in pairs] == [True, True, False]


@pytest.mark.parametrize(
    ("symbol", "spot", "worth"),
    [
        ("TSLA261120C00250000", "256.50", "6.50"),
        ("TSLA261120C00250000", "250", "0"),
        ("TSLA261120C00250000", "0", "0"),
        ("TSLA261120P00250000", "243.50", "6.50"),
        ("TSLA261120P00250000", "256.50", "0"),
        ("TSLA261120P00250000", "0", "250"),
    ],
)
def test_at_expiry_a_contract_is_worth_what_it_is_in_the_money(
    symbol: str, spot: str, worth: str
) -> None:
    assert option(symbol).intrinsic(D(spot)) == D(worth)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("AAPL", Equity("AAPL")),
        ("f", Equity("F")),
        ("BRK.B", Equity("BRK.B")),
        ("BRK-B", Equity("BRK.B")),
        ("brk/b", Equity("BRK.B")),
        ("BTC/USD", CryptoPair("BTC", "USD")),
        ("sol/usdt", CryptoPair("SOL", "USDT")),
        ("ETH/BTC", CryptoPair("ETH", "BTC")),
        ("1INCH/USD", CryptoPair("1INCH", "USD")),
        ("B/USDT", CryptoPair("B", "USDT")),
        ("1000PEPE/USDT", CryptoPair("1000PEPE", "USDT")),
        ("BTCUSDT", CryptoPair("BTC", "USDT")),
        ("1000pepeusdt", CryptoPair("1000PEPE", "USDT")),
        ("EURUSD", FxPair("EUR", "USD")),
        ("EUR/USD", FxPair("EUR", "USD")),
        ("gbp-jpy", FxPair("GBP", "JPY")),
        ("XAU/USD", FxPair("XAU", "USD")),
        ("XAGEUR", FxPair("XAG", "EUR")),
    ],
)
def test_shares_and_pairs_have_one_symbol_however_they_are_written(
    written: str, found: Instrument
) -> None:
    assert instrument(written) == found
    assert instrument(found.symbol) == found
    assert found.underlying == found.symbol


@pytest.mark.parametrize(
    ("symbol", "spoken"),
    [
        ("TSLA261120C00250000", "TSLA 250C 2026-11-20"),
        ("F270115P00011500", "F 11.5P 2027-01-15"),
        ("BRK-B", "BRK.B"),
        ("BTC/USD", "BTC/USD"),
        ("xau/usd", "XAUUSD"),
    ],
)
def test_instruments_are_spoken_as_people_write_them(symbol: str, spoken: str) -> None:
    assert str(instrument(symbol)) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TOOLONG",
        "AAPL 250C",
        "BTCUSD/",
        "BTC/JPY",
        "USDUSD",
        "USDXAU",
        "EURXYZ",
        "NAS100",
        "US30",
        "A/B/C",
        "$AAPL",
        "TSLA261120X00250000",
        "TSLA261120C0025000",
        "TSLA261120C002500000",
        "TSLA12261120C00250000",
        "TOOLNG261120C00250000",
        "TSLA\u0662\u0666\u0661\u0661\u0662\u0660C00250000",
        "AAPL\nAAPL",
    ],
)
def test_what_names_nothing_is_refused_with_what_to_give(text: str) -> None:
    with pytest.raises(InvalidInput, match="names no instrument: give a ticker"):
        instrument(text)


@pytest.mark.parametrize("day", ["260230", "261301", "260100", "261131"])
def test_a_day_that_is_not_in_the_calendar_is_refused(day: str) -> None:
    with pytest.raises(InvalidInput, match="has no such day as its expiry"):
        instrument(f"TSLA{day}C00250000")


@pytest.mark.parametrize("strike", ["0", "-1", "100000", "0.0005", "NaN", "Infinity"])
def test_a_strike_that_no_symbol_can_say_is_refused(strike: str) -> None:
    with pytest.raises(InvalidInput, match="is no strike"):
        Option("TSLA", date(2026, 11, 20), Right.CALL, D(strike))


@pytest.mark.parametrize("root", ["", "TOOLNG", "T2SLA", "TSLA12", "tsla", "BRK.B", "TSLA\u0662"])
def test_a_root_that_no_symbol_can_say_is_refused(root: str) -> None:
    with pytest.raises(InvalidInput, match="is no option root"):
        Option(root, date(2026, 11, 20), Right.CALL, D(250))


def test_a_symbol_of_no_strike_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is no strike"):
        instrument("TSLA261120C00000000")


contracts = st.builds(
    Option,
    st.from_regex(r"\A[A-Z]{1,5}[1-9]?\Z"),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(Right),
    st.integers(1, 99_999_999).map(lambda thousandths: D(thousandths) / 1000),
)


@given(contracts)
def test_every_contract_is_read_back_from_its_symbol(contract: Option) -> None:
    assert len(contract.symbol) == 21
    assert instrument(contract.symbol) == contract
    assert instrument(contract.symbol.replace(" ", "")) == contract
    assert instrument(contract.symbol.lower()).symbol == contract.symbol


@given(contracts, st.integers(0, 10_000_000).map(lambda cents: D(cents) / 100))
def test_call_less_put_is_the_spot_less_the_strike(contract: Option, spot: Decimal) -> None:
    call, put = (
        Option(contract.root, contract.expiry, right, contract.strike).intrinsic(spot)
        for right in (Right.CALL, Right.PUT)
    )
    assert call - put == spot - contract.strike
    assert min(call, put) == 0


@given(st.text(max_size=24) | st.from_regex(r"\A[A-Z0-9./\- ]{1,24}\Z"))
def test_any_text_is_an_instrument_of_one_symbol_or_refused(text: str) -> None:
    try:
        found = instrument(text)
    except InvalidInput:
        return
    assert instrument(found.symbol) == found
