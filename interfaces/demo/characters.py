"""Who is in the simulated community: each trader's character and habits.

A character is the truth that the product must find out from messages and quotes alone. Only
the skilled see anything of the market's hidden drift, and that dimly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FUNDS = ("SPY", "QQQ", "IWM")
GIANTS = ("AAPL", "MSFT", "AMZN", "META", "NVDA")
WILD = ("TSLA", "NVDA", "AMD", "COIN", "PLTR")
EVERYTHING = (*FUNDS, "TSLA", "AAPL", "NVDA", "AMD", "MSFT", "META", "AMZN", "COIN", "PLTR")


class Character(StrEnum):
    """What a trader of the demo is really like."""

    SKILLED = "skilled"
    LUCKY = "lucky"
    NOISE = "noise"
    TAIL_SELLER = "tail seller"
    MARTINGALE = "martingale"
    DELETER = "deleter"
    EDITOR = "editor"
    EXAGGERATOR = "exaggerator"
    STOCKS = "stocks"
    SCALPER = "scalper"
    SPREADS = "spreads"
    LEAVER = "leaver"
    NEWCOMER = "newcomer"


class View(StrEnum):
    """Where a trader's opinion comes from."""

    COIN = "coin"
    TREND = "trend"
    FADE = "fade"
    PEEK = "peek"


class Vehicle(StrEnum):
    """What a trader trades the opinion with."""

    STOCK = "stock"
    WEEKLY = "weekly"
    SAME_DAY = "same day"
    SWING = "swing"
    LOTTO = "lotto"
    VERTICAL = "vertical"
    TAIL = "tail"


@dataclass(frozen=True, slots=True)
class Habits:
    """How a trader trades. Ratios are of the entry price; 0 means never."""

    view: View
    vehicles: tuple[Vehicle, ...]
    symbols: tuple[str, ...]
    a_day: float
    """Positions opened on a usual day, at a community of the usual size."""
    take: float = 0.5
    stop: float = 0.4
    trim_at: float = 0.0
    minutes: tuple[int, int] = (60, 1200)
    """Traded minutes after which a position is closed whatever it shows."""
    left_open: float = 0.05
    """Chance that no exit is ever posted."""
    adds: int = 0
    states_levels: float = 0.2
    """Chance that the entry names its stop and target."""
    noise: float = 1.0
    """How dim the view of a peeker is: deviations of error per deviation of drift."""
    from_day: int = 0
    until_day: int = 10_000
    positions_max: int = 10_000


@dataclass(frozen=True, slots=True)
class Trader:
    """A member who posts trades."""

    name: str
    nickname: str
    character: Character
    channel: str
    habits: Habits
    speaks: str = "plain"
    """`plain` text, or `cards` posted by a relay on the trader's behalf."""
    draws: int = 1
    """How many lives are drawn, of which the best is kept: luck, seen from its end."""


OPTIONS_ROOM = "options-alerts"
STOCK_ROOM = "stock-alerts"
LOTTO_ROOM = "lotto"
ROOMS = (OPTIONS_ROOM, STOCK_ROOM, LOTTO_ROOM)

_WEEKLY, _SWING = Vehicle.WEEKLY, Vehicle.SWING

