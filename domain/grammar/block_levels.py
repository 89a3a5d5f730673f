"""What the levels of a block say together: its side, and the digits that were left out."""

from __future__ import annotations

from decimal import Decimal

from domain.fix import Side
from domain.grammar.blocks import Block

_NO_PRICE_BELOW = 3
"""A level of less than a third of the entry is the end of a number; 99,500 under 101,200 is not."""
_NARROW_STOP = Decimal("0.15")
"""Of options a stop is rarely so near."""


def side_of_levels(block: Block) -> Side | None:
    """The side that stop and targets say: a purchase has its stop below and targets above."""
    stop = block.stops[0] if block.stops else None
    if stop is None and block.stop_share is not None and block.stop_share <= _NARROW_STOP:
        # A stop said as a share lies on the side where the targets do not.
        rising = [target > max(block.entries) for target in block.targets if block.entries]
        return Side.BUY if rising and all(rising) else None
    if stop is None or not block.targets or not block.entries:
        return None
    low, high = min(block.entries), max(block.entries)
    stop, target = (completed(price, block.entries[0]) for price in (stop, block.targets[0]))
    if stop < low and target > high:
        return Side.BUY
    if stop > high and target < low:
        return Side.SELL
    return None


def completed(price: Decimal, entry: Decimal) -> Decimal:
    """Completes a level of which only the last digits are said: 4329 ... TP 34."""
    short = str(price)
    if not short.isdigit():
        return price
    digits = str(int(entry))
    if not 2 <= len(short) < len(digits) or len(digits) < 4:
        return price
    if price * _NO_PRICE_BELOW > entry:
        return price
    return Decimal(digits[: -len(short)] + short)
