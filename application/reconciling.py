"""Reconciling: what we have on record is held against what the broker has, every cycle.

A stream of reports drops some, and a process that was dead heard none. Orders that may still
trade are looked up, what is missing of them is booked, an end that no report tells of is taken
over from how the order stands there, orders that nobody here knows are kept as strays, activities
become facts, and positions that still differ are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

import msgspec

from application.brokerage import Broker, BrokerOrder
from application.desk import Command, Desk, Work, derived_id
from application.ports import Appended, Clock
from application.reporting import book_reports
from domain.accounts import Account, Difference, Standing, account_stream
from domain.activities import Activity, ActivityKind, RecordedActivity, activity_stream
from domain.orders import Order, order_stream
from domain.reports import ExecType, ExecutionReport

LOOKS_BACK = timedelta(days=7)
"""How far back activities are asked for at the first look; older ones are imported."""

OVERLAP = timedelta(hours=1)
"""Activities are told late: each look begins so long before the last one that was seen."""


class Holdings(Protocol):
    """What our books say is held, and which orders may still trade."""

    def holdings(self, account: str) -> Mapping[str, Decimal]:
        """Signed quantity by the symbol of each instrument."""
        ...

    def working(self, account: str) -> Sequence[UUID]:
        """The orders that went to the broker and are not over."""
        ...

    def is_up_to_date(self) -> bool:
        """Whether all that is on the tape counts in what is held and works."""
        ...


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found."""

    looked_up: int
    booked: int
    strays: int
    activities: int
    differences: tuple[Difference, ...]

    def after(self, first: Reconciled) -> Reconciled:
        """What this look and the one before it found together."""
        return Reconciled(
            looked_up=max(first.looked_up, self.looked_up),
            booked=first.booked + self.booked,
            strays=max(first.strays, self.strays),
            activities=first.activities + self.activities,
            differences=self.differences,
        )


