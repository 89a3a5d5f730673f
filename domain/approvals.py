"""Who may approve a signal, and how: named policy functions, each refusing in words.

A policy looks at the application for approval and raises a `Refused`; the signal runs them
in order, so the first reason is the one the person hears. A refusal is recorded by its code and
its words and heard again by whoever repeats the same command.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.fix import Side
from domain.shared import DomainError, Impossible, InvalidInput, Refused, Value, price

APPROVAL_WINDOW_S = 86_400


class Role(StrEnum):
    """What a member may do; roles do not include each other, except that admins may all."""

    READER = "reader"
    TRADER = "trader"
    APPROVER = "approver"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Attempt(StrEnum):
    """What somebody wanted to say."""

    APPROVE = "approve"
    REJECT = "reject"


class PriceStand(StrEnum):
    """How the posted price stood in the market when somebody said yes."""

    UNCHECKED = "unchecked"
    WITHIN_LIMIT = "within_limit"
    ACCEPTED = "accepted"
    NO_QUOTE = "no_quote"


class NotAnApprover(Refused):
    """The member's role does not let them decide on signals."""

    code = "not_an_approver"


class SelfApprovalRefused(Refused):
    """Nobody approves their own signal."""

    code = "self_approval"


class SignalLapsed(Refused):
    """The time in which the signal could be approved is over."""

    code = "signal_lapsed"


class SaidYesAlready(Refused):
    """Two approvers are needed, and this one is the first."""

    code = "same_approver"


class PriceMoved(Refused):
    """The market is not where it was when the signal was posted; the text has both prices."""

    code = "price_moved"


class ChangedSince(Refused):
    """The trade is not what the member saw; the text says what changed, by whom and when."""

    code = "changed_since"


class TradeOver(Impossible):
    """There is nothing left to approve; the text says who ended it and when."""

    code = "trade_over"


class AlreadyDecided(DomainError):
    """Somebody was faster; the text says who and when."""

    code = "already_decided"


class AlreadyExecuted(AlreadyDecided):
    """Somebody was faster, and its order is filled."""

    code = "already_executed"


_REFUSALS: dict[str, type[DomainError]] = {
    kind.code: kind
    for kind in (
        NotAnApprover, SelfApprovalRefused, SignalLapsed, SaidYesAlready, PriceMoved,
        ChangedSince, TradeOver, AlreadyDecided, AlreadyExecuted,
    )
}  # fmt: skip
RECORDED = tuple(_REFUSALS.values())
"""The refusals that are put on record; a slip of the pen, such as an empty reason, is not."""


def refusal(code: str, words: str) -> DomainError:
    """A refusal as it was recorded."""
    return _REFUSALS.get(code, Refused)(words)


class Approver(Value, frozen=True, kw_only=True):
    """Who decides: a member name, the roles held now, and the trader they are, if any."""

    name: str
    roles: frozenset[Role]
    trader: str = ""


class ApprovalRules(Value, frozen=True, kw_only=True):
    """What a channel asks of a yes."""

    window_s: int = APPROVAL_WINDOW_S
    """Seconds in which a signal can be approved."""
    second_approver_above: Decimal | None = None
    """USD at risk above which two different approvers are needed; None: one is enough."""
    price_move_limit: Decimal = Decimal("0.10")
    """How far the market may be from the posted price, as a fraction of it."""

    def require_sane(self) -> None:
        """Refuses rules that mean nothing.

        Raises:
            InvalidInput: names the rule.
        """
        if self.window_s <= 0:
            raise InvalidInput("the approval window is above zero")
        above, limit = self.second_approver_above, self.price_move_limit
        if above is not None and not (above.is_finite() and above >= 0):
            raise InvalidInput(f"a second approver is asked for above an amount, not {above}")
        if not (limit.is_finite() and limit > 0):
            raise InvalidInput(f"the limit of a price move is a fraction above zero, not {limit}")


