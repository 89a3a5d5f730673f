"""The page of a difference: what was known at two moments, and the events that made it another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from domain.shared import InvalidInput
from interfaces.pages.accounts import AccountShown, account_at, known_account, of_account
from interfaces.pages.events import known_ids, told
from interfaces.pages.signals import known_signal, of_signal
from interfaces.pages.traders import known_trader, of_trader, windows_of
from interfaces.pages.visiting import Look, Page
from interfaces.wording import amount, moment, money, percent, price
from projections.blotter import Blotter, fills, orders
from projections.books import Books
from projections.clocks import Clocks
from projections.corrections import Corrections
from projections.explaining import Step, moved_between
from projections.leaderboards import Standing
from projections.messages import Messages
from projections.naming import title_of
from projections.position_pages import position, positions
from projections.positions import PositionRow
from projections.signal_feed import SignalFeed, executions, signal
from projections.signal_rows import ExecutionRow, SignalRow
from projections.timeline import Timeline
from projections.trail import Sought, event_at, trail

EVENTS_MAX = 100
POSITIONS_MAX = 1_000
ZERO = Decimal(0)


class Difference(NamedTuple):
    """A figure as it was known at both moments, in words; empty where there was none."""

    label: str
    was: str
    now: str

    @property
    def is_one(self) -> bool:
        """Whether it differs."""
        return self.was != self.now


class Group(NamedTuple):
    """Figures that belong together; `href` leads to what they are of."""

    title: str
    differences: Sequence[Difference]
    href: str = ""


class Moved(NamedTuple):
    """What the events between the moments moved of the P&L, event by event."""

    steps: Sequence[tuple[Step, Decimal]]
    events: int
    total: Decimal


@of_trader
def diff_trader(look: Look, trader: UUID) -> Page:
    """A trader's figures and trades."""
    begin, end = _ends(look)
    groups = []
    pairs = zip(
        windows_of(look, trader, look.moment(begin), begin),
        windows_of(look, trader, look.moment(end), end),
        strict=True,
    )
    for was, now in pairs:
        found = differences(STANDING, was.standing, now.standing)
        groups.append(Group(now.words, found))
    database = look.of(Books, as_of=end)
    trades = _positions(
        positions(database, book=trader, as_of=begin, limit=POSITIONS_MAX),
        positions(database, book=trader, as_of=end, limit=POSITIONS_MAX),
        "/audit/signal/",
    )
    name, back = known_trader(look, trader).name, f"/audit/trader/{trader}"
    return _page(look, name, back, trader, groups, trades, book=trader, has_windows=True)


@of_signal
def diff_signal(look: Look, stream: UUID) -> Page:
    """A signal's state, prices, fills and P&L."""
    begin, end = _ends(look)
    current = known_signal(look, stream)
    was, now = (_signal_parts(look, stream, as_of) for as_of in (begin, end))
    keys = dict.fromkeys([*was, *now])
    groups = [
        Group(title, differences_of(was.get(title, {}), now.get(title, {}))) for title in keys
    ]
    name = title_of(current.symbol)
    return _page(look, name, f"/audit/signal/{stream}", stream, groups, (), trade=stream)


@of_account
def diff_account(look: Look, stream: UUID) -> Page:
    """An account's cash, holdings and P&L."""
    begin, end = _ends(look)
    was, now = account_at(look, stream, begin), known_account(look, stream, end)
    groups = [Group("figures", differences(ACCOUNT, was, now))]
    database = look.of(Books, as_of=end)
    held = _positions(
        positions(database, book=stream, as_of=begin, limit=POSITIONS_MAX),
        positions(database, book=stream, as_of=end, limit=POSITIONS_MAX),
        "/audit/id/",
    )
    back = f"/audit/account/{stream}"
    return _page(look, now.row.name, back, stream, groups, held, book=stream)


def _ends(look: Look) -> tuple[int, int]:
    """The two positions that are compared; the second one is the newest if it isn't named.

    Raises:
        InvalidInput: the first is not named, or not before the second.
    """
    asked = look.visit.asked
    begin, end = asked.position("from"), asked.position("to")
    if end is None:
        end = look.as_of
    if end is None:
        end, _ = look.asking.reading.reached(Books, Timeline, SignalFeed, Messages, Clocks)
    if begin is None:
        raise InvalidInput("say which two moments are compared: from=POSITION or TIME, and to=")
    if begin < 1:
        raise InvalidInput("the tape begins at position 1: nothing was known before")
    if begin > end:
        raise InvalidInput(f"position {begin} is not before {end}: exchange the two")
    return begin, end


STANDING: Mapping[str, Callable[[Standing], str]] = {
    "return": lambda row: percent(row.return_, places=2),
    "accuracy": lambda row: percent(row.accuracy, places=2, sign=False),
    "Sharpe": lambda row: "-" if row.sharpe is None else f"{row.sharpe:.3f}",
    "P&L": lambda row: money(row.pnl, sign=True),
    "trades opened": lambda row: str(row.opened),
    "trades closed": lambda row: str(row.closed),
    "won": lambda row: str(row.wins),
    "not attainable": lambda row: str(row.unattainable),
}

ACCOUNT: Mapping[str, Callable[[AccountShown], str]] = {
    "paid in": lambda row: money(row.row.paid_in),
    "P&L": lambda row: money(row.pnl, sign=True),
    "commission": lambda row: money(row.commission),
    "equity": lambda row: money(row.equity),
    "cash": lambda row: money(row.cash),
    "in holdings": lambda row: money(row.invested),
    "holdings": lambda row: str(len(row.holdings)),
}

