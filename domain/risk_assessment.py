"""Assessing risk: what a portfolio comes to, limit by limit, at the quotes of a moment.

What counts against a concentration limit and the buying power is what is *at stake*: the market
value of what was bought (all that can be lost from here), and the capital at risk of a position
with a short leg (`domain.legs.capital_at_risk` at its present value: the most it can lose at
expiry, or a fifth of the short strikes). A position is never netted against another one.

Market value is what closing would bring: the bid for what is held, the offer for what is owed,
never the mid. A position without a usable quote is valued at what it cost and makes the lines
that it may hide `complete=False`; without Greeks it counts zero in them, with the same mark.

Money is exact. Greeks are summed in float64 and rounded half even, contract and share units to
six places, dollars to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg, capital_at_risk, legs_of, multiplier_of
from domain.limits import Limits
from domain.risk import Finding, LimitKind, Line, QuoteSeen, Scope, State
from domain.risk_exposure import Exposures, LegGreeks, sum_greeks
from domain.risk_relief import Cut, Weight, cuts_for
from domain.sectors import Sectors
from domain.shared import RATIO_STEP, WIDE, Value, cents

ZERO = Decimal(0)
SHARE_MAX = Decimal(1_000_000)
"""The part used of a limit of nothing."""
POSITIONS_TOLD = 10
"""How many positions a finding names, those that weigh most."""


class OpenPosition(Value, frozen=True, kw_only=True):
    """Something that an account holds. `symbol` is its instrument, or its legs as
    `domain.legs.strategy_symbol` writes them; `quantity` is negative when sold; `price` is what
    one unit cost or brought on average, per share.
    """

    position: str
    symbol: str
    quantity: Decimal
    price: Decimal


class Priced(Value, frozen=True, kw_only=True):
    """An instrument at a quote, with its Greeks per share (theta per day, vega per vol point);
    `why` says what is missing of them. `spot` is the price of the underlying.
    """

    quote: QuoteSeen
    spot: float | None = None
    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None
    vega: float | None = None
    why: str = ""


class Portfolio(Value, frozen=True, kw_only=True):
    """An account at a moment. `paid_in` is what it was opened with, plus deposits, less
    withdrawals; `buying_power` as its broker counts it, None where none does.
    """

    account: str
    cash: Decimal
    paid_in: Decimal
    trades_today: int = 0
    buying_power: Decimal | None = None
    positions: tuple[OpenPosition, ...] = ()


class Valued(NamedTuple):
    """A position at its quotes. `value` and `at_stake` in USD, `value` negative when owed."""

    position: OpenPosition
    underlying: str
    sector: str
    value: Decimal
    at_stake: Decimal
    cost: Decimal
    is_marked: bool
    quotes: tuple[QuoteSeen, ...]


class Unpriced(NamedTuple):
    """An instrument of which something is not known, and why."""

    symbol: str
    why: str


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What a portfolio comes to. `lines` has the limit used most first; `suggestions` are the
    cuts that would end each breach, limit by limit, each on its own.
    """

    account: str
    at: datetime
    equity: Decimal
    at_stake: Decimal
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    suggestions: tuple[Cut, ...]
    exposures: Exposures
    positions: tuple[Valued, ...]
    unpriced: tuple[Unpriced, ...]

    @property
    def state(self) -> State:
        """The worst state of any limit."""
        return max((line.state for line in self.lines), key=lambda one: one.rank, default=State.OK)

    def line(
        self, limit: LimitKind, scope: Scope = Scope.PORTFOLIO, subject: str = ""
    ) -> Line | None:
        """One limit's line."""
        key = (limit, scope, subject)
        return next((line for line in self.lines if line.key == key), None)


