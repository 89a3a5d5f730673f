"""Traders and accounts: whose record it is, and the book in which it is followed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.accounts import Account, AccountOpened, account_stream
from domain.shared import Impossible, InvalidInput
from domain.traders import Trader, TraderRegistered, TraderRenamed, trader_stream
from tests.domain.told import replayed, state_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


def registered(name: str = "Nora", author_id: str = "77") -> Trader:
    return Trader.register(platform="discord", author_id=author_id, name=name, at=NOON)


def opened(name: str = "paper", cash: str = "100000") -> Account:
    return Account.open(name=name, broker="paper", cash=Decimal(cash), at=NOON)


def test_the_platforms_author_id_names_the_trader() -> None:
    trader = registered()
    (event,) = told_by(trader)
    assert isinstance(event, TraderRegistered)
    assert trader.id == trader_stream("discord", "77") != trader_stream("telegram", "77")


def test_who_has_no_name_goes_by_the_id() -> None:
    assert registered(name="").name == "77"


def test_nobody_has_no_record() -> None:
    with pytest.raises(InvalidInput, match="needs the author id"):
        registered(author_id="")


def test_another_name_keeps_the_record() -> None:
    trader = registered()
    trader.rename("Nora B.", at=NOON)
    with pytest.raises(Impossible, match="already goes by that name"):
        trader.rename("Nora B.", at=NOON)
    told = told_by(trader)
    assert [type(event) for event in told] == [TraderRegistered, TraderRenamed]
    assert told[0].originator_id == told[1].originator_id
    assert state_of(replayed(told)) == state_of(trader)


def test_a_book_begins_with_its_cash() -> None:
    account = opened()
    (event,) = told_by(account)
    assert isinstance(event, AccountOpened)
    assert (event.cash, event.currency, account.id) == (
        Decimal(100_000),
        "USD",
        account_stream("paper"),
    )


@pytest.mark.parametrize(
    ("name", "cash", "why"),
    [
        ("", "1", "needs a name"),
        ("  ", "1", "needs a name"),
        ("paper", "0", "cash above zero"),
        ("paper", "-1", "cash above zero"),
    ],
)
def test_a_book_without_a_name_or_cash_is_refused(name: str, cash: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        opened(name, cash)
