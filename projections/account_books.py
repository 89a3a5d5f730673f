"""Account books: what accounts hold and earned, folded from fills and facts about holdings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from uuid import UUID

from msgspec.structs import replace

from domain.accounts import AccountOpened, account_stream
from domain.executions import Contribution
from domain.fix import Side
from domain.holdings import (
    HoldingAdjusted,
    HoldingAssigned,
    HoldingExercised,
    HoldingExpired,
    holding_stream,
)
from domain.instruments import Option, instrument
from domain.legs import expiry_of, legs_of, multiplier_of, strategy_symbol
from domain.lots import ZERO, Lots
from domain.order_events import (
    OrderFilled,
    OrderRequested,
    OrderTradeCanceled,
    OrderTradeCorrected,
)
from domain.positions import Booking, Kind, Position
from domain.trades import Badge
from projections.bookings import (
    BookingRow,
    OrderRow,
    booking_of,
    booking_row,
    bookings_table,
    orders_table,
    received,
    received_part,
    shares_of,
)
from projections.followed import Followed, FollowedIndex
from projections.holding_rows import holding_row, valued
from projections.marks import MarkBook
from projections.pnl import Records, Shift, day_of
from projections.positions import BookKind, PositionRow, TradeLeg
from projections.readmodel import Seen
from projections.remarking import Remark, remarking
from projections.table import Table

FLAT_IN_MEMORY = 4_000
"""What an account held it often holds again, and then all that was ever booked is needed."""


class AccountBooks:
    """Every account's positions: open ones in memory, flat ones as long as there is room."""

    def __init__(
        self,
        records: Records,
        positions: Table[PositionRow],
        legs: Table[TradeLeg],
        marks: MarkBook,
    ) -> None:
        self._records = records
        self._positions = positions
        self._legs = legs
        self._marks = marks
        self._index = FollowedIndex(BookKind.ACCOUNT, positions, legs, self._follow, FLAT_IN_MEMORY)
        self.orders = orders_table()
        self.bookings = bookings_table()
        self.tables = (self.orders, self.bookings)

    def load(self, rows: Iterable[PositionRow]) -> None:
        """Takes open positions into memory."""
        rows = list(rows)
        booked: dict[UUID, list[Booking]] = {row.position: [] for row in rows}
        for each in self.bookings.select_current("position = ANY(%s)", (list(booked),)):
            booked[each.position].append(booking_of(each))
        for row in rows:
            self._index.add(self._followed(row, booked[row.position]))

    def opened(self, event: AccountOpened, seen: Seen) -> None:
        """An account begins with its cash."""
        record = self._records.record(seen.stream, BookKind.ACCOUNT, seen.position)
        row = replace(record.row, name=event.name, cash=event.cash)
        self._records.change(record, seen.position, row)

    def requested(self, event: OrderRequested, seen: Seen) -> None:
        """Its fills will say neither account nor instrument."""
        symbol = strategy_symbol(event.side, event.legs)
        self.orders.insert(
            OrderRow(order_id=seen.stream, account=event.account, symbol=symbol,
                     position=holding_of(event.account, symbol), sign=event.side.sign,
                     signal=event.signal),
            seen.position,
        )  # fmt: skip

    def filled(self, event: OrderFilled, seen: Seen) -> UUID | None:
        """Books a fill; returns the signal that the order came from."""
        order = self._order(seen.stream)
        booking = Booking(
            event=seen.position,
            at=event.transact_time,
            quantity=event.last_qty * order.sign,
            price=event.last_px,
            commission=event.commission,
        )
        followed = self._of(order.account, order.symbol, order.position, booking.at, seen)
        self._book(followed, seen.stream, event.exec_id, booking, seen)
        return order.signal

    def trade_corrected(self, event: OrderTradeCorrected, seen: Seen) -> None:
        """A fill counts with other figures."""
        sign = self._order(seen.stream).sign
        self._rebook(
            (seen.stream, event.exec_id), seen,
            lambda row: replace(row, quantity=event.last_qty * sign, price=event.last_px),
        )  # fmt: skip

    def trade_canceled(self, event: OrderTradeCanceled, seen: Seen) -> None:
        """A fill never happened."""
        self._rebook((seen.stream, event.exec_id), seen, lambda _row: None)

    def expired(self, event: HoldingExpired, seen: Seen) -> None:
        """A position ends at its settlement value."""
        self._fact(event, event.settled_at, seen, quantity=-event.quantity, price=event.price)

    def exercised(self, event: HoldingExercised, seen: Seen) -> None:
        """Held options become shares at the strike."""
        self._exchange(event, event.exercised_at, event.quantity, seen)

    def assigned(self, event: HoldingAssigned, seen: Seen) -> None:
        """Short options become shares at the strike."""
        self._exchange(event, event.assigned_at, -event.quantity, seen)

    def adjusted(self, event: HoldingAdjusted, seen: Seen) -> None:
        """A corporate action changes quantities, or makes another instrument of this one."""
        at = event.effective_at
        if event.to_symbol == event.symbol:
            self._fact(event, at, seen, kind=Kind.SPLIT, quantity=event.to_quantity,
                       price=event.from_quantity)  # fmt: skip
            return
        brought = self._fact(event, at, seen, kind=Kind.DELIVERY)
        receipt = Booking(event=seen.position, at=at, kind=Kind.RECEIPT, brought=brought,
                          quantity=event.to_quantity, price=event.from_quantity)  # fmt: skip
        self._receive(event, event.to_symbol, receipt, seen)

    def marked(self, symbol: str, at: datetime, bid: Decimal, offer: Decimal, seen: Seen) -> None:
        """Values every position in the instrument."""
        for followed in self._index.to_mark(symbol, at):
            quote: tuple[Decimal, Decimal] | None = (bid, offer)
            if len(followed.legs) > 1 or followed.legs[0].ratio > 1:
                quote = self._marks.quote(Side.BUY, followed.legs, at)
            if quote is not None:
                was = followed.subject.held
                moves = followed.subject.mark(at, *quote)
                now = followed.subject.held
                if moves or now != was:
                    is_only_valued = now.lots is was.lots and now.quote is not None
                    row = valued(followed, now) if is_only_valued else holding_row(followed)
                    self._keep(followed, row, moves, seen)

    def remarking(self, symbol: str, at: datetime) -> Remark:
        """Remembers what a mark makes of holdings; the answer, once it is another, moves them."""
        return remarking(self._index.to_mark(symbol, at), holding_row, self._revalue)

    def _revalue(
        self, followed: Followed[Position], moves: Sequence[Contribution], _: object, seen: Seen
    ) -> None:
        self._keep(followed, holding_row(followed), moves, seen)

    def open_symbols(self) -> set[str]:
        """Instruments of which something is open."""
        return self._index.open_symbols()

    def trim(self) -> None:
        """Lets the longest flat positions go when they are too many."""
        self._index.trim()

    def _exchange(
        self,
        event: HoldingExercised | HoldingAssigned,
        at: datetime,
        quantity: Decimal,
        seen: Seen,
    ) -> None:
        """Cash-settled options bring no shares: their value comes with their expiry."""
        gone = self._fact(event, at, seen, kind=Kind.DELIVERY, quantity=quantity)
        option = instrument(event.symbol)
        if isinstance(option, Option) and not option.is_index:
            receipt = Booking(event=seen.position, at=at, kind=Kind.EXCHANGE, brought=gone,
                              quantity=shares_of(option, gone), price=option.strike)  # fmt: skip
            self._receive(event, option.underlying, receipt, seen)

    def _fact(
        self,
        event: HoldingExpired | HoldingExercised | HoldingAssigned | HoldingAdjusted,
        at: datetime,
        seen: Seen,
        *,
        kind: Kind = Kind.TRADE,
        quantity: Decimal = ZERO,
        price: Decimal = ZERO,
    ) -> Lots:
        """Books a fact about a holding; returns the lots that a delivery took away."""
        position = holding_of(event.account, event.symbol)
        followed = self._of(event.account, event.symbol, position, at, seen)
        booking = Booking(event=seen.position, at=at, kind=kind, quantity=quantity, price=price)
        self._book(followed, position, f"{seen.name} {seen.version}", booking, seen)
        return followed.subject.gone.get(booking.event, Lots())

    def _receive(
        self,
        event: HoldingExercised | HoldingAssigned | HoldingAdjusted,
        symbol: str,
        receipt: Booking,
        seen: Seen,
    ) -> None:
        target = holding_of(event.account, symbol)
        source = holding_of(event.account, event.symbol)
        followed = self._of(event.account, symbol, target, receipt.at, seen)
        self._book(followed, source, received_part(receipt.event), receipt, seen)

    def _book(
        self, followed: Followed[Position], source: UUID, part: str, booking: Booking, seen: Seen
    ) -> None:
        row = booking_row(source, part, followed.row.position, booking)
        self.bookings.insert(row, seen.position)
        gone = followed.subject.gone
        moves = followed.subject.book(booking)
        self._keep(followed, holding_row(followed), moves, seen)
        self._pass_on(followed, gone, seen)

    def _rebook(
        self,
        key: tuple[UUID, str],
        seen: Seen,
        change: Callable[[BookingRow], BookingRow | None],
    ) -> None:
        was = self.bookings.current(key)
        if was is None:
            raise LookupError(f"there is no booking {key[1]} of {key[0]}")
        # Before the row changes: a position that comes back into memory is read from its rows.
        followed = self._index.find(was.position)
        assert followed is not None
        now = change(was)
        if now is None:
            self.bookings.remove(key, seen.position)
        else:
            self.bookings.put(now, seen.position)
        gone = followed.subject.gone
        booking = None if now is None else booking_of(now)
        moves = followed.subject.rebook(was.event, booking)
        self._keep(followed, holding_row(followed), moves, seen)
        self._pass_on(followed, gone, seen)

    def _pass_on(
        self, followed: Followed[Position], gone_before: dict[int, Lots], seen: Seen
    ) -> None:
        """Tells the positions that received from this one when what they got has changed."""
        gone = followed.subject.gone
        if gone is gone_before:
            return
        for event, lots in gone.items():
            key = (followed.row.position, received_part(event))
            if gone_before.get(event) != lots and self.bookings.current(key) is not None:
                self._rebook(key, seen, partial(received, followed.row.symbol, lots))

    def _keep(
        self,
        followed: Followed[Position],
        row: PositionRow,
        moves: Sequence[Contribution],
        seen: Seen,
    ) -> None:
        """Writes what changed: the row, and what was moved on which day."""
        was = followed.row
        if was.valid_from == 0:
            followed.row = row
            self._positions.insert(row, seen.position)
        elif row != was:
            followed.row = row
            self._positions.put(row, seen.position, was)
        if row.closed_at != was.closed_at:
            self._index.relist(followed)
        self._records.contribute(row, moves, seen)
        if not moves:
            return
        if len(moves) == 1:
            ((at, _, pnl, commission),) = moves
            day, moved = day_of(at), Shift(ZERO, pnl, commission)
            self._records.shift_day(followed.record, day, moved, seen.position)
            return
        shifts: dict[date, Shift] = {}
        for at, _, pnl, commission in moves:
            shift = shifts.setdefault(day_of(at), Shift())
            shift.pnl += pnl
            shift.commission += commission
        self._records.shift(followed.record, shifts, seen.position)

    def _order(self, order: UUID) -> OrderRow:
        row = self.orders.current(order)
        if row is None:
            raise LookupError(f"order {order} was never requested")
        return row

    def _of(
        self, account: str, symbol: str, position: UUID, at: datetime, seen: Seen
    ) -> Followed[Position]:
        """The account's position in the instrument, begun if there is none."""
        followed = self._index.find(position)
        if followed is not None:
            return followed
        legs = legs_of(symbol)
        book = account_of(account)
        record = self._records.record(book, BookKind.ACCOUNT, seen.position)
        if record.row.since is None:
            named = replace(record.row, since=at, name=record.row.name or account)
            self._records.change(record, seen.position, named)
        row = PositionRow(
            position=position,
            began=seen.position,
            kind=BookKind.ACCOUNT,
            book=book,
            symbol=symbol,
            underlying=instrument(legs[0].symbol).underlying,
            expiry=expiry_of(legs),
            side=Side.BUY.value,
            multiplier=multiplier_of(legs),
            badge=Badge.FILLED,
            scored=False,
            filled=True,
            opened_at=at,
        )
        subject = Position(row.multiplier, [], self._marks.quotes(Side.BUY, legs))
        followed = Followed(subject, row, record, Side.BUY, legs)
        self._index.add(followed)
        for leg in legs:
            leg_row = TradeLeg(
                position=position, symbol=leg.symbol, ratio=leg.ratio * leg.side.sign
            )
            self._legs.insert(leg_row, seen.position)
        return followed

    def _follow(self, row: PositionRow) -> Followed[Position]:
        """The position of a stored row."""
        stored = self.bookings.select_current("position = %s", (row.position,))
        found = {(each.source, each.part): each for each in stored}
        found.update(
            ((each.source, each.part), each)
            for each in self.bookings.in_memory()
            if each.position == row.position
        )
        current = [self.bookings.current(key) for key in found]
        return self._followed(row, [booking_of(each) for each in current if each is not None])

    def _followed(self, row: PositionRow, bookings: list[Booking]) -> Followed[Position]:
        legs = legs_of(row.symbol)
        subject = Position(row.multiplier, bookings, self._marks.quotes(Side.BUY, legs))
        record = self._records.record(row.book, BookKind.ACCOUNT, row.valid_from)
        return Followed(subject, row, record, Side.BUY, legs)


account_of = lru_cache(maxsize=4_096)(account_stream)
holding_of = lru_cache(maxsize=65_536)(holding_stream)
"""The streams of an account and its holdings; deriving them for every order is costly."""
