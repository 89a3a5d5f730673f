"""Moments of the tape: which position a person means by a number or by a time."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.shared import InvalidInput
from interfaces.compose import House


class NotReached(InvalidInput):
    """The tape has not come to that moment."""

    code = "not_reached"


def position_named(house: House, text: str) -> int:
    """The position of the tape that a person names: by its number, or by a moment (UTC unless it
    says otherwise), for which it is the last one that was recorded by then.

    What has not come yet is refused: the answer would be another one later.

    Raises:
        InvalidInput: it is neither.
        NotReached: it is in the future.
        Unavailable: the database did not answer.
    """
    words = text.strip()
    if words.isdecimal():
        return _reached(house, int(words))
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        raise InvalidInput(
            f"{text!r} is neither a position of the tape nor a moment: 1200, 2026-11-20 or "
            "2026-11-20T15:30:00Z"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # What is simulated is recorded at real moments all the same.
    if moment > max(datetime.now(UTC), house.clock.now()):
        raise NotReached(f"{text} is in the future: nobody knows yet what will be known then")
    return house.position_at(moment)


def _reached(house: House, position: int) -> int:
    head = house.head()
    if position > head:
        raise NotReached(f"position {position} is not reached: the tape ends at {head}")
    return position
