"""The oracle's trades: each signal's row and what every moment of its path contributed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain import order_events, signal_events
from domain.instruments import Option, instrument
from domain.shared import Event
from tests.properties.oracle import NIL, Fifo, Figures, Marks, Moves, Told, twelve
from tests.properties.oracle_sums import Path, measure


def trade_figures(told: Sequence[Told], stream: UUID, marks: Marks) -> tuple[Figures, Moves]:
    """The row of a signal's trade, and what each moment contributed (ratio, P&L, nothing)."""
    own = [each.event for each in told if each.stream == stream]
    posted = own[0]
    assert isinstance(posted, signal_events.SignalPosted)
    executions, voided = _executions(own)
    order = [executions[n] for n in sorted(executions, key=lambda n: (executions[n]["at"], n))]
    filled = any(
        isinstance(each.event, order_events.OrderFilled) and _signal_of(told, each) == stream
        for each in told
    )
    entry = executions[1]
    had = entry["ok"] or entry["corrected"]
    scored = not voided and had and entry["price"] != 0
    per = Decimal(100 if len(posted.legs[0].symbol) > 6 else 1)
    walked = _walk_trade(order, posted, per, _trade_marks(posted, marks, order[0]["at"]))
    closed = sum((part["quantity"] for part in order), NIL) == 0
    final: Figures = {"at": None, **_nothing()} if voided else dict(walked[-1])
    del final["at"]
    if voided:
        badge = "void"
    elif not scored:
        badge = "unattainable"
    else:
        bases = {part["basis"] for part in order}
        best = "filled" if filled else "checked"
        badge = "assumed" if "assumed" in bases else "posted" if "posted" in bases else best
    row = {
        **final, "badge": badge, "scored": scored, "book": posted.trader,
        "unattainable": any(not part["ok"] and not part["corrected"] for part in order),
        "opened_at": order[0]["at"], "closed_at": order[-1]["at"] if closed else None,
    }  # fmt: skip
    row["measured"] = measure(posted, order, final["pnl"], per)
    row["path"] = Path(posted, order, walked, per)
    counted = _counting(order)
    moves: Moves = {}
    before = _nothing()
    for step in walked if scored else ():
        ratio, pnl, _ = moves.get(step["at"], (NIL, NIL, NIL))
        moves[step["at"]] = (ratio + step["pnl_ratio"] - before["pnl_ratio"],
                             pnl + counted(step["pnl"]) - counted(before["pnl"]), NIL)  # fmt: skip
        before = step
    return row, moves


def _counting(order: Sequence[Figures]) -> Callable[[Decimal], Decimal]:
    """What counts of the trade's dollars: as much as stood at the quotes of its entries."""
    shares = [
        twelve(Decimal(part["stood"]) / part["quantity"])
        for part in order
        if part.get("stood") and part["quantity"] > part["stood"]
    ]
    if not shares:
        return lambda pnl: pnl
    return lambda pnl: (pnl * min(shares)).quantize(Decimal("0.01"))


def _executions(own: Sequence[Event]) -> tuple[dict[int, Figures], bool]:
    """The executions as they count now, and whether the signal was voided."""
    posted = own[0]
    assert isinstance(posted, signal_events.SignalPosted)
    executions: dict[int, Figures] = {
        1: {"at": posted.posted_at, "quantity": posted.quantity, "price": posted.price,
            "basis": "posted", "ok": True, "corrected": False}
    }  # fmt: skip
    voided = False
    for event in own[1:]:
        match event:
            case signal_events.SignalAdded():
                executions[event.number] = {"at": event.posted_at, "quantity": event.quantity,
                                            "price": event.price, "basis": "posted", "ok": True,
                                            "corrected": False}  # fmt: skip
            case signal_events.SignalExitCalled():
                basis = "assumed" if event.price is None else "posted"
                executions[event.number] = {"at": event.posted_at, "quantity": -event.quantity,
                                            "price": event.price, "basis": basis, "ok": True,
                                            "corrected": False}  # fmt: skip
            case signal_events.SignalSettled():
                executions[event.number] = {
                    "at": event.settled_at, "quantity": -event.quantity, "ok": True,
                    "price": None if event.assumed else event.price, "corrected": False,
                    "basis": "assumed" if event.assumed else "checked",
                }  # fmt: skip
            case signal_events.SignalPriceChecked():
                part = executions[event.number]
                part["ok"] = event.attainable
                part["stood"] = event.offer_size if posted.side.sign > 0 else event.bid_size
                if not part["corrected"]:
                    part.update(price=event.price, basis="checked")
            case signal_events.SignalCorrected():
                part = executions[event.number]
                if event.price is not None:
                    part.update(price=event.price, basis="posted", corrected=True)
                if event.quantity is not None:
                    part["quantity"] = event.quantity.copy_sign(part["quantity"])
            case signal_events.SignalVoided():
                voided = True
    return executions, voided


