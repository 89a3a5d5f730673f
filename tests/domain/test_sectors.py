"""Sectors: built in for what is traded most, and as an admin sets them for the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.instruments import instrument
from domain.sectors import (
    BUILT_IN,
    Classified,
    Sector,
    Sectors,
    SectorsChanged,
    SectorsSet,
    SectorTable,
)
from domain.shared import InvalidInput
from tests.domain.told import replayed, state_of, told_by

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
QUARRY = Classified(symbol="QRRY", sector=Sector.MATERIALS)


@pytest.mark.parametrize(
    ("underlying", "sector"),
    [
        ("TSLA", Sector.CONSUMER_DISCRETIONARY),
        ("AAPL", Sector.INFORMATION_TECHNOLOGY),
        ("V", Sector.FINANCIALS),
        ("TGT", Sector.CONSUMER_STAPLES),
        ("BRK.B", Sector.FINANCIALS),
        ("SPX", Sector.BROAD_INDEX),
        ("BTC/USD", Sector.CURRENCIES),
        ("EURUSD", Sector.CURRENCIES),
        ("QRRY", Sector.UNCLASSIFIED),
        ("no instrument at all", Sector.UNCLASSIFIED),
    ],
)
def test_an_underlying_has_a_sector_or_is_unclassified(underlying: str, sector: Sector) -> None:
    assert Sectors().of(underlying) is sector


def test_the_built_in_table_names_underlyings_as_they_are_written_each_once() -> None:
    assert len(BUILT_IN) > 150
    assert {instrument(symbol).underlying for symbol in BUILT_IN} == set(BUILT_IN)
    assert Sector.UNCLASSIFIED not in BUILT_IN.values()


def test_what_an_admin_sets_goes_before_what_is_built_in() -> None:
    table = SectorTable.set([QUARRY], by="ada", at=NOON)
    table.change(
        [Classified(symbol="tsla", sector=Sector.INDUSTRIALS)], by="ada", at=NOON
    )  # fmt: skip
    sectors = Sectors(table.own)
    assert [sectors.of(name) for name in ("QRRY", "TSLA", "AAPL")] == [
        Sector.MATERIALS, Sector.INDUSTRIALS, Sector.INFORMATION_TECHNOLOGY,
    ]  # fmt: skip
    told = told_by(table)
    assert [type(event) for event in told] == [SectorsSet, SectorsChanged]
    assert state_of(replayed(told)) == state_of(table)


def test_an_option_is_classified_by_its_underlying() -> None:
    option = Classified(symbol="QRRY  261218C00050000", sector=Sector.ENERGY)
    assert SectorTable.set([option], by="ada", at=NOON).own == {"QRRY": Sector.ENERGY}


def test_nothing_twice_the_same_and_no_instrument_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no underlying is named"):
        SectorTable.set([], by="ada", at=NOON)
    with pytest.raises(InvalidInput, match="names no instrument"):
        SectorTable.set(
            [Classified(symbol="not one", sector=Sector.ENERGY)], by="ada", at=NOON
        )  # fmt: skip
    table = SectorTable.set([QUARRY], by="ada", at=NOON)
    with pytest.raises(InvalidInput, match="these are their sectors already"):
        table.change([QUARRY], by="ada", at=NOON)
