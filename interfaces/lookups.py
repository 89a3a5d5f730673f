"""Look-ups that commands need: what a short id names, what is due, what an export lacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection

from application.ports import NotFound
from domain.accounts import account_stream
from domain.corrections import Target
from domain.instruments import instrument
from domain.market import mark_stream
from domain.shared import InvalidInput
from interfaces.chat_files import ChatExport
from projections.blotter import order_by_cl_ord_id
from projections.messages import Place, missing_from
from projections.readmodel import CURRENT

_SHORTEST = 4

Decidable = Literal["signal", "correction"]


def signal_named(connection: Connection[Any], text: str) -> UUID:
    """The signal whose id begins with these characters.

    Raises:
        NotFound: no signal's id does.
        InvalidInput: the text is too short, or several do.
    """
    return _only(_ids(connection, "signal_feed", "signal", text), "signal", text)


def signals_like(connection: Connection[Any], text: str, limit: int) -> list[UUID]:
    """Signals whose ids begin with these characters, or whose symbol does; the newest first."""
    low, high = _range(text.strip().lower()) if _is_start_of_id(text) else (None, None)
    rows = connection.execute(
        f"SELECT signal FROM read.signal_feed WHERE valid_to = {CURRENT}"
        " AND (signal BETWEEN %(low)s::uuid AND %(high)s::uuid"
        " OR starts_with(symbol, upper(%(text)s)))"
        " ORDER BY posted_at DESC, signal LIMIT %(limit)s",
        {"low": low, "high": high, "text": text.strip(), "limit": limit},
    ).fetchall()
    return [row[0] for row in rows]


def decidable_named(connection: Connection[Any], text: str) -> tuple[Decidable, UUID]:
    """The signal, or the requested correction, whose id begins with these characters.

    Raises:
        NotFound: neither a signal's nor a correction's id does.
        InvalidInput: the text is too short, or several do.
    """
    signals = _ids(connection, "signal_feed", "signal", text)
    asked = _ids(connection, "corrections", "correction", text)
    found = _only([*signals, *asked], "signal", text)
    return ("signal" if found in signals else "correction"), found


def correction_named(connection: Connection[Any], text: str) -> UUID:
    """The requested correction whose id begins with these characters.

    Raises:
        NotFound: no correction's id does.
        InvalidInput: the text is too short, or several do.
    """
    return _only(_ids(connection, "corrections", "correction", text), "correction", text)


def record_named(connection: Connection[Any], text: str) -> tuple[Target, UUID]:
    """The signal or order whose id begins with these characters; `account:NAME`, `trader:NAME`
    and `mark:SYMBOL@TIME` name the others that can be corrected.

    Raises:
        NotFound: neither a signal's nor an order's id does, or nothing goes by that name.
        InvalidInput: the text is too short, or several do.
    """
    kind, _, name = text.partition(":")
    if kind == Target.TRADER and name:
        return Target.TRADER, trader_named(connection, name)
    if kind == Target.ACCOUNT and name:
        return Target.ACCOUNT, account_stream(name)
    if kind == Target.MARK and name:
        return Target.MARK, mark_named(name)
    signals = _ids(connection, "signal_feed", "signal", text)
    orders = _ids(connection, "blotter", "order_stream", text)
    found = _only([*signals, *orders], "signal or order", text)
    return (Target.SIGNAL if found in signals else Target.ORDER), found


def mark_named(text: str) -> UUID:
    """The mark of `SYMBOL@TIME`, such as `TSLA@2026-11-16T21:00:00+00:00`.

    Raises:
        InvalidInput: it names no instrument or no moment.
    """
    symbol, _, time = text.rpartition("@")
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        raise InvalidInput(f"{text!r} is no mark: give TSLA@2026-11-16T21:00:00+00:00") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return mark_stream(instrument(symbol).symbol, at.astimezone(UTC))


def order_named(connection: Connection[Any], text: str) -> UUID:
    """The order with this ClOrdID, or whose id begins with these characters.

    Raises:
        NotFound: no order's does.
        InvalidInput: the text is too short, or several do.
    """
    named = order_by_cl_ord_id(connection, text)
    if named is not None:
        return named.order_stream
    return _only(_ids(connection, "blotter", "order_stream", text), "order", text)


def holding_named(connection: Connection[Any], text: str) -> UUID:
    """The position, a trade or what an account holds, whose id begins with these characters.

    Raises:
        NotFound: no position's id does.
        InvalidInput: the text is too short, or several do.
    """
    return _only(_ids(connection, "positions", "position", text), "position", text)


def exit_plan_named(connection: Connection[Any], text: str, account: str | None = None) -> UUID:
    """The plan that guards a holding whose trade's, or whose own id begins with these characters.

    Raises:
        NotFound: nothing that is held is guarded under it.
        InvalidInput: the text is too short, or several are, such as of several accounts.
    """
    if not _is_start_of_id(text):
        raise InvalidInput(f"{text!r} is no id: give at least {_SHORTEST} of its characters")
    low, high = _range(text.strip().lower())
    rows = connection.execute(
        f"SELECT plan FROM read.exit_plans WHERE valid_to = {CURRENT} AND NOT done"
        " AND (trade BETWEEN %(low)s AND %(high)s OR plan BETWEEN %(low)s AND %(high)s)"
        " AND coalesce(account = %(account)s::text, true) LIMIT 2",
        {"low": low, "high": high, "account": account},
    ).fetchall()
    return _only([row[0] for row in rows], "guarded holding", text)


def frozen_board_named(connection: Connection[Any], text: str) -> UUID:
    """The frozen board whose id begins with these characters.

    Raises:
        NotFound: no frozen board's id does.
        InvalidInput: the text is too short, or several do.
    """
    return _only(_ids(connection, "frozen_boards", "board", text), "frozen board", text)


def trader_named(connection: Connection[Any], text: str) -> UUID:
    """The trader of that name, whatever its case, or whose id begins with these characters.

    Raises:
        NotFound: there is none; the text says which names come close.
        InvalidInput: several traders go by it.
    """
    rows = connection.execute(
        f"SELECT trader FROM read.trader_profiles WHERE valid_to = {CURRENT}"
        " AND lower(name) = lower(%s)",
        (text,),
    ).fetchall()
    found = [row[0] for row in rows]
    if not found and _is_start_of_id(text):
        found = _ids(connection, "trader_profiles", "trader", text)
    if found:
        return _only(found, "trader", text)
    close = connection.execute(
        f"SELECT name FROM read.trader_profiles WHERE valid_to = {CURRENT}"
        " AND name ILIKE %s ORDER BY name LIMIT 5",
        (f"%{text.replace('%', '')}%",),
    ).fetchall()
    hint = f"; did you mean {' or '.join(row[0] for row in close)}?" if close else ""
    raise NotFound(f"no trader goes by {text!r}{hint}")


def missing(connection: Connection[Any], export: ChatExport) -> list[UUID]:
    """Recorded messages that a whole export of their channel does not have any more."""
    if export.channel is None or not export.messages:
        return []
    first, last = export.messages[0].posted_at, export.messages[-1].posted_at
    present = [message.message_id for message in export.messages]
    place = Place(export.channel, export.channel_id)
    return missing_from(connection, place, first, last, present)


def expired_trades(connection: Connection[Any], at: datetime) -> list[UUID]:
    """Signals that are open although their contracts' expiry day has begun."""
    rows = connection.execute(
        f"SELECT position FROM read.positions WHERE valid_to = {CURRENT}"
        " AND kind = 'trader' AND quantity <> 0 AND expiry <= %s ORDER BY expiry, position",
        (at.date(),),
    ).fetchall()
    return [row[0] for row in rows]


