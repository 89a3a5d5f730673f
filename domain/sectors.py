"""Sectors: which sector an underlying belongs to, so that risk is not all in one of them.

The names are those of GICS (Global Industry Classification Standard, S&P Dow Jones Indices and
MSCI, in the structure that holds since 17 March 2023), with two of our own beside them: broad
indices and their funds, and currencies with crypto. What nobody has classified is
"unclassified" and counts as one sector: not knowing is no diversification.

`BUILT_IN` covers about 250 of the most traded US names. It was put together by hand in November
2026 after the sectors in public lists of the S&P 500, with the moves of March 2023 (payment
companies to financials, discount stores to consumer staples, payroll services to industrials);
names outside that index are classified by their main business, funds of one sector or commodity
by what they hold. It is no licensed data: what an admin sets goes before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.instruments import CryptoPair, FxPair, instrument
from domain.shared import Created, Event, InvalidInput, Value, stream_id

SECTORS_STREAM = stream_id("sectors")


class Sector(StrEnum):
    """What an underlying's company does."""

    ENERGY = "energy"
    MATERIALS = "materials"
    INDUSTRIALS = "industrials"
    CONSUMER_DISCRETIONARY = "consumer discretionary"
    CONSUMER_STAPLES = "consumer staples"
    HEALTH_CARE = "health care"
    FINANCIALS = "financials"
    INFORMATION_TECHNOLOGY = "information technology"
    COMMUNICATION_SERVICES = "communication services"
    UTILITIES = "utilities"
    REAL_ESTATE = "real estate"
    BROAD_INDEX = "broad index"
    CURRENCIES = "currencies"
    UNCLASSIFIED = "unclassified"


_BUILT_IN = {
    Sector.ENERGY: "XOM CVX COP OXY SLB HAL EOG MPC PSX VLO DVN FANG KMI WMB BKR XLE USO",
    Sector.MATERIALS: "LIN FCX NEM NUE ALB DOW CLF AA B MP XLB GLD SLV GDX",
    Sector.INDUSTRIALS: "BA CAT GE DE UPS FDX HON LMT RTX NOC UNP DAL UAL AAL LUV UBER PLUG XLI "
    "ADP PAYX",
    Sector.CONSUMER_DISCRETIONARY: "AMZN TSLA HD MCD NKE SBUX LOW TJX BKNG CMG ABNB F GM RIVN "
    "LCID NIO BABA PDD JD DKNG CCL RCL NCLH LVS MGM WYNN GME CVNA CHWY ETSY EBAY LULU XLY",
    Sector.CONSUMER_STAPLES: "WMT COST PG KO PEP PM MO TGT DG DLTR KR CL MDLZ XLP",
    Sector.HEALTH_CARE: "LLY UNH JNJ PFE MRK ABBV MRNA BMY AMGN GILD TMO ABT CVS ISRG VRTX XLV XBI",
    Sector.FINANCIALS: "JPM BAC WFC C GS MS SCHW BLK AXP V MA PYPL BRK.B COIN HOOD SOFI AFRM "
    "UPST XYZ FIS GPN XLF KRE",
    Sector.INFORMATION_TECHNOLOGY: "AAPL MSFT NVDA AVGO AMD INTC MU QCOM TXN AMAT LRCX KLAC ADI "
    "MRVL ARM ASML TSM SMCI DELL HPQ IBM ORCL CRM ADBE NOW INTU CSCO ANET PANW CRWD FTNT NET "
    "ZS DDOG SNOW PLTR SHOP MSTR MARA RIOT IONQ AI U SMH SOXL SOXX XLK",
    Sector.COMMUNICATION_SERVICES: "GOOGL GOOG META NFLX DIS CMCSA T VZ TMUS SNAP PINS ROKU SPOT "
    "RBLX EA TTWO WBD RDDT DJT AMC XLC",
    Sector.UTILITIES: "NEE DUK SO CEG VST NRG AEP D XLU",
    Sector.REAL_ESTATE: "AMT PLD EQIX O SPG CCI DLR OPEN XLRE",
    Sector.BROAD_INDEX: "SPX XSP NDX XND RUT MRUT VIX DJX OEX XEO SPY QQQ IWM DIA VOO VTI TQQQ "
    "SQQQ UPRO SPXU UVXY VXX EEM EFA FXI",
}

