"""Accepting: what another reading makes of history becomes corrections, one trade at a time.

Every trade is one command, stored whole or not at all, whose id follows from the difference: an
interrupted run is taken up where it ended, and a repeated one does nothing. A trade that is
gone is voided. One that was missed is booked with hindsight: as its author's, at the time it
was said, visible for what it is, and counting for nothing on any board, because whoever accepts
it knows how it ended. Figures of a trade that has been on record all along count as corrected;
a price never counts better than the market's quote of the moment allowed.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from application.access import Member
from application.correcting import Change, post_instead, put_right
from application.desk import Command, Desk, Outcome, Work, derived_id
from application.differing import Difference, Fix, Sort
from application.evidence import as_one
from application.ports import MarketPrices, QuoteRequest
from application.told import ENTRY, EXIT, SETTLEMENT, ToldExecution, ToldTrade
from domain.corrections import ReasonCode, Target
from domain.grammar.reading import PARSER
from domain.market import Weighed, weigh_claim
from domain.messages import Message
from domain.shared import InvalidInput
from domain.signals import Signal, signal_stream
from domain.terms import HINDSIGHT, Terms
from domain.traders import Trader


def accept(
    desk: Desk,
    market: MarketPrices,
    member: Member,
    difference: Difference,
    *,
    reason: str,
    at: datetime,
) -> Outcome:
    """Turns one difference into corrections and bookings with hindsight.

    Raises:
        Forbidden: the member may not correct.
        NotFound, Conflict: the record changed since it was read.
        InvalidInput, Impossible: as the trade's own rules say.
        Unavailable: store or market did not answer.
    """
    member.require("correct")
    if not reason.strip():
        raise InvalidInput("accepting another reading needs a reason")
    known = msgspec.json.encode(difference)
    command = Command.given(
        derived_id("reread", PARSER, hashlib.sha256(known).hexdigest()),
        hashlib.sha256(known).hexdigest(),
        actor=member.actor,
        at=at,
        correlation=difference.trade.signal,
    )
    return desk.run(
        command, lambda work: _Accepting(work, market, member, command, difference, reason).run()
    )


class _Accepting:
    """One difference, one command."""

    def __init__(
        self,
        work: Work,
        market: MarketPrices,
        member: Member,
        command: Command,
        difference: Difference,
        reason: str,
    ) -> None:
        self.work = work
        self.market = market
        self.member = member
        self.command = command
        self.difference = difference
        booked = difference.booked
        before = f", booked by {booked.parser}" if booked is not None else ""
        self.reason = f"{reason.strip()} (read again by {PARSER}{before})"
        self.corrections = 0

    def run(self) -> Signal:
        """The signal that the difference is about, or that takes its place."""
        difference = self.difference
        if difference.sort is Sort.CHANGED and not self._is_out_of_reach():
            return self._changed()
        if difference.booked is not None:
            self._put_right(void=True, instead=self._terms())
        elif difference.read is not None:
            self._post(difference.read)
        if difference.read is None:
            return self.work.get(Signal, difference.trade.signal)
        terms = self._terms()
        assert terms is not None
        signal = self.work.get(Signal, signal_stream(terms.message, terms.place))
        missed = [one for one in difference.read.executions.values() if one.number > 1]
        self._book(signal, missed)
        return signal

    def _is_out_of_reach(self) -> bool:
        """Whether the entry as it reads now could not be had: it must not come to be scored."""
        for fix in self.difference.fixes:
            if fix.number == 1 and fix.price is not None:
                weighed = self._weighed(1, fix.price)
                return weighed is not None and not weighed.attainable
        return False

    def _terms(self) -> Terms | None:
        """The trade as it reads now."""
        read = self.difference.read
        if read is None:
            return None
        entry = read.executions[1]
        assert entry.price is not None
        return Terms(
            origin=HINDSIGHT,
            platform=read.platform,
            channel=read.channel,
            message=read.message,
            place=f"{PARSER}: {read.symbol}",
            side=read.side,
            legs=read.legs,
            quantity=entry.quantity,
            price=entry.price,
            price_to=read.price_to,
            stop=read.stop,
            targets=read.targets,
            valid_until=read.posted_at,
            parser=PARSER,
            rules=read.rules,
            posted_at=read.posted_at,
        )

    def _post(self, read: ToldTrade) -> None:
        """Books a trade that was missed; its author is registered if it is their first."""
        terms = self._terms()
        assert terms is not None
        message = self.work.get(Message, read.message)
        if self.work.find(Trader, read.trader) is None:
            self.work.begin(
                Trader.register(
                    platform=message.platform,
                    author_id=message.author_id,
                    name=message.author_name,
                    at=self.command.at,
                )
            )
        posted = post_instead(
            read.trader, terms, reason=self.reason, by=self.member.name, command=self.command
        )
        self.work.begin(posted)

    def _changed(self) -> Signal:
        """Puts executions right: first what opens more, then what closes more."""
        booked = self.difference.booked
        assert booked is not None
        signal = self.work.get(Signal, booked.signal)
        settled = next((e for e in booked.executions.values() if e.kind == SETTLEMENT), None)
        moves = any(fix.quantity is not None for fix in self.difference.fixes)
        resettles = settled is not None and (moves or bool(self.difference.missed))
        if settled is not None and resettles and settled.counted:
            self._put_right(part=str(settled.number), quantity=Decimal(0))
        opening, closing = _parted(booked, self.difference.fixes)
        for fix in opening:
            self._fix(fix)
        self._book(signal, [one for one in self.difference.missed if one.kind == ENTRY])
        for fix in closing:
            self._fix(fix)
        self._book(signal, [one for one in self.difference.missed if one.kind == EXIT])
        if settled is not None and resettles and signal.open_quantity > 0:
            self._put_right(part=str(settled.number), quantity=signal.open_quantity)
        self._levels(signal)
        self._close(signal)
        return signal

    def _levels(self, signal: Signal) -> None:
        difference = self.difference
        if (difference.stop is not None or difference.targets) and signal.open_quantity > 0:
            self._put_right(stop=difference.stop, targets=difference.targets)

    def _fix(self, fix: Fix) -> None:
        price = fix.price
        if price is not None:
            weighed = self._weighed(fix.number, price)
            price = price if weighed is None else weighed.price
        self._put_right(part=str(fix.number), price=price, quantity=fix.quantity)

    def _weighed(self, number: int, price: Decimal) -> Weighed | None:
        """What a price counts at by the quote of the moment when it was said."""
        booked = self.difference.booked
        assert booked is not None
        execution = booked.executions[number]
        signal = self.work.get(Signal, booked.signal)
        requests = [QuoteRequest(leg.symbol, execution.posted_at) for leg in signal.legs]
        whole = as_one(signal, self.market.quotes_at(requests))
        if whole is None:
            return None
        side = signal.side if execution.kind == ENTRY else signal.side.opposite
        return weigh_claim(side, price, whole.bid, whole.offer)

    def _put_right(self, **change: Any) -> None:
        self.corrections += 1
        trade = self.difference.trade
        wanted = Change(
            target=Target.SIGNAL,
            stream=trade.signal,
            changes=self.difference.changes,
            message=trade.message,
            revision=0,
            code=ReasonCode.MISREAD,
            reason=self.reason,
        )
        put_right(
            self.work,
            derived_id("correction", str(self.command.id), str(self.corrections)),
            msgspec.structs.replace(wanted, **change),
            self.member,
            self.command,
            asker=PARSER,
            closes=False,
        )

    def _book(self, signal: Signal, executions: list[ToldExecution]) -> None:
        """Adds what was missed to a trade, in the order in which it was said."""
        numbers = []
        for execution in sorted(executions, key=lambda one: (one.posted_at, one.number)):
            assert execution.message is not None
            rules = (*execution.rules, f"read again by {PARSER}")
            if execution.kind == ENTRY:
                assert execution.price is not None
                signal.add(
                    quantity=execution.quantity,
                    price=execution.price,
                    message=execution.message,
                    rules=rules,
                    posted_at=execution.posted_at,
                    at=self.command.at,
                )
            else:
                signal.call_exit(
                    quantity=execution.quantity,
                    price=execution.price,
                    reason=execution.reason,
                    message=execution.message,
                    rules=rules,
                    posted_at=execution.posted_at,
                    at=self.command.at,
                )
            numbers.append(len(signal.book))
        if numbers:
            signal.note_late(
                tuple(numbers),
                parser=PARSER,
                reason=self.reason,
                by=self.member.name,
                at=self.command.at,
            )
        self._close(signal)

    def _close(self, signal: Signal) -> None:
        """Ends a trade of which nothing is open, at the time of its last exit."""
        read = self.difference.read
        if signal.open_quantity != 0 or signal.closed or signal.voided or read is None:
            return
        last = max(read.executions.values(), key=lambda one: (one.posted_at, one.number))
        signal.close(reason=last.reason, closed_at=last.posted_at, at=self.command.at)


def _parted(booked: ToldTrade, fixes: tuple[Fix, ...]) -> tuple[list[Fix], list[Fix]]:
    """Those that leave more open, or the same, and those that leave less."""
    opening: list[Fix] = []
    closing: list[Fix] = []
    for fix in fixes:
        was = booked.executions[fix.number]
        more = Decimal(0) if fix.quantity is None else fix.quantity - was.counted
        opens = more >= 0 if was.kind == ENTRY else more <= 0
        (opening if opens else closing).append(fix)
    return opening, closing
