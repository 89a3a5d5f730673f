"""The page of why: the events that a figure is made of, and the figure made again from them."""

from __future__ import annotations

from uuid import UUID

from application.ports import NotFound
from domain.shared import InvalidInput
from interfaces.pages.accounts import known_account, of_account
from interfaces.pages.signals import known_signal, of_signal
from interfaces.pages.traders import WORDS, known_trader, of_trader
from interfaces.pages.visiting import Look, Page
from projections.books import Books
from projections.explaining import Explained, explain_pnl, explain_return, explain_trade
from projections.messages import Messages
from projections.naming import title_of
from projections.windows import Window, span_of

STEPS = 200
PNL, RETURN = "pnl", "return"


@of_trader
def why_trader(look: Look, trader: UUID) -> Page:
    """A trader's P&L or return over a window."""
    return _book(look, trader, known_trader(look, trader).name, f"/audit/trader/{trader}")


@of_account
def why_account(look: Look, stream: UUID) -> Page:
    """An account's P&L over a window."""
    name = known_account(look, stream, look.as_of).row.name
    return _book(look, stream, name, f"/audit/account/{stream}", figures=(PNL,))


@of_signal
def why_signal(look: Look, stream: UUID) -> Page:
    """A trade's P&L."""
    row = known_signal(look, stream)
    found = explain_trade(look.of(Books, Messages), stream, as_of=look.as_of)
    if found is None:
        raise NotFound(f"the signal {stream} has no trade")
    return _page(look, found, title_of(row.symbol), f"/audit/signal/{stream}")


def _book(
    look: Look, book: UUID, name: str, back: str, figures: tuple[str, ...] = (PNL, RETURN)
) -> Page:
    asked = look.visit.asked
    figure = asked.text("figure") or PNL
    if figure not in figures:
        raise InvalidInput(f"what is explained is {' or '.join(figures)}, not {figure!r}")
    try:
        window = Window(asked.text("window") or Window.ALL)
    except ValueError:
        raise InvalidInput(f"{asked.text('window')!r} is no window") from None
    span = span_of(window, look.moment(look.as_of))
    explain = explain_return if figure == RETURN else explain_pnl
    found = explain(look.of(Books, Messages), book, span.first, span.last, as_of=look.as_of)
    return _page(look, found, name, back, window=window, figures=figures)


def _page(
    look: Look,
    found: Explained,
    subject: str,
    back: str,
    *,
    window: Window | None = None,
    figures: tuple[str, ...] = (),
) -> Page:
    before = look.visit.asked.number("before_step") or len(found.steps)
    end = min(before, len(found.steps))
    begin = max(end - STEPS, 0)
    return Page(
        "why.html",
        {
            "found": found,
            "subject": subject,
            "back": back,
            "window": window,
            "windows": WORDS,
            "figures": figures,
            "steps": found.steps[begin:end],
            "begin": begin,
            "end": end,
            "earlier": look.visit.asked.link(before_step=begin) if begin else "",
        },
    )
