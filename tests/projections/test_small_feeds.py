"""Trader profiles, the timeline, tokens and accounts, folded from what is decided."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

import pytest

from domain.accounts import Account, CashKind, account_stream
from domain.approvals import Role
from domain.corrections import Correction, Target, Wanted
from domain.exit_terms import Levels
from domain.exits import ExitPlan
from domain.fix import Side
from domain.holdings import Holding
from domain.legs import Leg
from domain.members import Token
from domain.messages import message_stream
from projections.accounts import Accounts
from projections.timeline import Timeline
from projections.tokens import Tokens
from projections.trader_profiles import TraderProfiles
from tests.projections import desk
from tests.projections.given import Story, current, fields, lines


def test_authors_are_known_before_they_trade() -> None:
    model = TraderProfiles()
    Story(model).tell(desk.message(1), desk.message(2), desk.message(3, author="8"))
    found = {row.name: row for row in current(model.profiles)}
    assert fields(found["trader 7"], "registered", "first_seen", "last_signal_at") == (
        False, desk.minute(1), None,
    )  # fmt: skip
    assert found["trader 8"].first_seen == desk.minute(3)


def test_chatter_makes_no_versions_of_a_profile() -> None:
    model = TraderProfiles()
    Story(model).tell(desk.message(1), desk.message(2), desk.message(3))
    assert model.profiles.closed() == []


def test_a_message_that_is_read_late_moves_first_seen_back() -> None:
    model = TraderProfiles()
    Story(model).tell(desk.message(5), desk.message(2))
    assert current(model.profiles)[0].first_seen == desk.minute(2)


def test_edits_deletions_and_what_was_not_booked_are_counted() -> None:
    model = TraderProfiles()
    message = desk.message(1)
    message.edit("BTO TSLA 260c", (), edited_at=desk.minute(2), at=desk.minute(2))
    message.leave_unbooked(
        kind="open", missing=("price",), why="no price", parser="p", at=desk.NOON
    )
    message.delete(noticed_at=desk.NOON, at=desk.NOON)
    Story(model).tell(message)
    assert fields(current(model.profiles)[0], "edited", "deleted", "unbooked") == (1, 1, 1)


def test_signals_and_their_corrections_are_counted() -> None:
    model = TraderProfiles()
    signal = desk.signal(1)
    signal.correct(
        correction=UUID(int=5), number=1, price=Decimal(3), quantity=None, reason="typo",
        by="ana", at=desk.NOON,
    )  # fmt: skip
    signal.void(correction=UUID(int=6), reason="test", by="ana", at=desk.NOON)
    Story(model).tell(desk.message(1), desk.trader(), signal)
    assert fields(current(model.profiles)[0], "signals", "corrections", "registered") == (
        1, 2, True,
    )  # fmt: skip


def test_another_name_keeps_the_record() -> None:
    model = TraderProfiles()
    trader = desk.trader()
    trader.rename("Captain", at=desk.NOON)
    Story(model).tell(desk.message(1), trader)
    assert [row.name for row in current(model.profiles)] == ["Captain"]


def stories(model: Timeline) -> dict[UUID, list[int]]:
    found = defaultdict(list)
    for line in lines(model.events):
        found[line.subject].append(line.position)
    return dict(found)


def belonging(model: Timeline, signal: UUID) -> list[UUID]:
    """The streams whose events the tape adds to a signal's story."""
    return [line.stream for line in lines(model.belongs) if line.signal == signal]


def test_a_trade_is_in_the_stories_of_all_it_is_about() -> None:
    model = Timeline()
    story = Story(model)
    signal = desk.signal(1)
    desk.check(signal, 1, "2.00")
    desk.approve(signal)
    story.tell(desk.message(1), desk.trader(), signal)
    order = desk.accepted(desk.order(of=signal.id))
    story.tell(order)
    found = stories(model)
    # What lies in their own streams, they need not be told.
    assert found[desk.TRADER] == [3, 4, 5, 6, 7, 8]
    assert found[message_stream("discord", "1")] == [3]
    assert belonging(model, signal.id) == [order.id]
    assert not {signal.id, order.id} & found.keys()
    assert found[account_stream("main")] == [6, 7, 8]


def test_an_exit_is_in_the_story_of_the_message_that_called_it() -> None:
    model = Timeline()
    signal = desk.signal(1)
    desk.leave(signal, "1", "3.00")
    Story(model).tell(signal)
    assert stories(model)[message_stream("discord", "3")] == [2]


