"""Regulatory fees of US equities and options, by the day from which each rate holds.

Sales only:

* SEC, section 31 of the Exchange Act, of the proceeds. 27.80 dollars per million until
  2025-05-13, nothing from 2025-05-14 (Fee Rate Advisory #2 for fiscal year 2025), 20.60 from
  2026-04-04 (Fee Rate Advisory #2 for fiscal year 2026).
* FINRA's Trading Activity Fee, Schedule A to the By-Laws, section 1, as amended by
  SR-FINRA-2024-019: per share 0.000166 at most 8.30 a trade in 2025, 0.000195 at most 9.79 in
  2026, 0.000232 at most 11.61 in 2027; per contract 0.00279 in 2025 and 0.00329 from 2026 (the
  contract's rate of 2027 was not verified and is carried on). Nothing from 2026-10-01 to
  2026-12-31 (SR-FINRA-2026-021, release 34-106409; known to us from secondary sources only).

Neither is due on options on broad indexes, and none of them on pairs.

Purchases and sales of options:

* The Options Regulatory Fee is each exchange's own, and many changed on 2026-01-02 from all
  contracts to those traded at home, so no single rate could be verified: it is zero unless an
  account is given its broker's rate (`Fees.orf_per_contract`).

Brokers add up a day's fees by kind and charge each rounded up to the cent (so does Alpaca, in
its page on regulatory fees).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import TypeVar

from domain.fix import Side
from domain.instruments import Equity, Instrument, Option
from domain.shared import CENT, WIDE, Value

D = Decimal
MILLION = D(1_000_000)
NOTHING = D(0)


class SecRate(Value, frozen=True, kw_only=True):
    """The section 31 rate from a day on."""

    begins: date
    per_million: Decimal


class TafRate(Value, frozen=True, kw_only=True):
    """The trading activity fee from a day on; `most` bounds one trade."""

    begins: date
    per_share: Decimal
    per_contract: Decimal
    most: Decimal


_Rate = TypeVar("_Rate", SecRate, TafRate)

SEC_RATES = (
    SecRate(begins=date(2024, 5, 22), per_million=D("27.80")),
    SecRate(begins=date(2025, 5, 14), per_million=NOTHING),
    SecRate(begins=date(2026, 4, 4), per_million=D("20.60")),
)

_TAF_2026 = (D("0.000195"), D("0.00329"), D("9.79"))
_TAF_2027 = (D("0.000232"), D("0.00329"), D("11.61"))


def _taf(begins: date, rates: tuple[Decimal, Decimal, Decimal]) -> TafRate:
    per_share, per_contract, most = rates
    return TafRate(begins=begins, per_share=per_share, per_contract=per_contract, most=most)


TAF_RATES = (
    _taf(date(2024, 1, 1), (D("0.000166"), D("0.00279"), D("8.30"))),
    _taf(date(2026, 1, 1), _TAF_2026),
    _taf(date(2026, 10, 1), (NOTHING, NOTHING, NOTHING)),
    _taf(date(2027, 1, 1), _TAF_2027),
)


class Fees(Value, frozen=True, kw_only=True):
    """Which fees an account bears. Rates are ordered by their first day."""

    sec: tuple[SecRate, ...] = SEC_RATES
    taf: tuple[TafRate, ...] = TAF_RATES
    orf_per_contract: Decimal = NOTHING

    def of(
        self, traded: Instrument, side: Side, quantity: Decimal, proceeds: Decimal, day: date
    ) -> dict[str, Decimal]:
        """What a trade costs in fees by their names, in dollars and not rounded yet."""
        found: dict[str, Decimal] = {}
        is_option = isinstance(traded, Option)
        if is_option and self.orf_per_contract:
            found["ORF"] = self.orf_per_contract * quantity
        if side is Side.BUY or not (is_option or isinstance(traded, Equity)):
            return found
        if isinstance(traded, Option) and traded.is_index:
            return found
        sec, taf = _in_force(self.sec, day), _in_force(self.taf, day)
        if sec is not None and sec.per_million:
            found["SEC"] = sec.per_million * proceeds / MILLION
        if taf is not None:
            rate = taf.per_contract if is_option else taf.per_share
            if rate:
                found["TAF"] = min(rate * quantity, taf.most)
        return found


NO_FEES = Fees(sec=(), taf=())


def charged(accrued: Decimal) -> Decimal:
    """What a day's fees of one kind come to: rounded up to the cent."""
    return accrued.quantize(CENT, ROUND_CEILING, WIDE)


def _in_force(rates: Sequence[_Rate], day: date) -> _Rate | None:
    return next((rate for rate in reversed(rates) if rate.begins <= day), None)
