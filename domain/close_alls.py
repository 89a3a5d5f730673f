"""CloseAll: the order to have nothing left in an account, once per exchange day.

From the moment it begins nothing new is opened until the day ends, also when it is finished: flat
means flat.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput, Value, stream_id


def close_all_stream(account: str, day: date) -> UUID:
    """The stream of the close-all of an account on an exchange day."""
    return stream_id("close_all", account, day.isoformat())


class ClosedPosition(Value, frozen=True, kw_only=True):
    """What was closed, at which average price per share, and for which reason it was."""

    symbol: str
    quantity: Decimal
    avg_px: Decimal
    reason: str


class LeftOpen(Value, frozen=True, kw_only=True):
    """What could not be closed, and why."""

    symbol: str
    quantity: Decimal
    why: str


class CloseAllOrdered(Created, frozen=True, kw_only=True):
    """Somebody wants nothing left in an account from a moment on."""

    TOPIC: ClassVar[str] = "close_all.ordered"

    account: str
    day: date
    begins_at: datetime
    ends_at: datetime
    """The close of that session: what is not sold by then stays."""
    by: str


class Joined(Value, frozen=True, kw_only=True):
    """A holding that is closed: its exit plan, and how much was held when it was first seen."""

    plan: UUID
    symbol: str
    held: Decimal


class CloseAllMoved(Event, frozen=True, kw_only=True):
    """It begins earlier than was ordered first."""

    TOPIC: ClassVar[str] = "close_all.moved"

    begins_at: datetime
    by: str

    def apply(self, aggregate: CloseAll) -> None:
        aggregate.begins_at = self.begins_at


class CloseAllBegun(Event, frozen=True, kw_only=True):
    """The moment has come: nothing is opened any more, open orders are taken back, all is sold."""

    TOPIC: ClassVar[str] = "close_all.begun"

    def apply(self, aggregate: CloseAll) -> None:
        aggregate.begun_at = self.timestamp


class CloseAllJoined(Event, frozen=True, kw_only=True):
    """These holdings are closed from now on."""

    TOPIC: ClassVar[str] = "close_all.joined"

    holdings: tuple[Joined, ...]

    def apply(self, aggregate: CloseAll) -> None:
        aggregate.joined.update({each.plan: each for each in self.holdings})


class CloseAllFinished(Event, frozen=True, kw_only=True):
    """The account is flat, or the session is over: what was closed, and what was not."""

    TOPIC: ClassVar[str] = "close_all.finished"

    closed: tuple[ClosedPosition, ...]
    left_open: tuple[LeftOpen, ...]
    orders_open: tuple[str, ...] = ()
    """ClOrdIDs that may still trade."""

    def apply(self, aggregate: CloseAll) -> None:
        aggregate.is_finished = True


class CloseAll(BaseAggregate[UUID]):
    """One close-all."""

    TOPIC: ClassVar[str] = "close_all"

    def __init__(self, account: str, day: date, begins_at: datetime, ends_at: datetime) -> None:
        self.account = account
        self.day = day
        self.begins_at = begins_at
        self.ends_at = ends_at
        self.begun_at: datetime | None = None
        self.joined: dict[UUID, Joined] = {}
        self.is_finished = False

    @classmethod
    def order(
        cls,
        *,
        account: str,
        day: date,
        begins_at: datetime,
        ends_at: datetime,
        by: str,
        at: datetime,
    ) -> CloseAll:
        """Orders it.

        Raises:
            InvalidInput: the session is over by then.
        """
        if begins_at >= ends_at:
            raise InvalidInput(
                f"the session ends at {ends_at:%H:%M} UTC: nothing is sold at {begins_at:%H:%M}"
            )
        return cls._create(
            CloseAllOrdered,
            id=close_all_stream(account, day),
            account=account,
            day=day,
            begins_at=begins_at,
            ends_at=ends_at,
            by=by,
            timestamp=at,
        )

    def move(self, begins_at: datetime, *, by: str, at: datetime) -> None:
        """Lets it begin earlier.

        Raises:
            Impossible: it has begun, or would begin later: what was promised first stands.
        """
        if self.begun_at is not None:
            raise Impossible(f"it began at {self.begun_at:%H:%M} UTC")
        if begins_at > self.begins_at:
            raise Impossible(f"it begins at {self.begins_at:%H:%M} UTC: it can begin earlier only")
        self.trigger_event(CloseAllMoved, begins_at=begins_at, by=by, timestamp=at)

    def join(self, holdings: tuple[Joined, ...], *, at: datetime) -> bool:
        """Takes note of holdings to close; False if all of them are known.

        Raises:
            Impossible: it has not begun, or is over.
        """
        self._require_running()
        new = tuple(each for each in holdings if each.plan not in self.joined)
        if not new:
            return False
        self.trigger_event(CloseAllJoined, holdings=new, timestamp=at)
        return True

    def begin(self, *, at: datetime) -> None:
        """Begins it.

        Raises:
            Impossible: it is not time yet, or it has begun.
        """
        if self.begun_at is not None:
            raise Impossible("it has begun already")
        if at < self.begins_at:
            raise Impossible(f"it begins at {self.begins_at:%H:%M} UTC")
        self.trigger_event(CloseAllBegun, timestamp=at)

    def finish(
        self,
        closed: tuple[ClosedPosition, ...],
        left_open: tuple[LeftOpen, ...],
        orders_open: tuple[str, ...],
        *,
        at: datetime,
    ) -> None:
        """Ends it with its report.

        Raises:
            Impossible: it has not begun, is over, or something is left while there is time.
        """
        self._require_running()
        if (left_open or orders_open) and at < self.ends_at:
            raise Impossible("something is left and the session is not over")
        self.trigger_event(
            CloseAllFinished,
            closed=closed,
            left_open=left_open,
            orders_open=orders_open,
            timestamp=at,
        )

    def _require_running(self) -> None:
        if self.begun_at is None or self.is_finished:
            raise Impossible("it is over" if self.is_finished else "it has not begun")
