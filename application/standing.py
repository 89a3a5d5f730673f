"""Standing trades: what each author has open in each channel, exact to a place on the tape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from application.reaction import Memory
from application.recalling import OpenTrade
from domain.legs import strategy_symbol
from domain.shared import learned
from domain.signals import Signal

_NOTHING: Mapping[UUID, OpenTrade] = {}


class Standing(msgspec.Struct, frozen=True):
    """An open trade with whose it is and where it was posted."""

    trader: UUID
    channel: str
    trade: OpenTrade


class StandingTrades:
    """The open trades of everybody; what changes is put into the reaction's memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._standing: dict[UUID, Standing] = {}
        self._open: dict[tuple[str, UUID], dict[UUID, OpenTrade]] = {}

    def restore(self, value: bytes) -> None:
        """Takes up one remembered trade."""
        self._stand(msgspec.json.decode(value, type=learned(Standing)))

    def of(self, place: tuple[str, UUID]) -> Mapping[UUID, OpenTrade]:
        """What is open in a channel by an author."""
        return self._open.get(place, _NOTHING)

    def touch(self, signal: Signal, message: UUID, posted_at: datetime) -> None:
        """Keeps the trade as a message left it, or forgets it when nothing is open."""
        before = self._standing.get(signal.id)
        if signal.closed or signal.open_quantity <= 0:
            self.forget(signal.id)
            return
        messages = () if before is None else before.trade.messages
        self._keep(
            signal,
            messages=(*(one for one in messages if one != message), message),
            opened_at=posted_at if before is None else before.trade.opened_at,
            touched_at=posted_at,
            before=before,
        )

    def follow(self, signal: Signal) -> None:
        """Keeps the trade as a settlement or correction from elsewhere left it."""
        before = self._standing.get(signal.id)
        if signal.voided or signal.closed or signal.open_quantity <= 0:
            self.forget(signal.id)
        elif before is not None:
            trade = msgspec.structs.replace(
                before.trade,
                average_entry=signal.average_entry,
                entry_quantity=signal.entry_quantity,
                open_quantity=signal.open_quantity,
            )
            self._put(Standing(before.trader, before.channel, trade))

    def take_up(self, signal: Signal) -> None:
        """Keeps a trade that others booked, if it is open."""
        if signal.voided or signal.closed or signal.open_quantity <= 0:
            self.forget(signal.id)
            return
        self._keep(
            signal,
            messages=tuple(dict.fromkeys(signal.messages.values())),
            opened_at=signal.posted_at,
            touched_at=signal.posted_at,
            before=self._standing.get(signal.id),
        )

    def note_price(self, signal: UUID, price: Decimal, said_at: datetime) -> None:
        """Keeps the author's last word on where an open trade stands."""
        before = self._standing.get(signal)
        if before is not None:
            said = msgspec.structs.replace(before.trade, said_price=price, said_at=said_at)
            self._put(msgspec.structs.replace(before, trade=said))

    def forget(self, signal: UUID) -> None:
        """Nothing of the trade is open any more."""
        standing = self._standing.pop(signal, None)
        if standing is not None:
            self._open[standing.channel, standing.trader].pop(signal, None)
            self._memory.drop(f"open:{signal}")

    def clear(self) -> None:
        self._standing.clear()
        self._open.clear()

    def __contains__(self, signal: UUID) -> bool:
        return signal in self._standing

    def _keep(
        self,
        signal: Signal,
        *,
        messages: tuple[UUID, ...],
        opened_at: datetime,
        touched_at: datetime,
        before: Standing | None,
    ) -> None:
        trade = OpenTrade(
            signal_id=signal.id,
            symbol=strategy_symbol(signal.side, signal.legs),
            side=signal.side,
            legs=signal.legs,
            average_entry=signal.average_entry,
            entry_quantity=signal.entry_quantity,
            open_quantity=signal.open_quantity,
            stop=signal.stop,
            targets=signal.targets,
            messages=messages,
            opened_at=opened_at,
            touched_at=touched_at,
            said_price=None if before is None else before.trade.said_price,
            said_at=None if before is None else before.trade.said_at,
        )
        self._put(Standing(signal.trader, signal.source.channel, trade))

    def _put(self, standing: Standing) -> None:
        self._stand(standing)
        self._memory.put(f"open:{standing.trade.signal_id}", standing)

    def _stand(self, standing: Standing) -> None:
        signal = standing.trade.signal_id
        self._standing[signal] = standing
        self._open.setdefault((standing.channel, standing.trader), {})[signal] = standing.trade
