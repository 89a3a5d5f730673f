"""`truetape account`, `token`: what an admin keeps."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from application.administering import issue_token, open_account, revoke_token
from domain.approvals import Role
from interfaces.cli.deciding import done
from interfaces.cli.output import as_json, console
from interfaces.cli.session import Json, command, find, house, operator, told_in_words
from interfaces.lookups import trader_named
from interfaces.wording import number

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
