"""What brokers tell unasked is kept and found, whatever it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from domain.activities import Activity, ActivityKind, RecordedActivity
from domain.reports import ExecType, ExecutionReport
from domain.strays import Strays
from projections.activities import Activities, activities, strays
from projections.runner import Runner
from tests.projections.desk import NOON
from tests.projections.given import Story, current
from tests.projections.tape import Tape, reading

D = Decimal


def told(number: int, kind: ActivityKind = ActivityKind.FILL) -> RecordedActivity:
    activity = Activity(
        activity_id=f"a{number}", kind=kind, happened_at=NOON + timedelta(minutes=number),
        symbol="TSLA", quantity=D(number), price=D("2.50"), amount=D("-2.50") * number,
        raw='{"activity_type": "it\'s new"}',
    )  # fmt: skip
    return RecordedActivity.record(activity, account="paper", broker="alpaca", at=NOON)


def report(kind: ExecType, exec_id: str, minutes: int, qty: str = "0") -> ExecutionReport:
    return ExecutionReport(
        exec_type=kind, cl_ord_id="by-hand", exec_id=exec_id, last_qty=D(qty), last_px=D("2.10"),
        transact_time=NOON + timedelta(minutes=minutes),
    )  # fmt: skip


def test_what_nobody_understood_is_found_too(tape: Tape) -> None:
    tape.save(told(1), told(2, ActivityKind.UNCLASSIFIED), told(3))
    runner = Runner(reading(tape.url), [Activities])
    runner.start()
    runner.catch_up()
    runner.close()
    newest = activities(tape.connection, account="paper", limit=2)
    assert [row.activity_id for row in newest] == ["a3", "a2"]
    last = newest[-1]
    rest = activities(tape.connection, after=(last.happened_at, last.activity))
    assert [row.activity_id for row in rest] == ["a1"]
    (unknown,) = activities(tape.connection, kind=ActivityKind.UNCLASSIFIED)
    assert unknown.raw == '{"activity_type": "it\'s new"}'
    assert not activities(tape.connection, account="other")
    assert not strays(tape.connection)


def test_an_unknown_order_stands_as_its_latest_report_says() -> None:
    model = Activities()
    story = Story(model)
    found = Strays.begin(account="paper", report=report(ExecType.TRADE, "e2", 2, "3"), at=NOON)
    story.tell(found)
    found.keep(report(ExecType.TRADE, "e3", 3, "1"), at=NOON)
    found.keep(report(ExecType.NEW, "e1", 1), at=NOON)
    story.tell(found)
    (row,) = current(model.strays)
    assert (row.exec_type, row.reports, row.fills, row.filled) == (ExecType.TRADE, 3, 2, D(4))
    assert (row.first_at, row.last_at) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=3))
    order = uuid4()
    found.claim(order, by="ada", at=NOON)
    story.tell(found)
    (row,) = current(model.strays)
    assert (row.claimed, row.claimed_by) == (order, "ada")