POSITION: Mapping[str, Callable[[PositionRow], str]] = {
    "open": lambda row: amount(row.quantity),
    "average entry": lambda row: price(row.average_entry),
    "mark": lambda row: price(row.mark),
    "P&L": lambda row: money(row.pnl, sign=True),
    "rests on": lambda row: row.badge.value,
    "closed": lambda row: moment(row.closed_at),
}

SIGNAL: Mapping[str, Callable[[SignalRow], str]] = {
    "state": lambda row: row.state.value,
    "decision": lambda row: row.decision.value,
    "decided by": lambda row: row.decided_by or "-",
    "quantity": lambda row: amount(row.quantity),
    "open": lambda row: amount(row.open_quantity),
    "average entry": lambda row: price(row.average_px if row.quantity else row.claimed_px),
    "stop": lambda row: price(row.stop),
    "targets": lambda row: row.targets or "-",
    "rests on": lambda row: row.badge.value.replace("_", " "),
    "fills": lambda row: str(row.fills),
    "corrections": lambda row: str(row.corrections),
    "source edited": lambda row: moment(row.edited_at),
    "source deleted": lambda row: moment(row.deleted_at),
}

EXECUTION: Mapping[str, Callable[[ExecutionRow], str]] = {
    "quantity": lambda row: amount(row.quantity),
    "claimed": lambda row: price(row.claimed_px),
    "counts at": lambda row: price(row.price),
    "why": lambda row: row.basis.value,
}


def differences(
    figures: Mapping[str, Callable[..., str]], was: object | None, now: object | None
) -> list[Difference]:
    """Figures of the same thing at two moments; None where there was no such thing."""
    return differences_of(_words(figures, was), _words(figures, now))


def differences_of(was: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """The same of figures in words."""
    labels = dict.fromkeys([*was, *now])
    return [Difference(label, was.get(label, ""), now.get(label, "")) for label in labels]


def _words(figures: Mapping[str, Callable[..., str]], row: object | None) -> dict[str, str]:
    return {} if row is None else {label: told(row) for label, told in figures.items()}


def _signal_parts(look: Look, stream: UUID, as_of: int) -> dict[str, dict[str, str]]:
    """A signal, its executions and its orders at a moment, each with its figures in words."""
    database = look.of(SignalFeed, Books, Blotter, as_of=as_of)
    found = signal(database, stream, as_of=as_of)
    if found is None:
        return {}
    parts = {"signal": _words(SIGNAL, found)}
    held = position(database, stream, as_of=as_of)
    if held is not None:
        parts["trade"] = {label: POSITION[label](held) for label in ("mark", "P&L")}
    for one in executions(database, stream, as_of=as_of):
        parts[f"{one.kind.value} {one.number}"] = _words(EXECUTION, one)
    for placed in orders(database, signal=stream, as_of=as_of):
        filled = fills(database, placed.order_stream, as_of=as_of)
        parts[f"order {placed.cl_ord_id}"] = {
            "status": placed.status.value,
            "filled": amount(placed.cum_qty),
            "average": price(placed.avg_px if placed.cum_qty else None),
            "fills": ", ".join(
                f"{amount(fill.quantity)} at {price(fill.price)} ({fill.state.value})"
                for fill in filled
            )
            or "-",
        }
    return parts


def _positions(
    was: Iterable[PositionRow], now: Iterable[PositionRow], place: str
) -> list[Group]:  # fmt: skip
    """The positions that differ, the newest first."""
    before, after = ({row.position: row for row in rows} for rows in (was, now))
    keys = dict.fromkeys([*after, *before])
    found = []
    for key in keys:
        row = after.get(key) or before[key]
        group = Group(
            title_of(row.symbol),
            differences(POSITION, before.get(key), after.get(key)),
            f"{place}{key}",
        )
        if any(one.is_one for one in group.differences):
            found.append(group)
    return found


def _page(
    look: Look,
    name: str,
    back: str,
    subject: UUID,
    groups: Sequence[Group],
    trades: Sequence[Group],
    *,
    book: UUID | None = None,
    trade: UUID | None = None,
    has_windows: bool = False,
) -> Page:
    begin, end = _ends(look)
    database = look.of(Timeline, Messages, Clocks, Corrections, Books, as_of=end)
    sought = Sought(after=begin, until=end)
    rows = trail(database, subject, sought, as_of=end, limit=EVENTS_MAX + 1, descending=False)
    events = told(database, rows[:EVENTS_MAX], as_of=end)
    steps = moved_between(database, after=begin, until=end, book=book, trade=trade)
    return Page(
        "diff.html",
        {
            "subject": name,
            "at": look.visit.asked.text("at"),
            "has_windows": has_windows,
            "back": back,
            "begin": begin,
            "end": end,
            "begin_event": event_at(database, begin),
            "end_event": event_at(database, end),
            "groups": groups,
            "trades": trades,
            "events": events,
            "known": known_ids(database, events),
            "more_events": len(rows) > EVENTS_MAX,
            "moved": _moved(steps),
        },
    )


def _moved(steps: Sequence[Step]) -> Moved:
    """The events that moved most, in their order; an event may move several trades."""
    sums: dict[int, Decimal] = {}
    first: dict[int, Step] = {}
    for step in steps:
        at = step.cause.position
        sums[at] = sums.get(at, ZERO) + step.moved
        first.setdefault(at, step)
    moving = {at: moved for at, moved in sums.items() if moved}
    most = sorted(moving, key=lambda at: -abs(moving[at]))[:EVENTS_MAX]
    return Moved(
        [(first[at], moving[at]) for at in sorted(most)],
        len(moving),
        sum(moving.values(), ZERO),
    )
