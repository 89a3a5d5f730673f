"""What came of orders, from the stream and, after a gap, from what can be asked for."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from adapters.alpaca import reports as said
from adapters.alpaca.activities import fills_of, fills_since
from adapters.alpaca.lines import Line, Lines
from adapters.alpaca.rest import AlpacaRest
from adapters.alpaca.stream import TradeUpdates
from adapters.alpaca.told import Told
from adapters.alpaca.wire import NOTHING, RawActivity, RawUpdate
from adapters.alpaca.words import side_of
from application.ports import PortError, PortRefused, Unavailable
from domain.reports import ExecutionReport

OVERLAP = timedelta(seconds=5)
"""Asked for again from before the last message, since activities are noted a little later."""
ASKS = 20
"""How often an order is asked about whose fills are not noted; then it is left to who compares
the books."""

_log = logging.getLogger(__name__)

DAWN = datetime.fromtimestamp(0, UTC)


class Listening:
    """Reports in the order in which they came. One thread asks at a time."""

    def __init__(self, rest: AlpacaRest, lines: Lines, updates: TradeUpdates) -> None:
        self._rest = rest
        self._lines = lines
        self._updates = updates
        self._told = Told()
        self._waiting: deque[RawUpdate | Literal[True]] = deque()
        self._unfinished: dict[str, int] = {}
        """Orders to be asked about, and how often that was in vain."""
        self._heard_until: datetime | None = None

    def expect(self, name: str) -> None:
        """An order was sent."""
        self._told.expect(name)

    def forget(self, name: str) -> None:
        """It was refused."""
        self._told.forget(name)

    def reports(self, timeout_s: float) -> Sequence[ExecutionReport]:
        """What has been reported since the last call, after waiting at most so long.

        Raises:
            Unavailable: the stream is down, or what is missing cannot be asked for now.
        """
        self._waiting.extend(self._updates.take(0 if self._waiting else timeout_s))
        found: list[ExecutionReport] = []
        try:
            while self._waiting:
                found += self._told.new(self._heard(self._waiting[0]))
                self._waiting.popleft()
            for name in list(self._unfinished):
                found += self._told.new(self._finished(name))
        except PortError as error:
            # What is in hand is given out first; the rest waits for the next call.
            if not found:
                raise Unavailable(str(error)) from error
        if not found and not self._updates.is_listening:
            raise Unavailable(self._updates.refusal or "Alpaca's stream of updates is down")
        return tuple(found)

    def history(self, line: Line) -> list[ExecutionReport]:
        """All of one order, from the order itself and its activities.

        Raises:
            Unavailable: no answer.
        """
        strategy = line.head.is_multi_leg
        fills: dict[str, Sequence[RawActivity]] = {}
        for order in line.orders:
            for each in order.legs or () if strategy else (order,):
                if each.filled or order.filled:
                    fills[each.id] = fills_of(self._rest, each.id)
        return said.of_history(line, fills, strategy=strategy)

    def _heard(self, what: RawUpdate | Literal[True]) -> Sequence[ExecutionReport]:
        if what is True:
            self._missed()
            return ()
        try:
            found = self._reports_of(what)
        except PortRefused as no:
            # What Alpaca says of an order is told, even if it says nothing else about it.
            _log.warning("an update is told without what belongs to it: %s", no)
            alone = Line(what.order.client_order_id, side_of(what.order), (what.order,))
            found = [said.of_update(what, alone)]
        self._heard_until = max(self._heard_until or DAWN, what.happened_at)
        return found

    def _reports_of(self, update: RawUpdate) -> Sequence[ExecutionReport]:
        order = update.order
        known = self._lines.name_of(order)
        if known.is_leg or (order.is_multi_leg and update.event in ("fill", "partial_fill")):
            # Fills of several legs are read leg by leg, see reports.strategy_fills.
            self._unfinished[known.name] = 0
            return said.of_leg(update, known.name) if known.is_leg else ()
        if update.event == "replaced" and order.replaced_by:
            line = self._lines.of_id(order.replaced_by)
            if line is not None:
                return [said.replaced(line, update.happened_at)]
        return [said.of_update(update, self._lines.of_message(order))]

    def _finished(self, name: str) -> Sequence[ExecutionReport]:
        """The history of an order, until its fills are as many as the order itself counts."""
        line = self._lines.of_name(name)
        found = [] if line is None else self.history(line)
        counted = [r.cum_qty or NOTHING for r in found if r.exec_type in said.TRADES]
        asked = self._unfinished[name] + 1
        if line is None or max(counted, default=NOTHING) >= line.cum_qty:
            del self._unfinished[name]
        elif asked < ASKS:
            self._unfinished[name] = asked
        else:
            _log.warning("%s counts fills that its activities do not show", name)
            del self._unfinished[name]
        return found

    def _missed(self) -> None:
        """Finds out what may have happened while nobody listened: to orders that were sent from
        here, and to any other that traded. They are asked about one by one, so that what is
        known of some is not lost when Alpaca has to be left alone for a while."""
        if self._heard_until is None:
            # At the first start there is no gap yet: who sent orders before asks for each.
            latest = fills_since(self._rest, None)
            self._heard_until = max((fill.happened_at for fill in latest), default=DAWN)
            fills: Sequence[RawActivity] = ()
        else:
            fills = fills_since(self._rest, max(self._heard_until - OVERLAP, DAWN))
        for name in (*self._told.live, *map(self._name_of, fills)):
            self._unfinished[name] = 0
        self._heard_until = max([self._heard_until, *(fill.happened_at for fill in fills)])

    def _name_of(self, fill: RawActivity) -> str:
        known = self._lines.known(fill.order_id or "")
        if known is not None:
            return known.name
        line = self._lines.of_id(fill.order_id or "")
        return "" if line is None else line.name
