"""Volatility: what options expect of an underlying, and how dear they are by their own past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib import import_module

import strawberry

from domain.shared import InvalidInput
from interfaces.graphql.kinds import AsOf, Definition, Info, figure, kind, resolved, shown
from interfaces.graphql.reading import asking_of
from projections.books import Books
from projections.exposure import Exposure as Greeks
from projections.volatility import (
    REACH,
    VolatilityLine,
    held_underlyings,
    newest_day,
    volatility,
)

# A server loads the numbers when it starts, not while somebody waits for figures.
import_module("domain.quant.volatility_ranks")

NAMES_MAX = 50

_MEANING = (
    "At the money over 30 calendar days, per year: implied volatilities at the last marks of the "
    "exchange day, on the spot between the strikes next to it (or of the nearest strike within "
    "5 %), between expiries straight in total variance. Expected move: one standard deviation, "
    "spot x vol x sqrt(30 / 365). Rank: (now - lowest) / (highest - lowest) of the last 252 "
    "sessions that have a volatility; percentile: the share of the earlier ones below now. Fewer "
    "than 20 make neither."
)


@kind
class ExpiryMove:
    """What the options of one expiry expect."""

    expiry: date
    days: float = figure("Calendar days from the mark to the close on the expiry day.")
    vol: float = figure("At the money, per year.")
    expected_move_usd: float = figure("USD per share: one standard deviation to either side.")


@kind
class Volatility:
    """An underlying's volatility on a day; null where `why` says what is missing."""

    underlying: str
    day: date
    spot: float | None = figure("USD per share.")
    vol: float | None = figure("At the money over 30 days, per year.")
    expected_move_usd: float | None = figure("USD per share in 30 days: one standard deviation.")
    iv_rank: float | None = figure("0 to 1: 1 is the highest of the last 252 sessions.")
    iv_percentile: float | None = figure("0 to 1: the share of earlier sessions that were lower.")
    days: int = figure("Sessions of the last 252 that have a volatility.")
    lowest: float | None
    highest: float | None
    expiries: list[ExpiryMove]
    why: str = figure("What is missing; empty when nothing is.")


@kind
class Volatilities:
    """Volatility of underlyings on a day."""

    day: date | None = figure("Null when nothing was ever marked.")
    found: strawberry.Private[Sequence[VolatilityLine]]

    @resolved("The underlyings by name.")
    def lines(self) -> list[Volatility]:
        return [
            shown(Volatility, line, expiries=[shown(ExpiryMove, each) for each in line.expiries])
            for line in self.found
        ]

    @resolved("What the figures mean, and of how many underlyings.")
    def definition(self) -> Definition:
        return Definition(meaning=_MEANING, n=len(self.found), period=f"252 sessions to {self.day}")


@strawberry.type
class VolatilityQueries:
    """What can be asked about volatility."""

    @resolved("Expected move, IV rank and percentile; without names of what is open.")
    def volatility(
        self,
        info: Info,
        underlyings: list[str] | None = None,
        day: date | None = None,
        as_of: AsOf = None,
    ) -> Volatilities:
        if underlyings is not None and len(underlyings) > NAMES_MAX:
            raise InvalidInput(f"{NAMES_MAX} underlyings at once at most, not {len(underlyings)}")
        asking = asking_of(info)
        database = asking.reading.of(Greeks, Books, as_of=as_of)
        on = day or newest_day(database, as_of=as_of)
        if on is None:
            return Volatilities(day=None, found=())
        names = underlyings or held_underlyings(database, as_of=as_of)[:NAMES_MAX]
        sessions = asking.house.calendar.session_dates(on - REACH, on)
        return Volatilities(day=on, found=volatility(database, names, sessions, on, as_of=as_of))
