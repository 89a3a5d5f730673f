"""Words for several legs traded as one: what shape they make, and who pays whom."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Shape(StrEnum):
    """How the legs of a strategy lie to one another."""

    VERTICAL = "vertical"
    CONDOR = "condor"
    FLY = "butterfly"
    IRON_FLY = "iron fly"
    STRADDLE = "straddle"
    STRANGLE = "strangle"
    CALENDAR = "calendar"


class Sign(StrEnum):
    """Whether opening the strategy costs a debit or brings a credit."""

    CREDIT = "credit"
    DEBIT = "debit"


class Strategy(NamedTuple):
    """What a word says of a strategy."""

    shape: Shape
    right: str = ""
    sign: Sign | None = None


STRATEGIES = {
    "vertical": Strategy(Shape.VERTICAL), "verticals": Strategy(Shape.VERTICAL),
    "spread": Strategy(Shape.VERTICAL), "spreads": Strategy(Shape.VERTICAL),
    "ccs": Strategy(Shape.VERTICAL, "C", Sign.CREDIT),
    "pcs": Strategy(Shape.VERTICAL, "P", Sign.CREDIT),
    "bps": Strategy(Shape.VERTICAL, "P", Sign.CREDIT),
    "cds": Strategy(Shape.VERTICAL, "C", Sign.DEBIT),
    "pds": Strategy(Shape.VERTICAL, "P", Sign.DEBIT),
    "condor": Strategy(Shape.CONDOR), "condors": Strategy(Shape.CONDOR),
    "ic": Strategy(Shape.CONDOR), "ics": Strategy(Shape.CONDOR),
    "butterfly": Strategy(Shape.FLY), "butterflies": Strategy(Shape.FLY),
    "fly": Strategy(Shape.FLY), "flies": Strategy(Shape.FLY), "bfly": Strategy(Shape.FLY),
    "straddle": Strategy(Shape.STRADDLE), "straddles": Strategy(Shape.STRADDLE),
    "strangle": Strategy(Shape.STRANGLE), "strangles": Strategy(Shape.STRANGLE),
    "calendar": Strategy(Shape.CALENDAR), "calendars": Strategy(Shape.CALENDAR),
}  # fmt: skip
"""Shapes that are read, by their words and their traders' short forms."""

UNREAD = frozenset(
    {"diagonal", "diagonals", "collar", "collars", "ratio", "backratio", "backspread", "pmcc",
     "lizard", "jade", "wheel", "rolling", "roll"}
)  # fmt: skip
"""Shapes whose legs the words of a ticket do not settle."""

SIGNS = {
    "credit": Sign.CREDIT, "cr": Sign.CREDIT, "debit": Sign.DEBIT, "db": Sign.DEBIT,
}  # fmt: skip
BIASES = {"bull": 1, "bear": -1}
IRON = "iron"
NO_FLY = frozenset({"it", "to", "let", "them", "could", "might", "can", "really", "will"})
"""Before "fly" they make it a wish, not a butterfly."""
