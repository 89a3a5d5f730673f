"""Faults of the fake Alpaca, switched on and off while it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random

LOSE_ANSWER, LOSE_REQUEST, LIMIT, BREAK = "lose_answer", "lose_request", "limit", "break"
"""The order is taken and nothing is answered; nothing is taken; 429; 5xx."""


@dataclass
class Fault:
    """What befalls requests that fit: so many of them, or a share of all."""

    kind: str
    method: str = ""
    path: str = ""
    times: int | None = 1
    chance: float = 1.0
    status: int = 503
    retry_after_s: float | None = None
    after: bool = False
    """A 5xx that comes when the request has been carried out already."""

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("", method) and re.search(self.path or "", path) is not None


@dataclass
class StreamFaults:
    """How the stream misbehaves: shares of its messages, or the next few."""

    lose: int = 0
    double: int = 0
    swap: int = 0
    lose_share: float = 0.0
    double_share: float = 0.0
    swap_share: float = 0.0
    delay_s: float = 0.0


@dataclass
class Faults:
    """The faults that are on, and the chance by which they happen."""

    seed: int = 0
    requests: list[Fault] = field(default_factory=list)
    stream: StreamFaults = field(default_factory=StreamFaults)
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)

    def befalls(self, method: str, path: str) -> Fault | None:
        """The fault of this request, if any; one that came often enough is gone."""
        for fault in self.requests:
            if not fault.fits(method, path) or self.chance.random() >= fault.chance:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.requests.remove(fault)
            return fault
        return None

    def of_message(self) -> str:
        """What becomes of the next message: it is lost, doubled, swapped, or told."""
        stream = self.stream
        for name in ("lose", "double", "swap"):
            left: int = getattr(stream, name)
            if left > 0:
                setattr(stream, name, left - 1)
                return name
            if self.chance.random() < getattr(stream, f"{name}_share"):
                return name
        return "tell"

    def clear(self) -> None:
        self.requests.clear()
        self.stream = StreamFaults()
        self.delay_s = 0.0
