"""Rendering: templates, how figures and times are written in them, and the headers of a page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.market import EXCHANGE_ZONE
from interfaces.pages.events import title_of_event
from interfaces.wording import amount, money, percent, price
from projections.naming import title_of

PLACE = Path(__file__).parent
STYLE = (PLACE / "style.css").read_bytes()
STYLE_VERSION = hashlib.sha256(STYLE).hexdigest()[:12]

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        # Nothing from elsewhere, no scripts at all, and no style but our own sheet.
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        # A form says where it was only to this same site, which is how it is recognised.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)


def utc(at: datetime | None) -> str:
    """A time in UTC to the second."""
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def precise(at: datetime) -> str:
    """A time in UTC to the microsecond."""
    return at.astimezone(UTC).isoformat(sep=" ", timespec="microseconds").removesuffix("+00:00")


def exchange(at: datetime | None) -> str:
    """The same time at the exchange."""
    return "" if at is None else f"{at.astimezone(EXCHANGE_ZONE):%H:%M:%S %Z}"


def short(text: UUID | str) -> str:
    """As much of an id as people tell it by."""
    return str(text)[:8]


def gain(value: Decimal | None) -> str:
    """The class of a figure that is a gain or a loss."""
    if not value:
        return "even"
    return "up" if value > 0 else "down"


def signed(value: Decimal | None) -> str:
    """US dollars with their sign."""
    return money(value, sign=True)


@lru_cache(maxsize=2)
def environment(*, demo: bool) -> Environment:
    """The templates; everything that stands in them is escaped. Read once: another version on
    disk is for another start.
    """
    made = Environment(
        loader=FileSystemLoader(PLACE / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        amount=amount, exchange=exchange, gain=gain, money=money, percent=percent, price=price,
        precise=precise, short=short, signed=signed, title_of=title_of,
        title_of_event=title_of_event, utc=utc,
    )  # fmt: skip
    made.globals.update(style_version=STYLE_VERSION, demo=demo)
    for name in made.list_templates():
        made.get_template(name)
    return made
