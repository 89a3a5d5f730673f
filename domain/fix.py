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
    """OrdStatus (tag 39): the state an order is in, never why a report was sent."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    PENDING_CANCEL = "pending_cancel"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DENIED = "denied"

    @property
    def is_open(self) -> bool:
        return self in _OPEN

    def after_fill(self, leaves_qty: Decimal) -> OrdStatus:
        """The state a fill leads to.

        A fill that comes late opens no order again that was canceled, rejected or expired, and
        a partial one takes no request to cancel back (FIX 4.4 volume 4, appendix D: the order
        of precedence of states).
        """
        if self in _CLOSED:
            return self
        if leaves_qty == 0:
            return OrdStatus.FILLED
        return self if self is OrdStatus.PENDING_CANCEL else OrdStatus.PARTIALLY_FILLED


_OPEN = frozenset(
    {OrdStatus.PENDING_NEW, OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.PENDING_CANCEL}
)
_CLOSED = frozenset({OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED})
