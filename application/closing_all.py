"""Closing all: an account is emptied, now or at a clock time, and stays empty for the day.

What is to be done is on the tape, so whoever takes a step goes on where another one stopped: open
orders are taken back, every holding is sold through its exit plan, and only an account that two
looks in a row found flat is reported as flat. At the close of the session the report says what
is left, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Protocol
from uuid import UUID

from application.access import Member
from application.brokerage import BrokerPosition
from application.desk import Command, Desk, Outcome, Work, derived_id
from application.guarded import Guarded, OpenPositions
from application.hours import Exchange, Session, session_on
from application.limiting import limits_of
from application.ports import Conflict, MarketPrices, QuoteRequest, Unavailable
from application.selling import leave, look, seen, take_back
from domain.accounts import Account, account_stream
from domain.close_alls import CloseAll, ClosedPosition, Joined, LeftOpen, close_all_stream
from domain.exit_events import Due
from domain.exit_firing import ending
from domain.exit_terms import ExitReason, Fired
from domain.exits import ExitPlan
from domain.legs import strategy_symbol
from domain.market import EXCHANGE_ZONE, Quote, exchange_day
from domain.orders import Order, order_stream
from domain.shared import InvalidInput

NAME = "close_all"
TIME_TO_SELL = timedelta(minutes=15)
"""A clock time that lies later on a short day begins so long before that day's close."""


class OpenOrders(Protocol):
    """Which orders may still trade."""

    def open_orders(self, account: str) -> Sequence[str]:
        """The ClOrdIDs of an account's open orders, in whatever state.

        Raises:
            Unavailable: no answer.
        """
        ...


def order_close_all(
    desk: Desk,
    command: Command,
    member: Member,
    exchange: Exchange,
    *,
    account: str,
    clock: time | None = None,
    expected_version: int | None = None,
) -> Outcome:
    """Orders the close-all of an account for today: now, or at a clock time in New York.

    Ordering it again changes nothing, unless it is to begin earlier.

    Raises:
        Forbidden, NotFound: who asks or what is asked for cannot be.
        InvalidInput: there is no session today, or it is over.
        Conflict: it has moved on since the member looked; what nobody ordered is at 0.
        Impossible: it is to begin later than was ordered, or has begun.
    """
    member.require("close_position")
    session = _session(exchange, command.at)
    begins_at = _begins_at(session, clock, command.at)

    def decide(work: Work) -> CloseAll:
        work.get(Account, account_stream(account))
        known = work.expect(CloseAll, close_all_stream(account, session.date), expected_version)
        if known is None:
            return work.begin(
                CloseAll.order(
                    account=account,
                    day=session.date,
                    begins_at=begins_at,
                    ends_at=session.closes_at,
                    by=member.name,
                    at=command.at,
                )
            )
        asked_again = clock is None or begins_at == known.begins_at
        if not (asked_again and (known.begun_at is not None or begins_at >= known.begins_at)):
            known.move(begins_at, by=member.name, at=command.at)
        return known

    return desk.run(command, decide)


def why_closing(work: Work, account: str, at: datetime) -> str:
    """Why nothing new may be opened in an account at a moment; nothing if it may."""
    known = work.find(CloseAll, close_all_stream(account, exchange_day(at)))
    if known is None or at < known.begins_at:
        return ""
    state = "closed" if known.is_finished else "being closed"
    return f"everything in {account} is {state}: nothing is opened before the next session"


