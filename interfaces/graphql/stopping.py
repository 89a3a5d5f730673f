"""Stopping: what members decide about whole accounts: halts, their ends, and emptying them."""

from __future__ import annotations

from datetime import time

import strawberry

from application.closing_all import order_close_all
from application.limiting import halt_trading, resume_trading
from domain.shared import InvalidInput
from interfaces.graphql.deciding import Decided, carry_out, decide
from interfaces.graphql.kinds import ExpectedVersion, IdempotencyKey, Info, mutation
from interfaces.graphql.reading import asking_of


@strawberry.type
class StoppingMutations:
    """What members decide about whole accounts."""

    @mutation(
        "Stop an account from opening anything; entries that work are asked back. The version is "
        "that of its risk."
    )
    def halt_trading(
        self,
        info: Info,
        account: str,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            halt_trading,
            account=account,
            reason=reason,
            expected_version=expected_version,
        )

    @mutation("Let an account open positions again. The version is that of its risk.")
    def resume_trading(
        self,
        info: Info,
        account: str,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            resume_trading,
            account=account,
            reason=reason,
            expected_version=expected_version,
        )

    @mutation(
        "Sell everything an account holds, now or at a clock time in New York today, and open "
        "nothing more before the next session. The worker carries it out. The version is that of "
        "today's close-all, 0 before it is ordered."
    )
    def close_all(
        self,
        info: Info,
        account: str,
        idempotency_key: IdempotencyKey,
        at: time | None = None,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        if at is not None and at.tzinfo is not None:
            raise InvalidInput(f"{at} is a time in New York: give it without an offset")
        calendar = asking_of(info).house.calendar
        return decide(
            info,
            "close_all",
            idempotency_key,
            (account, at),
            lambda desk, command, member: order_close_all(
                desk,
                command,
                member,
                calendar,
                account=account,
                clock=at,
                expected_version=expected_version,
            ),
        )
