"""Limits: what an account may do, configured by an admin and recorded as events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import (
    Created,
    Event,
    InvalidInput,
    Value,
    require_nonnegative,
    require_positive,
    stream_id,
)


def limits_stream(account: str) -> UUID:
    """The stream of the limits of an account."""
    return stream_id("limits", account)


class Limits(Value, frozen=True, kw_only=True):
    """What an account may do. Shares are parts of equity (0.10 = 10 %), money is USD, Greeks
    are in contract units: Greek of one share x contracts, without the multiplier.
    """

    trade_share: Decimal = Decimal("0.10")
    """The most of the equity that one trade may put at risk."""
    drift: Decimal = Decimal("0.10")
    """How far the market may have moved against us from the price that was approved."""
    daily_trades: int = 20
    open_positions: int = 50
    blocked_symbols: tuple[str, ...] = ()
    blocked_sectors: tuple[str, ...] = ()
    quote_age_s: int = 300
    """An older quote is stale: nothing is decided by it."""
    through_ticks: int = 1
    """How many ticks a limit price goes through the far side of the quote."""
    short_allowed: bool = True
    regular_hours: bool = True
    """Whether stocks and options are ordered in the exchange's regular session only."""
    pattern_equity: Decimal | None = Decimal(25_000)
    """Below this equity no fourth day trade in five sessions is begun; None where the rule of
    pattern day trading does not hold.
    """
    delta: Decimal = Decimal(100)
    gamma: Decimal = Decimal(50)
    vega: Decimal = Decimal(500)
    delta_usd: Decimal | None = None
    gamma_usd: Decimal | None = None
    vega_usd: Decimal | None = None
    theta_usd: Decimal | None = None
    symbol_share: Decimal = Decimal("0.25")
    sector_share: Decimal = Decimal("0.75")
    warn_at: Decimal = Decimal("0.90")
    """Which part of a limit is told as a warning."""
    drawdown_halt: Decimal | None = None
    """The loss from the highest equity (0.20 = 20 %) that halts trading; None for never."""

    @staticmethod
    def unit_of(name: str) -> str:
        """What the figure of a limit is counted in; empty for what is no figure."""
        return _UNITS.get(name, "")

    def check(self) -> None:
        """Refuses what cannot be a limit.

        Raises:
            InvalidInput: a share above one, or a figure not above zero; the text names it.
        """
        shares = {
            "trade_share": self.trade_share,
            "symbol_share": self.symbol_share,
            "sector_share": self.sector_share,
            "warn_at": self.warn_at,
            **({} if self.drawdown_halt is None else {"drawdown_halt": self.drawdown_halt}),
        }
        require_positive(**shares, delta=self.delta, gamma=self.gamma, vega=self.vega)
        for name, share in shares.items():
            if share > 1:
                raise InvalidInput(
                    f"the {name.replace('_', ' ')} is a part of one, not {share}: 0.10 is 10 %"
                )
        require_nonnegative(drift=self.drift)
        dollars = (self.delta_usd, self.gamma_usd, self.vega_usd, self.theta_usd)
        require_positive(**{f"dollar_limit_{n}": d for n, d in enumerate(dollars) if d is not None})
        counts = {
            "daily trades": self.daily_trades,
            "open positions": self.open_positions,
            "age of a quote": self.quote_age_s,
        }
        for name, count in counts.items():
            if count < 1:
                raise InvalidInput(f"the {name} cannot be below one, as {count} is")
        if self.through_ticks < 0:
            raise InvalidInput(f"a price goes zero ticks or more through, not {self.through_ticks}")


_UNITS = {
    "trade_share": "of equity",
    "drift": "of the approved price",
    "daily_trades": "trades a day",
    "open_positions": "positions",
    "quote_age_s": "seconds",
    "through_ticks": "ticks",
    "pattern_equity": "USD",
    "delta": "contracts",
    "gamma": "contracts per USD",
    "vega": "contracts x USD per vol point",
    "delta_usd": "USD",
    "gamma_usd": "USD per 1 %",
    "vega_usd": "USD per vol point",
    "theta_usd": "USD per calendar day",
    "symbol_share": "of equity",
    "sector_share": "of equity",
    "warn_at": "of the limit",
    "drawdown_halt": "of the highest equity",
}


class LimitsSet(Created, frozen=True, kw_only=True):
    """An account has limits of its own from now on."""

    TOPIC: ClassVar[str] = "limits.set"

    account: str
    limits: Limits
    by: str


class LimitsChanged(Event, frozen=True, kw_only=True):
    """The limits of an account are others from now on."""

    TOPIC: ClassVar[str] = "limits.changed"

    account: str
    limits: Limits
    by: str

    def apply(self, aggregate: AccountLimits) -> None:
        aggregate.limits = self.limits


class AccountLimits(BaseAggregate[UUID]):
    """The limits of one account."""

    TOPIC: ClassVar[str] = "limits"

    def __init__(self, account: str, limits: Limits, by: str) -> None:  # noqa: ARG002
        self.account = account
        self.limits = limits

    @classmethod
    def set(cls, *, account: str, limits: Limits, by: str, at: datetime) -> AccountLimits:
        """Gives an account its limits.

        Raises:
            InvalidInput: a figure that cannot be one.
        """
        limits.check()
        return cls._create(
            LimitsSet,
            id=limits_stream(account),
            account=account,
            limits=limits,
            by=by,
            timestamp=at,
        )

    def change(self, limits: Limits, *, by: str, at: datetime) -> None:
        """Gives other limits.

        Raises:
            InvalidInput: nothing changes, or a figure cannot be one.
        """
        limits.check()
        if limits == self.limits:
            raise InvalidInput("these are the limits already")
        self.trigger_event(LimitsChanged, account=self.account, limits=limits, by=by, timestamp=at)
