"""Exposure and attribution of random books on a real tape, against sums written out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.executions import counted_share
from domain.market import Mark, Quote, exchange_day
from domain.shared import cents
from projections.attribution import PARTS, AttributionLine, By, Period, attribution
from projections.books import Books
from projections.exposure import Exposure, GreeksRow
from projections.exposure_views import ExposureLine, Group, exposure
from projections.positions import PositionRow, TradeLeg, executions_of
from projections.risk import Risk
from projections.runner import Runner
from projections.shape import Shape
from projections.trader_profiles import TraderProfiles
from tests.conftest import NewDatabase
from tests.projections.tape import Tape, reading
from tests.properties.histories import CALL, INDEX, PUT, START, histories
from tests.properties.oracle import Told
from tests.properties.test_money_on_postgres import rows

BOOKS = Books()
POSITIONS: Shape[PositionRow] = BOOKS.positions.shape
LEGS: Shape[TradeLeg] = BOOKS.legs.shape
GREEKS: Shape[GreeksRow] = Exposure().greeks.shape
ALWAYS = Period(START - timedelta(days=30), START + timedelta(days=30))

marks = st.lists(
    st.tuples(
        st.sampled_from([CALL, PUT]),
        st.integers(0, 11),
        st.integers(0, 60),
        st.integers(200, 300),
    ),
    max_size=12,
    unique_by=lambda each: (each[0].symbol, each[1]),
)


def mark(symbol: str, number: int, bid: int, spot: int) -> Mark:
    """An option at a moment of its own, with the price of its underlying."""
    at = START + timedelta(hours=12 * number + 8)
    quote = Quote(symbol=symbol, bid=Decimal(bid), offer=Decimal(bid + 1), time=at, source="test")
    return Mark.record(
        quote, underlying_px=Decimal(spot), rate=Decimal("0.03"), marked_at=at, at=at
    )


@contextmanager
def followed(new_database: NewDatabase, told: list[Told], marked: Any) -> Iterator[Tape]:
    with new_database() as url:
        tape = Tape(url)
        with tape.connection:
            tape.append([each.event for each in told])
            for symbol, number, bid, spot in marked:
                tape.save(mark(symbol.symbol, number, bid, spot))
            follower = Runner(reading(url), [Books, Exposure, Risk, TraderProfiles])
            follower.start()
            follower.catch_up()
            follower.close()
            yield tape


class Leg(NamedTuple):
    """A leg as the oracle sees it."""

    position: PositionRow
    symbol: str
    units: float
    greeks: GreeksRow | None
    days: int | None


def legs_at(tape: Tape, head: int) -> list[Leg]:
    greeks = {row.symbol: row for row in rows(tape, GREEKS, head)}
    positions = {row.position: row for row in rows(tape, POSITIONS, head) if row.quantity}
    found = []
    for leg in rows(tape, LEGS, head):
        position = positions.get(leg.position)
        if position is not None:
            known = greeks.get(leg.symbol)
            units = float(position.quantity) * leg.ratio * (known or position).multiplier
            found.append((position, leg.symbol, units, known))
    moments = [known.marked_at for *_, known in found if known is not None]
    newest = max(moments or [position.opened_at for position, *_ in found], default=None)
    day = None if newest is None else exchange_day(newest)

    def days(symbol: str) -> int | None:
        is_option = symbol in (CALL.symbol, PUT.symbol, INDEX.symbol)
        return (CALL.expiry - day).days if is_option and day is not None else None

    return [Leg(*each, days(each[1])) for each in found]


def figures(legs: list[Leg]) -> dict[str, float]:
    """Every view but the beta-weighted one, written out."""
    sums = dict.fromkeys(
        ("delta_contracts", "gamma_contracts", "delta_shares", "gamma_shares", "delta_usd",
         "gamma_usd_per_percent", "theta_usd_per_day", "vega_usd_per_point_30d",
         "rho_usd_per_point"), 0.0)  # fmt: skip
    for leg in legs:
        row = leg.greeks
        if row is None or row.delta is None:
            continue
        assert row.gamma is not None
        assert row.theta is not None
        assert row.vega is not None
        assert row.rho is not None
        spot = float((row.bid + row.offer) / 2 if row.underlying_px is None else row.underlying_px)
        weight = 1.0 if leg.days is None else math.sqrt(30 / max(leg.days, 1))
        sums["delta_contracts"] += leg.units * row.delta / 100
        sums["gamma_contracts"] += leg.units * row.gamma / 100
        sums["delta_shares"] += leg.units * row.delta
        sums["gamma_shares"] += leg.units * row.gamma
        sums["delta_usd"] += leg.units * row.delta * spot
        sums["gamma_usd_per_percent"] += leg.units * row.gamma * spot * spot / 100
        sums["theta_usd_per_day"] += leg.units * row.theta / 365
        sums["vega_usd_per_point_30d"] += leg.units * row.vega / 100 * weight
        sums["rho_usd_per_point"] += leg.units * row.rho / 100
    return sums


def bucket(days: int | None) -> str:
    if days is None:
        return "none"
    if days < 0:
        return "expired"
    return "0-7d" if days <= 7 else "8-30d"


NAMES: dict[Group, Callable[[Leg], str]] = {
    Group.UNDERLYING: lambda leg: leg.position.underlying,
    Group.BUCKET: lambda leg: bucket(leg.days),
    Group.TOTAL: lambda _: "total",
}


def holds(line: ExposureLine, legs: list[Leg]) -> None:
    known = [leg for leg in legs if leg.greeks is not None and leg.greeks.delta is not None]
    assert (line.legs, line.quoted) == (len(legs), len(known))
    assert {view.leg.position for view in line.behind} == {leg.position.position for leg in legs}
    assert sorted(leg.symbol for leg in line.missing) == sorted(
        leg.symbol for leg in legs if leg not in known
    )
    if not known:
        assert set(line.figures.values()) == {None}
        return
    for name, figure in figures(known).items():
        assert line.figures[name] == pytest.approx(figure, rel=1e-9, abs=1e-9), name
    vega: dict[str, float] = {}
    for leg in known:
        assert leg.greeks is not None
        assert leg.greeks.vega is not None
        if leg.days is not None:
            name = bucket(leg.days)
            vega[name] = vega.get(name, 0.0) + leg.units * leg.greeks.vega / 100
    assert {each.bucket: each.vega_usd_per_point for each in line.vega_by_bucket} == {
        name: pytest.approx(figure, rel=1e-9, abs=1e-9) for name, figure in vega.items()
    }
    plain = line.figures["vega_usd_per_point"]
    assert (plain is None) == (len(vega) > 1)
    if plain is not None:
        assert plain == pytest.approx(sum(vega.values()), rel=1e-9, abs=1e-9)


@settings(max_examples=5)
@given(histories(60, steps_min=25), marks)
def test_views_are_the_sums_of_their_legs(
    new_database: NewDatabase, told: list[Told], marked: Any
) -> None:
    with followed(new_database, told, marked) as tape:
        head = len(told) + len(marked)
        for as_of in (head, len(told), max(1, len(told) // 2)):
            legs = legs_at(tape, as_of)
            for by, name_of in NAMES.items():
                found = exposure(tape.connection, by, as_of=as_of)
                groups: dict[str, list[Leg]] = {}
                for leg in legs:
                    groups.setdefault(name_of(leg), []).append(leg)
                assert {line.group for line in found.lines} == set(groups)
                for line in found.lines:
                    holds(line, groups[line.group])
        if legs_at(tape, head):
            now = exposure(tape.connection, Group.UNDERLYING).lines
            then = exposure(tape.connection, Group.UNDERLYING, as_of=head).lines
            assert [line.figures for line in now] == [line.figures for line in then]


def adds_up(line: AttributionLine) -> None:
    """The rows come to the total, and to realised and unrealised, exactly and in cents."""
    parts = [part for name in PARTS if (part := getattr(line, name)) is not None]
    rows = [*parts, line.trading, line.residual]
    assert sum(rows) == line.total == line.realised + line.unrealised
    assert all(row == cents(row) for row in rows)


@settings(max_examples=5)
@given(histories(60, steps_min=25), marks, st.integers(0, 6 * 24))
def test_rows_come_to_realised_and_unrealised_to_the_cent(
    new_database: NewDatabase, told: list[Told], marked: Any, hour: int
) -> None:
    with followed(new_database, told, marked) as tape:
        middle: datetime = START + timedelta(hours=hour)
        for as_of in (None, max(1, len(told) // 2)):
            head = len(told) + len(marked) if as_of is None else as_of
            known = {
                row.position: row
                for row in rows(tape, POSITIONS, head)
                if row.scored or row.kind == "account"
            }
            whole = attribution(tape.connection, ALWAYS, as_of=as_of)
            assert {line.behind[0] for line in whole} == set(known)
            for line in whole:
                row = known[line.behind[0]]
                adds_up(line)
                # More than stood at the quotes of the entries counts for no dollars.
                share = counted_share(executions_of(row.executions)) or Decimal(1)
                assert line.total == cents(row.pnl * share)
                assert line.realised == cents(row.realised * share)
            for by in By:
                for line in attribution(tape.connection, ALWAYS, by=by, as_of=as_of):
                    adds_up(line)
            parts: dict[Any, Decimal] = {}
            for period in (ALWAYS._replace(until=middle), ALWAYS._replace(since=middle)):
                for line in attribution(tape.connection, period, as_of=as_of):
                    adds_up(line)
                    key = line.behind[0]
                    parts[key] = parts.get(key, Decimal(0)) + line.total
            for line in whole:
                # Each part is rounded to the cent by itself.
                assert abs(line.total - parts[line.behind[0]]) <= Decimal("0.01")
