"""Adjusting: a corporate action that no activity of the broker tells of is recorded by an admin."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from application.access import Member
from application.custody import OURS
from application.desk import Command, Desk, Outcome, Work
from application.guarded import OpenPositions
from application.ports import NotFound
from domain.accounts import Account, account_stream
from domain.holdings import Holding, holding_stream
from domain.shared import Impossible


def adjust_holding(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    account: str,
    symbol: str,
    to_symbol: str,
    from_quantity: Decimal = Decimal(1),
    to_quantity: Decimal = Decimal(1),
    reason: str,
    effective_at: datetime,
    positions: OpenPositions,
) -> Outcome:
    """Records that each `from_quantity` of an instrument became `to_quantity` of another (or of
    the same, in a split); books, positions and exit plans follow.

    Raises:
        Forbidden, NotFound, InvalidInput: who asks or what is asked for cannot be.
        Impossible: its broker holds on to what it traded.
        Unavailable: the store did not answer.
    """
    member.require("administer")

    def decide(work: Work) -> Holding:
        if work.get(Account, account_stream(account)).broker == OURS:
            raise Impossible("the paper broker knows no corporate actions: close it there instead")
        held = (row for row in positions.guarded() if row.account == account)
        if all(leg.symbol != symbol for row in held for leg in row.legs):
            raise NotFound(f"{account} holds no {symbol}")
        holding = work.find(Holding, holding_stream(account, symbol)) or work.begin(
            Holding.open(account=account, symbol=symbol, at=command.at)
        )
        holding.adjust(
            to_symbol=to_symbol,
            from_quantity=from_quantity,
            to_quantity=to_quantity,
            reason=reason,
            effective_at=effective_at,
            at=command.at,
        )
        return holding

    return desk.run(command, decide)
