"""Greeks of what is open: with the sign of who holds it, in shares, and never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from statistics import NormalDist
from typing import Any

import pytest

from domain.fix import Side
from domain.legs import Leg
from projections.exposure_views import ExposureLine, Group, exposure
from tests.conftest import NewDatabase
from tests.projections.record import CALL, Record, record_on
from tests.projections.tape import Tape

HIGHER = "TSLA  261218C00260000"
PUT = "TSLA  261218P00250000"
LONG = (Leg(symbol=CALL, side=Side.BUY),)
SHORT = (Leg(symbol=CALL, side=Side.SELL),)
CREDIT_SPREAD = (Leg(symbol=CALL, side=Side.SELL), Leg(symbol=HIGHER, side=Side.BUY))
GREEKS = ("delta", "gamma", "vega", "theta", "rho")


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


@pytest.fixture
def marked(record: Record) -> Record:
    """Two calls and the put are quoted, the shares at 250."""
    record.marks(CALL, "11-16 21:00", "11.90", "12.10", underlying="250")
    record.marks(HIGHER, "11-16 21:00", "7.90", "8.10", underlying="250")
    record.marks(PUT, "11-16 21:00", "10.90", "11.10", underlying="250")
    return record


def greeks(record: Record, symbol: str) -> dict[str, Any]:
    record.follow()
    columns = ("status", "vol", *GREEKS)
    row = record.tape.connection.execute(
        f"SELECT {', '.join(columns)} FROM read.greeks"
        " WHERE symbol = %s AND valid_to = 9223372036854775807",
        (symbol,),
    ).fetchone()
    assert row is not None
    return dict(zip(columns, row, strict=True))


def total(record: Record, **wanted: Any) -> ExposureLine:
    record.follow()
    (line,) = exposure(record.tape.connection, Group.TOTAL, **wanted)
    return line


def test_greeks_of_a_call_are_those_of_the_volatility_that_prices_its_mid(marked: Record) -> None:
    found = greeks(marked, CALL)
    years = 32 / 365
    root = found["vol"] * math.sqrt(years)
    d1 = (math.log(250 / 250) + 0.04 * years) / root + root / 2
    normal = NormalDist()
    worth = 250 * normal.cdf(d1) - 250 * math.exp(-0.04 * years) * normal.cdf(d1 - root)
    assert worth == pytest.approx(12.00, abs=1e-9)
    assert found["delta"] == pytest.approx(normal.cdf(d1))
    assert found["gamma"] == pytest.approx(normal.pdf(d1) / 250 / root)
    assert found["vega"] == pytest.approx(250 * normal.pdf(d1) * math.sqrt(years))


def test_a_long_call_counts_a_hundred_shares_a_contract(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", quantity="3", legs=LONG)
    line, raw = total(marked), greeks(marked, CALL)
    for name in GREEKS:
        assert getattr(line, name) == pytest.approx(300 * raw[name]), name
    assert line.dollar_delta == pytest.approx(300 * raw["delta"] * 250)
    assert line.delta > 0 > line.theta


def test_a_short_call_counts_against(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", quantity="2", legs=SHORT, side=Side.SELL)
    line, raw = total(marked), greeks(marked, CALL)
    for name in GREEKS:
        assert getattr(line, name) == pytest.approx(-200 * raw[name]), name
    assert line.theta > 0 > line.gamma


def test_a_long_put_is_short_the_shares(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", "11", legs=(Leg(symbol=PUT, side=Side.BUY),))
    line = total(marked)
    assert line.delta < 0 < line.gamma


@pytest.mark.parametrize(("side", "sign"), [(Side.SELL, 1), (Side.BUY, -1)])
def test_a_spread_is_the_sum_of_its_legs(marked: Record, side: Side, sign: int) -> None:
    legs = tuple(
        leg if side is Side.SELL else Leg(symbol=leg.symbol, side=leg.side.opposite)
        for leg in CREDIT_SPREAD
    )
    marked.opens(marked.trader("Nora"), "11-16 15:00", "4.00", legs=legs, side=side)
    line, near, far = total(marked), greeks(marked, CALL), greeks(marked, HIGHER)
    assert (line.legs, line.quoted) == (2, 2)
    for name in GREEKS:
        assert getattr(line, name) == pytest.approx(sign * 100 * (far[name] - near[name])), name


def test_a_ratio_counts_as_often_as_it_is_held(marked: Record) -> None:
    legs = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL, ratio=2))
    marked.opens(marked.trader("Nora"), "11-16 15:00", "4.00", legs=legs)
    near, far = greeks(marked, CALL), greeks(marked, HIGHER)
    assert total(marked).delta == pytest.approx(100 * (near["delta"] - 2 * far["delta"]))


def test_shares_are_worth_their_number(record: Record) -> None:
    shares = (Leg(symbol="TSLA", side=Side.BUY),)
    record.opens(record.trader("Nora"), "11-16 15:00", "250", quantity="40", legs=shares)
    record.marks("TSLA", "11-16 21:00", "249", "251")
    line = total(record)
    assert (line.delta, line.dollar_delta) == (40.0, 10_000.0)
    assert (line.gamma, line.vega, line.theta, line.rho) == (0, 0, 0, 0)


def test_what_has_no_quote_counts_for_nothing_and_is_told(marked: Record) -> None:
    nora = marked.trader("Nora")
    marked.opens(nora, "11-16 15:00", legs=LONG)
    before = total(marked)
    assert before.coverage == "all legs quoted"
    unquoted = (Leg(symbol="AAPL  261218C00200000", side=Side.BUY),)
    marked.opens(nora, "11-16 15:00", legs=unquoted)
    after = total(marked)
    assert after.coverage == "1 of 2 legs have no quote"
    assert after.delta == before.delta
    by_name = {line.group: line for line in exposure(marked.tape.connection, Group.UNDERLYING)}
    assert (by_name["AAPL"].quoted, by_name["AAPL"].delta) == (0, 0.0)


@pytest.mark.parametrize(
    ("bid", "offer", "underlying", "status"),
    [
        ("11.90", "12.10", None, "no quote of the underlying"),
        ("40.00", "42.00", "300", "below intrinsic"),
    ],
)
def test_greeks_that_cannot_be_had_say_why(
    record: Record, bid: str, offer: str, underlying: str | None, status: str
) -> None:
    record.marks(CALL, "11-16 21:00", bid, offer, underlying=underlying)
    record.opens(record.trader("Nora"), "11-16 15:00", legs=LONG)
    found = greeks(record, CALL)
    assert (found["status"], found["delta"]) == (status, None)
    assert total(record).quoted == 0


def test_an_older_mark_that_comes_late_changes_nothing(marked: Record) -> None:
    before = greeks(marked, CALL)
    marked.marks(CALL, "11-13 21:00", "5.00", "5.20", underlying="230")
    assert greeks(marked, CALL) == before


def test_what_is_closed_or_voided_has_no_exposure(marked: Record) -> None:
    nora = marked.trader("Nora")
    marked.trades(nora, "11-16 15:00", "11-16 16:00")
    joke = marked.opens(nora, "11-16 15:00")
    joke.void(correction=joke.id, reason="a joke", by="ana", at=joke.created_on)
    marked.tape.save(joke)
    marked.follow()
    assert exposure(marked.tape.connection, Group.TOTAL) == []


def test_groups_are_books_underlyings_and_expiries(marked: Record) -> None:
    nora, max_ = marked.trader("Nora"), marked.trader("Max")
    marked.opens(nora, "11-16 15:00", legs=LONG)
    marked.opens(max_, "11-16 15:00", legs=SHORT, side=Side.SELL)
    marked.follow()

    def groups(by: Group, **wanted: Any) -> dict[str, float]:
        return {line.group: line.delta for line in exposure(marked.tape.connection, by, **wanted)}

    delta = 100 * greeks(marked, CALL)["delta"]
    assert groups(Group.BOOK) == {"Max": pytest.approx(-delta), "Nora": pytest.approx(delta)}
    assert groups(Group.UNDERLYING) == {"TSLA": pytest.approx(0)}
    assert groups(Group.EXPIRY) == {date(2026, 12, 18).isoformat(): pytest.approx(0)}
    assert groups(Group.TOTAL, book=max_) == {"total": pytest.approx(-delta)}
    assert groups(Group.TOTAL, kind="account") == {}


def test_the_expiry_of_what_was_never_marked_is_known_all_the_same(record: Record) -> None:
    record.opens(record.trader("Nora"), "11-16 15:00", legs=LONG)
    record.follow()
    (line,) = exposure(record.tape.connection, Group.EXPIRY)
    assert line.group == "2026-12-18"


def test_exposure_as_of_then_is_what_it_was(marked: Record) -> None:
    nora = marked.trader("Nora")
    opened = marked.opens(nora, "11-16 15:00", quantity="2", legs=LONG)
    before, known = total(marked), marked.marks("MSFT", "11-16 21:00", "1", "2")
    marked.marks(CALL, "11-17 21:00", "20.00", "20.40", underlying="262")
    changed = total(marked)
    marked.exits(opened, "11-18 15:00", "20.00", quantity="2")
    marked.follow()
    assert changed.delta > before.delta
    assert exposure(marked.tape.connection, Group.TOTAL) == []
    assert total(marked, as_of=known) == before
    assert exposure(marked.tape.connection, Group.TOTAL, as_of=0) == []


def test_rows_do_not_depend_on_the_batches(new_database: NewDatabase) -> None:
    rows = []
    for batch_max in (1, 3, 5_000):
        with new_database() as url:
            tape = Tape(url)
            with tape.connection, record_on(tape, batch_max=batch_max) as record:
                for hour in range(14, 21):
                    for symbol, price in ((CALL, 11), (HIGHER, 7), (PUT, 9)):
                        bid = str(price + hour / 10)
                        record.marks(symbol, f"11-16 {hour}:00", bid, bid, underlying="250")
                record.marks(CALL, "11-13 21:00", "5", "6", underlying="230")
                record.follow()
                rows.append(tape.versions("greeks"))
    assert len(rows[0]) == 21
    assert rows[0] == rows[1] == rows[2]
