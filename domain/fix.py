"""The field values of the FIX protocol that Truetape speaks (FIX 4.4 / 5.0 SP2 names)."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """Side (tag 54)."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class PositionEffect(StrEnum):
    """PositionEffect (tag 77): does the trade open or close a position?"""

    OPEN = "open"
    CLOSE = "close"


class OrdType(StrEnum):
    """OrdType (tag 40)."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


class TimeInForce(StrEnum):
    """TimeInForce (tag 59)."""

    DAY = "day"
    GTC = "gtc"


class OrdStatus(StrEnum):
    """OrdStatus (tag 39): the state an order is in, never why a report was sent.

    Denied is ours: our own check said no, and no broker heard of the order.
    """

    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    DONE_FOR_DAY = "done_for_day"
    SUSPENDED = "suspended"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DENIED = "denied"

    @property
    def is_open(self) -> bool:
        return self in _OPEN

    def after_fill(self, leaves_qty: Decimal) -> OrdStatus:
        """The state a fill leads to (precedence of states: see domain/order_states.py).

        What is filled whole is filled, whatever else it was. A part that fills late opens no
        order again that was canceled, rejected or expired, and takes back neither a request
        nor the broker's word that the order rests.
        """
        if leaves_qty <= 0:
            return OrdStatus.FILLED
        return OrdStatus.PARTIALLY_FILLED if self in _TRADING else self


_TRADING = frozenset(
    {OrdStatus.PENDING_NEW, OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.FILLED}
)
_OPEN = frozenset(
    {
        OrdStatus.PENDING_NEW,
        OrdStatus.NEW,
        OrdStatus.PARTIALLY_FILLED,
        OrdStatus.DONE_FOR_DAY,
        OrdStatus.SUSPENDED,
        OrdStatus.PENDING_CANCEL,
        OrdStatus.PENDING_REPLACE,
    }
)
