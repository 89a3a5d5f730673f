"""Proposing: what somebody suggests of a message that the rules could not book.

A proposal is a quotation. Each of its slots has to stand in the message's own text, so whatever
the proposer answers, and whatever a message talks it into, nothing but the author's words comes
through. It is shown to people and never booked.
"""

from __future__ import annotations

import msgspec

from application.intake import SeenMessage
from application.parsing import Parsed
from application.ports import PortRefused, Proposer, Unavailable
from domain.grammar.reading import EmbedField

SLOTS = (
    "action", "quantity", "symbol", "strike", "right", "expiry", "price", "stop", "target",
)  # fmt: skip
WORDS_MAX = 4_000
"""Characters of a message that are handed out."""
QUOTE_MAX = 80
PATIENCE = 3
"""So many failures in a row end the asking: a file is not held up by a server that is away."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a message for each slot, or why there are none."""

    slots: dict[str, str] = {}
    why: str = ""


class Proposed(Parsed, frozen=True, kw_only=True):
    """A reading with what was proposed of it; None where nothing was asked."""

    proposal: Proposal | None = None


class Proposing:
    """Asks a proposer about the messages that the rules left unbooked and incomplete."""

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer
        self._failures = 0

    def about(self, message: SeenMessage, parsed: Parsed) -> Proposed:
        """The reading, with a proposal where it lacks something."""
        proposal = self._proposal(message) if is_incomplete(parsed) else None
        return Proposed(**msgspec.structs.asdict(parsed), proposal=proposal)

    def _proposal(self, message: SeenMessage) -> Proposal:
        if self._failures >= PATIENCE:
            return Proposal(why=f"not asked: {PATIENCE} questions in a row were not answered")
        words = words_of(message)
        try:
            said = self._proposer.propose(words, SLOTS)
        except Unavailable as error:
            self._failures += 1
            return Proposal(why=f"no answer: {error}")
        except PortRefused as error:
            self._failures += 1
            return Proposal(why=f"no proposal: {error}")
        self._failures = 0
        return checked(said, words)


def is_incomplete(parsed: Parsed) -> bool:
    """Whether something like a trade is in the message that was not booked."""
    return not parsed.trades and bool(parsed.missing or parsed.unbooked)


def words_of(message: SeenMessage) -> str:
    """The text that is handed out, and that a proposal has to quote."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title, embed.description, *map(_field, embed.fields)]
    return "\n".join(part for part in parts if part)[:WORDS_MAX]


def _field(field: EmbedField) -> str:
    return f"{field.name}: {field.value}"


def checked(said: object, words: str) -> Proposal:
    """A proposal that quotes the words, or one that is refused whole.

    What it says instead is not repeated: it may be anything.
    """
    if not isinstance(said, dict):
        return Proposal(why="refused: it is no list of slots")
    if not set(said) <= set(SLOTS):
        return Proposal(why="refused: it names a slot that there is not")
    for slot, quote in said.items():
        if not isinstance(quote, str) or not _is_quoted(quote, words):
            return Proposal(why=f"refused: its {slot} does not stand in the message")
    if not said:
        return Proposal(why="nothing is proposed")
    return Proposal(slots={slot: said[slot] for slot in SLOTS if slot in said})


def _is_quoted(quote: str, words: str) -> bool:
    """Whether a quote stands in the words, and not as a piece of a longer word or number."""
    if not quote.strip() or len(quote) > QUOTE_MAX:
        return False
    at = words.find(quote)
    while at >= 0:
        end = at + len(quote)
        if not (_cuts_word(words, at) or _cuts_word(words, end) or _cuts_number(words, at, end)):
            return True
        at = words.find(quote, at + 1)
    return False


def _cuts_word(words: str, at: int) -> bool:
    """Whether a cut at a place goes through letters or through digits: 250|c does not."""
    before, after = words[max(0, at - 1) : at], words[at : at + 1]
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit())


def _cuts_number(words: str, at: int, end: int) -> bool:
    """Whether a cut goes through a number at its point: the 30 of 2.30, the 2 of 2.30."""
    ahead, behind = words[max(0, at - 2) : at], words[end : end + 2]
    into = words[at].isdigit() and ahead[-1:] in (".", ",") and ahead[:1].isdigit()
    out = words[end - 1].isdigit() and behind[:1] in (".", ",") and behind[1:].isdigit()
    return into or out
