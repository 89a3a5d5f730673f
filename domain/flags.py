"""Flags: what in a record deserves a second look, and the rules by which that is told.

A flag accuses nobody: it says what was seen, names the events it was seen in, and leaves it to
people what to make of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg

BEFORE_POST = timedelta(hours=24)
"""How long before a post its author's own fills in the same instrument are looked at, and how
long after it what they sold into it."""

ZERO = Decimal(0)


class FlagKind(StrEnum):
    """What was seen."""

    OPPOSITE = "opposite"
    """Two accounts of one person bet against each other: one of them is bound to win."""
    FRONT_RUN = "front_run"
    """An account of the author's own had it before the post."""
    SIZE = "size"
    """More was posted than stood at the quote."""


class Bet(StrEnum):
    """What a trade gains by, at expiry."""

    UP = "up"
    DOWN = "down"
    MOVE = "move"
    STILL = "still"
    NONE = "none"
    """Its legs even out, as those of a calendar do."""

    @property
    def against(self) -> Bet:
        """The bet that loses when this one wins."""
        return _AGAINST[self]


_AGAINST = {
    Bet.UP: Bet.DOWN,
    Bet.DOWN: Bet.UP,
    Bet.MOVE: Bet.STILL,
    Bet.STILL: Bet.MOVE,
    Bet.NONE: Bet.NONE,
}


def bet_of(legs: Iterable[Leg]) -> Bet:
    """What these legs, as they were opened, gain by.

    By what they pay at expiry with the underlying at nothing, at the middle of the strikes, and
    as far above: what the ends differ by is the bet on a direction, what they are over the
    middle the one on a movement; the greater of the two counts.
    """
    contracts = [(instrument(leg.symbol), leg.side.sign * leg.ratio) for leg in legs]
    strikes = [named.strike for named, _ in contracts if isinstance(named, Option)]
    high = min(strikes) + max(strikes) if strikes else Decimal(1)

    def paid(spot: Decimal) -> Decimal:
        return sum(
            (
                held * (named.intrinsic(spot) if isinstance(named, Option) else spot)
                for named, held in contracts
            ),
            ZERO,
        )

    below, above = paid(ZERO), paid(high)
    direction, bend = above - below, (above + below) / 2 - paid(high / 2)
    if direction == bend == 0:
        return Bet.NONE
    if abs(direction) >= abs(bend):
        return Bet.UP if direction > 0 else Bet.DOWN
    return Bet.MOVE if bend > 0 else Bet.STILL


class Open(NamedTuple):
    """When something was open; no end while it is."""

    since: datetime
    until: datetime | None = None


def shared(one: Open, other: Open) -> Open | None:
    """When both were open at once, or None if they never were."""
    since = max(one.since, other.since)
    ends = [end for end in (one.until, other.until) if end is not None]
    until = min(ends, default=None)
    return None if until is not None and until <= since else Open(since, until)


class OwnFill(NamedTuple):
    """A fill in an account of the author's own: `quantity` is positive when it was bought.

    `opens` tells an entry from an exit; `event` is where it lies on the tape.
    """

    at: datetime
    quantity: Decimal
    opens: bool
    event: int


class FrontRun(NamedTuple):
    """What the author had before the post, and sold into it."""

    held: Decimal
    first_at: datetime
    sold: Decimal
    events: tuple[int, ...]


def front_run(side: Side, posted_at: datetime, fills: Iterable[OwnFill]) -> FrontRun | None:
    """What of one instrument was opened on the post's own side before it and still held then.

    What was closed again before the post is no front-running, whatever it brought.
    """
    held = sold = ZERO
    events: list[int] = []
    first_at = posted_at
    for fill in sorted(fills):
        quantity = fill.quantity * side.sign
        if posted_at - BEFORE_POST <= fill.at < posted_at:
            if fill.opens and quantity > 0:
                if held == 0:
                    events, first_at = [], fill.at
                held += quantity
                events.append(fill.event)
            elif not fill.opens and quantity < 0:
                held = max(held + quantity, ZERO)
        elif posted_at <= fill.at <= posted_at + BEFORE_POST and not fill.opens and quantity < 0:
            sold = min(sold - quantity, held)
            if held > 0:
                events.append(fill.event)
    return FrontRun(held, first_at, sold, tuple(events)) if held > 0 else None
