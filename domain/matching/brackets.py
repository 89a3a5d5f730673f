"""The exits that a bracket brings with it. Shares only, as at the brokers it stands for."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from domain.fix import OrdType, PositionEffect
from domain.legs import expiry_of
from domain.matching.orders import EngineOrder

STOP_LOSS, TAKE_PROFIT = "sl", "tp"


def exits(entry: EngineOrder, numbered: int, now: datetime) -> list[EngineOrder]:
    """The orders that guard what an entry bought, once the entry is done.

    Their ClOrdIDs are the entry's with `.sl` and `.tp`; if there are both, one cancels the
    other. They last as long as the entry was meant to.
    """
    wanted: list[tuple[str, OrdType, Decimal | None, Decimal | None]] = []
    if entry.stop_loss_px is not None:
        wanted.append((STOP_LOSS, OrdType.STOP, None, entry.stop_loss_px))
    if entry.take_profit_px is not None:
        wanted.append((TAKE_PROFIT, OrdType.LIMIT, entry.take_profit_px, None))
    legs = tuple(msgspec.structs.replace(leg, side=leg.side.opposite) for leg in entry.legs)
    return [
        EngineOrder(
            cl_ord_id=f"{entry.cl_ord_id}.{name}",
            number=numbered + place,
            side=entry.side.opposite,
            position_effect=PositionEffect.CLOSE,
            legs=legs,
            order_qty=entry.cum_qty,
            ord_type=ord_type,
            limit_px=limit_px,
            stop_px=stop_px,
            time_in_force=entry.time_in_force,
            since=now,
            day=entry.day,
            updated_at=now,
            parent=entry.cl_ord_id,
            group=entry.cl_ord_id if len(wanted) > 1 else "",
        )
        for place, (name, ord_type, limit_px, stop_px) in enumerate(wanted, start=1)
    ]


def has_expired(order: EngineOrder, day: date) -> bool:
    """Whether a contract of the order no longer trades after that day."""
    expiry = expiry_of(order.legs)
    return expiry is not None and expiry <= day
