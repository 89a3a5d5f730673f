"""A mistake is put right: one asks, the figures that would move are shown, another one agrees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from application.access import LOCAL_OPERATOR, Member
from application.correcting import Change, apply_correction, request_correction
from application.ports import Forbidden
from domain.approvals import Role
from domain.corrections import OwnRequestRefused, ReasonCode, Target
from domain.market import mark_stream
from domain.traders import Trader, trader_stream
from interfaces.previewing import largest_told, preview
from interfaces.timers import keep_time
from projections.corrections import CorrectionState, correctors
from projections.corrections import correction as correction_row
from projections.previews import Foreseen, Of
from tests.application.acts import begin
from tests.stories.telling import Told

D = Decimal
NORA = Member(
    name="nora", roles=frozenset({Role.TRADER}), trader=str(trader_stream("discord", "77"))
)
DANA = Member(name="dana", roles=frozenset({Role.APPROVER}))
ADA = Member(name="ada", roles=frozenset({Role.ADMIN}))


@pytest.fixture
def signal(story: Told) -> UUID:
    """A trade that was opened at 2.30, the offer, and closed at 3.05, the bid."""
    story.market(
        "TSLA261120C00250000 14:59:30 2.25 2.30",
        "TSLA261120C00250000 15:29:30 3.05 3.10",
    )
    story.says("15:00:00", "BTO 2 TSLA 11/20 250c @ 2.28")
    story.says("15:30:00", "all out TSLA 250c @ 3.05")
    story.events()
    with story.house.reader.connection() as connection:
        (found,) = connection.execute("SELECT signal FROM read.signal_feed LIMIT 1").fetchone() or (
            None,
        )
    assert isinstance(found, UUID)
    return found


def mistyped(signal: UUID, price: str = "2.40") -> Change:
    return Change(
        target=Target.SIGNAL,
        stream=signal,
        part="1",
        price=D(price),
        code=ReasonCode.MISTYPED_PRICE,
        reason="the fill was at that price",
        evidence="https://discord.com/channels/1/2/3",
    )


def figure(found: Foreseen, of: Of, name: str, window: str = "") -> tuple[Decimal, Decimal]:
    (move,) = (
        move for move in found.moves if (move.of, move.figure, move.window) == (of, name, window)
    )
    return D(move.before or "NaN"), D(move.after or "NaN")


def pnl(story: Told, signal: UUID) -> Any:
    with story.house.reader.connection() as connection:
        row = connection.execute(
            "SELECT pnl FROM read.positions WHERE position = %s AND valid_to = 9223372036854775807",
            (signal,),
        ).fetchone()
    return None if row is None else row[0]


def test_a_trader_asks_and_another_person_approves(story: Told, signal: UUID) -> None:
    house = story.house
    asked = request_correction(house.desk, story.command(), NORA, mistyped(signal)).stream
    house.catch_up()
    assert story.events() == ["correction.requested"]
    head = house.head()

    found = preview(house, asked, "ada")
    assert figure(found, Of.POSITION, "pnl") == (D(150), D(130))
    assert figure(found, Of.TRADER, "pnl") == (D(150), D(130))
    assert figure(found, Of.BOARD, "pnl", "7d") == (D(150), D(130))
    assert found.recorded == ("correction.approved", "signal.corrected", "correction.applied")
    assert any("pnl: 150 -> 130" in line for line in largest_told(house, asked))
    assert (house.head(), pnl(story, signal)) == (head, D(150))

    with pytest.raises(Forbidden):
        apply_correction(house.desk, story.command(), DANA, asked)
    apply_correction(house.desk, story.command(), ADA, asked)
    house.catch_up()
    assert story.events() == ["correction.approved", "signal.corrected", "correction.applied"]
    assert pnl(story, signal) == D(130)
    with house.reader.connection() as connection:
        row = correction_row(connection, asked)
        counts = {each.name: each for each in correctors(connection)}
    assert row is not None
    assert (row.state, row.by, row.decided_by) == (CorrectionState.APPLIED, "nora", "ada")
    assert (row.changes, row.code) == ("price 2.28 -> 2.40", ReasonCode.MISTYPED_PRICE)
    assert (counts["nora"].requested, counts["nora"].applied, counts["ada"].approved) == (1, 1, 1)


def test_what_was_corrected_is_corrected_again(story: Told, signal: UUID) -> None:
    house = story.house
    asked = []
    for price in ("2.40", "2.45"):
        change = mistyped(signal, price)
        asked.append(request_correction(house.desk, story.command(), DANA, change).stream)
        apply_correction(house.desk, story.command(), ADA, asked[-1])
        house.catch_up()
    assert pnl(story, signal) == D(120)
    with house.reader.connection() as connection:
        first, second = (correction_row(connection, each) for each in asked)
    assert first is not None
    assert second is not None
    assert (first.corrected_by, second.corrects) == (second.correction, first.correction)
    assert second.changes == "price 2.40 -> 2.45"


def test_the_console_alone_puts_nothing_right(story: Told, signal: UUID) -> None:
    desk = story.house.desk
    asked = request_correction(desk, story.command(), LOCAL_OPERATOR, mistyped(signal)).stream
    other = Member(name="bea", roles=LOCAL_OPERATOR.roles, at_console=True)
    for who in (LOCAL_OPERATOR, other):
        with pytest.raises(OwnRequestRefused, match="another admin has to"):
            apply_correction(desk, story.command(), who, asked)
    assert pnl(story, signal) == D(150)


def test_marks_cash_and_links_show_what_they_would_move(story: Told, signal: UUID) -> None:
    house = story.house
    story.market("TSLA261120C00250000 20:59:30 3.00 3.10")
    story.says("16:00:00", "BTO 1 TSLA 11/20 250c @ 3.10")
    story.at("21:05:00")
    keep_time(house)
    house.catch_up()
    with house.reader.connection() as connection:
        ((symbol, at),) = connection.execute("SELECT symbol, marked_at FROM read.marks").fetchall()
    wrong = Change(
        target=Target.MARK, stream=mark_stream(symbol, at), bid=D("2.50"), reason="a stale quote"
    )
    found = preview(house, wrong, "dana")
    before, after = figure(found, Of.TRADER, "pnl")
    assert after - before == D(-50)
    assert figure(found, Of.MARK, "bid") == (D("3.00"), D("2.50"))
    asked = request_correction(house.desk, story.command(), DANA, wrong).stream
    apply_correction(house.desk, story.command(), ADA, asked)
    house.catch_up()
    with house.reader.connection() as connection:
        assert connection.execute(
            "SELECT bid, offer FROM read.marks WHERE valid_to = 9223372036854775807"
        ).fetchall() == [(D("2.50"), D("3.10"))]

    other = trader_stream("discord", "78")
    begin(house.desk, Trader.register(platform="discord", author_id="78", name="Zoe", at=at))
    house.catch_up()
    same = Change(
        target=Target.TRADER, stream=other, linked_to=trader_stream("discord", "77"),
        code=ReasonCode.WRONG_LINK, reason="the same person",
    )  # fmt: skip
    moved = {(move.of, move.figure, move.after) for move in preview(house, same, "dana").moves}
    assert (Of.LINK, "to_trader", str(same.linked_to)) in moved
