"""Before anybody decides it can be told what a yes would bring, by the checks that follow it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapters.exchange_calendar import NewYork
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.approving import approve
from application.assessing import Assessor
from application.desk import Desk, Work
from application.foreseeing import Foreseen, Foresight
from application.limiting import halt_trading, set_limits
from domain.limits import Limits
from domain.order_events import OrderCleared, OrderDenied
from domain.signals import Signal
from tests.application.acts import TSLA, catch_up, command, last, names, post
from tests.application.approvers import ask
from tests.application.conftest import NOON, ShownBooks, ShownMarket
from tests.application.floor import floor_on

D = Decimal


@pytest.fixture
def foresight(market: ShownMarket, books: ShownBooks) -> Foresight:
    books.show("paper", "50000")
    market.show(TSLA, "5.40", "5.50")
    return Foresight(market, books, NewYork())


def foreseen(
    desk: Desk, foresight: Foresight, signal: UUID, *, account: str = "paper", at: datetime = NOON
) -> Foreseen:
    work = Work(desk)
    return foresight.of(work, work.get(Signal, signal), account=account, at=at)


def why_not(found: Foreseen) -> list[tuple[str, str]]:
    return [(check.name, check.detail) for check in found.checks if not check.passed]


def test_a_yes_would_bring_an_order_of_a_tenth_of_the_equity(
    desk: Desk, foresight: Foresight
) -> None:
    found = foreseen(desk, foresight, post(desk))
    assert found.passes
    assert (found.quantity, found.limit_px, found.at_risk) == (D(9), D("5.55"), D("4995.00"))
    assert found.share == D("0.0999")
    assert (found.equity, found.buying_power, found.above) == (
        D(50_000), D(50_000), None,
    )  # fmt: skip
    assert found.checks[0].detail == "the market is at 5.50, within 10% of the post"


def test_looking_records_nothing(desk: Desk, foresight: Foresight) -> None:
    signal = post(desk)
    before = names(desk)
    foreseen(desk, foresight, signal)
    assert names(desk) == before


def test_it_is_what_becomes_of_the_order(
    desk: Desk, foresight: Foresight, database_url: str, market: ShownMarket, books: ShownBooks
) -> None:
    open_account(desk, command(), LOCAL_OPERATOR, name="paper", broker="paper", cash=D(50_000))
    signal = post(desk)
    found = foreseen(desk, foresight, signal)
    approve(
        desk, command(), LOCAL_OPERATOR, signal=signal, account="paper", via="test",
        assessor=Assessor(market, books),
    )  # fmt: skip
    with floor_on(desk, database_url, market) as floor:
        catch_up(floor)
    made = last(desk, OrderCleared).checks
    assert [check.name for check in found.checks] == ["price", *(check.name for check in made)]
    told = {check.name: check.detail for check in found.checks}
    told.pop("price")
    really = {check.name: check.detail for check in made}
    assert (told.pop("drift"), really.pop("drift")) == (
        "5.50, counted from whoever says yes", "5.50, approved 5.50",
    )  # fmt: skip
    assert told == really


def test_the_check_that_would_refuse_is_the_last_one(
    desk: Desk, foresight: Foresight, database_url: str, market: ShownMarket, books: ShownBooks
) -> None:
    open_account(desk, command(), LOCAL_OPERATOR, name="paper", broker="paper", cash=D(50_000))
    limits = Limits(blocked_symbols=("TSLA",))
    set_limits(desk, command(), LOCAL_OPERATOR, account="paper", limits=limits)
    signal = post(desk)
    found = foreseen(desk, foresight, signal)
    assert why_not(found) == [("blocks", "TSLA is blocked for this account")]
    assert found.checks[-1].name == "blocks"
    approve(
        desk, command(), LOCAL_OPERATOR, signal=signal, account="paper", via="test",
        assessor=Assessor(market, books),
    )  # fmt: skip
    with floor_on(desk, database_url, market) as floor:
        catch_up(floor)
    assert last(desk, OrderDenied).reason == found.checks[-1].detail


def test_a_halted_account_is_seen_before_the_yes(desk: Desk, foresight: Foresight) -> None:
    open_account(desk, command(), LOCAL_OPERATOR, name="paper", broker="paper", cash=D(50_000))
    halt_trading(desk, command(), LOCAL_OPERATOR, account="paper", reason="a bad day")
    ((name, why),) = why_not(foreseen(desk, foresight, post(desk)))
    assert name == "blocks"
    assert "a bad day" in why


def test_a_price_that_moved_refuses_the_yes_and_the_order_is_told_all_the_same(
    desk: Desk, foresight: Foresight, market: ShownMarket
) -> None:
    market.show(TSLA, "6.40", "6.50")
    found = foreseen(desk, foresight, post(desk))
    ((name, why),) = why_not(found)
    assert (name, found.quantity) == ("price", D(7))
    assert why == (
        "posted at 5.50, the offer is 6.50 by now: over 10% away; "
        "to approve all the same, accept the price of 6.50"
    )


def test_a_second_approver_is_known_to_be_needed(desk: Desk, foresight: Foresight) -> None:
    ask(desk, second_approver_above=D(4_000))
    assert foreseen(desk, foresight, post(desk)).above == D(4_000)


def test_without_a_quote_there_is_no_size(
    desk: Desk, foresight: Foresight, market: ShownMarket
) -> None:
    market.quotes.clear()
    found = foreseen(desk, foresight, post(desk))
    assert (found.quantity, found.limit_px, found.at_risk) == (D(0), None, D(0))
    assert why_not(found) == [("quote", f"no quote of {TSLA} to size and price the order by")]


def test_an_old_quote_and_a_closed_market_are_named(desk: Desk, foresight: Foresight) -> None:
    signal = post(desk)
    ((name, _),) = why_not(foreseen(desk, foresight, signal, at=NOON + timedelta(hours=1)))
    assert name == "quote"
    ((name, why),) = why_not(foreseen(desk, foresight, signal, at=NOON + timedelta(hours=9)))
    assert (name, why) == ("hours", "the market closed at 21:00 UTC")


def test_an_account_that_is_not_there_is_named(desk: Desk, foresight: Foresight) -> None:
    found = foreseen(desk, foresight, post(desk), account="live")
    assert (found.equity, found.share) == (None, None)
    assert why_not(found) == [("account", "there is no account live")]
