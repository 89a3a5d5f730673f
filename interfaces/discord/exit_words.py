"""Exit words: how a holding is guarded and left, a line for each event of its exit plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from application.selling import IN_WORDS
from domain.exit_terms import ExitReason, Levels, QuoteSeen
from domain.shared import learned
from interfaces.wording import amount, moment, percent, price
from projections.naming import title_of

Body = Mapping[str, Any]


def exit_told(name: str, body: Body) -> str | None:
    """What an event of an exit plan says; None if it is of none."""
    words = _TOLD.get(name)
    return None if words is None else words(body)


def _set(body: Body) -> str:
    holds = f"{body['account']} holds {_amount(body, 'held')} at {_price(body, 'avg_px')}"
    return f"{holds}, {_guarded(body)}"


def _changed(body: Body) -> str:
    return f"from now on {_guarded(body)}; by {body['by']}"


def _grown(body: Body) -> str:
    return (
        f"{_amount(body, 'held')} held at {_price(body, 'avg_px')}, "
        f"{_amount(body, 'quantity')} more than before"
    )


def _trailed(body: Body) -> str:
    return f"the best price is {_price(body, 'best')}: the trailing stop follows it"


def _triggered(body: Body) -> str:
    limit = _price(body, "limit_px")
    at = f"at {limit} or better" if limit else "at the market"
    beyond = f", {_price(body, 'gap')} beyond it" if body.get("gapped") else ""
    return f"{_reason(body)}{beyond}: {_amount(body, 'quantity')} to be closed {at}{_seen(body)}"


def _postponed(body: Body) -> str:
    return f"{_reason(body)} is due and waits for {body['waits_for']}{_seen(body)}"


def _reduced(body: Body) -> str:
    left = f"{_amount(body, 'held')} held"
    over = body.get("oversold")
    oversold = f", {amount(Decimal(over))} more than was held" if over and Decimal(over) else ""
    return f"{_amount(body, 'quantity')} gone ({body['why']}){oversold}: {left}"


def _released(body: Body) -> str:
    again = body.get("retry_at")
    later = "" if again is None else f"; tried again after {again[11:19]}"
    return f"{_amount(body, 'left')} of a closing order did not trade: {body['why']}{later}"


def _resized(body: Body) -> str:
    return f"a closing order closes {_amount(body, 'left')} from now on: {body['why']}"


def _adjusted(body: Body) -> str:
    units = f"{_amount(body, 'from_quantity')} became {_amount(body, 'to_quantity')}"
    was, now = title_of(body["symbol"]), title_of(body["to_symbol"])
    what = was if was == now else f"{was} is {now} from now on"
    return f"{what} ({body['why']}): {units}, and the levels follow"


def _warned(body: Body) -> str:
    return f"to be looked at: {body['words']}"


def _done(body: Body) -> str:
    return f"the exit plan is done: {body['why']}"


_TOLD: dict[str, Callable[[Body], str]] = {
    "exit_plan.set": _set,
    "exit_plan.changed": _changed,
    "exit_plan.grown": _grown,
    "exit_plan.trailed": _trailed,
    "exit_plan.triggered": _triggered,
    "exit_plan.postponed": _postponed,
    "exit_plan.reduced": _reduced,
    "exit_plan.released": _released,
    "exit_plan.resized": _resized,
    "exit_plan.adjusted": _adjusted,
    "exit_plan.warned": _warned,
    "exit_plan.done": _done,
}


def _guarded(body: Body) -> str:
    told = ", ".join(_levels(msgspec.convert(body["levels"], learned(Levels))))
    left_out = "; ".join(body.get("left_out", ()))
    guarded = f"guarded by {told}" if told else "guarded by no level"
    return f"{guarded} (not by what was said: {left_out})" if left_out else guarded


def _levels(levels: Levels) -> Iterator[str]:
    if levels.stop is not None:
        yield f"stop {price(levels.stop)}"
    for target in levels.targets:
        part = "" if target.quantity is None else f" for {amount(target.quantity)}"
        yield f"target {price(target.price)}{part}"
    if levels.trailing is not None:
        behind = levels.trailing
        share = percent(behind.share, places=0, sign=False)
        yield f"a trailing stop {price(behind.amount) if behind.amount else share} behind"
    if levels.time_stop is not None:
        ends = levels.time_stop
        if ends.days_left is not None:
            days = "day" if ends.days_left == 1 else "days"
            yield f"a time stop {ends.days_left} {days} before expiry"
        if ends.at is not None:
            yield f"a time stop at {moment(ends.at)} UTC"


def _reason(body: Body) -> str:
    level = _price(body, "level")
    words = IN_WORDS[ExitReason(body["reason"])]
    return f"{words} {level}" if level else words


def _seen(body: Body) -> str:
    """By which quote."""
    if body.get("quote") is None:
        return ""
    quote = msgspec.convert(body["quote"], learned(QuoteSeen))
    return f" (bid {price(quote.bid)}, offer {price(quote.offer)} at {quote.time:%H:%M:%S} UTC)"


def _amount(body: Body, name: str) -> str:
    return amount(Decimal(body[name]))


def _price(body: Body, name: str) -> str:
    value = body.get(name)
    return "" if value is None else price(Decimal(value))
