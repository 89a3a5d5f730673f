"""What has been told of orders already, so that a report is given out once.

Orders are sent by one thread while another listens.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal

from domain.reports import ExecType, ExecutionReport

ORDERS_MAX = 20_000
"""Orders that are remembered; a report of one that is forgotten may be told again."""

_LAST = frozenset({ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED})


class _Order:
    def __init__(self) -> None:
        self.exec_ids: set[str] = set()
        self.counts: set[Decimal] = set()
        self.is_over = False


class Told:
    """ExecIDs and counts of fills by order; which orders may still have something to tell."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, _Order] = OrderedDict()
        self._lock = threading.Lock()

    def expect(self, name: str) -> None:
        """An order was sent: something will be told of it."""
        with self._lock:
            self._order(name)

    def forget(self, name: str) -> None:
        """The order was refused: nothing will be told of it."""
        with self._lock:
            self._orders.pop(name, None)

    def new(self, reports: Iterable[ExecutionReport]) -> list[ExecutionReport]:
        """Those that were not told before; from now on they were.

        A fill that the stream and the activities name differently is known by its count.
        """
        with self._lock:
            return [report for report in reports if self._is_new(report)]

    @property
    def live(self) -> list[str]:
        """Orders of which no end was told yet."""
        with self._lock:
            return [name for name, order in self._orders.items() if not order.is_over]

    def _is_new(self, report: ExecutionReport) -> bool:
        order = self._order(report.cl_ord_id)
        if report.exec_id in order.exec_ids:
            return False
        is_fill = report.exec_type is ExecType.TRADE and report.cum_qty is not None
        if is_fill and report.cum_qty in order.counts:
            return False
        order.exec_ids.add(report.exec_id)
        if report.exec_type is ExecType.TRADE_CANCEL:
            # The count goes back, and what trades from there has the counts of before.
            order.counts.clear()
        if is_fill and report.cum_qty is not None:
            order.counts.add(report.cum_qty)
        filled = is_fill and report.leaves_qty == 0
        order.is_over = order.is_over or filled or report.exec_type in _LAST
        return True

    def _order(self, name: str) -> _Order:
        found = self._orders.setdefault(name, _Order())
        while len(self._orders) > ORDERS_MAX:
            self._orders.popitem(last=False)
        return found
