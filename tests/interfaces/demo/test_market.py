"""The simulated market: plausible paths, listings without gaps, quotes that can be traded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from domain.instruments import Option, Right, instrument
from interfaces.demo.files import Community, Session
from interfaces.demo.market import INDEX, SYMBOLS, UNDERLYINGS, simulate
from interfaces.demo.options import Listings, option_quotes

Sessions = Callable[..., list[Session]]


@pytest.fixture(scope="module")
def bars(demo: Community) -> pl.DataFrame:
    return pl.read_parquet(demo.bars)


@pytest.fixture(scope="module")
def quotes(demo: Community) -> pl.DataFrame:
    return pl.read_parquet(demo.quotes)


def test_every_name_has_a_bar_for_every_minute_of_every_session(bars: pl.DataFrame) -> None:
    assert bars.columns == ["symbol", "start", "open", "high", "low", "close", "volume"]
    assert bars["symbol"].n_unique() == len(UNDERLYINGS) >= 12
    counted = bars.group_by("symbol").len()
    assert counted["len"].to_list() == [60 * 390] * len(UNDERLYINGS)
    assert bars.select(pl.struct("symbol", "start").is_duplicated().any()).item() is False


def test_bars_hold_their_open_and_close_between_low_and_high(bars: pl.DataFrame) -> None:
    inside = (
        (pl.col("low") <= pl.min_horizontal("open", "close"))
        & (pl.col("high") >= pl.max_horizontal("open", "close"))
        & (pl.col("low") > 0)
        & (pl.col("volume") >= 0)
    )
    assert bars.select(inside.all()).item()


def test_prices_are_read_back_as_exact_decimals(bars: pl.DataFrame, quotes: pl.DataFrame) -> None:
    first, last = bars.row(0, named=True), quotes.row(-1, named=True)
    assert first["open"] == Decimal("645.10")
    assert isinstance(last["offer"], Decimal)
    assert bars.schema["close"] == quotes.schema["bid"] == pl.Decimal(12, 2)
    assert bars.schema["start"] == quotes.schema["time"] == pl.Datetime("us", "UTC")


def test_returns_have_fat_tails_and_about_the_volatility_of_their_name(demo: Community) -> None:
    market = demo.market
    closes = [market.close_node(day) for day in range(60)]
    returns = np.diff(np.log(market.price[:, closes]), axis=1)
    vols = returns.std(axis=1) * np.sqrt(252)
    for name, vol in zip(UNDERLYINGS, vols, strict=True):
        assert 0.55 * name.vol < vol < 1.6 * name.vol, name.symbol
    minutes = np.diff(np.log(market.price[INDEX["SPY"]]))
    minutes = minutes / minutes.std()
    assert (minutes**4).mean() > 4.5
    assert np.corrcoef(returns)[INDEX["SPY"], INDEX["QQQ"]] > 0.4


def test_the_open_is_busier_than_noon(demo: Community) -> None:
    market = demo.market
    moves = np.abs(np.diff(np.log(market.price[INDEX["AAPL"]])))
    minute = market.minute[:-1]
    assert moves[minute < 30].mean() > 1.5 * moves[(minute > 150) & (minute < 240)].mean()


def test_quotes_have_a_spread_and_no_negative_price(quotes: pl.DataFrame) -> None:
    assert quotes.columns == ["symbol", "time", "bid", "offer", "bid_size", "offer_size"]
    sound = (
        (pl.col("bid") >= 0)
        & (pl.col("offer") > pl.col("bid"))
        & (pl.col("offer_size") > 0)
        & ((pl.col("bid") == 0) | (pl.col("bid_size") > 0))
    )
    assert quotes.select(sound.all()).item()
    assert quotes.select(pl.struct("symbol", "time").is_duplicated().any()).item() is False


def test_cheap_and_far_options_are_quoted_wider_than_dear_ones(quotes: pl.DataFrame) -> None:
    spread = (pl.col("offer") - pl.col("bid")).cast(pl.Float64) / pl.col("offer").cast(pl.Float64)
    options = quotes.filter(pl.col("symbol").str.len_chars() == 21).with_columns(spread.alias("s"))
    dear = options.filter(pl.col("bid").is_between(3, 8))["s"].median()
    cheap = options.filter(pl.col("bid").is_between(Decimal("0.05"), Decimal("0.20")))["s"].median()
    assert isinstance(dear, float)
    assert isinstance(cheap, float)
    assert 0.005 < dear < 0.06
    assert cheap > 3 * dear


def test_symbols_are_canonical_and_strikes_are_on_the_grid(quotes: pl.DataFrame) -> None:
    for symbol in quotes["symbol"].unique():
        named = instrument(symbol)
        assert named.symbol == symbol
        if isinstance(named, Option):
            step = Decimal(str(UNDERLYINGS[INDEX[named.root]].strike_step))
            assert named.strike % step == 0
            assert named.expiry.weekday() < 5


def test_the_market_stays_within_its_size(demo: Community) -> None:
    assert demo.bar_rows + demo.quote_rows < 600_000


def test_a_worthless_option_expires_at_nothing_and_one_in_the_money_at_its_value(
    sessions: Sessions,
) -> None:
    market = simulate(sessions(10), 3)
    listings = Listings(market)
    day = market.sessions[6].date
    close = market.close_node(6)
    spot = int(market.price[INDEX["SPY"], close])
    strikes = [Decimal(spot // 100 - 20), Decimal(spot // 100 + 20)]
    calls = [Option("SPY", day, Right.CALL, strike) for strike in strikes]

    quoted = option_quotes(listings, calls, np.array([0, 1]), np.array([close, close]))

    assert abs((int(quoted.bid[0]) + int(quoted.offer[0])) / 2 - (spot - spot // 100 * 100 + 2000))\
        < 60  # fmt: skip
    assert int(quoted.bid[1]) == 0
    assert int(quoted.offer[1]) <= 5


def test_a_quote_is_the_same_whenever_it_is_asked_for(sessions: Sessions) -> None:
    listings = Listings(simulate(sessions(5), 3))
    expiry = listings.weeklies(0)[0]
    call = Option("TSLA", expiry.date, Right.CALL, listings.strike("TSLA", 100, expiry, 0.5))
    nodes = np.arange(100, 200)

    alone = option_quotes(listings, [call], np.zeros(1, dtype=np.int64), nodes[7:8])
    among = option_quotes(listings, [call], np.zeros(100, dtype=np.int64), nodes)

    assert [int(column[0]) for column in alone] == [int(column[7]) for column in among]


def test_weeklies_end_with_the_last_session_of_their_week(sessions: Sessions) -> None:
    """A Friday without trading moves the expiry to the Thursday."""
    days = [session for session in sessions(15) if session.date != date(2025, 11, 14)]
    listings = Listings(simulate(days, 3))

    expiries = [expiry.date for expiry in listings.weeklies(0)]

    assert date(2025, 11, 13) in expiries
    assert date(2025, 11, 14) not in expiries
    assert {day.weekday() for day in expiries if day != date(2025, 11, 13)} == {4}
    assert [expiry.date for expiry in listings.expiries("SPY", 0)][:3] == [
        session.date for session in days[:3]
    ]


def test_a_short_session_has_fewer_bars(sessions: Sessions) -> None:
    market = simulate(sessions(5, date(2025, 12, 1)), 3)

    assert [session.minutes for session in market.sessions] == [390, 390, 390, 210, 390]
    assert market.bars["close"].shape == (len(SYMBOLS), 4 * 390 + 210)
    assert (market.price > 0).all()
