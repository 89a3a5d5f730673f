"""Activities of the account with the names of the orders that they come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapters.alpaca.activities import Heard, as_activity, since
from adapters.alpaca.lines import Lines
from adapters.alpaca.rest import AlpacaRest
from application.brokerage import Activity

MANY = 5
"""Unknown orders from which on a list of all is asked for rather than each."""


def named_activities(rest: AlpacaRest, lines: Lines, moment: datetime) -> Sequence[Activity]:
    """What was noted after a moment, oldest first.

    Raises:
        Unavailable: no answer.
    """
    heard = since(rest, moment)
    ids = {each.raw.order_id for each in heard if each.raw.order_id}
    unknown = [order_id for order_id in ids if lines.known(order_id) is None]
    if len(unknown) > MANY:
        # One question for all, instead of one each; older orders are asked for alone.
        for order in lines.listed(status="all", after=moment):
            lines.name_of(order)
    return tuple(_named(lines, each) for each in heard)


def _named(lines: Lines, heard: Heard) -> Activity:
    order_id = heard.raw.order_id
    if not order_id:
        return as_activity(heard)
    if lines.known(order_id) is None:
        lines.of_id(order_id)
    known = lines.known(order_id)
    if known is None:
        return as_activity(heard)
    # Of one leg of several, and of an order that replaced another, the count is not ours.
    counts = not known.is_leg and not known.is_replacement
    return as_activity(heard, cl_ord_id=known.name, cum_qty=heard.raw.cum_qty if counts else None)
