"""ExitPlan: how what an account holds for a trade is guarded, and how it is left.

One-cancels-other is kept here: the units of all closing orders that may still trade are never
more than what is held, and what ends the whole trade (a stop, a close-all) waits until whatever
rests has been taken back. What fired stays due until it is sold, whatever the market does
meanwhile, as a stop order would; a target that was not sold is armed again.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.exit_changes import Concern, ExitPlanAdjusted, ExitPlanResized, ExitPlanWarned
from domain.exit_events import (
    Due,
    ExitPlanChanged,
    ExitPlanDone,
    ExitPlanGrown,
    ExitPlanPostponed,
    ExitPlanReduced,
    ExitPlanReleased,
    ExitPlanSet,
    ExitPlanTrailed,
    ExitPlanTriggered,
)
from domain.exit_state import ExitPlanState
from domain.exit_terms import (
    ZERO,
    ClosingTerms,
    ExitReason,
    Fired,
    Levels,
    QuoteSeen,
    parts,
)
from domain.fix import OrdType, Side
from domain.legs import Leg, strategy_symbol
from domain.shared import Impossible, InvalidInput, price, require_positive, stream_id
from domain.ticks import tick_of

RETRY_FIRST = timedelta(seconds=6)
RETRY_MAX = timedelta(minutes=5)
"""After a no of the broker the same exit is tried again twice as late each time."""


def exit_plan_stream(account: str, trade: UUID) -> UUID:
    """The stream of the plan for what an account holds for a trade."""
    return stream_id("exit_plan", account, str(trade))


def closing_name(trade: UUID, number: int) -> str:
    """The ClOrdID of a trade's closing order."""
    return f"{trade.hex[:20]}-x{number}"


