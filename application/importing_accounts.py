"""Importing the history of an account: what its broker did before anybody asked from here.

Every activity is on record once, by the broker's id. Fills of orders that nobody here asked for
become orders on record, so that positions and P&L follow from them; everything else becomes a
fact, understood or not. Activities are taken in the order of their times, since what a sale
closes depends on what was held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.desk import Command, Desk, Work, derived_id
from application.ports import Conflict
from domain.accounts import Account, CashKind, account_stream
from domain.activities import Activity, ActivityKind, RecordedActivity, activity_stream
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.instruments import instrument
from domain.legs import Leg
from domain.orders import Order, order_stream
from domain.reports import ExecType, ExecutionReport
from domain.shared import InvalidInput
from domain.strays import Strays, stray_stream

SLICE = 200
"""Activities stored together; an interrupted import goes on after the last whole slice."""

ATTEMPTS = 5
REASON = "imported"
ZERO = Decimal(0)

Progress = Callable[[int], None]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What is imported, and what is known of the account so far.

    `held` is what our books hold, by symbol; `orders` are the ClOrdIDs of the orders on record by
    their broker's ids.
    """

    account: str
    broker: str
    activities: Sequence[Activity]
    held: Mapping[str, Decimal]
    orders: Mapping[str, str]


class Imported(msgspec.Struct):
    """What an import came to."""

    orders: int = 0
    fills: int = 0
    facts: int = 0
    known: int = 0

    def __add__(self, other: Imported) -> Imported:
        return Imported(
            self.orders + other.orders,
            self.fills + other.fills,
            self.facts + other.facts,
            self.known + other.known,
        )


class Part(NamedTuple):
    """A fill, or the part of it that closes or opens, and the order on record it belongs to."""

    name: str
    effect: PositionEffect
    quantity: Decimal
    order_qty: Decimal
    """All that this import has of the order."""


def import_history(
    desk: Desk, history: History, *, actor: str, at: datetime, progress: Progress | None = None
) -> Imported:
    """Puts a history on record; what is there already is left as it is.

    Raises:
        NotFound: there is no such account.
        Conflict: others changed the same streams again and again.
        Unavailable: the store did not answer; importing again goes on from there.
    """
    Work(desk).get(Account, account_stream(history.account))
    importing = _Importing(desk, history, actor, at)
    found = Imported()
    told = importing.told
    for start in range(0, len(told), SLICE):
        part = told[start : start + SLICE]
        found += importing.store(part)
        if progress is not None:
            progress(len(part))
    return found


