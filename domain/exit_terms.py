"""The terms of an exit: levels, what they fire by, and how much they take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import NamedTuple

from domain.fix import OrdType, Side
from domain.instruments import Option, instrument
from domain.legs import Leg
from domain.shared import InvalidInput, Value, price, require_positive
from domain.ticks import through, tick_of

ZERO = Decimal(0)


class ExitReason(StrEnum):
    """Why something is sold, or bought back."""

    STOP = "stop"
    TARGET = "target"
    TRAILING = "trailing"
    TIME = "time"
    TRADER = "trader"
    """The trader called the exit."""
    CLOSE_ALL = "close_all"
    BY_HAND = "by_hand"
    """A person's own closing order: it takes its part of what is guarded."""

    @property
    def takes_all(self) -> bool:
        """Whether it ends the trade, whatever else rests."""
        return self in _WHOLE

    @property
    def must_trade(self) -> bool:
        """Whether its order follows the market until nothing is left, rather than rest."""
        return self in _WHOLE or self is ExitReason.TRADER


_WHOLE = frozenset(
    {ExitReason.STOP, ExitReason.TRAILING, ExitReason.TIME, ExitReason.CLOSE_ALL}
)  # fmt: skip
BY_LEVEL = frozenset({ExitReason.STOP, ExitReason.TRAILING, ExitReason.TIME})
"""What a level fires: other levels take it back."""


class Target(Value, frozen=True, kw_only=True):
    """A price at which some is closed: `quantity` of it, or an equal part where None."""

    price: Decimal
    quantity: Decimal | None = None


class Trailing(Value, frozen=True, kw_only=True):
    """A stop that follows the best price seen at a distance: of `amount` USD per share, or of
    `share` of that price (0.20 = 20 %).
    """

    amount: Decimal | None = None
    share: Decimal | None = None

    def distance(self, best: Decimal) -> Decimal:
        """How far behind the best price it stands."""
        return self.amount if self.amount is not None else best * (self.share or ZERO)


class TimeStop(Value, frozen=True, kw_only=True):
    """When it is closed whatever its price: `days_left` calendar days before expiry (0: on the
    day itself), or `at` a moment; the earlier of the two.
    """

    days_left: int | None = None
    at: datetime | None = None


class Levels(Value, frozen=True, kw_only=True):
    """By what a holding is guarded, in the trade's own terms: USD per share of one unit."""

    stop: Decimal | None = None
    targets: tuple[Target, ...] = ()
    trailing: Trailing | None = None
    time_stop: TimeStop | None = None

    def check(self, side: Side) -> None:
        """Refuses what cannot guard a holding of that side.

        Raises:
            InvalidInput: a figure not above zero, a stop beyond a target, or a trailing or time
                stop that says both of its forms or none; the text says which.
        """
        if self.stop is not None:
            require_positive(stop=self.stop)
        for target in self.targets:
            require_positive(target=target.price)
            if target.quantity is not None:
                require_positive(quantity_of_a_target=target.quantity)
        if self.stop is not None:
            for target in self.targets:
                if (target.price - self.stop) * side.sign <= 0:
                    raise InvalidInput(
                        f"the target {target.price} does not lie beyond the stop {self.stop}"
                    )
        if self.trailing is not None:
            _check_trailing(self.trailing)
        if self.time_stop is not None:
            _check_time_stop(self.time_stop)


def _check_trailing(trailing: Trailing) -> None:
    if (trailing.amount is None) == (trailing.share is None):
        raise InvalidInput("a trailing stop follows by an amount or by a share: give one of them")
    if trailing.amount is not None:
        require_positive(trailing_amount=trailing.amount)
    if trailing.share is not None and not ZERO < trailing.share < 1:
        raise InvalidInput(f"a trailing share is a part of one, not {trailing.share}: 0.20 is 20 %")


def _check_time_stop(stop: TimeStop) -> None:
    if stop.days_left is None and stop.at is None:
        raise InvalidInput("a time stop needs days before expiry or a moment")
    if stop.days_left is not None and stop.days_left < 0:
        raise InvalidInput(f"{stop.days_left} days before expiry is after it")


class QuoteSeen(Value, frozen=True, kw_only=True):
    """The quote something was decided by: bid and offer of one unit of the trade, in its own
    terms, with the sizes where somebody said them.
    """

    bid: Decimal
    offer: Decimal
    bid_size: int | None = None
    offer_size: int | None = None
    time: datetime
    source: str

    def exit_px(self, side: Side) -> Decimal:
        """What closing a holding of that side brings, or costs: the far side, never the mid."""
        return self.bid if side is Side.BUY else self.offer


