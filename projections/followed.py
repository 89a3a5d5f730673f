"""Followed positions: those in memory, and which of them a mark is about.

Open ones are always in memory. Closed ones stay as long as there is room, because evidence and
marks often come after the exit; the others come back from their rows when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Generic, TypeVar
from uuid import UUID

from domain.fix import Side
from domain.legs import Leg
from projections.pnl import Record
from projections.positions import BookKind, PositionRow, TradeLeg
from projections.table import Table
from projections.trade_sums import Counted

CLOSED_IN_MEMORY = 1_000
"""So many closed ones stay in memory where nobody says otherwise."""

S = TypeVar("S")


class Followed(Generic[S]):
    """A trade or an account's position in memory, with its book and its row."""

    __slots__ = ("counted", "legs", "record", "row", "side", "subject")

    counted: Counted | None
    """How a trade that is closed is in the sums of its trader."""

    def __init__(
        self, subject: S, row: PositionRow, record: Record, side: Side, legs: tuple[Leg, ...]
    ) -> None:
        self.subject = subject
        self.row = row
        self.record = record
        self.side = side
        self.legs = legs
        self.counted = None


class FollowedIndex(Generic[S]):
    """Positions of one kind by id and by instrument."""

    def __init__(
        self,
        kind: BookKind,
        positions: Table[PositionRow],
        legs: Table[TradeLeg],
        follow: Callable[[PositionRow], Followed[S]],
        closed_in_memory: int = CLOSED_IN_MEMORY,
    ) -> None:
        self._kind = kind
        self._positions = positions
        self._legs = legs
        self._follow = follow
        self._closed_in_memory = closed_in_memory
        # By the number in the position's id, which is hashed faster than the id.
        self._followed: dict[int, Followed[S]] = {}
        self._open: dict[str, dict[int, Followed[S]]] = {}
        self._closed: dict[str, dict[int, Followed[S]]] = {}
        self._closed_order: dict[int, None] = {}
        self._closed_until: dict[str, datetime] = {}
        """The last end of a closed position in memory, by instrument: later marks pass them by."""
        self._known_since: dict[str, datetime] = {}
        """Positions in the instrument that ended later than this are all in memory."""

    def find(self, position: UUID) -> Followed[S] | None:
        """The position, from memory or its row."""
        followed = self._followed.get(position.int)
        if followed is None:
            row = self._positions.current(position)
            if row is not None:
                followed = self._follow(row)
                self.add(followed)
        return followed

    def add(self, followed: Followed[S]) -> None:
        """Takes a position into memory."""
        position = followed.row.position.int
        self._followed[position] = followed
        for leg in followed.legs:
            self._open.setdefault(leg.symbol, {})[position] = followed
        if followed.row.closed_at is not None:
            self.relist(followed)

    def relist(self, followed: Followed[S]) -> None:
        """Puts the position among the closed ones if it is, else among the open ones."""
        position, ended = followed.row.position.int, followed.row.closed_at
        if ended is None:
            if position in self._closed_order:
                self._reopen(position, followed)
            return
        for leg in followed.legs:
            until = self._closed_until.get(leg.symbol)
            if until is None or until < ended:
                self._closed_until[leg.symbol] = ended
        if position in self._closed_order:
            return
        self._closed_order[position] = None
        for leg in followed.legs:
            self._closed.setdefault(leg.symbol, {})[position] = followed
            _take_out(self._open, leg.symbol, position)

    def _reopen(self, position: int, followed: Followed[S]) -> None:
        del self._closed_order[position]
        for leg in followed.legs:
            self._open.setdefault(leg.symbol, {})[position] = followed
            _take_out(self._closed, leg.symbol, position)

    def to_mark(self, symbol: str, at: datetime) -> list[Followed[S]]:
        """Every position in the instrument that may have been open at a moment."""
        known = self._known_since.get(symbol)
        if at < known if known is not None else not self._positions.began_empty:
            self._recall(symbol, at)
        found = list(self._open.get(symbol, {}).values())
        until = self._closed_until.get(symbol)
        if until is not None and at < until:
            found.extend(self._closed.get(symbol, {}).values())
        return found

    def open_symbols(self) -> set[str]:
        """Instruments of which something is open."""
        return set(self._open)

    def trim(self) -> None:
        """Lets the longest closed ones go when they are too many."""
        if len(self._closed_order) <= self._closed_in_memory:
            return
        for position in list(islice(self._closed_order, self._closed_in_memory // 2)):
            followed = self._followed.pop(position)
            del self._closed_order[position]
            ended = followed.row.closed_at
            assert ended is not None
            for leg in followed.legs:
                _take_out(self._closed, leg.symbol, position)
                if leg.symbol not in self._closed:
                    self._closed_until.pop(leg.symbol, None)
                known = self._known_since.get(leg.symbol)
                if known is None or known < ended:
                    self._known_since[leg.symbol] = ended

    def _recall(self, symbol: str, at: datetime) -> None:
        """Takes those positions in the instrument into memory that ended after a moment."""
        self._known_since[symbol] = at
        found = {leg.position for leg in self._legs.select_current("symbol = %s", (symbol,))}
        found.update(leg.position for leg in self._legs.in_memory() if leg.symbol == symbol)
        unknown = [position for position in sorted(found) if position.int not in self._followed]
        self._positions.prefetch(unknown)
        for position in unknown:
            row = self._positions.current(position)
            if row is None or row.kind is not self._kind:
                continue
            if row.closed_at is None or row.closed_at > at:
                self.add(self._follow(row))


def _take_out(listed: dict[str, dict[int, Followed[S]]], symbol: str, position: int) -> None:
    trades = listed.get(symbol)
    if trades is not None:
        trades.pop(position, None)
        if not trades:
            del listed[symbol]
