"""`truetape limits`, `risk`, `halt`, `resume`, `close-all`, `reconcile`: what accounts may do, and
how they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer
from msgspec.structs import asdict

from application.closing_all import ClosingAll, order_close_all
from application.limiting import change_limits, halt_trading, resume_trading
from application.risk import RiskCycle
from application.risk_portfolios import TradingPortfolios
from domain.limits import Limits
from domain.risk_assessment import Assessment
from domain.risk_events import Line, State
from domain.shared import InvalidInput, learned
from interfaces.cli.deciding import done
from interfaces.cli.output import Column, as_json, console, table, warn
from interfaces.cli.session import REFUSED, AsOf, Json, command, house, operator, told_in_words
from interfaces.compose import DEFAULT_ACCOUNT, House
from interfaces.wording import amount, clock_time, percent
from projections.risk import RiskLineRow, limits_of, risk_history, risk_of, trading_states

Account = Annotated[str, typer.Argument(help="The account.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]
_LISTS = frozenset({"blocked_symbols", "blocked_sectors"})
_YES_NO = {"yes": True, "no": False}
_NONE = frozenset({"none", "no limit", ""})
_STYLES = {State.OK: "", State.WARNING: "yellow", State.BREACH: "red"}


def limits(
    account: Account = DEFAULT_ACCOUNT,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="A limit and its new value: trade_share=0.05; several times."),
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Show what an account may do, or change it with --set."""
    if change and as_of is not None:
        raise typer.BadParameter("what was known then is looked at: --set goes without --as-of")
    with house() as opened:
        with opened.reader.connection() as connection:
            known = limits_of(connection, account, as_of=as_of)
        if change:
            who = operator()
            with told_in_words():
                wanted = _changed(known, change)
            outcome = change_limits(
                opened.desk, command(opened, who, account, wanted), who,
                account=account, changes=wanted,
            )  # fmt: skip
            opened.catch_up()
            done(outcome, f"limits of {account} are recorded", json=json)
            return
    if json:
        as_json(known)
        return
    rows = list(msgspec.to_builtins(known).items() if known != Limits() else [])
    own = dict(rows)
    table(
        [
            {
                "limit": name,
                "value": _shown(getattr(known, name)),
                "unit": "" if getattr(known, name) is None else known.unit_of(name),
                "own": name in own,
            }
            for name in Limits.__struct_fields__
        ],
        (
            Column("limit", lambda row: row["limit"]),
            Column("value", lambda row: row["value"], is_figure=True),
            Column("unit", lambda row: row["unit"]),
            Column("", lambda row: "set by an admin" if row["own"] else ""),
        ),
        title=f"limits of {account}",
    )


