"""What a new house begins with: ranking rules, and an account to trade on paper."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from application.access import LOCAL_OPERATOR
from application.administering import open_account, publish_rules
from application.desk import Command, Desk, Work, derived_id
from domain.ranking import RANKING_STREAM, VERSION_2, Ranking


def found(desk: Desk, at: datetime, *, account: str, cash: Decimal) -> None:
    """Gives a house what every house has; one that has it already stays as it is.

    A house that ranks by other rules keeps them until somebody publishes the next.
    """
    terms = (account, "paper", cash)
    actor = LOCAL_OPERATOR.actor
    if Work(desk).find(Ranking, RANKING_STREAM) is None:
        publish_rules(
            desk,
            Command.given(derived_id("found", "rules"), VERSION_2, actor=actor, at=at),
            LOCAL_OPERATOR,
            rules=VERSION_2,
        )
    open_account(
        desk,
        Command.given(derived_id("found", "account"), *terms, actor=actor, at=at),
        LOCAL_OPERATOR,
        name=account,
        broker="paper",
        cash=cash,
    )
