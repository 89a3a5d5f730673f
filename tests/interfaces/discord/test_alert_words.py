"""What somebody has to hear of at once is said in words: what, where, and how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from eventsourcing.domain import BaseAggregate

from application.access import LOCAL_OPERATOR
from application.closing_all import order_close_all
from application.desk import Command, Work
from application.limiting import halt_trading, resume_trading
from domain.accounts import Account, Difference, account_stream
from domain.close_alls import CloseAll, ClosedPosition, LeftOpen
from domain.exit_changes import Concern
from domain.exit_terms import Levels
from domain.exits import ExitPlan
from domain.fix import Side
from domain.legs import Leg
from domain.reports import ExecType, ExecutionReport
from domain.risk import AccountRisk
from domain.risk_events import Finding, LimitKind, Line, Scope, State
from domain.strays import Strays
from interfaces.compose import House
from interfaces.discord.alert_words import alert_told
from tests.interfaces.discord.asking import CALL
from tests.interfaces.discord.deck import Deck
from tests.interfaces.discord.listening import NOON

D = Decimal
WARNED, MENDED = "\N{WARNING SIGN}", "\N{WHITE HEAVY CHECK MARK}"


def line(used: str, state: State, *, complete: bool = True) -> Line:
    """How much of 100 deltas of TSLA is used."""
    return Line(
        limit=LimitKind.DELTA, scope=Scope.SYMBOL, subject="TSLA", figure=D(used), used=D(used),
        allowed=D(100), share=D(used) / 100, state=state, complete=complete,
    )  # fmt: skip


def finding(used: str, state: State, **more: bool) -> tuple[Finding, ...]:
    return (Finding(line=line(used, state, **more), positions=(CALL,)),)


def command() -> Command:
    return Command.given(uuid4(), actor="test", at=NOON)


def keep(house: House, aggregate: BaseAggregate[UUID]) -> UUID:
    """Stores what was decided."""
    work = Work(house.desk)
    work.begin(aggregate)
    work.save(command())
    work.commit()
    return aggregate.id


def told(house: House, stream: UUID) -> str:
    """What is said of the last event, without its place on the tape."""
    at = house.head()
    with house.reader.connection() as connection:
        words = alert_told(connection, stream, at)
    assert words is not None
    assert words.startswith(f"`{at}` ")
    return words.partition("` ")[2]


def judged(house: House, *looks: tuple[Finding, ...]) -> UUID:
    """The risk of the account after some looks at it."""
    risk = AccountRisk.watch("paper", at=NOON)
    for findings in looks:
        risk.judge(findings, warn_at=D("0.90"), at=NOON)
    return keep(house, risk)


class TestRisk:
    def test_a_limit_that_is_nearly_used_up(self, deck: Deck) -> None:
        stream = judged(deck.house, finding("92", State.WARNING))
        assert told(deck.house, stream) == (
            f"{WARNED} **A limit is nearly used up**: paper: delta of TSLA: 92 of 100 "
            "contracts allowed (92%), mostly by TSLA 250C 2026-11-20"
        )

    def test_a_limit_that_is_passed_by_what_can_be_seen(self, deck: Deck) -> None:
        stream = judged(deck.house, finding("120", State.BREACH, complete=False))
        assert told(deck.house, stream) == (
            f"{WARNED} **A limit is passed, what would raise it is not opened**: "
            "paper: delta of TSLA: 120 of 100 contracts allowed (120%), mostly by "
            "TSLA 250C 2026-11-20; a position without a quote may hide some of it"
        )

    def test_a_limit_that_is_kept_again_but_near(self, deck: Deck) -> None:
        stream = judged(deck.house, finding("120", State.BREACH), finding("92", State.WARNING))
        assert "**A limit is kept again, and nearly used up**: paper" in told(deck.house, stream)

    def test_a_limit_that_is_kept_again(self, deck: Deck) -> None:
        stream = judged(deck.house, finding("92", State.WARNING), finding("10", State.OK))
        assert told(deck.house, stream) == (
            f"{MENDED} **A limit is kept again**: paper: delta of TSLA: 10 of 100 contracts "
            "allowed (10%)"
        )

    def test_a_halt_and_its_end(self, deck: Deck) -> None:
        desk = deck.house.desk
        halted = halt_trading(desk, command(), LOCAL_OPERATOR, account="paper", reason="a bad day")
        assert told(deck.house, halted.stream) == (
            f"{WARNED} **Trading is halted, exits go on**: paper, by operator: a bad day"
        )
        resume_trading(desk, command(), LOCAL_OPERATOR, account="paper", reason="a new one")
        assert told(deck.house, halted.stream) == (
            f"{MENDED} **Trading goes on**: paper, by operator: a new one"
        )


class TestHoldings:
    def test_a_holding_to_look_at(self, deck: Deck) -> None:
        plan = ExitPlan.set(
            account="paper", trade=uuid4(), side=Side.BUY, legs=(Leg(symbol=CALL, side=Side.BUY),),
            levels=Levels(stop=D(4)), held=D(9), avg_px=D("5.52"), commission=D(0), at=NOON,
        )  # fmt: skip
        plan.warn(Concern.NEAR_STOP, "4.15 is near the stop at 4.00", today=NOON.date(), at=NOON)
        assert told(deck.house, keep(deck.house, plan)) == (
            f"{WARNED} **A holding to look at**: paper: TSLA 250C 2026-11-20, 4.15 is near the "
            "stop at 4.00"
        )


class TestClosingAll:
    def begun(self, deck: Deck, act: Callable[[CloseAll], object]) -> UUID:
        """A close-all that has begun, and what it came to."""
        house = deck.house
        stream = order_close_all(
            house.desk, command(), LOCAL_OPERATOR, house.calendar, account="paper"
        ).stream
        closing = Work(house.desk).get(CloseAll, stream)
        closing.begin(at=NOON)
        act(closing)
        return keep(house, closing)

    def test_its_beginning_says_who_ordered_it(self, deck: Deck) -> None:
        stream = self.begun(deck, lambda _: None)
        assert told(deck.house, stream) == (
            f"{WARNED} **Everything is being closed**: paper, as operator ordered; "
            "nothing is opened before the next session"
        )

    def test_its_end_says_what_was_closed(self, deck: Deck) -> None:
        sold = ClosedPosition(symbol=CALL, quantity=D(43), avg_px=D("2.20"), reason="close_all")
        stream = self.begun(deck, lambda closing: closing.finish((sold,), (), (), at=NOON))
        assert told(deck.house, stream) == (
            f"{WARNED} **Everything is closed**: paper: 43 TSLA 250C 2026-11-20 at 2.20 closed"
        )

    def test_its_end_says_what_is_left_and_why(self, deck: Deck) -> None:
        left = LeftOpen(symbol="SPXW-CASH", quantity=D(2), why="no usable quote")
        late = NOON + timedelta(hours=9)
        stream = self.begun(deck, lambda closing: closing.finish((), (left,), ("tt-1",), at=late))
        assert told(deck.house, stream) == (
            f"{WARNED} **Not everything could be closed**: paper: nothing closed; "
            "left is 2 SPXW-CASH (no usable quote); tt-1 may still trade"
        )


class TestBookkeeping:
    def test_positions_that_are_not_the_brokers_and_are_again(self, deck: Deck) -> None:
        account = Work(deck.house.desk).get(Account, account_stream("paper"))
        account.compare((Difference(symbol=CALL, ours=D(43), brokers=D(42)),), at=NOON)
        keep(deck.house, account)
        assert told(deck.house, account.id) == (
            f"{WARNED} **Positions are not the broker's**: paper: TSLA 250C 2026-11-20 is 43 here "
            "and 42 at the broker"
        )
        account.compare((), at=NOON)
        keep(deck.house, account)
        assert told(deck.house, account.id) == (
            f"{MENDED} **Positions are the broker's again**: paper"
        )

    def test_an_order_that_nobody_here_asked_for(self, deck: Deck) -> None:
        report = ExecutionReport(
            exec_type=ExecType.TRADE, cl_ord_id="", exec_id="e1", order_id="B-77",
            transact_time=NOON, last_qty=D(2), last_px=D("1.05"),
        )  # fmt: skip
        stream = keep(deck.house, Strays.begin(account="paper", report=report, at=NOON))
        assert told(deck.house, stream) == (
            f"{WARNED} **The broker reports an order that is not on record**: paper: trade of "
            "B-77, 2 at 1.05; it is kept until somebody claims it"
        )


@pytest.mark.parametrize("name", ["signal.posted", "message.captured"])
def test_of_other_events_nobody_hears_at_once(deck: Deck, name: str) -> None:
    deck.says("Nora", "BTO 2 TSLA 250c 11/20 @ 2.30")
    deck.catch_up()
    with deck.house.reader.connection() as connection:
        row = connection.execute(
            "SELECT stream, position FROM tape.events WHERE name = %s", (name,)
        ).fetchone()
        assert row is not None
        assert alert_told(connection, *row) is None
