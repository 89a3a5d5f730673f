"""Every yes and no to a signal, folded from what was said and refused."""

from __future__ import annotations

from decimal import Decimal

from domain.approvals import (
    ApprovalRules,
    Approver,
    Assessment,
    Attempt,
    NotAnApprover,
    PriceStand,
    Role,
)
from projections.signal_answers import Heard, SignalAnswers
from tests.projections import desk
from tests.projections.given import Story, fields, versions

SAM = Approver(name="sam", roles=frozenset({Role.APPROVER}))


def test_every_answer_is_kept_in_its_order_with_what_was_heard() -> None:
    model = SignalAnswers()
    signal = desk.signal()
    assessed = Assessment(
        rules=ApprovalRules(second_approver_above=Decimal(100)),
        market_px=Decimal("2.40"),
        at_risk=Decimal(960),
        accept_price=Decimal("2.50"),
    )
    no = NotAnApprover("rob is no approver")
    signal.refuse(Approver(name="rob", roles=frozenset()), Attempt.REJECT, no, via="discord",
                  at=desk.minute(1))  # fmt: skip
    for who in (desk.ANA, SAM):
        signal.approve(who, via="cli", account="main", assessed=assessed, at=desk.minute(2))
    Story(model).tell(signal)
    refused, first, second = versions(model.answers)
    assert fields(refused, "version", "by", "via", "attempt", "heard", "code", "words") == (
        2, "rob", "discord", Attempt.REJECT, Heard.REFUSED, "not_an_approver", "rob is no approver",
    )  # fmt: skip
    assert fields(first, "by", "heard", "at_risk", "answered_at") == (
        "ana", Heard.ANOTHER_NEEDED, Decimal(960), desk.minute(2),
    )  # fmt: skip
    assert first.words.startswith("one more approver is needed: 960 USD")
    assert fields(second, "by", "heard", "words", "account", "price_stand") == (
        "sam", Heard.APPROVED, "", "main", PriceStand.ACCEPTED,
    )  # fmt: skip
    assert fields(second, "market_px", "accepted_px") == (Decimal("2.40"), Decimal("2.50"))


def test_a_no_is_kept_with_its_reason() -> None:
    model = SignalAnswers()
    signal = desk.signal()
    signal.reject(desk.ANA, reason="too wide", via="cli", at=desk.NOON)
    Story(model).tell(signal)
    (row,) = versions(model.answers)
    assert fields(row, "attempt", "heard", "words") == (Attempt.REJECT, Heard.REJECTED, "too wide")
