"""Boards of a record kept by hand: every contract is bought at 2.00, so 3.00 is half as much
again, 5 % of NAV and 100 dollars."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from domain.ranking import Rules
from projections.leaderboards import Board, By
from projections.windows import Window
from tests.projections.record import Record, record_on, utc
from tests.projections.tape import Tape

D = Decimal


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


def named(board: Board) -> list[str]:
    return [standing.name for standing in board.standings]


def test_an_empty_record_gives_an_empty_board(record: Record) -> None:
    for window in Window:
        found = record.board(window)
        assert (found.standings, found.traders) == ([], 0)


def test_figures_of_a_week_by_hand(record: Record) -> None:
    nora = record.trader("Nora")
    record.trades(nora, "11-16 15:00", "11-16 16:00", "3.00")
    record.trades(nora, "11-17 15:00", "11-17 16:00", "1.50")
    record.trades(nora, "11-18 15:00", "11-18 16:00", "2.00")
    found = record.standing(nora, Window.WEEK)
    assert found is not None
    assert found.return_ == D("1.05") * D("0.975") - 1
    assert found.pnl == D(100) - D(50)
    assert (found.opened, found.closed, found.wins) == (3, 3, 1)
    # Wilson's interval of 1 in 3, worked out elsewhere.
    assert (round(found.accuracy_low or 0, 4), round(found.accuracy_high or 0, 4)) == (
        D("0.0615"), D("0.7923"),
    )  # fmt: skip
    returns = [0.05, -0.025, 0.0, 0.0, 0.0]
    sharpe = statistics.mean(returns) / statistics.stdev(returns) * 252**0.5
    assert float(found.sharpe or 0) == pytest.approx(sharpe)
    assert found.sessions == 5


def test_each_window_takes_what_is_in_it(record: Record) -> None:
    nora = record.trader("Nora")
    for day in ("10-05", "10-26", "11-02", "11-13", "11-16", "11-19", "11-20"):
        record.trades(nora, f"{day} 15:00", f"{day} 15:30")
    counted = {window: record.standing(nora, window) for window in Window}
    closed = {window.value: found.closed for window, found in counted.items() if found}
    # The board is asked at 22:00 UTC on Friday, 20 November.
    assert closed == {"24h": 1, "7d": 3, "30d": 6, "day": 1, "week": 3, "month": 5, "all": 7}
    week = counted[Window.WEEK]
    assert week is not None
    assert week.return_ == D("1.05") ** 3 - 1
    assert week.pnl == 300


def test_the_evening_belongs_to_the_exchange_s_day(record: Record) -> None:
    nora = record.trader("Nora")
    record.trades(nora, "11-17 01:00", "11-17 02:00")
    assert record.standing(nora, Window.DAY, "11-16 22:00") is not None
    assert record.standing(nora, Window.DAY, "11-17 22:00") is None


def test_24_hours_end_exactly(record: Record) -> None:
    nora = record.trader("Nora")
    record.trades(nora, "11-18 14:00", "11-19 15:00")
    there = record.standing(nora, Window.LAST_24H, "11-20 14:59")
    assert there is not None
    assert (there.closed, there.wins, there.opened) == (1, 1, 0)
    assert (there.return_, there.pnl, there.sharpe) == (D("0.05"), D(100), None)
    assert record.standing(nora, Window.LAST_24H, "11-20 15:00") is None


def test_24_hours_that_are_over_know_nothing_of_later(record: Record) -> None:
    nora = record.trader("Nora")
    signal = record.opens(nora, "11-18 15:00", quantity="2")
    record.exits(signal, "11-18 16:00", "3.00")
    before = record.standing(nora, Window.LAST_24H, "11-18 20:00")
    record.exits(signal, "11-20 16:00", "3.00")
    assert record.standing(nora, Window.LAST_24H, "11-18 20:00") == before
    assert before is not None
    assert (before.opened, before.closed) == (1, 0)


def test_who_only_opened_in_the_window_is_on_every_board(record: Record) -> None:
    nora, max_ = record.trader("Nora"), record.trader("Max")
    record.opens(nora, "11-20 15:00")
    record.checks(record.opens(max_, "11-20 15:00"), 1, "2.00", attainable=False)
    for window in Window:
        opened, unattainable = record.standing(nora, window), record.standing(max_, window)
        assert opened is not None, window
        assert (opened.opened, opened.closed, opened.pnl) == (1, 0, D(0))
        assert unattainable is not None, window
        assert (unattainable.opened, unattainable.unattainable) == (0, 1)


def test_few_trades_are_shown_without_a_rank_behind_those_with_one(record: Record) -> None:
    nora, max_ = record.trader("Nora"), record.trader("Max")
    for hour in range(10, 17):
        record.trades(nora, f"11-16 {hour}:00", f"11-16 {hour}:30", "1.90")
    for hour in range(10, 14):
        record.trades(max_, f"11-16 {hour}:00", f"11-16 {hour}:30", "9.00")
    found = record.board()
    assert [(s.name, s.rank, s.unranked) for s in found.standings] == [
        ("Nora", 1, ""), ("Max", None, "4/7"),
    ]  # fmt: skip
    assert "at least 7 closed" in found.definitions["ranked"]


def test_who_left_stays_with_the_figures_of_that_time(record: Record) -> None:
    nora = record.trader("Nora")
    record.trades(nora, "10-05 15:00", "10-05 16:00")
    record.trades(record.trader("Max"), "11-20 15:00", "11-20 16:00", "1.50")
    assert named(record.board()) == ["Nora", "Max"]
    assert named(record.board(Window.WEEK)) == ["Max"]
    later = record.standing(nora, Window.ALL, "12-30 22:00")
    assert later is not None
    assert later.return_ == D("0.05")
    # Idle sessions count: who stops trading does not keep the Sharpe of one good day.
    assert later.sessions > 50


def test_an_open_loser_counts_before_it_is_sold(record: Record) -> None:
    nora = record.trader("Nora")
    record.opens(nora, "11-16 15:00")
    record.marks("TSLA  261218C00250000", "11-16 21:00", "0.50", "0.60")
    found = record.standing(nora)
    assert found is not None
    assert (found.pnl, found.closed, found.return_) == (D(-150), 0, D("-0.075"))


def test_boards_are_ordered_by_the_figure_that_is_asked_for(record: Record) -> None:
    record.rules("10-01 12:00", minimum_trades=1)
    many, sure, big = (record.trader(name) for name in ("Many", "Sure", "Big"))
    for hour in range(10, 14):
        record.trades(many, f"11-16 {hour}:00", f"11-16 {hour}:30", "2.80")
    record.trades(many, "11-17 10:00", "11-17 10:30", "1.00")
    record.trades(sure, "11-16 10:00", "11-16 10:30", "2.20")
    record.trades(sure, "11-17 10:00", "11-17 10:30", "2.10")
    signal = record.opens(big, "11-16 10:00", quantity="10")
    record.exits(signal, "11-16 10:30", "2.60", quantity="10")
    record.trades(big, "11-17 10:00", "11-17 10:30", "1.50")
    record.trades(big, "11-17 11:00", "11-17 11:30", "1.50")
    assert named(record.board(by=By.RETURN)) == ["Many", "Sure", "Big"]
    assert named(record.board(by=By.ACCURACY)) == ["Sure", "Many", "Big"]
    assert named(record.board(by=By.PNL)) == ["Big", "Many", "Sure"]
    assert named(record.board(Window.WEEK, by=By.SHARPE))[0] == "Sure"
    limited = record.board(by=By.PNL, limit=1)
    assert (named(limited), limited.traders) == (["Big"], 3)


def test_equal_figures_share_a_rank_and_stand_by_name(record: Record) -> None:
    record.rules("10-01 12:00", minimum_trades=1)
    for name, price in (("Zoe", "3.00"), ("Ann", "3.00"), ("Mia", "2.50")):
        record.trades(record.trader(name), "11-16 15:00", "11-16 16:00", price)
    found = record.board()
    assert [(s.rank, s.name) for s in found.standings] == [(1, "Ann"), (1, "Zoe"), (3, "Mia")]


def test_one_trader_asked_for_alone_has_the_figures_of_the_board(record: Record) -> None:
    nora, max_ = record.trader("Nora"), record.trader("Max")
    record.trades(nora, "11-20 15:00", "11-20 16:00")
    record.trades(max_, "11-20 15:00", "11-20 16:00", "1.50")
    for window in Window:
        alone = record.board(window, trader=max_)
        assert alone.standings == [record.standing(max_, window)]


def test_badges_say_what_the_closed_trades_rest_on(record: Record) -> None:
    nora = record.trader("Nora")
    record.trades(nora, "11-20 10:00", "11-20 10:30")
    checked = record.trades(nora, "11-20 11:00", "11-20 11:30")
    record.checks(checked, 1, "2.00")
    record.checks(checked, 2, "3.00")
    unsaid = record.opens(nora, "11-20 12:00")
    record.exits(unsaid, "11-20 12:30", None)
    record.checks(record.trades(nora, "11-20 13:00", "11-20 13:30"), 1, "2", attainable=False)
    for window in (Window.LAST_24H, Window.DAY, Window.ALL):
        found = record.standing(nora, window)
        assert found is not None
        assert (found.posted, found.checked, found.filled) == (1, 1, 0), window
        assert (found.assumed, found.unattainable, found.closed) == (1, 1, 3), window


def test_evidence_that_comes_later_changes_what_counts(record: Record) -> None:
    nora = record.trader("Nora")
    signal = record.trades(nora, "11-16 15:00", "11-16 16:00")
    record.follow()
    record.checks(signal, 1, "2.50")
    found = record.standing(nora)
    assert found is not None
    assert (found.pnl, found.return_) == (D(50), D("0.02"))


def test_a_voided_signal_leaves_the_board_and_is_on_it_as_once_known(record: Record) -> None:
    nora = record.trader("Nora")
    signal = record.opens(nora, "11-20 15:00")
    known = record.exits(signal, "11-20 16:00", "3.00")
    before = {window: record.board(window) for window in Window}
    signal.void(correction=signal.id, reason="a joke", by="ana", at=utc("11-20 17:00"))
    record.tape.save(signal)
    for window in Window:
        assert record.board(window).standings == [], window
        assert record.board(window, as_of=known) == before[window]


def test_a_board_as_of_then_knows_nothing_of_later(record: Record) -> None:
    nora, max_ = record.trader("Nora"), record.trader("Max")
    signal = record.trades(nora, "11-20 15:00", "11-20 16:00")
    known = record.exits(record.opens(max_, "11-20 15:00"), "11-20 16:30", "2.50")
    before = {window: record.board(window) for window in Window}
    signal.correct(
        correction=signal.id, number=2, price=D("9.00"), quantity=None, reason="slip", by="ana",
        at=utc("11-20 17:00"),
    )  # fmt: skip
    record.tape.save(signal)
    record.trades(max_, "11-20 17:00", "11-20 18:00", "0.10")
    for window in Window:
        assert record.board(window) != before[window]
        assert record.board(window, as_of=known) == before[window]
        assert record.board(window, as_of=0).standings == []


def test_new_rules_hold_from_their_day_and_leave_the_days_before(record: Record) -> None:
    ranking = record.rules("10-01 12:00", minimum_trades=2)
    nora = record.trader("Nora")
    record.trades(nora, "11-16 15:00", "11-16 16:00")
    ranking.change(
        Rules(version=2, nav_fraction=D("0.20"), minimum_trades=1), at=utc("11-18 12:00")
    )
    record.tape.save(ranking)
    record.trades(nora, "11-18 15:00", "11-18 16:00")
    old, new = record.board(at="11-17 22:00"), record.board(at="11-18 22:00")
    assert (old.rules.version, new.rules.version) == (1, 2)
    assert (old.standings[0].unranked, old.standings[0].return_) == ("1/2", D("0.05"))
    assert (new.standings[0].rank, new.standings[0].return_) == (1, D("1.05") * D("1.1") - 1)
    assert "20%" in new.definitions["return"]
    hours = record.standing(nora, Window.LAST_24H, "11-18 22:00")
    assert hours is not None
    assert hours.return_ == D("0.10")


def test_a_window_names_the_first_session_in_it(record: Record) -> None:
    sunday = record.board(Window.LAST_7D, "11-21 15:00", sessions=[date(2026, 11, 16)])
    assert (sunday.first, sunday.last) == (date(2026, 11, 16), date(2026, 11, 21))
