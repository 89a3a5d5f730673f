"""Putting right: what an approved correction does to the record that it is about.

Each kind of record has its own corrective event, which carries the correction's id. `described`
says beforehand what is recorded and what would be, and which earlier correction is corrected.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec

from application.desk import Command, Work
from domain.accounts import Account
from domain.correction_terms import Target, Wanted
from domain.market import Mark
from domain.orders import Order
from domain.shared import Impossible, InvalidInput
from domain.signal_events import ClosedBy, Source
from domain.signals import Signal
from domain.terms import HINDSIGHT, Changed, Terms
from domain.traders import Trader

Record = Signal | Order | Mark | Account | Trader
"""What can be corrected."""


class Change(Wanted, frozen=True, kw_only=True):
    """What is to be put right.

    `part` is the execution's number in a signal, the fill's ExecID in an order, the broker's id
    of a movement in an account. A signal is voided as a whole: then it is empty, and `instead`
    may say which trade takes its place. `message` and `revision` say which words it came of,
    `changes` how they differ.
    """

    target: Target
    stream: UUID
    reason: str

    @property
    def wanted(self) -> Wanted:
        fields = {name: getattr(self, name) for name in Wanted.__struct_fields__}
        return Wanted(**fields)


def record_of(work: Work, target: Target, stream: UUID, version: int | None = None) -> Record:
    """What a correction is about.

    Raises:
        NotFound, Conflict: there is none, or it is not at the version that the caller saw.
    """
    match target:
        case Target.SIGNAL:
            return work.get(Signal, stream, expected_version=version)
        case Target.ORDER:
            return work.get(Order, stream, expected_version=version)
        case Target.MARK:
            return work.get(Mark, stream, expected_version=version)
        case Target.ACCOUNT:
            return work.get(Account, stream, expected_version=version)
        case Target.TRADER:
            return work.get(Trader, stream, expected_version=version)


def described(record: Record, change: Change) -> Change:
    """The change with what is recorded now beside what would be, and the correction of the same
    part that came before it.
    """
    found = _before(record, change.part)
    if found is None:
        return change
    figures, corrects = found
    changes = change.changes or tuple(
        Changed(field=name, was=_words(was), now="void" if change.void else _words(now))
        for name, was in figures.items()
        if (now := getattr(change, name)) is not None or change.void
    )
    return msgspec.structs.replace(change, changes=changes, corrects=corrects or change.corrects)


def _before(
    record: Record, part: str
) -> tuple[dict[str, Decimal | UUID | None], UUID | None] | None:
    """The figures of a part as they stand, and by which correction; None if it is not there."""
    match record:
        case Signal():
            number = int(part) if part.isdecimal() else 1
            if number not in record.book:
                return None
            figures = {
                "quantity": abs(record.book[number]),
                "price": record.prices_of(number).get(number),
            }
            return dict(figures), record.corrected.get(number)
        case Order():
            fill = record.fills.get(part)
            if fill is None:
                return None
            return {"quantity": fill[0], "price": fill[1]}, record.corrected.get(part)
        case Mark():
            return {"bid": record.bid, "offer": record.offer}, record.corrected
        case Account():
            entry = record.entries.get(part)
            return None if entry is None else ({"amount": entry.amount}, entry.correction)
        case Trader():
            return {"linked_to": record.linked_to}, record.link_correction


def _words(value: Decimal | UUID | None) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def put_record_right(
    work: Work,
    record: Record,
    change: Change,
    correction: UUID,
    by: str,
    command: Command,
    *,
    closes: bool = True,
) -> None:
    """Has the record and what follows from it tell what is right.

    Raises:
        NotFound: the trader who would be linked to does not exist.
        InvalidInput, Impossible: as the record's own rules say.
    """
    match record:
        case Signal():
            _correct_signal(record, change, correction, by, command)
            if closes and record.open_quantity == 0 and not (record.closed or record.voided):
                record.close(reason=ClosedBy.EXIT, closed_at=command.at, at=command.at)
            if change.instead is not None:
                work.take(record)
                posted = post_instead(
                    record.trader, change.instead, reason=change.reason, by=by, command=command
                )
                work.take(work.begin(posted))
        case Order():
            _correct_order(record, change, correction, by, command)
        case Mark():
            record.correct(
                correction=correction,
                bid=change.bid,
                offer=change.offer,
                reason=change.reason,
                by=by,
                at=command.at,
            )
        case Account():
            if not change.part:
                raise InvalidInput("name the movement of cash by the broker's id of it")
            record.correct_cash(
                correction=correction,
                activity=change.part,
                amount=change.amount,
                reason=change.reason,
                by=by,
                at=command.at,
            )
        case Trader():
            _correct_link(work, record, change, correction, by, command)
    work.take(record)


def post_instead(trader: UUID, terms: Terms, *, reason: str, by: str, command: Command) -> Signal:
    """The trade that takes another one's place, or that was missed.

    Raises:
        InvalidInput: there is no such trade.
    """
    signal = Signal.post(
        place=terms.place,
        origin=terms.origin,
        trader=trader,
        source=Source(
            platform=terms.platform,
            channel=terms.channel,
            message=terms.message,
            revision=terms.revision,
        ),
        side=terms.side,
        legs=terms.legs,
        quantity=terms.quantity,
        price=terms.price,
        price_to=terms.price_to,
        stop=terms.stop,
        targets=terms.targets,
        valid_until=terms.valid_until,
        parser=terms.parser,
        rules=terms.rules,
        posted_at=terms.posted_at,
        at=command.at,
    )
    signal.note_late((1,), parser=terms.parser, reason=reason, by=by, at=command.at)
    if terms.origin == HINDSIGHT:
        # With hindsight nobody may have it traded: its time for approval was then.
        signal.expire(at=command.at)
    return signal


def leads_to(work: Work, begin: Trader, end: Trader) -> bool:
    """Whether links lead from one author to another."""
    seen, at = {begin.id}, begin
    while at.linked_to is not None and at.linked_to not in seen:
        seen.add(at.linked_to)
        at = work.get(Trader, at.linked_to)
    return end.id in seen


def _correct_signal(
    signal: Signal, change: Change, correction: UUID, by: str, command: Command
) -> None:
    if change.void:
        if change.part:
            raise InvalidInput(
                "a signal is voided as a whole: leave out the execution, or correct its figures"
            )
        signal.void(correction=correction, reason=change.reason, by=by, at=command.at)
        return
    if change.price is not None or change.quantity is not None:
        _correct_figures(signal, change, correction, by, command)
    if change.stop is not None or change.targets:
        signal.move_levels(
            stop=change.stop,
            targets=change.targets,
            message=change.message or correction,
            posted_at=command.at,
            at=command.at,
        )


def _correct_figures(
    signal: Signal, change: Change, correction: UUID, by: str, command: Command
) -> None:
    if not change.part.isdecimal():
        raise InvalidInput(
            "name the execution to correct by its number: 1 is the entry, see the timeline"
        )
    signal.correct(
        correction=correction,
        number=int(change.part),
        price=change.price,
        quantity=change.quantity,
        reason=change.reason,
        by=by,
        at=command.at,
    )


def _correct_order(
    order: Order, change: Change, correction: UUID, by: str, command: Command
) -> None:
    if not change.part:
        raise InvalidInput("name the fill to correct by its ExecID, see the timeline")
    if change.void:
        order.cancel_trade(
            correction=correction,
            exec_id=change.part,
            reason=change.reason,
            by=by,
            at=command.at,
        )
        return
    order.correct_trade(
        correction=correction,
        exec_id=change.part,
        last_qty=change.quantity,
        last_px=change.price,
        reason=change.reason,
        by=by,
        at=command.at,
    )


def _correct_link(
    work: Work, trader: Trader, change: Change, correction: UUID, by: str, command: Command
) -> None:
    """Takes a wrong link back, and links the trader to whom they are."""
    evidence = (change.evidence,) if change.evidence else ()
    if change.linked_to is not None and change.linked_to == trader.linked_to:
        raise InvalidInput(f"{trader.name} is linked to them already")
    if trader.linked_to is not None or change.void:
        trader.unlink(
            reason=change.reason, evidence=evidence, by=by, correction=correction, at=command.at
        )
    if change.linked_to is None:
        return
    other = work.get(Trader, change.linked_to)
    if other.id != trader.id and leads_to(work, other, trader):
        raise Impossible(f"{trader.name} and {other.name} are one person already")
    trader.link(
        change.linked_to, reason=change.reason, evidence=evidence, by=by, correction=correction,
        at=command.at,
    )  # fmt: skip
