"""The nine stops of a signal's life, each with the events it leaves on the tape."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from application.access import LOCAL_OPERATOR, Member
from application.administering import configure_room
from application.correcting import Change, apply_correction, request_correction
from domain.approvals import (
    ApprovalRules,
    NotAnApprover,
    PriceMoved,
    Role,
    SelfApprovalRefused,
)
from domain.corrections import Target
from domain.grammar.reading import Room
from domain.traders import trader_stream
from interfaces.timers import keep_time
from projections.approval_queue import pending
from projections.signal_answers import Heard, answers
from projections.signal_feed import signal as signal_row
from tests.stories.telling import Told

DANA = Member(name="dana", roles=frozenset({Role.APPROVER}))
SAM = Member(name="sam", roles=frozenset({Role.APPROVER}))


def test_the_life_of_a_signal(story: Told) -> None:
    signal = _a_trader_posts_and_the_market_is_asked(story)
    _approval_is_for_approvers_and_never_for_oneself(story, signal)
    _an_approved_signal_is_traded(story, signal)
    _exits_close_the_trade_and_the_position(story, signal)
    _a_large_order_takes_two_and_a_price_that_stands(story)
    _the_close_is_marked(story)
    _a_mistake_is_corrected_in_the_open(story, signal)
    assert story.events() == []


def _a_trader_posts_and_the_market_is_asked(story: Told) -> UUID:
    story.market(
        "TSLA261120C00250000 14:59:30 2.25 2.30",
        "TSLA261120C00250000 15:29:30 3.05 3.10",
        "TSLA261120C00250000 16:29:30 3.35 3.40",
        "TSLA261127C00260000 16:59:30 1.95 2.00",
        "TSLA261127C00260000 20:59:30 1.50 1.60",
        "TSLA 20:59:30 251.00 251.10",
    )
    story.says("15:00:00", "BTO 2 TSLA 11/20 250c @ 2.28")
    assert story.events() == [
        "message.captured",
        "trader.registered",
        "signal.posted",
        "signal.price_checked",
    ]
    with story.house.reader.connection() as connection:
        (waiting,) = pending(connection)
    assert (waiting.title, waiting.price) == ("TSLA 250C 2026-11-20", Decimal("2.28"))
    assert (waiting.attainable, waiting.market_px) == (True, Decimal("2.30"))
    return waiting.signal


def _approval_is_for_approvers_and_never_for_oneself(story: Told, signal: UUID) -> None:
    reader = Member(name="rob", roles=frozenset({Role.READER}))
    nora = Member(
        name="nora",
        roles=frozenset({Role.APPROVER}),
        trader=str(trader_stream("discord", "77")),
    )
    for member, refusal in ((reader, NotAnApprover), (nora, SelfApprovalRefused)):
        with pytest.raises(refusal):
            story.approves(member, signal)
    assert story.events() == ["signal.approval_refused", "signal.approval_refused"]


def _an_approved_signal_is_traded(story: Told, signal: UUID) -> None:
    story.at("15:01:00")
    story.approves(DANA, signal)
    story.house.catch_up()
    assert story.events() == [
        "signal.approved",
        "order.requested",
        "order.cleared",
        "order.submitted",
        "order.accepted",
        "order.filled",
        "exit_plan.set",
    ]
    with story.house.reader.connection() as connection:
        row = signal_row(connection, signal)
    assert row is not None
    assert row.badge.value == "broker_filled"


def _exits_close_the_trade_and_the_position(story: Told, signal: UUID) -> None:
    story.says("15:30:00", "STC half TSLA 250c @ 3.05")
    assert story.events() == [
        "message.captured",
        "signal.exit_called",
        "signal.price_checked",
        "exit_plan.triggered",
        "order.requested",
        "order.cleared",
        "order.submitted",
        "order.accepted",
        "order.filled",
        "exit_plan.reduced",
    ]
    story.says("16:30:00", "all out TSLA 250c @ 3.35")
    assert story.events()[:3] == ["message.captured", "signal.exit_called", "signal.closed"]
    with story.house.reader.connection() as connection:
        realised, quantity = connection.execute(
            "SELECT realised, quantity FROM read.positions"
            " WHERE position = %s AND valid_to = 9223372036854775807",
            (signal,),
        ).fetchone() or (None, None)
    # One contract sold at 3.05 and one at 3.35, both bought at the offer of 2.30.
    assert (realised, quantity) == (Decimal(180), Decimal(0))


def _the_close_is_marked(story: Told) -> None:
    story.at("21:05:00")
    passed = keep_time(story.house)
    assert passed.marked == 1
    assert story.events() == ["mark.recorded"]
    with story.house.reader.connection() as connection:
        row = connection.execute(
            "SELECT mark, unrealised FROM read.positions"
            " WHERE quantity <> 0 AND kind = 'trader' AND valid_to = 9223372036854775807"
        ).fetchone()
    # Longs are marked at the bid: 1.50 against the 2.00 that was paid.
    assert row == (Decimal("1.50"), Decimal(-50))


def _a_large_order_takes_two_and_a_price_that_stands(story: Told) -> None:
    story.says("17:00:00", "BTO 1 TSLA 11/27 260c @ 2.00")
    story.events()
    story.at("20:59:45")
    asked = ApprovalRules(second_approver_above=Decimal(5000))
    configure_room(
        story.house.desk, story.command(), LOCAL_OPERATOR, channel="options", room=Room(),
        approvals=asked,
    )  # fmt: skip
    story.house.catch_up()
    assert story.events() == ["room.configured"]
    with story.house.reader.connection() as connection:
        (waiting,) = pending(connection)
    with pytest.raises(PriceMoved, match=r"posted at 2\.00, the offer is 1\.60 by now"):
        story.approves(DANA, waiting.signal)
    first = story.approves(DANA, waiting.signal, accept_price="1.60")
    assert "one more approver is needed" in first.still_needed
    story.house.catch_up()
    assert story.events() == ["signal.approval_refused", "signal.approval_given"]
    with story.house.reader.connection() as connection:
        (waiting,) = pending(connection)
        said = answers(connection, waiting.signal)
    assert (waiting.given_by, waiting.given, waiting.needed, waiting.refusals) == ("dana", 1, 2, 1)
    assert [answer.heard for answer in said] == [Heard.REFUSED, Heard.ANOTHER_NEEDED]
    assert story.approves(SAM, waiting.signal, accept_price="1.60").still_needed == ""
    story.house.catch_up()
    assert story.events() == [
        "signal.approved",
        "order.requested",
        "order.cleared",
        "order.submitted",
        "order.accepted",
        "order.filled",
        "exit_plan.set",
    ]


def _a_mistake_is_corrected_in_the_open(story: Told, signal: UUID) -> None:
    change = Change(
        target=Target.SIGNAL,
        stream=signal,
        part="1",
        price=Decimal("2.40"),
        reason="the fill was at 2.40",
    )
    desk = story.house.desk
    asked = request_correction(desk, story.command(), DANA, change).stream
    assert story.events() == ["correction.requested"]
    apply_correction(desk, story.command(), LOCAL_OPERATOR, asked)
    story.house.catch_up()
    assert story.events() == ["correction.approved", "signal.corrected", "correction.applied"]
    with story.house.reader.connection() as connection:
        (realised,) = connection.execute(
            "SELECT realised FROM read.positions"
            " WHERE position = %s AND valid_to = 9223372036854775807",
            (signal,),
        ).fetchone() or (None,)
    assert realised == Decimal(160)
