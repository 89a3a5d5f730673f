"""Order tickets in the many ways people type them, each with the trade it stands for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from domain.grammar.sessions import is_session, session_after

ROOTS = ("TSLA", "NVDA", "SPY", "QQQ", "AMD", "META", "SOFI", "SPX", "GME", "GOOGL", "LULU", "COIN")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SUFFIXES = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


class Ticket(NamedTuple):
    """What is bought, when it was said, and for how much."""

    at: datetime
    root: str
    strike: Decimal
    right: str
    expiry: date
    price: Decimal
    price_to: Decimal | None
    quantity: int | None

    @property
    def day(self) -> date:
        return self.at.date()


def plain(number: Decimal) -> str:
    return f"{number:f}"


def short(number: Decimal) -> str:
    """Without the nought before the point: .95."""
    return plain(number).removeprefix("0")


STRIKES: dict[str, Callable[[str, str], str]] = {
    "150c": lambda strike, right: f"{strike}{right.lower()}",
    "$150C": lambda strike, right: f"${strike}{right}",
    "150 C": lambda strike, right: f"{strike} {right}",
    "150+C": lambda strike, right: f"{strike}+{right}",
    "150-c": lambda strike, right: f"{strike}-{right.lower()}",
    "150 calls": lambda strike, right: f"{strike} {'calls' if right == 'C' else 'puts'}",
    "$150 Call": lambda strike, right: f"${strike} {'Call' if right == 'C' else 'Put'}",
    "150 call(s)": lambda strike, right: f"{strike} {'call' if right == 'C' else 'put'}(s)",
    "150 strike calls": lambda strike, right: (
        f"{strike} strike {'calls' if right == 'C' else 'puts'}"
    ),
    "150calls": lambda strike, right: f"{strike}{'calls' if right == 'C' else 'puts'}",
}
"""By what they make of a call at 150."""

EXPIRIES: dict[str, Callable[[date], str]] = {
    "1/16": lambda day: f"{day.month}/{day.day}",
    "01/16": lambda day: f"{day:%m/%d}",
    "1/16/26": lambda day: f"{day.month}/{day.day}/{day:%y}",
    "01/16/2026": lambda day: f"{day:%m/%d/%Y}",
    "01-16": lambda day: f"{day:%m-%d}",
    "01-16-26": lambda day: f"{day:%m-%d-%y}",
    "1.16.26": lambda day: f"{day.month}.{day.day}.{day:%y}",
    "16JAN": lambda day: f"{day.day:02}{MONTHS[day.month - 1].upper()}",
    "16JAN2026": lambda day: f"{day.day:02}{MONTHS[day.month - 1].upper()}{day.year}",
    "Jan 16": lambda day: f"{MONTHS[day.month - 1].title()} {day.day}",
    "JAN 16TH": lambda day: (
        f"{MONTHS[day.month - 1].upper()} {day.day}{SUFFIXES.get(day.day, 'th').upper()}"
    ),
    "16 Jan": lambda day: f"{day.day} {MONTHS[day.month - 1].title()}",
    "Jan 16 2026": lambda day: f"{MONTHS[day.month - 1].title()} {day.day} {day.year}",
    "Jan16'26": lambda day: f"{MONTHS[day.month - 1].title()}{day.day}'{day:%y}",
    "16-Jan-26": lambda day: f"{day.day}-{MONTHS[day.month - 1].title()}-{day:%y}",
    "2026-01-16": lambda day: day.isoformat(),
    "exp 1/16": lambda day: f"exp {day.month}/{day.day}",
    "1/16 exp": lambda day: f"{day.month}/{day.day} exp",
    "1/16exp": lambda day: f"{day.month}/{day.day}exp",
    "(1/16)": lambda day: f"({day.month}/{day.day})",
    "expiring 1/16": lambda day: f"expiring {day.month}/{day.day}",
}
PRICES: dict[str, Callable[[str], str]] = {
    "@ 2.30": lambda price: f"@ {price}",
    "@2.30": lambda price: f"@{price}",
    "@$2.30": lambda price: f"@${price}",
    "@lim2.30": lambda price: f"@lim{price}",
    "for 2.30": lambda price: f"for {price}",
    "at 2.30": lambda price: f"at {price}",
    "$2.30": lambda price: f"${price}",
    "2.30": lambda price: price,
    "limit 2.30": lambda price: f"limit {price}",
    "avg 2.30": lambda price: f"avg {price}",
    "CMP 2.30": lambda price: f"CMP {price}",
    "entry: 2.30": lambda price: f"entry: {price}",
    "@ 2.30ish": lambda price: f"@ {price}ish",
    "2.30 debit": lambda price: f"{price} debit",
}
RANGES = ("{}-{}", "{} - {}", "{}-${}", "{}/{}")
SIZES = ("{}", "{}x", "x{}", "({})", "{} contracts", "{} cons", "+{}")
VERBS = (
    "BTO", "bto", "Buy", "BUYING", "Bought", "bought", "grabbed", "Grabbing", "entered", "opened",
    "I'm in", "In", "nibbled on", "just picked up", "snagged", "re-entered", "long",
    "**BTO**", "__Bought__", "\u200bBTO", "@here BTO", "<@&123456789> BTO", "Alert: BTO",
)  # fmt: skip
TAILS = (
    "", "", "lotto", "(lotto)", "small size", "1/2 size", "size 3/10", "risk 2%", "2% risk",
    "high risk", "swing", "\U0001f680", "not financial advice", "risky!", "day trade",
)  # fmt: skip


def spoken_days(day: date) -> dict[str, date]:
    """Words for a day, counted from another."""
    friday = day + timedelta(days=(4 - day.weekday()) % 7)
    monday = day + timedelta(days=7 - day.weekday())
    found = {"0DTE": day, "exp today": day, "1DTE": session_after(day),
             "exp tomorrow": session_after(day)}  # fmt: skip
    if is_session(friday):
        found |= {"weekly": friday, "weeklies": friday, "this friday": friday, "EOW": friday}
    if is_session(monday + timedelta(days=4)):
        found |= {
            "next week": monday + timedelta(days=4),
            "next friday": monday + timedelta(days=4),
        }
    return found


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    day = draw(st.dates(date(2022, 1, 3), date(2026, 12, 31)).filter(is_session))
    at = datetime(day.year, day.month, day.day, 15, 30, tzinfo=UTC)
    strike = Decimal(draw(st.integers(10, 9000)))
    if strike < 1000:
        strike += draw(st.sampled_from([Decimal(0), Decimal("0.5")]))
    price = Decimal(draw(st.integers(5, int(min(strike * 30, Decimal(9000)))))) / 100
    wide = draw(st.booleans()) and price > 1
    return Ticket(
        at=at,
        root=draw(st.sampled_from(ROOTS)),
        strike=strike,
        right=draw(st.sampled_from("CP")),
        expiry=day + timedelta(days=draw(st.integers(0, 300))),
        price=price,
        price_to=price + Decimal("0.10") if wide else None,
        quantity=draw(st.sampled_from([None, 1, 2, 5, 10, 25])),
    )


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, Ticket]:
    """A ticket and one way to write it."""
    ticket = draw(tickets())
    verb = draw(st.sampled_from(VERBS))
    strike = plain(ticket.strike)
    if ticket.strike >= 1000 and draw(st.booleans()):
        strike = f"{ticket.strike:,f}"
    contract = STRIKES[draw(st.sampled_from(sorted(STRIKES)))](strike, ticket.right)
    if draw(st.integers(0, 4)) == 0:
        word, day = draw(st.sampled_from(sorted(spoken_days(ticket.day).items())))
        ticket = ticket._replace(expiry=day)
    else:
        word = EXPIRIES[draw(st.sampled_from(sorted(EXPIRIES)))](ticket.expiry)
    root = draw(st.sampled_from(["{}", "${}", "**{}**", "$**{}**"])).format(ticket.root)
    named = draw(
        st.sampled_from([f"{root} {contract} {word}", f"{root} {word} {contract}",
                         f"{word} {root} {contract}"])
    )  # fmt: skip
    ends_in_day = named.endswith(word) and any(month in word.lower() for month in MONTHS)
    parts = [named, _price(draw, ticket, after_day=ends_in_day)]
    if ticket.quantity is not None:
        # "1 Jan 20" may be a day and a year: then the size is marked as one.
        sizes = SIZES[1:-1] if named.startswith(word) and word[0].isalpha() else SIZES
        size = draw(st.sampled_from(sizes)).format(ticket.quantity)
        parts.insert(0, size)
    tail = draw(st.sampled_from(TAILS))
    return " ".join(part for part in (verb, *parts, tail) if part), ticket


def _price(draw: st.DrawFn, ticket: Ticket, *, after_day: bool) -> str:
    style = draw(st.sampled_from(sorted(PRICES)))
    if ticket.price_to is not None and style in ("@ 2.30", "@2.30", "for 2.30", "at 2.30", "2.30"):
        wide = draw(st.sampled_from(RANGES)).format(plain(ticket.price), plain(ticket.price_to))
        return PRICES[style](wide)
    number = draw(st.sampled_from([plain, short]))(ticket.price)
    if after_day and style == "2.30" and "." not in number:
        # "3 Jan 24" may be a day and a year: then the price has its cents.
        number += ".00"
    return PRICES[style](number)