def assess(
    portfolio: Portfolio,
    limits: Limits,
    prices: Mapping[str, Priced],
    *,
    sectors: Sectors,
    peak_profit: Decimal | None = None,
    at: datetime,
) -> Assessment:
    """Weighs a portfolio against its limits. `prices` are by symbol of a leg; a quote that is
    older than the limits allow counts as none. `peak_profit` is the most that was ever earned.
    """
    fresh = _Fresh(prices, limits.quote_age_s, at)
    positions = tuple(_valued(one, fresh, sectors) for one in portfolio.positions)
    exposures = sum_greeks(list(_legs(positions, fresh)), len(positions))
    book = _Book(portfolio, limits, positions, exposures)
    lines = book.lines(peak_profit)
    weights = _Weights(positions, exposures)
    findings = tuple(
        Finding(line=line) if line.state is State.OK else weights.finding(line) for line in lines
    )
    breached = [line for line in lines if line.state is State.BREACH]
    return Assessment(
        account=portfolio.account,
        at=at,
        equity=book.equity,
        at_stake=book.at_stake,
        lines=tuple(lines),
        findings=findings,
        suggestions=tuple(cut for line in breached for cut in cuts_for(line, weights.of(line))),
        exposures=exposures,
        positions=positions,
        unpriced=tuple(Unpriced(symbol, why) for symbol, why in sorted(fresh.missing.items())),
    )


class _Fresh:
    """The quotes that are young enough, and what was asked for in vain."""

    def __init__(self, prices: Mapping[str, Priced], age_s: int, at: datetime) -> None:
        self._prices = prices
        self._age_s = age_s
        self._at = at
        self._known: dict[str, Priced | None] = {}
        self.missing: dict[str, str] = {}

    def get(self, symbol: str) -> Priced | None:
        if symbol not in self._known:
            self._known[symbol] = self._look(symbol)
        return self._known[symbol]

    def _look(self, symbol: str) -> Priced | None:
        priced = self._prices.get(symbol)
        if priced is None:
            self.missing[symbol] = "no quote"
            return None
        quote = priced.quote
        age_s = (self._at - quote.time).total_seconds()
        if age_s > self._age_s:
            self.missing[symbol] = f"its quote is {age_s:.0f} s old; {self._age_s} s are allowed"
            return None
        if not 0 <= quote.bid <= quote.offer or quote.offer == 0:
            self.missing[symbol] = f"crossed or without an offer: {quote.bid} x {quote.offer}"
            return None
        if priced.delta is None:
            self.missing[symbol] = priced.why or "no Greeks"
        return priced


class _Plan(NamedTuple):
    """What the name of a position says: its legs as held, and what they share."""

    legs: tuple[Leg, ...]
    multiplier: int
    underlying: str
    has_short: bool


@lru_cache(maxsize=65_536)
def _plan(symbol: str, side: Side) -> _Plan:
    """The legs of a position that was bought, or sold: then each is on its other side."""
    legs = legs_of(symbol)
    if side is Side.SELL:
        legs = tuple(msgspec.structs.replace(leg, side=leg.side.opposite) for leg in legs)
    return _Plan(
        legs=legs,
        multiplier=multiplier_of(legs),
        underlying=instrument(legs[0].symbol).underlying,
        has_short=any(leg.side is Side.SELL for leg in legs),
    )


def _plan_of(position: OpenPosition) -> _Plan:
    return _plan(position.symbol, Side.BUY if position.quantity > 0 else Side.SELL)


def _valued(position: OpenPosition, fresh: _Fresh, sectors: Sectors) -> Valued:
    plan = _plan_of(position)
    units = abs(position.quantity) * plan.multiplier
    cost = position.quantity * position.price * plan.multiplier
    found = [fresh.get(leg.symbol) for leg in plan.legs]
    quotes = tuple(one.quote for one in found if one is not None)
    is_marked = len(quotes) == len(plan.legs)
    value = cost
    if is_marked:
        worth = ZERO
        for leg, quote in zip(plan.legs, quotes, strict=True):
            worth += leg.ratio * (quote.bid if leg.side is Side.BUY else -quote.offer)
        value = worth * units
    at_stake = abs(value)
    if plan.has_short and units:
        credit = -value / units
        at_stake = max(at_stake, capital_at_risk(Side.SELL, plan.legs, credit) * units)
    return Valued(
        position, plan.underlying, sectors.of(plan.underlying), cents(value), cents(at_stake),
        cost, is_marked, quotes,
    )  # fmt: skip


