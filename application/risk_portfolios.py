"""Portfolios for the assessment of risk, out of what the trading reaction remembers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from application.books import Held, remembered_book
from application.desk import Desk
from domain.accounts import Account, account_stream
from domain.legs import strategy_symbol
from domain.market import exchange_day
from domain.risk_assessment import Portfolio
from domain.risk_valuation import OpenPosition
from domain.shared import learned


class Remembered(Protocol):
    """What a reaction keeps in store."""

    def remembered(self, prefix: str) -> Mapping[str, bytes]:
        """Values by key, of the keys with a prefix, as they are at one moment.

        Raises:
            Unavailable: no answer.
        """
        ...


class TradingPortfolios:
    """Every account with its cash and what it holds for each trade, as trading has booked it.

    Paid in is what an account was opened with and what came and went since; the buying power is
    what its broker said last, None before it has said anything.
    """

    def __init__(self, desk: Desk, trading: Remembered) -> None:
        self._desk = desk
        self._trading = trading

    def portfolios(self, at: datetime) -> Sequence[Portfolio]:
        """The accounts, in the order of their names.

        Raises:
            Unavailable: the database did not answer.
        """
        books, positions = {}, defaultdict(list)
        # One look at all of it: cash and holdings that belong together.
        for key, value in self._trading.remembered("").items():
            kind, _, name = key.partition(":")
            if kind == "book":
                books[name] = remembered_book(value)
            elif kind == "held":
                held = msgspec.json.decode(value, type=learned(Held))
                positions[held.account].append(_position(name, held))
        opened = self._desk.load(account_stream(name) for name in books)
        day = exchange_day(at)
        found = []
        for name, book in sorted(books.items()):
            account = opened.get(account_stream(name))
            standing = account.standing if isinstance(account, Account) else None
            found.append(
                Portfolio(
                    account=name,
                    cash=book.cash,
                    paid_in=account.paid_in if isinstance(account, Account) else book.cash,
                    trades_today=book.trades_on(day),
                    buying_power=None if standing is None else standing.buying_power,
                    positions=tuple(sorted(positions[name], key=lambda one: one.position)),
                )
            )
        return found


def _position(trade: str, held: Held) -> OpenPosition:
    """A trade's holding by the name under which it nets, below zero when it was sold."""
    return OpenPosition(
        position=trade,
        symbol=strategy_symbol(held.side, held.legs),
        quantity=held.quantity * held.side.sign,
        price=held.price,
    )
