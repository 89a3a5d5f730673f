"""People: which traders are one person, whose money accounts trade, and who may say so."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from application.linking import link_traders, name_owner, unlink_trader
from interfaces.graphql.deciding import Decided, carry_out
from interfaces.graphql.kinds import (
    AsOf,
    ExpectedVersion,
    IdempotencyKey,
    Info,
    figure,
    kind,
    mutation,
    resolved,
)
from interfaces.graphql.reading import asking_of
from interfaces.graphql.signals import TraderName
from projections.people import People, links, owners
from projections.trader_profiles import TraderProfiles, names_of


@kind
class TraderLink:
    """A trader who is the same person as another; boards count both as one."""

    trader: TraderName
    to: TraderName
    reason: str
    evidence: list[str]
    by: str
    since: datetime


@kind
class AccountOwner:
    """An account and the trader whose money it trades."""

    account: str
    owner: TraderName
    reason: str
    by: str
    since: datetime


@kind
class KnownPeople:
    """Who is known to be who."""

    links: list[TraderLink] = figure("The oldest first.")
    accounts: list[AccountOwner] = figure("By name.")


@strawberry.type
class PeopleQueries:
    """What can be asked about who is who."""

    @resolved("Which traders are one person, and whose money accounts trade.")
    def people(self, info: Info, as_of: AsOf = None) -> KnownPeople:
        database = asking_of(info).reading.of(People, TraderProfiles, as_of=as_of)
        linked, owned = links(database, as_of=as_of), owners(database, as_of=as_of)
        traders = {row.trader for row in linked} | {row.to_trader for row in linked}
        names = names_of(database, traders | {row.owner for row in owned}, as_of=as_of)

        def named(trader: UUID) -> TraderName:
            return TraderName(id=trader, name=names.get(trader, ""))

        return KnownPeople(
            links=[
                TraderLink(
                    trader=named(row.trader),
                    to=named(row.to_trader),
                    reason=row.reason,
                    evidence=row.evidence.split("\n") if row.evidence else [],
                    by=row.by,
                    since=row.since,
                )
                for row in linked
            ],
            accounts=[
                AccountOwner(
                    account=row.name,
                    owner=named(row.owner),
                    reason=row.reason,
                    by=row.by,
                    since=row.since,
                )
                for row in owned
            ],
        )


@strawberry.type
class PeopleMutations:
    """What admins say about who is who."""

    @mutation(
        "Record that a trader is the same person as another: boards count both as one. The version "
        "is the trader's."
    )
    def link_traders(
        self,
        info: Info,
        trader: UUID,
        to: UUID,
        reason: str,
        idempotency_key: IdempotencyKey,
        evidence: list[str] | None = None,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            link_traders,
            trader=trader,
            to=to,
            reason=reason,
            evidence=tuple(evidence or ()),
            expected_version=expected_version,
        )

    @mutation("Take a trader's link to another back: both count for themselves again.")
    def unlink_trader(
        self,
        info: Info,
        trader: UUID,
        reason: str,
        idempotency_key: IdempotencyKey,
        evidence: list[str] | None = None,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            unlink_trader,
            trader=trader,
            reason=reason,
            evidence=tuple(evidence or ()),
            expected_version=expected_version,
        )

    @mutation(
        "Record whose money an account trades, nobody's who posts without an owner: its fills are "
        "held against what they post. The version is the account's."
    )
    def name_account_owner(
        self,
        info: Info,
        account: str,
        reason: str,
        idempotency_key: IdempotencyKey,
        owner: UUID | None = None,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            name_owner,
            account=account,
            owner=owner,
            reason=reason,
            expected_version=expected_version,
        )
