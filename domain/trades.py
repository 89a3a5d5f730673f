"""Trade: one signal as it counts, from its executions and the marks between them.

What a trade is worth at a moment is its P&L over all that its entries tied up so far: what a
bought one cost, what a sold one puts at risk. Each fact (an
execution or a mark), in the order of business time, moves that ratio, and what it moves it by
is the fact's contribution to the trader's return at that time; the contributions of a trade
add up to its ratio. A fact that comes late, or is corrected, is put in its place and the whole
path is walked again, so that the figures never depend on the order in which facts were heard.

Prices: a correction's, else the evidence's, else the claimed one. An execution without any of
them is assumed: a bought trade got nothing for what it sold; a sold trade paid twice its
average entry, or the worst mark it ever had if that is worse, to come out.

Dollars: of a trade of which more was posted than stood at the quote, only so much counts.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from domain.executions import Contribution, Execution, counted_share, difference
from domain.lots import ZERO
from domain.shared import cents, ratio
from domain.worth import Worth, marked, quantity_value, share_of

ASSUMED_BUYBACK = Decimal(2)
"""What closing a sold trade is assumed to cost at least, in times of its average entry."""


class Badge(StrEnum):
    """What a whole trade rests on: its weakest execution."""

    POSTED = "posted"
    """At least one price is the trader's word alone."""
    CHECKED = "checked"
    """Every price was held against the market's quote."""
    FILLED = "filled"
    """Checked, and an order of ours was filled on the strength of it."""
    ASSUMED = "assumed"
    """At least one exit has no price at all."""
    UNATTAINABLE = "unattainable"
    """The entry could not be had: the trade is shown, and counts for nothing."""
    HINDSIGHT = "hindsight"
    """It was booked when its end could be known: it is shown, and counts for nothing."""
    VOID = "void"


class Tally(NamedTuple):
    """What a trade adds to the counts of its trader's record."""

    scored: bool
    opened_at: datetime
    closed_at: datetime | None
    won: bool
    badge: Badge


_BEGIN = Worth()

Marks = Callable[[datetime], Iterable[tuple[datetime, Decimal]]]
"""What closing one unit brought or cost per share, at every mark from a moment on, in order."""

AtRisk = Callable[[Decimal], Decimal]
"""What one unit entered at a price ties up, per share."""

_Fact = tuple[datetime, int, int]
"""Business time, then executions before marks of the same moment, then their number."""


