"""Market data files: CSV with a header, or Parquet, into the recorded market.

Bars have the columns `symbol, start, open, high, low, close, volume` and quotes
`symbol, time, bid, offer, bid_size, offer_size`; times are UTC ISO-8601. A row that cannot be
right is reported with its file and line and left out; what is recorded already is kept as it
is, so the same file twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from adapters.postgres import borrowed
from domain.instruments import instrument
from domain.shared import InvalidInput

CHUNK = 50_000
_PRICE = pl.Decimal(18, 6)
_SIZE_MAX = 2**31 - 1

Progress = Callable[[int, int], None]


class BadRow(NamedTuple):
    """A row that was left out, and why."""

    file: str
    line: int
    why: str


class MarketTally(NamedTuple):
    """What an import of market data came to."""

    rows: int
    added: int
    bad: tuple[BadRow, ...]


class _Kind(NamedTuple):
    table: str
    columns: tuple[str, ...]
    stored: tuple[str, ...]
    prices: tuple[str, ...]
    counts: tuple[str, ...]
    moment: str


_QUOTES = _Kind(
    "quotes",
    ("symbol", "time", "bid", "offer", "bid_size", "offer_size"),
    ("symbol", "quoted_at", "bid", "offer", "bid_size", "offer_size"),
    ("bid", "offer"),
    ("bid_size", "offer_size"),
    "time",
)
_BARS = _Kind(
    "bars",
    ("symbol", "start", "open", "high", "low", "close", "volume"),
    ("symbol", "begins_at", "open", "high", "low", "close", "volume"),
    ("open", "high", "low", "close"),
    ("volume",),
    "start",
)


def import_market(
    pool: ConnectionPool[Connection[Any]], path: Path, *, progress: Progress | None = None
) -> MarketTally:
    """Records a file, or every CSV and Parquet file of a folder.

    Raises:
        InvalidInput: no such file, no readable table, or columns that are neither bars nor quotes.
        Unavailable: the database did not answer; what was recorded until then stays.
    """
    rows = added = 0
    bad: list[BadRow] = []
    for file in _files(path):
        frame = _read(file)
        kind = _kind_of(file, frame)
        good, left_out = _split(file, frame, kind)
        rows += good.height + len(left_out)
        bad.extend(left_out)
        for done, count in _store(pool, good, kind, source=file.stem):
            added += count
            if progress is not None:
                progress(done, good.height)
    return MarketTally(rows, added, tuple(bad))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in (".csv", ".parquet"))
        if not found:
            raise InvalidInput(f"{path} holds no .csv or .parquet file")
        return found
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}")
    return [path]


def _read(file: Path) -> pl.DataFrame:
    try:
        if file.suffix == ".parquet":
            return pl.read_parquet(file)
        return pl.read_csv(file, infer_schema=False, truncate_ragged_lines=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{file} is no readable CSV or Parquet table: {error}") from error


def _kind_of(file: Path, frame: pl.DataFrame) -> _Kind:
    for kind in (_QUOTES, _BARS):
        if set(kind.columns) <= set(frame.columns):
            return kind
    raise InvalidInput(
        f"{file} is neither bars ({', '.join(_BARS.columns)}) nor quotes "
        f"({', '.join(_QUOTES.columns)}): its columns are {', '.join(frame.columns)}"
    )


def _split(file: Path, frame: pl.DataFrame, kind: _Kind) -> tuple[pl.DataFrame, list[BadRow]]:
    """The rows that can be stored, typed, and those that cannot, with the reason.

    Raises:
        InvalidInput: a column of a Parquet file is of a type that means something else.
    """
    try:
        checked = _checked(file, frame, kind)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{file} does not hold what its columns say: {error}") from error
    bad = checked.filter(pl.col("fault").is_not_null())
    rows = [BadRow(file.name, line, why) for line, why in bad.select("line", "fault").iter_rows()]
    return checked.filter(pl.col("fault").is_null()).select(kind.columns), rows


def _checked(file: Path, frame: pl.DataFrame, kind: _Kind) -> pl.DataFrame:
    """The rows with their line and the fault of each, or null; empty lines are no rows."""
    moment = pl.col(kind.moment)
    if frame.schema[kind.moment] == pl.String:
        moment = moment.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    typed = frame.select(
        pl.col("symbol").cast(pl.String).str.strip_chars().str.to_uppercase(),
        moment.dt.cast_time_unit("us").alias(kind.moment),
        *(pl.col(name).cast(_PRICE, strict=False) for name in kind.prices),
        *(pl.col(name).cast(pl.Int64, strict=False) for name in kind.counts),
    ).with_row_index("line", offset=2 if file.suffix == ".csv" else 1)
    is_said = pl.any_horizontal(pl.col(kind.columns).is_not_null())
    typed = typed.filter(frame.select(is_said).to_series())
    names = {name: _canonical(name) for name in typed["symbol"].unique() if name is not None}
    known = {name: symbol for name, symbol in names.items() if symbol is not None}
    typed = typed.with_columns(
        pl.col("symbol").replace_strict(known, default=None, return_dtype=pl.String)
    )
    return typed.with_columns(_fault(kind).alias("fault"))


def _canonical(name: str) -> str | None:
    try:
        return instrument(name).symbol
    except InvalidInput:
        return None


def _fault(kind: _Kind) -> pl.Expr:
    """Why a row cannot be right, or null."""
    faults = [
        (pl.col("symbol").is_null(), "the symbol names no instrument"),
        (pl.col(kind.moment).is_null(), f"{kind.moment} is no UTC time"),
        *(
            (pl.col(name).is_null() | (pl.col(name) < 0), f"{name} is no number of zero or more")
            for name in (*kind.prices, *kind.counts)
        ),
    ]
    if kind is _QUOTES:
        sizes = pl.max_horizontal(kind.counts)
        faults.append((sizes > _SIZE_MAX, f"no size is above {_SIZE_MAX}"))
        faults.append((pl.col("bid") > pl.col("offer"), "the bid is above the offer"))
    else:
        low, high = pl.col("low"), pl.col("high")
        faults.append((low > high, "the low is above the high"))
        beyond = [~pl.col(name).is_between(low, high) for name in ("open", "close")]
        faults.append((pl.any_horizontal(beyond), "open or close is beyond low and high"))
    return pl.coalesce([pl.when(wrong).then(pl.lit(why)) for wrong, why in faults])


def _store(
    pool: ConnectionPool[Connection[Any]], rows: pl.DataFrame, kind: _Kind, *, source: str
) -> Iterator[tuple[int, int]]:
    """Copies the rows in chunks; yields how many are done and how many of them were new."""
    table, staging = sql.Identifier("market", kind.table), sql.Identifier(f"new_{kind.table}")
    columns = sql.SQL(", ").join(map(sql.Identifier, (*kind.stored, "source")))
    done = 0
    for chunk in rows.iter_slices(CHUNK):
        with borrowed(pool) as conn, conn.transaction():
            conn.execute(
                sql.SQL("CREATE TEMP TABLE {} (LIKE {}) ON COMMIT DROP").format(staging, table)
            )
            with conn.cursor().copy(
                sql.SQL("COPY {} ({}) FROM STDIN").format(staging, columns)
            ) as copy:
                for block in _lines(chunk, source):
                    copy.write(block)
            added = conn.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING").format(
                    table, columns, columns, staging
                )
            ).rowcount
        done += chunk.height
        yield done, added


def _lines(chunk: pl.DataFrame, source: str) -> Iterable[bytes]:
    """The chunk in PostgreSQL's COPY text format; no value here needs escaping."""
    text = chunk.with_columns(pl.lit(source.replace("\\", "").replace("\t", " "))).write_csv(
        include_header=False, separator="\t", quote_style="never"
    )
    yield text.encode()