def _legs(positions: Sequence[Valued], fresh: _Fresh) -> Iterator[LegGreeks]:
    for place, valued in enumerate(positions):
        plan = _plan_of(valued.position)
        units = abs(float(valued.position.quantity))
        for leg in plan.legs:
            priced = fresh.get(leg.symbol)
            greeks = (None,) * 5 if priced is None else (
                priced.spot, priced.delta, priced.gamma, priced.theta, priced.vega
            )  # fmt: skip
            named = instrument(leg.symbol)
            yield LegGreeks(
                place, named.underlying, valued.sector,
                named.expiry if isinstance(named, Option) else None,
                leg.side.sign * leg.ratio * units, plan.multiplier, *greeks,
            )  # fmt: skip


class _Book:
    """The sums of a portfolio, and the lines that follow from them."""

    def __init__(
        self,
        portfolio: Portfolio,
        limits: Limits,
        positions: Sequence[Valued],
        exposures: Exposures,
    ) -> None:
        self._portfolio = portfolio
        self._limits = limits
        self._positions = positions
        self._total = exposures.total
        self._has_marks = all(one.is_marked for one in positions)
        self.equity = cents(portfolio.cash + sum((one.value for one in positions), ZERO))
        self.at_stake = sum((one.at_stake for one in positions), ZERO)

    def lines(self, peak_profit: Decimal | None) -> list[Line]:
        """Every line, the one used most first."""
        found = [
            *self._greeks(),
            *self._concentrations(LimitKind.SYMBOL_SHARE, Scope.SYMBOL, lambda one: one.underlying),
            *self._concentrations(LimitKind.SECTOR_SHARE, Scope.SECTOR, lambda one: one.sector),
            *self._counts(),
            self._buying_power(),
            *self._drawdown(peak_profit),
        ]
        return sorted(found, key=lambda line: (-line.share, line.key))

    def _line(
        self,
        limit: LimitKind,
        figure: Decimal,
        allowed: Decimal,
        scope: Scope = Scope.PORTFOLIO,
        subject: str = "",
        *,
        complete: bool = True,
    ) -> Line:
        used = abs(figure)
        share = _share(used, allowed)
        if used > allowed or (limit.is_spent and used == allowed):
            state = State.BREACH
        else:
            state = State.WARNING if share >= self._limits.warn_at else State.OK
        return Line(
            limit=limit, scope=scope, subject=subject, figure=figure, used=used,
            allowed=allowed, share=share, state=state, complete=complete,
        )  # fmt: skip

    def _greeks(self) -> Iterator[Line]:
        limits, total = self._limits, self._total
        for kind, figure, allowed in (
            (LimitKind.DELTA, total.contracts.delta, limits.delta),
            (LimitKind.GAMMA, total.contracts.gamma, limits.gamma),
            (LimitKind.VEGA, total.contracts.vega, limits.vega),
            (LimitKind.DELTA_USD, total.dollars.delta, limits.delta_usd),
            (LimitKind.GAMMA_USD, total.dollars.gamma, limits.gamma_usd),
            (LimitKind.VEGA_USD, total.dollars.vega, limits.vega_usd),
            (LimitKind.THETA_USD, total.dollars.theta, limits.theta_usd),
        ):
            if allowed is not None:
                yield self._line(kind, figure, allowed, complete=total.is_complete)

    def _concentrations(
        self, limit: LimitKind, scope: Scope, group: Callable[[Valued], str]
    ) -> Iterator[Line]:
        at_stake: dict[str, Decimal] = defaultdict(Decimal)
        unmarked: set[str] = set()
        for one in self._positions:
            at_stake[group(one)] += one.at_stake
            if not one.is_marked:
                unmarked.add(group(one))
        part = getattr(self._limits, limit.value)
        allowed = cents(part * max(self.equity, ZERO))
        for subject, used in at_stake.items():
            yield self._line(limit, used, allowed, scope, subject, complete=subject not in unmarked)

    def _counts(self) -> Iterator[Line]:
        limits = self._limits
        trades, held = self._portfolio.trades_today, len(self._positions)
        yield self._line(LimitKind.DAILY_TRADES, Decimal(trades), Decimal(limits.daily_trades))
        yield self._line(LimitKind.OPEN_POSITIONS, Decimal(held), Decimal(limits.open_positions))

    def _buying_power(self) -> Line:
        """The broker's word on what is left counts; without one, what is not at stake is left."""
        given = self._portfolio.buying_power
        used = self.at_stake if given is None else max(self.equity - given, ZERO)
        allowed = max(self.equity, ZERO)
        return self._line(LimitKind.BUYING_POWER, used, allowed, complete=self._has_marks)

    def _drawdown(self, peak_profit: Decimal | None) -> Iterator[Line]:
        part = self._limits.drawdown_halt
        if part is None:
            return
        profit = self.equity - self._portfolio.paid_in
        peak = profit if peak_profit is None else max(peak_profit, profit)
        allowed = cents(part * max(self._portfolio.paid_in + peak, ZERO))
        yield self._line(
            LimitKind.DRAWDOWN, cents(peak - profit), allowed, complete=self._has_marks
        )


