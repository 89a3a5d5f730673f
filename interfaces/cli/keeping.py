"""`truetape account`, `adjust`, `token`: what an admin keeps."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from application.adjusting import adjust_holding
from application.administering import issue_token, open_account, revoke_token
from domain.approvals import Role
from domain.instruments import instrument
from domain.shared import InvalidInput
from interfaces.cli.deciding import Key, done
from interfaces.cli.output import as_json, console
from interfaces.cli.session import Json, command, find, house, operator, told_in_words
from interfaces.lookups import trader_named
from interfaces.wording import amount, number

tokens = typer.Typer(no_args_is_help=True, help="Access tokens of the API.")


def account(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    cash: Annotated[str, typer.Option(help="Cash it opens with, in USD.")],
    broker: Annotated[str, typer.Option(help="Its broker.")] = "paper",
    json: Json = False,
) -> None:
    """Open an account in which approved signals are traded."""
    with told_in_words():
        opening = number(cash, "cash")
    with house() as opened:
        who = operator()
        outcome = open_account(
            opened.desk,
            command(opened, who, "account", name, broker, cash),
            who,
            name=name,
            broker=broker,
            cash=opening,
        )
        opened.catch_up()
        done(outcome, f"account {name} is open", json=json)


def adjust(
    account: Annotated[str, typer.Argument(help="The account that holds it.")],
    symbol: Annotated[str, typer.Argument(help="What it holds, by its symbol.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    to: Annotated[str | None, typer.Option(help="Its new symbol, if it has one.")] = None,
    ratio: Annotated[str, typer.Option(help="How many become of how many: 4:1.")] = "1:1",
    key: Key = None,
    json: Json = False,
) -> None:
    """Record a split, or another symbol of what an account holds, that no broker tells of."""
    with told_in_words():
        was = instrument(symbol).symbol
        now = was if to is None else instrument(to).symbol
        new, _, old = ratio.partition(":")
        units = number(new, "ratio"), number(old or "1", "ratio")
        if was == now and units[0] == units[1]:
            raise InvalidInput("name what becomes of it: --to or --ratio")
    with house() as opened:
        opened.catch_up()
        who = operator()
        outcome = adjust_holding(
            opened.desk,
            command(opened, who, "adjust", account, was, now, units, reason, key=key),
            who,
            account=account,
            symbol=was,
            to_symbol=now,
            from_quantity=units[1],
            to_quantity=units[0],
            reason=reason,
            effective_at=opened.clock.now(),
            positions=opened.books,
        )
        opened.catch_up()
        done(outcome, f"each {amount(units[1])} {was} is {amount(units[0])} {now}", json=json)


@tokens.command("issue")
def issue(
    name: Annotated[str, typer.Argument(help="Whom or what the token is for.")],
    role: Annotated[list[Role], typer.Option(help="A role; may be given several times.")],
    trader: Annotated[
        str | None, typer.Option(help="The trader it stands for, who approves nothing of theirs.")
    ] = None,
    json: Json = False,
) -> None:
    """Issue a token; it is shown once, only its hash is recorded."""
    secret = "tt_" + secrets.token_urlsafe(32)
    roles = frozenset(role)
    with house() as opened:
        who = operator()
        stands_for = None if trader is None else find(opened, trader_named, trader)
        outcome = issue_token(
            opened.desk,
            command(opened, who, "token", name, sorted(roles), stands_for),
            who,
            name=name,
            roles=roles,
            secret=secret,
            trader=stands_for,
        )
        opened.catch_up()
    if json:
        as_json({"name": name, "roles": sorted(roles), "token": secret, "outcome": outcome})
    else:
        console.print(f"{secret}\n[dim]This is the only time the token is shown.[/dim]")


@tokens.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The token's name.")], json: Json = False
) -> None:
    """End a token."""
    with house() as opened:
        who = operator()
        outcome = revoke_token(opened.desk, command(opened, who, "revoke", name), who, name=name)
        opened.catch_up()
        done(outcome, f"token {name} opens nothing any more", json=json)
