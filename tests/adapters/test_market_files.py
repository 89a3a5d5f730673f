"""Market files: good rows are recorded once, bad ones are named with file, line and reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool

from adapters.market_files import CHUNK, BadRow, MarketTally, import_market
from adapters.postgres import Connection, open_pool
from application.ports import Unavailable
from domain.shared import InvalidInput

QUOTES = "symbol,time,bid,offer,bid_size,offer_size"
BARS = "symbol,start,open,high,low,close,volume"
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
CALL = "TSLA  261120C00250000"


class Market:
    """Files in a folder, and what came of them in the database."""

    def __init__(self, pool: ConnectionPool[Connection], folder: Path) -> None:
        self.pool = pool
        self.folder = folder

    def file(self, *lines: str, name: str = "quotes.csv") -> Path:
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def reads(self, *lines: str, name: str = "quotes.csv") -> MarketTally:
        return import_market(self.pool, self.file(*lines, name=name))

    def quotes(self, columns: str = "symbol, quoted_at, bid, offer") -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT {columns} FROM market.quotes ORDER BY symbol, quoted_at")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.pool.connection() as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def market(database_url: str, tmp_path: Path) -> Iterator[Market]:
    with open_pool(database_url) as pool:
        yield Market(pool, tmp_path)


class TestRecording:
    def test_quotes_are_recorded_with_the_file_as_their_source(self, market: Market) -> None:
        tally = market.reads(QUOTES, "AAPL,2026-11-18T17:00:00Z,189.00,189.20,5,7", name="nyse.csv")
        assert tally == MarketTally(rows=1, added=1, bad=())
        assert market.quotes("*") == [
            ("AAPL", NOON, Decimal("189.00"), Decimal("189.20"), 5, 7, "nyse")
        ]

    def test_bars_are_known_by_their_columns(self, market: Market) -> None:
        tally = market.reads(BARS, "AAPL,2026-11-18T17:00:00Z,189.1,189.5,188.9,189.2,12000")
        assert tally.added == 1
        assert market.rows("SELECT * FROM market.bars") == [
            ("AAPL", NOON, *(Decimal(price) for price in ("189.1", "189.5", "188.9", "189.2")),
             12_000, "quotes")
        ]  # fmt: skip

    def test_columns_may_come_in_any_order_with_others_between(self, market: Market) -> None:
        market.reads(
            "exchange,offer,bid,time,symbol,offer_size,bid_size",
            "N,189.20,189.00,2026-11-18T17:00:00Z,AAPL,7,5",
        )
        assert market.quotes() == [("AAPL", NOON, Decimal("189.00"), Decimal("189.20"))]

    @pytest.mark.parametrize(
        ("written", "symbol"),
        [
            ("TSLA261120C00250000", CALL),
            (CALL, CALL),
            ("tsla261120c00250000", CALL),
            (" aapl ", "AAPL"),
            ("BTC/USD", "BTC/USD"),
        ],
    )
    def test_symbols_are_kept_as_events_name_them(
        self, market: Market, written: str, symbol: str
    ) -> None:
        market.reads(QUOTES, f"{written},2026-11-18T17:00:00Z,1,2,3,4")
        assert market.quotes("symbol") == [(symbol,)]

    def test_the_same_file_twice_adds_nothing(self, market: Market) -> None:
        rows = [f"AAPL,2026-11-18T17:00:{second:02}Z,1,2,3,4" for second in range(5)]
        assert market.reads(QUOTES, *rows) == MarketTally(5, 5, ())
        assert market.reads(QUOTES, *rows) == MarketTally(5, 0, ())

    def test_what_is_recorded_stays_as_it_was_first_said(self, market: Market) -> None:
        market.reads(QUOTES, "AAPL,2026-11-18T17:00:00Z,1,2,3,4")
        tally = market.reads(
            QUOTES,
            "AAPL,2026-11-18T17:00:00Z,8,9,3,4",
            "AAPL,2026-11-18T17:00:01Z,8,9,3,4",
            name="revised.csv",
        )
        assert tally == MarketTally(2, 1, ())
        assert market.quotes("bid, source") == [(1, "quotes"), (8, "revised")]

    def test_of_two_rows_for_one_moment_the_first_counts(self, market: Market) -> None:
        row = "AAPL,2026-11-18T17:00:00Z"
        assert market.reads(QUOTES, f"{row},1,2,3,4", f"{row},8,9,3,4").added == 1
        assert market.quotes("bid") == [(1,)]

    def test_a_folder_is_read_with_all_below_it(self, market: Market) -> None:
        (market.folder / "2026").mkdir()
        market.file(QUOTES, "AAPL,2026-11-18T17:00:00Z,1,2,3,4", name="2026/a.csv")
        market.file(BARS, "AAPL,2026-11-18T17:00:00Z,1,1,1,1,9", name="b.csv")
        market.file("no market data", name="notes.txt")
        pl.DataFrame(
            {"symbol": ["TSLA"], "time": [NOON], "bid": [1.5], "offer": [2.0],
             "bid_size": [3], "offer_size": [4]}
        ).write_parquet(market.folder / "2026" / "c.parquet")  # fmt: skip
        assert import_market(market.pool, market.folder) == MarketTally(3, 3, ())
        assert market.quotes("symbol, source") == [("AAPL", "a"), ("TSLA", "c")]

    def test_progress_is_told_after_each_part(self, market: Market) -> None:
        start = NOON - timedelta(days=30)
        times = [start + timedelta(seconds=second) for second in range(CHUNK + 5)]
        pl.DataFrame({"symbol": "AAPL", "time": times}).with_columns(
            bid=1.0, offer=2.0, bid_size=3, offer_size=4
        ).write_parquet(market.folder / "many.parquet")
        told: list[tuple[int, int]] = []
        tally = import_market(
            market.pool, market.folder, progress=lambda done, total: told.append((done, total))
        )
        assert tally.added == CHUNK + 5
        assert told == [(CHUNK, CHUNK + 5), (CHUNK + 5, CHUNK + 5)]


class TestTimes:
    @pytest.mark.parametrize(
        "written",
        [
            "2026-11-18T17:00:00Z",
            "2026-11-18T17:00:00+00:00",
            "2026-11-18T12:00:00-05:00",
            "2026-11-18T17:00:00.000000Z",
            "2026-11-18 17:00:00Z",
            "2026-11-18T17:00Z",
            "2026-11-18T17:00:00",
        ],
    )
    def test_iso_8601_is_read_however_it_is_written(self, market: Market, written: str) -> None:
        assert market.reads(QUOTES, f"AAPL,{written},1,2,3,4").bad == ()
        assert market.quotes("quoted_at") == [(NOON,)]

    def test_rows_of_one_file_may_write_it_differently(self, market: Market) -> None:
        tally = market.reads(
            QUOTES,
            "A,2026-11-18T17:00:00Z,1,2,3,4",
            "B,2026-11-18T17:00:00.250Z,1,2,3,4",
            "C,2026-11-18T12:00:00-05:00,1,2,3,4",
            "D,2026-11-18T17:00:00.000001+00:00,1,2,3,4",
        )
        assert tally.bad == ()
        assert [row[0] - NOON for row in market.quotes("quoted_at")] == [
            timedelta(microseconds=each) for each in (0, 250_000, 0, 1)
        ]

    def test_a_first_row_that_is_wrong_does_not_spoil_the_rest(self, market: Market) -> None:
        tally = market.reads(QUOTES, "AAPL,yesterday,1,2,3,4", "AAPL,2026-11-18T17:00:00Z,1,2,3,4")
        assert tally == MarketTally(2, 1, (BadRow("quotes.csv", 2, "time is no UTC time"),))

    @pytest.mark.parametrize(
        "moments",
        [
            [NOON],
            [NOON.replace(tzinfo=None)],
            [NOON.astimezone(timezone(timedelta(hours=-5)))],
            ["2026-11-18T17:00:00Z"],
        ],
    )
    def test_parquet_times_are_utc_unless_they_say_otherwise(
        self, market: Market, moments: list[Any]
    ) -> None:
        pl.DataFrame(
            {"symbol": ["AAPL"], "time": moments, "bid": [1.0], "offer": [2.0], "bid_size": [3],
             "offer_size": [4]}
        ).write_parquet(market.folder / "q.parquet")  # fmt: skip
        assert import_market(market.pool, market.folder / "q.parquet") == MarketTally(1, 1, ())
        assert market.quotes("quoted_at") == [(NOON,)]


class TestBadRows:
    @pytest.mark.parametrize(
        ("row", "why"),
        [
            ("no such thing,2026-11-18T17:00:00Z,1,2,3,4", "the symbol names no instrument"),
            (",2026-11-18T17:00:00Z,1,2,3,4", "the symbol names no instrument"),
            ("TSLA261320C00250000,2026-11-18T17:00:00Z,1,2,3,4", "the symbol names no instrument"),
            ("AAPL,2026-13-18T17:00:00Z,1,2,3,4", "time is no UTC time"),
            ("AAPL,,1,2,3,4", "time is no UTC time"),
            ("AAPL,2026-11-18T17:00:00Z,one,2,3,4", "bid is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,-1,2,3,4", "bid is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,,3,4", "offer is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,NaN,3,4", "offer is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,inf,3,4", "offer is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,1e20,3,4", "offer is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,2,-3,4", "bid_size is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,2,3,many", "offer_size is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,2,3,3000000000", "no size is above 2147483647"),
            ("AAPL,2026-11-18T17:00:00Z,1,2", "bid_size is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,2.01,2,3,4", "the bid is above the offer"),
        ],
    )
    def test_a_row_that_cannot_be_right_is_left_out_and_named(
        self, market: Market, row: str, why: str
    ) -> None:
        good = "AAPL,2026-11-18T17:00:{:02}Z,1,2,3,4"
        tally = market.reads(QUOTES, good.format(1), row, good.format(2))
        (bad,) = tally.bad
        assert (bad.file, bad.line) == ("quotes.csv", 3)
        assert bad.why.startswith(why)
        assert (tally.rows, tally.added) == (3, 2)
        assert len(market.quotes()) == 2

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            ("AAPL,noon,1,1,1,1,9", "start is no UTC time"),
            ("AAPL,2026-11-18T17:00:00Z,1,2,2.01,1,9", "the low is above the high"),
            ("AAPL,2026-11-18T17:00:00Z,3,2,1,1,9", "open or close is beyond low and high"),
            ("AAPL,2026-11-18T17:00:00Z,1,2,1,0.99,9", "open or close is beyond low and high"),
            ("AAPL,2026-11-18T17:00:00Z,1,1,1,,9", "close is no number of zero or more"),
            ("AAPL,2026-11-18T17:00:00Z,1,1,1,1,-9", "volume is no number of zero or more"),
        ],
    )
    def test_so_is_a_bar(self, market: Market, row: str, why: str) -> None:
        tally = market.reads(BARS, "AAPL,2026-11-18T17:01:00Z,1,1,1,1,9", row, name="bars.csv")
        assert tally.bad == (BadRow("bars.csv", 3, why),)
        assert tally.added == 1

    def test_lines_are_counted_as_an_editor_does_and_empty_ones_are_no_rows(
        self, market: Market
    ) -> None:
        tally = market.reads(
            QUOTES,
            "AAPL,2026-11-18T17:00:00Z,1,2,3,4",
            "",
            "AAPL,then,1,2,3,4",
            "",
            "AAPL,later,1,2,3,4",
            "",
        )
        assert [bad.line for bad in tally.bad] == [4, 6]
        assert (tally.rows, tally.added) == (3, 1)

    def test_rows_of_a_parquet_file_are_counted_from_one(self, market: Market) -> None:
        pl.DataFrame(
            {"symbol": ["AAPL", None], "time": [NOON, NOON], "bid": [3.0, 1.0],
             "offer": [2.0, 2.0], "bid_size": [3, 3], "offer_size": [4, 4]}
        ).write_parquet(market.folder / "q.parquet")  # fmt: skip
        assert import_market(market.pool, market.folder).bad == (
            BadRow("q.parquet", 1, "the bid is above the offer"),
            BadRow("q.parquet", 2, "the symbol names no instrument"),
        )

    def test_a_file_with_nothing_but_bad_rows_adds_nothing(self, market: Market) -> None:
        tally = market.reads(QUOTES, "a b,c,d,e,f,g")
        assert (tally.rows, tally.added, len(tally.bad)) == (1, 0, 1)

    def test_a_table_without_rows_adds_nothing(self, market: Market) -> None:
        assert market.reads(QUOTES) == MarketTally(0, 0, ())

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.lists(
                st.text(st.characters(codec="ascii", exclude_characters='",\r\n'), max_size=6)
                | st.sampled_from(["AAPL", "2026-11-18T17:00:00Z", "1", "2.5", "-1", "NaN"]),
                min_size=1,
                max_size=7,
            ),
            max_size=6,
        )
    )
    def test_whatever_is_in_it_each_row_is_recorded_known_or_named(
        self, market: Market, rows: list[list[str]]
    ) -> None:
        tally = market.reads(QUOTES, *(",".join(row) for row in rows))
        again = import_market(market.pool, market.folder / "quotes.csv")
        assert again == tally._replace(added=0)
        assert tally.added + len(tally.bad) <= tally.rows


class TestUnreadable:
    def test_a_file_that_is_not_there_is_named(self, market: Market) -> None:
        with pytest.raises(InvalidInput, match=r"there is no file .*nowhere\.csv"):
            import_market(market.pool, market.folder / "nowhere.csv")

    def test_a_folder_without_market_files_is_named(self, market: Market) -> None:
        with pytest.raises(InvalidInput, match=r"holds no \.csv or \.parquet file"):
            import_market(market.pool, market.folder)

    def test_other_columns_are_told_with_those_that_are_wanted(self, market: Market) -> None:
        sentence = r"neither bars \(symbol, start.*\) nor quotes .*: its columns are ticker, px"
        with pytest.raises(InvalidInput, match=sentence):
            market.reads("ticker,px", "AAPL,1")

    @pytest.mark.parametrize(
        ("name", "content"),
        [("a.csv", b""), ("a.csv", b"\xff\xfe\x00bad"), ("a.parquet", b"no parquet")],
    )
    def test_what_is_no_table_is_said_to_be_none(
        self, market: Market, name: str, content: bytes
    ) -> None:
        (market.folder / name).write_bytes(content)
        with pytest.raises(InvalidInput, match=f"{name} is n"):
            import_market(market.pool, market.folder)

    @pytest.mark.parametrize("moments", [[date(2026, 11, 18)], [1_794_000_000]])
    def test_parquet_times_that_are_no_times_are_refused(
        self, market: Market, moments: list[Any]
    ) -> None:
        pl.DataFrame(
            {"symbol": ["AAPL"], "time": moments, "bid": [1.0], "offer": [2.0], "bid_size": [3],
             "offer_size": [4]}
        ).write_parquet(market.folder / "q.parquet")  # fmt: skip
        with pytest.raises(InvalidInput, match=r"q\.parquet does not hold what its columns"):
            import_market(market.pool, market.folder)

    def test_a_database_that_does_not_answer_is_unavailable(self, market: Market) -> None:
        file = market.file(QUOTES, "AAPL,2026-11-18T17:00:00Z,1,2,3,4")
        market.pool.close()
        with pytest.raises(Unavailable):
            import_market(market.pool, file)
