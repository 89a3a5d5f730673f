"""What was known at two moments differs by what the pages of then and later differ by."""

from __future__ import annotations

from decimal import Decimal

from domain.accounts import account_stream
from domain.market import exchange_day
from interfaces.pages.comparing import differences_of
from projections.leaderboards import By, alone, board
from projections.position_pages import position
from projections.windows import Window, span_of
from tests.interfaces.pages.browser import Browser
from tests.interfaces.pages.conftest import NORA, Record


async def test_a_corrected_price_is_the_difference_of_the_signal(
    browser: Browser, record: Record
) -> None:
    page = await browser.get(f"/audit/signal/{record.signal}/diff?from={record.before_correction}")
    assert "average entry 2.30 2.40" in page.words
    assert "counts at 2.30 2.40" in page.words
    assert "corrections 0 1" in page.words
    assert "P&L +150.00 +130.00" in page.words
    with record.house.reader.connection() as connection:
        was = position(connection, record.signal, as_of=record.before_correction)
        now = position(connection, record.signal)
    assert was is not None
    assert now is not None
    assert (was.pnl, now.pnl) == (Decimal(150), Decimal(130))
    assert "1 event in between moved it by -20.00 USD in all" in page.words
    assert "Signal corrected member:story" in page.words
    assert "Correction requested" in page.words


async def test_a_traders_difference_is_that_of_two_as_of_answers(
    browser: Browser, record: Record
) -> None:
    begin, end = record.before_correction, record.house.head()
    page = await browser.get(f"/audit/trader/{NORA}/diff", **{"from": begin, "to": end})
    then = (await browser.get(f"/audit/trader/{NORA}", as_of=begin)).words
    later = (await browser.get(f"/audit/trader/{NORA}", as_of=end)).words
    assert "all time +3.3% 100.0% - +150.00 1 1" in then
    assert "all time +2.7% 100.0% - +130.00 1 1" in later
    card = page.words.rpartition("all time")[2]
    assert "return +3.26% +2.71%" in card
    assert "P&L +150.00 +130.00" in card
    assert "trades closed 1 1" in card
    assert "Trades that differ 1 TSLA 250C 2026-11-20" in page.words
    assert "moved it by -20.00 USD" in page.words
    assert f"/audit/trader/{NORA}?as_of={begin}" in page.links


async def test_windows_can_end_at_one_moment_for_both(browser: Browser, record: Record) -> None:
    words = {"from": str(record.before_correction), "at": "2026-11-17T21:00Z"}
    page = await browser.get(f"/audit/trader/{NORA}/diff", **words)
    assert "the day nothing happened in it, then nor later" in page.words
    assert "7 days figure then later return +3.26% +2.71%" in page.words
    assert 'value="2026-11-17T21:00Z"' in page.html
    alone = await browser.get(f"/audit/trader/{NORA}", at="2026-11-17T21:00Z")
    assert "windows end 2026-11-17 21:00:00 UTC" in alone.words


async def test_an_accounts_difference_has_its_cash_and_holdings(
    browser: Browser, record: Record
) -> None:
    account = account_stream("paper")
    filled = next(
        position
        for position in (
            await browser.get(f"/audit/account/{account}?kind=order.filled")
        ).positions()[::-1]
    )
    page = await browser.get(f"/audit/account/{account}/diff", **{"from": filled - 1, "to": filled})
    assert "paid in 100,000.00 100,000.00" in page.words
    assert "cash 100,000.00 90," in page.words
    assert "holdings 0 1" in page.words
    assert "open none 43" in page.words
    early = await browser.get(f"/audit/account/{account}/diff?from=1")
    assert "paid in none 100,000.00" in early.words


async def test_two_times_the_same_moment_differ_in_nothing(
    browser: Browser, record: Record
) -> None:
    head = record.house.head()
    page = await browser.get(f"/audit/trader/{NORA}/diff", **{"from": head, "to": head})
    assert 'class="differs"' not in page.html
    assert "No event in between moved it." in page.words


async def test_moments_are_taken_too(browser: Browser, record: Record) -> None:
    page = await browser.look(
        f"/audit/signal/{record.signal}/diff", **{"from": "2020-01-01", "to": "5"}
    )
    assert (page.reply.status_code, "the tape begins at position 1" in page.words) == (400, True)


def test_what_was_not_there_is_none_and_what_is_the_same_is_not_told_as_new() -> None:
    one, two, three = differences_of({"a": "1", "b": "2"}, {"b": "2", "c": "3"})
    assert (one.was, one.now, one.is_one) == ("1", "", True)
    assert (two.was, two.now, two.is_one) == ("2", "2", False)
    assert (three.was, three.now, three.is_one) == ("", "3", True)


def test_a_trader_looked_at_alone_has_the_figures_of_the_board(record: Record) -> None:
    house = record.house
    at = record.told.at("16:05:00")
    days = house.calendar.session_dates(exchange_day(at).replace(month=1, day=2), exchange_day(at))
    spans = {span_of(window, at): days for window in Window}
    with house.reader.connection() as connection:
        for as_of in (None, record.before_correction):
            own = alone(connection, NORA, spans, as_of=as_of)
            for span, found in zip(spans, own, strict=True):
                (row,) = board(
                    connection, span, By.RETURN, days, as_of=as_of, trader=NORA
                ).standings
                assert found is not None
                for name in (
                    "return_",
                    "pnl",
                    "accuracy",
                    "sharpe",
                    "opened",
                    "closed",
                    "wins",
                    "sessions",
                    "filled",
                    "unattainable",
                    "name",
                    "accounts",
                ):
                    assert getattr(found, name) == getattr(row, name)
