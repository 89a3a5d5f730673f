"""Events of an account's risk, and the words in which limits are told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.shared import Created, Event, Value, stream_id

if TYPE_CHECKING:
    from domain.risk import AccountRisk

EASING = Decimal("0.02")
"""Two points: what was warned of at 90 % of a limit is cleared below 88 %."""


def risk_stream(account: str) -> UUID:
    """The stream of the risk of an account."""
    return stream_id("risk", account)


class Scope(StrEnum):
    """What a limit is about."""

    PORTFOLIO = "portfolio"
    SYMBOL = "symbol"
    SECTOR = "sector"


class State(StrEnum):
    """How a figure stands to its limit."""

    OK = "ok"
    WARNING = "warning"
    BREACH = "breach"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {State.OK: 0, State.WARNING: 1, State.BREACH: 2}


class LimitKind(StrEnum):
    """The limits of an account, by the names under which they are set and told."""

    DELTA = "delta"
    GAMMA = "gamma"
    VEGA = "vega"
    DELTA_USD = "delta_usd"
    GAMMA_USD = "gamma_usd"
    VEGA_USD = "vega_usd"
    THETA_USD = "theta_usd"
    SYMBOL_SHARE = "symbol_share"
    SECTOR_SHARE = "sector_share"
    DAILY_TRADES = "daily_trades"
    OPEN_POSITIONS = "open_positions"
    BUYING_POWER = "buying_power"
    DRAWDOWN = "drawdown"

    @property
    def unit(self) -> str:
        """What its figures are counted in."""
        return _UNITS[self]

    @property
    def has_sides(self) -> bool:
        """Whether the figure has a sign, so that some trades lower what others raise."""
        return self in _SIDED

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left at the limit itself: the twentieth of twenty trades is the
        last, while a delta of exactly its limit is still within it.
        """
        return self in _SPENT

    @property
    def is_count(self) -> bool:
        """Whether it is counted in whole things, which no price moves to and fro."""
        return self in (LimitKind.DAILY_TRADES, LimitKind.OPEN_POSITIONS)


_UNITS = {
    LimitKind.DELTA: "contracts",
    LimitKind.GAMMA: "contracts per USD",
    LimitKind.VEGA: "contracts x USD per vol point",
    LimitKind.DELTA_USD: "USD",
    LimitKind.GAMMA_USD: "USD per 1 %",
    LimitKind.VEGA_USD: "USD per vol point",
    LimitKind.THETA_USD: "USD per calendar day",
    LimitKind.SYMBOL_SHARE: "USD",
    LimitKind.SECTOR_SHARE: "USD",
    LimitKind.DAILY_TRADES: "trades",
    LimitKind.OPEN_POSITIONS: "positions",
    LimitKind.BUYING_POWER: "USD",
    LimitKind.DRAWDOWN: "USD",
}
_SIDED = frozenset(
    {LimitKind.DELTA, LimitKind.GAMMA, LimitKind.VEGA, LimitKind.DELTA_USD, LimitKind.GAMMA_USD,
     LimitKind.VEGA_USD, LimitKind.THETA_USD}
)  # fmt: skip
_SPENT = frozenset(
    {LimitKind.DAILY_TRADES, LimitKind.OPEN_POSITIONS, LimitKind.BUYING_POWER, LimitKind.DRAWDOWN}
)


class Line(Value, frozen=True, kw_only=True):
    """One limit and how far it is used. `figure` has its sign, `used` is its size; `share` is
    used / allowed. `subject` is the symbol or sector, "" for the whole portfolio.

    `complete` is false when a position without a usable quote may hide some of the figure.
    """

    limit: LimitKind
    scope: Scope = Scope.PORTFOLIO
    subject: str = ""
    figure: Decimal
    used: Decimal
    allowed: Decimal
    share: Decimal
    state: State
    complete: bool = True

    @property
    def key(self) -> LineKey:
        return (self.limit, self.scope, self.subject)

    def __str__(self) -> str:
        of = f" of {self.subject}" if self.subject else ""
        name = self.limit.value.replace("_", " ")
        return f"{name}{of}: {self.used:f} of {self.allowed:f} {self.limit.unit} allowed"


LineKey = tuple[LimitKind, Scope, str]


class QuoteSeen(Value, frozen=True, kw_only=True, gc=False):
    """A quote that a figure rests on. Prices in USD per share."""

    symbol: str
    bid: Decimal
    offer: Decimal
    time: datetime
    source: str


class Finding(Value, frozen=True, kw_only=True):
    """A line with what it rests on: the positions that weigh most in it, and their quotes."""

    line: Line
    positions: tuple[str, ...] = ()
    quotes: tuple[QuoteSeen, ...] = ()


class HaltCause(StrEnum):
    """Who or what stopped trading."""

    ADMIN = "admin"
    DRAWDOWN = "drawdown"


class RiskWatched(Created, frozen=True, kw_only=True):
    """The risk of an account is watched from now on."""

    TOPIC: ClassVar[str] = "risk.watched"

    account: str


class RiskWarned(Event, frozen=True, kw_only=True):
    """A limit is nearly used up, or no longer passed but still near."""

    TOPIC: ClassVar[str] = "risk.warned"

    account: str
    was: State
    finding: Finding

    def apply(self, aggregate: AccountRisk) -> None:
        aggregate.lines = {**aggregate.lines, self.finding.line.key: self.finding.line}


class RiskBreached(Event, frozen=True, kw_only=True):
    """A limit is passed: what would raise the figure is not opened until it is cleared."""

    TOPIC: ClassVar[str] = "risk.breached"

    account: str
    was: State
    finding: Finding

    def apply(self, aggregate: AccountRisk) -> None:
        aggregate.lines = {**aggregate.lines, self.finding.line.key: self.finding.line}


class RiskCleared(Event, frozen=True, kw_only=True):
    """A figure is well below its limit again, or what it was about is closed."""

    TOPIC: ClassVar[str] = "risk.cleared"

    account: str
    was: State
    line: Line

    def apply(self, aggregate: AccountRisk) -> None:
        kept = {key: line for key, line in aggregate.lines.items() if key != self.line.key}
        aggregate.lines = kept


class RiskPeakRecorded(Event, frozen=True, kw_only=True):
    """The account has earned more than ever since it is watched or trading was resumed.

    What is lost from here counts towards the drawdown. `profit` is equity without what was
    paid in.
    """

    TOPIC: ClassVar[str] = "risk.peak_recorded"

    account: str
    profit: Decimal
    equity: Decimal

    def apply(self, aggregate: AccountRisk) -> None:
        aggregate.peak_profit = self.profit


class TradingHalted(Event, frozen=True, kw_only=True):
    """An account opens nothing any more; orders that would are asked back, exits go on."""

    TOPIC: ClassVar[str] = "trading.halted"

    account: str
    cause: HaltCause
    reason: str
    by: str
    line: Line | None = None

    def apply(self, aggregate: AccountRisk) -> None:
        aggregate.halted = self.reason


class TradingResumed(Event, frozen=True, kw_only=True):
    """An admin lets the account open positions again; the drawdown counts from here anew."""

    TOPIC: ClassVar[str] = "trading.resumed"

    account: str
    reason: str
    by: str

    def apply(self, aggregate: AccountRisk) -> None:
        aggregate.halted = ""
        aggregate.peak_profit = None
