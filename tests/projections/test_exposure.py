"""Greeks of what is open: with the sign of who holds it, in shares, and never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import pytest

from domain.fix import Side
from domain.legs import Leg
from domain.quant.exposure_units import NAMES
from domain.sectors import Classified, Sector, SectorTable
from domain.shared import InvalidInput
from domain.traders import Trader
from projections.daily_closes import Beta, beta_of
from projections.exposure_views import ExposureLine, Group, exposure
from projections.positions import BookKind
from tests.conftest import NewDatabase
from tests.projections.record import CALL, Record, record_on, utc
from tests.projections.tape import Tape

HIGHER = "TSLA  261218C00260000"
PUT = "TSLA  261218P00250000"
LONG = (Leg(symbol=CALL, side=Side.BUY),)
SHORT = (Leg(symbol=CALL, side=Side.SELL),)
CREDIT_SPREAD = (Leg(symbol=CALL, side=Side.SELL), Leg(symbol=HIGHER, side=Side.BUY))
GREEKS = ("delta", "gamma", "vega", "theta", "rho")
PER_VIEW = {
    "delta_shares": ("delta", 1), "gamma_shares": ("gamma", 1), "delta_contracts": ("delta", 100),
    "gamma_contracts": ("gamma", 100), "theta_usd_per_day": ("theta", 365),
    "vega_usd_per_point": ("vega", 100), "rho_usd_per_point": ("rho", 100),
}  # fmt: skip
"""What each view is of a raw Greek: so many times less."""


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
    (line,) = exposure(record.tape.connection, Group.TOTAL, **wanted).lines
    return line


def figure(line: ExposureLine, view: str) -> float:
    found = line.figures[view]
    assert found is not None, view
    return found


def holds(line: ExposureLine, units: float, raw: dict[str, Any]) -> None:
    """Every view of the line is that of so many shares of one leg."""
    for view, (greek, by) in PER_VIEW.items():
        assert figure(line, view) == pytest.approx(units * raw[greek] / by), view
    dollars = units * raw["gamma"] * 250 * 250 / 100
    assert figure(line, "gamma_usd_per_percent") == pytest.approx(dollars)
    assert figure(line, "delta_usd") == pytest.approx(units * raw["delta"] * 250)


def lines_of(record: Record, by: Group, **wanted: Any) -> dict[str, ExposureLine]:
    record.follow()
    found = exposure(record.tape.connection, by, **wanted)
    return {line.group: line for line in found.lines}


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
    line = total(marked)
    holds(line, 300, greeks(marked, CALL))
    assert figure(line, "delta_shares") > 0 > figure(line, "theta_usd_per_day")


def test_a_short_call_counts_against(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", quantity="2", legs=SHORT, side=Side.SELL)
    line = total(marked)
    holds(line, -200, greeks(marked, CALL))
    assert figure(line, "theta_usd_per_day") > 0 > figure(line, "gamma_shares")


def test_a_long_put_is_short_the_shares(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", "11", legs=(Leg(symbol=PUT, side=Side.BUY),))
    line = total(marked)
    assert figure(line, "delta_shares") < 0 < figure(line, "gamma_shares")


@pytest.mark.parametrize(("side", "sign"), [(Side.SELL, 1), (Side.BUY, -1)])
def test_a_spread_is_the_sum_of_its_legs(marked: Record, side: Side, sign: int) -> None:
    legs = tuple(
        leg if side is Side.SELL else Leg(symbol=leg.symbol, side=leg.side.opposite)
        for leg in CREDIT_SPREAD
    )
    marked.opens(marked.trader("Nora"), "11-16 15:00", "4.00", legs=legs, side=side)
    line, near, far = total(marked), greeks(marked, CALL), greeks(marked, HIGHER)
    assert (line.legs, line.quoted) == (2, 2)
    holds(line, sign * 100, {name: far[name] - near[name] for name in GREEKS})


def test_a_ratio_counts_as_often_as_it_is_held(marked: Record) -> None:
    legs = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL, ratio=2))
    marked.opens(marked.trader("Nora"), "11-16 15:00", "4.00", legs=legs)
    near, far = greeks(marked, CALL), greeks(marked, HIGHER)
    delta = figure(total(marked), "delta_shares")
    assert delta == pytest.approx(100 * (near["delta"] - 2 * far["delta"]))


def test_shares_are_worth_their_number(record: Record) -> None:
    shares = (Leg(symbol="TSLA", side=Side.BUY),)
    record.opens(record.trader("Nora"), "11-16 15:00", "250", quantity="40", legs=shares)
    record.marks("TSLA", "11-16 21:00", "249", "251")
    line = total(record)
    figures = dict(line.figures)
    assert (figures.pop("delta_shares"), figures.pop("delta_usd")) == (40.0, 10_000.0)
    assert figures.pop("delta_contracts") == 0.4
    assert figures.pop("beta_delta_usd") is None
    assert set(figures.values()) == {0}
    assert line.vega_by_bucket == []


def test_what_has_no_quote_counts_for_nothing_and_is_told(marked: Record) -> None:
    nora = marked.trader("Nora")
    marked.opens(nora, "11-16 15:00", legs=LONG)
    before = total(marked)
    assert before.coverage == "all legs quoted"
    unquoted = (Leg(symbol="AAPL  261218C00200000", side=Side.BUY),)
    marked.opens(nora, "11-16 15:00", legs=unquoted)
    after = total(marked)
    assert after.coverage == "1 of 2 legs have no quote"
    assert after.figures == before.figures
    (leg,) = after.missing
    assert (leg.symbol, leg.status) == ("AAPL  261218C00200000", "never marked")
    apple = lines_of(marked, Group.UNDERLYING)["AAPL"]
    assert (apple.quoted, apple.figures) == (0, dict.fromkeys(NAMES))


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
    assert exposure(marked.tape.connection, Group.TOTAL).lines == ()


def test_groups_are_books_underlyings_and_expiries(marked: Record) -> None:
    nora, max_ = marked.trader("Nora"), marked.trader("Max")
    marked.opens(nora, "11-16 15:00", legs=LONG)
    marked.opens(max_, "11-16 15:00", legs=SHORT, side=Side.SELL)
    marked.follow()

    def groups(by: Group, **wanted: Any) -> dict[str, float | None]:
        found = lines_of(marked, by, **wanted)
        return {name: figure(line, "delta_shares") for name, line in found.items()}

    delta = 100 * greeks(marked, CALL)["delta"]
    assert groups(Group.TRADER) == {"Max": pytest.approx(-delta), "Nora": pytest.approx(delta)}
    assert groups(Group.UNDERLYING) == {"TSLA": pytest.approx(0)}
    assert groups(Group.STRATEGY) == {
        "long call": pytest.approx(delta), "short call": pytest.approx(-delta)
    }  # fmt: skip
    assert groups(Group.BUCKET) == {"31-90d": pytest.approx(0)}
    assert groups(Group.SECTOR) == {"consumer discretionary": pytest.approx(0)}
    assert groups(Group.ACCOUNT) == {}
    assert groups(Group.EXPIRY) == {date(2026, 12, 18).isoformat(): pytest.approx(0)}
    assert groups(Group.TOTAL, book=max_) == {"total": pytest.approx(-delta)}
    assert groups(Group.TOTAL, kind=BookKind.ACCOUNT) == {}


def test_the_expiry_of_what_was_never_marked_is_known_all_the_same(record: Record) -> None:
    record.opens(record.trader("Nora"), "11-16 15:00", legs=LONG)
    record.follow()
    assert list(lines_of(record, Group.EXPIRY)) == ["2026-12-18"]
    assert list(lines_of(record, Group.BUCKET)) == ["31-90d"]


def test_exposure_as_of_then_is_what_it_was(marked: Record) -> None:
    nora = marked.trader("Nora")
    opened = marked.opens(nora, "11-16 15:00", quantity="2", legs=LONG)
    before, known = total(marked), marked.marks("MSFT", "11-16 21:00", "1", "2")
    marked.marks(CALL, "11-17 21:00", "20.00", "20.40", underlying="262")
    changed = total(marked)
    marked.exits(opened, "11-18 15:00", "20.00", quantity="2")
    marked.follow()
    assert figure(changed, "delta_shares") > figure(before, "delta_shares")
    assert exposure(marked.tape.connection, Group.TOTAL).lines == ()
    assert total(marked, as_of=known).figures == before.figures
    assert exposure(marked.tape.connection, Group.TOTAL, as_of=0).lines == ()


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


LATER = "TSLA  270115C00250000"


def test_vega_of_several_buckets_is_not_added(marked: Record) -> None:
    marked.marks(LATER, "11-16 21:00", "15.90", "16.10", underlying="250")
    nora = marked.trader("Nora")
    marked.opens(nora, "11-16 15:00", quantity="2", legs=LONG)
    near = figure(total(marked), "vega_usd_per_point")
    weekly = "TSLA  261120C00250000"
    marked.marks(weekly, "11-16 21:00", "4.90", "5.10", underlying="250")
    marked.opens(nora, "11-16 15:00", quantity="1", legs=(Leg(symbol=weekly, side=Side.BUY),))
    line, short = total(marked), greeks(marked, weekly)["vega"]
    assert line.figures["vega_usd_per_point"] is None
    assert [tuple(each) for each in line.vega_by_bucket] == [
        ("0-7d", pytest.approx(short)), ("31-90d", pytest.approx(near))
    ]  # fmt: skip
    weighted = short * math.sqrt(30 / 4) + near * math.sqrt(30 / 32)
    assert figure(line, "vega_usd_per_point_30d") == pytest.approx(weighted)


def test_vega_of_one_bucket_may_be_added(marked: Record) -> None:
    marked.marks(LATER, "11-16 21:00", "15.90", "16.10", underlying="250")
    nora = marked.trader("Nora")
    marked.opens(nora, "11-16 15:00", legs=LONG)
    marked.opens(nora, "11-16 15:00", legs=(Leg(symbol=LATER, side=Side.SELL),), side=Side.SELL)
    vega = figure(total(marked), "vega_usd_per_point")
    assert vega == pytest.approx(greeks(marked, CALL)["vega"] - greeks(marked, LATER)["vega"])


def test_traders_have_no_accounts(record: Record) -> None:
    record.follow()
    with pytest.raises(InvalidInput, match="traders' books are not grouped by account"):
        exposure(record.tape.connection, Group.ACCOUNT, kind=BookKind.TRADER)
    with pytest.raises(InvalidInput, match="accounts' books are not grouped by trader"):
        exposure(record.tape.connection, Group.TRADER, kind=BookKind.ACCOUNT)


def test_two_traders_of_one_name_are_two_lines(marked: Record) -> None:
    for author in ("Nora", "nora-again"):
        trader = Trader.register(platform="discord", author_id=author, name="Nora",
                                 at=utc("10-01 12:00"))  # fmt: skip
        marked.tape.save(trader)
        marked.opens(trader.id, "11-16 15:00", legs=LONG)
    marked.follow()
    lines = exposure(marked.tape.connection, Group.TRADER).lines
    assert [line.group for line in lines] == ["Nora", "Nora"]
    assert lines[0].place < lines[1].place


def test_a_line_names_the_positions_and_events_behind_it(marked: Record) -> None:
    opened = marked.opens(marked.trader("Nora"), "11-16 15:00", quantity="3", legs=LONG)
    mark = marked.marks(CALL, "11-16 21:30", "11.90", "12.10", underlying="250")
    line = total(marked)
    (view,) = line.behind
    assert (view.leg.position, view.leg.mark_event) == (opened.id, mark)
    assert view.leg.position_event <= mark
    assert {name: view.figures[name] for name in PER_VIEW} == {
        name: line.figures[name] for name in PER_VIEW
    }


def test_an_admin_s_sector_goes_before_what_is_built_in(marked: Record) -> None:
    marked.opens(marked.trader("Nora"), "11-16 15:00", legs=LONG)
    before = marked.marks("MSFT", "11-16 21:00", "1", "2")
    table = SectorTable.set(
        [Classified(symbol="TSLA", sector=Sector.INDUSTRIALS)], by="ana", at=utc("11-16 12:00")
    )
    marked.tape.save(table)
    assert list(lines_of(marked, Group.SECTOR)) == ["industrials"]
    assert list(lines_of(marked, Group.SECTOR, as_of=before)) == ["consumer discretionary"]


def moves(record: Record, symbol: str, ratios: list[float], first: float = 100.0) -> None:
    """A close a day in which the price moves by each ratio in turn, from a hundred on."""
    price = first
    for day, ratio in enumerate([0.0, *ratios]):
        price *= 1 + ratio
        at = f"{utc('10-01 20:00') + timedelta(days=day):%m-%d %H:%M}"
        record.marks(symbol, at, f"{price:.6f}", f"{price:.6f}")


STEPS = [0.01, -0.02, 0.015, 0.005, -0.01] * 5


def test_dollar_delta_is_weighted_by_the_slope_on_spy(record: Record) -> None:
    moves(record, "SPY", STEPS)
    moves(record, "AMD", [2 * step for step in STEPS])
    shares = (Leg(symbol="AMD", side=Side.BUY),)
    record.opens(record.trader("Nora"), "10-05 15:00", "100", quantity="10", legs=shares)
    line = total(record)
    weighted = figure(line, "beta_delta_usd")
    assert weighted == pytest.approx(2 * figure(line, "delta_usd"), rel=1e-6)
    assert (line.with_beta, line.beta_coverage) == (1, "all quoted legs have a beta")


def test_what_has_no_beta_is_told_and_never_taken_for_one(record: Record) -> None:
    moves(record, "SPY", STEPS)
    moves(record, "AMD", STEPS[:19])
    nora = record.trader("Nora")
    for symbol in ("AMD", "SPY"):
        legs = (Leg(symbol=symbol, side=Side.BUY),)
        record.opens(nora, "10-05 15:00", "100", quantity="10", legs=legs)
    line = total(record)
    assert (line.with_beta, line.beta_coverage) == (1, "1 of 2 legs have no beta")
    spy = lines_of(record, Group.UNDERLYING)["SPY"].figures
    assert figure(line, "beta_delta_usd") == spy["beta_delta_usd"] == spy["delta_usd"]
    assert lines_of(record, Group.UNDERLYING)["AMD"].figures["beta_delta_usd"] is None


def test_beta_takes_the_last_252_returns_of_days_that_both_have() -> None:
    days = [date(2025, 1, 1) + timedelta(days=number) for number in range(400)]
    market = {day: 100.0 + (number % 7) for number, day in enumerate(days)}
    same = {day: 2 * price for day, price in market.items() if day.day != 13}
    found = beta_of("AMD", same, market)
    assert isinstance(found, Beta)
    assert found.beta == pytest.approx(1.0)
    assert (found.n, found.last) == (252, days[-1])
    assert beta_of("AMD", dict.fromkeys(days[:20], 1.0), market) is None
    assert beta_of("AMD", market, dict.fromkeys(days, 100.0)) is None
