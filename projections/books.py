"""Books: the one fold of everything that is about money.

Traders' records, accounts' positions, their days and their marks are folded together, because
one mark moves them all and a fill says something about the signal behind it.
"""

from __future__ import annotations

from domain.accounts import AccountCashMoved, AccountOpened, CashKind
from domain.holdings import HoldingAdjusted, HoldingAssigned, HoldingExercised, HoldingExpired
from domain.market import MarkCorrected, MarkRecorded
from domain.order_events import (
    OrderFilled,
    OrderRequested,
    OrderTradeCanceled,
    OrderTradeCorrected,
)
from domain.ranking import RulesChanged, RulesPublished
from domain.signal_events import (
    SignalAdded,
    SignalCorrected,
    SignalExitCalled,
    SignalPosted,
    SignalPriceChecked,
    SignalSettled,
    SignalVoided,
)
from projections.account_books import AccountBooks
from projections.marks import MarkBook
from projections.pnl import Records, Shift, day_of
from projections.positions import BookKind, legs_table, positions_table
from projections.readmodel import Projection, Seen, when
from projections.trade_books import TradeBooks
from projections.trade_sums import RecordSums


class Books(Projection):
    """Folds signals, evidence, fills, facts about holdings and marks into positions and days.

    `signal.closed` moves no figure: a trade ends with the execution that closes its last unit.
    """

    name = "books"
    kind = "money"
    weight = 50

    def __init__(self) -> None:
        self.positions = positions_table()
        self.legs = legs_table()
        self.marks = MarkBook()
        self.records = Records()
        self.sums = RecordSums()
        self._trades = TradeBooks(self.records, self.positions, self.legs, self.marks, self.sums)
        self._accounts = AccountBooks(self.records, self.positions, self.legs, self.marks)
        self.tables = (
            self.positions,
            self.legs,
            self.marks.table,
            *self.records.tables,
            self.sums.table,
            *self._accounts.tables,
        )

    def load(self) -> None:
        self.records.load()
        rows = self.positions.select_current("quantity <> 0")
        if rows:
            ids = [row.position for row in rows]
            legs = self.legs.select_current("position = ANY(%s)", (ids,))
            self.marks.load({leg.symbol for leg in legs})
        self._trades.load(row for row in rows if row.kind is BookKind.TRADER)
        self._accounts.load(row for row in rows if row.kind is BookKind.ACCOUNT)

    def finish_batch(self) -> None:
        self.sums.finish_batch()
        self._trades.trim()
        self._accounts.trim()
        self.marks.trim(self._trades.open_symbols() | self._accounts.open_symbols())

    @when(SignalPosted)
    def posted(self, event: SignalPosted, seen: Seen) -> None:
        self._trades.posted(event, seen)

    @when(SignalAdded)
    def added(self, event: SignalAdded, seen: Seen) -> None:
        self._trades.added(event, seen)

    @when(SignalExitCalled)
    def exit_called(self, event: SignalExitCalled, seen: Seen) -> None:
        self._trades.exit_called(event, seen)

    @when(SignalSettled)
    def settled(self, event: SignalSettled, seen: Seen) -> None:
        self._trades.settled(event, seen)

    @when(SignalPriceChecked)
    def price_checked(self, event: SignalPriceChecked, seen: Seen) -> None:
        self._trades.price_checked(event, seen)

    @when(SignalCorrected)
    def corrected(self, event: SignalCorrected, seen: Seen) -> None:
        self._trades.corrected(event, seen)

    @when(SignalVoided)
    def voided(self, event: SignalVoided, seen: Seen) -> None:
        self._trades.voided(event, seen)

    @when(AccountOpened)
    def account_opened(self, event: AccountOpened, seen: Seen) -> None:
        self._accounts.opened(event, seen)

    @when(AccountCashMoved)
    def cash_moved(self, event: AccountCashMoved, seen: Seen) -> None:
        """Dividends and interest are earned, fees are costs; money paid in or out is neither."""
        if event.kind is CashKind.FEE:
            shift = Shift(commission=-event.amount)
        elif event.kind in (CashKind.DIVIDEND, CashKind.INTEREST):
            shift = Shift(pnl=event.amount)
        else:
            return
        record = self.records.record(seen.stream, BookKind.ACCOUNT, seen.position)
        self.records.shift_day(record, day_of(event.happened_at), shift, seen.position)

    @when(OrderRequested)
    def order_requested(self, event: OrderRequested, seen: Seen) -> None:
        self._accounts.requested(event, seen)

    @when(OrderFilled)
    def order_filled(self, event: OrderFilled, seen: Seen) -> None:
        signal = self._accounts.filled(event, seen)
        if signal is not None:
            self._trades.filled(signal, seen)

    @when(OrderTradeCorrected)
    def trade_corrected(self, event: OrderTradeCorrected, seen: Seen) -> None:
        self._accounts.trade_corrected(event, seen)

    @when(OrderTradeCanceled)
    def trade_canceled(self, event: OrderTradeCanceled, seen: Seen) -> None:
        self._accounts.trade_canceled(event, seen)

    @when(HoldingExpired)
    def expired(self, event: HoldingExpired, seen: Seen) -> None:
        self._accounts.expired(event, seen)

    @when(HoldingExercised)
    def exercised(self, event: HoldingExercised, seen: Seen) -> None:
        self._accounts.exercised(event, seen)

    @when(HoldingAssigned)
    def assigned(self, event: HoldingAssigned, seen: Seen) -> None:
        self._accounts.assigned(event, seen)

    @when(HoldingAdjusted)
    def adjusted(self, event: HoldingAdjusted, seen: Seen) -> None:
        self._accounts.adjusted(event, seen)

    @when(MarkRecorded)
    def marked(self, event: MarkRecorded, seen: Seen) -> None:
        symbol, at, bid, offer = event.symbol, event.marked_at, event.bid, event.offer
        self.marks.record(symbol, at, bid, offer, seen.position)
        self._trades.marked(symbol, at, bid, offer, seen)
        self._accounts.marked(symbol, at, bid, offer, seen)

    @when(MarkCorrected)
    def remarked(self, event: MarkCorrected, seen: Seen) -> None:
        symbol, at = event.symbol, event.marked_at
        remark = self._trades.remarking(symbol, at), self._accounts.remarking(symbol, at)
        self.marks.correct(symbol, at, event.bid, event.offer, seen.position)
        for move in remark:
            move(seen)

    @when(RulesPublished, RulesChanged)
    def ruled(self, event: RulesPublished | RulesChanged, seen: Seen) -> None:
        self.records.publish(event.rules, day_of(event.timestamp), seen.position)
