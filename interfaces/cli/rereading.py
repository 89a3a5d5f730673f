"""`truetape reread`: history read again by today's grammar, beside what was booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import typer

from application.accepting import accept as accept_difference
from application.access import Member
from application.differing import Difference, spoken
from application.ports import ApplicationError
from application.rereading import HISTORY, Rereading
from domain.grammar.reading import PARSER
from domain.shared import DomainError, InvalidInput
from interfaces.cli.imports import bars
from interfaces.cli.output import Column, as_json, console, listed, table
from interfaces.cli.session import REFUSED, Json, house, operator, told_in_words
from interfaces.compose import House
from interfaces.timers import keep_time
from interfaces.wording import moment
from projections.trader_profiles import names_of

PROGRESS_EVERY = 500
"""Events between two strokes of the progress bar."""


class Line(NamedTuple):
    """One changed field of one trade, as it is shown."""

    difference: Difference
    name: str
    field: str
    was: str
    now: str


def reread(
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Only what was said since then (UTC).",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"],
        ),
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel's messages.")] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what differs; changes nothing.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Turn what differs into corrections; takes a reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why today's reading is to count.")] = "",
    member: Annotated[str | None, typer.Option("--as", help="Decide under this name.")] = None,
    json: Json = False,
) -> None:
    """Read every recorded message again and show what differs from what was booked."""
    with told_in_words():
        if diff == accept:
            raise InvalidInput("give --diff to see what differs, or --accept to let it count")
        if accept and not reason.strip():
            raise InvalidInput("--accept takes a --reason: it stands in every correction")
    start = None if since is None else since.replace(tzinfo=since.tzinfo or UTC)
    with house() as opened:
        opened.catch_up()
        rereading = read_again(opened, since=start, channel=channel, quiet=json)
        found = rereading.differences()
        names = _names(opened, found)
        left = _accept(opened, operator(member), found, reason, quiet=json) if accept else {}
    if json:
        as_json(_told(rereading, found, names, left, accepted=accept))
    else:
        _show(rereading, found, names)
        if accept:
            console.print(f"{len(found) - len(left)} of {len(found)} differences were accepted")
        listed(f"{str(stream)[:8]}: left as it is: {why}" for stream, why in left.items())
    if left:
        raise SystemExit(REFUSED)


def read_again(
    opened: House, *, since: datetime | None, channel: str | None, quiet: bool
) -> Rereading:
    """Reads the tape up to its head; nothing is changed."""
    rereading = Rereading(since=since, channel=channel)
    head = opened.head()
    with bars(quiet) as progress:
        task = progress.add_task("events", total=head)
        for number, happened in enumerate(opened.history(HISTORY, head)):
            rereading.take(happened)
            if number % PROGRESS_EVERY == 0:
                progress.update(task, completed=happened.position)
        progress.update(task, completed=head)
    return rereading


def _accept(
    opened: House, who: Member, found: Sequence[Difference], reason: str, *, quiet: bool
) -> dict[UUID, str]:
    """Accepts the differences one by one; returns which could not be, and why."""
    left: dict[UUID, str] = {}
    with bars(quiet) as progress:
        for difference in progress.track(found, description="trades"):
            try:
                accept_difference(
                    opened.desk,
                    opened.market,
                    who,
                    difference,
                    reason=reason,
                    at=opened.clock.now(),
                )
            except (DomainError, ApplicationError) as error:
                left[difference.trade.signal] = str(error)
    opened.catch_up()
    keep_time(opened)
    return left


def _names(opened: House, found: Sequence[Difference]) -> dict[UUID, str]:
    with opened.reader.connection() as connection:
        return names_of(connection, {difference.trade.trader for difference in found})


def _show(rereading: Rereading, found: Sequence[Difference], names: dict[UUID, str]) -> None:
    lines = [
        Line(difference, names.get(difference.trade.trader, ""), each.field, each.was, each.now)
        for difference in found
        for each in difference.changes
    ]
    table(
        lines,
        (
            Column("posted (UTC)", lambda one: moment(one.difference.trade.posted_at), whole=True),
            Column("id", lambda one: str(one.difference.trade.signal)[:8], whole=True),
            Column("trader", lambda one: one.name, spare=True),
            Column("trade is", lambda one: one.difference.sort.value, whole=True),
            Column("field", lambda one: one.field),
            Column("booked", lambda one: one.was or "-"),
            Column("read now", lambda one: one.now or "-"),
        ),
        empty="everything reads as it is booked",
    )
    counted = ", ".join(
        f"{count} {what} (booked by {parser})" if what != "new" else f"{count} new"
        for (what, parser), count in sorted(rereading.counts.items())
    )
    console.print(
        f"[dim]{rereading.messages} messages read by {PARSER}; trades: {counted or 'none'}[/dim]"
    )


def _told(
    rereading: Rereading,
    found: Sequence[Difference],
    names: dict[UUID, str],
    left: dict[UUID, str],
    *,
    accepted: bool,
) -> dict[str, Any]:
    return {
        "parser": PARSER,
        "messages": rereading.messages,
        "counts": [
            {"trade_is": what, "parser": parser, "trades": count}
            for (what, parser), count in sorted(rereading.counts.items())
        ],
        "differences": [
            {
                "trade_is": difference.sort,
                "signal": difference.trade.signal,
                "name": names.get(difference.trade.trader, ""),
                "trader": difference.trade.trader,
                "channel": difference.trade.channel,
                "message": difference.trade.message,
                "posted_at": difference.trade.posted_at,
                "trade": spoken(difference.trade),
                "booked_by": None if difference.booked is None else difference.booked.parser,
                "changes": difference.changes,
                "accepted": accepted and difference.trade.signal not in left,
                "left": left.get(difference.trade.signal, ""),
            }
            for difference in found
        ],
    }