class ExitPlan(ExitPlanState):
    """The plan for one holding, and what may be decided of it."""

    # An annotation here would make the library write an __init__ over the inherited one.
    TOPIC = "exit_plan"

    @classmethod
    def set(
        cls,
        *,
        account: str,
        trade: UUID,
        side: Side,
        legs: tuple[Leg, ...],
        levels: Levels,
        held: Decimal,
        avg_px: Decimal,
        commission: Decimal,
        left_out: tuple[str, ...] = (),
        at: datetime,
    ) -> ExitPlan:
        """Begins to guard a holding.

        Raises:
            InvalidInput: no quantity, or levels that cannot guard it.
        """
        require_positive(quantity_held=held)
        levels.check(side)
        return cls._create(
            ExitPlanSet,
            id=exit_plan_stream(account, trade),
            account=account,
            trade=trade,
            side=side,
            legs=legs,
            levels=levels,
            parts=parts(levels.targets, held),
            held=held,
            avg_px=avg_px,
            commission=commission,
            left_out=left_out,
            timestamp=at,
        )

    def grow(
        self, quantity: Decimal, last_px: Decimal, commission: Decimal, *, at: datetime
    ) -> None:
        """Guards more.

        Raises:
            InvalidInput: a quantity not above zero.
        """
        require_positive(quantity=quantity)
        held = self.held + quantity
        self.trigger_event(
            ExitPlanGrown,
            quantity=quantity,
            held=held,
            avg_px=price((self.held * self.avg_px + quantity * last_px) / held),
            commission=self.commission + commission,
            timestamp=at,
        )

    def reprice(self, avg_px: Decimal, *, at: datetime) -> None:
        """Books that what is held was had for another price."""
        self.trigger_event(
            ExitPlanGrown,
            quantity=ZERO,
            held=self.held,
            avg_px=price(avg_px),
            commission=self.commission,
            timestamp=at,
        )

    def change(
        self, levels: Levels, *, by: str, left_out: tuple[str, ...] = (), at: datetime
    ) -> None:
        """Guards the holding by other levels; what a level has fired and is not sold yet is
        taken back.

        Raises:
            InvalidInput: levels that cannot guard it, or nothing changes.
            Impossible: nothing is held.
        """
        self._require_held()
        levels.check(self.side)
        if levels == self.levels:
            raise InvalidInput("these are the levels already")
        self.trigger_event(ExitPlanChanged, levels=levels, by=by, left_out=left_out, timestamp=at)

    def in_the_way(self, fired: Fired) -> tuple[str, ...]:
        """The closing orders that have to be taken back before this one: nothing is sold twice."""
        if fired.reason.takes_all:
            return tuple(name for name, each in self.working.items() if not each.reason.must_trade)
        if fired.quantity <= self.free or fired.reason is not ExitReason.TRADER:
            return ()
        return tuple(
            name for name, each in self.working.items() if each.reason is ExitReason.TARGET
        )

    def trigger(
        self, fired: Fired, quote: QuoteSeen, terms: ClosingTerms, *, best: Decimal | None = None,
        at: datetime,
    ) -> ExitPlanTriggered:  # fmt: skip
        """Asks for a closing order.

        Raises:
            Impossible: nothing is held, or other orders work for that quantity.
        """
        self._require_held()
        if fired.quantity > self.free:
            raise Impossible(
                f"{fired.quantity} cannot be closed: closing orders work for all but {self.free}"
            )
        number = self.number + 1
        while closing_name(self.trade, number) in self.closings:
            number += 1
        self.trigger_event(
            ExitPlanTriggered,
            number=number,
            cl_ord_id=closing_name(self.trade, number),
            reason=fired.reason,
            target=fired.target,
            level=fired.level,
            quantity=fired.quantity,
            ord_type=terms.ord_type,
            limit_px=terms.limit_px,
            quote=quote,
            best=best if fired.reason is ExitReason.TRAILING else None,
            gapped=fired.gap > tick_of(self.legs, fired.level or ZERO),
            gap=fired.gap,
            timestamp=at,
        )
        triggered = self.pending_events[-1]
        assert isinstance(triggered, ExitPlanTriggered)
        return triggered

    def postpone(
        self, fired: Fired, waits_for: str, *, quote: QuoteSeen | None, at: datetime
    ) -> bool:
        """Remembers an exit that has to wait; False if that is known."""
        self._require_held()
        if fired.reason.takes_all:
            quantity = None
            if self.due == Due(fired.reason, fired.level):
                return False
        else:
            quantity = min(fired.quantity + self.leaving, self.held)
            if quantity == self.called:
                return False
        self.trigger_event(
            ExitPlanPostponed,
            reason=fired.reason,
            quantity=quantity,
            level=fired.level,
            quote=quote,
            waits_for=waits_for,
            timestamp=at,
        )
        return True

    def make_room(self, cl_ord_id: str, quantity: Decimal, *, at: datetime) -> None:
        """Takes note of a person's own closing order.

        Raises:
            Impossible: the order is known.
        """
        if cl_ord_id in self.closings:
            raise Impossible(f"the order {cl_ord_id} is known already")
        self.trigger_event(
            ExitPlanTriggered,
            number=0,
            cl_ord_id=cl_ord_id,
            reason=ExitReason.BY_HAND,
            quantity=quantity,
            ord_type=OrdType.MARKET,
            timestamp=at,
        )

    def fill(self, cl_ord_id: str, quantity: Decimal, *, at: datetime) -> None:
        """Books a fill of a closing order, late ones too.

        Raises:
            InvalidInput: a quantity not above zero.
        """
        reason = self.closings.get(cl_ord_id, ExitReason.BY_HAND)
        self._reduce(quantity, reason.value.replace("_", " "), at, cl_ord_id)

    def reduce(self, quantity: Decimal, why: str, *, at: datetime) -> None:
        """Books that less is held for another reason than a closing order.

        Raises:
            InvalidInput: a quantity not above zero.
        """
        self._reduce(quantity, why, at, "")

    def release(self, cl_ord_id: str, why: str, *, failed: bool, at: datetime) -> None:
        """Books that a closing order ended; `failed`: somebody said no to it.

        Raises:
            Impossible: no such order works.
        """
        working = self.working.get(cl_ord_id)
        if working is None:
            raise Impossible(f"no closing order {cl_ord_id} works")
        count, _ = self.failures.get(working.reason, (0, at))
        wait = min(RETRY_FIRST * 2 ** min(count, 10), RETRY_MAX)
        self.trigger_event(
            ExitPlanReleased,
            cl_ord_id=cl_ord_id,
            why=why,
            left=working.left,
            retry_at=at + wait if failed else None,
            timestamp=at,
        )

    def trail(self, best: Decimal, quote: QuoteSeen, *, at: datetime) -> None:
        """Records how far the best price has come.

        Raises:
            Impossible: nothing trails, or the price is not better than the one recorded.
        """
        self._require_held()
        if self.levels.trailing is None:
            raise Impossible("no trailing stop follows the price")
        if self.best is not None and (best - self.best) * self.side.sign <= 0:
            raise Impossible(f"{best} is not better than {self.best}")
        self.trigger_event(ExitPlanTrailed, best=best, quote=quote, timestamp=at)

    def resize(
        self, cl_ord_id: str, by: Decimal, limit_px: Decimal | None, why: str, *, at: datetime
    ) -> bool:
        """Books that a closing order works for so much more (or less, but never for less than it
        has traded), or at another price; False if that changes nothing.

        Raises:
            Impossible: no such order works.
        """
        working = self.working.get(cl_ord_id)
        if working is None:
            raise Impossible(f"no closing order {cl_ord_id} works")
        left = max(working.left + by, ZERO)
        if (working.left, working.limit_px) == (left, limit_px):
            return False
        self.trigger_event(
            ExitPlanResized,
            cl_ord_id=cl_ord_id,
            quantity=working.quantity + left - working.left,
            left=left,
            limit_px=limit_px,
            why=why,
            timestamp=at,
        )
        return True

    def adjust(
        self,
        symbol: str,
        to_symbol: str,
        *,
        from_quantity: Decimal,
        to_quantity: Decimal,
        why: str,
        at: datetime,
    ) -> None:
        """Follows a corporate action: each `from_quantity` of a contract became `to_quantity` of
        another, at equal cost.

        Raises:
            InvalidInput: no such leg, or a quantity not above zero.
        """
        require_positive(from_quantity=from_quantity, to_quantity=to_quantity)
        if all(leg.symbol != symbol for leg in self.legs):
            raise InvalidInput(f"the plan guards no {symbol}")
        self.trigger_event(
            ExitPlanAdjusted,
            symbol=symbol,
            to_symbol=to_symbol,
            from_quantity=from_quantity,
            to_quantity=to_quantity,
            why=why,
            timestamp=at,
        )

    def warn(self, concern: Concern, words: str, *, today: date, at: datetime) -> bool:
        """Records what somebody should look at, once a day for each concern; False if that is
        known.

        Raises:
            Impossible: nothing is held.
        """
        self._require_held()
        if self.warned.get(concern) == today:
            return False
        self.trigger_event(
            ExitPlanWarned,
            account=self.account,
            symbol=strategy_symbol(self.side, self.legs),
            concern=concern,
            words=words,
            day=today,
            timestamp=at,
        )
        return True

    def finish(self, why: str, *, at: datetime) -> None:
        """Ends the plan: nothing is held.

        Raises:
            Impossible: something is.
        """
        if self.held > 0:
            raise Impossible(f"{self.held} are still held")
        self.trigger_event(ExitPlanDone, why=why, timestamp=at)

    def _reduce(self, quantity: Decimal, why: str, at: datetime, cl_ord_id: str) -> None:
        require_positive(quantity=quantity)
        held = max(self.held - quantity, ZERO)
        left = held / self.held if self.held else ZERO
        self.trigger_event(
            ExitPlanReduced,
            cl_ord_id=cl_ord_id,
            why=why,
            quantity=quantity,
            held=held,
            commission=price(self.commission * left),
            oversold=max(quantity - self.held, ZERO),
            timestamp=at,
        )
