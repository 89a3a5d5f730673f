"""Whatever a broker reports, however often and in whatever order, its books become ours.

A few thousand reports in a usual run. `TRUETAPE_REPORTS=100000` makes it as many, and
`python -m tests.properties.test_execution_reports 100000` says how fast that went.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.order_events import OrderFilled, OrderTradeCanceled, OrderTradeCorrected
from domain.orders import Booked, Order
from domain.reports import ExecutionReport
from domain.shared import Event
from tests.domain.told import replayed, state_of, told_by
from tests.properties.exchange import OPENS, Exchange

D = Decimal
REPORTS = int(os.environ.get("TRUETAPE_REPORTS", "5000"))
PER_SEED = 100


def order(cl_ord_id: str, side: Side, quantity: int) -> Order:
    opens = side is Side.BUY
    found = Order.request(
        cl_ord_id=cl_ord_id,
        account="main",
        signal=None,
        side=side,
        position_effect=PositionEffect.OPEN if opens else PositionEffect.CLOSE,
        legs=(Leg(symbol="TSLA  261120C00250000", side=side),),
        order_qty=D(quantity),
        ord_type=OrdType.LIMIT,
        limit_px=D(2),
        time_in_force=TimeInForce.GTC,
        at=OPENS,
    )
    found.submit("broker", at=OPENS)
    return found


def telling(exchange: Exchange, chance: Random) -> list[ExecutionReport]:
    """How the reports come: late, early, twice, and some not before history is asked."""
    told = [*exchange.reports, *exchange.aliases]
    reach = timedelta(seconds=chance.choice([0, 30, 200, 5000]))
    late = {id(each): each.transact_time + chance.random() * reach for each in told}
    told.sort(key=lambda each: late[id(each)])
    lost = [each for each in told if chance.random() < 0.1]
    come = [each for each in told if not any(each is other for other in lost)]
    twice = [each for each in come if chance.random() < 0.15]
    for each in twice:
        come.insert(chance.randint(0, len(come)), each)
    if chance.random() < 0.5:
        return come + lost
    return come + history(exchange)


def history(exchange: Exchange) -> list[ExecutionReport]:
    """All that the broker knows of the order, in its order."""
    told = [*exchange.reports, *exchange.aliases]
    return sorted(told, key=lambda each: each.transact_time)


def check(found: Order) -> None:
    """What holds after every single report."""
    if found.status.is_open:
        assert found.cum_qty + found.leaves_qty == found.order_qty
    assert found.cum_qty == sum((quantity for quantity, _ in found.fills.values()), D(0))
    assert found.cum_qty >= 0


def tell(found: Order, exchange: Exchange, chance: Random) -> int:
    """Tells an order everything its broker did; how many reports that took."""
    come = telling(exchange, chance)
    before = found.version
    for report in come:
        booked = found.take(report, at=report.transact_time)
        assert (found.version > before) is (booked is not Booked.REPEATED)
        before = found.version
        check(found)
    if found.is_incomplete:
        # It says so, and asks for the broker's history.
        come = history(exchange)
        for report in come:
            found.take(report, at=report.transact_time)
    settled(found, exchange)
    version = found.version
    for report in come:
        assert found.take(report, at=report.transact_time) is Booked.REPEATED
    assert found.version == version, "all of it told again says nothing new"
    return 2 * len(come)


def settled(found: Order, exchange: Exchange) -> None:
    """In the end it stands here as it stands at the broker."""
    ours = sorted(found.fills.values())
    theirs = sorted((D(quantity), D(px)) for quantity, px in exchange.fills.values())
    assert ours == theirs, "every fill is booked once, with the broker's figures"
    assert found.order_qty == exchange.quantity
    assert found.missing == 0
    assert found.status is exchange.status
    events = told_by(found)
    assert state_of(replayed(events)) == state_of(found)
    assert booked_by(events) == sum((q * px for q, px in theirs), D(0))


def booked_by(events: Sequence[Event]) -> Decimal:
    """The value of the standing fills, from the events alone."""
    value = D(0)
    for event in events:
        match event:
            case OrderFilled():
                value += event.last_qty * event.last_px
            case OrderTradeCorrected():
                value += event.last_qty * event.last_px - event.was_qty * event.was_px
            case OrderTradeCanceled():
                value -= event.was_qty * event.was_px
    return value


class Lived(NamedTuple):
    """How many reports were told, and how much of a position is left by our books and theirs."""

    told: int
    ours: Decimal
    theirs: int


def life(chance: Random) -> Lived:
    """An entry and its exit, as the broker lived them and as they were told."""
    entry = Exchange("in", chance.randint(1, 8), chance)
    entry.live(chance.randint(0, 25))
    bought = order("in", Side.BUY, entry.ordered)
    told = tell(bought, entry, chance)
    if not entry.fills:
        return Lived(told, bought.cum_qty, entry.filled)
    leave = Exchange("out", entry.filled, chance)
    leave.live(chance.randint(0, 15))
    sold = order("out", Side.SELL, entry.filled)
    told += tell(sold, leave, chance)
    return Lived(told, bought.cum_qty - sold.cum_qty, entry.filled - leave.filled)


@pytest.mark.parametrize("seed", range(max(1, REPORTS // PER_SEED // 5)))
def test_the_brokers_books_become_ours(seed: int) -> None:
    chance = Random(seed)
    told = 0
    while told < 5 * PER_SEED:
        lived = life(chance)
        assert lived.ours == lived.theirs
        told += lived.told


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_brokers_books_become_ours_however_it_is_told(chance: Random) -> None:
    lived = life(chance)
    assert lived.ours == lived.theirs


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    randomness, done, lives = Random(2026), 0, 0
    begun = time.perf_counter()
    while done < wanted:
        lived = life(randomness)
        assert lived.ours == lived.theirs
        done += lived.told
        lives += 1
    took = time.perf_counter() - begun
    told = f"{done:,} reports of {lives:,} lives in {took:.1f} s, the broker's model included"
    sys.stdout.write(f"{told}\n")
