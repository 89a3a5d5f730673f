"""Traders and accounts: whose record it is, and the book in which it is followed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.accounts import Account, AccountOpened, AccountOwnerNamed, account_stream
from domain.shared import ERASED, Impossible, InvalidInput
from domain.traders import (
    Trader,
    TraderLinked,
    TraderRegistered,
    TraderRenamed,
    TraderUnlinked,
    trader_stream,
)
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


def test_a_trader_is_linked_to_another_and_unlinked_again() -> None:
    trader, other = registered(), registered("Nora's other one", "78")
    trader.link(other.id, reason="the same phone", evidence=("ip 1.2.3.4",), by="ana", at=NOON)
    with pytest.raises(Impossible, match="linked already: unlink them first"):
        trader.link(other.id, reason="again", by="ana", at=NOON)
    trader.unlink(reason="a shared phone", by="ana", at=NOON)
    with pytest.raises(Impossible, match="linked to nobody"):
        trader.unlink(reason="again", by="ana", at=NOON)
    told = told_by(trader)
    assert [type(event) for event in told] == [TraderRegistered, TraderLinked, TraderUnlinked]
    assert state_of(replayed(told)) == state_of(trader)


def test_a_link_has_a_reason_and_another_end() -> None:
    trader = registered()
    with pytest.raises(InvalidInput, match="say why"):
        trader.link(registered(author_id="78").id, reason=" ", by="ana", at=NOON)
    with pytest.raises(InvalidInput, match="cannot be linked to themselves"):
        trader.link(trader.id, reason="mirror", by="ana", at=NOON)
    trader.link(registered(author_id="78").id, reason="said so", by="ana", at=NOON)
    with pytest.raises(InvalidInput, match="say why"):
        trader.unlink(reason="", by="ana", at=NOON)


def test_an_account_has_an_owner_until_it_has_none() -> None:
    account, owner = opened(), registered().id
    account.name_owner(owner, reason="opened by them", by="ana", at=NOON)
    with pytest.raises(Impossible, match="on record already"):
        account.name_owner(owner, reason="again", by="ana", at=NOON)
    with pytest.raises(InvalidInput, match="how it is known"):
        account.name_owner(None, reason="", by="ana", at=NOON)
    account.name_owner(None, reason="sold", by="ana", at=NOON)
    told = told_by(account)
    assert [type(event) for event in told[1:]] == [AccountOwnerNamed] * 2
    assert state_of(replayed(told)) == state_of(account)


def test_an_erased_trader_gets_no_other_name() -> None:
    erased = Trader.register(platform="discord", author_id=ERASED, name=ERASED, at=NOON)
    assert erased.is_erased
    with pytest.raises(Impossible, match="no name any more"):
        erased.rename("Nora", at=NOON)
