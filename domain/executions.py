"""Execution: a numbered part of a trade, and what its price rests on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.shared import Value


class Evidence(StrEnum):
    """What the price of an execution rests on."""

    POSTED = "posted"
    CHECKED = "checked"
    ASSUMED = "assumed"


class Execution(Value, frozen=True, kw_only=True):
    """A numbered part of a trade. `quantity` is positive when it opens, negative when it closes.

    Prices are per share: `claimed` by the trader, `checked` by the quote of that moment,
    `corrected` by whoever answers for it.
    """

    number: int
    at: datetime
    quantity: Decimal
    claimed: Decimal | None = None
    checked: Decimal | None = None
    attainable: bool = True
    corrected: Decimal | None = None
    reason: str = ""

    @property
    def price(self) -> Decimal | None:
        if self.corrected is not None:
            return self.corrected
        return self.claimed if self.checked is None else self.checked

    @property
    def evidence(self) -> Evidence:
        if self.corrected is None and self.checked is not None:
            return Evidence.CHECKED
        return Evidence.ASSUMED if self.price is None else Evidence.POSTED

    @property
    def is_unattainable(self) -> bool:
        return not self.attainable and self.corrected is None