class Reconciler:
    """Holds one account against its broker."""

    def __init__(
        self, desk: Desk, holdings: Holdings, broker: Broker, *, account: str, clock: Clock
    ) -> None:
        self._desk = desk
        self._holdings = holdings
        self._broker = broker
        self._account = account
        self._clock = clock
        self._since: datetime | None = None
        self._asked_about: set[str] = set()
        self._differed: tuple[Difference, ...] = ()
        self._stood: Mapping[str, BrokerOrder | None] = {}

    def step(self) -> Reconciled:
        """One look.

        Raises:
            Unavailable: broker or database did not answer; the next look finds the same.
        """
        at = self._clock.now()
        before, held = self._holdings.holdings(self._account), self._positions()
        theirs = {order.cl_ord_id: order for order in self._broker.open_orders()}
        found = self._activities(at)
        asked = self._unsettled(theirs) | self._unwanted(theirs, at) | self._behind(found)
        # Asked for in this order, the history tells at least what the order counts.
        stand = {name: theirs.get(name) or self._broker.order(name) for name in sorted(asked)}
        missed = [report for name in sorted(asked) for report in self._broker.history(name)]
        strays = self._strays(theirs)
        booked = book_reports(
            self._desk, self._account, self._broker.name, [*missed, *strays], at=at
        )
        booked += self._take_over(stand, at)
        self._asked_about.update(each.activity_id for each in found)
        activities = self._record(found, at)
        ours = self._holdings.holdings(self._account)
        moved = [name for name, each in stand.items() if self._stood.get(name) != each]
        is_quiet = not (moved or booked or activities) and ours == before
        self._stood = stand
        differences = self._compare(
            ours, held, at, is_quiet=is_quiet and self._holdings.is_up_to_date()
        )
        return Reconciled(
            looked_up=len(asked),
            booked=booked,
            strays=len(strays),
            activities=activities,
            differences=differences,
        )

    def _unsettled(self, theirs: Mapping[str, BrokerOrder]) -> set[str]:
        """The orders that work here and do not stand there as they stand here."""
        work = Work(self._desk)
        working = self._holdings.working(self._account)
        work.prefetch(working)
        orders = [work.get(Order, stream) for stream in working]
        return {
            order.cl_ord_id for order in orders if not _agrees(order, theirs.get(order.cl_ord_id))
        }

    def _unwanted(self, theirs: Mapping[str, BrokerOrder], at: datetime) -> set[str]:
        """The orders that work there and are over here, as one that came to the broker after it
        was given up: they are asked back.
        """
        known = self._orders(theirs)
        found = {name for name, order in known.items() if not order.status.is_open}
        for name in sorted(found):
            # They were listed a while ago: what is over by now is left alone.
            still = self._broker.order(name)
            if still is not None and still.status.is_open:
                self._broker.cancel(name, at=at)
        return found

    def _behind(self, activities: Sequence[Activity]) -> set[str]:
        """The orders that traded more than is booked, those that are over too. What one leg
        traded, or an order that replaced another, does not say how much: those are asked about
        once.
        """
        fills = [each for each in activities if each.kind is ActivityKind.FILL and each.cl_ord_id]
        orders = self._orders({fill.cl_ord_id for fill in fills})
        found = set()
        for fill in fills:
            order = orders.get(fill.cl_ord_id)
            if order is None or fill.activity_id in self._asked_about:
                continue
            if fill.cum_qty is None or fill.cum_qty > order.cum_qty:
                found.add(fill.cl_ord_id)
        return found

    def _take_over(self, stand: Mapping[str, BrokerOrder | None], at: datetime) -> int:
        """Takes over how orders ended of whose end no report tells, and notes where the broker
        counts more than it tells of; how many were news.
        """
        orders = self._orders(stand)
        work = Work(self._desk)
        for name, order in orders.items():
            theirs = stand[name]
            if theirs is None or not _is_ahead(theirs, order):
                continue
            version = order.version
            order.reconcile(
                theirs.status,
                theirs.cum_qty,
                order_id=theirs.order_id,
                as_of=theirs.updated_at,
                at=at,
            )
            work.begin(order)
            work.save(
                Command.given(
                    derived_id("reconciled", str(order.id), str(version)),
                    actor=f"broker:{self._broker.name}",
                    at=at,
                    correlation=order.signal or order.id,
                )
            )
        # Whoever changed an order meanwhile heard more of it: the next look sees what came of it.
        return sum(isinstance(result, Appended) for result in work.commit())

    def _orders(self, names: Iterable[str]) -> dict[str, Order]:
        """The account's orders that are on record."""
        work = Work(self._desk)
        streams = {name: order_stream(name) for name in names if name}
        work.prefetch(streams.values())
        found = {name: work.find(Order, stream) for name, stream in streams.items()}
        return {
            name: order
            for name, order in found.items()
            if order is not None and order.account == self._account
        }

    def _strays(self, theirs: Mapping[str, BrokerOrder]) -> list[ExecutionReport]:
        """What the broker works on and nobody here asked for."""
        known = self._orders(theirs)
        return [_status(order) for name, order in theirs.items() if name not in known]

    def _activities(self, at: datetime) -> Sequence[Activity]:
        since = at - LOOKS_BACK if self._since is None else self._since - OVERLAP
        found = self._broker.activities(since)
        if found:
            self._since = max(activity.happened_at for activity in found)
        return found

    def _record(self, activities: Sequence[Activity], at: datetime) -> int:
        return record_activities(self._desk, self._account, self._broker.name, activities, at=at)

    def _positions(self) -> dict[str, Decimal]:
        theirs: dict[str, Decimal] = {}
        for position in self._broker.positions():
            theirs[position.symbol] = theirs.get(position.symbol, Decimal(0)) + position.quantity
        return theirs

    def _compare(
        self,
        ours: Mapping[str, Decimal],
        theirs: Mapping[str, Decimal],
        at: datetime,
        *,
        is_quiet: bool,
    ) -> tuple[Difference, ...]:
        """Where positions differ, as long as two looks found the same and nothing was on its way
        at the second. A look is quiet when no order that stands otherwise there moved since the
        last one, nothing was booked while it lasted, and our books have read the whole tape.
        """
        none = Decimal(0)
        found = tuple(
            Difference(symbol=symbol, ours=ours.get(symbol, none), brokers=theirs.get(symbol, none))
            for symbol in sorted(ours.keys() | theirs.keys())
            if ours.get(symbol, none) != theirs.get(symbol, none)
        )
        is_known = is_quiet and (not found or found == self._differed)
        self._differed = found
        self._keep_standing(found if is_known else None, at)
        return found if is_known else ()

    def _keep_standing(self, differences: tuple[Difference, ...] | None, at: datetime) -> None:
        """Records what the account has, and where positions differ unless nobody can say yet."""
        money = self._broker.account()
        standing = Standing(
            cash=money.cash,
            equity=money.equity,
            buying_power=money.buying_power,
            day_trades=money.day_trades,
            pattern_day_trader=money.pattern_day_trader,
            trading_blocked=money.trading_blocked,
        )
        work = Work(self._desk)
        account = work.get(Account, account_stream(self._account))
        account.report(standing, at=at)
        if differences is not None:
            account.compare(differences, at=at)
        work.save(
            Command.given(
                derived_id("reconcile", self._account, str(account.version)),
                actor=f"broker:{self._broker.name}",
                at=at,
            )
        )
        work.commit()