class _Importing:
    """One import: which order on record each fill belongs to, worked out once."""

    def __init__(self, desk: Desk, history: History, actor: str, at: datetime) -> None:
        self._desk = desk
        self._history = history
        self._actor = actor
        self._at = at
        self.told = sorted(history.activities, key=lambda each: each.happened_at)
        self._fills = [each for each in self.told if _is_trade(each)]
        self._ours, self._known = self._on_record()
        self._parts = self._planned()

    def store(self, activities: Sequence[Activity]) -> Imported:
        """Stores a slice, again if somebody was faster."""
        for _ in range(ATTEMPTS):
            work, found = Work(self._desk), Imported()
            work.prefetch(self._streams(activities))
            for activity in activities:
                self._take(work, activity, found)
            if not any(isinstance(result, Conflict) for result in work.commit()):
                return found
        raise Conflict("others changed the same account at the same time again and again")

    def _streams(self, activities: Iterable[Activity]) -> set[UUID]:
        account = self._history.account
        streams = {account_stream(account)}
        for each in activities:
            streams.add(activity_stream(account, each.activity_id))
            streams |= {order_stream(part.name) for part in self._parts.get(each.activity_id, ())}
            streams |= {stray_stream(account, name) for name in _names(each)}
        return streams

    def _take(self, work: Work, activity: Activity, found: Imported) -> None:
        if activity.activity_id in self._known:
            found.known += 1
            return
        parts = self._parts.get(activity.activity_id)
        if parts is None:
            is_new = self._keep(work, activity)
            found.facts += is_new
            found.known += not is_new
            return
        orders = [self._book(work, activity, part) for part in parts]
        self._balance(work, activity)
        work.save(self._command("imported", activity))
        found.orders += sum(orders)
        found.fills += 1

    def _keep(self, work: Work, activity: Activity) -> bool:
        """Records a fact, if it is not on record."""
        account, stream = (
            self._history.account,
            activity_stream(self._history.account, activity.activity_id),
        )
        if work.find(RecordedActivity, stream) is not None:
            return False
        work.begin(
            RecordedActivity.record(
                activity, account=account, broker=self._history.broker, at=self._at
            )
        )
        return work.save(self._command("activity", activity))

    def _book(self, work: Work, activity: Activity, part: Part) -> bool:
        """Books a fill on its order; True if that is on record for the first time."""
        at = self._at
        order = work.find(Order, order_stream(part.name))
        is_new = order is None
        if order is None:
            side = Side.BUY if activity.quantity > 0 else Side.SELL
            order = work.begin(
                Order.request(
                    cl_ord_id=part.name,
                    account=self._history.account,
                    signal=None,
                    side=side,
                    position_effect=part.effect,
                    legs=(Leg(symbol=_symbol(activity), side=side),),
                    order_qty=part.order_qty,
                    ord_type=OrdType.MARKET,
                    limit_px=None,
                    time_in_force=TimeInForce.DAY,
                    reason=REASON,
                    at=at,
                )
            )
            # It was never cleared, so nobody sends it.
            order.submit(self._history.broker, at=at)
            order.accept(activity.order_id, transact_time=activity.happened_at, at=at)
            self._claim(work, activity, order)
        is_whole = part.quantity == abs(activity.quantity)
        order.take(
            ExecutionReport(
                exec_type=ExecType.TRADE,
                cl_ord_id=part.name,
                exec_id=activity.activity_id,
                order_id=activity.order_id,
                transact_time=activity.happened_at,
                last_qty=part.quantity,
                last_px=activity.price,
                commission=_commission(activity) * part.quantity / abs(activity.quantity),
                cum_qty=activity.cum_qty if is_whole else None,
            ),
            at=at,
        )
        return is_new

    def _claim(self, work: Work, activity: Activity, order: Order) -> None:
        for name in _names(activity):
            strays = work.find(Strays, stray_stream(self._history.account, name))
            if strays is not None and strays.claimed is None:
                strays.claim(order.id, by=self._actor, at=self._at)

    def _balance(self, work: Work, activity: Activity) -> None:
        """What was traded before the account was opened here is in its opening cash already."""
        account = work.get(Account, account_stream(self._history.account))
        spent = -_cash(activity) + _commission(activity)
        if activity.happened_at < account.created_on and spent:
            account.move_cash(
                CashKind.HISTORY,
                spent,
                activity=activity.activity_id,
                happened_at=activity.happened_at,
                at=self._at,
            )

    def _command(self, what: str, activity: Activity) -> Command:
        account = self._history.account
        return Command.given(
            derived_id(what, account, activity.activity_id),
            activity,
            actor=self._actor,
            at=self._at,
            correlation=activity_stream(account, activity.activity_id),
        )

    def _on_record(self) -> tuple[dict[str, Order], set[str]]:
        """The orders on record that fills may be of, by name, and the activities that need
        nothing more: fills that are booked or will be by the reports of an order of ours.
        """
        names = {name for fill in self._fills for name in self._candidates(fill)}
        work = Work(self._desk)
        work.prefetch(order_stream(name) for name in names)
        orders = {
            name: order
            for name in names
            if (order := work.find(Order, order_stream(name))) is not None
            and order.account == self._history.account
        }
        known = set()
        for fill in self._fills:
            own = [orders[name] for name in self._candidates(fill) if name in orders]
            if any(order.cleared or order.has_fill(fill.activity_id) for order in own):
                known.add(fill.activity_id)
        return orders, known

    def _candidates(self, fill: Activity) -> tuple[str, ...]:
        """Under which names an order of this fill may be on record."""
        name = self._name(fill)
        marked = f"{name}.{''.join(fill.symbol.split())}"
        return (name, *(f"{base}.{e.value}" for base in (name, marked) for e in PositionEffect))

    def _name(self, fill: Activity) -> str:
        known = self._history.orders.get(fill.order_id) if fill.order_id else None
        return known or fill.cl_ord_id or fill.order_id or fill.activity_id

    def _planned(self) -> dict[str, tuple[Part, ...]]:
        """What each fill closes and opens, of which order."""
        held = self._held_before()
        owners = {
            name: (order.legs[0].symbol, order.position_effect)
            for name, order in self._ours.items()
        }
        planned: dict[str, list[Part]] = defaultdict(list)
        sizes: dict[str, Decimal] = defaultdict(Decimal)
        for activity in self.told:
            symbol, quantity = _symbol(activity), activity.quantity
            if _is_trade(activity) and activity.activity_id not in self._known:
                for effect, size in _split(held[symbol], quantity):
                    name = self._owner(owners, activity, effect)
                    sizes[name] += size
                    planned[activity.activity_id].append(Part(name, effect, size, ZERO))
            held[symbol] += quantity
        return {
            activity_id: tuple(part._replace(order_qty=sizes[part.name]) for part in parts)
            for activity_id, parts in planned.items()
        }

    def _owner(
        self, owners: dict[str, tuple[str, PositionEffect]], fill: Activity, effect: PositionEffect
    ) -> str:
        """An order on record has one instrument and either opens or closes; a broker's may do
        both, or be of several legs.
        """
        wanted = (_symbol(fill), effect)
        name = self._name(fill)
        if owners.setdefault(name, wanted) == wanted:
            return name
        if owners[name][0] != wanted[0]:
            name = f"{name}.{''.join(fill.symbol.split())}"
        name = f"{name}.{effect.value}"
        owners[name] = wanted
        return name

    def _held_before(self) -> dict[str, Decimal]:
        """What was held before the first of these activities: what is held now, less what came of
        those on record.
        """
        account = self._history.account
        streams = {each.activity_id: activity_stream(account, each.activity_id)
                   for each in self.told if not _is_trade(each)}  # fmt: skip
        known = Work(self._desk).prefetch(streams.values())
        held = defaultdict(Decimal, self._history.held)
        for each in self.told:
            if each.activity_id in self._known or streams.get(each.activity_id) in known:
                held[_symbol(each)] -= each.quantity
        return held


