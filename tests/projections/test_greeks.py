"""Greeks of marks: valued by what the option may be exercised by, inputs and model beside them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from psycopg.rows import dict_row

from domain.quant.valuing import value_options
from tests.projections.record import Record, record_on
from tests.projections.tape import Tape

PUT = "TSLA  261218P00250000"
GREEKS = ("delta", "gamma", "vega", "theta", "rho")


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


def greeks(record: Record, symbol: str) -> dict[str, Any]:
    record.follow()
    with record.tape.connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "SELECT * FROM read.greeks WHERE symbol = %s AND valid_to = 9223372036854775807",
            (symbol,),
        ).fetchone()
    assert row is not None
    return row


def test_a_put_on_shares_is_american_and_one_on_an_index_is_european(record: Record) -> None:
    found = {}
    for symbol in ("TSLA  261218P00300000", "XSP   261218P00300000"):
        record.marks(symbol, "11-16 21:00", "51.90", "52.10", underlying="250")
        found[symbol[:4].strip()] = greeks(record, symbol)
    assert found["TSLA"]["model"] == "american-alo-1"
    assert found["XSP"]["model"] == "european-bsm-1"
    years = 32 / 365
    for named, is_american in (("TSLA", True), ("XSP", False)):
        exact = value_options(52.0, 250.0, 300.0, years, 0.04, 0.0, False, is_american)
        assert {name: found[named][name] for name in ("vol", *GREEKS)} == {
            name: float(getattr(exact, name)) for name in ("vol", *GREEKS)
        }
    assert found["TSLA"]["vol"] < found["XSP"]["vol"]


def test_the_inputs_are_stored_with_the_greeks(record: Record) -> None:
    record.marks(PUT, "11-16 21:00", "10.90", "11.10", underlying="250")
    found = greeks(record, PUT)
    assert (found["mid"], found["underlying_px"], found["rate"]) == (11, 250, Decimal("0.04"))
    assert (found["dividend_yield"], found["years"]) == (0, 32 / 365)


def test_a_put_quoted_around_what_exercise_brings_moves_like_the_shares(record: Record) -> None:
    deep = "TSLA  261218P00300000"
    record.marks(deep, "11-16 21:00", "49.70", "50.20", underlying="250")
    found = greeks(record, deep)
    assert (found["status"], found["vol"]) == ("at intrinsic", None)
    assert (found["delta"], found["gamma"], found["vega"]) == (-1, 0, 0)


def test_shares_need_no_model(record: Record) -> None:
    record.marks("TSLA", "11-16 21:00", "249", "251")
    found = greeks(record, "TSLA")
    assert (found["model"], found["mid"], found["years"]) == ("linear", 250, None)
    assert (found["delta"], found["vega"]) == (1, 0)
