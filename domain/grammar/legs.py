"""From filled slots to legs: a single contract, a spread, shares or a pair."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain.fix import PositionEffect, Side
from domain.grammar import dates
from domain.grammar.keeping import kept
from domain.grammar.reading import Action, LegReading, Room
from domain.grammar.slots import Slots
from domain.grammar.spreads import LegsRead, is_spread, read_spread
from domain.instruments import instrument
from domain.shared import InvalidInput

_STRIKE_MAX = Decimal(100_000)


_OPENING = frozenset(action for action in Action if action.position_effect is PositionEffect.OPEN)
_OPENING_SIDES = {
    action: action.side if action.position_effect is PositionEffect.OPEN else action.side.opposite
    for action in Action
}


def opening_side(action: Action) -> Side:
    """The side on which the trade was, or is, opened."""
    return _OPENING_SIDES[action]


def read_legs(slots: Slots, action: Action, room: Room, day: date) -> LegsRead:
    """The legs that the slots name; for an exit a part of a contract is enough to find it."""
    side = opening_side(action)
    if slots.contracts:
        return _said_whole(slots, side)
    if slots.pair:
        return LegsRead((LegReading(root=slots.pair, side=side),))
    if not slots.option_like:
        return LegsRead((LegReading(root=slots.root, side=side),) if slots.root else ())
    read = LegsRead()
    root = _root(slots, room, read)
    expiry = _expiry(slots, room, day, read, opens=action in _OPENING)
    if is_spread(slots):
        read_spread(slots, side, root, expiry, read)
    else:
        _single(slots, side, root, expiry, read)
    return read


def named_legs(slots: Slots) -> tuple[LegReading, ...]:
    """What the words name, whoever does what with it."""
    if slots.contracts:
        return tuple(slots.contracts)
    right = slots.right or None
    expiry = slots.expiry.day if slots.expiry is not None else None
    if slots.strikes:
        return tuple(
            LegReading(root=slots.root, strike=strike, right=own or right, expiry=expiry)
            for strike, own in slots.strikes
        )
    if slots.pair:
        return (LegReading(root=slots.pair),)
    return tuple([LegReading(root=root, right=right) for _, root in slots.roots])


def _said_whole(slots: Slots, side: Side) -> LegsRead:
    if len(slots.contracts) > 1:
        return LegsRead(missing=["strategy"], why="several contracts in one ticket")
    leg = slots.contracts[0]
    return LegsRead((LegReading(root=leg.root, side=side, strike=leg.strike, right=leg.right,
                                expiry=leg.expiry),))  # fmt: skip


def _root(slots: Slots, room: Room, read: LegsRead) -> str:
    if slots.root or not room.default_root or not slots.strikes:
        return slots.root
    read.rules.append(f"root {room.default_root}: the room's default")
    return room.default_root


def _expiry(slots: Slots, room: Room, day: date, read: LegsRead, *, opens: bool) -> date | None:
    said = slots.expiry
    if said is None and opens:
        said = dates.room_default(room.default_expiry, day)
    if said is None:
        return None
    if said.rule:
        read.rules.append(said.rule)
    if said.why and opens:
        read.why = said.why
        return None
    return said.day


def _single(slots: Slots, side: Side, root: str, expiry: date | None, read: LegsRead) -> None:
    strike, right = slots.strikes[0] if slots.strikes else (None, "")
    right = right or slots.right
    if strike is not None and not 0 < strike < _STRIKE_MAX:
        read.why = f"{strike} is no strike"
        strike = None
    read.legs = (
        LegReading(root=root, side=side, strike=strike, right=right or None, expiry=expiry),
    )
    for name, value in (("symbol", root), ("strike", strike), ("right", right),
                        ("expiry", expiry)):  # fmt: skip
        if not value:
            read.missing.append(name)


@kept()
def is_instrument(root: str) -> bool:
    """Whether a ticker or pair can be one."""
    try:
        instrument(root)
    except InvalidInput:
        return False
    return True
