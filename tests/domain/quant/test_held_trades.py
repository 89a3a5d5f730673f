"""Trades as columns: unpacked in the order of their closing, and what follows from them."""

from __future__ import annotations

import struct
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pytest

from domain.quant.held_trades import EPOCH, Held, Packed, unpacked
from domain.shared import InvalidInput

FOREVER = 2**63 - 1


class Told(NamedTuple):
    """A trade as it is told here: opened and closed in days since 2000, None while open."""

    number: int
    opened: int
    closed: int | None
    pnl: float = 100.0
    ratio: float = 0.5
    average_entry: float = 2.0
    sign: int = 1
    simple: bool = True


def packed(*trades: Told) -> Packed:
    day = 86_400_000_000
    moments = [FOREVER if one.closed is None else one.closed * day for one in trades]
    days = [2**31 - 1 if one.closed is None else one.closed for one in trades]
    return Packed(
        b"".join(one.number.to_bytes(16, "big") for one in trades),
        struct.pack(f">{len(trades)}q", *(one.opened * day for one in trades)),
        struct.pack(f">{len(trades)}q", *moments),
        struct.pack(f">{len(trades)}i", *(one.opened for one in trades)),
        struct.pack(f">{len(trades)}i", *days),
        *(
            struct.pack(f">{len(trades)}d", *column)
            for column in (
                [one.pnl for one in trades],
                [one.ratio for one in trades],
                [200.0 for _ in trades],
                [one.average_entry for one in trades],
                [one.sign for one in trades],
                [float(one.simple) for one in trades],
            )
        ),
    )


def held(*trades: Told) -> Held:
    return unpacked(packed(*trades))


def name(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_trades_come_in_the_order_in_which_they_closed_open_ones_last() -> None:
    found = held(Told(1, 0, None), Told(2, 3, 9), Told(3, 1, 5), Told(2**100, 0, 5))

    assert found.names == [name(3), name(2**100), name(2), name(1)]
    assert found.begun == EPOCH
    assert held().begun is None


def test_a_window_has_what_was_closed_after_its_beginning_and_up_to_its_end() -> None:
    found = held(Told(1, 0, 5), Told(2, 0, 6), Told(3, 0, 7), Told(4, 0, None))
    chosen = found.between(EPOCH + timedelta(days=5), EPOCH + timedelta(days=7))

    assert chosen.names == [name(2), name(3)]
    assert chosen.hours.tolist() == [144.0, 168.0]
    assert chosen.wins == 2


def test_a_day_is_active_from_an_entry_to_the_exit_s_day() -> None:
    days = [date(2000, 1, 1) + timedelta(days=number) for number in (0, 2, 4, 6, 8)]

    assert held(Told(1, 1, 4), Told(2, 2, 2)).active(days).tolist() == [0, 1, 1, 0, 0]
    assert held(Told(1, 5, None)).active(days).tolist() == [0, 0, 0, 1, 1]
    assert held(Told(1, 9, None)).active(days).tolist() == [0, 0, 0, 0, 0]
    assert held().active([]).tolist() == []


def test_a_stop_risks_the_way_to_it_if_it_can_be_one() -> None:
    bought = held(Told(1, 0, 1), Told(2, 0, 2), Told(3, 0, 3), Told(4, 0, 4, average_entry=0.0))
    stops = {name(1): 1.5, name(2): 240.0, name(4): 1.0}

    # A quarter of the 200 USD paid; the second stop would fire at once.
    assert bought.risked(stops).tolist() == [50.0, 0.0, 0.0, 0.0]
    sold = held(Told(1, 0, 1, sign=-1), Told(2, 0, 2, sign=-1))
    # The second lies beyond the 200 USD tied up: it was meant for the underlying.
    assert sold.risked({name(1): 3.0, name(2): 240.0}).tolist() == [100.0, 0.0]


def test_one_purchase_and_one_sale_are_two_flows() -> None:
    days, flows = held(Told(1, 3, 8), Told(2, 4, 9, simple=False)).flows()

    assert (days.tolist(), flows.tolist()) == ([3.0, 8.0], [-200.0, 300.0])


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="of one length"):
        unpacked(packed(Told(1, 0, 1))._replace(pnl=b""))


def test_moments_are_kept_to_the_microsecond() -> None:
    at = datetime(2026, 11, 20, 15, 30, 0, 1, tzinfo=EPOCH.tzinfo)
    found = held(Told(1, 0, 1))
    moved = found._replace(closed=np.array([(at - EPOCH) // timedelta(microseconds=1)]))

    assert moved.between(at - timedelta(microseconds=1), at).names == [name(1)]
    assert moved.between(at, at).names == []
