"""Risk: how each account stands to its limits, whether it trades, and how that came about."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import Connection

from domain.limits import Limits, LimitsChanged, LimitsSet, limits_stream
from domain.risk_events import (
    Line,
    QuoteSeen,
    RiskBreached,
    RiskCleared,
    RiskPeakRecorded,
    RiskWarned,
    RiskWatched,
    Scope,
    State,
    TradingHalted,
    TradingResumed,
    risk_stream,
)
from domain.sectors import Sector, Sectors, SectorsChanged, SectorsSet
from domain.shared import learned
from projections.pages import Past, select_all, select_one, select_page
from projections.positions import as_text
from projections.readmodel import Index, Private, Projection, Row, Seen, Table, when


class RiskLineRow(Row, frozen=True, kw_only=True):
    """A limit that once was near or passed, in the state that it is in since then.

    `kind` names the limit; `subject` is the symbol or sector, "" for the portfolio. `share` is
    used / allowed; all figures are those of the moment when the state changed, `positions` and
    `quotes` what they rested on, as JSON.
    """

    risk: UUID
    account: str
    kind: str
    scope: Scope
    subject: str
    state: State
    figure: Decimal
    used: Decimal
    allowed: Decimal
    share: Decimal
    since: datetime
    positions: str = "[]"
    quotes: str = "[]"


class TradingStateRow(Row, frozen=True, kw_only=True):
    """Whether an account may open positions. `peak_profit` is the most that it ever earned, None
    until it was first seen.
    """

    risk: UUID
    version: int
    account: str
    halted: bool = False
    cause: str = ""
    reason: str = ""
    by: str = ""
    since: datetime
    peak_profit: Decimal | None = None


class RiskEventRow(Row, frozen=True, kw_only=True):
    """Something that happened to an account's risk: a line's new state, a halt or its end."""

    position: int
    risk: UUID
    account: str
    event: str
    kind: str = ""
    scope: Scope | None = None
    subject: str = ""
    was: State | None = None
    state: State | None = None
    used: Decimal | None = None
    allowed: Decimal | None = None
    words: str
    by: str = ""
    happened_at: datetime


class AccountLimitsRow(Row, frozen=True, kw_only=True):
    """The limits of an account as an admin set them. `limits` is JSON, read by `limits_of`."""

    stream: UUID
    version: int
    account: str
    limits: str
    by: str
    set_at: datetime


class SectorRow(Row, frozen=True, kw_only=True):
    """The sector of an underlying as an admin set it."""

    symbol: str
    sector: Sector


class Risk(Projection):
    """Folds warnings, breaches, halts, limits and sectors."""

    name = "risk"
    kind = "feed"
    edition = 2

    def __init__(self) -> None:
        self.lines = Table(
            "risk_lines",
            RiskLineRow,
            ["risk", "kind", "scope", "subject"],
            [Index("state, account", where="state <> 'ok'")],
            private=Private("account"),
        )
        self.states = Table(
            "trading_states",
            TradingStateRow,
            ["risk"],
            [Index("account")],
            private=Private("account"),
        )
        self.events = Table(
            "risk_events",
            RiskEventRow,
            ["position"],
            [Index("account, position")],
            private=Private("account"),
        )
        self.limits = Table(
            "account_limits",
            AccountLimitsRow,
            ["stream"],
            [Index("account")],
            private=Private("account"),
        )
        self.sectors = Table("sectors", SectorRow, ["symbol"])
        self.tables = (self.lines, self.states, self.events, self.limits, self.sectors)

    @when(RiskWatched)
    def watched(self, event: RiskWatched, seen: Seen) -> None:
        row = TradingStateRow(
            risk=seen.stream, version=seen.version, account=event.account, since=event.timestamp
        )
        self.states.insert(row, seen.position)

    @when(RiskWarned, RiskBreached)
    def passed(self, event: RiskWarned | RiskBreached, seen: Seen) -> None:
        finding = event.finding
        positions, quotes = as_text(finding.positions), as_text(finding.quotes)
        self._stand(event, finding.line, seen, positions, quotes)

    @when(RiskCleared)
    def cleared(self, event: RiskCleared, seen: Seen) -> None:
        self._stand(event, event.line, seen)

    @when(RiskPeakRecorded)
    def peaked(self, event: RiskPeakRecorded, seen: Seen) -> None:
        row = replace(self._state(seen), peak_profit=event.profit)
        self.states.put(row, seen.position)

    @when(TradingHalted)
    def halted(self, event: TradingHalted, seen: Seen) -> None:
        row = replace(
            self._state(seen), halted=True, cause=event.cause.value, reason=event.reason,
            by=event.by, since=event.timestamp,
        )  # fmt: skip
        self.states.put(row, seen.position)
        self._tell(event, seen, words=event.reason, by=event.by)

    @when(TradingResumed)
    def resumed(self, event: TradingResumed, seen: Seen) -> None:
        row = replace(
            self._state(seen), halted=False, cause="", reason=event.reason, by=event.by,
            since=event.timestamp, peak_profit=None,
        )  # fmt: skip
        self.states.put(row, seen.position)
        self._tell(event, seen, words=event.reason, by=event.by)

    @when(LimitsSet, LimitsChanged)
    def limited(self, event: LimitsSet | LimitsChanged, seen: Seen) -> None:
        row = AccountLimitsRow(
            stream=seen.stream,
            version=seen.version,
            account=event.account,
            limits=msgspec.json.encode(event.limits).decode(),
            by=event.by,
            set_at=event.timestamp,
        )
        self.limits.put(row, seen.position)

    @when(SectorsSet, SectorsChanged)
    def classified(self, event: SectorsSet | SectorsChanged, seen: Seen) -> None:
        for one in event.classified:
            self.sectors.put(SectorRow(symbol=one.symbol, sector=one.sector), seen.position)

    def _stand(
        self,
        event: RiskWarned | RiskBreached | RiskCleared,
        line: Line,
        seen: Seen,
        positions: str = "[]",
        quotes: str = "[]",
    ) -> None:
        row = RiskLineRow(
            risk=seen.stream, account=event.account, kind=line.limit.value, scope=line.scope,
            subject=line.subject, state=line.state, figure=line.figure, used=line.used,
            allowed=line.allowed, share=line.share, since=event.timestamp, positions=positions,
            quotes=quotes,
        )  # fmt: skip
        self.lines.put(row, seen.position)
        self.states.put(self._state(seen), seen.position)
        self._tell(
            event, seen, words=str(line), kind=line.limit.value, scope=line.scope,
            subject=line.subject, was=event.was, state=line.state, used=line.used,
            allowed=line.allowed,
        )  # fmt: skip

    def _tell(self, event: Any, seen: Seen, **fields: Any) -> None:
        row = RiskEventRow(
            position=seen.position,
            risk=seen.stream,
            account=event.account,
            event=event.TOPIC,
            happened_at=event.timestamp,
            **fields,
        )
        self.events.insert(row, seen.position)

    def _state(self, seen: Seen) -> TradingStateRow:
        """Whether the account may trade, as of the version that is being folded."""
        row = self.states.current(seen.stream)
        if row is None:
            raise LookupError(f"the risk {seen.stream} was never watched")
        return replace(row, version=seen.version)


_MODEL = Risk()
_LINES, _STATES = _MODEL.lines.shape, _MODEL.states.shape
_EVENTS, _LIMITS = _MODEL.events.shape, _MODEL.limits.shape
_SECTORS = _MODEL.sectors.shape


class RiskNow(NamedTuple):
    """How an account stands. `state` is None if nobody has looked at its risk yet."""

    state: TradingStateRow | None
    lines: list[RiskLineRow]

    @property
    def open_lines(self) -> list[RiskLineRow]:
        """The limits that are near or passed, the worst first."""
        found = [line for line in self.lines if line.state is not State.OK]
        return sorted(found, key=lambda line: (-line.state.rank, -line.share))


def risk_of(connection: Connection[Any], account: str, *, as_of: int | None = None) -> RiskNow:
    """How an account stands to each limit that ever was near, now or as once known."""
    stream = risk_stream(account)
    lines = select_all(connection, _LINES, {"risk": stream}, as_of, "kind, scope, subject")
    return RiskNow(select_one(connection, _STATES, {"risk": stream}, as_of), lines)


def trading_states(
    connection: Connection[Any], *, as_of: int | None = None
) -> list[TradingStateRow]:
    """Every account that is watched, in the order of their names."""
    return select_all(connection, _STATES, {}, as_of, "account")


def risk_history(
    connection: Connection[Any],
    *,
    account: str | None = None,
    as_of: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[RiskEventRow]:
    """What happened to the risk of an account, or of all, the newest first; `after` is the
    position of the last one seen.
    """
    return select_page(
        connection, _EVENTS, where={"account": account}, order=["position"], past=Past(),
        as_of=as_of, after=None if after is None else (after,), limit=limit,
    )  # fmt: skip


def limits_of(
    connection: Connection[Any], account: str, *, as_of: int | None = None
) -> Limits:  # fmt: skip
    """The limits of an account: its own, or those that everybody begins with."""
    row = own_limits(connection, account, as_of=as_of)
    return Limits() if row is None else msgspec.json.decode(row.limits, type=learned(Limits))


def own_limits(
    connection: Connection[Any], account: str, *, as_of: int | None = None
) -> AccountLimitsRow | None:
    """What an admin set for an account, and who that was; None if nobody did."""
    return select_one(connection, _LIMITS, {"stream": limits_stream(account)}, as_of)


def sectors_of(connection: Connection[Any], *, as_of: int | None = None) -> Sectors:
    """Which sector each underlying is in."""
    rows = select_all(connection, _SECTORS, {}, as_of, "symbol")
    return Sectors({row.symbol: row.sector for row in rows})


_quotes_of = msgspec.json.Decoder(learned(tuple[QuoteSeen, ...])).decode
_positions_of = msgspec.json.Decoder(tuple[str, ...]).decode


def evidence_of(row: RiskLineRow) -> tuple[tuple[str, ...], tuple[QuoteSeen, ...]]:
    """The positions that weighed most when the state changed, and their quotes."""
    return (
        _positions_of(row.positions.replace("'", '"')),
        _quotes_of(row.quotes.replace("'", '"')),
    )