class Assessment(Value, frozen=True, kw_only=True):
    """What a yes is judged by at its moment: the channel's rules, the market, and the money.

    `market_px` is what the order would pay (or get, for a sale) per share, None without a
    quote. `at_risk` is what the account's order would put at risk in USD, None if that cannot be
    told. `accept_price` is the worst price that the approver said they would take.
    """

    rules: ApprovalRules = ApprovalRules()
    market_px: Decimal | None = None
    at_risk: Decimal | None = None
    accept_price: Decimal | None = None

    @property
    def needed(self) -> int:
        """How many different approvers it takes; two as well if the amount cannot be told."""
        above = self.rules.second_approver_above
        return 1 if above is None or (self.at_risk is not None and self.at_risk <= above) else 2

    @property
    def price_stand(self) -> PriceStand:
        if self.market_px is None:
            return PriceStand.NO_QUOTE
        return PriceStand.WITHIN_LIMIT if self.accept_price is None else PriceStand.ACCEPTED


class Yes(Value, frozen=True, kw_only=True):
    """One approver's yes, for the order of one account."""

    by: str
    account: str
    at: datetime


class ApprovalRequest(Value, frozen=True, kw_only=True):
    """What the policies look at."""

    approver: Approver
    trader: str
    valid_until: datetime | None
    at: datetime
    side: Side
    posted_px: Decimal
    account: str = ""
    given: tuple[Yes, ...] = ()
    assessed: Assessment = Assessment()


Policy = Callable[[ApprovalRequest], None]


def moment(at: datetime) -> str:
    """A time as refusals say it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def holds_the_role(request: ApprovalRequest) -> None:
    if not request.approver.roles & {Role.APPROVER, Role.ADMIN}:
        raise NotAnApprover(f"{request.approver.name} is no approver: ask an admin for the role")


def is_not_the_trader(request: ApprovalRequest) -> None:
    if request.approver.trader and request.approver.trader == request.trader:
        raise SelfApprovalRefused(f"{request.approver.name} posted this signal: somebody else "
                                  "has to approve it")  # fmt: skip


def is_still_valid(request: ApprovalRequest) -> None:
    if request.valid_until is not None and request.at > request.valid_until:
        raise SignalLapsed(f"this signal could be approved until {moment(request.valid_until)}")


def has_not_said_yes(request: ApprovalRequest) -> None:
    for yes in request.given:
        if (yes.by, yes.account) == (request.approver.name, request.account):
            raise SaidYesAlready(f"{yes.by} said yes already at {moment(yes.at)}: the second yes "
                                 "has to be another approver's")  # fmt: skip


def price_stands(request: ApprovalRequest) -> None:
    """The market is near the posted price, or no worse than what the approver takes."""
    moved = why_moved(request.side, request.posted_px, request.assessed)
    if moved:
        raise PriceMoved(moved)


def why_moved(side: Side, posted: Decimal, assessed: Assessment) -> str:
    """Why the posted price does not stand, or nothing."""
    market, accepted = assessed.market_px, assessed.accept_price
    if market is None:
        return ""
    far_side = "offer" if side is Side.BUY else "bid"
    moved = f"posted at {price(posted)}, the {far_side} is {price(market)} by now"
    if accepted is not None:
        worse = (market - accepted) * side.sign > 0
        return f"{moved}: worse than the {accepted} you would accept" if worse else ""
    if abs(market - posted) <= posted * assessed.rules.price_move_limit:
        return ""
    return (
        f"{moved}: over {percent(assessed.rules.price_move_limit)} away; "
        f"to approve all the same, accept the price of {price(market)}"
    )


def percent(fraction: Decimal) -> str:
    """A fraction as people say it: 0.10 is 10%, 0.125 is 12.5%."""
    return f"{(fraction * 100).normalize():f}%"


TO_APPROVE: tuple[Policy, ...] = (
    holds_the_role, is_not_the_trader, is_still_valid, has_not_said_yes, price_stands,
)  # fmt: skip
TO_REJECT: tuple[Policy, ...] = (holds_the_role,)


def check(policies: tuple[Policy, ...], request: ApprovalRequest) -> None:
    """Runs the policies in order.

    Raises:
        Refused: the first policy that says no.
    """
    for policy in policies:
        policy(request)
