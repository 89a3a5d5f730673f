"""Nora buys before she posts, posts more than there is, and bets against herself under another
name; it is all flagged, and last week's board stays what it was when it was frozen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from application.access import LOCAL_OPERATOR
from application.administering import OrderTicket, open_account, place_order, publish_rules
from application.desk import Work
from application.freezing import freeze_board
from application.linking import link_traders, name_owner, unlink_trader
from domain.fix import OrdType, PositionEffect, Side
from domain.flags import FlagKind
from domain.legs import Leg
from domain.ranking import RANKING_STREAM, Ranking
from domain.shared import Impossible
from domain.signals import Signal
from domain.traders import trader_stream
from interfaces.frozen import board_to_freeze, checked
from projections.flag_rows import FlagRow
from projections.flags import flag_counts, flags
from projections.frozen_boards import frozen_board
from projections.leaderboards import By
from projections.people import people
from projections.windows import Window
from tests.stories.telling import Told

CALL = "TSLA  261120C00250000"
PUT = "TSLA  261120P00240000"
NORA, ZED = trader_stream("discord", "77"), trader_stream("discord", "78")
OPERATOR = LOCAL_OPERATOR
NEXT_MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.fixture
def cheated(story: Told) -> Told:
    """What Nora did before anybody looked."""
    story.market(
        f"{CALL.replace(' ', '')} 14:50:00 2.20 2.25",
        f"{CALL.replace(' ', '')} 15:00:00 2.25 2.30",
        f"{CALL.replace(' ', '')} 15:10:00 2.60 2.65",
        f"{PUT.replace(' ', '')} 15:05:00 1.90 2.00",
        f"{CALL.replace(' ', '')} 16:00:00 3.00 3.05",
        f"{PUT.replace(' ', '')} 16:00:00 1.00 1.10",
    )
    house = story.house
    story.at("14:50:10")
    open_account(
        house.desk, story.command(), OPERATOR, name="noras", broker="paper", cash=Decimal(10_000)
    )
    orders(story, Side.BUY, PositionEffect.OPEN)
    story.says("15:00:10", "BTO 200 TSLA 11/20 250c @ 2.30")
    story.says("15:05:10", "BTO 5 TSLA 11/20 240p @ 2.00", author="78", name="Zed")
    story.at("15:10:10")
    orders(story, Side.SELL, PositionEffect.CLOSE)
    story.says("16:00:10", "STC 200 TSLA 11/20 250c @ 3.00")
    story.says("16:00:20", "STC 5 TSLA 11/20 240p @ 1.00", author="78", name="Zed")
    return story


def orders(story: Told, side: Side, effect: PositionEffect) -> None:
    ticket = OrderTicket(
        account="noras", side=side, position_effect=effect, legs=(Leg(symbol=CALL, side=side),),
        order_qty=Decimal(3), ord_type=OrdType.MARKET,
    )  # fmt: skip
    place_order(story.house.desk, story.command(), OPERATOR, ticket)
    story.house.catch_up()


def found(story: Told, kind: FlagKind, as_of: int | None = None) -> list[FlagRow]:
    story.house.catch_up()
    with story.house.reader.connection() as connection:
        return flags(connection, kind=kind, as_of=as_of)


def names_of(story: Told, row: FlagRow) -> list[str]:
    return [type(story.house.desk.event_at(at)).TOPIC for at in row.positions]


def test_more_than_was_quoted_is_flagged_at_once(cheated: Told) -> None:
    (row,) = found(cheated, FlagKind.SIZE)
    assert (row.trader, row.posted, row.quoted) == (NORA, Decimal(200), Decimal(90))
    assert names_of(cheated, row) == ["signal.posted", "signal.price_checked"]


def test_front_running_is_flagged_when_it_comes_out_whose_account_it_was(cheated: Told) -> None:
    assert found(cheated, FlagKind.FRONT_RUN) == []
    name_owner(
        cheated.house.desk, cheated.command(), OPERATOR, account="noras", owner=NORA,
        reason="her name is on it",
    )  # fmt: skip
    (row,) = found(cheated, FlagKind.FRONT_RUN)
    assert (row.trader, row.account, row.posted) == (NORA, "noras", Decimal(3))
    assert "held 3 at the post of 2026-11-16 15:00 UTC; 3 sold within 24 h after it" in row.reason
    assert names_of(cheated, row) == [
        "order.filled", "signal.posted", "order.filled", "account.owner_named",
    ]  # fmt: skip


def test_betting_against_oneself_is_flagged_once_the_accounts_are_linked(cheated: Told) -> None:
    house = cheated.house
    assert found(cheated, FlagKind.OPPOSITE) == []
    link_traders(
        house.desk, cheated.command(), OPERATOR, trader=ZED, to=NORA, reason="one phone",
        evidence=("they log in from one address",),
    )  # fmt: skip
    rows = found(cheated, FlagKind.OPPOSITE)
    linked = house.head()
    assert {(row.trader, row.other_trader) for row in rows} == {(NORA, ZED), (ZED, NORA)}
    assert names_of(cheated, rows[0]) == ["signal.posted", "signal.posted", "trader.linked"]
    with house.reader.connection() as connection:
        assert people(connection) == {NORA: NORA, ZED: NORA}
        counts = flag_counts(connection, [NORA, ZED])
    assert counts[NORA] == {FlagKind.OPPOSITE: 1, FlagKind.SIZE: 1}
    unlink_trader(house.desk, cheated.command(), OPERATOR, trader=ZED, reason="brothers")
    assert found(cheated, FlagKind.OPPOSITE) == []
    assert len(found(cheated, FlagKind.OPPOSITE, as_of=linked)) == 2
    with house.reader.connection() as connection:
        assert people(connection) == {}


def test_flags_are_the_same_after_a_rebuild(cheated: Told) -> None:
    house = cheated.house
    name_owner(
        house.desk, cheated.command(), OPERATOR, account="noras", owner=ZED, reason="his name"
    )
    link_traders(house.desk, cheated.command(), OPERATOR, trader=ZED, to=NORA, reason="one phone")
    live = [found(cheated, kind) for kind in FlagKind]
    assert [len(rows) for rows in live] == [2, 1, 1]
    house.projections.rebuild(["flags", "people"])
    assert [found(cheated, kind) for kind in FlagKind] == live


def test_a_frozen_board_stays_whatever_is_corrected_or_ruled_later(cheated: Told) -> None:
    house = cheated.house
    cheated.clock.set(NEXT_MONDAY)
    board = freeze(cheated)
    with pytest.raises(Impossible, match="is frozen already"):
        freeze(cheated)
    with house.reader.connection() as connection:
        before = frozen_board(connection, board)
    assert before is not None
    assert (before.first_day, before.last_day) == (date(2026, 11, 16), date(2026, 11, 22))
    assert [row["name"] for row in before.standings] == ["Nora", "Zed"]

    trade = found(cheated, FlagKind.SIZE)[0].signal
    corrected(cheated, trade)
    ranking = house.desk.load([RANKING_STREAM])[RANKING_STREAM]
    assert isinstance(ranking, Ranking)
    rules = replace(ranking.rules, version=ranking.rules.version + 1, nav_fraction=Decimal("0.05"))
    publish_rules(house.desk, cheated.command(), OPERATOR, rules=rules)
    link_traders(house.desk, cheated.command(), OPERATOR, trader=ZED, to=NORA, reason="one phone")
    house.catch_up()

    with house.reader.connection() as connection:
        after = frozen_board(connection, board)
        assert after == before
        assert checked(connection, house.calendar, after) == (True, True)
        _, today = board_to_freeze(
            connection, house.calendar, Window.WEEK, By.RETURN, date(2026, 11, 18), house.head()
        )
        doctored = replace(before, rows=before.rows.replace("Nora", "Norb"))
        assert checked(connection, house.calendar, doctored) == (False, False)
        other = replace(before, position=house.head())
        assert checked(connection, house.calendar, other) == (True, False)
    assert [(row["name"], row["accounts"]) for row in today.rows] == [("Nora", 2)]
    assert before.standings[0]["return"] != str(today.rows[0]["return"])


def corrected(story: Told, trade: UUID) -> None:
    """The exit turns out to have been far worse than it was told."""

    def decide(work: Work) -> Signal:
        signal = work.get(Signal, trade)
        signal.correct(
            correction=UUID(int=1), number=2, price=Decimal("0.10"), quantity=None,
            reason="it was never sold at that", by="ana", at=story.clock.now(),
        )  # fmt: skip
        return signal

    story.house.desk.run(story.command(), decide)


def freeze(story: Told) -> UUID:
    house = story.house
    house.catch_up()
    with house.reader.connection() as connection:
        period, standings = board_to_freeze(
            connection, house.calendar, Window.WEEK, By.RETURN, date(2026, 11, 18),
            house.read_until(),
        )  # fmt: skip
    outcome = freeze_board(house.desk, story.command(), OPERATOR, period, standings)
    house.catch_up()
    return outcome.stream