def plan(trade: UUID) -> ExitPlan:
    """How the account guards what it holds for a trade, until it holds nothing."""
    found = ExitPlan.set(
        account="main", trade=trade, side=Side.BUY,
        legs=(Leg(symbol=desk.CALL, side=Side.BUY),), levels=Levels(), held=Decimal(1),
        avg_px=Decimal(2), commission=Decimal(0), at=desk.NOON,
    )  # fmt: skip
    found.reduce(Decimal(1), "it expired", at=desk.NOON)
    found.finish("nothing is held any more", at=desk.NOON)
    return found


def test_how_a_holding_is_left_is_in_the_story_of_its_signal() -> None:
    model = Timeline()
    signal = desk.signal(1)
    left = plan(signal.id)
    Story(model).tell(signal, left)
    found = stories(model)
    assert belonging(model, signal.id) == [left.id]
    assert found[account_stream("main")] == [2, 3, 4]
    assert found[desk.TRADER] == [1, 2, 3, 4]


def test_what_was_opened_by_hand_is_left_in_the_story_of_its_account_alone() -> None:
    model = Timeline()
    Story(model).tell(plan(UUID(int=7)))
    assert stories(model) == {account_stream("main"): [1, 2, 3]}


@pytest.mark.parametrize("target", [Target.SIGNAL, Target.ORDER])
def test_a_correction_is_in_the_story_of_its_target(target: Target) -> None:
    model = Timeline()
    story = Story(model)
    signal = desk.signal(1)
    order = desk.order(of=signal.id)
    about = signal.id if target is Target.SIGNAL else order.id
    correction = Correction.request(
        id=UUID(int=9), target=target, target_stream=about, target_version=1,
        wanted=Wanted(part="1", void=True), reason="typo", by="ana", at=desk.NOON,
    )  # fmt: skip
    correction.agree(by="bea", person="member:bea", at=desk.NOON)
    correction.apply_to_target(by="ana", at=desk.NOON)
    story.tell(signal, order, correction)
    found = stories(model)
    assert found[desk.TRADER][-3:] == [3, 4, 5]
    assert belonging(model, signal.id) == [order.id, correction.id]
    if target is Target.ORDER:
        assert found[about] == [3, 4, 5]


def test_a_manual_order_is_in_the_story_of_its_account() -> None:
    model = Timeline()
    order = desk.order(account="side")
    Story(model).tell(order)
    assert stories(model) == {account_stream("side"): [1]}


def test_an_expired_holding_is_in_the_story_of_its_signal() -> None:
    model = Timeline()
    signal = desk.signal(1)
    holding = Holding.open(account="main", symbol=desk.CALL, at=desk.NOON)
    holding.expire(
        signal=signal.id, quantity=Decimal(1), price=Decimal(0), underlying_px=None,
        assumed=False, settled_at=desk.NOON, at=desk.NOON,
    )  # fmt: skip
    Story(model).tell(signal, holding)
    found = stories(model)
    assert found[signal.id] == [3]
    assert found[desk.TRADER] == [1, 3]
    assert found[account_stream("main")] == [2, 3]


def test_a_token_in_use_is_found_by_its_roles_until_it_is_revoked() -> None:
    model = Tokens()
    story = Story(model)
    roles = frozenset({Role.TRADER, Role.READER})
    token = Token.issue(name="bot", roles=roles, sha256="ab" * 32, at=desk.NOON)
    story.tell(token)
    row = current(model.tokens)[0]
    assert (row.name, row.roles, row.role_names) == ("bot", roles, "reader trader")
    token.revoke(by="ana", at=desk.NOON)
    story.tell(token)
    assert current(model.tokens) == []


def test_an_account_tells_what_was_paid_in() -> None:
    story = Story(model := Accounts())
    account = Account.open(name="main", broker="alpaca", cash=Decimal(50_000), at=desk.NOON)
    for kind, amount in ((CashKind.DEPOSIT, 500), (CashKind.WITHDRAWAL, -20), (CashKind.FEE, -1)):
        account.move_cash(
            kind, Decimal(amount), activity=kind.value, happened_at=desk.NOON, at=desk.NOON
        )
    story.tell(account)
    assert fields(current(model.accounts)[0], "cash", "paid_in") == (50_000, 50_480)


def test_an_account_is_listed_as_it_was_opened() -> None:
    model = Accounts()
    Story(model).tell(Account.open(name="main", broker="paper", cash=Decimal(50_000), at=desk.NOON))
    assert fields(current(model.accounts)[0], "name", "cash", "currency") == (
        "main", 50_000, "USD",
    )  # fmt: skip