def _split(held: Decimal, quantity: Decimal) -> Iterator[tuple[PositionEffect, Decimal]]:
    """How much of a trade closes what is held, and how much opens something."""
    closes = min(abs(held), abs(quantity)) if held * quantity < 0 else ZERO
    if closes:
        yield PositionEffect.CLOSE, closes
    if abs(quantity) > closes:
        yield PositionEffect.OPEN, abs(quantity) - closes


def _is_trade(activity: Activity) -> bool:
    """Whether it is a fill that can become one of an order; others are kept as they are."""
    if activity.kind is not ActivityKind.FILL or not activity.quantity:
        return False
    try:
        instrument(activity.symbol)
    except InvalidInput:
        return False
    return True


def _symbol(activity: Activity) -> str:
    return instrument(activity.symbol).symbol if _is_trade(activity) else activity.symbol


def _names(activity: Activity) -> tuple[str, ...]:
    return tuple(name for name in (activity.cl_ord_id, activity.order_id) if name)


def _cash(activity: Activity) -> Decimal:
    """What a fill does to the cash, without commission."""
    return -activity.quantity * activity.price * instrument(activity.symbol).multiplier


def _commission(activity: Activity) -> Decimal:
    """What the broker took beside the price, where it tells the amount of cash."""
    return _cash(activity) - activity.amount if activity.amount else ZERO
