"""Accounts: the books in which approved signals are traded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.accounts import AccountCashMoved, AccountOpened
from projections.pages import select_all
from projections.readmodel import Index, Private, Projection, Row, Seen, Table, when


class AccountRow(Row, frozen=True, kw_only=True):
    """A book with the cash that it was opened with, and all that was `paid_in` by now."""

    account: UUID
    name: str
    broker: str
    cash: Decimal
    paid_in: Decimal
    currency: str
    opened_at: datetime


class Accounts(Projection):
    """Folds the opening of books and what is paid in and out."""

    name = "accounts"
    kind = "feed"

    def __init__(self) -> None:
        self.accounts = Table(
            "accounts", AccountRow, ["account"], [Index("name")], private=Private("name")
        )
        self.tables = (self.accounts,)

    @when(AccountOpened)
    def opened(self, event: AccountOpened, seen: Seen) -> None:
        row = AccountRow(
            account=seen.stream,
            name=event.name,
            broker=event.broker,
            cash=event.cash,
            paid_in=event.cash,
            currency=event.currency,
            opened_at=event.timestamp,
        )
        self.accounts.insert(row, seen.position)

    @when(AccountCashMoved)
    def cash_moved(self, event: AccountCashMoved, seen: Seen) -> None:
        row = self.accounts.current(seen.stream)
        if row is not None and event.kind.is_paid_in:
            self.accounts.put(replace(row, paid_in=row.paid_in + event.amount), seen.position)


_ACCOUNTS = Accounts().accounts.shape


def accounts(connection: Connection[Any], *, as_of: int | None = None) -> list[AccountRow]:
    """All books, by name."""
    return select_all(connection, _ACCOUNTS, {}, as_of, "name")