def risk(
    account: Annotated[str | None, typer.Argument(help="Only this account.")] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Weigh accounts against their limits now; exit code 1 if one is passed.

    As of then nothing is weighed: it shows which limits had been near or passed, as recorded.
    """
    if as_of is not None:
        _show_recorded(account, as_of, json=json)
        return
    with house() as opened:
        desk, books = opened.desk, opened.books
        cycle = RiskCycle(desk, TradingPortfolios(desk, books), opened.market)
        found = [each for each in cycle.step(opened.clock.now()) if account in (None, each.account)]
        opened.catch_up()
        with opened.reader.connection() as connection:
            states = {state.account: state for state in trading_states(connection)}
            told = risk_history(connection, account=account, limit=5)
    if account is not None and not found:
        raise InvalidInput(f"there is no account {account}")
    if json:
        as_json({"accounts": found, "lately": [asdict(row) for row in told]})
    for each in found if not json else ():
        state = states.get(each.account)
        is_halted = state is not None and state.halted
        _show(each, f"halted: {state.reason}" if state is not None and is_halted else "")
    if any(line.state is State.BREACH for each in found for line in each.lines):
        warn("a limit is passed: nothing more is opened there")
        raise SystemExit(REFUSED)


def _show_recorded(account: str | None, as_of: int, *, json: bool) -> None:
    with house() as opened:
        opened.catch_up()
        with opened.reader.connection() as connection:
            states = [
                state
                for state in trading_states(connection, as_of=as_of)
                if account in (None, state.account)
            ]
            found = {each.account: risk_of(connection, each.account, as_of=as_of).lines
                     for each in states}  # fmt: skip
            told = risk_history(connection, account=account, as_of=as_of, limit=5)
    if account is not None and not states:
        raise InvalidInput(f"nobody watched an account {account} then")
    if json:
        lines = {name: [asdict(row) for row in rows] for name, rows in found.items()}
        as_json({"accounts": [asdict(state) for state in states], "lines": lines,
                 "lately": [asdict(row) for row in told]})  # fmt: skip
        return
    for state in states:
        _table_of(
            found[state.account],
            f"{state.account} {f'halted: {state.reason}' if state.halted else ''}".strip(),
            note=f"as recorded up to position {as_of}: each line since its last change",
        )


def _table_of(rows: Sequence[RiskLineRow], title: str, note: str) -> None:
    table(
        sorted(rows, key=lambda row: (-row.state.rank, -row.share)),
        (
            Column("limit", lambda row: f"{row.kind.replace('_', ' ')} {row.subject}".strip()),
            Column("used", lambda row: amount(row.used), is_figure=True),
            Column("allowed", lambda row: amount(row.allowed), is_figure=True),
            Column("share", lambda row: percent(row.share, sign=False), is_figure=True,
                   style=lambda row: _STYLES[row.state]),
            Column("since (UTC)", lambda row: f"{row.since:%Y-%m-%d %H:%M}", whole=True),
        ),
        title=title,
        note=note,
        empty="no limit had been near",
    )  # fmt: skip


def halt(account: Account, reason: Reason, json: Json = False) -> None:
    """Stop an account from opening anything; entries that work are asked back."""
    with house() as opened:
        who = operator()
        outcome = halt_trading(
            opened.desk, command(opened, who, "halt", account, reason), who,
            account=account, reason=reason,
        )  # fmt: skip
        opened.catch_up()
        done(outcome, f"trading of {account} is halted; exits go on", json=json)


def resume(account: Account, reason: Reason, json: Json = False) -> None:
    """Let an account open positions again."""
    with house() as opened:
        who = operator()
        outcome = resume_trading(
            opened.desk, command(opened, who, "resume", account, reason), who,
            account=account, reason=reason,
        )  # fmt: skip
        opened.catch_up()
        done(outcome, f"{account} trades again", json=json)


def close_all(
    account: Account = DEFAULT_ACCOUNT,
    at: Annotated[
        str | None, typer.Option(help="A clock time in New York, such as 15:45; now without it.")
    ] = None,
    json: Json = False,
) -> None:
    """Sell everything an account holds, and open nothing more today."""
    with told_in_words():
        clock = None if at is None else clock_time(at)
    with house() as opened:
        who = operator()
        outcome = order_close_all(
            opened.desk, command(opened, who, "close-all", account, at), who, opened.calendar,
            account=account, clock=clock,
        )  # fmt: skip
        opened.catch_up()
        if clock is None:
            _close_now(opened)
        done(outcome, f"everything in {account} is closed {at or 'now'}", json=json)


def reconcile(
    account: Annotated[str | None, typer.Argument(help="Only this account.")] = None,
    json: Json = False,
) -> None:
    """Hold accounts against their brokers; exit code 1 if positions differ."""
    with house() as opened:
        # Where positions differ counts when two looks find the same.
        first = opened.brokerages.reconcile(account)
        opened.catch_up()
        again = opened.brokerages.reconcile(account)
        opened.catch_up()
    found = {name: each.after(first[name]) for name, each in again.items() if name in first}
    if json:
        as_json(found)
    for name, each in found.items() if not json else ():
        console.print(
            f"{name}: {each.looked_up} orders looked up, {each.booked} reports and "
            f"{each.activities} activities new, {each.strays} unknown orders"
        )
        for difference in each.differences:
            warn(f"{name}: {difference.symbol} is {amount(difference.ours)} here and "
                 f"{amount(difference.brokers)} at the broker")  # fmt: skip
    if any(each.differences for each in found.values()):
        raise SystemExit(REFUSED)


def _close_now(opened: House) -> None:
    """The steps that a worker would take, as long as they lead on."""
    brokers, books = opened.brokerages, opened.books
    closing = ClosingAll(
        opened.desk, brokers.accounts, books, books, opened.market, at_broker=brokers.positions
    )
    for _ in range(5):
        closing.step(opened.clock.now())
        opened.catch_up()


def _changed(known: Limits, changes: list[str]) -> dict[str, Any]:
    """The limits that are changed, by name, each with its new value.

    Raises:
        InvalidInput: a word that is no limit, or no value for it.
    """
    values: dict[str, Any] = {}
    for each in changes:
        name, found, said = (part.strip() for part in each.partition("="))
        if not found or name not in Limits.__struct_fields__:
            raise InvalidInput(f"{each!r} sets no limit: write name=value, with a name of "
                               f"`truetape limits`")  # fmt: skip
        if name in _LISTS:
            values[name] = tuple(word.strip() for word in said.split(",") if word.strip())
        else:
            values[name] = None if said.lower() in _NONE else _YES_NO.get(said.lower(), said)
    try:
        wanted = msgspec.convert(
            msgspec.to_builtins(msgspec.structs.asdict(known) | values),
            learned(Limits),
            strict=False,
        )
    except msgspec.ValidationError as error:
        raise InvalidInput(f"that is no value for a limit: {error}") from None
    return {name: getattr(wanted, name) for name in values}


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"{value}"


def _show(found: Assessment, state: str) -> None:
    table(
        sorted(found.lines, key=lambda line: (-line.state.rank, -line.share)),
        (
            Column("limit", _named),
            Column("used", lambda line: amount(line.used), is_figure=True),
            Column("allowed", lambda line: amount(line.allowed), is_figure=True),
            Column("unit", lambda line: line.limit.unit),
            Column("share", lambda line: percent(line.share, sign=False), is_figure=True,
                   style=lambda line: _STYLES[line.state]),
            Column("", lambda line: "" if line.complete else "a quote is missing"),
        ),
        title=f"{found.account} {state}",
    )  # fmt: skip


def _named(line: Line) -> str:
    return f"{line.limit.value.replace('_', ' ')} {line.subject}".strip()
