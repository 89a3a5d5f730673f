"""Trade books: the traders' records, folded from what they said and what the market showed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from msgspec.structs import replace

from domain.executions import Contribution, Execution
from domain.fix import Side
from domain.instruments import instrument
from domain.legs import (
    Leg,
    capital_at_risk,
    expiry_of,
    legs_of,
    multiplier_of,
    strategy_symbol,
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
from domain.terms import HINDSIGHT
from domain.trades import AtRisk, Badge, Tally, Trade
from projections.followed import Followed, FollowedIndex
from projections.marks import MarkBook
from projections.pnl import Records, Shift, day_of
from projections.positions import BookKind, PositionRow, TradeLeg, executions_of
from projections.readmodel import Seen
from projections.remarking import Remark, remarking
from projections.table import Table
from projections.trade_counts import UNCOUNTED, recounted, summed
from projections.trade_rows import badged, executions_text, trade_row, valued
from projections.trade_sums import RecordSums


class TradeBooks:
    """Every trader's trades: open ones in memory, closed ones as long as there is room."""

    def __init__(
        self,
        records: Records,
        positions: Table[PositionRow],
        legs: Table[TradeLeg],
        marks: MarkBook,
        sums: RecordSums,
    ) -> None:
        self._records = records
        self._sums = sums
        self._positions = positions
        self._legs = legs
        self._marks = marks
        self._index = FollowedIndex(BookKind.TRADER, positions, legs, self._follow)

    def load(self, rows: Iterable[PositionRow]) -> None:
        """Takes open trades into memory; the marks of their instruments are loaded."""
        for row in rows:
            self._index.add(self._follow(row))

    def posted(self, event: SignalPosted, seen: Seen) -> None:
        """A trade begins."""
        legs, at = event.legs, event.posted_at
        record = self._records.record(event.trader, BookKind.TRADER, seen.position)
        if record.row.since is None:
            self._records.change(record, seen.position, replace(record.row, since=at))
        execution = Execution(number=1, at=at, quantity=event.quantity, claimed=event.price)
        multiplier = multiplier_of(legs)
        trade = Trade(
            event.side.sign,
            multiplier,
            [execution],
            self._marks.closing(event.side, legs),
            hindsight=event.origin == HINDSIGHT,
            at_risk=_at_risk(event.side, legs),
        )
        symbol = strategy_symbol(event.side, legs)
        row = PositionRow(
            position=seen.stream,
            began=seen.position,
            kind=BookKind.TRADER,
            book=event.trader,
            symbol=symbol,
            underlying=instrument(legs[0].symbol).underlying,
            expiry=expiry_of(legs),
            side=event.side.value,
            multiplier=multiplier,
            badge=trade.tally.badge,
            opened_at=at,
            scored=trade.tally.scored,
        )
        followed = Followed(trade, row, record, event.side, legs)
        self._index.add(followed)
        for leg in legs:
            held = leg.ratio * leg.side.sign * event.side.sign
            leg_row = TradeLeg(position=seen.stream, symbol=leg.symbol, ratio=held)
            self._legs.insert(leg_row, seen.position)
        followed.row = row = trade_row(followed)
        self._positions.insert(row, seen.position)
        moves, shifts = trade.contributions(), recounted(UNCOUNTED, trade.tally)
        if moves or shifts:
            self._contribute(followed, moves, shifts, seen)

    def added(self, event: SignalAdded, seen: Seen) -> None:
        """A trade grows."""
        self._execute(
            Execution(number=event.number, at=event.posted_at, quantity=event.quantity,
                      claimed=event.price),
            seen,
        )  # fmt: skip

    def exit_called(self, event: SignalExitCalled, seen: Seen) -> None:
        """Some or all of a trade is closed by its trader's word."""
        self._execute(
            Execution(number=event.number, at=event.posted_at, quantity=-event.quantity,
                      claimed=event.price, reason=event.reason.value),
            seen,
        )  # fmt: skip

    def settled(self, event: SignalSettled, seen: Seen) -> None:
        """A trade ends at its expiry; the market's close is evidence, no price an assumption."""
        self._execute(
            Execution(number=event.number, at=event.settled_at, quantity=-event.quantity,
                      checked=None if event.assumed else event.price, reason="expiry"),
            seen,
        )  # fmt: skip

    def price_checked(self, event: SignalPriceChecked, seen: Seen) -> None:
        """An execution has its evidence."""
        followed = self._of(seen.stream)
        trade = followed.subject
        before, worth = trade.tally, trade.worth
        quoted = event.offer_size if trade.sign > 0 else event.bid_size
        moves = trade.check(event.number, event.price, attainable=event.attainable, quoted=quoted)
        if trade.worth is worth:
            row = replace(badged(followed.row, trade), executions=executions_text(trade))
        else:
            row = trade_row(followed)
        self._keep(followed, row, moves, before, seen)

    def corrected(self, event: SignalCorrected, seen: Seen) -> None:
        """An execution counts with other figures."""
        followed = self._of(seen.stream)
        before = followed.subject.tally
        moves = followed.subject.correct(event.number, event.price, event.quantity)
        self._keep(followed, trade_row(followed), moves, before, seen)

    def voided(self, _event: SignalVoided, seen: Seen) -> None:
        """A trade counts for nothing."""
        followed = self._of(seen.stream)
        before = followed.subject.tally
        moves = followed.subject.void()
        self._keep(followed, trade_row(followed), moves, before, seen)

    def filled(self, signal: UUID, seen: Seen) -> None:
        """An order of ours was filled on the strength of a signal."""
        followed = self._of(signal)
        if followed.subject.filled:
            return
        before = followed.subject.tally
        followed.subject.fill()
        row = replace(followed.row, badge=followed.subject.tally.badge, filled=True)
        self._keep(followed, row, (), before, seen)

    def marked(self, symbol: str, at: datetime, bid: Decimal, offer: Decimal, seen: Seen) -> None:
        """Values every trade of the instrument that was open then."""
        for followed in self._index.to_mark(symbol, at):
            self._mark(followed, at, bid, offer, seen)

    def remarking(self, symbol: str, at: datetime) -> Remark:
        """Remembers what a mark makes of trades; the answer, once it is another, moves them."""
        return remarking(self._index.to_mark(symbol, at), trade_row, self._revalue)

    def _revalue(
        self, followed: Followed[Trade], moves: Sequence[Contribution], tally: Tally, seen: Seen
    ) -> None:
        self._keep(followed, trade_row(followed), moves, tally, seen)

    def open_symbols(self) -> set[str]:
        """Instruments of which something is open."""
        return self._index.open_symbols()

    def trim(self) -> None:
        """Lets the longest closed trades go when they are too many."""
        self._index.trim()

    def _execute(self, execution: Execution, seen: Seen) -> None:
        followed = self._of(seen.stream)
        before = followed.subject.tally
        moves = followed.subject.execute(execution)
        self._keep(followed, trade_row(followed), moves, before, seen)

    def _mark(
        self, followed: Followed[Trade], at: datetime, bid: Decimal, offer: Decimal, seen: Seen
    ) -> None:
        trade = followed.subject
        if trade.voided or at < trade.opened_at:
            return
        if len(followed.legs) > 1 or followed.legs[0].ratio > 1:
            quote = self._marks.quote(followed.side, followed.legs, at)
            if quote is None:
                return
            bid, offer = quote
        before, was = trade.tally, trade.worth
        moves = trade.mark(at, bid if trade.sign > 0 else offer)
        now = trade.worth
        if now.lots is not was.lots:
            if moves or now != was:
                self._keep(followed, trade_row(followed), moves, before, seen)
        elif now is not was:
            row = followed.row
            followed.row = valued(row, now)
            self._positions.put(followed.row, seen.position, row)
            if moves:
                self._contribute(followed, moves, {}, seen)

    def _keep(
        self,
        followed: Followed[Trade],
        row: PositionRow,
        moves: Sequence[Contribution],
        before: Tally,
        seen: Seen,
    ) -> None:
        """Writes what changed: the row, what was moved, and the counts of the days."""
        was = followed.row
        if row != was:
            followed.row = row
            self._positions.put(row, seen.position, was)
        if row.closed_at != was.closed_at:
            self._index.relist(followed)
        tally = followed.subject.tally
        if moves or before[:3] != tally[:3]:
            self._resum(followed, tally, seen)
        shifts = recounted(before, tally)
        if moves or shifts:
            self._contribute(followed, moves, shifts, seen)

    def _resum(self, followed: Followed[Trade], tally: Tally, seen: Seen) -> None:
        """Has the sums of closed trades follow."""
        if tally.closed_at is None and followed.counted is None:
            return
        was, now = followed.counted, summed(followed)
        if now != was:
            followed.counted = now
            self._sums.move(followed.row.book, was, now, seen.position)

    def _contribute(
        self,
        followed: Followed[Trade],
        moves: Sequence[Contribution],
        shifts: dict[date, Shift],
        seen: Seen,
    ) -> None:
        self._records.contribute(followed.row, moves, seen)
        if not shifts and len(moves) == 1:
            ((at, share, pnl, _),) = moves
            day, shift = day_of(at), Shift(share, pnl)
            self._records.shift_day(followed.record, day, shift, seen.position)
            return
        for at, share, pnl, _ in moves:
            day = day_of(at)
            moved = shifts.setdefault(day, Shift())
            moved.contribution += share
            moved.pnl += pnl
        self._records.shift(followed.record, shifts, seen.position)

    def _of(self, position: UUID) -> Followed[Trade]:
        followed = self._index.find(position)
        if followed is None:
            raise LookupError(f"signal {position} was never posted")
        return followed

    def _follow(self, row: PositionRow) -> Followed[Trade]:
        """The trade of a stored row."""
        side = Side(row.side)
        legs = tuple(
            leg if side is Side.BUY else replace(leg, side=leg.side.opposite)
            for leg in legs_of(row.symbol)
        )
        trade = Trade(
            side.sign,
            row.multiplier,
            [replace(execution, assumed=None) for execution in executions_of(row.executions)],
            self._marks.closing(side, legs),
            voided=row.badge is Badge.VOID,
            filled=row.filled,
            hindsight=row.badge is Badge.HINDSIGHT,
            at_risk=_at_risk(side, legs),
        )
        record = self._records.record(row.book, BookKind.TRADER, row.valid_from)
        followed = Followed(trade, row, record, side, legs)
        followed.counted = summed(followed)
        return followed


def _at_risk(side: Side, legs: tuple[Leg, ...]) -> AtRisk | None:
    """What a sold trade ties up; a bought one its price."""
    return None if side is Side.BUY else partial(capital_at_risk, side, legs)
