"""The paper broker's tables: an account is read whole and every change of it is one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import borrowed
from application.brokerage import OrderTicket
from application.ports import PortRefused
from domain.matching.book import Book, Entry, EntryKind, Position
from domain.matching.depth import Taken
from domain.matching.engine import Engine
from domain.matching.orders import EngineOrder
from domain.matching.rules import Rules
from domain.reports import ExecutionReport
from domain.shared import learned

Pool = ConnectionPool[Connection[Any]]

_NO_ACCOUNT = "there is no paper account {}; an admin opens one with its cash"

_OPEN = """
WITH account AS (
    INSERT INTO paper.accounts (account, opened_at, looked_until, cash, entries)
    VALUES (%(account)s, %(at)s, %(at)s, %(cash)s, 1) ON CONFLICT DO NOTHING RETURNING account
)
INSERT INTO paper.entries (account, number, happened_at, entry)
SELECT account, 1, %(at)s, %(entry)s::jsonb FROM account
"""

_ACCOUNT = """
SELECT version, trim_scale(cash), orders, entries, reports, accrued::text, day_trades::text,
       looked_until
FROM paper.accounts WHERE account = %s
"""

_WHOLE = """
SELECT 'order', state::text FROM paper.orders WHERE account = %(account)s AND is_open
UNION ALL SELECT 'position', state::text FROM paper.positions WHERE account = %(account)s
UNION ALL SELECT 'taken', state::text FROM paper.taken WHERE account = %(account)s
"""

_SAVE = """
WITH given AS MATERIALIZED (SELECT %(given)s::jsonb AS it), account AS (
    UPDATE paper.accounts SET version = version + 1, cash = %(cash)s, orders = %(orders)s,
        entries = %(entries)s, reports = %(reports)s, accrued = it -> 'accrued',
        day_trades = it -> 'day_trades', looked_until = %(looked_until)s
    FROM given WHERE account = %(account)s AND version = %(version)s AND NOT EXISTS (
        SELECT FROM paper.orders o WHERE o.account = %(account)s AND o.cl_ord_id = ANY (%(new)s)
    )
    RETURNING account, it
), kept_orders AS (
    INSERT INTO paper.orders (account, cl_ord_id, is_open, ticket, state)
    SELECT account, o.name, o.is_open, o.ticket, o.state
    FROM account, jsonb_to_recordset(it -> 'orders')
        o (name text, is_open bool, ticket jsonb, state jsonb)
    ON CONFLICT (account, cl_ord_id) DO UPDATE
    SET is_open = excluded.is_open, state = excluded.state
), kept_reports AS (
    INSERT INTO paper.executions (account, number, cl_ord_id, report)
    SELECT account, r.number, r.report ->> 'cl_ord_id', r.report
    FROM account, jsonb_to_recordset(it -> 'reports') r (number bigint, report jsonb)
), kept_entries AS (
    INSERT INTO paper.entries (account, number, happened_at, entry)
    SELECT account, (e ->> 'number')::bigint, (e ->> 'happened_at')::timestamptz, e
    FROM account, jsonb_array_elements(it -> 'entries') e
), kept_positions AS (
    INSERT INTO paper.positions (account, symbol, state)
    SELECT account, p ->> 'symbol', p FROM account, jsonb_array_elements(it -> 'positions') p
    ON CONFLICT (account, symbol) DO UPDATE SET state = excluded.state
), gone AS (
    DELETE FROM paper.positions p USING account a, jsonb_array_elements_text(a.it -> 'gone') g
    WHERE p.account = a.account AND p.symbol = g
), kept_taken AS (
    INSERT INTO paper.taken (account, symbol, state)
    SELECT account, t -> 'quote' ->> 'symbol', t
    FROM account, jsonb_array_elements(it -> 'taken') t
    ON CONFLICT (account, symbol) DO UPDATE SET state = excluded.state
)
SELECT 1 FROM account
"""


class Known(NamedTuple):
    """An order as it is on record, with the ticket that asked for it (a bracket's exits have
    none).
    """

    ticket: OrderTicket | None
    order: EngineOrder

    def asks_for(self, ticket: OrderTicket) -> bool:
        """Whether a ticket asks for the same; when it was sent says nothing."""
        if self.ticket is None:
            return False
        return msgspec.structs.replace(self.ticket, sent_at=ticket.sent_at) == ticket


class Account(msgspec.Struct):
    """An account in memory, as of a version of the record."""

    engine: Engine
    version: int
    reports: int
    looked_until: datetime


def open_account(pool: Pool, account: str, cash: Decimal, at: datetime) -> None:
    """Opens a paper account with its cash; one that is open stays as it is.

    Raises:
        Unavailable: the database did not answer.
    """
    entry = Entry(number=1, kind=EntryKind.DEPOSIT, happened_at=at, amount=cash)
    given = {"account": account, "at": at, "cash": cash, "entry": _text(entry)}
    with borrowed(pool) as connection:
        connection.execute(_OPEN, given)


class Books:
    """One account's tables."""

    def __init__(self, pool: Pool, account: str, rules: Rules) -> None:
        self._pool = pool
        self._account = account
        self._rules = rules

    def version(self) -> int:
        """How often the account has changed."""
        with borrowed(self._pool) as connection:
            row = connection.execute(
                "SELECT version FROM paper.accounts WHERE account = %s", (self._account,)
            ).fetchone()
        if row is None:
            raise PortRefused(_NO_ACCOUNT.format(self._account))
        return int(row[0])

    def load(self) -> Account:
        """The account with its open orders and positions.

        Raises:
            PortRefused: nobody opened the account.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            # One snapshot for both questions.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = connection.execute(_ACCOUNT, (self._account,)).fetchone()
            if row is None:
                raise PortRefused(_NO_ACCOUNT.format(self._account))
            parts = connection.execute(_WHOLE, {"account": self._account}).fetchall()
        version, cash, orders, entries, reports, accrued, day_trades, looked_until = row
        book = Book(
            cash=cash,
            positions=[_read(text, Position) for kind, text in parts if kind == "position"],
            numbered=entries,
            accrued=_read(accrued, dict[str, Decimal]),
            day_trades=_read(day_trades, dict[date, frozenset[str]]),
        )
        engine = Engine(
            book,
            self._rules,
            orders=[_read(text, EngineOrder) for kind, text in parts if kind == "order"],
            taken=[_read(text, Taken) for kind, text in parts if kind == "taken"],
            numbered=orders,
        )
        return Account(engine, version, reports, looked_until)

    def save(
        self,
        account: Account,
        reports: Sequence[ExecutionReport],
        tickets: Mapping[str, OrderTicket],
    ) -> bool:
        """Writes what has changed in one transaction, with the tickets of new orders; False if
        somebody else changed the account meanwhile, or an order is not new, and then nothing is
        written.
        """
        engine, book = account.engine, account.engine.book
        changes = engine.drain()
        told = account.reports + len(reports)
        document = {
            "accrued": book.accrued,
            "day_trades": book.day_trades,
            "orders": [
                {"name": o.cl_ord_id, "is_open": o.is_open, "ticket": tickets.get(o.cl_ord_id),
                 "state": o}
                for o in changes.orders
            ],
            "reports": [
                {"number": number, "report": report}
                for number, report in enumerate(reports, start=account.reports + 1)
            ],
            "entries": changes.entries,
            "positions": [
                book.positions[symbol] for symbol in changes.symbols if symbol in book.positions
            ],
            "gone": [symbol for symbol in changes.symbols if symbol not in book.positions],
            "taken": changes.taken,
        }  # fmt: skip
        given = {
            "account": self._account,
            "version": account.version,
            "cash": book.cash,
            "orders": engine.numbered,
            "entries": book.numbered,
            "reports": told,
            "looked_until": account.looked_until,
            "new": list(tickets),
            "given": _text(document),
        }
        with borrowed(self._pool) as connection:
            if connection.execute(_SAVE, given, prepare=True).fetchone() is None:
                return False
        engine.forget_closed()
        account.version += 1
        account.reports = told
        return True

    def known(self, cl_ord_ids: Sequence[str]) -> dict[str, Known]:
        """The orders of these names that are on record."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT cl_ord_id, ticket::text, state::text FROM paper.orders"
                " WHERE account = %s AND cl_ord_id = ANY (%s)",
                (self._account, list(cl_ord_ids)),
                prepare=True,
            ).fetchall()
        return {
            name: Known(
                None if ticket is None else _read(ticket, OrderTicket), _read(state, EngineOrder)
            )
            for name, ticket, state in rows
        }

    def open_orders(self) -> list[EngineOrder]:
        """Orders that may still trade, the oldest first."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT state::text FROM paper.orders WHERE account = %s AND is_open",
                (self._account,),
            ).fetchall()
        return sorted((_read(row[0], EngineOrder) for row in rows), key=lambda o: o.number)

    def positions(self) -> list[Position]:
        """What is held."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT state::text FROM paper.positions WHERE account = %s ORDER BY symbol",
                (self._account,),
            ).fetchall()
        return [_read(row[0], Position) for row in rows]

    def history(self, cl_ord_id: str) -> list[ExecutionReport]:
        """All that was said of one order."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT report::text FROM paper.executions"
                " WHERE account = %s AND cl_ord_id = %s ORDER BY number",
                (self._account, cl_ord_id),
                prepare=True,
            ).fetchall()
        return [_read(row[0], ExecutionReport) for row in rows]

    def told_after(self, number: int) -> list[tuple[int, ExecutionReport]]:
        """What was said after the report of that number, with the number of each."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT number, report::text FROM paper.executions"
                " WHERE account = %s AND number > %s ORDER BY number",
                (self._account, number),
                prepare=True,
            ).fetchall()
        return [(place, _read(text, ExecutionReport)) for place, text in rows]

    def entries(self, since: datetime) -> list[tuple[Entry, str]]:
        """What moved cash and positions since a moment, each also as it is on record."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT entry::text FROM paper.entries"
                " WHERE account = %s AND happened_at >= %s ORDER BY number",
                (self._account, since),
            ).fetchall()
        return [(_read(row[0], Entry), row[0]) for row in rows]


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _read(text: str, kind: Any) -> Any:
    return msgspec.json.decode(text, type=learned(kind))