BUILT_IN: Mapping[str, Sector] = MappingProxyType(
    {symbol: sector for sector, symbols in _BUILT_IN.items() for symbol in symbols.split()}
)


class Classified(Value, frozen=True, kw_only=True):
    """An underlying and its sector."""

    symbol: str
    sector: Sector


class SectorsSet(Created, frozen=True, kw_only=True):
    """An admin classified underlyings for the first time; this goes before what is built in."""

    TOPIC: ClassVar[str] = "sectors.set"

    classified: tuple[Classified, ...]
    by: str


class SectorsChanged(Event, frozen=True, kw_only=True):
    """An admin classified more underlyings, or others than before."""

    TOPIC: ClassVar[str] = "sectors.changed"

    classified: tuple[Classified, ...]
    by: str

    def apply(self, aggregate: SectorTable) -> None:
        aggregate.own = {**aggregate.own, **_by_symbol(self.classified)}


class SectorTable(BaseAggregate[UUID]):
    """What the community's admins classified; `own` is sector by underlying."""

    TOPIC: ClassVar[str] = "sectors"

    def __init__(self, classified: tuple[Classified, ...], by: str) -> None:  # noqa: ARG002
        self.own: Mapping[str, Sector] = _by_symbol(classified)

    @classmethod
    def set(cls, classified: Iterable[Classified], *, by: str, at: datetime) -> SectorTable:
        """Classifies the first underlyings.

        Raises:
            InvalidInput: nothing is classified, or a symbol names no instrument.
        """
        given = _checked(classified)
        return cls._create(
            SectorsSet, id=SECTORS_STREAM, classified=given, by=by, timestamp=at
        )  # fmt: skip

    def change(self, classified: Iterable[Classified], *, by: str, at: datetime) -> None:
        """Classifies others; the rest stays as it is.

        Raises:
            InvalidInput: nothing changes, or a symbol names no instrument.
        """
        given = _checked(classified)
        if all(self.own.get(one.symbol) is one.sector for one in given):
            raise InvalidInput("these are their sectors already")
        self.trigger_event(SectorsChanged, classified=given, by=by, timestamp=at)


class Sectors:
    """Says the sector of an underlying: as an admin set it, else as it is built in."""

    def __init__(self, own: Mapping[str, Sector] | None = None) -> None:
        self._own = own or {}

    def of(self, underlying: str) -> Sector:
        """The sector; "unclassified" where nobody said one."""
        found = self._own.get(underlying)
        return _built_in(underlying) if found is None else found


@lru_cache(maxsize=65_536)
def _built_in(underlying: str) -> Sector:
    found = BUILT_IN.get(underlying)
    if found is not None:
        return found
    try:
        named = instrument(underlying)
    except InvalidInput:
        return Sector.UNCLASSIFIED
    is_currency = isinstance(named, CryptoPair | FxPair)
    return Sector.CURRENCIES if is_currency else Sector.UNCLASSIFIED


def _by_symbol(classified: Iterable[Classified]) -> dict[str, Sector]:
    return {one.symbol: one.sector for one in classified}


def _checked(classified: Iterable[Classified]) -> tuple[Classified, ...]:
    """The same with each symbol as its underlying is written; the last word on one counts."""
    given = {instrument(one.symbol).underlying: one.sector for one in classified}
    if not given:
        raise InvalidInput("no underlying is named")
    return tuple(Classified(symbol=symbol, sector=sector) for symbol, sector in given.items())