def _signal_of(told: Sequence[Told], filled: Told) -> UUID | None:
    for each in told:
        if each.stream == filled.stream and isinstance(each.event, order_events.OrderRequested):
            return each.event.signal
    return None


def _trade_marks(
    posted: signal_events.SignalPosted, marks: Marks, since: datetime
) -> list[tuple[datetime, Decimal]]:
    """What closing one unit brought, or cost when the trade was sold."""
    sign = posted.side.sign
    legs = [(leg.symbol, leg.ratio * leg.side.sign * sign) for leg in posted.legs]
    return [(at, bid if sign > 0 else offer) for at, bid, offer in marks.of(legs) if at >= since]


def _nothing() -> Figures:
    return {
        "quantity": NIL, "entry_cost": NIL, "cost": NIL, "average_cost": NIL, "realised": NIL,
        "realised_average": NIL, "pnl": NIL, "pnl_ratio": NIL, "mark": None, "marked_at": None,
    }  # fmt: skip


def _tied_up(posted: signal_events.SignalPosted, price: Decimal) -> Decimal:
    """Per share: the price of what was bought; the worst end of what was sold, or margin."""
    if posted.side.sign > 0:
        return price
    named = [(instrument(leg.symbol), leg.side.sign * leg.ratio) for leg in posted.legs]
    if not all(isinstance(one, Option) for one, _ in named):
        return price
    margin, naked_calls, ends = NIL, 0, []
    for option, held in named:
        assert isinstance(option, Option)
        if held < 0:
            margin += option.strike * -held / 5
        if option.right.value == "C":
            naked_calls -= held
    for spot in [NIL, *(option.strike for option, _ in named if isinstance(option, Option))]:
        worth = NIL
        for option, held in named:
            assert isinstance(option, Option)
            up = spot - option.strike if option.right.value == "C" else option.strike - spot
            worth += held * max(up, NIL)
        ends.append(-(price + worth))
    at_risk = margin if naked_calls > 0 else min(margin, max(ends))
    return max(at_risk, price)


def _walk_trade(
    order: list[Figures],
    posted: signal_events.SignalPosted,
    per: Decimal,
    marks: list[tuple[datetime, Decimal]],
) -> list[Figures]:
    """The trade's figures after each execution and each mark, in the order of time."""
    facts: list[tuple[datetime, int, Any]] = [(part["at"], 0, part) for part in order]
    facts += [(at, 1, price) for at, price in marks]
    facts.sort(key=lambda fact: fact[:2])
    ends = order[-1]["at"] if sum((part["quantity"] for part in order), NIL) == 0 else None
    sign = posted.side.sign
    book, entered, paid, tied = Fifo(), NIL, NIL, NIL
    mark: Decimal | None = None
    marked_at: datetime | None = None
    worst = NIL
    steps = []
    for at, kind, fact in facts:
        if kind == 1:
            if ends is not None and at >= ends:
                continue
            mark, marked_at, worst = fact, at, max(worst, fact)
        else:
            quantity, price = fact["quantity"], fact["price"]
            if price is None:
                price = NIL
                if sign < 0 and entered:
                    price = max(twelve(paid / (entered * per) * 2), worst)
            value = quantity * sign * price * per
            fact.update(used=price, tied=_tied_up(posted, price))
            book.trade(quantity * sign, value, value, at)
            if quantity > 0:
                entered += quantity
                paid += abs(value)
                tied += quantity * fact["tied"] * per
        pnl = book.realised
        if mark is not None and book.open != 0:
            pnl += book.open * mark * per - book.cost
        share = twelve(pnl / tied) if tied else NIL
        share = max(min(share, Decimal(1_000_000)), Decimal(-1_000_000))
        steps.append({
            "at": at, "quantity": book.open, "entry_cost": paid, "cost": book.cost,
            "average_cost": book.average, "realised": book.realised,
            "realised_average": book.realised_average, "pnl": pnl, "pnl_ratio": share,
            "mark": mark if book.open else None, "marked_at": marked_at if book.open else None,
        })  # fmt: skip
    return steps
