"""What an order that opens something has to pass, each check with its words, in its order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.exchange_calendar import NewYork
from application.books import Book
from application.checks import Entry, checked
from domain.approvals import PriceStand
from domain.fix import Side
from domain.legs import Leg
from domain.limits import Limits
from domain.market import exchange_day
from domain.signal_events import ClosedBy, SignalApproved
from domain.signals import Signal
from tests.application.acts import TSLA, new_signal
from tests.application.conftest import NOON
from tests.application.scripted import D

EXCHANGE = NewYork()
TODAY = exchange_day(NOON)
ORDER = (
    "account", "signal", "hours", "quote", "drift", "size", "buying power", "positions", "blocks",
    "pattern day trading",
)  # fmt: skip


def entry(**changes: Any) -> Entry:
    """An entry that passes everything, but for the changes."""
    given: dict[str, Any] = {
        "side": Side.BUY,
        "legs": (Leg(symbol=TSLA, side=Side.BUY),),
        "quantity": None,
        "at": NOON,
        "account": "paper",
        "book": Book(D(50_000)),
        "limits": Limits(),
        "quote": D("5.50"),
        "limit": D("5.55"),
        "signal": new_signal(),
        "approved": approval(),
        "sector": "consumer",
    }
    return Entry(**given | changes)


def approval(*, market_px: str | None = None, accepted_px: str | None = None) -> SignalApproved:
    return SignalApproved(
        originator_id=uuid4(),
        originator_version=2,
        timestamp=NOON,
        by="dana",
        account="paper",
        via="test",
        price_stand=PriceStand.WITHIN_LIMIT,
        market_px=None if market_px is None else D(market_px),
        accepted_px=None if accepted_px is None else D(accepted_px),
    )


def refusal(one: Entry) -> tuple[str, str]:
    """The check that fails, which is the last, and its words."""
    last = checked(one, EXCHANGE)[-1]
    assert not last.passed
    return last.name, last.detail


def passes(one: Entry) -> bool:
    return all(check.passed for check in checked(one, EXCHANGE))


def over(signal: Signal) -> Signal:
    signal.call_exit(
        quantity=D(2), price=None, reason=ClosedBy.EXIT, message=uuid4(), rules=(),
        posted_at=NOON, at=NOON,
    )  # fmt: skip
    signal.close(reason=ClosedBy.EXIT, closed_at=NOON, at=NOON)
    return signal


def test_all_checks_are_made_in_their_order_and_say_what_they_saw() -> None:
    made = checked(entry(), EXCHANGE)
    assert tuple(check.name for check in made) == ORDER
    assert all(check.passed and check.detail for check in made)
    assert made[5].detail == "9 at 555.00 each"


def test_the_first_that_fails_is_the_last_that_is_made() -> None:
    made = checked(entry(book=None, quote=None, at=NOON + timedelta(days=3)), EXCHANGE)
    assert [check.name for check in made] == ["account"]


def test_fifty_thousand_at_five_fifty_carry_nine_contracts() -> None:
    assert entry().size == 9


PATTERN = (
    "3 day trades in 5 sessions with an equity of 20000.00: one more would make a pattern day "
    "trader below 25000"
)
REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"book": None}, "account", "there is no account paper"),
    (
        {"signal": new_signal(valid_until=NOON - timedelta(hours=1))},
        "signal",
        "the signal was valid until 2026-11-18 16:00 UTC",
    ),
    (
        {"signal": over(new_signal())},
        "signal",
        "the trade was over before it was approved",
    ),
    (
        {"at": datetime.fromisoformat("2026-11-21T17:00:00Z")},
        "hours",
        "the market is closed on Saturday 2026-11-21",
    ),
    (
        {"at": datetime.fromisoformat("2026-11-18T13:00:00Z")},
        "hours",
        "the market opens at 14:30 UTC",
    ),
    (
        {"at": datetime.fromisoformat("2026-11-18T21:00:00Z")},
        "hours",
        "the market closed at 21:00 UTC",
    ),
    (
        {"at": datetime.fromisoformat("2026-11-27T18:00:00Z")},
        "hours",
        "the market closed at 18:00 UTC",
    ),
    ({"quote": None, "limit": None}, "quote", "no quote to size and price the order by"),
    (
        {"quote": None, "limit": None, "no_quote": "the quote of TSLA is 400 s old"},
        "quote",
        "the quote of TSLA is 400 s old",
    ),
    ({"quote": D("6.06")}, "drift", "the market moved over 10% from the signal's 5.50"),
    (
        {"quote": D("6.06"), "approved": approval(market_px="5.40")},
        "drift",
        "the market moved over 10% from the approved 5.40",
    ),
    (
        {"quote": D("5.81"), "approved": approval(accepted_px="5.80")},
        "drift",
        "the market is at 5.81: worse than the accepted 5.80",
    ),
    (
        {"book": Book(D(5_000)), "limits": Limits(pattern_equity=None)},
        "size",
        "one unit puts more than 10% of the book's equity at risk",
    ),
    (
        {"quantity": D(10)},
        "size",
        "it puts 5550.00 at risk, over 10% of the equity: 5000.00",
    ),
    (
        {"book": Book(D(50_000), reserved=D(46_000))},
        "buying power",
        "it takes 4995.00 and the account has 4000.00 of buying power",
    ),
    (
        {"book": Book(D(50_000), positions=50)},
        "positions",
        "the account holds 50 positions, and 50 are allowed",
    ),
    (
        {"book": Book(D(50_000), day=TODAY, trades=20)},
        "positions",
        "20 trades were opened today, and 20 are allowed",
    ),
    (
        {"limits": Limits(blocked_symbols=("TSLA",))},
        "blocks",
        "TSLA is blocked for this account",
    ),
    (
        {"limits": Limits(blocked_sectors=("consumer",))},
        "blocks",
        "the sector consumer is blocked for this account",
    ),
    (
        {
            "side": Side.SELL,
            "legs": (Leg(symbol=TSLA, side=Side.SELL),),
            "signal": None,
            "limits": Limits(short_allowed=False, trade_share=D(1)),
            "book": Book(D(1_000_000)),
        },
        "blocks",
        "this account opens nothing short",
    ),
    ({"blocked": "trading of paper is halted: news"}, "blocks",
     "trading of paper is halted: news"),
    (
        {"book": Book(D(20_000), day_trades=(TODAY,) * 3)},
        "pattern day trading",
        PATTERN,
    ),
    (
        {"book": Book(D(20_000)), "day_trades": 3},
        "pattern day trading",
        PATTERN,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "name", "words"), REFUSALS)
def test_each_refusal_says_why(changes: dict[str, Any], name: str, words: str) -> None:
    assert refusal(entry(**changes)) == (name, words)


@pytest.mark.parametrize(
    "changes",
    [
        {"limits": Limits(regular_hours=False), "at": NOON + timedelta(days=3)},
        {"quote": D("6.05")},
        {"quote": D("5.80"), "approved": approval(accepted_px="5.80")},
        {"quote": D("3.00"), "limit": D("3.05")},
        {"signal": None, "approved": None, "quantity": D(9)},
        {"book": Book(D(50_000), day=TODAY - timedelta(days=1), trades=20)},
        {"book": Book(D(20_000), day_trades=(TODAY - timedelta(days=10),) * 3)},
        {"book": Book(D(20_000), day_trades=(TODAY,) * 3), "limits": Limits(pattern_equity=None)},
        {"book": Book(D(25_000), day_trades=(TODAY,) * 3)},
    ],
    ids=[
        "at any hour", "at the limit of the drift", "at the accepted price", "a better market",
        "by hand", "trades of yesterday", "old day trades", "where the rule does not hold",
        "enough equity",
    ],
)  # fmt: skip
def test_what_is_just_allowed_passes(changes: dict[str, Any]) -> None:
    assert passes(entry(**changes))
