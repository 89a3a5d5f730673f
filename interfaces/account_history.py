"""The history of an account from its file or its broker, put on record by what is known here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from application.brokerage import Activity
from application.desk import Work
from application.importing_accounts import History, Imported, Progress, import_history
from application.ports import NotFound
from domain.accounts import Account, account_stream
from domain.shared import Impossible
from interfaces.compose import House
from projections.readmodel import CURRENT


def import_account(
    house: House,
    name: str,
    activities: Sequence[Activity],
    *,
    actor: str,
    progress: Progress | None = None,
) -> Imported:
    """Imports what an account did; positions and P&L follow when the house catches up.

    Raises:
        NotFound: there is no such account.
        Unavailable: the database did not answer; importing again goes on from there.
    """
    opened = Work(house.desk).find(Account, account_stream(name))
    if opened is None:
        raise NotFound(f"there is no account {name}: open it with truetape account")
    with house.reader.connection() as connection:
        known = orders_by_brokers_id(connection, name)
    history = History(
        account=name,
        broker=opened.broker,
        activities=activities,
        held=house.books.holdings(name),
        orders=known,
    )
    return import_history(house.desk, history, actor=actor, at=house.clock.now(), progress=progress)


def told_by_broker(house: House, name: str, since: datetime) -> Sequence[Activity]:
    """What an account's broker tells of it.

    Raises:
        Impossible: the broker is not set up here.
        Unavailable: it did not answer.
    """
    told = house.brokerages.activities(name, since)
    if told is None:
        raise Impossible(f"the broker of {name} is not set up here")
    return told


def orders_by_brokers_id(connection: Connection[Any], account: str) -> dict[str, str]:
    """The ClOrdIDs of an account's orders on record, by their broker's ids."""
    rows = connection.execute(
        f"SELECT order_id, cl_ord_id FROM read.blotter WHERE valid_to = {CURRENT}"
        " AND account = %s AND order_id <> '' ORDER BY cl_ord_id DESC",
        (account,),
    ).fetchall()
    return dict(rows)
