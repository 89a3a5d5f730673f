"""Changes: what of a signal was said or booked otherwise than it is now, as ~~old~~ new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from interfaces.discord.members import called
from interfaces.discord.slash.answers import plain
from interfaces.wording import amount, price
from projections.timeline import TimelineEvent

Body = Mapping[str, Any]

_NUMBERED = {
    "signal.added": "entry", "signal.exit_called": "exit", "signal.settled": "settlement",
}  # fmt: skip


class Asked(NamedTuple):
    """A correction that somebody asked for, and nobody has decided on."""

    correction: UUID
    words: str


class Changes:
    """Follows a signal's story and keeps every figure that another one took the place of."""

    def __init__(self, story: Sequence[TimelineEvent]) -> None:
        self.lines: list[str] = []
        self._asked: dict[UUID, str] = {}
        self._figures: dict[int, tuple[str, str, str]] = {}
        self._stop = ""
        self._targets = ""
        for event in story:
            self._follow(event.name, event.stream, msgspec.json.decode(event.body))

    @property
    def asked(self) -> list[Asked]:
        """What waits for an admin, the oldest first."""
        return [Asked(correction, words) for correction, words in self._asked.items()]

    def _follow(self, name: str, stream: UUID, body: Body) -> None:
        match name:
            case "signal.posted":
                self._figures[1] = ("entry", _price(body["price"]), _figure(body["quantity"]))
                self._stop, self._targets = _price(body.get("stop")), _figures(body)
            case "signal.added" | "signal.exit_called" | "signal.settled":
                told = (_NUMBERED[name], _price(body.get("price")), _figure(body["quantity"]))
                self._figures[body["number"]] = told
            case "signal.price_checked":
                kind, _, quantity = self._figures[body["number"]]
                self._figures[body["number"]] = (kind, _price(body["price"]), quantity)
            case "signal.levels_moved":
                self.lines += self._moved(body)
            case "signal.source_edited":
                changes = ", ".join(map(_change, body["changes"]))
                self.lines.append(f"its author edited: {changes}; what was said first counts")
            case "signal.corrected":
                self.lines.append(f"{', '.join(self._corrected(body))}: {_why(body)}")
            case "signal.voided":
                self.lines.append(f"voided: {_why(body)}")
            case "correction.requested":
                self._asked[stream] = f"{self._request(body)}: {_why(body)}"
            case "correction.applied":
                self._asked.pop(stream, None)
            case "correction.refused":
                if words := self._asked.pop(stream, ""):
                    self.lines.append(f"not corrected ({words}): {_why(body)}")

    def _moved(self, body: Body) -> Iterator[str]:
        stop, targets = _price(body.get("stop")), _figures(body)
        if stop and stop != self._stop:
            yield f"stop {_replaced(self._stop, stop)}"
            self._stop = stop
        if targets and targets != self._targets:
            yield f"targets {_replaced(self._targets, targets)}"
            self._targets = targets

    def _corrected(self, body: Body) -> Iterator[str]:
        number = body["number"]
        kind, old_price, quantity = self._figures[number]
        name = kind if number == 1 else f"{kind} {number}"
        new_price, new_quantity = _price(body.get("price")), _figure(body.get("quantity"))
        if new_price:
            yield f"{name} price {_replaced(old_price, new_price)}"
        if new_quantity:
            yield f"{name} quantity {_replaced(quantity, new_quantity)}"
        self._figures[number] = (kind, new_price or old_price, new_quantity or quantity)

    def _request(self, body: Body) -> str:
        if changes := body.get("changes"):
            return ", ".join(map(_change, changes))
        if body.get("void"):
            return "let it count for nothing"
        wanted = {
            "price": _price(body.get("price")),
            "quantity": _figure(body.get("quantity")),
            "stop": _price(body.get("stop")),
        }
        told = [f"{name} {value}" for name, value in wanted.items() if value]
        if targets := _figures(body):
            told.append(f"targets {targets}")
        return ", ".join([f"of {body['part']}" if body.get("part") else "", *told]).strip(", ")


def _why(body: Body) -> str:
    return f"{plain(called(body['by']))}, {plain(body.get('reason', ''), 160)}"


def _change(changed: Mapping[str, str]) -> str:
    return f"{changed['field']} {_replaced(plain(changed['was']), plain(changed['now']))}"


def _replaced(old: str, new: str) -> str:
    return f"~~{old or 'none'}~~ {new or 'none'}"


def _price(value: str | None) -> str:
    return "" if value is None else price(Decimal(value))


def _figure(value: str | None) -> str:
    return "" if value is None else amount(Decimal(value))


def _figures(body: Body) -> str:
    return " ".join(map(_price, body.get("targets", ())))
