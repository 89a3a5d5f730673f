"""Checks: what an order for a signal would be and what would stop it, told before anybody decides.

It is looked up at the moment when a card is posted or edited, and says when that was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
import psycopg

from application.desk import Desk, Work
from application.foreseeing import Foreseen, Foresight
from application.ports import ApplicationError, Clock, PortError
from domain.order_events import Check
from domain.shared import DomainError, learned
from domain.signals import Signal
from interfaces.discord.slash.answers import plain
from interfaces.wording import amount, money, percent, price
from projections.timeline import TimelineEvent

DETAIL_MAX = 160
_JUDGED = frozenset({"order.cleared", "order.denied"})


class Checks:
    """Looks at what an account's order would be."""

    def __init__(self, desk: Desk, clock: Clock, foresight: Foresight, account: str) -> None:
        self._desk = desk
        self._clock = clock
        self._foresight = foresight
        self._account = account

    def told(self, signal: UUID) -> str:
        """The checks as they are at this moment, or why they cannot be made; it blocks."""
        at = self._clock.now()
        work = Work(self._desk)
        try:
            found = work.get(Signal, signal)
            foreseen = self._foresight.of(work, found, account=self._account, at=at)
        except (DomainError, ApplicationError, PortError, psycopg.Error) as error:
            return f"not checked at {at:%Y-%m-%d %H:%M:%S} UTC: {plain(str(error), DETAIL_MAX)}"
        return "\n".join((*_order(foreseen), *lines(foreseen.checks)))


def lines(checks: Sequence[Check]) -> Iterator[str]:
    """A line for each check that was made."""
    for check in checks:
        sign = "\N{CHECK MARK}" if check.passed else "\N{BALLOT X}"
        yield f"{sign} {check.name}: {plain(check.detail, DETAIL_MAX)}"


def made_of(story: Sequence[TimelineEvent]) -> str:
    """What the checks said when the order of a yes was asked for, as it is on record: it comes
    before those that close it.
    """
    for event in story:
        if event.name in _JUDGED:
            judged = msgspec.json.decode(event.body, type=learned(_Judged))
            if judged.checks:
                return "\n".join((f"made at {event.recorded_at:%Y-%m-%d %H:%M:%S} UTC",
                                  *lines(judged.checks)))  # fmt: skip
    return ""


class _Judged(msgspec.Struct):
    """What of a cleared or denied order is told."""

    checks: tuple[Check, ...] = ()


def _order(foreseen: Foreseen) -> Iterator[str]:
    yield f"as of {foreseen.at:%Y-%m-%d %H:%M:%S} UTC, if it were approved for {foreseen.account}:"
    if foreseen.quantity:
        yield (
            f"{foreseen.side.value} {amount(foreseen.quantity)} at {price(foreseen.limit_px)} "
            f"or better: {money(foreseen.at_risk)} USD at risk, "
            f"{percent(foreseen.share, sign=False)} of the equity, with "
            f"{money(foreseen.buying_power)} of buying power"
        )
    if foreseen.above is not None:
        yield f"two approvers are needed: over {money(foreseen.above)} USD"
