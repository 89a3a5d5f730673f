"""`truetape link`, `unlink`, `owner`, `people`: who is who, and whose money an account trades."""

from __future__ import annotations

from typing import Annotated

import typer

from application.linking import link_traders, name_owner, unlink_trader
from domain.shared import InvalidInput
from interfaces.cli.boards import fields
from interfaces.cli.deciding import As, Key, Version, done
from interfaces.cli.output import Column, as_json, table
from interfaces.cli.session import AsOf, Json, command, find, house, operator
from interfaces.lookups import trader_named
from interfaces.wording import moment
from projections.people import links, owners
from projections.trader_profiles import names_of

Trader = Annotated[str, typer.Argument(help="The trader's name, or the start of the id.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]
Evidence = Annotated[
    list[str] | None,
    typer.Option(help="What shows it, such as the id of a signal; may be given several times."),
]


def link(
    trader: Trader,
    to: Annotated[str, typer.Option("--to", help="The trader who is the same person.")],
    reason: Reason,
    evidence: Evidence = None,
    member: As = None,
    key: Key = None,
    expected_version: Version = None,
    json: Json = False,
) -> None:
    """Record that two traders are one person; boards count them as one from then on."""
    shown = tuple(evidence or ())
    with house() as opened:
        opened.catch_up()
        who = operator(member)
        author, other = find(opened, trader_named, trader), find(opened, trader_named, to)
        outcome = link_traders(
            opened.desk,
            command(opened, who, "link", author, other, reason, shown, key=key),
            who,
            trader=author,
            to=other,
            reason=reason,
            evidence=shown,
            expected_version=expected_version,
        )
        opened.catch_up()
        done(outcome, f"{trader} and {to} count as one person", json=json)


def unlink(
    trader: Trader,
    reason: Reason,
    evidence: Evidence = None,
    member: As = None,
    key: Key = None,
    expected_version: Version = None,
    json: Json = False,
) -> None:
    """Take a trader's link to another back; both count for themselves again."""
    shown = tuple(evidence or ())
    with house() as opened:
        opened.catch_up()
        who = operator(member)
        author = find(opened, trader_named, trader)
        outcome = unlink_trader(
            opened.desk,
            command(opened, who, "unlink", author, reason, shown, key=key),
            who,
            trader=author,
            reason=reason,
            evidence=shown,
            expected_version=expected_version,
        )
        opened.catch_up()
        done(outcome, f"{trader} counts for themselves", json=json)


def owner(
    account: Annotated[str, typer.Argument(help="The account's name.")],
    reason: Reason,
    trader: Annotated[
        str | None, typer.Option("--trader", help="The trader whose money it trades.")
    ] = None,
    nobody: Annotated[
        bool, typer.Option("--nobody", help="It is of nobody who posts here.")
    ] = False,
    member: As = None,
    key: Key = None,
    expected_version: Version = None,
    json: Json = False,
) -> None:
    """Record whose money an account trades: fills in it are held against what they post."""
    with house() as opened:
        if (trader is None) != nobody:
            raise InvalidInput("say whose it is: --trader NAME, or --nobody")
        opened.catch_up()
        who = operator(member)
        owned_by = None if trader is None else find(opened, trader_named, trader)
        outcome = name_owner(
            opened.desk,
            command(opened, who, "owner", account, owned_by, reason, key=key),
            who,
            account=account,
            owner=owned_by,
            reason=reason,
            expected_version=expected_version,
        )
        opened.catch_up()
        done(outcome, f"{account} is {trader or 'nobody'}'s", json=json)


def people(as_of: AsOf = None, json: Json = False) -> None:
    """List which traders are one person, and whose money accounts trade."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        linked, owned = links(connection, as_of=as_of), owners(connection, as_of=as_of)
        traders = {row.trader for row in linked} | {row.to_trader for row in linked}
        names = names_of(connection, traders | {row.owner for row in owned})
    if json:
        as_json({
            "links": [
                {"name": names.get(row.trader, ""), "to": names.get(row.to_trader, ""),
                 **fields(row)}
                for row in linked
            ],
            "accounts": [{"owner_name": names.get(row.owner, ""), **fields(row)} for row in owned],
        })  # fmt: skip
        return
    table(
        linked,
        (
            Column("trader", lambda row: names.get(row.trader, "")),
            Column("is", lambda row: names.get(row.to_trader, "")),
            Column("since (UTC)", lambda row: moment(row.since), whole=True),
            Column("by", lambda row: row.by, spare=True),
            Column("why", lambda row: row.reason),
        ),
        empty="no traders are linked: truetape link NAME --to NAME --reason WHY",
    )
    if owned:
        table(
            owned,
            (
                Column("account", lambda row: row.name),
                Column("of", lambda row: names.get(row.owner, "")),
                Column("since (UTC)", lambda row: moment(row.since), whole=True),
                Column("by", lambda row: row.by, spare=True),
                Column("why", lambda row: row.reason),
            ),
        )
