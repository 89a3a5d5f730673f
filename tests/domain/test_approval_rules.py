"""What a channel asks of a yes: another approver above an amount, and a price that stands."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.approvals import (
    RECORDED,
    ApprovalRequest,
    ApprovalRules,
    Approver,
    Assessment,
    PriceMoved,
    PriceStand,
    Role,
    SaidYesAlready,
    Yes,
    has_not_said_yes,
    price_stands,
    refusal,
)
from domain.fix import Side
from domain.shared import DomainError, InvalidInput, Refused
from tests.domain.signal_acts import NOON

OLGA_ASKS = ApprovalRequest(
    approver=Approver(name="olga", roles=frozenset({Role.APPROVER})),
    trader="nora",
    valid_until=None,
    at=NOON,
    side=Side.BUY,
    posted_px=Decimal("5.50"),
    account="paper",
)


@pytest.mark.parametrize("kind", RECORDED)
def test_a_recorded_refusal_is_heard_again_as_it_was(kind: type[DomainError]) -> None:
    again = refusal(kind.code, "no, and why")
    assert (type(again), str(again)) == (kind, "no, and why")


def test_each_recorded_refusal_has_a_code_of_its_own() -> None:
    assert len({kind.code for kind in RECORDED} | {Refused.code}) == len(RECORDED) + 1


def test_a_refusal_that_nobody_knows_any_more_is_a_refusal_still() -> None:
    assert type(refusal("of_old_times", "no")) is Refused


def test_the_second_yes_is_another_approvers_but_for_another_account_it_is_a_first() -> None:
    given = (Yes(by="olga", account="paper", at=NOON),)
    with pytest.raises(SaidYesAlready, match="olga said yes already at 2026-11-16 17:00:00 UTC"):
        has_not_said_yes(replace(OLGA_ASKS, given=given))
    for_another = replace(OLGA_ASKS, given=given, account="other")
    by_another = replace(OLGA_ASKS, given=(replace(given[0], by="max"),))
    assert refused(has_not_said_yes, for_another) == ""
    assert refused(has_not_said_yes, by_another) == ""


def refused(policy: Callable[[ApprovalRequest], None], request: ApprovalRequest) -> str:
    """The words with which a policy refuses; it lets pass without any."""
    try:
        policy(request)
    except DomainError as refusal:
        return str(refusal)
    return ""


def at_market(
    market: str | None, *, side: Side = Side.BUY, accepts: str | None = None, limit: str = "0.10"
) -> ApprovalRequest:
    """Olga approves what was posted at 5.50."""
    assessed = Assessment(
        rules=ApprovalRules(price_move_limit=Decimal(limit)),
        market_px=None if market is None else Decimal(market),
        accept_price=None if accepts is None else Decimal(accepts),
    )
    return replace(OLGA_ASKS, side=side, assessed=assessed)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("market", ["4.95", "5.50", "6.05"])
def test_a_price_within_the_limit_stands(side: Side, market: str) -> None:
    assert refused(price_stands, at_market(market, side=side)) == ""


@pytest.mark.parametrize(("side", "word"), [(Side.BUY, "offer"), (Side.SELL, "bid")])
@pytest.mark.parametrize("market", ["4.94", "6.06"])
def test_a_price_that_moved_is_refused_with_both_prices(side: Side, word: str, market: str) -> None:
    sentence = f"posted at 5.50, the {word} is {market} by now: over 10% away; .* {market}$"
    with pytest.raises(PriceMoved, match=sentence):
        price_stands(at_market(market, side=side))


def test_a_channel_has_a_limit_of_its_own() -> None:
    assert refused(price_stands, at_market("6.40", limit="0.2")) == ""
    with pytest.raises(PriceMoved, match=r"over 2\.5% away"):
        price_stands(at_market("5.70", limit="0.025"))


@pytest.mark.parametrize(
    ("side", "market"), [(Side.BUY, "6.40"), (Side.BUY, "3.00"), (Side.SELL, "9.00")]
)
def test_an_accepted_price_lets_it_and_any_better_one_pass(side: Side, market: str) -> None:
    assert refused(price_stands, at_market(market, side=side, accepts="6.40")) == ""


@pytest.mark.parametrize(("side", "market"), [(Side.BUY, "6.41"), (Side.SELL, "6.39")])
def test_an_accepted_price_lets_no_worse_one_pass(side: Side, market: str) -> None:
    with pytest.raises(PriceMoved, match=r"worse than the 6\.40 you would accept"):
        price_stands(at_market(market, side=side, accepts="6.40"))


def test_without_a_quote_there_is_nothing_to_compare() -> None:
    assert refused(price_stands, at_market(None)) == ""
    assert refused(price_stands, at_market(None, accepts="1.00")) == ""


@pytest.mark.parametrize(
    ("market", "accepts", "stand"),
    [
        (None, None, PriceStand.NO_QUOTE),
        (None, "6.00", PriceStand.NO_QUOTE),
        ("5.50", None, PriceStand.WITHIN_LIMIT),
        ("6.00", "6.00", PriceStand.ACCEPTED),
    ],
)
def test_it_is_recorded_how_the_price_stood(
    market: str | None, accepts: str | None, stand: PriceStand
) -> None:
    assert at_market(market, accepts=accepts).assessed.price_stand is stand


@pytest.mark.parametrize(
    ("above", "at_risk", "needed"),
    [
        (None, "1000000", 1),
        (None, None, 1),
        ("5000", "5000", 1),
        ("5000", "5000.01", 2),
        ("5000", None, 2),
        ("0", "0.01", 2),
    ],
)
def test_two_are_needed_above_the_amount_or_if_it_cannot_be_told(
    above: str | None, at_risk: str | None, needed: int
) -> None:
    rules = ApprovalRules(second_approver_above=None if above is None else Decimal(above))
    amount = None if at_risk is None else Decimal(at_risk)
    assert Assessment(rules=rules, at_risk=amount).needed == needed


@pytest.mark.parametrize(
    "rules",
    [
        ApprovalRules(window_s=0),
        ApprovalRules(second_approver_above=Decimal(-1)),
        ApprovalRules(second_approver_above=Decimal("NaN")),
        ApprovalRules(price_move_limit=Decimal(0)),
        ApprovalRules(price_move_limit=Decimal("Infinity")),
    ],
)
def test_rules_that_mean_nothing_are_refused(rules: ApprovalRules) -> None:
    assert not is_sane(rules)


@pytest.mark.parametrize(
    "rules", [ApprovalRules(), ApprovalRules(second_approver_above=Decimal(0))]
)
def test_the_usual_rules_are_sane(rules: ApprovalRules) -> None:
    assert is_sane(rules)


def is_sane(rules: ApprovalRules) -> bool:
    """Whether rules are taken."""
    try:
        rules.require_sane()
    except InvalidInput:
        return False
    return True
