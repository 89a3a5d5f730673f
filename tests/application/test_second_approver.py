"""A yes that needs another one, a price that moved, and what an order makes of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest

from adapters.postgres import open_pool
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.assessing import Assessor
from application.desk import Desk
from domain.approvals import (
    AlreadyExecuted,
    PriceMoved,
    PriceStand,
    SaidYesAlready,
)
from domain.order_events import OrderDenied
from domain.signal_events import SignalApprovalGiven, SignalApprovalRefused, SignalApproved
from tests.application.acts import (
    DANA,
    TSLA,
    VERTICAL,
    catch_up,
    command,
    last,
    names,
    post,
)
from tests.application.approvers import APPROVED, GIVEN, REFUSED, SAM, Approvers, ask
from tests.application.conftest import ShownBooks, ShownMarket
from tests.application.floor import Floor, floor_on


@pytest.fixture
def approvers(desk: Desk, assessor: Assessor) -> Approvers:
    return Approvers(desk, assessor)


class TestTheSecondApprover:
    def test_is_asked_for_above_the_amount_that_the_order_puts_at_risk(
        self, desk: Desk, approvers: Approvers, market: ShownMarket, books: ShownBooks
    ) -> None:
        ask(desk, second_approver_above=Decimal(4_000))
        books.show("paper", "50000")
        market.show(TSLA, "5.40", "5.50")
        signal = post(desk)
        answer = approvers.yes(signal)
        # A tenth of 50,000 carries 9 contracts of 550.
        said = "one more approver is needed: 4,950.00 USD would be at risk, over 4,000 USD"
        assert (answer.version, answer.still_needed) == (2, said)
        assert last(desk, SignalApprovalGiven).at_risk == Decimal(4_950)
        assert approvers.yes(signal, SAM).still_needed == ""
        assert names(desk)[-2:] == [GIVEN, APPROVED]

    def test_is_not_asked_for_up_to_the_amount(
        self, desk: Desk, approvers: Approvers, market: ShownMarket, books: ShownBooks
    ) -> None:
        ask(desk, second_approver_above=Decimal(4_950))
        books.show("paper", "50000")
        market.show(TSLA, "5.40", "5.50")
        approvers.yes(post(desk))
        assert last(desk, SignalApproved).at_risk == Decimal(4_950)

    def test_is_asked_for_by_what_a_spread_can_lose_not_by_its_premium(
        self, desk: Desk, approvers: Approvers, books: ShownBooks
    ) -> None:
        ask(desk, second_approver_above=Decimal(4_000))
        books.show("paper", "50000")
        approvers.yes(post(desk, legs=VERTICAL, price="5.50"))
        assert last(desk, SignalApprovalGiven).at_risk == Decimal(4_950)

    def test_is_asked_for_where_the_account_is_not_known(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        ask(desk, second_approver_above=Decimal(4_000))
        assert "cannot be told" in approvers.yes(post(desk)).still_needed

    def test_is_not_the_first_one(self, desk: Desk, approvers: Approvers) -> None:
        ask(desk, second_approver_above=Decimal(4_000))
        signal, key = post(desk), uuid4()
        first = approvers.yes(signal, key=key)
        with pytest.raises(SaidYesAlready, match="dana said yes already"):
            approvers.yes(signal)
        assert approvers.yes(signal, key=key) == first
        assert names(desk)[-2:] == [GIVEN, REFUSED]

    def test_is_asked_for_by_the_rules_of_the_moment(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        signal = post(desk)
        ask(desk, second_approver_above=Decimal(0))
        approvers.yes(signal)
        ask(desk)
        approvers.yes(signal, SAM)
        assert names(desk)[-1] == APPROVED

    def test_of_two_at_once_one_is_first_and_the_other_approves(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        ask(desk, second_approver_above=Decimal(0))
        signal = post(desk)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda who: approvers.yes(signal, who), (DANA, SAM)))
        assert names(desk)[-2:] == [GIVEN, APPROVED]
        assert {last(desk, SignalApprovalGiven).by, last(desk, SignalApproved).by} == {
            "dana", "sam",
        }  # fmt: skip


class TestThePrice:
    def test_that_moved_is_refused_with_both_prices_unless_it_is_accepted(
        self, desk: Desk, approvers: Approvers, market: ShownMarket
    ) -> None:
        market.show(TSLA, "6.30", "6.40")
        signal = post(desk)
        with pytest.raises(PriceMoved, match=r"posted at 5\.50, the offer is 6\.40 by now"):
            approvers.yes(signal)
        with pytest.raises(PriceMoved, match=r"worse than the 6\.39 you would accept"):
            approvers.yes(signal, accept_price="6.39")
        approvers.yes(signal, accept_price="6.40")
        event = last(desk, SignalApproved)
        assert (event.market_px, event.accepted_px) == (Decimal("6.40"), Decimal("6.40"))
        assert event.price_stand is PriceStand.ACCEPTED
        assert names(desk) == ["signal.posted", REFUSED, REFUSED, APPROVED]

    def test_without_a_quote_is_not_compared_and_that_is_recorded(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        approvers.yes(post(desk))
        event = last(desk, SignalApproved)
        assert (event.price_stand, event.market_px) == (PriceStand.NO_QUOTE, None)

    def test_may_move_as_far_as_its_channel_says(
        self, desk: Desk, approvers: Approvers, market: ShownMarket
    ) -> None:
        ask(desk, price_move_limit="0.5")
        market.show(TSLA, "6.30", "6.40")
        approvers.yes(post(desk))
        assert last(desk, SignalApproved).price_stand is PriceStand.WITHIN_LIMIT


class TestWhatFollows:
    @pytest.fixture
    def trading(self, desk: Desk, database_url: str, market: ShownMarket) -> Iterator[object]:
        with floor_on(desk, database_url, market) as floor:
            open_account(
                desk, command(), LOCAL_OPERATOR, name="paper", broker="paper", cash=Decimal(50_000)
            )
            yield floor

    @pytest.fixture
    def in_house(self, desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Approvers]:
        """Approvers whose amounts come from what trading remembers of the account."""
        pool = open_pool(database_url, size=1)
        yield Approvers(desk, Assessor(market, TradingBooks(pool)))
        pool.close()

    def test_a_first_yes_trades_nothing(
        self,
        desk: Desk,
        trading: Floor,
        in_house: Approvers,
        market: ShownMarket,
    ) -> None:
        ask(desk, second_approver_above=Decimal(4_000))
        market.show(TSLA, "5.40", "5.50")
        signal = post(desk)
        catch_up(trading)
        in_house.yes(signal)
        catch_up(trading)
        assert last(desk, SignalApprovalGiven).at_risk == Decimal(4_950)
        assert not any(name.startswith("order.") for name in names(desk))
        in_house.yes(signal, SAM)
        catch_up(trading)
        assert names(desk)[-2] == "order.filled"

    def test_an_order_at_the_accepted_price_is_sent(
        self,
        desk: Desk,
        trading: Floor,
        in_house: Approvers,
        market: ShownMarket,
    ) -> None:
        market.show(TSLA, "6.90", "7.00")
        signal = post(desk)
        in_house.yes(signal, accept_price="7.00")
        catch_up(trading)
        assert names(desk)[-2] == "order.filled"
        with pytest.raises(AlreadyExecuted, match=r"by dana at .* filled: buy 7 at 7\.00"):
            in_house.yes(signal, SAM)
        assert last(desk, SignalApprovalRefused).code == "already_executed"

    @pytest.mark.parametrize(
        ("accepts", "told"),
        [
            ("6.40", r"the market is at 7\.20: worse than the accepted 6\.40"),
            (None, r"moved over 10% from the approved 5\.50"),
        ],
    )
    def test_a_market_that_went_on_after_the_yes_is_not_followed(
        self,
        desk: Desk,
        trading: Floor,
        in_house: Approvers,
        market: ShownMarket,
        accepts: str | None,
        told: str,
    ) -> None:
        market.show(TSLA, "5.40", "5.50" if accepts is None else "6.40")
        in_house.yes(post(desk), accept_price=accepts)
        market.show(TSLA, "7.10", "7.20")
        catch_up(trading)
        assert re.search(told, last(desk, OrderDenied).reason)