class Fired(Value, frozen=True, kw_only=True):
    """An exit that is due: why, how many units, and by which level.

    `target` counts from one. `gap` is how far the market went through a stop, 0 for others.
    """

    reason: ExitReason
    quantity: Decimal
    level: Decimal | None = None
    target: int = 0
    gap: Decimal = ZERO


class ClosingTerms(NamedTuple):
    """How a closing order is priced."""

    ord_type: OrdType
    limit_px: Decimal | None


def closing_terms(
    side: Side, legs: tuple[Leg, ...], fired: Fired, quote: QuoteSeen, through_ticks: int
) -> ClosingTerms:
    """The order that closes a holding of that side.

    A target is a limit at its price. What has to go, goes at the market where the market is one
    of stocks; options get a limit some ticks through the far side, which is renewed until
    nothing is left: in a wide market a market order fills at any price.
    """
    closing = side.opposite
    if fired.reason is ExitReason.TARGET and fired.level is not None:
        return ClosingTerms(OrdType.LIMIT, on_tick(closing, legs, fired.level))
    if len(legs) == 1 and not isinstance(instrument(legs[0].symbol), Option):
        return ClosingTerms(OrdType.MARKET, None)
    limit = through(closing, legs, quote.exit_px(side), through_ticks)
    return ClosingTerms(OrdType.LIMIT, max(limit, ZERO))


def on_tick(side: Side, legs: tuple[Leg, ...], wanted: Decimal) -> Decimal:
    """The nearest price on a tick that is not worse than what is wanted."""
    tick = tick_of(legs, wanted)
    rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    return price((wanted / tick).to_integral_value(rounding) * tick)


def part_of(free: Decimal, targets: int) -> Decimal:
    """What the next of so many targets takes of what is free: an equal part in whole units, at
    least one; the last takes the rest. With fewer units than targets the first ones get one each.
    """
    if targets <= 1 or free <= 1:
        return free
    return max((free / targets).quantize(Decimal(1), ROUND_DOWN), Decimal(1))


def parts(targets: Sequence[Target], held: Decimal) -> tuple[Decimal, ...]:
    """What each target takes of a holding, in their order."""
    found, free = [], held
    equal = sum(target.quantity is None for target in targets)
    asked = sum((target.quantity for target in targets if target.quantity is not None), ZERO)
    for target in targets:
        if target.quantity is None:
            part = part_of(max(free - asked, ZERO), equal)
            equal -= 1
        else:
            part = min(target.quantity, free)
            asked -= target.quantity
        found.append(part)
        free -= part
    return tuple(found)


def share_of(held: Decimal, closed: Decimal, open_before: Decimal) -> Decimal:
    """How much of a holding follows when a trader closes `closed` of `open_before`: the same
    part in whole units, at least one.
    """
    if closed >= open_before:
        return held
    part = (held * closed / open_before).quantize(Decimal(1), ROUND_DOWN)
    return min(max(part, Decimal(1)), held)


def fitting(
    side: Side, stop: Decimal | None, targets: Sequence[Decimal], *, entry: Decimal | None = None
) -> tuple[Levels, tuple[str, ...]]:
    """Levels of what a trader said, and in words what of it cannot be a level.

    Nobody asks a trader again: the stop counts, and targets that do not lie beyond it do not.
    With `entry`, levels that lie on the wrong side of it are left out: they would fire at once,
    as a stop does that was meant for the underlying.
    """
    dropped = []
    if stop is not None and (stop <= 0 or (entry is not None and (entry - stop) * side.sign <= 0)):
        dropped.append(f"the stop {stop} would fire at once")
        stop = None
    floors = [each for each in (stop, entry) if each is not None]
    kept = []
    for target in sorted(set(targets), key=lambda each: each * side.sign):
        behind = [floor for floor in floors if (target - floor) * side.sign <= 0]
        if target <= 0 or behind:
            dropped.append(f"the target {target} does not lie beyond {max([*behind, ZERO])}")
        else:
            kept.append(Target(price=target))
    return Levels(stop=stop, targets=tuple(kept)), tuple(dropped)


def is_time(stop: TimeStop, expiry: date | None, today: date, at: datetime) -> bool:
    """Whether a time stop has come."""
    if stop.at is not None and at >= stop.at:
        return True
    return (
        stop.days_left is not None
        and expiry is not None
        and (expiry - today).days <= stop.days_left
    )
