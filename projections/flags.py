"""Flags: what deserves a second look, with the reason and the events it was seen in.

Linked accounts that bet against each other, own fills before a post, more posted than stood at
the quote. A trade is looked at again whenever something changes that may matter: a link, an
owner, an execution, a correction; what does not hold any more is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.accounts import AccountOwnerNamed, account_stream
from domain.fix import PositionEffect, Side
from domain.flags import BEFORE_POST, FlagKind
from domain.legs import strategy_symbol
from domain.order_events import (
    OrderFilled,
    OrderRequested,
    OrderTradeCanceled,
    OrderTradeCorrected,
)
from domain.signal_events import (
    SignalAdded,
    SignalCorrected,
    SignalExitCalled,
    SignalPosted,
    SignalPriceChecked,
    SignalSettled,
    SignalVoided,
)
from domain.traders import TraderLinked, TraderUnlinked
from projections.flag_rows import (
    FlagRow,
    LinkedRow,
    OwnedRow,
    OwnFillRow,
    OwnOrderRow,
    Part,
    TradeRow,
    closed_at,
    content_of,
    fills_table,
    flags_table,
    links_table,
    orders_table,
    owners_table,
    parts_of,
    parts_text,
    trades_table,
)
from projections.flagging import flag_id, front_runs, opposites, too_large
from projections.pages import Past, select_page
from projections.people import people
from projections.readmodel import Projection, Seen, known_at, when
from projections.suspects import Suspects

ORDERS_KEPT = 16_384

_account_of = lru_cache(maxsize=4_096)(account_stream)


class Flags(Projection):
    """Folds trades, links, owners and fills into flags."""

    name = "flags"
    kind = "feed"
    weight = 2

    def __init__(self) -> None:
        self.flags = flags_table()
        self.trades = trades_table()
        self.orders = orders_table()
        self.fills = fills_table()
        self.links = links_table()
        self.owners = owners_table()
        self.tables = (
            self.flags, self.trades, self.orders, self.fills, self.links, self.owners,
        )  # fmt: skip
        self._suspects = Suspects(self.trades, self.fills)
        self._of_signals: dict[int, None] = {}
        """The latest orders that follow from signals: their fills need not be looked for."""
        self._raised: dict[UUID, set[UUID]] = {}
        """Flags that two facts together raise, by each trade that they are about."""

    def load(self) -> None:
        self._suspects.load(self.links.select_current(), self.owners.select_current())
        for row in self.flags.select_current("kind <> 'size'"):
            self._remember(row)

    def finish_batch(self) -> None:
        for order in list(islice(self._of_signals, max(0, len(self._of_signals) - ORDERS_KEPT))):
            del self._of_signals[order]

    @when(SignalPosted)
    def posted(self, event: SignalPosted, seen: Seen) -> None:
        part = Part(1, seen.position, event.posted_at, event.quantity)
        row = TradeRow(
            trade=seen.stream,
            trader=event.trader,
            event=seen.position,
            symbol=strategy_symbol(event.side, event.legs),
            side=event.side.value,
            opened_at=event.posted_at,
            parts=parts_text([part]),
        )
        self.trades.insert(row, seen.position)
        if self._suspects.is_watched(row.trader):
            self._suspects.keep(row)
            self._judge(row, seen)

    @when(SignalAdded)
    def added(self, event: SignalAdded, seen: Seen) -> None:
        self._execute(Part(event.number, seen.position, event.posted_at, event.quantity), seen)

    @when(SignalExitCalled)
    def exit_called(self, event: SignalExitCalled, seen: Seen) -> None:
        self._execute(Part(event.number, seen.position, event.posted_at, -event.quantity), seen)

    @when(SignalSettled)
    def settled(self, event: SignalSettled, seen: Seen) -> None:
        self._execute(Part(event.number, seen.position, event.settled_at, -event.quantity), seen)

    @when(SignalPriceChecked)
    def price_checked(self, event: SignalPriceChecked, seen: Seen) -> None:
        if not (event.bid_size or event.offer_size):
            return
        row = self._trade(seen.stream)
        quoted = event.offer_size if row.side == Side.BUY.value else event.bid_size
        parts = parts_of(row)
        part = next(part for part in parts if part.number == event.number)
        if not quoted or part.quantity <= 0:
            return
        checked = Part(part.number, part.event, part.at, part.quantity, quoted, seen.position)
        parts[parts.index(part)] = checked
        self._keep(row, replace(row, parts=parts_text(parts)), seen)
        flag = too_large(row, checked)
        if flag is not None:
            self._raise(flag, seen)

    @when(SignalCorrected)
    def corrected(self, event: SignalCorrected, seen: Seen) -> None:
        if event.quantity is None:
            return
        row = self._trade(seen.stream)
        parts = parts_of(row)
        was = next(part for part in parts if part.number == event.number)
        quantity = event.quantity if was.quantity > 0 else -event.quantity
        part = Part(was.number, was.event, was.at, quantity, was.quoted, was.checked)
        parts[parts.index(was)] = part
        after = replace(row, parts=parts_text(parts), closed_at=closed_at(parts))
        self._keep(row, after, seen)
        self._judge_size(after, part, seen)

    @when(SignalVoided)
    def voided(self, event: SignalVoided, seen: Seen) -> None:  # noqa: ARG002
        row = self._trade(seen.stream)
        after = replace(row, voided=True)
        self._keep(row, after, seen)
        for part in parts_of(row):
            self._judge_size(after, part, seen)

    @when(TraderLinked)
    def linked(self, event: TraderLinked, seen: Seen) -> None:
        row = LinkedRow(trader=seen.stream, to_trader=event.to, event=seen.position)
        self.links.put(row, seen.position)
        self._judge_all(self._suspects.link(row), seen)

    @when(TraderUnlinked)
    def unlinked(self, event: TraderUnlinked, seen: Seen) -> None:  # noqa: ARG002
        self.links.remove(seen.stream, seen.position)
        self._judge_all(self._suspects.unlink(seen.stream), seen)

    @when(AccountOwnerNamed)
    def owner_named(self, event: AccountOwnerNamed, seen: Seen) -> None:
        row = None
        if event.owner is None:
            self.owners.remove(seen.stream, seen.position)
        else:
            row = OwnedRow(
                account=seen.stream, name=event.account, owner=event.owner, event=seen.position
            )
            self.owners.put(row, seen.position)
        self._judge_all(self._suspects.own(seen.stream, row), seen)

    @when(OrderRequested)
    def order_requested(self, event: OrderRequested, seen: Seen) -> None:
        """What follows from a signal is told to everybody before it is traded."""
        if event.signal is not None:
            self._of_signals[seen.stream.int] = None
            return
        row = OwnOrderRow(
            order_id=seen.stream,
            account=_account_of(event.account),
            symbol=strategy_symbol(event.side, event.legs),
            side=event.side.value,
            opens=event.position_effect is PositionEffect.OPEN,
        )
        self.orders.insert(row, seen.position)

    @when(OrderFilled)
    def order_filled(self, event: OrderFilled, seen: Seen) -> None:
        order = None if seen.stream.int in self._of_signals else self.orders.current(seen.stream)
        if order is None:
            return
        row = OwnFillRow(
            order_id=seen.stream,
            exec_id=event.exec_id,
            account=order.account,
            symbol=order.symbol,
            side=order.side,
            opens=order.opens,
            quantity=event.last_qty,
            at=event.transact_time,
            event=seen.position,
        )
        self._fill(row, seen)

    @when(OrderTradeCorrected, OrderTradeCanceled)
    def restated(self, event: OrderTradeCorrected | OrderTradeCanceled, seen: Seen) -> None:
        row = self.fills.current((seen.stream, event.exec_id))
        if row is not None:
            quantity = event.last_qty if isinstance(event, OrderTradeCorrected) else Decimal(0)
            self._fill(replace(row, quantity=quantity), seen)

    def _fill(self, row: OwnFillRow, seen: Seen) -> None:
        self.fills.put(row, seen.position)
        if self._suspects.is_owned(row.account):
            self._suspects.keep_fill(row)
            for trade in list(self._suspects.trades_about(row)):
                if abs(trade.opened_at - row.at) <= BEFORE_POST:
                    self._judge(trade, seen)

    def _execute(self, part: Part, seen: Seen) -> None:
        row = self._trade(seen.stream)
        parts = [*parts_of(row), part]
        self._keep(row, replace(row, parts=parts_text(parts), closed_at=closed_at(parts)), seen)

    def _keep(self, before: TradeRow, row: TradeRow, seen: Seen) -> None:
        self.trades.put(row, seen.position)
        if self._suspects.is_watched(row.trader):
            self._suspects.keep(row)
            if (before.closed_at, before.voided) != (row.closed_at, row.voided):
                self._judge(row, seen)

    def _trade(self, trade: UUID) -> TradeRow:
        row = self.trades.current(trade)
        if row is None:
            raise LookupError(f"signal {trade} was never posted")
        return row

    def _judge_all(self, traders: Iterable[UUID], seen: Seen) -> None:
        """Looks at every trade of these traders again."""
        affected = list(traders)
        for trader in affected:
            for row in self._suspects.trades_of(trader):
                self._judge(row, seen)
        self._suspects.let_go(affected)

    def _judge(self, row: TradeRow, seen: Seen) -> None:
        """Raises the flags that the trade deserves by what others did, and takes back others."""
        wanted = {}
        if not row.voided:
            found = (*opposites(row, self._suspects), *front_runs(row, self._suspects))
            wanted = {flag.flag: flag for flag in found}
        for gone in self._raised.get(row.trade, set()) - wanted.keys():
            self._take_back(gone, seen)
        for flag in wanted.values():
            self._raise(flag, seen)
            self._remember(flag)

    def _judge_size(self, row: TradeRow, part: Part, seen: Seen) -> None:
        flag = too_large(row, part)
        if flag is not None:
            self._raise(flag, seen)
        elif part.quoted:
            self.flags.remove(flag_id(FlagKind.SIZE, row.trade, part.number), seen.position)

    def _raise(self, flag: FlagRow, seen: Seen) -> None:
        before = self.flags.current(flag.flag)
        if before is None or content_of(before) != content_of(flag):
            self.flags.put(flag, seen.position)

    def _take_back(self, flag: UUID, seen: Seen) -> None:
        row = self.flags.current(flag)
        assert row is not None
        for trade in (row.signal, row.other):
            if trade is not None:
                self._raised[trade].discard(flag)
        self.flags.remove(flag, seen.position)

    def _remember(self, flag: FlagRow) -> None:
        for trade in (flag.signal, flag.other):
            if trade is not None:
                self._raised.setdefault(trade, set()).add(flag.flag)


_FLAGS = flags_table().shape


def flags(
    connection: Connection[Any],
    *,
    kind: FlagKind | None = None,
    trader: UUID | None = None,
    signal: UUID | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[FlagRow]:
    """Flags, those of the latest moments first; `after` is (since, flag) of the last one seen."""
    return select_page(
        connection, _FLAGS, where={"kind": kind, "trader": trader, "signal": signal},
        order=["since", "flag"], past=Past(), as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def flag_counts(
    connection: Connection[Any], traders: Collection[UUID], *, as_of: int | None = None
) -> dict[UUID, dict[FlagKind, int]]:
    """How many trades of each of these traders have flags of each kind."""
    found = connection.execute(
        f"SELECT trader, kind, count(DISTINCT signal) FROM {_FLAGS.view}"
        f" WHERE trader = ANY(%(traders)s) AND {known_at(as_of)}"
        " GROUP BY trader, kind ORDER BY trader, kind",
        {"traders": list(traders), "as_of": as_of},
        binary=True,
    )
    counts: dict[UUID, dict[FlagKind, int]] = {}
    for trader, kind, trades in found.fetchall():
        counts.setdefault(trader, {})[FlagKind(kind)] = trades
    return counts


def flag_marks(
    connection: Connection[Any], traders: Collection[UUID], *, as_of: int | None = None
) -> dict[UUID, int]:
    """How many flags each of these traders has for what they did, in all accounts of theirs.

    That more was posted than stood at a quote happens to anybody, and is no mark.
    """
    known = people(connection, as_of)
    of_person: dict[UUID, set[UUID]] = {}
    for trader, person in known.items():
        of_person.setdefault(person, set()).add(trader)
    accounts = {each: of_person.get(known.get(each, each), {each}) for each in traders}
    counts = flag_counts(connection, set().union(*accounts.values()), as_of=as_of)
    marks = {
        each: sum(
            count
            for trader in own
            for kind, count in counts.get(trader, {}).items()
            if kind is not FlagKind.SIZE
        )
        for each, own in accounts.items()
    }
    return {trader: count for trader, count in marks.items() if count}
