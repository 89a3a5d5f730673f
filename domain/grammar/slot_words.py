"""Words beside a number that say what the number is: a size, a strike, a rating, or no slot."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


POSITION = frozenset({"pos", "position"})
RATINGS = _set(
    "size sized sizing sz risk risking conviction confidence position grade account port portfolio"
)
"""Beside a part or a percentage they say how much is dared, never what or at which price."""

NO_PRICES = _set(
    """
    level levels hit points point pts days weeks week min mins minutes minute hours hour years
    ticks delta star stars
    """
)
"""Behind a number they make it a distance or a span of time."""

EVEN = _set("be b/e breakeven even entry cost flat scratch wash")
LAST = frozenset({"last", "other", "second", "2nd", "remaining", "final"})
"""Before "half" they make it all that is left."""
CHASING = frozenset({"chase", "chasing", "pay", "paying"})
"""Before "above 2.50" they limit who follows, and set no condition."""
KEEPING = _set("but leaving keeping keep leave holding hold")
HELD = _set("runner runners con cons contract contracts lot lots")
OF_STOP = _set("on for of the my this rest")
"""Between a stop and its level they lead to the trade that is stopped."""
STRIKE_WORDS = _set("strike strikes")
COUNTED_BY = _set("qty quantity contracts cons")
COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twenty": 20,
}  # fmt: skip
STYLES = _set("scalp daytrade swing lotto weekly day-trade")
"""Between a strike and its right they say how long it is held."""
ROUGHLY = _set("from around near roughly approx")
"""Before a number they make it a price only where no other is said."""
