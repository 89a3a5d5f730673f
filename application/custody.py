"""Custody: what happens to holdings and cash without a trade, as the broker tells it.

Expired, exercised and assigned contracts, splits, and cash that came or went. Contracts on shares
leave at what they cost and bring shares at the strike; what settles in cash is worth what it
brought. A holding of several legs settles with the signal that it follows, and so does everything
at our own paper broker; what has left one way does not leave again the other.

What was traded before an account was opened here is in its opening cash: holdings follow its
history, cash does not.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.books import Books, Held
from application.desk import Work
from application.ports import MarketPrices
from application.reaction import Happened
from application.selling import hand_line
from domain.accounts import Account, CashKind, account_stream
from domain.activities import Activity, ActivityKind, ActivityRecorded
from domain.fix import Side
from domain.holdings import (
    Holding,
    HoldingAdjusted,
    HoldingAssigned,
    HoldingExercised,
    HoldingExpired,
    holding_stream,
)
from domain.instruments import Instrument, Option, Right, instrument
from domain.legs import Leg, legs_of, multiplier_of, strategy_symbol
from domain.market import exchange_day
from domain.shared import InvalidInput, price, stream_id
from domain.signal_events import SignalSettled

OURS = "paper"
"""The broker in our own database: what it holds settles with the signals, and its one deposit is
the cash that the account was opened with."""

Fact = HoldingExpired | HoldingExercised | HoldingAssigned | HoldingAdjusted

_ENDS = frozenset({ActivityKind.EXPIRY, ActivityKind.EXERCISE, ActivityKind.ASSIGNMENT})
_CASH = {
    ActivityKind.DEPOSIT: CashKind.DEPOSIT,
    ActivityKind.WITHDRAWAL: CashKind.WITHDRAWAL,
    ActivityKind.JOURNAL: CashKind.JOURNAL,
    ActivityKind.DIVIDEND: CashKind.DIVIDEND,
    ActivityKind.INTEREST: CashKind.INTEREST,
    ActivityKind.FEE: CashKind.FEE,
}
_RESHAPING = frozenset({ActivityKind.SPLIT, ActivityKind.DIVIDEND})


class Custody:
    """Part of trading: it decides by the same books, and books what it decides at once."""

    def __init__(self, books: Books, market: MarketPrices) -> None:
        self._books = books
        self._market = market

    def settle(self, cause: Happened, settled: SignalSettled, work: Work) -> None:
        """What is held for a trade ends with it, unless its broker will tell of that."""
        held = self._books.held(cause.stream)
        if held is None:
            return
        account = work.find(Account, account_stream(held.account))
        is_single = len(held.legs) == 1 and held.legs[0].ratio == 1
        if is_single and account is not None and account.broker != OURS:
            return
        holding = self._holding(work, held.account, strategy_symbol(held.side, held.legs), cause)
        holding.expire(
            signal=cause.stream,
            quantity=held.quantity * held.side.sign,
            price=settled.price,
            underlying_px=settled.underlying_px,
            assumed=settled.assumed,
            settled_at=settled.settled_at,
            at=cause.event.timestamp,
        )
        self._book_now(holding)

    def take(self, cause: Happened, told: ActivityRecorded, work: Work) -> None:
        """Decides what an activity does to holdings and cash."""
        activity = told.activity
        account = work.find(Account, account_stream(told.account))
        book = self._books.account(told.account)
        if account is None or book is None:
            return
        before = book.cash
        if activity.kind in _ENDS:
            self._end(cause, told, work)
        if activity.kind in _RESHAPING and activity.quantity:
            self._reshape(cause, told, work)
        is_history = activity.happened_at < account.created_on
        kind, amount = _CASH.get(activity.kind), activity.amount
        if is_history:
            kind, amount = CashKind.HISTORY, before - book.cash
        elif account.broker == OURS and kind is CashKind.DEPOSIT:
            return
        if kind is not None and amount:
            account.move_cash(
                kind,
                amount,
                activity=activity.activity_id,
                happened_at=activity.happened_at,
                at=cause.event.timestamp,
            )

    def book(self, cause: Happened, fact: Fact) -> None:
        """Books a fact that is on the tape, if it does not count already."""
        if not self._books.is_noted(str(cause.stream)):
            self._apply(fact)

    def _end(self, cause: Happened, told: ActivityRecorded, work: Work) -> None:
        """What our books still hold of a contract leaves them."""
        activity, at = told.activity, cause.event.timestamp
        option = _named(activity.symbol)
        if not isinstance(option, Option):
            return
        side = Side.BUY if activity.quantity < 0 else Side.SELL
        gone = min(abs(activity.quantity), self._held(told.account, side, option.symbol))
        if gone <= 0:
            return
        holding = self._holding(work, told.account, option.symbol, cause)
        if activity.kind is ActivityKind.EXPIRY or option.is_index or activity.amount:
            worth, is_assumed = self._worth(option, activity)
            holding.expire(
                signal=None,
                quantity=gone * side.sign,
                price=worth,
                underlying_px=None,
                assumed=is_assumed,
                settled_at=activity.happened_at,
                at=at,
            )
        elif side is Side.BUY:
            holding.exercise(gone, exercised_at=activity.happened_at, at=at)
        else:
            holding.assign(gone, assigned_at=activity.happened_at, at=at)
        self._book_now(holding)

    def _worth(self, option: Option, activity: Activity) -> tuple[Decimal, bool]:
        """What a contract brought per share, and whether that is only assumed."""
        if activity.amount:
            units = abs(activity.quantity) * option.multiplier
            return price(abs(activity.amount) / units), False
        if activity.kind is ActivityKind.EXPIRY:
            return Decimal(0), False
        # The cash of an index option comes as an activity of its own that names no contract.
        close = self._market.settlement(option.underlying, option.expiry)
        return (Decimal(0), True) if close is None else (option.intrinsic(close), False)

    def _reshape(self, cause: Happened, told: ActivityRecorded, work: Work) -> None:
        """A split or a dividend in shares: more or fewer shares of the same cost.

        Some brokers tell one as two, all old shares out and the new ones in.
        """
        activity = told.activity
        named = _named(activity.symbol)
        if named is None or isinstance(named, Option):
            return
        held = self._held(told.account, Side.BUY, named.symbol) - self._held(
            told.account, Side.SELL, named.symbol
        )
        if not held:
            return
        if activity.quantity == -held:
            self._books.set_aside(told.account, named.symbol)
            return
        is_new = self._books.was_set_aside(told.account, named.symbol)
        becomes = activity.quantity if is_new else held + activity.quantity
        if becomes * held <= 0:
            return
        holding = self._holding(work, told.account, named.symbol, cause)
        holding.adjust(
            to_symbol=named.symbol,
            from_quantity=abs(held),
            to_quantity=abs(becomes),
            reason=activity.kind.value,
            effective_at=activity.happened_at,
            at=cause.event.timestamp,
        )
        self._book_now(holding)

    def _held(self, account: str, side: Side, symbol: str) -> Decimal:
        found = [self._books.held(trade) for trade in self._trades(account, side, symbol)]
        return sum((held.quantity for held in found if held is not None), Decimal(0))

    def _trades(
        self, account: str, side: Side, symbol: str, signal: UUID | None = None
    ) -> list[UUID]:
        first = signal or stream_id("manual", account, symbol)
        name = strategy_symbol(side, legs_of(symbol))
        return self._books.held_for(account, side, name, first=first)

    def _holding(self, work: Work, account: str, symbol: str, cause: Happened) -> Holding:
        return work.find(Holding, holding_stream(account, symbol)) or work.begin(
            Holding.open(account=account, symbol=symbol, at=cause.event.timestamp)
        )

    def _book_now(self, holding: Holding) -> None:
        """What comes next on the tape is decided by books that know of it."""
        fact = holding.pending_events[-1]
        assert isinstance(fact, Fact)
        self._apply(fact)
        self._books.note(str(holding.id))

    def _apply(self, fact: Fact) -> None:
        match fact:
            case HoldingExpired():
                side = Side.BUY if fact.quantity > 0 else Side.SELL
                self._release(fact, side, fact.price, fact.signal)
            case HoldingExercised():
                self._deliver(fact, Side.BUY, fact.exercised_at)
            case HoldingAssigned():
                self._deliver(fact, Side.SELL, fact.assigned_at)
            case HoldingAdjusted():
                for side in Side:
                    for trade in self._trades(fact.account, side, fact.symbol):
                        self._books.split(trade, fact.to_quantity, fact.from_quantity)
                if fact.to_symbol != fact.symbol:
                    self._books.rename(fact.account, fact.symbol, fact.to_symbol)

    def _release(
        self,
        fact: HoldingExpired | HoldingExercised | HoldingAssigned,
        side: Side,
        worth: Decimal,
        signal: UUID | None = None,
    ) -> Decimal:
        """Lets contracts go at their worth, trade by trade; what they had cost per share."""
        left, cost = abs(fact.quantity), Decimal(0)
        for trade in self._trades(fact.account, side, fact.symbol, signal):
            held = self._books.held(trade)
            if held is not None and left > 0:
                gone = min(left, held.quantity)
                cost += gone * held.price
                self._books.release(trade, gone, worth)
                left -= gone
        return cost / abs(fact.quantity)

    def _deliver(self, fact: HoldingExercised | HoldingAssigned, side: Side, at: datetime) -> None:
        """Contracts become shares at the strike, which take over what the contracts cost."""
        option = instrument(fact.symbol)
        assert isinstance(option, Option)
        cost = self._release(fact, side, Decimal(0))
        if option.is_index:
            return
        # Whoever exercises a call or is assigned on a put gets the shares.
        gets = Side.BUY if (side is Side.BUY) == (option.right is Right.CALL) else Side.SELL
        share = Leg(symbol=option.underlying, side=gets)
        left = fact.quantity * multiplier_of(legs_of(fact.symbol))
        for trade in self._trades(fact.account, gets.opposite, share.symbol):
            held = self._books.held(trade)
            if held is not None and left > 0:
                gone = min(left, held.quantity)
                self._books.release(trade, gone, option.strike)
                left -= gone
        if left > 0:
            basis = option.strike + cost * (1 if option.right is Right.CALL else -1)
            got = Held(fact.account, gets, (share,), left, basis, exchange_day(at))
            line = hand_line(fact.account, gets, (share,))
            self._books.receive(line, got, paid=option.strike)


def _named(symbol: str) -> Instrument | None:
    """The instrument of a symbol; what names none is nothing that we hold."""
    try:
        return instrument(symbol)
    except InvalidInput:
        return None
