"""Order states: what each execution report does to an order in each state.

The table follows FIX 5.0 SP2, "Order State Changes": chapter 2 for the precedence of states
that hold at once, chapter 3 for the matrices (A orders, B cancels, C replaces, H multi-day
orders, J corrections and busts). FIX shows the broker's view and calls what it does not show
not thereby wrong; a client also hears late, twice, and in the wrong order. Where we differ:

* An order filled whole while a cancel or replace is pending, or after the day is done, is
  filled here at once. FIX keeps Pending Cancel (12), Pending Replace (11) and Done for Day (10)
  over Filled (8) until the broker's next word; nothing is left to work on either way, and an
  order that waits for that word for ever would never count as done.
* By that order Filled (8) is above Canceled and Expired (5), and they are above Partially
  Filled (4): an order that fills whole after its end is filled, one that fills in part stays
  canceled or expired (matrix J.1.b). Rejected (2) is treated as they are: it is an end too,
  and no fill opens it again.

The quantities have a say in the state where the table says RESTS: `resting` puts together what
holds of an order (ended, asked back, halted, accepted, filled) by the same precedence.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from domain.fix import OrdStatus
from domain.reports import ExecType


class Step(StrEnum):
    """What a report does, where that is not simply a state."""

    RESTS = "rests"
    """It is recorded; the state is what the quantities and the rest of the order say."""
    STAYS = "stays"
    """It is recorded, once, and teaches something; the state stays."""
    COUNTS = "counts"
    """A fill, or the correction or bust of one, counts whatever the state."""
    COMPARES = "compares"
    """The broker's count is compared with ours."""
    KNOWN = "known"
    """It says nothing that is not known."""
    LATE = "late"
    """It does not fit the state, and is kept with the reason why."""


S = OrdStatus
STATES = (
    S.PENDING_NEW, S.NEW, S.PARTIALLY_FILLED, S.DONE_FOR_DAY, S.SUSPENDED, S.PENDING_REPLACE,
    S.PENDING_CANCEL, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED, S.DENIED,
)  # fmt: skip
"""The columns of the table."""

_TABLE = {
    #                          PN  N   PF  DD  SU  PR  PC  F   C   E   R   D
    ExecType.PENDING_NEW:     ".   .   .   .   .   .   .   .   .   .   .   ~",
    ExecType.NEW:             "n   =   =   q   q   =   =   =   =   =   =   ~",
    ExecType.TRIGGERED:       "n   =   =   =   =   =   =   =   =   =   =   ~",
    ExecType.TRADE:           "+   +   +   +   +   +   +   +   +   +   +   +",
    ExecType.TRADE_CORRECT:   "+   +   +   +   +   +   +   +   +   +   +   +",
    ExecType.TRADE_CANCEL:    "+   +   +   +   +   +   +   +   +   +   +   +",
    ExecType.PENDING_CANCEL:  "pc  pc  pc  pc  pc  pc  =   =   ~   ~   ~   ~",
    ExecType.CANCELED:        "c   c   c   c   c   c   c   =   .   ~   ~   ~",
    ExecType.CANCEL_REJECTED: "=   =   =   =   =   =   q   =   =   =   =   ~",
    ExecType.PENDING_REPLACE: "pr  pr  pr  pr  pr  =   =   =   ~   ~   ~   ~",
    ExecType.REPLACED:        "q   q   q   q   q   q   q   q   q   q   q   ~",
    ExecType.REPLACE_REJECTED: "=  =   =   =   =   q   =   =   =   =   =   ~",
    ExecType.REJECTED:        "r   r   ~   r   r   r   r   ~   ~   ~   .   ~",
    ExecType.EXPIRED:         "e   e   e   e   e   e   e   =   ~   .   ~   ~",
    ExecType.DONE_FOR_DAY:    "d   d   d   =   d   =   =   =   ~   ~   ~   ~",
    ExecType.SUSPENDED:       "s   s   s   =   =   =   =   =   ~   ~   ~   ~",
    ExecType.STATUS:          "?   ?   ?   ?   ?   ?   ?   ?   ?   ?   ?   ?",
}  # fmt: skip
_SIGNS: dict[str, OrdStatus | Step] = {
    "n": S.NEW,
    "c": S.CANCELED,
    "e": S.EXPIRED,
    "r": S.REJECTED,
    "d": S.DONE_FOR_DAY,
    "s": S.SUSPENDED,
    "pc": S.PENDING_CANCEL,
    "pr": S.PENDING_REPLACE,
    "q": Step.RESTS,
    "=": Step.STAYS,
    "+": Step.COUNTS,
    "?": Step.COMPARES,
    ".": Step.KNOWN,
    "~": Step.LATE,
}

TABLE: dict[tuple[OrdStatus, ExecType], OrdStatus | Step] = {
    (status, exec_type): _SIGNS[sign]
    for exec_type, row in _TABLE.items()
    for status, sign in zip(STATES, row.split(), strict=True)
}
"""What follows on every report in every state: the next state, or the step to take."""

ENDS = frozenset({S.CANCELED, S.EXPIRED, S.REJECTED, S.DENIED})
"""States that only a fill of the whole order leads out of."""

PRECEDENCE = {
    S.PENDING_CANCEL: 12,
    S.PENDING_REPLACE: 11,
    S.DONE_FOR_DAY: 10,
    S.FILLED: 8,
    S.SUSPENDED: 6,
    S.CANCELED: 5,
    S.EXPIRED: 5,
    S.PARTIALLY_FILLED: 4,
    S.NEW: 2,
    S.REJECTED: 2,
    S.PENDING_NEW: 2,
}
"""FIX 5.0 SP2: of the states that hold at once the highest is told."""


def resting(
    *,
    cum_qty: Decimal,
    order_qty: Decimal,
    accepted: bool,
    ended: OrdStatus | None,
    canceling: bool,
    replacing: bool,
    halted: OrdStatus | None,
) -> OrdStatus:
    """The state of an order of which all this holds."""
    if cum_qty >= order_qty:
        return S.FILLED
    if ended is not None:
        return ended
    if canceling:
        return S.PENDING_CANCEL
    if replacing:
        return S.PENDING_REPLACE
    if halted is not None:
        return halted
    if cum_qty > 0:
        return S.PARTIALLY_FILLED
    return S.NEW if accepted else S.PENDING_NEW