def record_activities(
    desk: Desk, account: str, broker: str, activities: Sequence[Activity], *, at: datetime
) -> int:
    """Records activities once each, by the broker's ids; how many were new.

    Fills of orders that are on record are booked there as reports instead.

    Raises:
        Unavailable: the store did not answer; telling them again is safe.
    """
    work = Work(desk)
    streams = {each.activity_id: activity_stream(account, each.activity_id) for each in activities}
    known = work.prefetch(
        {*streams.values(), *(order_stream(each.cl_ord_id) for each in activities)}
    )
    new = 0
    for activity in activities:
        stream = streams[activity.activity_id]
        is_ours = activity.kind is ActivityKind.FILL and order_stream(activity.cl_ord_id) in known
        if stream in known or is_ours:
            continue
        work.begin(RecordedActivity.record(activity, account=account, broker=broker, at=at))
        work.save(
            Command.given(
                derived_id("activity", account, activity.activity_id),
                activity,
                actor=f"broker:{broker}",
                at=at,
                correlation=stream,
            )
        )
        new += 1
    work.commit()
    return new


def _agrees(order: Order, theirs: BrokerOrder | None) -> bool:
    """Whether an order that the broker works on stands there as it stands here."""
    return (
        theirs is not None
        and theirs.cum_qty == order.cum_qty
        and theirs.status is order.status
        and theirs.order_qty == order.order_qty
    )


def _is_ahead(theirs: BrokerOrder, order: Order) -> bool:
    """Whether an order ended there or traded more than all the broker's reports tell."""
    has_ended = order.status.is_open and not theirs.status.is_open
    return has_ended or theirs.cum_qty > order.cum_qty


def _status(order: BrokerOrder) -> ExecutionReport:
    return ExecutionReport(
        exec_type=ExecType.STATUS,
        cl_ord_id=order.cl_ord_id,
        order_id=order.order_id,
        exec_id=f"status-{order.order_id}",
        transact_time=order.updated_at,
        order_qty=order.order_qty,
        cum_qty=order.cum_qty,
        leaves_qty=order.order_qty - order.cum_qty,
        limit_px=order.limit_px,
        stop_px=order.stop_px,
        text=f"{order.status.value}, avg {order.avg_px}",
    )
