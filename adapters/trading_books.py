"""What accounts have, as the trading reaction remembers it, for whoever has to size an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import borrowed
from application.books import HELD_PREFIX, Book, Held, book_key, remembered_book
from application.exiting import Exiting
from application.guarded import PREFIX as PLAN_PREFIX
from application.guarded import Guarded, remembered_plan
from application.sending import AtWork, Due, Sending, What, due_prefix, working_prefix
from application.trading import Trading
from domain.fix import Side
from domain.shared import learned

_BOOKED = sorted({event.TOPIC for event in Trading.handles | Sending.handles})


class TradingBooks:
    """The books of the accounts, where trading has come to on the tape."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def book(self, account: str) -> Book | None:
        """The account's cash and what its open trades cost, or None if there is none.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as connection:
            row = connection.execute(
                "SELECT value FROM tape.reaction_memory WHERE reaction = %s AND key = %s",
                (Trading.name, book_key(account)),
            ).fetchone()
        return None if row is None else remembered_book(row[0])

    def holdings(self, account: str) -> Mapping[str, Decimal]:
        """What the account holds of each instrument: a negative quantity is short.

        Raises:
            Unavailable: the database did not answer.
        """
        found: dict[str, Decimal] = {}
        for value in self._remembered(Trading.name, HELD_PREFIX).values():
            held = msgspec.json.decode(value, type=learned(Held))
            if held.account != account:
                continue
            for leg in held.legs:
                # The legs of what was sold name its own sides already.
                signed = held.quantity * leg.ratio * (1 if leg.side is Side.BUY else -1)
                found[leg.symbol] = found.get(leg.symbol, Decimal(0)) + signed
        return {symbol: quantity for symbol, quantity in found.items() if quantity}

    def working(self, account: str) -> Sequence[UUID]:
        """The orders of the account that went to the broker and are not over.

        Raises:
            Unavailable: the database did not answer.
        """
        prefix = working_prefix(account)
        keys = self._remembered(Sending.name, prefix)
        return [UUID(key.removeprefix(prefix)) for key in keys]

    def is_up_to_date(self) -> bool:
        """Whether all that is on the tape counts in what is held and what works.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as connection:
            row = connection.execute(
                "SELECT NOT EXISTS (SELECT FROM tape.events WHERE name = ANY(%s) AND position > ("
                " SELECT min(position) FROM tape.reactions WHERE reaction = ANY(%s)))",
                (_BOOKED, [Trading.name, Sending.name]),
            ).fetchone()
        return row is not None and bool(row[0])

    def open_orders(self, account: str) -> Sequence[str]:
        """The ClOrdIDs of the account's orders that may still trade or are about to be sent.

        Raises:
            Unavailable: the database did not answer.
        """
        at_work = self._remembered(Sending.name, working_prefix(account)).values()
        names = {msgspec.json.decode(value, type=learned(AtWork)).cl_ord_id for value in at_work}
        for value in self._remembered(Sending.name, due_prefix(account)).values():
            due = msgspec.json.decode(value, type=learned(Due))
            if due.errand is What.SEND:
                names.add(due.cl_ord_id)
        return sorted(names)

    def guarded(self) -> list[Guarded]:
        """What is held, with the plans that guard it.

        Raises:
            Unavailable: the database did not answer.
        """
        plans = self._remembered(Exiting.name, PLAN_PREFIX)
        return [remembered_plan(value) for value in plans.values()]

    def remembered(self, prefix: str) -> Mapping[str, bytes]:
        """What trading remembers under keys with a prefix.

        Raises:
            Unavailable: the database did not answer.
        """
        return self._remembered(Trading.name, prefix)

    def _remembered(self, reaction: str, prefix: str) -> Mapping[str, bytes]:
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT key, value FROM tape.reaction_memory"
                " WHERE reaction = %s AND starts_with(key, %s) ORDER BY key",
                (reaction, prefix),
            ).fetchall()
        return dict(rows)
