"""An account's cash moves without trades, too."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.accounts import Account, AccountCashMoved, CashKind
from domain.shared import InvalidInput
from tests.domain.told import names_of, told_by

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


def moved(*moves: tuple[CashKind, str]) -> Account:
    account = Account.open(name="main", broker="alpaca", cash=D(10_000), at=NOON)
    for number, (kind, amount) in enumerate(moves):
        account.move_cash(kind, D(amount), activity=f"a-{number}", happened_at=NOON, at=NOON)
    return account


def test_deposits_and_withdrawals_are_what_was_paid_in() -> None:
    account = moved((CashKind.DEPOSIT, "500"), (CashKind.WITHDRAWAL, "-200"))
    assert account.paid_in == D(10_300)
    assert account.cash == D(10_000)


@pytest.mark.parametrize("kind", [CashKind.DIVIDEND, CashKind.FEE, CashKind.HISTORY])
def test_what_is_earned_or_charged_was_not_paid_in(kind: CashKind) -> None:
    assert moved((kind, "-1.25")).paid_in == D(10_000)


def test_a_movement_names_what_the_broker_told() -> None:
    told = told_by(moved((CashKind.INTEREST, "0.31")))
    assert names_of(told) == ["account.opened", "account.cash_moved"]
    event = told[-1]
    assert isinstance(event, AccountCashMoved)
    assert (event.account, event.amount, event.activity) == ("main", D("0.31"), "a-0")


@pytest.mark.parametrize("amount", ["0", "NaN"])
def test_no_amount_is_no_movement(amount: str) -> None:
    with pytest.raises(InvalidInput, match="cash moves by an amount"):
        moved((CashKind.FEE, amount))
