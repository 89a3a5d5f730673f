"""Flagging: the rules of `domain.flags` held against trades and fills, told as flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from domain.fix import Side
from domain.flags import BEFORE_POST, Bet, FlagKind, FrontRun, OwnFill, bet_of, front_run, shared
from domain.shared import stream_id
from projections.flag_rows import FlagRow, OwnFillRow, Part, TradeRow, opened_legs
from projections.naming import title_of
from projections.suspects import Suspects


def flag_id(kind: FlagKind, trade: UUID, about: object) -> UUID:
    """The id of the flag of a kind that a trade has for something."""
    return stream_id("flag", kind.value, str(trade), str(about))


def opposites(row: TradeRow, suspects: Suspects) -> Iterator[FlagRow]:
    """Flags of a trade, and of those that its person holds against it in other accounts."""
    bet = _bet(row.symbol, row.side)
    if bet is Bet.NONE:
        return
    for other in suspects.trades_of_others(row):
        if other.voided or _bet(other.symbol, other.side) is not bet.against:
            continue
        both = shared(row.open, other.open)
        if both is not None:
            events = sorted([row.event, other.event, *suspects.links_of(row.trader, other.trader)])
            yield _opposite(row, other, both.since, events)
            yield _opposite(other, row, both.since, events)


def front_runs(row: TradeRow, suspects: Suspects) -> Iterator[FlagRow]:
    """Flags of a trade whose instrument an account of its author's held before the post."""
    for owned, fills in suspects.own_fills(row):
        for leg in row.legs:
            found = front_run(leg.side, row.opened_at, _fills_of(leg.symbol, fills))
            if found is not None:
                links = suspects.links_of(row.trader, owned.owner)
                events = sorted({*found.events, row.event, owned.event, *links})
                yield FlagRow(
                    flag=flag_id(FlagKind.FRONT_RUN, row.trade, owned.account),
                    kind=FlagKind.FRONT_RUN,
                    trader=row.trader,
                    signal=row.trade,
                    symbol=row.symbol,
                    account=owned.name,
                    posted=found.held,
                    since=found.first_at,
                    reason=_had(owned.name, leg.side, leg.symbol, row.opened_at, found),
                    events=_told(events),
                )
                break


def too_large(row: TradeRow, part: Part) -> FlagRow | None:
    """The flag of an entry of which more was posted than stood at the quote."""
    if row.voided or not part.quoted or part.quantity <= part.quoted:
        return None
    return FlagRow(
        flag=flag_id(FlagKind.SIZE, row.trade, part.number),
        kind=FlagKind.SIZE,
        trader=row.trader,
        signal=row.trade,
        symbol=row.symbol,
        part=part.number,
        posted=part.quantity,
        quoted=Decimal(part.quoted),
        since=part.at,
        reason=f"{part.quantity.normalize():f} of {title_of(row.symbol)} posted, "
        f"{part.quoted} stood at the quote: its dollars count up to that",
        events=_told([part.event, part.checked]),
    )


def _opposite(row: TradeRow, other: TradeRow, since: datetime, events: Iterable[int]) -> FlagRow:
    return FlagRow(
        flag=flag_id(FlagKind.OPPOSITE, row.trade, other.trade),
        kind=FlagKind.OPPOSITE,
        trader=row.trader,
        signal=row.trade,
        symbol=row.symbol,
        other_trader=other.trader,
        other=other.trade,
        since=since,
        reason=f"{_did(row)} while {str(other.trade)[:8]} of the same person, {_did(other)}, "
        f"was open: both from {_moment(since)}",
        events=_told(events),
    )


def _had(account: str, side: Side, symbol: str, posted_at: datetime, found: FrontRun) -> str:
    did = "bought" if side is Side.BUY else "sold"
    more = ""
    if found.sold:
        out = "sold" if side is Side.BUY else "bought back"
        hours = BEFORE_POST // timedelta(hours=1)
        more = f"; {found.sold.normalize():f} {out} within {hours} h after it"
    return (
        f"{account}, an own account, {did} {title_of(symbol)} from {_moment(found.first_at)} and "
        f"held {found.held.normalize():f} at the post of {_moment(posted_at)}{more}"
    )


def _fills_of(symbol: str, fills: Iterable[OwnFillRow]) -> Iterator[OwnFill]:
    """What the fills bought (+) and sold (-) of one instrument."""
    for fill in fills:
        for leg in opened_legs(fill.symbol, Side(fill.side)):
            if leg.symbol == symbol and fill.quantity:
                quantity = fill.quantity * leg.ratio * leg.side.sign
                yield OwnFill(fill.at, quantity, fill.opens, fill.event)


@lru_cache(maxsize=4_096)
def _bet(symbol: str, side: str) -> Bet:
    return bet_of(opened_legs(symbol, Side(side)))


def _did(row: TradeRow) -> str:
    return f"{'bought' if row.side == Side.BUY.value else 'sold'} {title_of(row.symbol)}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _told(events: Iterable[int]) -> str:
    return " ".join(str(event) for event in sorted(set(events)))
