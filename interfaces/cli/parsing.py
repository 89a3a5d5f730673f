"""`truetape parse`: what messages say, without recording anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.text import Text

from application.intake import SeenMessage
from application.parsing import Parsed, ParsedLeg, ParsedTrade, Parser, RoomOf
from application.proposing import Proposal, Proposed, Proposing
from domain.fix import Side
from domain.grammar.explaining import Word, explain, parts_of
from domain.grammar.reading import MessageText, Room
from domain.shared import InvalidInput
from interfaces.chat_files import DISCORD, BadLine, each_message
from interfaces.cli.output import console, warnings
from interfaces.cli.session import REFUSED, told_in_words
from interfaces.compose import open_proposing
from interfaces.room_files import read_rooms
from interfaces.settings import ModelSettings

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_COLOURS = {
    "action": "bold magenta", "kind": "bold magenta", "symbol": "bold cyan", "strike": "green",
    "right": "green", "expiry": "yellow", "price": "bold blue", "quantity": "bright_red",
    "fraction": "bright_red", "stop": "red", "targets": "bright_green",
}  # fmt: skip
_UNNAMED = "-"


def parse(
    file: Annotated[
        str | None,
        typer.Argument(help="JSON lines or DiscordChatExporter JSON; - reads standard input."),
    ] = None,
    context: Annotated[
        bool,
        typer.Option(help="Resolve against the positions that earlier lines of the file opened."),
    ] = True,
    rooms: Annotated[
        Path | None, typer.Option(help="Settings of rooms and authors (TOML), see docs/using.md.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Read these words instead of a file.")] = None,
    explained: Annotated[
        bool, typer.Option("--explain", help="Show each message with the words behind each slot.")
    ] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="Ask a language model what incomplete ones may mean.")
    ] = False,
) -> None:
    """Read messages as they would be booked, one JSON reading a line; nothing is recorded."""
    with told_in_words(), ExitStack() as stack:
        if (file is None) == (text is None):
            raise InvalidInput("give a file, - for standard input, or --text WORDS")
        known = RoomOf(read_rooms(rooms) if rooms else {})
        parser = Parser(known, context=context)
        proposing = _proposing() if propose else None
        messages = _spoken(text) if text is not None else _messages(str(file), stack)
        bad = 0
        for message in messages:
            if isinstance(message, BadLine):
                bad += 1
                told = f"{file}:{message.line}: left out: {message.why}"
                warnings.print(escape(told), soft_wrap=True)
                continue
            parsed = parser.parse(message)
            if proposing is not None:
                parsed = proposing.about(message, parsed)
            if explained:
                room = known(message.channel, message.author_id, message.author_name)
                _show(message, parsed, room)
            else:
                sys.stdout.write(_ENCODER.encode(parsed).decode() + "\n")
    if bad:
        raise SystemExit(REFUSED)


def _proposing() -> Proposing:
    """The asking of a language model.

    Raises:
        InvalidInput: none is set.
    """
    found = open_proposing(ModelSettings.from_environment())
    if found is None:
        raise InvalidInput("--propose needs TRUETAPE_LLM_URL and TRUETAPE_LLM_MODEL")
    return found


def _messages(file: str, stack: ExitStack) -> Iterator[SeenMessage | BadLine]:
    if file == "-":
        return each_message(sys.stdin.buffer, channel="-")
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - the stack closes it
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    return each_message(stack.enter_context(opened), channel=Path(file).stem)


def _spoken(text: str) -> Iterator[SeenMessage]:
    yield SeenMessage(
        platform=DISCORD, message_id="1", channel=_UNNAMED, author_id=_UNNAMED,
        author_name=_UNNAMED, content=text, posted_at=datetime.now(UTC),
    )  # fmt: skip


def _show(message: SeenMessage, parsed: Parsed, room: Room) -> None:
    """A message as people read it: its words coloured by what they say, then the reading."""
    said = MessageText(content=message.content, embeds=message.embeds, posted_at=message.posted_at)
    words = explain(said, room)
    when = f"{message.posted_at:%Y-%m-%d %H:%M} UTC"
    console.print(f"[dim]{escape(message.channel)} · {escape(message.author_name)} · {when}[/dim]")
    for part, whole in enumerate(parts_of(said)):
        if whole.strip():
            console.print(_coloured(whole, [word for word in words if word.part == part]))
    console.print(f"[bold]{parsed.kind.value}[/bold] [dim]confidence {parsed.confidence}[/dim]")
    for trade in parsed.trades:
        console.print(f"  [bold]{escape(in_words(trade))}[/bold]")
    for trade in parsed.unbooked:
        console.print(f"  [yellow]not booked:[/yellow] {escape(in_words(trade))}")
    _show_levels(parsed)
    for slot, found in _by_slot(words).items():
        colour = _COLOURS.get(slot, "white")
        quoted = " ".join(f'"{word}"' for word in found)
        console.print(f"  [{colour}]{slot:<9}[/{colour}] {escape(quoted)}")
    if parsed.missing:
        console.print(f"  [yellow]missing[/yellow]   {escape(', '.join(parsed.missing))}")
    for rule in parsed.rules:
        console.print(f"  [dim]rule[/dim]      {escape(rule)}")
    if parsed.why:
        console.print(f"  [dim]why[/dim]       {escape(parsed.why)}")
    if isinstance(parsed, Proposed) and parsed.proposal is not None:
        _show_proposal(parsed.proposal)
    console.print()


def _show_proposal(proposal: Proposal) -> None:
    console.print("  [magenta]a language model's proposal, booked by nobody[/magenta]")
    for slot, quote in proposal.slots.items():
        console.print(
            f"  [magenta]{slot:<9}[/magenta] {escape(json.dumps(quote, ensure_ascii=False))}"
        )
    if proposal.why:
        console.print(f"  [dim]{escape(proposal.why)}[/dim]")


def _coloured(whole: str, words: list[Word]) -> Text:
    shown = Text(whole)
    for word in words:
        shown.stylize(_COLOURS.get(word.slots[0], "white"), word.start, word.end)
    return shown


def _by_slot(words: tuple[Word, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        for slot in word.slots:
            found.setdefault(slot, []).append(word.text)
    return found


def _show_levels(parsed: Parsed) -> None:
    if parsed.stop is not None or parsed.stop_at_entry:
        at = "the average entry" if parsed.stop is None else parsed.stop
        console.print(f"  stop at {at}")
    if parsed.targets:
        console.print(f"  targets {', '.join(map(str, parsed.targets))}")


def in_words(trade: ParsedTrade) -> str:
    """`STC 50% of TSLA 250C 2026-11-20 @ 3.10`."""
    words: list[object] = [trade.action.value]
    if trade.quantity is not None:
        words.append(trade.quantity)
    if trade.fraction is not None and trade.fraction < 1:
        words.append(f"{_plain(trade.fraction * 100)}% of")
    if trade.legs:
        words.append(" / ".join(map(_leg, trade.legs)))
    else:
        words += [trade.symbol or "what is open", _contract(trade)]
    if trade.price is not None:
        to = "" if trade.price_to is None else f"-{trade.price_to}"
        words.append(f"@ {trade.price}{to}")
    if trade.gain is not None:
        words.append(f"for {_plain(trade.gain * 100)}%")
    return " ".join(str(word) for word in words if word != "")


def _leg(leg: ParsedLeg) -> str:
    sign = "+" if leg.side is Side.BUY else "-"
    return f"{sign}{leg.ratio} {leg.symbol} {_contract(leg)}".rstrip()


def _contract(of: ParsedTrade | ParsedLeg) -> str:
    strike = "" if of.strike is None else _plain(of.strike)
    parts = (f"{strike}{of.right or ''}", of.expiry.isoformat() if of.expiry else "")
    return " ".join(part for part in parts if part)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
