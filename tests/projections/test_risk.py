"""How accounts stand to their limits, folded and asked for, now and as once known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.limits import AccountLimits, Limits
from domain.risk import AccountRisk
from domain.risk_events import (
    Finding,
    HaltCause,
    LimitKind,
    Line,
    QuoteSeen,
    Scope,
    State,
)
from projections.risk import (
    Risk,
    evidence_of,
    limits_of,
    risk_history,
    risk_of,
    trading_states,
)
from projections.runner import Runner
from tests.projections.desk import NOON, minute
from tests.projections.given import Story, current, fields, versions
from tests.projections.tape import Tape, reading

D = Decimal
QUOTE = QuoteSeen(symbol="TSLA", bid=D("249.90"), offer=D("250.10"), time=NOON, source="test")


def watched(account: str = "paper") -> AccountRisk:
    return AccountRisk.watch(account, at=NOON)


def at(share: str, limit: LimitKind = LimitKind.SYMBOL_SHARE, of: str = "TSLA") -> Finding:
    part = D(share)
    state = State.BREACH if part > 1 else State.WARNING if part >= D("0.9") else State.OK
    line = Line(
        limit=limit, scope=Scope.SYMBOL if of else Scope.PORTFOLIO, subject=of,
        figure=part * 100, used=part * 100, allowed=D(100), share=part, state=state,
    )  # fmt: skip
    return Finding(line=line, positions=("p1", "p2"), quotes=(QUOTE,))


def judge(risk: AccountRisk, *findings: Finding, minutes: int = 0) -> AccountRisk:
    risk.judge(findings, warn_at=D("0.9"), at=NOON + timedelta(minutes=minutes))
    return risk


def test_a_line_is_known_in_its_state_with_what_it_rested_on() -> None:
    model = Risk()
    story = Story(model)
    risk = judge(watched(), at("0.95"))
    story.tell(risk)
    story.tell(judge(risk, at("1.2"), minutes=1))
    (row,) = current(model.lines)
    assert fields(row, "kind", "subject", "state", "used", "since") == (
        "symbol_share", "TSLA", State.BREACH, D(120), minute(1),
    )  # fmt: skip
    assert evidence_of(row) == (("p1", "p2"), (QUOTE,))
    story.tell(judge(risk, at("0.1"), minutes=2))
    assert [one.state for one in versions(model.lines)] == [
        State.WARNING, State.BREACH, State.OK,
    ]  # fmt: skip
    assert evidence_of(current(model.lines)[0]) == ((), ())


def test_a_halt_is_known_with_its_cause_until_it_is_over() -> None:
    model = Risk()
    story = Story(model)
    risk = watched()
    risk.see_equity(D(110_000), D(100_000), at=NOON)
    risk.halt(HaltCause.DRAWDOWN, "too much lost", by="reaction:risk", at=minute(1))
    story.tell(risk)
    assert fields(current(model.states)[0], "halted", "cause", "reason", "peak_profit") == (
        True, "drawdown", "too much lost", D(10_000),
    )  # fmt: skip
    risk.resume("we go on", by="ada", at=minute(2))
    story.tell(risk)
    assert fields(current(model.states)[0], "halted", "cause", "by", "since", "peak_profit") == (
        False, "", "ada", minute(2), None,
    )  # fmt: skip


def test_a_halt_of_what_was_never_watched_is_no_history() -> None:
    model = Risk()
    risk = watched()
    risk.collect_events()
    risk.halt(HaltCause.ADMIN, "news", by="ada", at=NOON)
    with pytest.raises(LookupError, match="was never watched"):
        Story(model).tell(risk)


def test_accounts_are_asked_for_now_and_as_once_known(tape: Tape) -> None:
    risk, other = judge(watched(), at("1.2"), at("0.95", LimitKind.DELTA, "")), watched("swing")
    tape.save(risk, other)
    once = tape.save(AccountLimits.set(account="paper", limits=Limits(), by="ada", at=NOON))
    judge(risk, at("0.1"), at("0.95", LimitKind.DELTA, ""), minutes=1)
    risk.halt(HaltCause.ADMIN, "it's 'news'", by="ada", at=minute(2))
    narrow = AccountLimits.set(account="swing", limits=Limits(delta=D(40)), by="ada", at=NOON)
    tape.save(risk, narrow)
    runner = Runner(reading(tape.url), [Risk])
    runner.start()
    runner.catch_up()
    who = tape.connection

    now, then = risk_of(who, "paper"), risk_of(who, "paper", as_of=once)
    assert now.state is not None
    assert then.state is not None
    assert (now.state.halted, now.state.reason, then.state.halted) == (True, "it's 'news'", False)
    assert [(line.kind, line.state) for line in now.open_lines] == [("delta", State.WARNING)]
    assert [(line.kind, line.state) for line in then.open_lines] == [
        ("symbol_share", State.BREACH), ("delta", State.WARNING),
    ]  # fmt: skip
    assert evidence_of(then.open_lines[0]) == (("p1", "p2"), (QUOTE,))
    assert risk_of(who, "nobody") == (None, [])
    assert [row.account for row in trading_states(who)] == ["paper", "swing"]

    assert limits_of(who, "swing").delta == 40
    assert limits_of(who, "swing", as_of=once) == Limits()
    assert limits_of(who, "nobody") == Limits()

    history = risk_history(who, account="paper")
    assert [row.event for row in history] == [
        "trading.halted", "risk.cleared", "risk.warned", "risk.breached",
    ]  # fmt: skip
    assert history[-1].words == "symbol share of TSLA: 120.0 of 100 USD allowed"
    pages = [risk_history(who, limit=2), risk_history(who, limit=2, after=history[1].position)]
    assert [row for page in pages for row in page] == history
    assert [row.event for row in risk_history(who, as_of=once)] == ["risk.warned", "risk.breached"]
    assert risk_history(who, account="swing") == []
    runner.close()
