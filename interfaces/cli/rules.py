"""`truetape rules`: the ranking rules on record, and the publishing of the next version."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from application.administering import publish_rules
from domain.ranking import VERSION_2, Rules, ScoreRules
from interfaces.cli.boards import fields
from interfaces.cli.deciding import Key, done
from interfaces.cli.output import Column, as_json, console, table
from interfaces.cli.session import AsOf, Json, command, house, operator, told_in_words
from interfaces.wording import number, percent
from projections.board_definitions import definitions
from projections.ranking_rules import Published, published

app = typer.Typer(help="Ranking rules: those on record, and the next version.")

Share = Annotated[str | None, typer.Option(help="A fraction; what the last version says if none.")]


@app.callback(invoke_without_command=True)
def rules(context: typer.Context, as_of: AsOf = None, json: Json = False) -> None:
    """List the ranking rules and since when they hold, and what the last ones mean."""
    if context.invoked_subcommand is not None:
        return
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        rows = published(connection, as_of=as_of)
    if json:
        as_json([{"effective": row.effective, **fields(row.rules)} for row in rows])
        return
    table(
        rows,
        (
            Column("version", lambda row: row.rules.version, is_figure=True),
            Column("since", lambda row: row.effective, whole=True),
            Column("NAV", lambda row: percent(row.rules.nav_fraction, places=0, sign=False),
                   is_figure=True),
            Column("trades", lambda row: row.rules.minimum_trades, is_figure=True),
            Column("PSR", lambda row: _of_score(row, "confidence"), is_figure=True),
            Column("tail", lambda row: _of_score(row, "tail_rate"), is_figure=True),
            Column("return/risk/wins", _weights),
        ),
        empty="no rules were published",
        note="publish the next: truetape rules publish",
    )  # fmt: skip
    for name, meaning in definitions(rows[-1].rules).items() if rows else ():
        console.print(f"[dim]{name}: {meaning}[/dim]")


def _of_score(row: Published, name: str) -> object:
    return "-" if row.rules.score is None else getattr(row.rules.score, name)


def _weights(row: Published) -> str:
    score = row.rules.score
    if score is None:
        return "no score"
    parts = (score.return_weight, score.risk_adjusted_weight, score.accuracy_weight)
    return " / ".join(percent(part, places=0, sign=False) for part in parts)


@app.command("publish")
def publish(
    minimum_trades: Annotated[
        int | None, typer.Option(help="Trades below which nobody is ranked.")
    ] = None,
    confidence: Share = None,
    tail_rate: Share = None,
    return_weight: Share = None,
    accuracy_weight: Share = None,
    risk_adjusted_weight: Share = None,
    nav_fraction: Share = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Publish the next version of the ranking rules, which holds from today on.

    What is not named stays as it was; a community that ranks without a score gets version 2's.
    """
    named = {
        "confidence": confidence, "tail_rate": tail_rate, "return_weight": return_weight,
        "accuracy_weight": accuracy_weight, "risk_adjusted_weight": risk_adjusted_weight,
    }  # fmt: skip
    with told_in_words():
        given = {name: number(text, name) for name, text in named.items() if text is not None}
        share = None if nav_fraction is None else number(nav_fraction, "nav_fraction")
    with house() as opened:
        opened.catch_up()
        with opened.reader.connection() as connection:
            on_record = published(connection)
        last = on_record[-1].rules if on_record else Rules(version=0)
        fewest = VERSION_2.minimum_trades if last.score is None else last.minimum_trades
        next_rules = msgspec.structs.replace(
            last,
            version=last.version + 1,
            minimum_trades=fewest if minimum_trades is None else minimum_trades,
            nav_fraction=last.nav_fraction if share is None else share,
            score=msgspec.structs.replace(_score_of(last), **given),
        )
        who = operator()
        outcome = publish_rules(
            opened.desk, command(opened, who, "rules", next_rules, key=key), who, rules=next_rules
        )
        opened.catch_up()
        done(outcome, f"boards go by rules {next_rules.version} from today on", json=json)


def _score_of(rules: Rules) -> ScoreRules:
    """The score of rules; of those without one what version 2 says."""
    score = rules.score or VERSION_2.score
    assert score is not None
    return score
