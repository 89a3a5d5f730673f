"""Deciding on a signal: yes, no, nobody in time, and the attempts that are refused."""

from __future__ import annotations

from datetime import datetime

from domain.approvals import (
    TO_APPROVE,
    TO_REJECT,
    ApprovalRequest,
    Approver,
    Assessment,
    Attempt,
    Yes,
    check,
)
from domain.shared import (
    DomainError,
    Impossible,
    InvalidInput,
    is_erased_person,
    require_positive,
)
from domain.signal_events import (
    SignalApprovalGiven,
    SignalApprovalRefused,
    SignalApproved,
    SignalExpired,
    SignalRejected,
)
from domain.signal_state import SignalState


class SignalDecisions(SignalState):
    """What approvers do with a signal. The first answer wins, the second hears it."""

    def approve(
        self,
        approver: Approver,
        *,
        via: str,
        account: str,
        assessed: Assessment,
        seen_version: int | None = None,
        at: datetime,
    ) -> None:
        """Says yes, under the approval policies: the last yes that is needed approves.

        `seen_version` is the version at which the approver looked at it.

        Raises:
            AlreadyDecided: somebody was faster.
            TradeOver: the trade is over or voided.
            Refused: it changed since the approver looked, or a policy says no.
            InvalidInput: the price that the approver accepts cannot be one.
        """
        if assessed.accept_price is not None:
            require_positive(accepted_price=assessed.accept_price)
        self._require_undecided()
        self._require_open()
        self._require_unchanged(seen_version)
        request = ApprovalRequest(
            approver=approver,
            trader=str(self.trader),
            valid_until=self.valid_until,
            at=at,
            side=self.side,
            posted_px=self.entry_prices[1],
            account=account,
            given=self._standing_yeses(),
            assessed=assessed,
        )
        check(TO_APPROVE, request)
        self._say_yes(request, via)

    def reject(
        self,
        approver: Approver,
        *,
        reason: str,
        via: str,
        seen_version: int | None = None,
        at: datetime,
    ) -> None:
        """Says no, which ends it however many yeses were given.

        Raises:
            AlreadyDecided: somebody was faster.
            InvalidInput: no reason is given.
            Refused: it changed since the approver looked, or a policy says no.
        """
        self._require_undecided()
        if not reason.strip():
            raise InvalidInput("a rejection needs a reason, so that the trader can learn from it")
        self._require_unchanged(seen_version)
        request = ApprovalRequest(
            approver=approver,
            trader=str(self.trader),
            valid_until=self.valid_until,
            at=at,
            side=self.side,
            posted_px=self.entry_prices[1],
        )
        check(TO_REJECT, request)
        self.trigger_event(
            SignalRejected, by=approver.name, via=via, reason=reason.strip(), timestamp=at
        )

    def expire(self, *, at: datetime) -> None:
        """Ends the time for approval.

        Raises:
            AlreadyDecided: it was decided.
            Impossible: its time is not over.
        """
        self._require_undecided()
        if self.valid_until is None or at <= self.valid_until:
            raise Impossible("the time for approval is not over")
        self.trigger_event(SignalExpired, timestamp=at)

    def refuse(
        self, approver: Approver, attempt: Attempt, why: DomainError, *, via: str, at: datetime
    ) -> None:
        """Records that somebody tried to decide in vain, whatever became of the signal."""
        reason = str(why)
        named = (name for name in self.named if name in reason and name != approver.name)
        self.trigger_event(
            SignalApprovalRefused,
            by=approver.name,
            others=tuple(named),
            via=via,
            attempt=attempt,
            code=why.code,
            reason=reason,
            timestamp=at,
        )

    def _standing_yeses(self) -> tuple[Yes, ...]:
        """The yeses that count. Of one that was erased nobody can tell any more whose it is: who
        comes back under the same name could be their own second approver.
        """
        return tuple(yes for yes in self.given if not is_erased_person(yes.by))

    def _say_yes(self, request: ApprovalRequest, via: str) -> None:
        assessed, above = request.assessed, request.assessed.rules.second_approver_above
        said = {
            "by": request.approver.name,
            "via": via,
            "account": request.account,
            "at_risk": assessed.at_risk,
            "price_stand": assessed.price_stand,
            "market_px": assessed.market_px,
            "accepted_px": assessed.accept_price,
            "timestamp": request.at,
        }
        before = sum(yes.account == request.account for yes in request.given)
        if above is not None and before + 1 < assessed.needed:
            self.trigger_event(SignalApprovalGiven, above=above, **said)
        else:
            self.trigger_event(SignalApproved, **said)
