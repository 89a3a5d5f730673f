"""The page of an account: its cash, what it holds, what it earned, and its whole story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from application.ports import NotFound
from domain.accounts import account_stream
from interfaces.pages.timelines import timeline_of
from interfaces.pages.visiting import Look, Page, one_of
from projections.accounts import AccountRow, Accounts, accounts
from projections.books import Books
from projections.people import People, owners
from projections.position_pages import book_days, positions
from projections.positions import PositionRow

ZERO = Decimal(0)
HOLDINGS_MAX = 500


class AccountShown(NamedTuple):
    """An account's figures in USD: `equity` is what was paid in and earned, less commission;
    `cash` is what of it is not in `holdings`, at their last marks or at cost.
    """

    row: AccountRow
    pnl: Decimal
    commission: Decimal
    equity: Decimal
    invested: Decimal
    cash: Decimal
    holdings: Sequence[PositionRow]


of_account = one_of("account", lambda _, key: account_stream(key))
"""Of a page of the account that the path names, by its name too."""


def known_account(look: Look, stream: UUID, as_of: int | None) -> AccountShown:
    """The account as it is or was known.

    Raises:
        NotFound: there was no such account.
    """
    found = account_at(look, stream, as_of)
    if found is None:
        raise NotFound(f"there is no account {stream}, or there was none then")
    return found


def account_at(look: Look, stream: UUID, as_of: int | None) -> AccountShown | None:
    """The account as it is or was known; None if there was none."""
    database = look.of(Accounts, Books, as_of=as_of)
    rows = accounts(database, as_of=as_of)
    row = next((row for row in rows if row.account == stream), None)
    if row is None:
        return None
    days = book_days(database, stream, date.min, date.max, as_of=as_of)
    pnl, commission = (days[-1].cum_pnl, days[-1].cum_commission) if days else (ZERO, ZERO)
    held = positions(database, book=stream, open_only=True, as_of=as_of, limit=HOLDINGS_MAX)
    invested = sum((one.cost + one.unrealised for one in held), ZERO)
    equity = row.paid_in + pnl - commission
    return AccountShown(row, pnl, commission, equity, invested, equity - invested, held)


@of_account
def account_page(look: Look, stream: UUID) -> Page:
    """The account's figures and story."""
    database = look.of(People)
    owner = next((one for one in owners(database, as_of=look.as_of) if one.account == stream), None)
    return Page(
        "account.html",
        {
            "account": known_account(look, stream, look.as_of),
            "owner": owner,
            "timeline": timeline_of(look, stream),
        },
    )
