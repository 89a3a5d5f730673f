"""Boards by rules version 2: who has shown skill is ranked by a score, the others are told why
they are not. Every contract is bought at 2.00."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest

from domain.fix import Side
from domain.legs import Leg
from domain.quant.ranking import Formula, rank
from domain.quant.ranking_sums import trade_sums
from domain.ranking import VERSION_2
from domain.shared import InvalidInput
from domain.traders import Trader
from projections.kept_records import KeptRecords
from projections.leaderboards import Board, By, Standing
from projections.window_sums import sums_of
from projections.windows import Window, span_of
from tests.projections.record import CALL, Record, record_on, utc
from tests.projections.tape import Tape

D = Decimal
FIGURES = {"version": 2, "minimum_trades": 20, "score": VERSION_2.score}
SKILLED = ("2.60", "2.90", "1.90", "3.10", "2.40")
UNSURE = ("2.60", "1.10", "2.70", "1.20", "2.10")


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        record.rules("10-01 12:00", **FIGURES)
        yield record


def trades(record: Record, trader: UUID, prices: tuple[str, ...], times: int = 4) -> None:
    """So often these prices, a trade an hour."""
    for number, price in enumerate(prices * times):
        day, hour = divmod(number, 7)
        at = f"11-{9 + day:02d} {14 + hour}"
        record.trades(trader, f"{at}:00", f"{at}:30", price)


def one(board: Board, trader: UUID) -> Standing:
    return next(row for row in board.standings if row.trader == trader)


@pytest.fixture
def three(record: Record) -> tuple[UUID, UUID, UUID]:
    """A skilled trader, one whose skill is not sure, and one with too few trades."""
    nora, max_, zoe = (record.trader(name) for name in ("Nora", "Max", "Zoe"))
    trades(record, nora, SKILLED)
    trades(record, max_, UNSURE)
    trades(record, zoe, SKILLED, times=1)
    return nora, max_, zoe


def test_the_order_is_by_score_where_the_rules_have_one(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    board = record.board(by=None)
    assert (board.by, board.rules) == (By.SCORE, VERSION_2)
    assert [row.name for row in board.standings] == ["Nora", "Max", "Zoe"]
    assert [row.rank for row in board.standings] == [1, None, None]
    assert set(board.definitions) >= {"score", "psr", "mean return", "unseen"}


def test_who_is_not_ranked_says_why(record: Record, three: tuple[UUID, UUID, UUID]) -> None:
    _, max_, zoe = three
    board = record.board(by=By.RETURN)
    assert one(board, zoe).unranked == "too few trades 5/20"
    assert one(board, max_).unranked.startswith("skill not sure: PSR 0.")
    assert one(board, max_).unranked.endswith(" < 0.95")
    assert one(board, three[0]).unranked == ""


def test_the_figures_are_those_of_the_trades(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    board = record.board(by=By.SCORE)
    prices = (SKILLED * 4, UNSURE * 4, SKILLED)
    returns = np.array([float(price) / 2 - 1 for each in prices for price in each])
    whose = np.repeat([0, 1, 2], [20, 20, 5])
    wanted = rank(trade_sums(returns, np.ones(45), whose, 3), Formula())
    for place, trader in enumerate(three):
        skill = one(board, trader).skill
        assert skill is not None
        assert float(skill.psr) == pytest.approx(wanted.psr[place])
        assert float(skill.mean_return) == pytest.approx(wanted.mean[place])
        assert (skill.score is None) == (trader == three[2])
        if skill.score is not None:
            assert float(skill.score) == pytest.approx(wanted.score[place], abs=1e-4)
    skill = one(board, three[0]).skill
    assert skill is not None
    # One loss of all that was paid is expected of everybody.
    assert (skill.trades, skill.unseen, skill.depth) == (20, D(1), D(1))


def test_an_open_loser_counts_as_if_it_had_been_sold_at_the_bid(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    nora, _, _ = three
    before = one(record.board(by=By.SCORE), nora).skill
    record.opens(nora, "11-18 15:00")
    held = one(record.board(by=By.SCORE), nora).skill
    record.marks(CALL, "11-18 21:00", "0.50", "0.70")
    under = one(record.board(by=By.SCORE), nora).skill
    assert before is not None
    assert held == before
    assert under is not None
    assert (under.trades, under.psr < before.psr) == (21, True)
    # As the record stood a day before, nothing was under water.
    assert one(record.board(by=By.SCORE, at="11-17 22:00"), nora).skill == before
    hours = one(record.board(Window.LAST_24H, "11-18 22:00", By.SCORE), nora).skill
    assert hours is not None
    assert hours.trades == 1
    # A mark of the next day says nothing of the day before.
    record.marks(CALL, "11-19 21:00", "0.10", "0.20")
    again = one(record.board(by=By.SCORE, at="11-18 22:00"), nora).skill
    assert again == under
    assert one(record.board(by=By.SCORE), nora).skill != under


def test_a_loser_that_was_closed_later_was_open_then(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    nora, _, _ = three
    signal = record.opens(nora, "11-18 15:00")
    position = record.marks(CALL, "11-18 21:00", "0.50", "0.70")
    open_then = one(record.board(by=By.SCORE, at="11-18 22:00"), nora).skill
    record.exits(signal, "11-19 15:00", "3.00")
    assert one(record.board(by=By.SCORE, at="11-18 22:00"), nora).skill == open_then
    known = record.board(by=By.SCORE, at="11-18 22:00", as_of=position)
    assert one(known, nora).skill == open_then
    hours = one(record.board(Window.LAST_24H, "11-18 22:00", By.SCORE), nora).skill
    assert hours is not None
    assert hours.trades == 1


def test_short_options_count_by_the_most_that_they_could_lose(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    seller = record.trader("Seller")
    put = Leg(symbol="TSLA  261218P00250000", side=Side.SELL)
    for number in range(25):
        day, hour = divmod(number, 7)
        signal = record.opens(seller, f"11-{9 + day:02d} {14 + hour}:00", "1.00", legs=(put,),
                              side=Side.SELL)  # fmt: skip
        record.exits(signal, f"11-{9 + day:02d} {14 + hour}:30", "0.10")
    board = record.board(by=By.ACCURACY)
    row = one(board, seller)
    assert (row.accuracy, row.rank) == (D(1), None)
    assert row.skill is not None
    # 25 puts could each have lost 249 over a margin of 50; 5 % of that is still to be lost.
    assert row.skill.depth == D("4.98")
    assert row.skill.unseen == D("1.25")
    assert "not a ranking of skill" in board.definitions["accuracy"]


def test_an_older_version_is_shown_beside(record: Record, three: tuple[UUID, UUID, UUID]) -> None:
    board = record.board(by=None, version=1)
    assert (board.by, board.rules.version) == (By.RETURN, 1)
    assert [row.rank for row in board.standings][:2] == [1, 2]
    assert one(board, three[2]).unranked == "5/7"
    with pytest.raises(InvalidInput, match="version 1 have no score"):
        record.board(by=By.SCORE, version=1)
    with pytest.raises(InvalidInput, match="no ranking rules version 9, only 1, 2"):
        record.board(version=9)


def test_accounts_of_one_person_count_as_one(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    nora, _, zoe = three
    apart = record.board(by=By.SCORE)
    other = Trader.register(platform="discord", author_id="2nd", name="Nora 2",
                            at=utc("10-01 12:00"))  # fmt: skip
    record.tape.save(other)
    trades(record, other.id, SKILLED, times=2)
    other.link(nora, reason="same hand", evidence=(), by="ana", at=utc("11-19 12:00"))
    record.tape.save(other)
    board = record.board(by=By.SCORE)
    row = one(board, nora)
    assert board.traders == 3
    assert (row.accounts, row.closed, row.name) == (2, 30, "Nora")
    assert row.pnl == one(apart, nora).pnl * 3 / 2
    assert row.return_ > one(apart, nora).return_
    # Either name leads to the person.
    alone = record.board(by=By.SCORE, trader=other.id)
    assert alone.standings == [row]
    assert one(board, zoe).accounts == 1
    # Whoever has two accounts has to beat the better one of two.
    lone = one(apart, nora).skill
    assert row.skill is not None
    assert lone is not None
    assert row.skill.trades == 30
    for window in (Window.LAST_24H, Window.WEEK):
        record.board(window, by=By.SCORE)


def test_what_is_kept_in_memory_is_what_a_whole_reading_gives(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    nora, max_, _ = three
    kept = KeptRecords(reread_from=1.0)

    def compare() -> None:
        for window in (Window.ALL, Window.WEEK, Window.LAST_24H):
            for by in By:
                whole = record.board(window, by=by)
                assert record.board(window, by=by, kept=kept) == whole

    compare()
    signal = record.opens(nora, "11-18 15:00")
    compare()
    record.marks(CALL, "11-18 21:00", "0.50", "0.70")
    compare()
    record.exits(signal, "11-19 15:00", "3.00")
    record.checks(signal, 1, "2.20")
    compare()
    late = record.trader("Late")
    record.trades(late, "11-19 15:00", "11-19 16:00")
    compare()
    record.trades(max_, "11-10 15:00", "11-10 16:00", "1.00")
    compare()
    renamed = Trader.register(
        platform="discord", author_id="3rd", name="Ole", at=utc("10-01 12:00")
    )
    record.tape.save(renamed)
    record.trades(renamed.id, "11-19 15:00", "11-19 16:00")
    compare()
    renamed.rename("Abe", at=utc("11-19 17:00"))
    record.tape.save(renamed)
    compare()
    renamed.link(max_, reason="same hand", evidence=(), by="ana", at=utc("11-19 12:00"))
    record.tape.save(renamed)
    compare()
    record.trades(renamed.id, "11-19 17:00", "11-19 18:00", "2.50")
    compare()


def test_the_last_hours_are_followed_though_a_day_adds_up_to_the_same(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    nora, _, _ = three
    kept, at = KeptRecords(reread_from=1.0), "11-19 18:00"
    record.opens(nora, "11-18 15:00")
    record.marks(CALL, "11-18 16:00", "1.00", "1.20")
    record.marks(CALL, "11-18 20:00", "1.40", "1.60")
    before = record.board(Window.LAST_24H, at, kept=kept)
    record.marks(CALL, "11-18 17:30", "1.30", "1.50")
    after = record.board(Window.LAST_24H, at, kept=kept)
    assert after == record.board(Window.LAST_24H, at)
    assert one(after, nora).return_ < one(before, nora).return_
    # An hour later that has left the window, and nothing was told.
    later = "11-19 20:30"
    assert record.board(Window.LAST_24H, later, kept=kept) == record.board(Window.LAST_24H, later)
    assert record.board(Window.LAST_24H, at, kept=kept) == after


def test_what_was_once_known_stays(record: Record, three: tuple[UUID, UUID, UUID]) -> None:
    nora, _, _ = three
    kept = KeptRecords()
    record.opens(nora, "11-19 15:00")
    position = record.marks(CALL, "11-19 16:00", "1.00", "1.20")
    whole = record.board(by=By.SCORE, as_of=position)
    assert record.board(by=By.SCORE, as_of=position, kept=kept) == whole
    record.marks(CALL, "11-19 16:30", "1.30", "1.50")
    assert record.board(by=By.SCORE, as_of=position, kept=kept) == whole
    # Until something is told, it is what is known now.
    newest = record.marks(CALL, "11-19 16:40", "1.60", "1.80")
    now = record.board(by=By.SCORE, as_of=newest, kept=kept)
    assert now == record.board(by=By.SCORE) == record.board(by=By.SCORE, as_of=newest)
    record.marks(CALL, "11-19 16:50", "0.20", "0.30")
    assert record.board(by=By.SCORE, as_of=newest, kept=kept) == now
    # What is not told yet is not known for good.
    ahead = position + 3
    record.board(as_of=ahead, kept=kept)
    record.trades(nora, "11-19 17:00", "11-19 17:30")
    assert record.board(as_of=ahead, kept=kept) == record.board(as_of=ahead)


def test_an_exit_before_the_entry_risks_what_was_not_yet_taken(
    record: Record, three: tuple[UUID, UUID, UUID]
) -> None:
    nora, _, _ = three
    at = "11-19 18:00"
    record.trades(nora, "11-19 15:00", "11-19 14:00", "1.00")
    record.follow()
    span = span_of(Window.LAST_24H, utc(at))
    of_hours = sums_of(record.tape.connection, span, None)[nora]
    of_days = sums_of(record.tape.connection, span_of(Window.DAY, utc(at)), None)[nora]
    assert of_hours == pytest.approx(of_days)