TRADERS = (
    Trader("harbor_pilot", "Harbor Pilot", Character.SKILLED, OPTIONS_ROOM,
           Habits(View.PEEK, (_WEEKLY, _SWING), EVERYTHING, 0.8, take=0.6, stop=0.45,
                  trim_at=0.3, minutes=(90, 600), noise=0.25)),
    Trader("quietquant", "quiet quant", Character.SKILLED, OPTIONS_ROOM,
           Habits(View.PEEK, (_WEEKLY,), WILD + GIANTS, 0.8, take=0.7, stop=0.5,
                  minutes=(60, 500), states_levels=0.5, noise=0.25)),
    Trader("redwood_relay", "Redwood Alerts", Character.SKILLED, LOTTO_ROOM,
           Habits(View.PEEK, (Vehicle.SAME_DAY,), FUNDS, 1.1, take=0.9, stop=0.5, trim_at=0.35,
                  minutes=(45, 180), left_open=0.02, noise=0.3), speaks="cards"),
    Trader("marlow_b", "Marlow", Character.SKILLED, STOCK_ROOM,
           Habits(View.PEEK, (Vehicle.STOCK,), EVERYTHING, 0.7, take=0.05, stop=0.03,
                  minutes=(120, 900), noise=0.25)),
    Trader("four_leaf_finn", "Finn", Character.LUCKY, OPTIONS_ROOM,
           Habits(View.COIN, (_WEEKLY, _SWING), WILD, 0.4, take=1.5, stop=0.6,
                  minutes=(120, 1500)), draws=12),
    Trader("gladys_greeks", "Gladys", Character.NOISE, OPTIONS_ROOM,
           Habits(View.COIN, (_WEEKLY, _SWING), EVERYTHING, 0.8, trim_at=0.25, left_open=0.10)),
    Trader("tapewormtony", "Tony", Character.NOISE, OPTIONS_ROOM,
           Habits(View.TREND, (_WEEKLY,), WILD, 0.9, take=0.35, stop=0.35, trim_at=0.2)),
    Trader("bricklane", "brick lane", Character.NOISE, OPTIONS_ROOM,
           Habits(View.FADE, (_WEEKLY, _SWING), GIANTS, 0.7, take=0.4, stop=0.5,
                  states_levels=0.6)),
    Trader("nightheron", "Night Heron", Character.NOISE, OPTIONS_ROOM,
           Habits(View.COIN, (_SWING,), EVERYTHING, 0.6, take=0.8, stop=0.5,
                  minutes=(400, 3000), left_open=0.12)),
    Trader("sundaydriver", "Sunday Driver", Character.NOISE, OPTIONS_ROOM,
           Habits(View.TREND, (_WEEKLY,), EVERYTHING, 0.6, take=0.6, stop=0.0,
                  minutes=(200, 1600), left_open=0.15)),
    Trader("theta_thea", "Thea", Character.TAIL_SELLER, OPTIONS_ROOM,
           Habits(View.COIN, (Vehicle.TAIL,), EVERYTHING, 0.8, take=0.85, stop=0.0,
                  minutes=(4000, 4000), left_open=0.75)),
    Trader("penny_collector", "Penny Collector", Character.TAIL_SELLER, OPTIONS_ROOM,
           Habits(View.COIN, (Vehicle.TAIL,), WILD, 0.7, take=0.9, stop=0.0,
                  minutes=(4000, 4000), left_open=0.9)),
    Trader("doubledown_dex", "Dex", Character.MARTINGALE, OPTIONS_ROOM,
           Habits(View.COIN, (_WEEKLY,), WILD, 0.5, take=0.15, stop=0.0, adds=3,
                  minutes=(4000, 4000))),
    Trader("averagingabe", "Abe", Character.MARTINGALE, OPTIONS_ROOM,
           Habits(View.FADE, (_SWING, _WEEKLY), EVERYTHING, 0.45, take=0.12, stop=0.0, adds=3,
                  minutes=(4000, 4000), left_open=0.1)),
    Trader("cleanslate", "Clean Slate", Character.DELETER, OPTIONS_ROOM,
           Habits(View.COIN, (_WEEKLY,), EVERYTHING, 0.9, take=0.5, stop=0.45, trim_at=0.25)),
    Trader("vanishing_vic", "Vic", Character.DELETER, LOTTO_ROOM,
           Habits(View.TREND, (Vehicle.SAME_DAY, Vehicle.LOTTO), (*FUNDS, "TSLA", "NVDA"), 0.8,
                  take=0.8, stop=0.6, minutes=(20, 200))),
    Trader("secondthoughts", "Second Thoughts", Character.EDITOR, OPTIONS_ROOM,
           Habits(View.COIN, (_WEEKLY,), EVERYTHING, 0.9, take=0.45, stop=0.4)),
    Trader("rewrite_rae", "Rae", Character.EDITOR, STOCK_ROOM,
           Habits(View.TREND, (Vehicle.STOCK,), WILD, 0.5, take=0.04, stop=0.03,
                  minutes=(60, 700))),
    Trader("goldenfill", "Golden Fill", Character.EXAGGERATOR, OPTIONS_ROOM,
           Habits(View.COIN, (_WEEKLY,), EVERYTHING, 1.0, take=0.5, stop=0.4, trim_at=0.3,
                  left_open=0.1)),
    Trader("moonshotmax", "Max", Character.EXAGGERATOR, LOTTO_ROOM,
           Habits(View.TREND, (Vehicle.LOTTO, Vehicle.SAME_DAY), (*FUNDS, *WILD), 0.9, take=1.2,
                  stop=0.7, minutes=(30, 300), left_open=0.2)),
    Trader("oakledger", "Oak Ledger", Character.STOCKS, STOCK_ROOM,
           Habits(View.TREND, (Vehicle.STOCK,), GIANTS + FUNDS, 0.6, take=0.06, stop=0.04,
                  trim_at=0.03, minutes=(400, 4000), states_levels=0.4)),
    Trader("dividend_dora", "Dora", Character.STOCKS, STOCK_ROOM,
           Habits(View.FADE, (Vehicle.STOCK,), EVERYTHING, 0.6, take=0.04, stop=0.05,
                  minutes=(400, 5000), left_open=0.15)),
    Trader("swiftlet", "Swiftlet", Character.SCALPER, LOTTO_ROOM,
           Habits(View.TREND, (Vehicle.SAME_DAY,), FUNDS, 1.4, take=0.25, stop=0.3,
                  minutes=(5, 45), left_open=0.01)),
    Trader("zerohour", "Zero Hour", Character.SCALPER, LOTTO_ROOM,
           Habits(View.FADE, (Vehicle.SAME_DAY,), FUNDS, 1.3, take=0.3, stop=0.35, trim_at=0.2,
                  minutes=(8, 70), left_open=0.02)),
    Trader("verticalvera", "Vera", Character.SPREADS, OPTIONS_ROOM,
           Habits(View.TREND, (Vehicle.VERTICAL,), FUNDS, 0.7, take=0.45, stop=0.45,
                  minutes=(200, 1500))),
    Trader("width_wu", "Wu", Character.SPREADS, OPTIONS_ROOM,
           Habits(View.COIN, (Vehicle.VERTICAL,), (*FUNDS, "NVDA", "TSLA", "AAPL"), 0.6, take=0.6,
                  stop=0.5, minutes=(200, 2000), left_open=0.1)),
    Trader("driftwood", "Driftwood", Character.LEAVER, OPTIONS_ROOM,
           Habits(View.COIN, (_WEEKLY,), EVERYTHING, 1.1, take=0.4, stop=0.5, until_day=20)),
    Trader("fresh_ink", "Fresh Ink", Character.NEWCOMER, OPTIONS_ROOM,
           Habits(View.TREND, (_WEEKLY,), GIANTS, 0.4, from_day=38, positions_max=5,
                  states_levels=0.6)),
)  # fmt: skip

ONLOOKERS = (
    ("paperhands_pat", "Pat"), ("lurker_lou", "Lou"), ("askalot", "ask a lot"),
    ("greenday_gus", "Gus"), ("mod_mina", "Mina (mod)"), ("chartnerd", "chart nerd"),
    ("coffee_first", "coffee first"), ("tuesday_tess", "Tess"),
)  # fmt: skip
"""Members who talk and never trade: name and nickname."""
