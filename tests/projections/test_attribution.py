"""Attribution: each Greek's row worked out here, and what no Greek explains in rows of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.fix import Side
from domain.legs import Leg
from domain.market import Mark, Quote
from domain.shared import InvalidInput, cents
from domain.signal_events import PriceEvidence
from projections.attribution import (
    PARTS,
    AttributionLine,
    By,
    Period,
    attribution,
    newest_mark,
    summed,
)
from projections.positions import BookKind
from tests.conftest import NewDatabase
from tests.projections.record import CALL, Record, record_on, utc
from tests.projections.tape import Tape

D = Decimal
ZERO = D(0)
LONG = (Leg(symbol=CALL, side=Side.BUY),)
SHORT = (Leg(symbol=CALL, side=Side.SELL),)
WEEK = Period(utc("11-16 00:00"), utc("11-20 23:00"))


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


@pytest.fixture
def marked(record: Record) -> Record:
    """A call on two evenings: the share rises by five, the volatility falls."""
    record.marks(CALL, "11-16 21:00", "11.90", "12.10", underlying="250")
    record.marks(CALL, "11-17 21:00", "13.80", "14.10", underlying="255")
    return record


def line(record: Record, period: Period = WEEK, **wanted: Any) -> AttributionLine:
    record.follow()
    (found,) = attribution(record.tape.connection, period, **wanted)
    return found


def greeks(record: Record) -> list[dict[str, Any]]:
    """The rows of Greeks of each mark, in order."""
    names = ("vol", "delta", "gamma", "vega", "theta", "rho")
    found = record.tape.connection.execute(
        f"SELECT {', '.join(names)} FROM read.greeks WHERE symbol = %s ORDER BY marked_at", (CALL,)
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def test_each_greek_explains_what_its_input_moved(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", "12.10", quantity="3", legs=LONG)
    found = line(marked, WEEK._replace(since=utc("11-16 22:00")))
    before, after = greeks(marked)
    assert found.delta == cents(D(300 * before["delta"] * 5))
    assert found.gamma == cents(D(300 * before["gamma"] * 25 / 2))
    assert found.vega == cents(D(300 * before["vega"] * (after["vol"] - before["vol"])))
    assert found.theta == cents(D(300 * before["theta"] / 365))
    assert {found.rho, found.trading, found.realised} == {ZERO}
    assert found.total == found.unrealised == 300 * (D("13.80") - D("11.90"))
    explained = sum(part for name in PARTS if (part := getattr(found, name)) is not None)
    assert found.residual == found.total - explained
    assert abs(found.residual) < 20
    assert found.coverage == "Greeks of every step"


def test_what_is_owed_is_valued_at_the_offer_and_turns_every_sign(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", "12.10", legs=SHORT, side=Side.SELL)
    found = line(marked, WEEK._replace(since=utc("11-16 22:00")))
    assert found.total == -100 * (D("14.10") - D("12.10"))
    assert found.delta is not None
    assert found.theta is not None
    assert found.delta < 0 < found.theta


def test_what_comes_and_goes_between_two_marks_is_trading(marked: Record) -> None:
    nora = marked.trader("Nora")
    marked.trades(nora, "11-17 15:00", "11-17 16:00", "3.00")
    found = line(marked)
    assert {found.trading, found.total, found.realised} == {D(100)}
    assert (found.residual, found.unrealised, found.steps) == (ZERO, ZERO, 0)
    assert {getattr(found, name) for name in PARTS} == {None}
    assert found.coverage == "nothing was held from mark to mark"


def test_greeks_explain_only_what_was_held_all_the_time(marked: Record) -> None:
    signal = marked.opens(marked.trader("Nora"), "11-16 15:00", "12.10", quantity="3", legs=LONG)
    marked.exits(signal, "11-17 15:00", "13.00", quantity="2")
    found = line(marked, WEEK._replace(since=utc("11-16 22:00")))
    assert found.delta == cents(D(100 * greeks(marked)[0]["delta"] * 5))
    # Two were worth 11.90 at the mark and went for 13.00.
    assert found.trading == 200 * (D("13.00") - D("11.90"))
    assert found.realised == 200 * (D("13.00") - D("12.10"))
    assert found.total == found.trading + 100 * (D("13.80") - D("11.90"))


def test_a_step_without_greeks_is_told_and_lies_in_the_residual(record: Record) -> None:
    record.marks(CALL, "11-16 21:00", "11.90", "12.10")
    record.marks(CALL, "11-17 21:00", "13.80", "14.10")
    record.opens(record.trader("Nora"), "11-16 15:00", "12.10", legs=LONG)
    found = line(record, WEEK._replace(since=utc("11-16 22:00")))
    assert (found.residual, found.delta) == (D(190), None)
    assert found.coverage == "1 of 1 steps lack Greeks"


def test_the_largest_come_first_and_groups_add_up(marked: Record) -> None:
    nora, max_ = marked.trader("Nora"), marked.trader("Max")
    marked.opens(nora, "11-16 15:00", "12.10", legs=LONG)
    marked.opens(max_, "11-16 15:00", "12.10", quantity="4", legs=SHORT, side=Side.SELL)
    marked.follow()
    found = attribution(marked.tape.connection, WEEK, by=By.TRADER)
    assert [each.group for each in found] == ["Max", "Nora"]
    whole = line(marked, by=By.TOTAL)
    for name in ("total", "delta", "theta", "trading", "residual"):
        assert getattr(whole, name) == sum(getattr(each, name) for each in found)
    assert (whole.positions, len(whole.behind)) == (2, 2)
    assert summed("total", "", [whole]).positions == 2
    only = attribution(marked.tape.connection, WEEK, book=nora)
    assert [each.behind for each in only] == [found[1].behind]


def test_what_counts_for_nothing_is_left_out(marked: Record) -> None:
    joke = marked.opens(marked.trader("Nora"), "11-16 15:00", "12.10", legs=LONG)
    joke.void(correction=joke.id, reason="a joke", by="ana", at=joke.created_on)
    marked.tape.save(joke)
    marked.follow()
    assert attribution(marked.tape.connection, WEEK) == []


def test_as_it_was_known_then(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", "12.10", legs=LONG)
    known = marked.marks("MSFT", "11-16 21:00", "1", "2")
    before = line(marked)
    marked.marks(CALL, "11-18 21:00", "20.00", "20.40", underlying="262")
    assert line(marked).total > before.total
    assert line(marked, as_of=known) == before


def puts_right(record: Record, at: str, *bids: str) -> None:
    """A mark of the call is corrected, once for each bid; the offer is 0.20 above it."""
    quote = Quote(symbol=CALL, bid=D(1), offer=D(2), time=utc(at), source="recorded")
    mark = Mark.record(quote, underlying_px=D(250), rate=D("0.04"), marked_at=utc(at), at=utc(at))
    mark.collect_events()
    for bid in bids:
        mark.correct(
            correction=mark.id, bid=D(bid), offer=D(bid) + D("0.20"), reason="x", by="y",
            at=utc("11-19 12:00"),
        )  # fmt: skip
    record.tape.save(mark)


THREE = Period(utc("11-16 22:00"), utc("11-20 23:00"))


def holds_three_marks(record: Record, first_bid: str, first_offer: str) -> None:
    record.marks(CALL, "11-16 21:00", first_bid, first_offer, underlying="250")
    record.marks(CALL, "11-17 21:00", "13.80", "14.10", underlying="255")
    record.marks(CALL, "11-18 21:00", "14.80", "15.10", underlying="256")
    record.opens(record.trader("Nora"), "11-16 15:00", "12.10", quantity="3", legs=LONG)


@pytest.mark.parametrize("follows_in_between", [True, False])
def test_a_corrected_mark_counts_as_if_it_had_been_right(
    new_database: NewDatabase, record: Record, *, follows_in_between: bool
) -> None:
    holds_three_marks(record, "9.90", "10.10")
    wrong = line(record, THREE) if follows_in_between else None
    head = record.tape.connection.execute("SELECT max(position) FROM tape.events").fetchone()
    puts_right(record, "11-16 21:00", "11.90")
    found = line(record, THREE)
    with new_database() as url:
        other = Tape(url)
        with other.connection, record_on(other) as right:
            holds_three_marks(right, "11.90", "12.10")
            assert found == line(right, THREE)
    assert found.explained == found.steps == 2
    if head is not None and wrong is not None:
        assert wrong.total - found.total == 300 * D(2)
        assert line(record, THREE, as_of=head[0]) == wrong


def test_a_mark_that_is_recorded_late_counts_where_it_belongs(
    new_database: NewDatabase, record: Record
) -> None:
    record.marks(CALL, "11-17 21:00", "13.80", "14.10", underlying="255")
    record.marks(CALL, "11-18 21:00", "14.80", "15.10", underlying="256")
    record.follow()
    record.marks(CALL, "11-16 21:00", "11.90", "12.10", underlying="250")
    record.opens(record.trader("Nora"), "11-16 15:00", "12.10", quantity="3", legs=LONG)
    found = line(record, THREE)
    with new_database() as url:
        other = Tape(url)
        with other.connection, record_on(other) as in_order:
            holds_three_marks(in_order, "11.90", "12.10")
            assert found == line(in_order, THREE)


def test_a_mark_that_is_corrected_again_counts_as_it_was_said_last(record: Record) -> None:
    holds_three_marks(record, "11.90", "12.10")
    right = line(record, THREE)
    puts_right(record, "11-16 21:00", "9.90", "11.90")
    assert line(record, THREE) == right


@pytest.mark.parametrize(
    ("period", "by", "kind", "told"),
    [
        (Period(WEEK.until, WEEK.since), By.TOTAL, None, "is not after 2026-11-20T23:00"),
        (Period(WEEK.until, WEEK.until), By.TOTAL, None, "a period ends after it begins"),
        (WEEK, By.ACCOUNT, BookKind.TRADER, "traders' books are not grouped by account"),
        (WEEK, By.TRADER, BookKind.ACCOUNT, "accounts' books are not grouped by trader"),
    ],
)
def test_what_is_no_period_or_group_is_refused(
    record: Record, period: Period, by: By, kind: BookKind | None, told: str
) -> None:
    record.follow()
    with pytest.raises(InvalidInput, match=told):
        attribution(record.tape.connection, period, by=by, kind=kind)


def test_the_newest_mark_is_the_last_moment(marked: Record) -> None:
    marked.follow()
    newest: datetime | None = newest_mark(marked.tape.connection)
    assert newest == utc("11-17 21:00")
    assert newest_mark(marked.tape.connection, as_of=0) is None


def test_of_more_than_was_quoted_only_what_stood_there_is_explained(marked: Record) -> None:
    signal = marked.opens(marked.trader("Nora"), "11-16 15:00", "12.10", quantity="9", legs=LONG)
    evidence = PriceEvidence(
        claimed=D("12.10"), bid=D(12), offer=D("12.10"), bid_size=8, offer_size=3,
        quote_time=utc("11-16 15:00"), source="test", attainable=True, price=D("12.10"),
    )  # fmt: skip
    signal.check_price(1, evidence, at=utc("11-16 15:00"))
    marked.tape.save(signal)
    found = line(marked, WEEK._replace(since=utc("11-16 22:00")))
    before, _ = greeks(marked)
    assert abs((found.delta or ZERO) - cents(D(300 * before["delta"] * 5))) <= D("0.01")
    assert abs(found.total - 300 * (D("13.80") - D("11.90"))) <= D("0.01")
    assert abs(found.trading) <= D("0.01")
