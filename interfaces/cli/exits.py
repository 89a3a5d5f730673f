"""`truetape exits`, `levels`: how what accounts hold is guarded, and other levels for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from application.desk import Work
from application.guarded import Guarded
from application.guarding import change_levels
from application.limiting import limits_of
from application.ports import NotFound, QuoteRequest, Unavailable
from application.selling import seen
from domain.exit_terms import Levels, Target, TimeStop, Trailing
from domain.market import exchange_day
from domain.shared import InvalidInput
from domain.valuation import Valued, valued
from interfaces.cli.deciding import As, Key, Version, done
from interfaces.cli.output import Column, as_json, gain_style, table
from interfaces.cli.session import AsOf, Json, command, find, house, operator, told_in_words
from interfaces.compose import House
from interfaces.lookups import exit_plan_named
from interfaces.wording import amount, money, number, percent, price
from projections.accounts import accounts
from projections.exit_plans import ExitPlanRow, exit_plan, exit_plans

_ROWS_MAX = 1_000
_NONE = "none"


class _Look(NamedTuple):
    """What the market says of a holding now; `blind` is why nothing can be decided by it."""

    worth: Valued | None
    blind: str


_UNSEEN = _Look(None, "not looked at yet")
_PAST = _Look(None, "")


def exits(
    account: Annotated[str | None, typer.Argument(help="Only this account's.")] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """List how what is held is guarded, and what is due."""
    with house() as opened:
        opened.catch_up()
        with opened.reader.connection() as connection:
            known = {each.name for each in accounts(connection, as_of=as_of)}
            if account is not None and account not in known:
                raise NotFound(f"there is no account {account}")
            rows = exit_plans(connection, account=account, as_of=as_of, limit=_ROWS_MAX)
        # The market of now says nothing of what was held then.
        looks = _looks(opened, account) if as_of is None else {row.plan: _PAST for row in rows}
        today = exchange_day(opened.clock.now())
    if json:
        as_json([_fields(row, looks.get(row.plan, _UNSEEN)) for row in rows])
        return

    def look(row: ExitPlanRow) -> _Look:
        return looks.get(row.plan, _UNSEEN)

    def gain(row: ExitPlanRow) -> Decimal | None:
        worth = look(row).worth
        return None if worth is None else worth.unrealised

    table(
        rows,
        (
            Column("trade", lambda row: str(row.trade)[:8], whole=True),
            Column("account", lambda row: row.account, spare=True),
            Column("held", lambda row: f"{row.side.value} {amount(row.held)} {row.title}"),
            Column("entry", lambda row: price(row.avg_px), is_figure=True),
            Column("stop", _stop_of, is_figure=True),
            Column("targets", _targets_of),
            Column("time", _time_of, spare=True),
            Column("P&L", lambda row: money(gain(row), sign=True), is_figure=True, spare=True,
                   style=lambda row: gain_style(gain(row))),
            Column("due", _due_of, style=lambda row: "red" if row.due else ""),
            Column("blind", lambda row: look(row).blind, style=lambda _: "yellow"),
            Column("warned today", lambda row: _warned_on(row, today), style=lambda _: "yellow"),
        ),
        note="P&L is unrealised, without commission, at the side that closes it; other levels: "
        "truetape levels TRADE",
        empty="nothing is held, so nothing is guarded",
    )  # fmt: skip


def levels(
    trade: Annotated[str, typer.Argument(help="The id of a guarded trade, or its start.")],
    stop: Annotated[str | None, typer.Option(help="The stop per share, or none.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="A target, 7.25 or 7.25:2 with its quantity; several times, or none."),
    ] = None,
    trailing: Annotated[
        str | None, typer.Option(help="Behind the best price: 0.50 or 20%, or none.")
    ] = None,
    days_left: Annotated[
        str | None, typer.Option(help="Close so many days before expiry, or none.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="The account that holds it.")] = None,
    member: As = None,
    key: Key = None,
    expected_version: Version = None,
    json: Json = False,
) -> None:
    """Guard a holding by other levels; what is not named stays."""
    with house() as opened:
        opened.catch_up()
        who = operator(member)
        plan = find(opened, partial(exit_plan_named, account=account), trade)
        with opened.reader.connection() as connection:
            row = exit_plan(connection, plan)
        if row is None:
            raise NotFound(f"there is no guarded holding {trade}")
        with told_in_words():
            wanted = _changed(row, stop, target, trailing, days_left)
        outcome = change_levels(
            opened.desk,
            command(opened, who, "levels", row.account, row.trade, wanted, key=key),
            who,
            account=row.account,
            trade=row.trade,
            levels=wanted,
            expected_version=expected_version,
        )
        opened.catch_up()
        done(outcome, f"{row.title} in {row.account} is guarded by {_told(wanted)}", json=json)


def _looks(opened: House, account: str | None) -> dict[Any, _Look]:
    """What the market says of every holding, by its plan."""
    now = opened.clock.now()
    rows = [each for each in opened.books.guarded() if account in (None, each.account)]
    symbols = sorted({leg.symbol for row in rows for leg in row.legs})
    try:
        found = opened.market.quotes_at([QuoteRequest(symbol, now) for symbol in symbols])
    except Unavailable as error:
        return {row.plan: _Look(None, str(error)) for row in rows}
    quotes = {quote.symbol: quote for quote in found if quote is not None}
    work = Work(opened.desk)

    def look(row: Guarded) -> _Look:
        age_s = limits_of(work, row.account).quote_age_s
        quote, blind = seen(row.side, row.legs, quotes, at=now, age_s=age_s)
        if quote is None:
            return _Look(None, blind)
        worth = valued(
            row.side, row.legs, held=row.held, avg_px=row.avg_px, commission=row.commission,
            mark=quote.exit_px(row.side),
        )  # fmt: skip
        return _Look(worth, "")

    return {row.plan: look(row) for row in rows}


def _changed(
    row: ExitPlanRow,
    stop: str | None,
    targets: list[str] | None,
    trailing: str | None,
    days_left: str | None,
) -> Levels:
    """The levels with what was named; the last word for each.

    Raises:
        InvalidInput: nothing was named, or a word that is no level.
    """
    changes: dict[str, Any] = {}
    if stop is not None:
        changes["stop"] = None if stop == _NONE else number(stop, "stop")
    if targets is not None:
        changes["targets"] = () if targets == [_NONE] else tuple(map(_target, targets))
    if trailing is not None:
        changes["trailing"] = None if trailing == _NONE else _trailing(trailing)
    if days_left is not None:
        changes["time_stop"] = None if days_left == _NONE else _time_stop(days_left)
    if not changes:
        raise InvalidInput("name a level: --stop, --target, --trailing or --days-left")
    return msgspec.structs.replace(row.said, **changes)


def _target(text: str) -> Target:
    at, _, quantity = text.partition(":")
    return Target(
        price=number(at, "target"),
        quantity=number(quantity, "quantity of a target") if quantity else None,
    )


def _trailing(text: str) -> Trailing:
    if text.endswith("%"):
        return Trailing(share=number(text[:-1], "trailing stop") / 100)
    return Trailing(amount=number(text, "trailing stop"))


def _time_stop(text: str) -> TimeStop:
    if not text.isdecimal():
        raise InvalidInput(f"the days left {text!r} are no whole number")
    return TimeStop(days_left=int(text))


def _told(guard: Levels) -> str:
    """The levels in words."""
    words = [] if guard.stop is None else [f"a stop at {price(guard.stop)}"]
    words += [f"a target at {price(target.price)}" for target in guard.targets]
    if guard.trailing is not None:
        words.append(f"a stop {_behind(guard.trailing)} behind the best price")
    if guard.time_stop is not None and guard.time_stop.days_left is not None:
        words.append(f"its end {guard.time_stop.days_left} days before expiry")
    return ", ".join(words) or "nothing any more"


def _behind(trailing: Trailing) -> str:
    if trailing.amount is not None:
        return price(trailing.amount)
    return percent(trailing.share, sign=False, places=0)


def _stop_of(row: ExitPlanRow) -> str:
    words = [] if row.stop is None else [price(row.stop)]
    if row.trailing is not None:
        stands = "" if row.trailing_stop is None else f"{price(row.trailing_stop)} "
        words.append(f"{stands}({_behind(row.trailing)} trailing)")
    return " ".join(words) or "-"


def _targets_of(row: ExitPlanRow) -> str:
    return " ".join(
        price(each.price) + ("" if each.quantity is None else f":{amount(each.quantity)}")
        for each in row.targets
    )


def _time_of(row: ExitPlanRow) -> str:
    ends = row.time_stop
    if ends is None:
        return ""
    words = [] if ends.days_left is None else [f"{ends.days_left}d left"]
    return " ".join([*words, *([] if ends.at is None else [f"{ends.at:%Y-%m-%d %H:%M}"])])


def _due_of(row: ExitPlanRow) -> str:
    """What has fired, and what it waits for."""
    if row.due is None:
        works = [f"{each.reason.value} {amount(each.left)}" for each in row.orders.values()]
        return ", ".join(works).replace("_", " ")
    waits = f", waits for {row.waits_for}" if row.waits_for else ""
    return f"{row.due.value.replace('_', ' ')}{waits}"


def _warned_on(row: ExitPlanRow, today: date) -> str:
    return "; ".join(each.words for each in row.warnings.values() if each.day == today)


def _fields(row: ExitPlanRow, look: _Look) -> dict[str, Any]:
    stored = (
        "levels", "armed", "reached", "working", "left_out", "told", "valid_from", "valid_to",
    )  # fmt: skip
    plain = {name: at for name, at in msgspec.structs.asdict(row).items() if name not in stored}
    return {
        **plain,
        "levels": row.said,
        "targets": row.targets,
        "trailing_stop": row.trailing_stop,
        "orders": row.orders,
        "not_guarded_by": row.not_guarded_by,
        "warnings": row.warnings,
        "worth": look.worth,
        "blind": look.blind,
    }
