"""What is traded: equities, US listed options, crypto pairs, currencies, and how each is named.

Every instrument has one canonical symbol, the one kept in events:

- equity: the ticker (`AAPL`, `BRK.B`; `BRK-B` and `BRK/B` are read as the same)
- option: the 21-character OSI symbol of the OCC (root padded to 6, `yymmdd`, `C|P`,
  strike x 1000 in 8 digits), e.g. `TSLA  261120C00250000`
- crypto pair: `BASE/QUOTE` (`BTC/USD`, `1000PEPE/USDT`; `BTCUSDT` is read as `BTC/USDT`)
- pair of currencies or metals: the two codes in one word (`EURUSD`, `XAUUSD`; `EUR/USD` is
  read as the same)

Sources: OCC, Options Symbology Initiative (2010); ISO 4217 for codes of currencies and metals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from domain.exercise_styles import ExerciseStyle, exercise_style
from domain.shared import InvalidInput

STANDARD_MULTIPLIER = 100

_OSI = re.compile(r"^([A-Z]{1,5}\d?) *(\d{2})(\d{2})(\d{2})([CP])(\d{8})$", re.ASCII)
_TICKER = re.compile(r"^[A-Z]{1,5}(?:[.\-/][A-Z]{1,2})?$")
_PAIR = re.compile(r"^([A-Z0-9]{1,12})/(USD|USDT|USDC|EUR|BTC|ETH)$", re.ASCII)
_JOINED_PAIR = re.compile(r"^([A-Z0-9]{2,12})(USDT|USDC)$", re.ASCII)
_CURRENCIES = re.compile(r"^([A-Z]{3})[/\-]?([A-Z]{3})$", re.ASCII)
_ROOT = re.compile(r"^[A-Z]{1,5}\d?$", re.ASCII)

_INDEX_ROOTS = {
    "SPX": "SPX", "SPXW": "SPX", "XSP": "XSP", "NDX": "NDX", "NDXP": "NDX", "XND": "XND",
    "RUT": "RUT", "RUTW": "RUT", "MRUT": "MRUT", "VIX": "VIX", "VIXW": "VIX", "DJX": "DJX",
    "OEX": "OEX", "XEO": "XEO",
}  # fmt: skip
_SHARE_CLASSES = {"BRKB": "BRK.B", "BFB": "BF.B"}
"""Roots have no dot; most others stand for a ticker of the same letters."""


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


CURRENCIES = _codes(
    """
    USD EUR GBP JPY CHF AUD NZD CAD SEK NOK DKK ISK PLN CZK HUF RON BGN TRY ZAR ILS MXN BRL CLP
    COP CNH CNY HKD SGD THB IDR MYR PHP INR KRW TWD AED SAR KWD QAR KZT RUB UAH
    """
)
"""Codes that are traded over the counter: ISO 4217, and CNH for the yuan traded abroad."""
METALS = _codes("XAU XAG XPT XPD")
"""Gold, silver, platinum and palladium, by the troy ounce."""


class Right(StrEnum):
    """PutOrCall (FIX tag 201)."""

    CALL = "C"
    PUT = "P"


@dataclass(frozen=True, slots=True)
class Equity:
    """A listed share or fund."""

    ticker: str

    @property
    def symbol(self) -> str:
        return self.ticker

    @property
    def underlying(self) -> str:
        return self.ticker

    @property
    def multiplier(self) -> int:
        return 1

    def __str__(self) -> str:
        return self.ticker


@dataclass(frozen=True, slots=True)
class CryptoPair:
    """A spot pair, quantity in the base currency and price in the quote currency."""

    base: str
    quote: str

    @property
    def symbol(self) -> str:
        return f"{self.base}/{self.quote}"

    @property
    def underlying(self) -> str:
        return self.symbol

    @property
    def multiplier(self) -> int:
        return 1

    def __str__(self) -> str:
        return self.symbol


@dataclass(frozen=True, slots=True)
class FxPair:
    """Spot currency or metal against a currency: one unit is one of the base, not a lot."""

    base: str
    quote: str

    @property
    def symbol(self) -> str:
        return f"{self.base}{self.quote}"

    @property
    def underlying(self) -> str:
        return self.symbol

    @property
    def multiplier(self) -> int:
        return 1

    @property
    def is_metal(self) -> bool:
        return self.base in METALS

    def __str__(self) -> str:
        return self.symbol


@dataclass(frozen=True, slots=True)
class Option:
    """A US listed option. A root that ends in a digit is an adjusted contract."""

    root: str
    expiry: date
    right: Right
    strike: Decimal

    def __post_init__(self) -> None:
        if not _ROOT.match(self.root):
            raise InvalidInput(f"{self.root!r} is no option root: 1 to 5 letters, then a digit "
                               "if the contract is adjusted")  # fmt: skip
        thousandths = self.strike * 1000 if self.strike.is_finite() else Decimal(0)
        if not 0 < thousandths < 100_000_000 or thousandths != int(thousandths):
            raise InvalidInput(f"{self.strike} is no strike: more than 0, less than 100000, "
                               "three decimals at most")  # fmt: skip

    @property
    def symbol(self) -> str:
        strike = int(self.strike * 1000)
        return f"{self.root:<6}{self.expiry:%y%m%d}{self.right.value}{strike:08d}"

    @property
    def underlying(self) -> str:
        """The index for index roots (SPXW settles on SPX), else the share of the root."""
        if self.is_index:
            return _INDEX_ROOTS[self.root]
        ticker = self.root.rstrip("0123456789")
        return _SHARE_CLASSES.get(ticker, ticker)

    @property
    def multiplier(self) -> int:
        """Contract multiplier; an adjustment to another one is recorded as its own fact."""
        return STANDARD_MULTIPLIER

    @property
    def is_adjusted(self) -> bool:
        return self.root[-1].isdigit()

    @property
    def is_index(self) -> bool:
        """Index options are settled in cash; the others deliver shares."""
        return self.root in _INDEX_ROOTS

    @property
    def is_european(self) -> bool:
        return exercise_style(self.root) is ExerciseStyle.EUROPEAN

    def intrinsic(self, spot: Decimal) -> Decimal:
        """Value per share at expiry when the underlying settles at `spot`."""
        value = spot - self.strike if self.right is Right.CALL else self.strike - spot
        return max(value, Decimal(0))

    def __str__(self) -> str:
        strike = f"{self.strike.normalize():f}"
        return f"{self.root} {strike}{self.right.value} {self.expiry.isoformat()}"


Instrument = Equity | Option | CryptoPair | FxPair


@lru_cache(maxsize=65_536)
def instrument(symbol: str) -> Instrument:
    """The instrument that a symbol names: OSI (padded or not), ticker, or pair.

    Raises:
        InvalidInput: the text names no instrument.
    """
    text = symbol.strip().upper()
    found = _OSI.match(text)
    if found:
        root, year, month, day, right, strike = found.groups()
        try:
            expiry = date(2000 + int(year), int(month), int(day))
        except ValueError:
            raise InvalidInput(f"{symbol!r} has no such day as its expiry") from None
        return Option(root, expiry, Right(right), Decimal(strike) / 1000)
    if _TICKER.match(text):
        return Equity(re.sub(r"[-/]", ".", text))
    codes = _CURRENCIES.match(text)
    if codes and _are_currencies(*codes.groups()):
        return FxPair(*codes.groups())
    pair = _PAIR.match(text) or _JOINED_PAIR.match(text)
    if pair:
        return CryptoPair(*pair.groups())
    raise InvalidInput(
        f"{symbol!r} names no instrument: give a ticker (AAPL), an OSI symbol "
        "(TSLA261120C00250000), a pair (BTC/USD) or two currencies (EURUSD)"
    )


def _are_currencies(base: str, quote: str) -> bool:
    return base != quote and base in CURRENCIES | METALS and quote in CURRENCIES