class _Weights:
    """How much each position weighs in a line, in the line's own direction."""

    def __init__(self, positions: Sequence[Valued], exposures: Exposures) -> None:
        self._positions = positions
        self._exposures = exposures

    def of(self, line: Line) -> list[Weight]:
        """The positions that make the line's figure what it is; none where no cut would help."""
        if line.limit in (LimitKind.DAILY_TRADES, LimitKind.DRAWDOWN):
            return []
        return [
            Weight(
                position=one.position.position,
                symbol=one.position.symbol,
                held=abs(one.position.quantity),
                weight=weight,
                value=abs(one.value),
                can_close=one.is_marked and (one.value > 0 or one.position.quantity < 0),
            )
            for one, weight in self._weighed(line)
        ]

    def finding(self, line: Line) -> Finding:
        """The line with the positions that weigh most in it, and their quotes."""
        found = sorted(self._weighed(line), key=lambda pair: -pair[1])[:POSITIONS_TOLD]
        quotes = {quote.symbol: quote for one, _ in found for quote in one.quotes}
        return Finding(
            line=line,
            positions=tuple(one.position.position for one, _ in found),
            quotes=tuple(quotes.values()),
        )

    def _weighed(self, line: Line) -> list[tuple[Valued, float]]:
        if line.limit.has_sides:
            sign = 1.0 if line.figure >= 0 else -1.0
            return [
                (one, sign * weight)
                for one, weight in zip(
                    self._positions, self._exposures.by_position(line.limit), strict=True
                )
                if sign * weight > 0
            ]
        if line.limit is LimitKind.DAILY_TRADES:
            return []
        if line.limit is LimitKind.DRAWDOWN:
            lost = [(one, float(one.cost - one.value)) for one in self._positions]
            return [pair for pair in lost if pair[1] > 0]
        if line.limit is LimitKind.OPEN_POSITIONS:
            return [(one, 1.0) for one in self._positions]
        return [
            (one, float(one.at_stake))
            for one in self._positions
            if one.at_stake > 0
            and line.subject in ("", one.underlying if line.scope is Scope.SYMBOL else one.sector)
        ]


def _share(used: Decimal, allowed: Decimal) -> Decimal:
    if allowed <= 0:
        return SHARE_MAX if used > 0 else ZERO
    return min((used / allowed).quantize(RATIO_STEP, context=WIDE), SHARE_MAX)