def unmarked(connection: Connection[Any], moment: datetime) -> Sequence[str]:
    """Instruments of what was open at a moment and has no mark of it."""
    rows = connection.execute(
        "SELECT DISTINCT leg.symbol FROM read.positions p JOIN read.position_legs leg"
        f" ON leg.position = p.position AND leg.valid_to = {CURRENT}"
        f" WHERE p.valid_to = {CURRENT} AND p.quantity <> 0 AND p.opened_at <= %(at)s"
        " AND (p.marked_at IS NULL OR p.marked_at < %(at)s) ORDER BY leg.symbol",
        {"at": moment},
    ).fetchall()
    return [row[0] for row in rows]


def _ids(connection: Connection[Any], table: str, column: str, text: str) -> list[UUID]:
    if not _is_start_of_id(text):
        raise InvalidInput(f"{text!r} is no id: give at least {_SHORTEST} of its characters")
    low, high = _range(text.strip().lower())
    rows = connection.execute(
        f"SELECT {column} FROM read.{table} WHERE valid_to = {CURRENT}"
        f" AND {column} BETWEEN %s AND %s LIMIT 2",
        (low, high),
    ).fetchall()
    return [row[0] for row in rows]


def _is_start_of_id(text: str) -> bool:
    start = text.strip().lower()
    return len(start) >= _SHORTEST and set(start) <= set("0123456789abcdef-")


def _range(start: str) -> tuple[UUID, UUID]:
    """The lowest and the highest id that begin with these hexadecimal digits."""
    digits = start.replace("-", "")[:32]
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _only(found: Sequence[UUID], kind: str, text: str) -> UUID:
    if not found:
        raise NotFound(f"there is no {kind} {text}")
    if len(found) > 1:
        raise InvalidInput(f"several fit {text!r}: give more of the id")
    return found[0]
