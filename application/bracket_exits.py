"""Bracket exits: the stop and the target that a broker keeps for an order it took with both.

Brokers call them `<ClOrdID>.sl` and `<ClOrdID>.tp`. Each is an order on record from the first
that is reported of it, of the trade of its parent: nobody here sends it, so there is none before
the broker has it, and none for an entry that never came to a market.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from application.desk import Work
from application.selling import turned
from domain.fix import OrdType, PositionEffect
from domain.orders import Order, order_stream
from domain.reports import ExecutionReport

STOP, TARGET = ".sl", ".tp"


def is_bracket_exit(work: Work, account: str, report: ExecutionReport) -> bool:
    """Whether a report is of an exit that one of the account's orders brought."""
    return _brought(work, account, report) is not None


def bracket_exit(
    work: Work, account: str, broker: str, report: ExecutionReport, *, at: datetime
) -> Order | None:
    """Begins the order that such a report is of; None for all others."""
    brought = _brought(work, account, report)
    if brought is None:
        return None
    parent, level = brought
    is_stop = report.cl_ord_id.endswith(STOP)
    order = work.begin(
        Order.request(
            cl_ord_id=report.cl_ord_id,
            account=account,
            signal=parent.signal,
            side=parent.side.opposite,
            position_effect=PositionEffect.CLOSE,
            legs=turned(parent.legs),
            order_qty=report.order_qty or parent.order_qty,
            ord_type=OrdType.STOP if is_stop else OrdType.LIMIT,
            limit_px=None if is_stop else level,
            stop_px=level if is_stop else None,
            time_in_force=parent.time_in_force,
            reason=f"{'the stop' if is_stop else 'the target'} of its bracket",
            at=at,
        )
    )
    order.submit(broker, at=at)
    return order


def _brought(work: Work, account: str, report: ExecutionReport) -> tuple[Order, Decimal] | None:
    """The order whose bracket has this exit, and the exit's price."""
    for ending in (STOP, TARGET):
        name = report.cl_ord_id.removesuffix(ending)
        if name and name != report.cl_ord_id:
            parent = work.find(Order, order_stream(name))
            if parent is not None and parent.account == account:
                level = parent.stop_loss_px if ending == STOP else parent.take_profit_px
                return None if level is None else (parent, level)
    return None
