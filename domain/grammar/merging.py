"""One trade told several times in a message is one trade: the fuller telling is kept."""

from __future__ import annotations

from collections.abc import Sequence

from domain.grammar.reading import ExitReason, Kind, LegReading, TradeReading
from domain.grammar.tickets import Ticket, closes


def merged_exits(tickets: list[Ticket]) -> list[Ticket]:
    """A card's line and its notes speak of one exit: the fuller one, with any price or gain."""
    exits = [t for t in tickets if len(t.trades) == 1 and closes(t.trades[0])]
    if len(exits) < 2 or len({t.trades[0].legs for t in exits}) > 1:
        return tickets
    kept = next((t for t in exits if t.kind is Kind.CLOSE), exits[0])
    for other in exits:
        _take_from(kept, other)
    return [t for t in tickets if t is kept or t not in exits]


def _take_from(kept: Ticket, other: Ticket) -> None:
    kept.trades = (_with_figures(kept.trades[0], other.trades[0]),)
    kept.stop_at_entry = kept.stop_at_entry or other.stop_at_entry
    _take_levels(kept, other)
    kept.rules += [rule for rule in other.rules if rule not in kept.rules]


def _take_levels(kept: Ticket, other: Ticket) -> None:
    kept.stop = other.stop if kept.stop is None else kept.stop
    kept.targets = kept.targets or other.targets


def _with_figures(trade: TradeReading, other: TradeReading) -> TradeReading:
    return TradeReading(
        action=trade.action, legs=trade.legs or other.legs, average=trade.average,
        partial=trade.partial, at_hand=trade.at_hand or other.at_hand,
        either_side=trade.either_side and other.either_side,
        reason=other.reason if trade.reason is ExitReason.EXIT else trade.reason,
        quantity=trade.quantity or (other.quantity if trade.partial else None),
        fraction=trade.fraction or (other.fraction if trade.partial else None),
        price=other.price if trade.price is None else trade.price,
        price_to=trade.price_to,
        gain=other.gain if trade.gain is None else trade.gain,
    )  # fmt: skip


def once(groups: Sequence[list[Ticket]]) -> list[Ticket]:
    """The tickets of a message's parts, each trade once.

    What stands above an embed often says in fewer words what the embed says in full.
    """
    kept = list(groups[0]) if groups else []
    for group in groups[1:]:
        earlier = list(kept)
        for ticket in group:
            double = next((other for other in earlier if _are_one(other, ticket)), None)
            if double is None:
                kept.append(ticket)
                continue
            fuller, lesser = (
                (ticket, double) if _fullness(ticket) > _fullness(double) else (double, ticket)
            )
            if fuller.trades and lesser.trades and closes(fuller.trades[0]):
                _take_from(fuller, lesser)
            _take_levels(fuller, lesser)
            kept[kept.index(double)] = fuller
            earlier.remove(double)
    return kept


def _are_one(one: Ticket, other: Ticket) -> bool:
    """Whether two parts tell of the same trade: both open or both exit, of what may be one."""
    if max(len(one.trades), len(other.trades)) > 1 or _exits(one) is not _exits(other):
        return False
    mine, others = _legs(one), _legs(other)
    if len(mine) > 1 or len(others) > 1:
        return mine == others
    return not mine or not others or _may_be_one(mine[0], others[0])


def _exits(ticket: Ticket) -> bool:
    return ticket.kind in (Kind.TRIM, Kind.CLOSE)


def _legs(ticket: Ticket) -> tuple[LegReading, ...]:
    return ticket.trades[0].legs if ticket.trades else ticket.named


def _may_be_one(one: LegReading, other: LegReading) -> bool:
    pairs = (
        (one.root, other.root),
        (one.strike, other.strike),
        (one.right, other.right),
        (one.expiry, other.expiry),
    )
    return all(not mine or not theirs or mine == theirs for mine, theirs in pairs)


def _fullness(ticket: Ticket) -> tuple[int, ...]:
    trade = ticket.trades[0] if ticket.trades else None
    legs = _legs(ticket)
    parts = (
        sum(part is not None for part in (legs[0].strike, legs[0].right, legs[0].expiry))
        if legs
        else -1
    )
    figures = (trade.price, trade.quantity, trade.fraction, trade.gain) if trade else ()
    return (len(ticket.trades), parts, sum(figure is not None for figure in figures))
