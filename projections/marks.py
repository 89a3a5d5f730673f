"""Marks: what instruments were quoted at when figures were struck, by instrument and time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from domain.fix import Side
from domain.legs import Leg, strategy_quote
from domain.positions import Quoted, Quotes
from domain.trades import Marks
from projections.shape import Row
from projections.table import Table

QUOTES_IN_MEMORY = 30_000


class MarkRow(Row, frozen=True, kw_only=True):
    """One mark of one instrument, in USD per share."""

    symbol: str
    marked_at: datetime
    bid: Decimal
    offer: Decimal


class MarkBook:
    """The marks as a fold asks for them: of one instrument, or of several legs as one.

    Several legs have a mark only at moments at which each of them was marked, so that no
    value is put together from quotes of different times.
    """

    def __init__(self) -> None:
        self.table = Table("marks", MarkRow, ["symbol", "marked_at"])
        self._histories: dict[str, list[Quoted]] = {}
        self._forgotten: set[str] = set()
        self._in_memory = 0

    def record(
        self, symbol: str, at: datetime, bid: Decimal, offer: Decimal, position: int
    ) -> None:
        """Keeps a mark; an instrument is marked once at one moment."""
        self.table.insert(MarkRow(symbol=symbol, marked_at=at, bid=bid, offer=offer), position)
        history = self._histories.get(symbol)
        if history is None:
            if not self._knows_all_of(symbol):
                return
            history = self._histories[symbol] = []
        self._in_memory += 1
        quoted = (at, bid, offer)
        if not history or history[-1][0] < at:
            history.append(quoted)
        else:
            insort(history, quoted)

    def correct(
        self, symbol: str, at: datetime, bid: Decimal, offer: Decimal, position: int
    ) -> None:
        """Lets a mark say something else."""
        self.table.put(MarkRow(symbol=symbol, marked_at=at, bid=bid, offer=offer), position)
        history = self._histories.get(symbol)
        if history is not None:
            place = bisect_left(history, (at,))
            if place < len(history) and history[place][0] == at:
                history[place] = (at, bid, offer)

    def load(self, symbols: Collection[str]) -> None:
        """Takes the marks of these instruments into memory."""
        for symbol in symbols:
            self._histories[symbol] = []
        for row in self.table.select_current("symbol = ANY(%s)", (list(symbols),)):
            self._histories[row.symbol].append((row.marked_at, row.bid, row.offer))
        for symbol in symbols:
            self._histories[symbol].sort()
            self._in_memory += len(self._histories[symbol])

    def trim(self, needed: Collection[str]) -> None:
        """Forgets marks of instruments that nothing open needs when they are too many."""
        if self._in_memory <= QUOTES_IN_MEMORY:
            return
        for symbol in [symbol for symbol in self._histories if symbol not in needed]:
            self._in_memory -= len(self._histories.pop(symbol))
            self._forgotten.add(symbol)
            if self._in_memory <= QUOTES_IN_MEMORY // 2:
                return

    def closing(self, side: Side, legs: tuple[Leg, ...]) -> Marks:
        """What closing one unit of a trade brought (bought) or cost (sold), from a moment on."""
        quotes = self.quotes(side, legs)
        is_bought = side is Side.BUY

        def since(at: datetime) -> Sequence[tuple[datetime, Decimal]]:
            return [(at, bid if is_bought else offer) for at, bid, offer in quotes(at)]

        return since

    def quotes(self, side: Side, legs: tuple[Leg, ...]) -> Quotes:
        """Bid and offer of legs in the terms of a bought or sold trade, from a moment on."""
        if len(legs) == 1 and legs[0].ratio == 1:
            symbol = legs[0].symbol

            def of_one(at: datetime) -> Sequence[Quoted]:
                history = self._history(symbol)
                if not history or history[-1][0] < at:
                    return ()
                return history[bisect_left(history, (at,)) :]

            return of_one

        def of_all(at: datetime) -> Iterator[Quoted]:
            first, *others = [leg.symbol for leg in legs]
            for moment, bid, offer in self._history(first):
                if moment < at:
                    continue
                quotes = {first: (bid, offer)}
                quotes.update(
                    (symbol, quote)
                    for symbol in others
                    if (quote := self._quote(symbol, moment)) is not None
                )
                whole = strategy_quote(side, legs, quotes)
                if whole is not None:
                    yield moment, *whole

        return of_all

    def quote(
        self, side: Side, legs: tuple[Leg, ...], at: datetime
    ) -> tuple[Decimal, Decimal] | None:
        """Bid and offer of the legs at one moment, or None if not all were marked then."""
        quotes = {}
        for leg in legs:
            quote = self._quote(leg.symbol, at)
            if quote is None:
                return None
            quotes[leg.symbol] = quote
        return strategy_quote(side, legs, quotes)

    def _quote(self, symbol: str, at: datetime) -> tuple[Decimal, Decimal] | None:
        history = self._history(symbol)
        place = bisect_left(history, (at,))
        if place < len(history) and history[place][0] == at:
            return history[place][1:]
        return None

    def _history(self, symbol: str) -> list[Quoted]:
        history = self._histories.get(symbol)
        if history is not None:
            return history
        if self._knows_all_of(symbol):
            return []
        stored = self.table.select_current("symbol = %s", (symbol,))
        found = {row.marked_at: row for row in stored}
        found.update((r.marked_at, r) for r in self.table.in_memory() if r.symbol == symbol)
        history = sorted((row.marked_at, row.bid, row.offer) for row in found.values())
        self._histories[symbol] = history
        self._forgotten.discard(symbol)
        self._in_memory += len(history)
        return history

    def _knows_all_of(self, symbol: str) -> bool:
        return self.table.began_empty and symbol not in self._forgotten
