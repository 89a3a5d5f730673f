"""Risk of an account: a change of state is told once, blocks what it should, and never flaps."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.risk import AccountRisk, why_blocked
from domain.risk_events import (
    Finding,
    HaltCause,
    LimitKind,
    Line,
    RiskBreached,
    RiskCleared,
    RiskPeakRecorded,
    RiskWarned,
    Scope,
    State,
    TradingHalted,
    TradingResumed,
    risk_stream,
)
from domain.shared import Impossible, InvalidInput
from tests.domain.told import names_of, replayed, state_of, told_by

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
WARN_AT = D("0.90")


def watched() -> AccountRisk:
    risk = AccountRisk.watch("paper", at=NOON)
    told_by(risk)
    return risk


def at(
    share: str,
    limit: LimitKind = LimitKind.DELTA,
    subject: str = "",
    *,
    sign: int = 1,
    complete: bool = True,
) -> Finding:
    """A limit of 100 that is used so far."""
    scope = {LimitKind.SYMBOL_SHARE: Scope.SYMBOL, LimitKind.SECTOR_SHARE: Scope.SECTOR}
    part = D(share)
    state = State.WARNING if part >= WARN_AT else State.OK
    if part > 1 or (limit.is_spent and part == 1):
        state = State.BREACH
    line = Line(
        limit=limit, scope=scope.get(limit, Scope.PORTFOLIO), subject=subject,
        figure=part * 100 * sign, used=part * 100, allowed=D(100), share=part, state=state,
        complete=complete,
    )  # fmt: skip
    return Finding(line=line, positions=("p1",))


def judged(risk: AccountRisk, *findings: Finding) -> list[str]:
    risk.judge(findings, warn_at=WARN_AT, at=NOON)
    return names_of(told_by(risk))


class TestStates:
    def test_each_change_is_told_once(self) -> None:
        risk = watched()
        assert judged(risk, at("0.5")) == []
        assert judged(risk, at("0.9")) == ["risk.warned"]
        assert judged(risk, at("0.95")) == []
        assert judged(risk, at("1.01")) == ["risk.breached"]
        assert judged(risk, at("1.40")) == []
        assert judged(risk, at("0.5")) == ["risk.cleared"]
        assert judged(risk, at("0.5")) == []

    def test_a_warning_is_cleared_two_points_below_where_it_began(self) -> None:
        risk = watched()
        assert judged(risk, at("0.90")) == ["risk.warned"]
        assert judged(risk, at("0.88")) == []
        assert judged(risk, at("0.90")) == []
        assert judged(risk, at("0.8799")) == ["risk.cleared"]

    def test_a_breach_is_a_warning_again_two_points_below_its_limit(self) -> None:
        risk = watched()
        assert judged(risk, at("1.01")) == ["risk.breached"]
        assert judged(risk, at("0.98")) == []
        assert judged(risk, at("0.97")) == ["risk.warned"]
        assert judged(risk, at("0.89")) == []

    def test_a_count_stands_at_its_number_without_easing(self) -> None:
        risk = watched()
        count = LimitKind.OPEN_POSITIONS
        assert judged(risk, at("1", count)) == ["risk.breached"]
        assert judged(risk, at("0.99", count)) == ["risk.warned"]
        assert judged(risk, at("0.89", count)) == ["risk.cleared"]

    def test_what_is_closed_altogether_is_cleared(self) -> None:
        risk = watched()
        judged(risk, at("1.2", LimitKind.SYMBOL_SHARE, "TSLA"))
        risk.judge([], warn_at=WARN_AT, at=NOON)
        (event,) = told_by(risk)
        assert isinstance(event, RiskCleared)
        assert (event.was, event.line.used, event.line.subject) == (State.BREACH, D(0), "TSLA")

    def test_a_figure_that_may_hide_something_eases_nothing_but_may_pass(self) -> None:
        risk = watched()
        assert judged(risk, at("1.2")) == ["risk.breached"]
        assert judged(risk, at("0.1", complete=False)) == []
        assert judged(risk, at("0.1")) == ["risk.cleared"]
        assert judged(risk, at("1.2", complete=False)) == ["risk.breached"]

    def test_symbols_and_sectors_stand_on_their_own(self) -> None:
        risk = watched()
        tsla, nvda = (at("1.2", LimitKind.SYMBOL_SHARE, name) for name in ("TSLA", "NVDA"))
        assert judged(risk, tsla, nvda) == ["risk.breached", "risk.breached"]
        assert judged(risk, tsla) == ["risk.cleared"]

    def test_an_event_says_what_it_rests_on_and_the_state_is_made_of_events(self) -> None:
        risk = AccountRisk.watch("paper", at=NOON)
        risk.judge([at("0.95", LimitKind.VEGA), at("1.3")], warn_at=WARN_AT, at=NOON)
        told = told_by(risk)
        _, warned, breached = told
        assert isinstance(warned, RiskWarned)
        assert isinstance(breached, RiskBreached)
        assert (breached.was, breached.finding.line.used) == (State.OK, D(130))
        assert breached.finding.positions == ("p1",)
        assert risk.id == risk_stream("paper")
        assert state_of(replayed(told)) == state_of(risk)

    @given(some.lists(some.decimals("0.86", "1.04", places=3), min_size=1, max_size=40))
    def test_a_state_is_only_left_beyond_its_easing(self, shares: list[Decimal]) -> None:
        risk = watched()
        last: tuple[str, Decimal] | None = None
        for share in shares:
            for name in judged(risk, at(str(share))):
                if last is not None and name != "risk.breached" and last[0] == "risk.breached":
                    assert share < D("0.98")
                if name == "risk.cleared":
                    assert share < D("0.88")
                last = (name, share)


class TestBlocking:
    def test_nothing_is_blocked_where_nothing_is_passed(self) -> None:
        assert why_blocked(None, "TSLA", "energy") == ""
        risk = watched()
        judged(risk, at("0.99"))
        assert why_blocked(risk, "TSLA", "energy") == ""

    def test_a_symbol_or_sector_blocks_itself_alone(self) -> None:
        risk = watched()
        judged(risk, at("1.2", LimitKind.SYMBOL_SHARE, "TSLA"))
        judged(
            risk, at("1.2", LimitKind.SYMBOL_SHARE, "TSLA"),
            at("1.1", LimitKind.SECTOR_SHARE, "energy"),
        )  # fmt: skip
        assert why_blocked(risk, "TSLA", "consumer discretionary") == (
            "a risk limit is passed: symbol share of TSLA: 120.0 of 100 USD allowed"
        )
        assert "sector share of energy" in why_blocked(risk, "XOM", "energy")
        assert why_blocked(risk, "AAPL", "information technology") == ""

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_greek_lets_through_what_lowers_it_and_is_known(self, sign: int) -> None:
        risk = watched()
        judged(risk, at("1.2", sign=sign))
        assert why_blocked(risk, "TSLA", "energy", {LimitKind.DELTA: D("-0.5") * sign}) == ""
        for adds in (
            None, {}, {LimitKind.DELTA: D("0.5") * sign}, {LimitKind.DELTA: D(0)},
            {LimitKind.VEGA: D("-0.5") * sign},
        ):  # fmt: skip
            assert "delta: 120.0 of 100 contracts allowed" in why_blocked(
                risk, "TSLA", "energy", adds
            )

    @pytest.mark.parametrize(
        "limit",
        [LimitKind.DAILY_TRADES, LimitKind.OPEN_POSITIONS, LimitKind.BUYING_POWER,
         LimitKind.DRAWDOWN],
    )  # fmt: skip
    def test_what_is_spent_blocks_every_entry(self, limit: LimitKind) -> None:
        risk = watched()
        judged(risk, at("1", limit))
        adds = {LimitKind.DELTA: D(-1), limit: D(-1)}
        assert "a risk limit is passed" in why_blocked(risk, "TSLA", "energy", adds)

    def test_a_halt_blocks_everything(self) -> None:
        risk = watched()
        risk.halt(HaltCause.ADMIN, "lunch", by="ada", at=NOON)
        adds = {LimitKind.DELTA: D(-1)}
        assert why_blocked(risk, "TSLA", "energy", adds) == "trading of paper is halted: lunch"
        risk.resume("back", by="ada", at=NOON)
        assert why_blocked(risk, "TSLA", "energy") == ""


class TestHalts:
    def test_trading_is_halted_once_and_resumed_once(self) -> None:
        risk = watched()
        with pytest.raises(Impossible, match="trading of paper is not halted"):
            risk.resume("why not", by="ada", at=NOON)
        risk.halt(HaltCause.ADMIN, "news", by="ada", at=NOON)
        with pytest.raises(Impossible, match="trading of paper is halted already: news"):
            risk.halt(HaltCause.DRAWDOWN, "loss", by="reaction:risk", at=NOON)
        risk.resume("over", by="max", at=NOON)
        assert [type(event) for event in told_by(risk)] == [TradingHalted, TradingResumed]

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_both_need_a_reason(self, reason: str) -> None:
        risk = watched()
        with pytest.raises(InvalidInput, match="a halt needs a reason"):
            risk.halt(HaltCause.ADMIN, reason, by="ada", at=NOON)
        risk.halt(HaltCause.ADMIN, "news", by="ada", at=NOON)
        with pytest.raises(InvalidInput, match="to resume needs a reason"):
            risk.resume(reason, by="ada", at=NOON)


class TestPeak:
    def test_the_first_equity_and_each_half_percent_more_are_recorded(self) -> None:
        risk = watched()
        for equity in ("100000", "100400", "100500", "100501", "99000"):
            risk.see_equity(D(equity), D(100_000), at=NOON)
        told = told_by(risk)
        assert [type(event) for event in told] == [RiskPeakRecorded, RiskPeakRecorded]
        assert risk.peak_profit == 501

    def test_a_deposit_is_no_profit(self) -> None:
        risk = watched()
        risk.see_equity(D(100_000), D(100_000), at=NOON)
        risk.see_equity(D(150_000), D(150_000), at=NOON)
        assert risk.peak_profit == 0

    def test_resuming_lets_the_drawdown_count_from_there(self) -> None:
        risk = watched()
        risk.see_equity(D(100_000), D(100_000), at=NOON)
        risk.halt(HaltCause.DRAWDOWN, "20000 lost", by="reaction:risk", at=NOON)
        risk.resume("we go on", by="ada", at=NOON)
        risk.see_equity(D(80_000), D(100_000), at=NOON)
        assert risk.peak_profit == -20_000
