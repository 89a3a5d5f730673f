"""Mutations: what members decide. The answer says where the decision is, never what followed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from application.approving import approve, reject
from application.correcting import apply_correction, refuse_correction, request_correction
from interfaces.compose import DEFAULT_ACCOUNT
from interfaces.graphql.corrections import CorrectionInput
from interfaces.graphql.deciding import Decided, carry_out, decide
from interfaces.graphql.frozen import FreezingMutations
from interfaces.graphql.kinds import ExpectedVersion, IdempotencyKey, Info, SeenVersion, mutation
from interfaces.graphql.people import PeopleMutations
from interfaces.graphql.ranking_rules import RulesMutations
from interfaces.graphql.reading import asking_of
from interfaces.graphql.stopping import StoppingMutations
from interfaces.graphql.trading import TradingMutations

VIA = "graphql"

AcceptPrice = Annotated[
    Decimal | None,
    strawberry.argument(
        description="The worst price in USD per share that you take although the market moved."
    ),
]


@strawberry.type(description="What members decide; a repeated idempotency key decides once.")
class Mutation(
    StoppingMutations, TradingMutations, PeopleMutations, FreezingMutations, RulesMutations
):
    @mutation(
        "Say yes to a signal; the account's order follows, once no second approver is needed. "
        "A refusal is on record and answered again to the same key."
    )
    def approve(
        self,
        info: Info,
        signal: UUID,
        idempotency_key: IdempotencyKey,
        account: str = DEFAULT_ACCOUNT,
        accept_price: AcceptPrice = None,
        expected_version: SeenVersion = None,
    ) -> Decided:
        given = (signal, account) if accept_price is None else (signal, account, accept_price)
        assessor = asking_of(info).house.assessor
        return decide(
            info,
            "approve",
            idempotency_key,
            given,
            lambda desk, command, member: approve(
                desk,
                command,
                member,
                signal=signal,
                account=account,
                via=VIA,
                assessor=assessor,
                accept_price=accept_price,
                expected_version=expected_version,
            ),
        )

    @mutation("Say no to a signal; the trader will read the reason.")
    def reject(
        self,
        info: Info,
        signal: UUID,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: SeenVersion = None,
    ) -> Decided:
        return decide(
            info,
            "reject",
            idempotency_key,
            (signal, reason),
            lambda desk, command, member: reject(
                desk,
                command,
                member,
                signal=signal,
                reason=reason,
                via=VIA,
                expected_version=expected_version,
            ),
        )

    @mutation(
        "Ask for a recorded mistake to be put right, which another person approves. The id is the "
        "correction's, the expected version that of the record it is about."
    )
    def request_correction(
        self,
        info: Info,
        correction: CorrectionInput,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            request_correction,
            correction.change,
            expected_version=expected_version,
        )

    @mutation(
        "Say yes to a correction that another person asked for: its record is put right. The "
        "expected target is the version of the record that you saw, such as a preview's."
    )
    def apply_correction(
        self,
        info: Info,
        correction: UUID,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
        expected_target: int | None = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            apply_correction,
            correction,
            expected_version=expected_version,
            expected_target=expected_target,
        )

    @mutation("Say no to a requested correction: its record stays as it is.")
    def refuse_correction(
        self,
        info: Info,
        correction: UUID,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            refuse_correction,
            correction,
            reason=reason,
            expected_version=expected_version,
        )
