"""Differing: how trades that were booked and the same messages by another reading differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from uuid import UUID

import msgspec

from application.told import ENTRY, SETTLEMENT, ToldExecution, ToldTrade
from domain.instruments import instrument
from domain.terms import Changed


class Sort(StrEnum):
    """What another reading makes of a trade."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    REPLACED = "replaced"
    """Another contract or side: what is booked is no trade of the author's at all."""


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """Other figures for a booked execution; a quantity of 0 crosses it out."""

    number: int
    price: Decimal | None = None
    quantity: Decimal | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One trade that reads otherwise than it is booked."""

    sort: Sort
    booked: ToldTrade | None = None
    read: ToldTrade | None = None
    changes: tuple[Changed, ...] = ()
    fixes: tuple[Fix, ...] = ()
    missed: tuple[ToldExecution, ...] = ()
    """Executions that are not booked."""
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()

    @property
    def trade(self) -> ToldTrade:
        """The trade as it is booked, or as it would be."""
        trade = self.booked or self.read
        assert trade is not None
        return trade


def differences(
    booked: Sequence[ToldTrade], read: Sequence[ToldTrade], *, at: datetime
) -> Iterator[Difference]:
    """What differs between the trades that one message opened, booked and read again.

    `at` is the time of the last message read: levels matter only while a trade is open.
    """
    left = list(read)
    unmatched: list[ToldTrade] = []
    for trade in booked:
        same = next((one for one in left if _is_same(one, trade)), None)
        if same is None:
            unmatched.append(trade)
            continue
        left.remove(same)
        if not trade.voided:
            yield from _changed(trade, same, at)
    for trade in unmatched:
        other = left.pop(0) if left else None
        if trade.voided:
            # Somebody has dealt with this message already.
            continue
        if other is None:
            yield Difference(
                sort=Sort.GONE,
                booked=trade,
                changes=(Changed(field="trade", was=spoken(trade), now=""),),
            )
        else:
            yield Difference(
                sort=Sort.REPLACED, booked=trade, read=other, changes=_terms(trade, other)
            )
    for trade in left:
        yield Difference(
            sort=Sort.NEW, read=trade, changes=(Changed(field="trade", was="", now=spoken(trade)),)
        )


def spoken(trade: ToldTrade) -> str:
    """`buy 2 TSLA 250C 2026-11-20 @ 2.28`."""
    entry = trade.executions.get(1)
    figures = "" if entry is None else f" @ {entry.counted_px}"
    amount = "" if entry is None else f"{_plain(entry.counted)} "
    return f"{trade.side.value} {amount}{contract(trade)}{figures}"


def contract(trade: ToldTrade) -> str:
    """The contract as people write it."""
    return " / ".join(str(instrument(leg.symbol)) for leg in trade.legs)


def _is_same(one: ToldTrade, other: ToldTrade) -> bool:
    return one.side is other.side and one.symbol == other.symbol


def _terms(booked: ToldTrade, read: ToldTrade) -> tuple[Changed, ...]:
    found = [
        Changed(field="contract", was=contract(booked), now=contract(read)),
        Changed(field="side", was=booked.side.value, now=read.side.value),
    ]
    was, now = booked.executions.get(1), read.executions.get(1)
    if was is not None and now is not None:
        found.append(Changed(field="quantity", was=_plain(was.counted), now=_plain(now.quantity)))
        found.append(Changed(field="price", was=_price(was.counted_px), now=_price(now.price)))
    return tuple(change for change in found if change.was != change.now)


def _changed(booked: ToldTrade, read: ToldTrade, at: datetime) -> Iterator[Difference]:
    changes: list[Changed] = []
    fixes: list[Fix] = []
    missed: list[ToldExecution] = []
    for was, now in _pairs(booked, read):
        if was is None:
            assert now is not None
            missed.append(now)
            changes.append(Changed(field=now.kind, was="", now=_figures(now.quantity, now.price)))
        elif was.by_hand:
            # A person has corrected it, who knew better than any reading.
            continue
        elif now is None:
            if was.counted:
                fixes.append(Fix(number=was.number, quantity=Decimal(0)))
                figures = _figures(was.counted, was.counted_px)
                changes.append(Changed(field=_named(was), was=figures, now=""))
        elif now.price is None and was.counted_px is not None:
            fixes.append(Fix(number=was.number, quantity=Decimal(0)))
            missed.append(now)
            changes.append(
                Changed(
                    field=_named(was),
                    was=_figures(was.counted, was.counted_px),
                    now=_figures(now.quantity, None),
                )
            )
        else:
            _compare(was, now, changes, fixes)
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    if not (booked.is_over(at) or read.is_over(at)):
        stop, targets = _levels(booked, read, changes)
    if changes:
        yield Difference(
            sort=Sort.CHANGED,
            booked=booked,
            read=read,
            changes=tuple(changes),
            fixes=tuple(fixes),
            missed=tuple(missed),
            stop=stop,
            targets=targets,
        )


def _compare(
    was: ToldExecution, now: ToldExecution, changes: list[Changed], fixes: list[Fix]
) -> None:
    quantity = now.quantity if now.quantity != was.counted else None
    price = now.price if now.price != was.counted_px else None
    if quantity is None and price is None:
        return
    fixes.append(Fix(number=was.number, price=price, quantity=quantity))
    name = "" if was.number == 1 else f"{_named(was)} "
    if quantity is not None:
        changes.append(
            Changed(field=f"{name}quantity", was=_plain(was.counted), now=_plain(quantity))
        )
    if price is not None:
        changes.append(Changed(field=f"{name}price", was=_price(was.counted_px), now=_price(price)))


def _levels(
    booked: ToldTrade, read: ToldTrade, changes: list[Changed]
) -> tuple[Decimal | None, tuple[Decimal, ...]]:
    """Levels that a reading adds or moves; none are taken away."""
    stop = read.stop if read.stop != booked.stop else None
    targets = read.targets if read.targets != booked.targets else ()
    if stop is not None:
        changes.append(Changed(field="stop", was=_price(booked.stop), now=_price(stop)))
    if targets:
        changes.append(Changed(field="targets", was=_prices(booked.targets), now=_prices(targets)))
    return stop, targets


def _pairs(
    booked: ToldTrade, read: ToldTrade
) -> Iterator[tuple[ToldExecution | None, ToldExecution | None]]:
    """Executions of the same kind that came of the same message, in their order."""
    was, now = _by_message(booked), _by_message(read)
    for key in dict.fromkeys((*was, *now)):
        yield from zip_longest(was.get(key, ()), now.get(key, ()))


def _by_message(trade: ToldTrade) -> dict[tuple[str, UUID | None], list[ToldExecution]]:
    found: dict[tuple[str, UUID | None], list[ToldExecution]] = {}
    for execution in trade.executions.values():
        if execution.kind != SETTLEMENT:
            found.setdefault((execution.kind, execution.message), []).append(execution)
    return found


def _named(execution: ToldExecution) -> str:
    kind = "add" if execution.kind == ENTRY else execution.kind
    return f"{kind} {execution.number}"


def _figures(quantity: Decimal, price: Decimal | None) -> str:
    return f"{_plain(quantity)} @ {'no price' if price is None else price}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _price(price: Decimal | None) -> str:
    return "" if price is None else str(price)


def _prices(prices: Iterable[Decimal]) -> str:
    return " ".join(map(str, prices))
