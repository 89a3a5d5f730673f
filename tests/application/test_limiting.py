"""Limits, sectors, halt and resumption: what an admin commands, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from application.access import Member
from application.administering import open_account
from application.desk import Desk, Outcome, Work
from application.limiting import (
    change_limits,
    halt_trading,
    limits_of,
    resume_trading,
    risk_of,
    sectors_of,
    set_limits,
    set_sectors,
)
from application.ports import Conflict, Forbidden, NotFound
from domain.approvals import Role
from domain.limits import Limits, LimitsSet
from domain.risk_events import HaltCause, TradingHalted
from domain.sectors import Classified, Sector
from domain.shared import Impossible, InvalidInput
from tests.application.acts import ADA, command, last, member, names

D = Decimal
NARROW = Limits(delta=D(40))
QUARRY = Classified(symbol="QRRY", sector=Sector.MATERIALS)


def opened(desk: Desk) -> None:
    open_account(desk, command(), ADA, name="paper", broker="paper", cash=D(50_000))


def limit(
    desk: Desk, who: Member = ADA, limits: Limits = NARROW, account: str = "paper"
) -> Outcome:
    return set_limits(desk, command(), who, account=account, limits=limits)


def classify(desk: Desk, who: Member = ADA, one: Classified = QUARRY) -> Outcome:
    return set_sectors(desk, command(), who, classified=[one])


def halt(desk: Desk, who: Member = ADA, account: str = "paper") -> Outcome:
    return halt_trading(desk, command(), who, account=account, reason="news")


def resume(desk: Desk, who: Member = ADA, account: str = "paper") -> Outcome:
    return resume_trading(desk, command(), who, account=account, reason="over")


@pytest.mark.parametrize("act", [limit, classify, halt, resume])
def test_all_of_it_takes_an_admin(desk: Desk, act: Callable[[Desk, Member], Outcome]) -> None:
    opened(desk)
    others = member("rob", *frozenset(Role) - {Role.ADMIN})
    with pytest.raises(Forbidden, match="that takes admin"):
        act(desk, others)
    assert names(desk) == ["account.opened"]


@pytest.mark.parametrize("act", [limit, halt, resume])
def test_it_takes_an_account(desk: Desk, act: Callable[..., Outcome]) -> None:
    with pytest.raises(NotFound, match="there is no account"):
        act(desk, account="other")


def test_an_account_begins_with_the_limits_of_the_house_and_has_its_own_once_set(
    desk: Desk,
) -> None:
    opened(desk)
    assert limits_of(Work(desk), "paper") == Limits()
    limit(desk)
    assert limits_of(Work(desk), "paper") == NARROW
    assert limits_of(Work(desk), "other") == Limits()
    assert last(desk, LimitsSet).by == "ada"
    limit(desk, limits=Limits(delta=D(60)))
    assert limits_of(Work(desk), "paper").delta == 60
    assert names(desk)[1:] == ["limits.set", "limits.changed"]


def test_limits_that_cannot_be_or_are_there_already_are_refused(desk: Desk) -> None:
    opened(desk)
    with pytest.raises(InvalidInput, match="the delta has to be above zero"):
        limit(desk, limits=Limits(delta=D(0)))
    limit(desk)
    with pytest.raises(InvalidInput, match="these are the limits already"):
        limit(desk)


def test_sectors_are_those_built_in_and_those_that_are_set(desk: Desk) -> None:
    assert sectors_of(Work(desk)).of("QRRY") is Sector.UNCLASSIFIED
    classify(desk)
    classify(desk, one=Classified(symbol="TSLA", sector=Sector.INDUSTRIALS))
    sectors = sectors_of(Work(desk))
    assert [sectors.of(name) for name in ("QRRY", "TSLA", "XOM")] == [
        Sector.MATERIALS, Sector.INDUSTRIALS, Sector.ENERGY,
    ]  # fmt: skip
    assert names(desk) == ["sectors.set", "sectors.changed"]


def test_trading_is_halted_before_risk_was_ever_looked_at(desk: Desk) -> None:
    opened(desk)
    halt(desk)
    event = last(desk, TradingHalted)
    assert (event.cause, event.reason, event.by) == (HaltCause.ADMIN, "news", "ada")
    risk = risk_of(Work(desk), "paper")
    assert risk is not None
    assert risk.halted == "news"
    resume(desk)
    assert names(desk)[1:] == ["risk.watched", "trading.halted", "trading.resumed"]


def test_a_halt_ends_once_and_only_where_there_is_one(desk: Desk) -> None:
    opened(desk)
    with pytest.raises(Impossible, match="trading of paper is not halted"):
        resume(desk)
    halt(desk)
    with pytest.raises(Impossible, match="trading of paper is halted already: news"):
        halt(desk)
    resume(desk)
    with pytest.raises(Impossible, match="trading of paper is not halted"):
        resume(desk)


def test_a_change_of_some_limits_leaves_the_others(desk: Desk) -> None:
    opened(desk)
    limit(desk)
    change_limits(desk, command(), ADA, account="paper", changes={"daily_trades": 5})
    assert limits_of(Work(desk), "paper") == Limits(delta=D(40), daily_trades=5)


def test_whoever_looked_at_older_limits_looks_again(desk: Desk) -> None:
    opened(desk)
    for version, trades in enumerate((5, 6)):
        change_limits(
            desk, command(), ADA, account="paper", changes={"daily_trades": trades},
            expected_version=version,
        )  # fmt: skip
    with pytest.raises(Conflict, match="at version 2 by now, not 0"):
        change_limits(
            desk, command(), ADA, account="paper", changes={"vega": D(1)}, expected_version=0
        )
    with pytest.raises(InvalidInput, match="there is no limit rho"):
        change_limits(desk, command(), ADA, account="paper", changes={"rho": D(1)})
