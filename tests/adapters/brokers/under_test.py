"""What the contract of brokers needs to have a broker under test: a market that moves when it
is told to, and a connection that fails when it is told to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from application.brokerage import Broker, OrderTicket
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.reports import ExecType, ExecutionReport
from tests.patience import PATIENCE_S

D = Decimal

SHARE = "AAPL"
CALL = "TSLA  261120C00250000"
HIGHER = "TSLA  261120C00260000"
VERTICAL = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL))
OPENING_CASH = D(100_000)


class BrokerUnderTest(Protocol):
    """A broker with one flat account of `OPENING_CASH`, while the market is open.

    Nothing is quoted until `show`.
    """

    @property
    def broker(self) -> Broker:
        """The connection under test."""
        ...

    def now(self) -> datetime:
        """The moment at the broker: the session is open, the contracts have days to live."""
        ...

    def show(
        self,
        symbol: str,
        bid: str,
        offer: str,
        *,
        bid_size: int | None = None,
        offer_size: int | None = None,
    ) -> None:
        """The market moves: orders that rest see this quote before the next call returns.

        A size bounds what fills by this quote in all; None stands for more than enough.
        """
        ...

    def unreachable(self) -> AbstractContextManager[None]:
        """While it lasts, nothing that is asked reaches the broker."""
        ...

    def losing_answers(self) -> AbstractContextManager[None]:
        """While it lasts, the broker takes what is asked but its answer is lost."""
        ...

    def another(self) -> Broker:
        """Another connection to the same account, as a program has that was started anew."""
        ...


MakeBroker = Callable[[], AbstractContextManager[BrokerUnderTest]]


def ticket(
    under: BrokerUnderTest,
    name: str,
    side: Side = Side.BUY,
    symbol: str = SHARE,
    *,
    quantity: str = "10",
    closing: bool = False,
    legs: tuple[Leg, ...] = (),
    limit: str | None = None,
    stop: str | None = None,
    lasts: TimeInForce = TimeInForce.DAY,
    stop_loss: str | None = None,
    take_profit: str | None = None,
) -> OrderTicket:
    """An order in a line: its type follows from the prices it names."""
    kinds = {
        (False, False): OrdType.MARKET,
        (True, False): OrdType.LIMIT,
        (False, True): OrdType.STOP,
        (True, True): OrdType.STOP_LIMIT,
    }
    return OrderTicket(
        cl_ord_id=name,
        side=side,
        position_effect=PositionEffect.CLOSE if closing else PositionEffect.OPEN,
        legs=legs or (Leg(symbol=symbol, side=side),),
        order_qty=D(quantity),
        ord_type=kinds[limit is not None, stop is not None],
        limit_px=None if limit is None else D(limit),
        stop_px=None if stop is None else D(stop),
        time_in_force=lasts,
        stop_loss_px=None if stop_loss is None else D(stop_loss),
        take_profit_px=None if take_profit is None else D(take_profit),
        sent_at=under.now(),
    )


class Told:
    """What one connection has said so far, and the asking for more of it."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.reports: list[ExecutionReport] = []

    def hear(self, reports: Sequence[ExecutionReport]) -> Sequence[ExecutionReport]:
        self.reports.extend(reports)
        return reports

    def of(self, name: str, *kinds: ExecType) -> list[ExecutionReport]:
        """What was said of one order, each report once."""
        seen: dict[str, ExecutionReport] = {}
        for report in self.reports:
            if report.cl_ord_id == name and (not kinds or report.exec_type in kinds):
                seen.setdefault(report.exec_id or report.exec_type, report)
        return list(seen.values())

    def fills(self, name: str) -> list[ExecutionReport]:
        """The fills of an order: one that is told twice is known by the broker's count."""
        by_count = {report.cum_qty: report for report in self.of(name, ExecType.TRADE)}
        return [by_count[count] for count in sorted(by_count, key=lambda count: count or D(0))]

    def until(self, name: str, *kinds: ExecType, count: int = 1) -> list[ExecutionReport]:
        """Listens until the order has so many reports of these kinds; gives up after a while."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.of(name, *kinds)) < count and time.monotonic() < deadline:
            self.hear(self.broker.reports(0.1))
        found = self.of(name, *kinds)
        assert len(found) >= count, f"{name} heard only of {[r.exec_type for r in self.of(name)]}"
        return found
