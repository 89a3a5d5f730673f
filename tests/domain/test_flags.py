"""What deserves a second look: opposite bets, own fills before a post, more than was quoted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.fix import Side
from domain.flags import Bet, FrontRun, Open, OwnFill, bet_of, front_run, shared
from domain.legs import Leg

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
D = Decimal


def leg(word: str, ratio: int = 1) -> Leg:
    """`+C250` is a call that was bought, `-P240/270115` a put of that expiry that was sold."""
    side = Side.BUY if word[0] == "+" else Side.SELL
    if word[1:] == "TSLA":
        return Leg(symbol="TSLA", side=side)
    strike, _, expiry = word[2:].partition("/")
    symbol = f"TSLA  {expiry or '261218'}{word[1]}{int(strike):05d}000"
    return Leg(symbol=symbol, side=side, ratio=ratio)


@pytest.mark.parametrize(
    ("words", "bet"),
    [
        ("+C250", Bet.UP),
        ("-C250", Bet.DOWN),
        ("+P250", Bet.DOWN),
        ("-P250", Bet.UP),
        ("+TSLA", Bet.UP),
        ("-TSLA", Bet.DOWN),
        ("+C250 -C260", Bet.UP),
        ("-C250 +C260", Bet.DOWN),
        ("-P250 +P240", Bet.UP),
        ("+C250 +P250", Bet.MOVE),
        ("-C260 -P240", Bet.STILL),
        ("+P230 -P240 -C260 +C270", Bet.STILL),
        ("+P230 -P240 -C260 +C275", Bet.STILL),
        ("-P230 +P240 +C260 -C270", Bet.MOVE),
        ("+C250/270115 -C250", Bet.NONE),
    ],
)
def test_a_bet_is_told_by_what_the_legs_pay_at_expiry(words: str, bet: Bet) -> None:
    legs = [leg(word) for word in words.split()]
    assert bet_of(legs) is bet
    turned = [Leg(symbol=each.symbol, side=each.side.opposite) for each in legs]
    assert bet_of(turned) is bet.against


def test_two_trades_meet_while_both_are_open() -> None:
    later, end = NOON + HOUR, NOON + 2 * HOUR
    assert shared(Open(NOON), Open(later)) == Open(later)
    assert shared(Open(NOON, end), Open(later)) == Open(later, end)
    assert shared(Open(NOON, later), Open(later)) is None
    assert shared(Open(later, end), Open(NOON, later)) is None


def fill(hours: float, quantity: str, *, opens: bool = True, event: int = 1) -> OwnFill:
    return OwnFill(NOON + hours * HOUR, D(quantity), opens, event)


def test_what_was_bought_before_the_post_and_is_still_held_is_told() -> None:
    found = front_run(Side.BUY, NOON, [fill(-1, "3", event=4), fill(-2, "2", event=3)])
    assert found == FrontRun(D(5), NOON - 2 * HOUR, D(0), (3, 4))


def test_what_is_sold_into_the_post_is_told_with_it() -> None:
    fills = [fill(-1, "3", event=4), fill(2, "-2", opens=False, event=9)]
    found = front_run(Side.BUY, NOON, fills)
    assert found is not None
    assert (found.held, found.sold, found.events) == (D(3), D(2), (4, 9))
    later = front_run(Side.BUY, NOON, [*fills, fill(25, "-1", opens=False)])
    assert later == found


@pytest.mark.parametrize(
    "fills",
    [
        [],
        [fill(0, "3")],
        [fill(1, "3")],
        [fill(-25, "3")],
        [fill(-2, "3"), fill(-1, "-3", opens=False)],
        [fill(-1, "-3")],
        [fill(-1, "-3", opens=False)],
        [fill(-1, "3", opens=False)],
    ],
    ids=["nothing", "with it", "after it", "long before", "sold before", "short", "an exit",
         "bought back"],
)  # fmt: skip
def test_other_fills_are_no_front_running(fills: list[OwnFill]) -> None:
    assert front_run(Side.BUY, NOON, fills) is None


def test_a_sale_is_front_run_by_a_sale() -> None:
    found = front_run(Side.SELL, NOON, [fill(-1, "-3"), fill(1, "1", opens=False, event=2)])
    assert found == FrontRun(D(3), NOON - HOUR, D(1), (1, 2))


def test_what_was_bought_anew_after_all_was_sold_is_what_counts() -> None:
    fills = [fill(-5, "3"), fill(-4, "-3", opens=False), fill(-3, "2", event=7)]
    assert front_run(Side.BUY, NOON, fills) == FrontRun(D(2), NOON - 3 * HOUR, D(0), (7,))
