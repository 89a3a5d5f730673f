"""Definitions: what each figure means, said in the same words wherever it is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.market import exchange_day
from projections.leaderboards import definitions, rules_on

POSITION = (
    "Lots are closed first in, first out; in `realisedAverage` at average cost. What is open is "
    "worth its last mark, or its cost before the first one. P&L is without commission."
)
DAYS = (
    "A day's return is the ranking rules' share of NAV times what each scored trade moved over "
    "its cost; an account's is the change of its equity. Counts are of scored trades; sums are "
    "over all days up to this one."
)
TRADE = (
    "P&L of all executions and of what is open at its mark, over what the trade tied up: the cost "
    "of a bought one; of a sold one its greatest loss, or a fifth of the short strikes if that is "
    "less."
)
RESTS_ON = (
    "filled: a broker's fill; checked: held against a quote of the moment; posted: the trader's "
    "word alone; assumed: an exit without a price; unattainable: a price that nobody could have "
    "had, not scored."
)


def definitions_of(connection: Connection[Any], at: datetime) -> dict[str, str]:
    """What the figures mean by the rules that hold on the exchange's day of a moment."""
    ranked = definitions(rules_on(connection, exchange_day(at)))
    return {
        **ranked,
        "trade's return": TRADE,
        "position": POSITION,
        "day": DAYS,
        "rests on": RESTS_ON,
        "claimed": "what the trader said they paid, or got, per share",
        "market": "what the entry counts at: the claim held against the quote of its moment",
    }