class Trade:
    """One signal as it counts. Every change returns what it moved, by time of the fact."""

    __slots__ = ("_at_risk", "_before", "_last", "_scored", "_share", "_tally", "executions",
                 "filled", "hindsight", "marks", "sign", "unit", "voided", "worth")  # fmt: skip

    worth: Worth
    _before: Worth
    _last: _Fact
    _scored: bool
    _share: Decimal | None
    _tally: Tally | None

    def __init__(
        self,
        sign: int,
        multiplier: int,
        executions: list[Execution],
        marks: Marks,
        *,
        voided: bool = False,
        filled: bool = False,
        hindsight: bool = False,
        at_risk: AtRisk | None = None,
    ) -> None:
        """A trade from its executions in any order; `sign` is 1 if it was bought, -1 if sold.

        Without `at_risk` a unit ties up its price, as one that is bought does.
        """
        self.sign = sign
        self._at_risk = at_risk
        self.unit = Decimal(sign * multiplier)
        self.executions = sorted(executions, key=_place)
        self.marks = marks
        self.voided = voided
        self.filled = filled
        self.hindsight = hindsight
        self._settle()

    @property
    def opened_at(self) -> datetime:
        return self.executions[0].at

    @property
    def open_quantity(self) -> Decimal:
        """Units open, in the trade's own terms: positive for a sold trade too."""
        return self.worth.lots.open * self.sign

    @property
    def ending(self) -> Execution:
        """The last execution that is not crossed out."""
        last = self.executions[-1]
        if last.quantity:
            return last
        return next(execution for execution in reversed(self.executions) if execution.quantity)

    @property
    def tally(self) -> Tally:
        """What the trade adds to its trader's counts."""
        tally = self._tally
        if tally is None:
            worth, opened_at = self.worth, self.executions[0].at
            if worth.lots.open:
                tally = Tally(self._scored, opened_at, None, False, self._badge())
            else:
                ended, won = self.ending.at, worth.pnl > 0
                tally = Tally(self._scored, opened_at, ended, won, self._badge())
            self._tally = tally
        return tally

    def contributions(self) -> tuple[Contribution, ...]:
        """All that the trade contributed."""
        if self._last[1] == 0 and len(self.executions) == 1:
            return ()
        return difference({}, self._path())

    def execute(self, execution: Execution) -> tuple[Contribution, ...]:
        """Adds an execution."""
        fact = (execution.at, 0, execution.number)
        if fact > self._last and self.worth.lots.open != 0:
            self.executions.append(execution)
            self._last, self._before = fact, self.worth
            return self._advance(execution, self.worth)
        return self._rewrite(lambda: insort(self.executions, execution, key=_place))

    def mark(self, at: datetime, price: Decimal) -> tuple[Contribution, ...]:
        """Values what is open; `marks` has to know the mark by now."""
        fact = (at, 1, 0)
        if fact > self._last:
            before = self.worth
            if before.lots.open == 0:
                return ()
            self._last = fact
            self.worth = after = marked(before, at, price, self.unit)
            return self._moved(at, before, after)
        if at < self.executions[0].at or (self.worth.lots.open == 0
                                          and at >= self.ending.at):  # fmt: skip
            return ()
        return self.remembered(without=at)()

    def check(
        self, number: int, price: Decimal, *, attainable: bool, quoted: int | None = None
    ) -> tuple[Contribution, ...]:
        """Lets an execution count at the price that the market's evidence gives it, and its
        dollars, if it is an entry, as far as so much stood at the quote.
        """
        was = self._numbered(number)
        if was.quantity.is_signed():
            quoted = None
        now = msgspec.structs.replace(was, checked=price, attainable=attainable, quoted=quoted)
        if now.is_too_large:
            return self._exchange(was, now)
        if was.price == price and was.is_unattainable == now.is_unattainable:
            self.executions[self.executions.index(was)] = now
            self._tally = None
            return ()
        if self._last == (was.at, 0, number) and (number > 1 or len(self.executions) == 1):
            self.executions[-1] = now
            return self._advance(now, self.worth)
        return self._exchange(was, now)

    def correct(
        self, number: int, price: Decimal | None, quantity: Decimal | None
    ) -> tuple[Contribution, ...]:
        """Lets an execution count with other figures."""
        was = now = self._numbered(number)
        if price is not None:
            now = msgspec.structs.replace(now, corrected=price)
        if quantity is not None:
            # A crossed-out exit is a negative nothing, so that it stays one that closes.
            signed = quantity.copy_negate() if was.quantity.is_signed() else quantity
            now = msgspec.structs.replace(now, quantity=signed)
        return self._exchange(was, now)

    def void(self) -> tuple[Contribution, ...]:
        """Lets the trade count for nothing."""
        moved = self.remembered()
        self.voided = True
        return moved()

    def fill(self) -> None:
        """Notes that an order of ours was filled on the strength of it."""
        self.filled = True
        self._tally = None

    def total(self) -> Worth:
        """The trade as it stands; a voided one is worth nothing."""
        return Worth() if self.voided else self.worth

    def prices_counted(self) -> list[Decimal]:
        """`prices`, without walking the path where no price is assumed."""
        found = [execution.price for execution in self.executions]
        known = [price for price in found if price is not None]
        return known if len(known) == len(found) else self.prices()

    def prices(self) -> list[Decimal]:
        """What each execution counts at, assumptions included, in the order of executions."""
        found: list[Decimal] = []
        worth = _BEGIN
        for fact in self._facts():
            if isinstance(fact, Execution):
                found.append(self._price(fact, worth))
            worth = self._after(worth, fact)
        return found

    def _exchange(self, was: Execution, now: Execution) -> tuple[Contribution, ...]:
        place = self.executions.index(was)
        return self._rewrite(lambda: self.executions.__setitem__(place, now))

    def _numbered(self, number: int) -> Execution:
        for execution in self.executions:
            if execution.number == number:
                return execution
        raise LookupError(f"the trade has no execution {number}")

    def _counts(self) -> bool:
        """A trade sold for nothing has no cost to measure by; it counts like one not had."""
        entry = self._numbered(1)
        counts = not (self.voided or self.hindsight or entry.is_unattainable)
        return counts and entry.price != 0

    def _badge(self) -> Badge:
        if self.voided:
            return Badge.VOID
        if self.hindsight:
            return Badge.HINDSIGHT
        if not self._scored:
            return Badge.UNATTAINABLE
        badge = Badge.FILLED if self.filled else Badge.CHECKED
        for execution in self.executions:
            if execution.quantity == 0:
                continue
            if execution.corrected is not None or execution.checked is None:
                if execution.price is None:
                    return Badge.ASSUMED
                badge = Badge.POSTED
        return badge

    def _advance(self, execution: Execution, was: Worth) -> tuple[Contribution, ...]:
        """Walks one execution on from `_before`; it is the last fact."""
        self.worth = after = self._executed(self._before, execution)
        if execution.number == 1:
            self._scored = self._counts()
        self._tally = None
        return self._moved(execution.at, was, after)

    def _moved(self, at: datetime, was: Worth, now: Worth) -> tuple[Contribution, ...]:
        if (now.ratio == was.ratio and now.pnl == was.pnl) or not self._scored:
            return ()
        pnl = now.pnl - was.pnl if self._share is None else self._counted(was, now)
        return (Contribution(at, now.ratio - was.ratio, pnl),)

    def _counted(self, was: Worth, now: Worth) -> Decimal:
        """By how much the dollars move that count; to the cent, so that they always add up."""
        if self._share is None:
            return now.pnl - was.pnl
        return cents(now.pnl * self._share) - cents(was.pnl * self._share)

    def _rewrite(self, change: Callable[[], None]) -> tuple[Contribution, ...]:
        """Changes the past and says what that moved, fact by fact."""
        moved = self.remembered()
        change()
        return moved()

    def remembered(self, without: datetime | None = None) -> Callable[[], tuple[Contribution, ...]]:
        """Remembers the path; the answer says what has moved since then, marks included."""
        before = self._path(without)

        def moved() -> tuple[Contribution, ...]:
            self._settle()
            return difference(before, self._path())

        return moved

    def _path(self, without: datetime | None = None) -> dict[datetime, tuple[Decimal, Decimal]]:
        """Ratio and P&L that each moment contributed; nothing if the trade does not count."""
        path: dict[datetime, tuple[Decimal, Decimal]] = {}
        if not self._counts():
            return path
        worth = _BEGIN
        for fact in self._facts(without):
            after = self._after(worth, fact)
            at = fact.at if isinstance(fact, Execution) else fact[0]
            share, pnl = path.get(at, (ZERO, ZERO))
            path[at] = (share + after.ratio - worth.ratio, pnl + self._counted(worth, after))
            worth = after
        return path

    def _settle(self) -> None:
        """Walks the whole path; leaves the last fact and what was before it."""
        self._tally = None
        self._scored = self._counts()
        self._share = counted_share(self.executions)
        first = self.executions[0]
        last: _Fact = (first.at, 0, first.number)
        worth = before = _BEGIN
        if len(self.executions) == 1 and not any(True for _ in self.marks(first.at)):
            worth = self._executed(before, first)
        else:
            for fact in self._facts():
                before, worth = worth, self._after(worth, fact)
                last = _place_of(fact)
        self.worth, self._before, self._last = worth, before, last

    def _facts(
        self, without: datetime | None = None
    ) -> Iterator[Execution | tuple[datetime, Decimal]]:
        """Executions and marks in the order of business time, up to where nothing is open."""
        executions = self.executions
        ends_at = None if sum((e.quantity for e in executions), ZERO) else self.ending.at
        place = 0
        for mark in self.marks(executions[0].at):
            if ends_at is not None and mark[0] >= ends_at:
                break
            while place < len(executions) and executions[place].at <= mark[0]:
                yield executions[place]
                place += 1
            if mark[0] != without:
                yield mark
        yield from executions[place:]

    def _after(self, worth: Worth, fact: Execution | tuple[datetime, Decimal]) -> Worth:
        if isinstance(fact, Execution):
            return self._executed(worth, fact)
        return marked(worth, *fact, self.unit)

    def _price(self, execution: Execution, worth: Worth) -> Decimal:
        """What it counts at, given the trade before it."""
        price = execution.price
        if price is not None:
            return price
        if self.sign > 0 or worth.entered == 0:
            return ZERO
        average = worth.entry_cost / (worth.entered * abs(self.unit))
        return max(ratio(average * ASSUMED_BUYBACK), worth.worst)

    def _executed(self, worth: Worth, execution: Execution) -> Worth:
        quantity, unit = execution.quantity, self.unit
        if quantity == 0:
            return worth
        price = self._price(execution, worth)
        value = quantity * price * unit
        lots = worth.lots.traded(quantity * self.sign, value, execution.at)
        entered, entry_cost, tied = worth.entered, worth.entry_cost, worth.tied
        if quantity > 0:
            entered += quantity
            entry_cost += abs(value)
            per_share = price if self._at_risk is None else self._at_risk(price)
            tied += quantity * per_share * abs(unit)
        mark = worth.mark
        pnl = lots.realised
        if mark is not None and lots.open != 0:
            pnl += quantity_value(lots.open, mark, unit) - lots.cost
        return Worth(lots, entered, entry_cost, tied, mark, worth.marked_at, worth.worst, pnl,
                     share_of(pnl, tied))  # fmt: skip


def _place_of(fact: Execution | tuple[datetime, Decimal]) -> _Fact:
    return (fact.at, 0, fact.number) if isinstance(fact, Execution) else (fact[0], 1, 0)


def _place(execution: Execution) -> tuple[datetime, int]:
    return execution.at, execution.number
