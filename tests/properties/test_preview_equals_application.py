"""What a preview says would move is what moves when the correction is approved.

Random histories on a real tape. Of each, random parts are corrected: what was foreseen is held
against a dump of the figures from before and one from after, made without the preview's code.
`TRUETAPE_PREVIEWS=500` tries as many histories.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, event, given, settings

from adapters.postgres import AUDITOR_ROLE, connect
from application.correcting import Change, apply_correction, rehearsed, request_correction
from application.desk import Command, Desk
from domain.shared import DomainError
from projections.leaderboards import Standing, board
from projections.naming import title_of
from projections.position_pages import books
from projections.previews import FORESEEN, Foreseen, foreseen
from projections.runner import Runner
from projections.shadow import Unrecorded
from projections.trader_profiles import TraderProfiles
from projections.windows import Span, Window, span_of
from tests.application.acts import ADA, BEA, command
from tests.application.conftest import desk_on
from tests.conftest import NewDatabase
from tests.projections.tape import Tape, reading
from tests.properties.histories import START
from tests.properties.mistakes import Mistake, mistakes

HISTORIES = int(os.environ.get("TRUETAPE_PREVIEWS", "8"))
SHARES = HISTORIES // 50 or 1
"""Many histories are tried in several tests, because one that lasts too long is ended."""
AT = START + timedelta(days=9)
SESSIONS = [date(2025, 3, 3) + timedelta(days=n) for n in range(12)]
SPANS: list[tuple[Span, Sequence[date]]] = [(span_of(w, AT), SESSIONS) for w in Window]

Figures = dict[tuple[str, ...], Any]


def figures(tape: Tape) -> Figures:
    """Every figure that people are shown, by what it is of."""
    found: Figures = {}
    for position, *values in tape.current(
        "positions",
        "position, quantity, average_entry, mark, realised, unrealised, pnl, pnl_ratio,"
        " commission, badge, scored, opened_at, closed_at",
    ):
        found.update(_named(("position", str(position)), _POSITION, values))
    for account, *values in tape.current("accounts", "account, cash, paid_in"):
        found.update(_named(("account", str(account)), ("cash", "paid_in"), values))
    for trader, to in tape.current("trader_links", "trader, to_trader"):
        found["link", str(trader), "to_trader"] = to
    for symbol, at, *values in tape.current("marks", "symbol, marked_at, bid, offer"):
        found.update(_named(("mark", f"{title_of(symbol)} {at}"), ("bid", "offer"), values))
    for book in books(tape.connection):
        last = tape.connection.execute(
            "SELECT cum_pnl, cum_commission, nav FROM read.book_days WHERE book = %s"
            " AND valid_to = 9223372036854775807 ORDER BY day DESC LIMIT 1",
            (book.book,),
        ).fetchone()
        names = ("pnl", "commission", "index")
        found.update(_named(("record", str(book.book)), names, last or ()))
    for span, sessions in SPANS:
        for row in board(tape.connection, span, None, sessions).standings:
            place = ("board", span.window.value, str(row.trader))
            found.update({(*place, name): value for name, value in _standing(row).items()})
    return found


_POSITION = (
    "quantity", "average_entry", "mark", "realised", "unrealised", "pnl", "pnl_ratio",
    "commission", "badge", "scored", "opened_at", "closed_at",
)  # fmt: skip


def _named(place: tuple[str, ...], names: Sequence[str], values: Sequence[Any]) -> Figures:
    return {(*place, name): value for name, value in zip(names, values, strict=False)}


def _standing(row: Standing) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in row.__struct_fields__ if name != "skill"}
    del own["trader"], own["name"]
    skill = {} if row.skill is None else {
        name: getattr(row.skill, name) for name in row.skill.__struct_fields__
    }  # fmt: skip
    return {name.rstrip("_"): value for name, value in own.items()} | skill


def moved(before: Figures, after: Figures) -> dict[tuple[str, ...], tuple[str, str]]:
    return {
        place: (_told(before.get(place)), _told(after.get(place)))
        for place in {**before, **after}
        if before.get(place) != after.get(place)
    }


def _told(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def said(preview: Foreseen) -> dict[tuple[str, ...], tuple[str, str]]:
    """The preview's moves in the same form."""
    found = {}
    for move in preview.moves:
        kind = move.of.value
        if move.figure in ("pnl", "commission", "index") and kind in ("trader", "account"):
            kind = "record"
        middle = (move.window,) if move.window else ()
        about = str(move.about) if move.about is not None else move.name
        found[(kind, *middle, about, move.figure)] = (move.before or "", move.after or "")
    return found


def preview_of(desk: Desk, url: str, given: Command, change: Change) -> Foreseen:
    work = rehearsed(desk, given, change, BEA.name)

    def events(head: int) -> list[Unrecorded]:
        work.save(given)
        return [
            Unrecorded(head + place, UUID(str(e.originator_id)), e.originator_version, e.topic,
                       e.state)
            for place, e in enumerate((e for b in work.hand_over() for e in b.events), start=1)
        ]  # fmt: skip

    with connect(url, role=AUDITOR_ROLE) as connection:
        return foreseen(connection, reading(url), events, SPANS)


# Each try takes seconds: a counterexample is shown as it was found.
@pytest.mark.parametrize("share", range(SHARES))
@settings(max_examples=HISTORIES // SHARES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(drawn=mistakes())
def test_a_preview_says_what_application_does(
    new_database: NewDatabase,
    share: int,
    drawn: Mistake,
) -> None:
    told, wanted = drawn
    with new_database() as url, desk_on(url) as desk:
        tape = Tape(url)
        with tape.connection:
            tape.append([each.event for each in told])
            follower = Runner(reading(url), [*FORESEEN, TraderProfiles])
            follower.start()
            follower.catch_up()
            foretold: set[tuple[UUID, str]] = set()
            for change in wanted:
                given = command(change, at=AT.astimezone(UTC))
                try:
                    preview = preview_of(desk, url, given, change)
                except DomainError:
                    continue
                again = (change.stream, change.part) in foretold
                event(f"{change.target.value} {'again' if again else 'once'}")
                foretold.add((change.stream, change.part))
                before = figures(tape)
                asked = request_correction(desk, given, BEA, change).stream
                apply_correction(desk, command(at=datetime.now(UTC)), ADA, asked)
                follower.catch_up()
                assert said(preview) == moved(before, figures(tape))
            follower.close()
