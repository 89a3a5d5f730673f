"""Layouts of cards, each a function from a trade to the message that a bot would post for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from domain.grammar.reading import Embed, EmbedField, MessageText
from tests.domain.grammar.spoken import message


class Trade(NamedTuple):
    """What a card is to say."""

    root: str
    strike: Decimal
    right: str
    expiry: date
    price: Decimal
    other: Decimal
    """Another price on the card: of the exit on an entry's card never, else the entry's, a mark."""
    quantity: int

    @property
    def words(self) -> str:
        return "Call" if self.right == "C" else "Put"

    @property
    def number(self) -> str:
        return f"{self.strike.normalize():f}"

    @property
    def day(self) -> str:
        return f"{self.expiry.month}/{self.expiry.day}"

    @property
    def whole_day(self) -> str:
        return f"{self.expiry:%m/%d/%Y}"

    @property
    def short(self) -> str:
        return f"{self.root} {self.day} {self.number}{self.right}"

    @property
    def osi(self) -> str:
        return f"{self.root}{self.expiry:%y%m%d}{self.right}{int(self.strike * 1000):08d}"


Layout = Callable[[Trade], MessageText]


def card(title: str, description: str = "", *fields: tuple[str, str]) -> Embed:
    folds = tuple(EmbedField(name=name, value=value) for name, value in fields)
    return Embed(title=title, description=description, fields=folds)


def bold_lines(trade: Trade) -> MessageText:
    lines = f"**Contract:** {trade.short}\r\n\r\n**Entry:** @{trade.price}\r\n\r\n**Notes:** nice"
    return message("", card("Daytrade", lines))


def colon_outside(trade: Trade) -> MessageText:
    lines = f"__Contract__:  **{trade.short}**\n__Entry__: **{trade.price}**"
    return message("", card("LOTTO:", lines))


def bracketed(trade: Trade) -> MessageText:
    lines = (
        f"**[🎟️] Contract:** __{trade.root} {trade.number}{trade.right} - {trade.day}__\n"
        f"**[🍉] My Fill:** {trade.price}\n**[🚨]  Risk:** 1/5\n**[🗨️] Comment:** quick scalp"
    )
    return message("", card("Options Entry", lines))


def one_line(trade: Trade) -> MessageText:
    line = (
        f"Ticker: {trade.root} | Strike: {trade.number} | Type: {trade.words} |"
        f" Exp: {trade.day} | Price: {trade.price}"
    )
    return message("", card("", line))


def capitals(trade: Trade) -> MessageText:
    lines = (
        f"TICKER: {trade.root}\nSTRIKE: {trade.number}{trade.right}\n"
        f"PRICE: {trade.price}\nEXP: {trade.day}\nRisky one"
    )
    return message("", card("", lines))


def fields(trade: Trade) -> MessageText:
    return message("", card(
        "🟢 New Position", "",
        ("📈 Ticker", f"${trade.root}"), ("Strike Price", f"${trade.number}"),
        ("Call/Put", trade.words.upper()), ("Expiration Date", trade.whole_day),
        ("Entry Price", f"${trade.price}"), ("Mark", f"${trade.other}"),
    ))  # fmt: skip


def ticked_fields(trade: Trade) -> MessageText:
    return message("@everyone", card(
        "Open Alert", "",
        ("**Symbol:**", f"`{trade.root}`"), ("**Strike:**", f"`{trade.number}`"),
        ("**Type:**", f"`{trade.right}`"), ("**Expiry:**", f"`{trade.expiry}`"),
        ("**Fill:**", f"`{trade.price}`"), ("**Qty:**", f"`{trade.quantity}`"),
    ))  # fmt: skip


def code_block(trade: Trade) -> MessageText:
    lines = (
        f"```yaml\nUnderlying: {trade.root}\nStrike: {trade.number}\nRight: {trade.words}\n"
        f"Expiration: {trade.expiry}\nAvg Price: {trade.price}\nBid: {trade.other}\n```"
    )
    return message("", card("Entry", lines))


def names_above_values(trade: Trade) -> MessageText:
    lines = f"**Contract**\n{trade.short}\n\n**Entry Price**\n${trade.price}\n\n**Stop**\nmental"
    return message("", card("I'm entering", lines))


def contract_in_the_title(trade: Trade) -> MessageText:
    title = f"{trade.root} ${trade.number} {trade.words} {trade.day}"
    return message("", card(title, "", ("Entry", f"{trade.price}"), ("Risk", "2%")))


def ticket_in_the_title(trade: Trade) -> MessageText:
    title = f"BTO {trade.root} {trade.number}{trade.right} {trade.day} at {trade.price}"
    return message("", card(title, "```chart looks ready```"))


def spelled_title(trade: Trade) -> MessageText:
    title = (
        f"**long {trade.root} {trade.expiry:%b %d %Y} ${trade.strike:.2f}"
        f" {trade.words.upper()}S @ ${trade.price}** current : ${trade.other}"
    )
    return message("mila entered long", card(title, "[VIEW DETAILS](https://example.com/a)"))


def right_in_the_title(trade: Trade) -> MessageText:
    return message("", card(
        f"🚨 {trade.words.upper()} Entry",
        f"**{trade.root} {trade.number}{trade.right}**\nScalp",
        ("Entry", f"${trade.price}"), ("Expiration", trade.day), ("Analyst", "Mila"),
    ))  # fmt: skip


def option_symbol(trade: Trade) -> MessageText:
    return message("", card("New Trade", "", ("Contract", trade.osi), ("Cost", f"{trade.price}")))


def ticket_line(trade: Trade) -> MessageText:
    return message("", card("BTO", f"{trade.whole_day} {trade.root} {trade.number}{trade.right}"
                                   f" @{trade.price}"))  # fmt: skip


def bare_line(trade: Trade) -> MessageText:
    return message("", card("", f"**{trade.short} @ {trade.price}**"))


def quoted_block(trade: Trade) -> MessageText:
    lines = (
        f"> **Ticker:** {trade.root}\n> **Contract:** {trade.number}{trade.right} {trade.day}\n"
        f"> **Entry:** {trade.price}"
    )
    return message("", card("Swing", lines))


def dashes(trade: Trade) -> MessageText:
    lines = (
        f"• Strike - {trade.number}{trade.right}\n• Expiration - {trade.whole_day}\n"
        f"• Entry - {trade.price}\n• Trader - Ola"
    )
    return message("", card(f"${trade.root}", lines))


def repeated_above(trade: Trade) -> MessageText:
    content = f"@everyone BTO {trade.short} @ {trade.price}"
    return message(content, card("New Alert", "", ("Option", trade.short),
                                 ("Entry", f"{trade.price}")))  # fmt: skip


def greeks(trade: Trade) -> MessageText:
    return message("", card(
        f"🚀 New Trade Entry: {trade.root} {trade.words.upper()} {trade.number} {trade.expiry}", "",
        ("Symbol", trade.root), ("Option Type", trade.words), ("Strike", f"${trade.number}"),
        ("Expiration", f"{trade.expiry}"), ("Entry Price", f"${trade.price}"),
        ("Quantity", f"{trade.quantity}"), ("Position Size", "$1150.00"), ("Delta", "0.45"),
        ("Theta", "-0.12"),
    ))  # fmt: skip


ENTRIES: tuple[Layout, ...] = (
    bold_lines, colon_outside, bracketed, one_line, capitals, fields, ticked_fields, code_block,
    names_above_values, contract_in_the_title, ticket_in_the_title, spelled_title,
    right_in_the_title, option_symbol, ticket_line, bare_line, quoted_block, dashes,
    repeated_above, greeks,
)  # fmt: skip
"""Each opens the trade at `price`."""


def closed_fields(trade: Trade) -> MessageText:
    return message("", card(
        "🔔 Trade Closed", f"**{trade.short}**",
        ("Entry", f"${trade.other}"), ("Exit", f"${trade.price}"), ("Return", "+12%"),
    ))  # fmt: skip


def scaling(trade: Trade) -> MessageText:
    lines = (
        f"**[🎟️] Contract:** __{trade.root} {trade.number}{trade.right} - {trade.day}__\n"
        f"**[✂️] Scaling Price:** {trade.price}\n**[🗨️] Comment:** paying myself"
    )
    return message("", card("Options Scale", lines))


def exit_title(trade: Trade) -> MessageText:
    title = (
        f"STC {trade.root} {trade.number}{trade.right} {trade.day}"
        f" at {trade.price} from {trade.other} (+34.78%)"
    )
    return message("", card(title, "```thanks```"))


def exit_labels(trade: Trade) -> MessageText:
    return message("", card(
        "Exit", "",
        ("Ticker", trade.root), ("Strike", trade.number), ("Type", trade.words),
        ("Expiration", trade.whole_day), ("Entry", f"{trade.other}"), ("Fill", f"{trade.price}"),
    ))  # fmt: skip


def trimmed_line(trade: Trade) -> MessageText:
    return message("", card("Trim Alert", f"{trade.short}\nTrimmed 50% at {trade.price} (+78%)"))


def closed_long(trade: Trade) -> MessageText:
    title = (
        f"long {trade.root} {trade.expiry:%b %d %Y} ${trade.strike:.2f}"
        f" {trade.words.upper()}S @ ${trade.price}"
    )
    return message("mila closed long from the web platform.", card(title))


def closed_line(trade: Trade) -> MessageText:
    return message("", card("Closed", f"{trade.short} {trade.price}"))


EXITS: tuple[Layout, ...] = (
    closed_fields, scaling, exit_title, exit_labels, trimmed_line, closed_long, closed_line,
)  # fmt: skip
"""Each sells at `price` what was bought at `other`."""


def watched(trade: Trade) -> MessageText:
    return message("", card("Watching", f"Contract: {trade.short}\nEntry: {trade.price}"))


def swept(trade: Trade) -> MessageText:
    return message("", card(
        f"🏆 {trade.root} - Golden Sweep", "",
        ("Ticker", trade.root), ("Exp", trade.whole_day), ("Strike", trade.number),
        ("C/P", f"{trade.words.upper()}S"), ("Spot", "250.1"), ("Avg Price", f"{trade.price}"),
        ("Type", "SWEEP"), ("Prem", "$1.2M"),
    ))  # fmt: skip


def unusual(trade: Trade) -> MessageText:
    return message("", card(
        "", f"{trade.short}", ("Ask", f"{trade.price}"), ("Volume", "12,000"), ("OI", "3,400"),
        ("Premium", "$1,150,000"),
    ))  # fmt: skip


def recapped(trade: Trade) -> MessageText:
    return message("", card("📊 Daily Recap", f"{trade.short} {trade.other} -> {trade.price} ✅"))


def held(trade: Trade) -> MessageText:
    return message("", card("Open Positions", "", ("ID: 1", f"{trade.short} at {trade.price}")))


def quoted(trade: Trade) -> MessageText:
    return message("", card(
        "", "", ("Contract", trade.short), ("Bid", f"{trade.other}"), ("Ask", f"{trade.price}"),
    ))  # fmt: skip


def previewed(trade: Trade) -> MessageText:
    return message(
        "https://example.com/p/1", card("Open Alert", f"BTO {trade.short} @ {trade.price}")
    )


def tweeted(trade: Trade) -> MessageText:
    return message("", card("Some Body (@somebody)", f"BTO {trade.short} @ {trade.price}"))


def conditioned(trade: Trade) -> MessageText:
    return message("", card("Entry", f"Contract: {trade.short}\nEntry: over {trade.price}"))


SILENT: tuple[Layout, ...] = (
    watched, swept, unusual, recapped, held, quoted, previewed, tweeted, conditioned,
)  # fmt: skip
"""Each holds a whole contract and a price, and books nothing."""
