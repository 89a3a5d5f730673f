"""The watch list: guarded holdings as arrays, and what is remembered of each between two looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from application.brokerage import ChainQuote
from application.guarded import Guarded
from domain.exit_changes import Concern
from domain.fix import Side
from domain.instruments import Instrument, Option, Right, instrument
from domain.legs import expiry_of, multiplier_of
from domain.market import EXCHANGE_ZONE, Quote
from domain.quant.watching import (
    Floats,
    Holdings,
    Instruments,
    Legs,
    Quotes,
    flags,
    floats,
    ints,
    no_greeks,
)

NONE = float("nan")
NEVER = float("inf")
CLOSE = time(16, 0)


class Watched:
    """What is remembered of one holding from look to look."""

    __slots__ = ("best", "cycles_blind", "told", "trailing", "warned")

    def __init__(self, row: Guarded) -> None:
        self.best = row.best
        self.trailing = row.trailing
        self.told = NONE
        self.cycles_blind = 0
        self.warned: dict[Concern, date] = {}


class WatchList:
    """Holdings in the order of `rows`, as arrays, and the instruments to ask for."""

    def __init__(self, rows: Sequence[Guarded], known: Mapping[UUID, Watched]) -> None:
        self.rows = rows
        self.states = [_state(row, known.get(row.plan)) for row in rows]
        self.named = _named(rows)
        self.symbols = list(self.named)
        self.place = {symbol: at for at, symbol in enumerate(self.symbols)}
        self.instruments = self._instruments()
        self.legs = self._legs()
        self.costs = floats(row.held * row.avg_px * multiplier_of(row.legs) for row in rows)
        self.recorded = floats(_or_none(row.best) for row in rows)
        self.expiries = [expiry_of(row.legs) for row in rows]

    @property
    def by_plan(self) -> dict[UUID, Watched]:
        """What is remembered, for the next list."""
        return {row.plan: state for row, state in zip(self.rows, self.states, strict=True)}

    def holdings(self, ages: Mapping[str, int]) -> Holdings:
        """The holdings; `ages` says by account how old a quote may be, in seconds."""
        rows = self.rows
        trailing = [row.trailing for row in rows]
        return Holdings(
            sign=floats(row.side.sign for row in rows),
            units=floats(row.held * multiplier_of(row.legs) for row in rows),
            avg_px=floats(row.avg_px for row in rows),
            max_age_s=floats(ages[row.account] for row in rows),
            stop=floats(_or_none(row.stop) for row in rows),
            target=floats(_nearest_target(row) for row in rows),
            trail_amount=floats(NONE if t is None else _or_none(t.amount) for t in trailing),
            trail_share=floats(NONE if t is None else _or_none(t.share) for t in trailing),
            time_s=floats(_time_stop_s(row) for row in rows),
            limit=floats(_urgent_limit(row) for row in rows),
            is_ending=flags(row.due is not None for row in rows),
            is_due=flags(_is_due(row) for row in rows),
            retry_s=floats(_retry_s(row) for row in rows),
        )

    def quotes(self, found: Sequence[Quote | None], now_s: float) -> Quotes:
        """The quotes of `symbols`, in their order."""
        return Quotes(
            bid=floats(NONE if quote is None else quote.bid for quote in found),
            offer=floats(NONE if quote is None else quote.offer for quote in found),
            age_s=floats(
                NEVER if quote is None else now_s - quote.time.timestamp() for quote in found
            ),
        )

    def listed(self, chain: Mapping[str, ChainQuote]) -> Floats:
        """The Greeks that the market gives: delta, gamma, theta and vega, (4, k)."""
        rows = no_greeks(len(self.symbols))
        for symbol, one in chain.items():
            given = (one.delta, one.gamma, one.theta, one.vega)
            if symbol in self.place and None not in given:
                rows[:, self.place[symbol]] = floats(each for each in given if each is not None)
        return rows

    def best(self) -> Floats:
        """The best price seen of each holding."""
        return floats(_or_none(each.best) for each in self.states)

    def told(self) -> Floats:
        """The P&L that was told last."""
        return floats(each.told for each in self.states)

    def _instruments(self) -> Instruments:
        options = [one if isinstance(one, Option) else None for one in self.named.values()]
        return Instruments(
            strike=floats(NONE if one is None else one.strike for one in options),
            expires_s=floats(NONE if one is None else _expires_s(one) for one in options),
            is_call=flags(one is not None and one.right is Right.CALL for one in options),
            is_american=flags(one is not None and not one.is_european for one in options),
            spot=ints(-1 if one is None else self.place[one.underlying] for one in options),
        )

    def _legs(self) -> Legs:
        legs = [(at, row.side, leg) for at, row in enumerate(self.rows) for leg in row.legs]
        return Legs(
            holding=ints(at for at, _, _ in legs),
            instrument=ints(self.place[leg.symbol] for _, _, leg in legs),
            is_bought=flags(leg.side is Side.BUY for _, _, leg in legs),
            is_own_side=flags(leg.side is side for _, side, leg in legs),
            ratio=floats(leg.ratio for _, _, leg in legs),
        )


def _state(row: Guarded, known: Watched | None) -> Watched:
    """What is remembered; another trailing stop follows the price from where it is now."""
    if known is None:
        return Watched(row)
    if known.trailing != row.trailing:
        known.best, known.trailing = row.best, row.trailing
    return known


def _named(rows: Sequence[Guarded]) -> dict[str, Instrument]:
    """The instruments of all legs, and the underlyings of options, by symbol."""
    traded = sorted({leg.symbol for row in rows for leg in row.legs})
    named = {symbol: instrument(symbol) for symbol in traded}
    spots = {one.underlying for one in named.values() if isinstance(one, Option)}
    return named | {symbol: instrument(symbol) for symbol in sorted(spots - named.keys())}


def _or_none(value: Decimal | None) -> float:
    return NONE if value is None else float(value)


def _nearest_target(row: Guarded) -> float:
    return min((float(t) * row.side.sign for t in row.targets), default=NONE) * row.side.sign


def _urgent_limit(row: Guarded) -> float:
    """The limit of the closing order that has to trade; NaN if none does."""
    limits = [
        float(each.limit_px)
        for each in row.working.values()
        if each.limit_px is not None and each.reason.must_trade
    ]
    return limits[0] if limits else NONE


def _is_due(row: Guarded) -> bool:
    """Whether something fired that no order works for."""
    if row.due is not None:
        ending = sum(each.left for each in row.working.values() if each.reason.must_trade)
        return row.held > ending
    return row.owed > 0


def _retry_s(row: Guarded) -> float:
    return 0.0 if row.retry_at is None else row.retry_at.timestamp()


def _expires_s(option: Option) -> float:
    return datetime.combine(option.expiry, CLOSE, EXCHANGE_ZONE).astimezone(UTC).timestamp()


def _time_stop_s(row: Guarded) -> float:
    """When the time stop comes: its moment, or the exchange day so long before expiry."""
    stop = row.time_stop
    if stop is None:
        return NEVER
    moments = [] if stop.at is None else [stop.at.timestamp()]
    expiry = expiry_of(row.legs)
    if stop.days_left is not None and expiry is not None:
        day = expiry - timedelta(days=stop.days_left)
        moments.append(datetime.combine(day, time(0), EXCHANGE_ZONE).timestamp())
    return min(moments, default=NEVER)
