"""Activities of the account: fills, what became of options, and everything that moves cash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from adapters.alpaca.lines import rfc3339
from adapters.alpaca.rest import AlpacaRest
from adapters.alpaca.wire import NOTHING, RawActivity
from adapters.alpaca.words import our_symbol
from application.brokerage import Activity, ActivityKind
from application.ports import PortRefused
from domain.fix import Side
from domain.instruments import instrument
from domain.shared import InvalidInput, learned

PAGE = 100
"""The most that Alpaca gives at once."""

_KINDS = {
    "FILL": ActivityKind.FILL,
    "OPEXP": ActivityKind.EXPIRY,
    "OPEXC": ActivityKind.EXERCISE,
    "OPASN": ActivityKind.ASSIGNMENT,
    "OPTRD": ActivityKind.OPTION_TRADE,
    "CSD": ActivityKind.DEPOSIT,
    "CSW": ActivityKind.WITHDRAWAL,
    "FEE": ActivityKind.FEE,
    "CFEE": ActivityKind.FEE,
    "PTC": ActivityKind.FEE,
    "PTR": ActivityKind.FEE,
    "DIVFEE": ActivityKind.FEE,
    "JNL": ActivityKind.JOURNAL,
    "JNLC": ActivityKind.JOURNAL,
    "JNLS": ActivityKind.JOURNAL,
    "SPLIT": ActivityKind.SPLIT,
}
_MOVING = frozenset(
    {
        ActivityKind.EXPIRY,
        ActivityKind.EXERCISE,
        ActivityKind.ASSIGNMENT,
        ActivityKind.OPTION_TRADE,
        ActivityKind.JOURNAL,
        ActivityKind.SPLIT,
        ActivityKind.UNCLASSIFIED,
    }
)
"""Kinds whose quantity moves the position; a dividend's only says how many shares earned it."""
_STOCK_DIVIDEND = "SDIV"


class Heard(NamedTuple):
    """An activity, and the text it came as."""

    raw: RawActivity
    text: str


def fetched(rest: AlpacaRest, params: Mapping[str, str]) -> Iterator[Heard]:
    """Activities from page to page, oldest first.

    Raises:
        Unavailable: no answer.
    """
    asked: dict[str, str] = {**params, "direction": "asc", "page_size": str(PAGE)}
    while True:
        page = rest.read("/account/activities", list[msgspec.Raw], asked)
        found = [heard(bytes(item)) for item in page]
        yield from found
        token = found[-1].raw.id if found else ""
        if len(page) < PAGE or token in ("", asked.get("page_token")):
            return
        asked["page_token"] = token


def since(rest: AlpacaRest, moment: datetime) -> Sequence[Heard]:
    """Everything that was noted after a moment."""
    return list(fetched(rest, {"after": rfc3339(moment)}))


def fills_of(rest: AlpacaRest, order_id: str) -> list[RawActivity]:
    """The executions of one order at Alpaca, by its own count: within a millisecond the order
    of the list means nothing (Alpaca-API issue 170)."""
    params = {"activity_types": "FILL", "order_id": order_id}
    found = [each.raw for each in fetched(rest, params)]
    return sorted(found, key=lambda fill: (fill.cum_qty or NOTHING, fill.happened_at))


def fills_since(rest: AlpacaRest, moment: datetime | None) -> Sequence[RawActivity]:
    """Executions of all orders after a moment; without one, only the latest there is."""
    if moment is not None:
        params = {"activity_types": "FILL", "after": rfc3339(moment)}
        return [each.raw for each in fetched(rest, params)]
    latest = {"activity_types": "FILL", "direction": "desc", "page_size": "1"}
    return rest.read("/account/activities", list[RawActivity], latest)


def kind_of(raw: RawActivity) -> ActivityKind:
    """What an activity is about; what nobody here knows is unclassified, and kept."""
    name = raw.activity_type
    if raw.status == "canceled":
        return ActivityKind.UNCLASSIFIED
    if name == "TRANS":
        return ActivityKind.WITHDRAWAL if _amount(raw) < 0 else ActivityKind.DEPOSIT
    if name in _KINDS:
        return _KINDS[name]
    if name.startswith("DIV"):
        return ActivityKind.DIVIDEND
    return ActivityKind.INTEREST if name.startswith("INT") else ActivityKind.UNCLASSIFIED


def as_activity(told: Heard, *, cl_ord_id: str = "", cum_qty: Decimal | None = None) -> Activity:
    """An activity in our words; `cum_qty` is the count of the order as we know it."""
    raw, kind = told.raw, kind_of(told.raw)
    symbol = our_symbol(raw.symbol) if raw.symbol else ""
    quantity, amount = _effect(raw, kind, symbol)
    return Activity(
        activity_id=raw.id,
        kind=kind,
        happened_at=raw.happened_at,
        symbol=symbol,
        quantity=quantity,
        price=raw.price or NOTHING,
        amount=amount,
        cl_ord_id=cl_ord_id,
        order_id=raw.order_id or "",
        cum_qty=cum_qty,
        raw=told.text,
    )


def _effect(raw: RawActivity, kind: ActivityKind, symbol: str) -> tuple[Decimal, Decimal]:
    """What an activity does to the position and to the cash."""
    if raw.status == "canceled":
        return NOTHING, NOTHING
    quantity = raw.qty or NOTHING
    if kind is ActivityKind.FILL:
        # A short sale is a sale: Alpaca calls it `sell_short`.
        side = Side.BUY if (raw.side or "").startswith("buy") else Side.SELL
        signed = abs(quantity) * side.sign
        return signed, -signed * (raw.price or NOTHING) * _multiplier(symbol)
    moves = kind in _MOVING or raw.activity_sub_type == _STOCK_DIVIDEND
    return (quantity if moves else NOTHING), _amount(raw)


def _amount(raw: RawActivity) -> Decimal:
    return raw.net_amount or NOTHING


def _multiplier(symbol: str) -> int:
    try:
        return instrument(symbol).multiplier
    except InvalidInput:
        return 1


def heard(item: bytes) -> Heard:
    """An activity as it came, read as far as it can be.

    Raises:
        PortRefused: it is no object.
    """
    text = item.decode()
    try:
        return Heard(msgspec.json.decode(item, type=learned(RawActivity)), text)
    except msgspec.MsgspecError:
        return Heard(_barely_read(item), text)


def _barely_read(item: bytes) -> RawActivity:
    """What can be had of an activity in an unknown form: its id."""
    try:
        found = msgspec.json.decode(item, type=dict[str, object])
    except msgspec.MsgspecError:
        raise PortRefused("Alpaca told of an activity that is no object") from None
    # Unknown as a whole, whatever it calls itself: its figures could not be read.
    return RawActivity(id=str(found.get("id") or ""))