class ClosingAll:
    """Moves close-alls on, a step at a time."""

    def __init__(
        self,
        desk: Desk,
        accounts: Callable[[], Sequence[str]],
        orders: OpenOrders,
        positions: OpenPositions,
        market: MarketPrices,
        *,
        at_broker: Callable[[str], Sequence[BrokerPosition]] | None = None,
    ) -> None:
        """`at_broker` tells what the broker holds for an account, where that can be asked."""
        self._desk = desk
        self._accounts = accounts
        self._orders = orders
        self._positions = positions
        self._market = market
        self._at_broker = at_broker
        self._flat: set[UUID] = set()

    def step(self, at: datetime) -> list[CloseAll]:
        """Does what is due now; the close-alls that run, or were finished by it.

        Raises:
            Unavailable: store or broker did not answer; the next step goes on.
        """
        day = exchange_day(at)
        work = Work(self._desk)
        streams = [close_all_stream(account, day) for account in self._accounts()]
        work.prefetch(streams)
        found = [work.find(CloseAll, stream) for stream in streams]
        running = [
            each
            for each in found
            if each is not None and not each.is_finished and at >= each.begins_at
        ]
        rows = self._positions.guarded() if running else []
        for each in running:
            self._move(work, each, [row for row in rows if row.account == each.account], at)
        results = work.commit()
        if any(isinstance(result, Conflict) for result in results):
            self._flat.clear()
        return running

    def _move(self, work: Work, closing: CloseAll, rows: Sequence[Guarded], at: datetime) -> None:
        """One step of one close-all: all of it again that is not done yet."""
        if closing.begun_at is None:
            closing.begin(at=at)
        work.prefetch([row.plan for row in rows])
        held = [plan for row in rows if (plan := work.find(ExitPlan, row.plan)) is not None]
        held = [plan for plan in held if plan.held > 0]
        closing.join(tuple(map(_joined, held)), at=at)
        orders = list(self._orders.open_orders(closing.account))
        self._take_back(work, orders, held, at)
        quotes = self._quotes(held, at)
        left = [LeftOpen(symbol=_symbol(plan), quantity=plan.held,
                         why=_sell(work, plan, quotes, at)) for plan in held]  # fmt: skip
        left += self._only_at_broker(closing, held)
        is_flat = not (left or orders)
        if is_flat and closing.id not in self._flat:
            self._flat.add(closing.id)
        elif is_flat or at >= closing.ends_at:
            closing.finish(_closed(work, closing), tuple(left), tuple(orders), at=at)
        if not is_flat:
            self._flat.discard(closing.id)
        work.save(
            Command.given(
                derived_id(NAME, str(closing.id), at.isoformat()),
                actor=f"timer:{NAME}",
                at=at,
                correlation=closing.id,
            )
        )

    def _take_back(
        self, work: Work, orders: Sequence[str], held: Sequence[ExitPlan], at: datetime
    ) -> None:
        """Takes back every order but those by which a holding is being left."""
        leaving = {
            name for plan in held for name, each in plan.working.items() if each.reason.must_trade
        }
        work.prefetch(order_stream(name) for name in orders)
        for name in orders:
            if name not in leaving:
                take_back(work, name, "everything is closed", at)

    def _quotes(self, held: Sequence[ExitPlan], at: datetime) -> dict[str, Quote]:
        symbols = sorted({leg.symbol for plan in held for leg in plan.legs})
        if not symbols:
            return {}
        try:
            found = self._market.quotes_at([QuoteRequest(symbol, at) for symbol in symbols])
        except Unavailable:
            return {}
        return {quote.symbol: quote for quote in found if quote is not None}

    def _only_at_broker(self, closing: CloseAll, held: Sequence[ExitPlan]) -> list[LeftOpen]:
        """What the broker holds and no plan knows of: it cannot be closed here."""
        if self._at_broker is None:
            return []
        known = {leg.symbol for plan in held for leg in plan.legs}
        return [
            LeftOpen(
                symbol=each.symbol,
                quantity=each.quantity,
                why="the broker holds it and no plan here knows of it",
            )
            for each in self._at_broker(closing.account)
            if each.quantity != 0 and each.symbol not in known
        ]


def _session(exchange: Exchange, at: datetime) -> Session:
    day = exchange_day(at)
    session = session_on(exchange, day)
    if session is None:
        raise InvalidInput(f"the market is closed on {day:%A %Y-%m-%d}: nothing can be sold")
    if at >= session.closes_at:
        raise InvalidInput(
            f"the market closed at {session.closes_at:%H:%M} UTC: nothing can be sold"
        )
    return session


def _begins_at(session: Session, clock: time | None, at: datetime) -> datetime:
    """When a close-all that is ordered now begins, in UTC."""
    if clock is None:
        return max(at, session.opens_at)
    wanted = datetime.combine(session.date, clock, EXCHANGE_ZONE).astimezone(at.tzinfo)
    if wanted < at:
        raise InvalidInput(f"it is past {clock:%H:%M} in New York already")
    if wanted < session.opens_at:
        raise InvalidInput(f"the market opens at {session.opens_at:%H:%M} UTC only")
    return max(min(wanted, session.closes_at - TIME_TO_SELL), at)


def _sell(work: Work, plan: ExitPlan, quotes: dict[str, Quote], at: datetime) -> str:
    """Asks for whatever no order leaves the holding by; why something is left, in words."""
    if plan.due is not None:
        return look(work, plan, quotes, at=at) or _rests(plan)
    limits = limits_of(work, plan.account)
    quote, why_not = seen(plan.side, plan.legs, quotes, at=at, age_s=limits.quote_age_s)
    if quote is None:
        fired = Fired(reason=ExitReason.CLOSE_ALL, quantity=plan.held)
        plan.postpone(fired, why_not, quote=None, at=at)
        return why_not
    found = ending(plan, Due(ExitReason.CLOSE_ALL), quote.exit_px(plan.side), at)
    if found is not None:
        leave(work, plan, found, quote, ticks=limits.through_ticks, at=at)
    return _rests(plan)


def _rests(plan: ExitPlan) -> str:
    working = " and ".join(sorted(plan.working))
    return f"{working} did not fill" if working else "no order would take it"


def _joined(plan: ExitPlan) -> Joined:
    return Joined(plan=plan.id, symbol=_symbol(plan), held=plan.held)


def _symbol(plan: ExitPlan) -> str:
    return strategy_symbol(plan.side, plan.legs)


def _closed(work: Work, closing: CloseAll) -> tuple[ClosedPosition, ...]:
    """What its own orders filled, and others that still worked when it began."""
    assert closing.begun_at is not None
    found = []
    for joined in closing.joined.values():
        plan = work.get(ExitPlan, joined.plan)
        for name, reason in plan.closings.items():
            order = work.find(Order, order_stream(name))
            if order is None or not order.cum_qty:
                continue
            if reason is not ExitReason.CLOSE_ALL and order.modified_on < closing.begun_at:
                continue
            found.append(
                ClosedPosition(
                    symbol=joined.symbol,
                    quantity=min(order.cum_qty, joined.held),
                    avg_px=order.avg_px,
                    reason=reason.value,
                )
            )
    return tuple(found)
