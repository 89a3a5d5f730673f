"""Mistakes in random histories: whatever people may have put right, with what they ask for.

Beside trades, fills and marks these histories have what is said of people and their money: cash
that moves, authors who turn out to be one person, whose account it is. A part may be corrected
more than once, so that a correction is corrected itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from application.correcting import Change
from domain.accounts import Account, AccountCashMoved, CashKind
from domain.corrections import Target
from domain.fix import Side
from domain.legs import Leg
from domain.market import MarkRecorded, mark_stream
from domain.order_events import OrderFilled
from domain.shared import stream_id
from domain.signal_events import SignalAdded, SignalExitCalled, SignalPosted
from domain.terms import HINDSIGHT, TRADER, Terms
from domain.traders import Trader, TraderRegistered
from tests.properties.histories import START, SYMBOLS, TRADERS, Act, Teller, moments
from tests.properties.oracle import Told

AUTHORS = ("ann", "ben", "cyn")
"""The first two post."""

prices = st.integers(1, 400).map(lambda cents: cents * Decimal("0.05"))
quantities = st.integers(0, 3).map(Decimal)
amounts = st.sampled_from([n for n in range(-40, 41) if n]).map(lambda n: n * Decimal("12.50"))


class Keeper(Teller):
    """Tells of people and of their money as well."""

    def __init__(self, draw: st.DrawFn) -> None:
        super().__init__(draw)
        self._traders = [
            Trader.register(platform="test", author_id=name, name=name.title(), at=START)
            for name in AUTHORS
        ]
        for trader in self._traders:
            self.write(trader)

    def acts(self) -> list[Act]:
        of_people: list[Act] = [self._open, self._move_cash, self._move_cash, self._link,
                                self._link, self._own]  # fmt: skip
        return [*super().acts(), *of_people]

    def _open(self) -> Account | None:
        return self.opened(self.draw(st.sampled_from(["main", "second"])))

    def _account(self) -> Account | None:
        name = self.draw(st.sampled_from(["main", "second"]))
        return self.accounts.get(name)

    def _move_cash(self) -> Account | None:
        account = self._account()
        if account is not None:
            at = self.draw(moments)
            account.move_cash(
                self.draw(st.sampled_from(CashKind)), self.draw(amounts),
                activity=self.next(), happened_at=at, at=at,
            )  # fmt: skip
        return account

    def _own(self) -> Account | None:
        account = self._account()
        if account is not None:
            owner = self.draw(st.sampled_from([None, *TRADERS]))
            account.name_owner(owner, reason="test", by="test", at=self.draw(moments))
        return account

    def _link(self) -> Trader:
        """A later author is linked to an earlier one, so that links never lead round."""
        later = self.draw(st.integers(1, len(self._traders) - 1))
        trader, at = self._traders[later], self.draw(moments)
        if trader.linked_to is not None:
            trader.unlink(reason="test", by="test", at=at)
        else:
            to = self._traders[self.draw(st.integers(0, later - 1))].id
            trader.link(to, reason="test", by="test", at=at)
        return trader


class Mistake(NamedTuple):
    """A history, and what people ask for one after the other, sensible or not."""

    told: list[Told]
    wanted: list[Change]


@st.composite
def mistakes(draw: st.DrawFn) -> Mistake:
    keeper = Keeper(draw)
    for _ in range(draw(st.integers(15, 55))):
        keeper.step()
    return Mistake(keeper.told, list(_changes(draw, keeper.told)))


def _changes(draw: st.DrawFn, told: Sequence[Told]) -> Iterator[Change]:
    """Corrections of some parts, each kind as often as the others, and of some parts again."""
    kinds: dict[type[Any], list[Told]] = {}
    for one in told:
        if type(one.event) in _CHANGES:
            kinds.setdefault(type(one.event), []).append(one)
    if not kinds:
        return
    chosen = [
        draw(st.sampled_from(kinds[kind]))
        for kind in draw(st.lists(st.sampled_from(list(kinds)), min_size=1, max_size=3))
    ]
    again = draw(st.lists(st.sampled_from(chosen), max_size=2))
    for one in (*chosen, *again):
        yield _CHANGES[type(one.event)](draw, one)


def _of_signal(draw: st.DrawFn, one: Told) -> Change:
    match draw(st.integers(0, 7)):
        case 0:
            return Change(target=Target.SIGNAL, stream=one.stream, void=True, reason="x")
        case 1:
            return Change(target=Target.SIGNAL, stream=one.stream, void=True, reason="x",
                          instead=_terms(draw, one))  # fmt: skip
        case 2:
            return Change(target=Target.SIGNAL, stream=one.stream, stop=draw(prices), reason="x")
    return Change(
        target=Target.SIGNAL, stream=one.stream, part=str(getattr(one.event, "number", 1)),
        price=draw(prices), quantity=draw(st.none() | quantities), reason="x",
    )  # fmt: skip


def _terms(draw: st.DrawFn, one: Told) -> Terms:
    """The trade that it should have been."""
    side = draw(st.sampled_from(Side))
    at = one.event.timestamp
    return Terms(
        origin=draw(st.sampled_from([TRADER, HINDSIGHT])), platform="test", channel="room",
        message=stream_id("said", "instead", str(one.stream)), place=str(draw(st.integers(1, 9))),
        side=side, legs=(Leg(symbol=draw(st.sampled_from(SYMBOLS)), side=side),),
        quantity=draw(quantities) + 1, price=draw(prices), parser="test",
        posted_at=at.astimezone(UTC),
    )  # fmt: skip


def _of_order(draw: st.DrawFn, one: Told) -> Change:
    assert isinstance(one.event, OrderFilled)
    part, stream = one.event.exec_id, one.stream
    if draw(st.integers(0, 3)) == 0:
        return Change(target=Target.ORDER, stream=stream, part=part, void=True, reason="x")
    return Change(
        target=Target.ORDER, stream=stream, part=part, price=draw(prices),
        quantity=draw(st.none() | quantities), reason="x",
    )  # fmt: skip


def _of_mark(draw: st.DrawFn, one: Told) -> Change:
    assert isinstance(one.event, MarkRecorded)
    bid = draw(prices)
    stream = mark_stream(one.event.symbol, one.event.marked_at)
    return Change(
        target=Target.MARK, stream=stream, bid=bid, offer=bid + Decimal("0.05"), reason="x"
    )


def _of_cash(draw: st.DrawFn, one: Told) -> Change:
    assert isinstance(one.event, AccountCashMoved)
    amount = draw(st.none() | amounts)
    return Change(
        target=Target.ACCOUNT, stream=one.stream, part=one.event.activity,
        amount=amount, void=amount is None, reason="x",
    )  # fmt: skip


def _of_trader(draw: st.DrawFn, one: Told) -> Change:
    ids: list[UUID | None] = [None, *TRADERS]
    to = draw(st.sampled_from(ids))
    return Change(
        target=Target.TRADER, stream=one.stream, linked_to=to, void=to is None, reason="x"
    )


_CHANGES: dict[type[Any], Callable[[st.DrawFn, Told], Change]] = {
    SignalPosted: _of_signal,
    SignalAdded: _of_signal,
    SignalExitCalled: _of_signal,
    OrderFilled: _of_order,
    MarkRecorded: _of_mark,
    AccountCashMoved: _of_cash,
    TraderRegistered: _of_trader,
}
