"""Orders as Alpaca wants them told, and which it would refuse: those are not even sent.

Options are ordered alone (`simple`) or as two to four legs (`mleg`); brackets are for shares.
"""

from __future__ import annotations

from math import gcd
from typing import Any

from adapters.alpaca.words import figure, intent, is_option, their_symbol
from application.brokerage import OrderTicket, Replacement
from domain.fix import OrdType
from domain.instruments import CryptoPair, FxPair, instrument
from domain.shared import InvalidInput

CL_ORD_ID_MAX = 128
LEGS_MAX = 4

Body = dict[str, Any]


def why_refused(ticket: OrderTicket) -> str:
    """Why Alpaca would not take a ticket, in words; empty if it may."""
    try:
        named = [instrument(leg.symbol) for leg in ticket.legs]
    except InvalidInput as error:
        return str(error)
    if not 0 < len(ticket.cl_ord_id) <= CL_ORD_ID_MAX:
        return f"Alpaca takes order ids of 1 to {CL_ORD_ID_MAX} characters"
    if any(isinstance(each, CryptoPair | FxPair) for each in named):
        return "only shares and US listed options are traded at Alpaca here"
    options = [leg for leg in ticket.legs if is_option(leg.symbol)]
    checks = [_why_bad_figures(ticket)]
    if options:
        checks.append(_why_no_option_order(ticket, len(options)))
    elif len(ticket.legs) > 1:
        checks.append("Alpaca trades several legs only if all are options")
    elif _is_bracket(ticket) and ticket.ord_type not in (OrdType.MARKET, OrdType.LIMIT):
        checks.append("the entry of a bracket is a market or a limit order at Alpaca")
    return next((check for check in checks if check), "")


def _why_bad_figures(ticket: OrderTicket) -> str:
    if not ticket.order_qty.is_finite() or ticket.order_qty <= 0:
        return f"a quantity of {ticket.order_qty} cannot be ordered"
    needs_limit = ticket.ord_type in (OrdType.LIMIT, OrdType.STOP_LIMIT)
    needs_stop = ticket.ord_type in (OrdType.STOP, OrdType.STOP_LIMIT)
    if needs_limit != (ticket.limit_px is not None):
        return f"a {ticket.ord_type} order {'needs' if needs_limit else 'has no'} limit price"
    if needs_stop != (ticket.stop_px is not None):
        return f"a {ticket.ord_type} order {'needs' if needs_stop else 'has no'} stop price"
    return ""


def _why_no_option_order(ticket: OrderTicket, options: int) -> str:
    if _is_bracket(ticket):
        return "Alpaca has no bracket and no OCO orders for options"
    if ticket.order_qty != ticket.order_qty.to_integral_value():
        return f"{ticket.order_qty} contracts cannot be ordered: whole ones only"
    if len(ticket.legs) == 1:
        return "" if ticket.legs[0].ratio == 1 else "a single leg has the ratio 1"
    if options < len(ticket.legs):
        return "Alpaca trades several legs only if all are options"
    if len(ticket.legs) > LEGS_MAX:
        return f"Alpaca trades {LEGS_MAX} legs at most, not {len(ticket.legs)}"
    if gcd(*(leg.ratio for leg in ticket.legs)) != 1:
        return "the ratios of the legs have a common divisor: order more of the smaller strategy"
    if ticket.ord_type not in (OrdType.MARKET, OrdType.LIMIT):
        return "several legs are ordered at the market or with a limit at Alpaca"
    return ""


def _is_bracket(ticket: OrderTicket) -> bool:
    return ticket.stop_loss_px is not None or ticket.take_profit_px is not None


def order_body(ticket: OrderTicket) -> Body:
    """The request for a new order."""
    body: Body = {
        "client_order_id": ticket.cl_ord_id,
        "qty": figure(ticket.order_qty),
        "type": ticket.ord_type.value,
        "time_in_force": ticket.time_in_force.value,
    }
    if ticket.stop_px is not None:
        body["stop_price"] = figure(ticket.stop_px)
    if len(ticket.legs) > 1:
        return body | _strategy(ticket)
    (leg,) = ticket.legs
    if ticket.limit_px is not None:
        body["limit_price"] = figure(ticket.limit_px)
    body |= {
        "symbol": their_symbol(leg.symbol),
        "side": ticket.side.value,
        "position_intent": intent(ticket.side, ticket.position_effect),
    }
    return body | _bracket(ticket)


def _strategy(ticket: OrderTicket) -> Body:
    """Several legs: what is paid for the whole is above zero, what is received below."""
    legs = [
        {
            "symbol": their_symbol(leg.symbol),
            "ratio_qty": str(leg.ratio),
            "side": leg.side.value,
            "position_intent": intent(leg.side, ticket.position_effect),
        }
        for leg in ticket.legs
    ]
    body: Body = {"order_class": "mleg", "legs": legs}
    if ticket.limit_px is not None:
        body["limit_price"] = figure(ticket.limit_px * ticket.side.sign + 0)
    return body


def _bracket(ticket: OrderTicket) -> Body:
    body: Body = {}
    if ticket.stop_loss_px is not None:
        body["stop_loss"] = {"stop_price": figure(ticket.stop_loss_px)}
    if ticket.take_profit_px is not None:
        body["take_profit"] = {"limit_price": figure(ticket.take_profit_px)}
    if body:
        body["order_class"] = "bracket" if len(body) == 2 else "oto"
    return body


def replacement_body(terms: Replacement, name: str, *, sign: int) -> Body:
    """The request for other terms; `name` is the client order id of the order they make."""
    body: Body = {"client_order_id": name}
    if terms.order_qty is not None:
        body["qty"] = figure(terms.order_qty)
    if terms.limit_px is not None:
        body["limit_price"] = figure(terms.limit_px * sign + 0)
    if terms.stop_px is not None:
        body["stop_price"] = figure(terms.stop_px)
    if terms.time_in_force is not None:
        body["time_in_force"] = terms.time_in_force.value
    return body
