"""What Alpaca refuses, with its codes and, as far as they are known, its words."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import gcd
from typing import TYPE_CHECKING

from domain.instruments import Option, instrument
from domain.shared import InvalidInput
from tests.adapters.alpaca.book import Json, Order, multiplier

if TYPE_CHECKING:
    from tests.adapters.alpaca.exchange import Exchange

BAD_REQUEST, NOT_ALLOWED, WRONG_STATE, NOT_FOUND = 40010001, 40310000, 42210000, 40410000


class Refusal(Exception):
    """Alpaca's no: an HTTP status, a code of its own and a sentence."""

    def __init__(self, status: int, code: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"code": code, "message": message, **more}


def bad(message: str) -> Refusal:
    return Refusal(422, BAD_REQUEST, message)


def wrong(message: str) -> Refusal:
    return Refusal(422, WRONG_STATE, message)


def number(body: Json, name: str) -> Decimal | None:
    found = body.get(name)
    if found is None:
        return None
    try:
        value = Decimal(str(found))
    except InvalidOperation:
        raise bad(f"invalid {name}: {found}") from None
    if value.as_tuple().exponent < -2 and abs(value) >= 1 and name.endswith("price"):  # type: ignore[operator]
        raise wrong(f"invalid {name} {found}. sub-penny increment does not fulfill minimum "
                    "pricing criteria")  # fmt: skip
    return value


def contract(symbol: str) -> Option | None:
    """The option that a symbol names; None for a share's."""
    try:
        found = instrument(symbol)
    except InvalidInput:
        raise bad(f'asset "{symbol}" not found') from None
    return found if isinstance(found, Option) else None


def check_form(exchange: Exchange, body: Json) -> None:
    """Refuses what no account may send."""
    if body.get("type") not in ("market", "limit", "stop", "stop_limit"):
        raise bad("invalid order type")
    if body["type"] in ("limit", "stop_limit") and body.get("limit_price") is None:
        raise bad(f"{body['type']} orders require limit price")
    if body["type"] in ("stop", "stop_limit") and body.get("stop_price") is None:
        raise bad(f"{body['type']} orders require stop price")
    if exchange.is_known(body.get("client_order_id")):
        raise bad("client_order_id must be unique")
    if body.get("order_class") == "mleg":
        _check_strategy(exchange, body)
        return
    quantity = number(body, "qty")
    if body.get("side") not in ("buy", "sell"):
        raise bad("side is required")
    option = contract(body.get("symbol") or "")
    if option is not None:
        _check_option(exchange, body, option)
    elif body.get("order_class") in ("bracket", "oto"):
        _check_bracket(body)
    if body.get("notional") is None and (quantity is None or quantity <= 0):
        raise bad("qty must be > 0")


def _check_option(exchange: Exchange, body: Json, option: Option) -> None:
    if body.get("order_class", "") not in ("", "simple") or _has_exits(body):
        raise wrong("complex orders not supported for options trading")
    if body.get("notional") is not None:
        raise wrong("notional orders are not supported for options trading")
    if body.get("extended_hours"):
        raise wrong("extended hours orders are not supported for options trading")
    _check_contract(exchange, body, option)
    quantity = number(body, "qty")
    if quantity is not None and quantity != quantity.to_integral_value():
        raise wrong("qty must be an integer for options orders")


def _check_contract(exchange: Exchange, body: Json, option: Option) -> None:
    if body.get("time_in_force") not in ("day", "gtc"):
        raise wrong("invalid time_in_force for options orders")
    if body["type"] == "market" and not exchange.is_open:
        raise wrong("options market orders are only allowed during market hours")
    if option.expiry < exchange.now.date():
        raise wrong(f"contract {option.symbol.replace(' ', '')} is expired")


def _check_strategy(exchange: Exchange, body: Json) -> None:
    legs = body.get("legs") or []
    if not 2 <= len(legs) <= 4:
        raise bad("mleg orders need 2 to 4 legs")
    if body["type"] not in ("market", "limit"):
        raise wrong("mleg orders must be market or limit")
    if body.get("symbol") or body.get("side"):
        raise bad("mleg orders take symbol and side by leg")
    if body.get("extended_hours") or body.get("notional") is not None:
        raise wrong("extended hours and notional are not supported for options trading")
    if _has_exits(body):
        raise wrong("complex orders not supported for options trading")
    for leg in legs:
        option = contract(leg.get("symbol") or "")
        if option is None:
            raise wrong("all legs must be options")
        _check_contract(exchange, body, option)
    ratios = [int(leg.get("ratio_qty") or 0) for leg in legs]
    if min(ratios) < 1 or gcd(*ratios) != 1:
        raise wrong("leg ratio_qty must be relatively prime")
    quantity = number(body, "qty")
    if quantity is None or quantity <= 0 or quantity != quantity.to_integral_value():
        raise wrong("qty must be a positive integer for mleg orders")


def _has_exits(body: Json) -> bool:
    return body.get("take_profit") is not None or body.get("stop_loss") is not None


def _check_bracket(body: Json) -> None:
    profit, loss = body.get("take_profit"), body.get("stop_loss")
    if body["order_class"] == "bracket" and not (profit and loss):
        raise bad("bracket orders require take_profit and stop_loss")
    if body["order_class"] == "oto" and bool(profit) == bool(loss):
        raise bad("oto orders require exactly one of take_profit and stop_loss")
    if body["type"] not in ("market", "limit"):
        raise wrong("bracket orders must be entered with market or limit orders")
    if profit and loss:
        high, low = number(profit, "limit_price"), number(loss, "stop_price")
        if high is None or low is None:
            raise bad("bracket orders require take_profit.limit_price and stop_loss.stop_price")
        if (high - low) * (1 if body["side"] == "buy" else -1) <= 0:
            raise wrong("take_profit.limit_price must be beyond stop_loss.stop_price")


def check_means(exchange: Exchange, order: Order) -> None:
    """Refuses what this account cannot pay for or does not hold."""
    for each in order.legs if order.is_strategy else [order]:
        needed = order.qty * (each.ratio_qty or 1)
        if each.side == "sell":
            _check_held(exchange, order, each, needed)
    cost = exchange.cost_of(order)
    if cost > exchange.buying_power:
        raise Refusal(
            403, NOT_ALLOWED, "insufficient buying power",
            buying_power=f"{exchange.buying_power:.2f}", cost_basis=f"{cost:.2f}",
        )  # fmt: skip


def _check_held(exchange: Exchange, order: Order, leg: Order, needed: Decimal) -> None:
    if leg.position_intent == "sell_to_open":
        covered = order.is_strategy or contract(leg.symbol) is None
        if not covered:
            raise Refusal(
                403, NOT_ALLOWED, "account not eligible to trade uncovered option contracts"
            )
        return
    held = exchange.held(leg.symbol)
    available = held - exchange.promised(leg.symbol, apart_from=order.replaces)
    if available < needed:
        raise Refusal(
            403, NOT_ALLOWED,
            f"insufficient qty available for order (requested: {needed}, available: {available})",
            available=str(available), existing_qty=str(held), symbol=leg.symbol,
        )  # fmt: skip


def worst_cost(order: Order, price: Decimal) -> Decimal:
    """What an order can cost at most; a sale costs nothing here."""
    if order.is_strategy:
        return max(price, Decimal(0)) * order.left * multiplier(order.legs[0].symbol)
    if order.side == "sell" or order.position_intent.endswith("_to_close"):
        return Decimal(0)
    return price * order.left * multiplier(order.symbol)
