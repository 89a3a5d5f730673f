"""Members at their buttons, and what the channel asks of them."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from application.access import LOCAL_OPERATOR, Member
from application.administering import configure_room
from application.approving import Answer, approve, reject
from application.assessing import Assessor
from application.desk import Desk
from domain.approvals import (
    ApprovalRules,
    Role,
)
from domain.grammar.reading import Room
from tests.application.acts import (
    DANA,
    command,
    member,
)

SAM = member("sam", Role.APPROVER)
REFUSED, GIVEN, APPROVED = "signal.approval_refused", "signal.approval_given", "signal.approved"


class Approvers:
    """Members at their buttons: whoever says yes or no, with the key of the press."""

    def __init__(self, desk: Desk, assessor: Assessor) -> None:
        self.desk = desk
        self.assessor = assessor

    def yes(
        self,
        signal: UUID,
        who: Member = DANA,
        *,
        key: UUID | None = None,
        accept_price: str | None = None,
        account: str = "paper",
        desk: Desk | None = None,
    ) -> Answer:
        accepted = None if accept_price is None else Decimal(accept_price)
        return approve(
            desk or self.desk,
            command(signal, accepted, key=key, actor=who.actor),
            who,
            signal=signal,
            account=account,
            via="cli",
            assessor=self.assessor,
            accept_price=accepted,
        )

    def no(self, signal: UUID, who: Member = DANA, *, key: UUID | None = None) -> Answer:
        asked = command(signal, key=key, actor=who.actor)
        return reject(self.desk, asked, who, signal=signal, reason="too wide", via="cli")


def ask(
    desk: Desk, *, second_approver_above: Decimal | None = None, price_move_limit: str = "0.10"
) -> None:
    """The channel asks this of approvals."""
    rules = ApprovalRules(
        second_approver_above=second_approver_above, price_move_limit=Decimal(price_move_limit)
    )
    configure_room(desk, command(), LOCAL_OPERATOR, channel="room", room=Room(), approvals=rules)
