"""Assessing risk: what a portfolio comes to, limit by limit, at the quotes of a moment.

What counts against a concentration limit and the buying power is what is at stake (see
`domain.risk_valuation`). A position is never netted against another one. A position without a
usable quote is valued at what it cost and makes the lines that it may hide `complete=False`;
without Greeks it counts zero in them, with the same mark.

Money is exact. Greeks are summed in float64 and rounded half even, contract and share units to
six places, dollars to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from domain.limits import Limits
from domain.risk_events import Finding, LimitKind, Line, LineKey, Scope, State
from domain.risk_exposure import Exposures, sum_greeks
from domain.risk_relief import CUTS_TOLD, Cut, Weight, aim, cuts_for
from domain.risk_valuation import OpenPosition, Priced, Valued, value
from domain.sectors import Sectors
from domain.shared import RATIO_STEP, WIDE, Value, cents

if TYPE_CHECKING:
    from domain.quant.portfolio import Columns, Floats

ZERO = Decimal(0)
SHARE_MAX = Decimal(1_000_000)
"""The part used of a limit of nothing."""
POSITIONS_TOLD = 10
"""How many positions a finding names, those that weigh most."""


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
    valuation = value(portfolio.positions, prices, sectors=sectors, age_s=limits.quote_age_s, at=at)
    positions = valuation.positions
    exposures = sum_greeks(valuation.legs, len(positions))
    book = _Book(portfolio, limits, positions, exposures)
    lines = book.lines(peak_profit)
    weights = _Weights(positions, exposures)
    findings = tuple(map(weights.finding, lines))
    breached = [line for line in lines if line.state is State.BREACH]
    return Assessment(
        account=portfolio.account,
        at=at,
        equity=book.equity,
        at_stake=book.at_stake,
        lines=tuple(lines),
        findings=findings,
        suggestions=tuple(cut for line in breached for cut in weights.cuts(line)),
        exposures=exposures,
        positions=positions,
        unpriced=tuple(Unpriced(symbol, why) for symbol, why in sorted(valuation.missing.items())),
    )


def added_by(
    symbol: str,
    quantity: Decimal,
    prices: Mapping[str, Priced],
    *,
    quote_age_s: int,
    at: datetime,
) -> Mapping[LimitKind, Decimal]:
    """What an order would add to each limit on Greeks, for `domain.risk.why_blocked`; nothing
    where the Greeks of a leg are not known. `symbol` and `quantity` as in `OpenPosition`.
    """
    entry = OpenPosition(position="", symbol=symbol, quantity=quantity, price=ZERO)
    valuation = value((entry,), prices, sectors=Sectors(), age_s=quote_age_s, at=at)
    total = sum_greeks(valuation.legs, 1).total
    if not total.is_complete:
        return {}
    contracts, dollars = total.contracts, total.dollars
    return {
        LimitKind.DELTA: contracts.delta,
        LimitKind.GAMMA: contracts.gamma,
        LimitKind.VEGA: contracts.vega,
        LimitKind.DELTA_USD: dollars.delta,
        LimitKind.GAMMA_USD: dollars.gamma,
        LimitKind.VEGA_USD: dollars.vega,
        LimitKind.THETA_USD: dollars.theta,
    }


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
            *self._concentrations(LimitKind.SYMBOL_SHARE, Scope.SYMBOL, attrgetter("underlying")),
            *self._concentrations(LimitKind.SECTOR_SHARE, Scope.SECTOR, attrgetter("sector")),
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
        for name, one in zip(map(group, self._positions), self._positions, strict=True):
            at_stake[name] += one.at_stake
        unmarked = {group(one) for one in self._positions if not one.is_marked}
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
        self._known: dict[LineKey, Floats] = {}

    @cached_property
    def _columns(self) -> Columns:
        from domain.quant.portfolio import Columns

        return Columns(
            [abs(float(one.position.quantity)) for one in self._positions],
            [abs(float(one.value)) for one in self._positions],
            [
                one.is_marked and (one.value > 0 or one.position.quantity < 0)
                for one in self._positions
            ],
        )

    @cached_property
    def _at_stake(self) -> Floats:
        from domain.quant.portfolio import floats

        return floats([one.at_stake for one in self._positions])

    def cuts(self, line: Line) -> list[Cut]:
        """The cuts that end a breach; none where no cut would."""
        if line.limit in (LimitKind.DAILY_TRADES, LimitKind.DRAWDOWN) or not self._positions:
            return []
        weights = self._of(line)
        excess = float(line.used - aim(line))
        places = self._columns.shortlist(weights, excess, CUTS_TOLD)
        return cuts_for(line, [self._weight(at, float(weights[at])) for at in places])

    def finding(self, line: Line) -> Finding:
        """The line with the positions that weigh most in it, and their quotes."""
        if line.state is State.OK or line.limit is LimitKind.DAILY_TRADES or not self._positions:
            return Finding(line=line)
        places = self._columns.heaviest(self._of(line), POSITIONS_TOLD)
        found = [self._positions[at] for at in places]
        quotes = {quote.symbol: quote for one in found for quote in one.quotes}
        return Finding(
            line=line,
            positions=tuple(one.position.position for one in found),
            quotes=tuple(quotes.values()),
        )

    def _weight(self, at: int, weight: float) -> Weight:
        one = self._positions[at]
        held = abs(one.position.quantity)
        return Weight(
            position=one.position.position,
            symbol=one.position.symbol,
            held=held,
            relief=Decimal(f"{weight:.6f}") / held,
            turnover=abs(one.value) / held,
        )

    def _of(self, line: Line) -> Floats:
        """What each position adds to the line's figure; worked out once."""
        if line.key not in self._known:
            self._known[line.key] = self._added(line)
        return self._known[line.key]

    def _added(self, line: Line) -> Floats:
        from domain.quant.portfolio import floats

        if line.limit.has_sides:
            return self._exposures.by_position(line.limit) * (1 if line.figure >= 0 else -1)
        if line.limit is LimitKind.DRAWDOWN:
            return floats([one.cost - one.value for one in self._positions])
        if line.limit is LimitKind.OPEN_POSITIONS:
            return floats([1] * len(self._positions))
        if line.scope is Scope.SYMBOL:
            return self._at_stake * [one.underlying == line.subject for one in self._positions]
        if line.scope is Scope.SECTOR:
            return self._at_stake * [one.sector == line.subject for one in self._positions]
        return self._at_stake


def _share(used: Decimal, allowed: Decimal) -> Decimal:
    if allowed <= 0:
        return SHARE_MAX if used > 0 else ZERO
    return min((used / allowed).quantize(RATIO_STEP, context=WIDE), SHARE_MAX)
