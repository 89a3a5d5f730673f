"""The command line put together: every command, where it is, and what `--help` says of it.

A command is loaded when it is given: most need much that the others do not, and a person who
asks for help, or gives one that is not there, waits for none of them.
"""

from __future__ import annotations

import faulthandler
import os
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


class Late(NamedTuple):
    """A command that is not loaded: `module:name` in this package, and what is told of it."""

    place: str
    told: str


COMMANDS: dict[str, Late] = {
    "demo": Late(
        "demonstrating:demo",
        "Simulate a community, print its leaderboard, and serve GraphQL on this machine.",
    ),
    "leaderboard": Late(
        "ranking:leaderboard", "Rank the traders; every figure is defined below the board."
    ),
    "rules": Late("rules:app", "Ranking rules: those on record, and the next version."),
    "trader": Late(
        "ranking:trader",
        "Show one trader's record: figures by window, the NAV index, and the trades behind them.",
    ),
    "flags": Late(
        "flags:flags",
        "List what deserves a second look in traders' records, the latest first.",
    ),
    "people": Late(
        "people:people", "List which traders are one person, and whose money accounts trade."
    ),
    "link": Late(
        "people:link",
        "Record that two traders are one person; boards count them as one from then on.",
    ),
    "unlink": Late(
        "people:unlink",
        "Take a trader's link to another back; both count for themselves again.",
    ),
    "owner": Late(
        "people:owner",
        "Record whose money an account trades: fills in it are held against what they post.",
    ),
    "positions": Late(
        "ranking:positions", "List what is open in the traders' and accounts' books."
    ),
    "exposure": Late(
        "exposures:exposure",
        "Sum the Greeks of what is open in the units one hedges by; what has no quote is told.",
    ),
    "attribution": Late(
        "attributions:show",
        "Show what made the P&L of a period, Greek by Greek; without one, of the last marked day.",
    ),
    "volatility": Late(
        "volatilities:show", "Show expected move, IV rank and IV percentile of underlyings."
    ),
    "signals": Late("boards:signals", "List signals, the newest first."),
    "queue": Late("boards:queue", "List what waits for approval, the oldest first."),
    "orders": Late("boards:orders", "List orders, the newest first."),
    "timeline": Late(
        "boards:timeline",
        "Show every event of a trader, account, signal or order, the newest last.",
    ),
    "why": Late(
        "why:why",
        "Show the events that a figure is made of, and make it again from them.",
    ),
    "parse": Late(
        "parsing:parse",
        "Read messages as they would be booked, one JSON reading a line; nothing is recorded.",
    ),
    "reread": Late(
        "rereading:reread",
        "Read every recorded message again and show what differs from what was booked.",
    ),
    "approve": Late(
        "deciding:approve",
        "Approve a signal, whose order is sent to the account's broker, or a correction.",
    ),
    "reject": Late("deciding:reject", "Reject a signal or a correction, with the reason."),
    "correct": Late(
        "correct:correct",
        "Ask for a mistake on record to be put right; another person approves, nothing is erased.",
    ),
    "corrections": Late(
        "corrections:corrections", "List corrections that wait for an admin, the newest first."
    ),
    "order": Late(
        "deciding:order", "Place an order by hand; the same checks apply as to approved signals."
    ),
    "cancel": Late("deciding:cancel", "Ask for what is left of an order back."),
    "replace": Late("deciding:replace", "Ask for other terms of an order that rests."),
    "exits": Late("exits:exits", "List how what is held is guarded, and what is due."),
    "levels": Late("exits:levels", "Guard a holding by other levels; what is not named stays."),
    "limits": Late("risking:limits", "Show what an account may do, or change it with --set."),
    "risk": Late(
        "risking:risk", "Weigh accounts against their limits now; exit code 1 if one is passed."
    ),
    "halt": Late(
        "risking:halt", "Stop an account from opening anything; entries that work are asked back."
    ),
    "resume": Late("risking:resume", "Let an account open positions again."),
    "close-all": Late(
        "risking:close_all", "Sell everything an account holds, and open nothing more today."
    ),
    "reconcile": Late(
        "risking:reconcile", "Hold accounts against their brokers; exit code 1 if positions differ."
    ),
    "activities": Late(
        "told:activities",
        "List what brokers told of accounts, the newest first, also what nobody understood.",
    ),
    "strays": Late(
        "told:strays", "List orders at brokers that nobody here asked for, the newest first."
    ),
    "room": Late(
        "rooms:room",
        "Record what a channel takes for granted; messages are read by it from then on.",
    ),
    "account": Late("keeping:account", "Open an account in which approved signals are traded."),
    "adjust": Late(
        "keeping:adjust",
        "Record a split, or another symbol of what an account holds, that no broker tells of.",
    ),
    "serve": Late(
        "serving:serve",
        "Serve GraphQL and the auditor's pages, on this machine only unless told otherwise.",
    ),
    "work": Late(
        "running:work",
        "Follow the tape: react, keep read models in step, and do what is due. Ctrl-C ends it.",
    ),
    "status": Late(
        "running:status",
        "Show the head of the tape, how far all behind it is, and what was not heard live.",
    ),
    "fsck": Late(
        "log:fsck",
        "Read every event again and hold it against the log and every checkpoint ever issued.",
    ),
    "export": Late(
        "export:export",
        "Write a trader's story, or everything, with proofs and the programs that check them.",
    ),
    "witness": Late(
        "log:witness",
        "Sign checkpoints of other people's logs that continue what was signed before.",
    ),
    "rebuild": Late(
        "running:rebuild",
        "Make read models anew from the events, beside the live ones, and swap them in.",
    ),
    "replay": Late(
        "replaying:replay",
        "Make read models anew from the events alone, and compare what is stored as known then.",
    ),
    "bot": Late(
        "running:bot",
        "Be in Discord: capture, cards, commands. The token is read from TRUETAPE_DISCORD_TOKEN.",
    ),
    "import": Late("imports:app", "Bring in chat exports, market data, account history."),
    "market": Late("market:app", "Quotes: record them, check them, see chains."),
    "log": Late("log:app", "The log that proves what is on the tape."),
    "subject": Late("subjects:app", "People whose words are kept, or erased."),
    "token": Late("keeping:tokens", "Access tokens of the API."),
    "discord": Late("checking:app", "The bot's place in Discord."),
}


class LateCommands(TyperGroup):
    """Commands that are loaded when they are given."""

    def __init__(self, **attributes: Any) -> None:
        told = {name: TyperCommand(name, help=late.told) for name, late in COMMANDS.items()}
        super().__init__(**{**attributes, "commands": told})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is given, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, None if command is None else loaded(str(command.name)), rest


def loaded(name: str) -> Any:
    """A command, or a group of commands, as it is run."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    found = getattr(import_module(f"interfaces.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)


app = typer.Typer(
    cls=LateCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A trading community's track record that nobody can rewrite.",
)


@app.callback()
def everywhere(
    demo: Annotated[bool, typer.Option("--demo", help="Work on the demo's record.")] = False,
) -> None:
    """A trading community's track record that nobody can rewrite."""
    if demo:
        os.environ["TRUETAPE_DEMO"] = "1"


def main() -> None:
    """Runs the command line; failures end with words and an exit code."""
    # Should a library written in C kill the process, its threads are told in the log.
    faulthandler.enable()
    try:
        app(prog_name="truetape")
    except Exception:
        # Loaded only now, as it knows the errors of everything outside.
        from interfaces.cli.session import told_in_words

        with told_in_words():
            raise
