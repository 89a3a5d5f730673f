"""Files with the history of an account: CSV with a header, or account activities of Alpaca's API.

The CSV has the columns `id, time, type, symbol, side, quantity, price, amount, commission,
order_id`; `id`, `time` (ISO-8601, UTC where no zone is said) and `type` are needed in every row,
a `fill` needs `symbol`, `side` (buy or sell), `quantity` and `price` too. The other types are
those of `ActivityKind`, with `quantity` signed by what it does to the position and `amount` (USD)
by what it does to the cash; any other word is kept as unclassified. Alpaca's activities are a
JSON list as `GET /v2/account/activities` gives it, or one object a line. A row that cannot be
right is told with its line and left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from domain.activities import Activity, ActivityKind
from domain.fix import Side
from domain.instruments import instrument
from domain.shared import InvalidInput

NEEDED = frozenset({"id", "time", "type"})
NOTHING = Decimal(0)
_KINDS = {kind.value: kind for kind in ActivityKind}

Row = Mapping[str, str]
Item = TypeVar("Item")


class BadRow(NamedTuple):
    """A row that was left out, and why. `line` counts from 1; in a JSON list it is the item."""

    file: str
    line: int
    why: str


class AccountFile(NamedTuple):
    """What a file tells of an account."""

    activities: tuple[Activity, ...]
    bad: tuple[BadRow, ...]


def read_account_file(path: Path) -> AccountFile:
    """Reads a file.

    Raises:
        InvalidInput: it cannot be read, or is in neither form.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from None
    if text.lstrip()[:1] in ("[", "{"):
        return _kept(path.name, enumerate(_items(path, text), 1), _from_alpaca)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    missing = NEEDED - {name.strip().lower() for name in rows.fieldnames or ()}
    if missing:
        raise InvalidInput(
            f"{path.name} is no history of an account: it lacks {', '.join(sorted(missing))}"
        )
    return _kept(path.name, ((rows.line_num, row) for row in rows), _from_row)


def _kept(
    file: str, items: Iterable[tuple[int, Item]], read: Callable[[Item], Activity]
) -> AccountFile:
    found: dict[str, Activity] = {}
    lines: dict[str, int] = {}
    bad = []
    for line, item in items:
        try:
            activity = read(item)
            if not activity.activity_id:
                raise InvalidInput("it has no id")
            if activity.activity_id in found:
                first = lines[activity.activity_id]
                raise InvalidInput(f"the id {activity.activity_id} is on line {first} already")
        except InvalidInput as error:
            bad.append(BadRow(file, line, str(error)))
            continue
        found[activity.activity_id], lines[activity.activity_id] = activity, line
    return AccountFile(tuple(found.values()), tuple(bad))


def _items(path: Path, text: str) -> Iterator[bytes]:
    try:
        if text.lstrip().startswith("["):
            items = msgspec.json.decode(text, type=list[msgspec.Raw])
            return (bytes(item) for item in items)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"{path.name} is no JSON list: {error}") from None
    return (line.encode() for line in text.splitlines() if line.strip())


def _from_alpaca(item: bytes) -> Activity:
    # Alpaca's library takes most of a second to load, and only its own files need it.
    from adapters.alpaca.activities import as_activity, heard
    from application.ports import PortRefused

    try:
        found = as_activity(heard(item))
    except PortRefused as error:
        raise InvalidInput(f"it is no activity: {error}") from None
    if found.kind is ActivityKind.FILL and not (found.quantity and found.symbol):
        raise InvalidInput("a fill needs a symbol and a quantity")
    return found


def _from_row(told: Mapping[str | None, str | None]) -> Activity:
    if None in told:
        raise InvalidInput("it has more fields than the header")
    row = {name.strip().lower(): (said or "").strip() for name, said in told.items() if name}
    kind = _KINDS.get(row["type"].lower().replace(" ", "_"), ActivityKind.UNCLASSIFIED)
    quantity, cost = _figure(row, "quantity"), _figure(row, "price")
    amount = _figure(row, "amount")
    symbol = _symbol(row, is_needed=kind is ActivityKind.FILL)
    if kind is ActivityKind.FILL:
        quantity = abs(quantity) * _side(row).sign
        if not quantity or not row.get("price"):
            raise InvalidInput("a fill needs a quantity and a price")
        if not row.get("amount"):
            amount = -quantity * cost * instrument(symbol).multiplier - _figure(row, "commission")
    return Activity(
        activity_id=row["id"],
        kind=kind,
        happened_at=_time(row["time"]),
        symbol=symbol,
        quantity=quantity,
        price=cost,
        amount=amount,
        order_id=row.get("order_id", ""),
        raw=msgspec.json.encode(row).decode(),
    )


def _figure(row: Row, name: str) -> Decimal:
    said = row.get(name, "")
    if not said:
        return NOTHING
    try:
        found = Decimal(said.replace(",", "").removeprefix("$"))
    except InvalidOperation:
        raise InvalidInput(f"{said!r} is no {name}") from None
    if not found.is_finite():
        raise InvalidInput(f"{said!r} is no {name}")
    return found


def _side(row: Row) -> Side:
    said = row.get("side", "").lower()
    if said.startswith("buy"):
        return Side.BUY
    if said.startswith("sell"):
        return Side.SELL
    raise InvalidInput(f"{said!r} is no side: buy or sell")


def _symbol(row: Row, *, is_needed: bool) -> str:
    said = row.get("symbol", "").upper()
    try:
        return instrument(said).symbol
    except InvalidInput:
        if is_needed:
            raise
        return said


def _time(said: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise InvalidInput(f"{said!r} is no time: write it as 2026-11-16T15:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
