"""What has to be told on a platform is remembered until it was told, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from adapters.reaction_runner import ReactionRunner
from application.administering import open_account
from application.approving import reject
from application.correcting import Change
from application.desk import Desk
from application.limiting import halt_trading
from application.noticing import (
    EVERYTHING,
    Due,
    Noticing,
    Topic,
    decoded,
    find_notice,
    record_notice,
    record_thread,
)
from application.ports import NotFound
from domain.accounts import Account, CashKind, Difference, account_stream
from domain.corrections import Target
from domain.exit_terms import Levels, QuoteSeen, Trailing
from domain.exits import ExitPlan
from domain.fix import Side
from domain.legs import Leg
from domain.messages import Message
from domain.notices import NoticeKind
from domain.shared import Impossible, InvalidInput
from tests.application.acts import (
    ADA,
    DANA,
    TSLA,
    begin,
    call_exit,
    catch_up,
    change,
    command,
    filled_order,
    head,
    names,
    post,
    put_right,
)
from tests.application.conftest import NOON

ABOUT = uuid4()
QUOTE = QuoteSeen(bid=Decimal(3), offer=Decimal(4), time=NOON, source="test")


@pytest.fixture
def board(desk: Desk, database_url: str) -> Iterator[ReactionRunner]:
    with closing(ReactionRunner(database_url, desk, Noticing("discord"))) as runner:
        yield runner


def due(runner: ReactionRunner) -> list[Due]:
    catch_up(runner)
    return [decoded(value) for value in runner.remembered("due:").values()]


def cross_all_off(runner: ReactionRunner) -> None:
    catch_up(runner)
    for key, value in runner.remembered("due:").items():
        assert runner.cross_off(key, value)


class TestDue:
    def test_a_new_signal_makes_its_card_and_its_first_line_due(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        signal = post(desk)
        found = {(one.topic, one.about) for one in due(board)}
        assert found == {(Topic.CARD, signal), (Topic.LINE, signal)}

    def test_a_card_is_due_once_however_much_happens_and_each_line_for_itself(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        signal = post(desk)
        reject(desk, command(), DANA, signal=signal, reason="too late", via="test")
        found = due(board)
        assert [one.position for one in found if one.topic is Topic.LINE] == [1, 2]
        assert [one.position for one in found if one.topic is Topic.CARD] == [head(desk)]

    def test_how_a_signals_holding_is_left_is_a_line_but_for_the_steps_of_its_trailing_stop(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        signal = post(desk)
        levels = Levels(trailing=Trailing(amount=Decimal(1)))
        for trade in (signal, uuid4()):
            plan = begin(
                desk,
                ExitPlan.set(
                    account="paper", trade=trade, side=Side.BUY,
                    legs=(Leg(symbol=TSLA, side=Side.BUY),), levels=levels, held=Decimal(1),
                    avg_px=Decimal(2), commission=Decimal(0), at=NOON,
                ),
            )  # fmt: skip
            change(desk, ExitPlan, plan, lambda found: found.trail(Decimal(3), QUOTE, at=NOON))
            change(desk, ExitPlan, plan, lambda found: found.reduce(Decimal(1), "expired", at=NOON))
        assert [(one.about, one.position) for one in due(board) if one.topic is Topic.LINE] == [
            (signal, 1), (signal, 2), (signal, 4),
        ]  # fmt: skip
        assert {one.position for one in due(board) if one.topic is Topic.CARD} == {1}

    def test_a_halt_is_an_alert_and_a_difference_concerns_the_operators(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        open_account(desk, command(), ADA, name="paper", broker="paper", cash=Decimal(1))
        halted = halt_trading(desk, command(), ADA, account="paper", reason="a bad day")
        difference = Difference(symbol="TSLA", ours=Decimal(1), brokers=Decimal(2))
        account = account_stream("paper")
        change(desk, Account, account, lambda found: found.compare((difference,), at=NOON))
        change(desk, Account, account, lambda found: found.compare((), at=NOON))
        assert [(one.topic, one.about, one.position) for one in due(board)] == [
            (Topic.ALERT, halted.stream, 3),
            (Topic.OPERATION, account, 4),
            (Topic.OPERATION, account, 5),
        ]

    def test_what_is_due_again_is_not_crossed_off(self, desk: Desk, board: ReactionRunner) -> None:
        signal = post(desk)
        catch_up(board)
        ((key, value),) = board.remembered("due:card:").items()
        reject(desk, command(), DANA, signal=signal, reason="too late", via="test")
        catch_up(board)
        assert not board.cross_off(key, value)
        ((key, value),) = board.remembered("due:card:").items()
        assert board.cross_off(key, value)
        assert board.remembered("due:card:") == {}

    def test_what_is_due_outlives_the_process(
        self, desk: Desk, board: ReactionRunner, database_url: str
    ) -> None:
        post(desk)
        catch_up(board)
        board.close()
        with closing(ReactionRunner(database_url, desk, Noticing("discord"))) as again:
            assert len(due(again)) == 2

    def test_who_begins_to_listen_is_told_nothing_of_before(
        self, desk: Desk, database_url: str
    ) -> None:
        post(desk)
        listening = ReactionRunner(database_url, desk, Noticing("late"), from_now_on=True)
        with closing(listening) as runner:
            assert due(runner) == []
            post(desk)
            assert len(due(runner)) == 2

    def test_a_message_that_could_not_be_booked_makes_a_reply_due(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        message = Message.capture(
            platform="discord", message_id="1", channel="options", author_id="7",
            author_name="Nora", content="BTO TSLA", embeds=(), reply_to="", posted_at=NOON,
            via="gateway", at=NOON,
        )  # fmt: skip
        message.leave_unbooked(kind="open", missing=("price",), why="no price", parser="x", at=NOON)
        begin(desk, message)
        assert [(one.topic, one.about) for one in due(board)] == [(Topic.REPLY, message.id)]

    def test_an_exit_is_told_and_moves_the_board(self, desk: Desk, board: ReactionRunner) -> None:
        signal = post(desk)
        cross_all_off(board)
        call_exit(desk, signal, "1", "6.00")
        assert {(one.topic, one.about) for one in due(board)} == {
            (Topic.CARD, signal),
            (Topic.LINE, signal),
            (Topic.TRADE, signal),
            (Topic.BOARD, EVERYTHING),
        }

    def test_a_correction_moves_the_board(self, desk: Desk, board: ReactionRunner) -> None:
        signal = post(desk)
        cross_all_off(board)
        wanted = Change(
            target=Target.SIGNAL, stream=signal, part="1", price=Decimal(5), reason="a typo"
        )
        put_right(desk, wanted)
        assert {one.topic for one in due(board)} == {Topic.CARD, Topic.LINE, Topic.BOARD}

    def test_what_has_no_card_is_put_right_in_the_open(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        opened = Account.open(name="main", broker="paper", cash=Decimal(9), at=NOON)
        opened.move_cash(CashKind.DEPOSIT, Decimal(5), activity="a", happened_at=NOON, at=NOON)
        account = begin(desk, opened)
        wanted = Change(target=Target.ACCOUNT, stream=account, part="a", void=True, reason="a typo")
        put_right(desk, wanted)
        assert [one.topic for one in due(board)] == [Topic.ALERT, Topic.BOARD]

    def test_an_order_without_a_signal_has_no_card_and_its_fill_is_told(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        order = filled_order(desk, ("1", "10", "5.50"))
        assert [(one.topic, one.about) for one in due(board)] == [(Topic.TRADE, order)]

    def test_a_fill_of_long_ago_is_history_and_no_news(
        self, desk: Desk, board: ReactionRunner
    ) -> None:
        filled_order(desk, ("1", "10", "5.50"), at=NOON + timedelta(days=7))
        assert due(board) == []


class TestPlaces:
    def record(self, desk: Desk, message_id: str) -> None:
        record_notice(
            desk,
            command(),
            platform="discord",
            kind=NoticeKind.CARD,
            about=ABOUT,
            channel_id="5",
            message_id=message_id,
        )

    def test_a_notice_is_found_where_it_was_posted_last(self, desk: Desk) -> None:
        assert find_notice(desk, "discord", NoticeKind.CARD, ABOUT) is None
        self.record(desk, "100")
        self.record(desk, "200")
        notice = find_notice(desk, "discord", NoticeKind.CARD, ABOUT)
        assert notice is not None
        assert (notice.channel_id, notice.message_id) == ("5", "200")
        assert names(desk) == ["notice.posted", "notice.reposted"]

    def test_it_is_not_posted_twice_in_one_place(self, desk: Desk) -> None:
        self.record(desk, "100")
        with pytest.raises(Impossible, match="stands there already"):
            self.record(desk, "100")

    def test_a_place_needs_a_message(self, desk: Desk) -> None:
        with pytest.raises(InvalidInput, match="under a message id"):
            self.record(desk, "")

    def test_a_notice_has_one_thread_until_it_is_posted_again(self, desk: Desk) -> None:
        def open_thread(thread_id: str) -> None:
            record_thread(
                desk,
                command(),
                platform="discord",
                kind=NoticeKind.CARD,
                about=ABOUT,
                thread_id=thread_id,
            )

        with pytest.raises(NotFound):
            open_thread("7")
        self.record(desk, "100")
        open_thread("7")
        with pytest.raises(Impossible, match="has its thread already"):
            open_thread("8")
        self.record(desk, "200")
        open_thread("8")
        notice = find_notice(desk, "discord", NoticeKind.CARD, ABOUT)
        assert notice is not None
        assert notice.thread_id == "8"
