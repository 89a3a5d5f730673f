"""Takes a message apart into cards: a title that sets the intent, labelled values, and prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from domain.grammar.labels import Labelled, Role, cells, fits, labelled, pattern_of, role_of
from domain.grammar.normalise import clean, has_link
from domain.grammar.reading import Embed, MessageText, Room
from domain.grammar.stems import Hinted, Pattern
from domain.grammar.tickers import is_ticker_word
from domain.grammar.ticket_lines import ticket_lines
from domain.grammar.titles import Sense, is_silent, sense_of
from domain.grammar.tokens import Token, tokens
from domain.grammar.unframing import label_of, plain, value_of
from domain.grammar.verbs import FIRST_WORDS, VERBS
from domain.grammar.vocabulary import (
    RIGHTS,
)

_NOTES, _CONTRACT, _FLOW, _TARGET = Role.NOTES, Role.CONTRACT, Role.FLOW, Role.TARGET
_CONTRACT_ROLES = frozenset({Role.CONTRACT, Role.TICKER, Role.STRIKE})
_OPTION_ROLES = frozenset({Role.STRIKE, Role.EXPIRY, Role.DTE})
_OPTION_TITLE = Pattern(
    r"\b(?:options?|contracts?|calls?|puts?|lottos?|[0-9]dte|weekl(?:y|ies)|leaps?)\b",
    re.IGNORECASE,
)
_OPTION_TEXT = Pattern(r"\b[0-9.]+ ?[cp]\b|\b(?:calls?|puts?|strike)\b", re.IGNORECASE)
_WORDED_ROLES = frozenset({Role.CONTRACT, Role.RIGHT, Role.ACTION, Role.STATUS})
_SHARED_ROLES = _WORDED_ROLES | {Role.TICKER, Role.ENTRY, Role.QUANTITY}
"""Of labels that are used for several things: their values tell for which."""
_PRICED_ROLES = frozenset({Role.ENTRY, Role.FILL, Role.AVERAGE, Role.PRICE, Role.EXIT})
_NAMING_LABEL = pattern_of(_CONTRACT_ROLES | _WORDED_ROLES | {Role.QUANTITY, Role.NOTES})
"""By each of these may stand a contract."""
_NUMBERED = re.compile(r"# ?[0-9]{1,6}\b")
"""Counts the alerts: "Trim #2"."""
_TICKED = re.compile(
    r"\b((?:tp|pt|target) ?[1-9]) ?\u2705\ufe0f?(?!\s*[:=@$]?\s*[0-9])", re.IGNORECASE
)
"""A target with a tick and no price behind it was hit: "TP 1 \u2705"."""
_CLOCK = re.compile(r"(?<![A-SU-Za-z0-9])[0-9]{1,2}:[0-5][0-9](?::[0-5][0-9])?(?![0-9])")
_NOTHING = re.compile(r"\W*(?:n/?a|none|tbd|null|nil)?\W*", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")
_IN_THOUSANDS = re.compile(r"[0-9] ?[kmb]\b|[0-9]{1,3},[0-9]{3}|[0-9]{5}", re.IGNORECASE)
_RELAYED = Hinted(
    "ent ope ave clo cov add sto",
    r"\b(?:entered|opened|averaged|closed|covered|added) (?:a |an )?(?:long|short|update)\b"
    r"|\bstopped (?:out|in profit):",
    re.IGNORECASE,
)
_FLOW_TYPES = frozenset({"sweep", "sweeps", "block", "blocks", "split", "splits"})
_NAMING = frozenset({"strike", "osi", "joined", "dte", "pair", "cash"})
_DATED = frozenset({"strike", "osi", "joined", "slash", "iso", "dte", "daymon", "monday"})
_DESCRIPTIONS = frozenset({"description", "details", "trade details", "info"})
_LABELS_MIN = 2
_TITLE_WORDS_MAX = 5
_LINES_MAX = 150


class Card(msgspec.Struct, gc=False):
    """One part of a message: its title, what its labels say, and the rest of its words."""

    title: str = ""
    sense: Sense | None = None
    roles: dict[Role, str] = {}
    labels: dict[Role, str] = {}
    """The words of the label of each role, so that a rule can name it."""
    prose: str = ""
    notes: str = ""
    flow: str = ""
    """A label that only a scanner of other people's trades has."""
    is_embed: bool = False
    is_option: bool = False
    """Whether a label speaks of an option: then it is never a card for shares."""
    lines: list[Token] = []
    """The lines of an embed's prose that read like a ticket."""
    is_relayed: bool = False
    """Whether a bot says who did what above it: "mila closed long"."""
    is_talked_over: bool = False
    """Whether more than a few words stand above it."""
    contract: Sequence[Token] = ()
    """The contract that labels, title and lines name together, in the words of a ticket."""

    @property
    def names_contract(self) -> bool:
        return not _CONTRACT_ROLES.isdisjoint(self.roles)

    @property
    def heading(self) -> str:
        """What the title holds besides its sense: "TSLA 250C" of "BTO TSLA 250C"."""
        whole = self.sense is None or self.sense.is_weak
        said = self.title if whole or self.sense is None else self.sense.rest
        return _NUMBERED.sub(" ", said) if "#" in said else said

    @property
    def words(self) -> str:
        """All that the card says, for the questions that ask about all of it."""
        if not (self.roles or self.title or self.notes):
            return self.prose
        if not self.roles:
            return f"{self.title}\n{self.prose}\n{self.notes}"
        said = [value for role, value in self.roles.items() if role in _CONTRACT_ROLES]
        return "\n".join((self.title, *said, self.prose, self.notes))


def cards(text: MessageText, room: Room) -> list[Card]:
    """The content and every embed, each as a card; where there is a link, embeds preview it."""
    content = clean(text.content)
    found = [_content(content, room)] if content else []
    if text.embeds and not (has_link(text.content) or _asks(content)):
        over = _sense_over(content, room)
        found += [_under(_embed(embed, room), over, content) for embed in text.embeds]
    return found


def texts(card: Card) -> list[str]:
    """The words of a card in which things are done: prose first, notes after."""
    return [part for part in (card.prose, card.notes) if part]


def _asks(content: str) -> bool:
    """A question above an embed is about it: the embed is somebody's words, shown again."""
    return content.endswith("?") and not any(end in content[:-1] for end in ".!\n")


def _sense_over(content: str, room: Room) -> Sense | None:
    """What a few words above an embed say that it is for: "@everyone new entry"."""
    few = len(content.split()) <= _TITLE_WORDS_MAX or _RELAYED.search(content)
    return sense_of(content, room) if few and not any(map(str.isdigit, content)) else None


def _under(card: Card, over: Sense | None, content: str) -> Card:
    """Gives a card the sense of the words above it where its title has none, or only a style.

    What a bot says of the author ("mila closed long") counts before its title ("long TSLA")."""
    card.is_talked_over = len(content.split()) > _TITLE_WORDS_MAX
    card.is_relayed = _RELAYED.find(f"{content}\n{card.title}") is not None
    if over is None or (over.is_weak and card.sense is not None):
        return card
    if card.sense is None or card.sense.is_weak or _RELAYED.search(content):
        card.sense = over._replace(rest=card.heading)
    return card


def _content(content: str, room: Room) -> Card:
    if "\u2705" in content:
        content = _TICKED.sub(r"\1 hit,", content)
    # A contract and its price stand by two labels, or the price and a level under a title.
    if _signs_of_labels(content) < _LABELS_MIN:
        return Card(prose=content)
    if _NAMING_LABEL.find(content):
        card = Card()
        _fill_labels(card, content.split("\n"))
        if card.names_contract and not _PRICED_ROLES.isdisjoint(card.roles):
            return card
    return _titled(content, room) or Card(prose=content)


def _titled(content: str, room: Room) -> Card | None:
    """A card that was typed: "OPEN", the contract on a line of its own, and labelled prices."""
    card = Card(is_embed=True)
    lines = content.split("\n")
    _take_first_line(card, lines, room)
    if card.sense is None or card.sense.verb is None:
        return None
    _read_lines(card, lines)
    return card if card.lines and not _PRICED_ROLES.isdisjoint(card.roles) else None


def _signs_of_labels(content: str) -> int:
    """How many signs stand there as they do behind a label, which is not within a time of day."""
    colons = content.count(":")
    if colons > 1:
        colons = _CLOCK.sub("", content).count(":")
    return colons + content.count("=")


def _embed(embed: Embed, room: Room) -> Card:
    card = Card(title=plain(embed.title).replace("\n", " "), is_embed=True)
    lines = plain(embed.description).split("\n")
    for fold in embed.fields:
        lines += _field_lines(label_of(fold.name), value_of(fold.value))
    card.sense = sense_of(card.title, room)
    if card.sense is None and not card.title:
        _take_first_line(card, lines, room)
    _read_lines(card, lines)
    return card


def _read_lines(card: Card, lines: Sequence[str]) -> None:
    """Puts the lines under a title where they belong, and notes whether any speaks of an option."""
    card.is_option = _OPTION_TITLE.search(card.title) is not None
    _fill_labels(card, lines)
    card.lines = ticket_lines(tokens(card.prose)) if card.prose else []
    if not card.is_option and (card.prose or card.notes):
        card.is_option = _OPTION_TEXT.search(f"{card.prose}\n{card.notes}") is not None


def _take_first_line(card: Card, lines: list[str], room: Room) -> None:
    """A first line of few words is a title: "OPEN:", "Options Entry", "mo entered long"."""
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is None or any(map(str.isdigit, lines[first])):
        return
    line = lines[first].strip()
    few = len(line.split()) <= _TITLE_WORDS_MAX
    sense = sense_of(line.rstrip(":"), room) if few and not labelled(line) else None
    if sense is not None and (sense.verb is not None or is_silent(sense.kind)):
        card.title, card.sense, lines[first] = line, sense, ""


def _field_lines(name: str, value: str) -> list[str]:
    """A field as lines: its values stand by a name that is a label, below one that is not."""
    rows = [row.strip() for row in value.split("\n") if row.strip()]
    role = role_of(name)
    if role is _NOTES:
        return [f"{name}: {rows[0] if rows else ''}", *rows[1:]]
    if role is not None and not any(labelled(row) for row in rows):
        return [f"{name}: {' , '.join(rows)}"]
    if len(rows) == 1 and name and not labelled(rows[0]):
        return [f"{name}: {rows[0]}"]
    return [name, *rows]


def _fill_labels(card: Card, lines: Sequence[str]) -> None:
    """Puts labelled lines under their roles; the words of the others are prose, or notes."""
    prose: list[str] = []
    notes: list[str] = []
    open_notes = False
    pending: Labelled | None = None
    for line in [cell for row in lines[:_LINES_MAX] for cell in cells(row.strip())]:
        if not line:
            continue
        found = labelled(line, is_card=card.is_embed)
        if not found:
            if pending is not None and fits(pending.role, line):
                _keep(card, pending._replace(value=line))
            elif card.is_embed and (bare := _bare_label(line)) is not None:
                pending = Labelled(bare, line, "")
                continue
            else:
                prose += [pending.label] if pending is not None and not open_notes else []
                (notes if open_notes else prose).append(line)
            pending = None
            continue
        pending = None
        for one in found:
            open_notes = one.role is _NOTES and not _describes_contract(one)
            if one.role is _NOTES and not open_notes:
                _keep(card, one._replace(role=_CONTRACT))
            elif open_notes:
                notes.append(one.value)
            elif _acts(one):
                prose.append(one.value)
            elif one.value:
                _keep(card, one)
            else:
                pending = one
    card.prose, card.notes = "\n".join(prose).strip(), "\n".join(notes).strip()


def _bare_label(line: str) -> Role | None:
    """The role of a line that is a label and nothing else: its value stands below."""
    role = role_of(line)
    numbered = role is not _TARGET and any(map(str.isdigit, line))
    return None if role is _NOTES or numbered else role


def _describes_contract(one: Labelled) -> bool:
    """ "Description: TSLA 11/21/2025 250 Call" is a contract rather than a note."""
    if one.label.lower() not in _DESCRIPTIONS:
        return False
    said = tokens(one.value)
    named = any(token.kind == "strike" or token.low in RIGHTS for token in said)
    dated = any(token.kind in _DATED for token in said)
    return named and dated and len(one.value.split()) <= _TITLE_WORDS_MAX


def _acts(one: Labelled) -> bool:
    """Under "Trade" or "Alert" may stand a whole ticket: "BTO TSLA 250c 11/21 @ 2.30"."""
    return (
        one.role is _CONTRACT
        and any(map(str.isdigit, one.value))
        and one.value.split(" ", 1)[0].lower() in FIRST_WORDS
    )


def _keep(card: Card, one: Labelled) -> None:
    """Keeps a value under the role that its words show it to have; the first of a role stays."""
    card.is_option = card.is_option or _speaks_of_option(one)
    if _says_nothing(one.value):
        return
    for role, value in _settled(one):
        if role is _FLOW:
            card.flow = card.flow or one.label
        elif role is _TARGET and role in card.roles:
            card.roles[role] = f"{card.roles[role]} , {value}"
        elif role not in card.roles:
            card.roles[role] = value
            card.labels[role] = one.label


def _says_nothing(value: str) -> bool:
    # What begins with another letter or a digit need not be looked at.
    begins = value[:1]
    return not (begins.isalnum() and begins not in "nNtT") and _NOTHING.fullmatch(value) is not None


def _speaks_of_option(one: Labelled) -> bool:
    low = one.label.lower()
    return one.role in _OPTION_ROLES or "contract" in low or "option" in low


def _settled(one: Labelled) -> Iterator[tuple[Role, str]]:
    """What a value is for, where its label may be used for several things."""
    role, value = one.role, one.value
    if role not in _SHARED_ROLES:
        yield role, value
    elif role in _WORDED_ROLES:
        yield from _settled_words(role, value)
    elif role is Role.TICKER and any(token.kind in _DATED for token in tokens(value)):
        yield _CONTRACT, value
    elif role is Role.ENTRY and "premium" in one.label.lower() and _IN_THOUSANDS.search(value):
        yield _FLOW, value
    elif role is Role.QUANTITY and any(word.lower() in RIGHTS for word in _WORD.findall(value)):
        yield _CONTRACT, value
    else:
        yield role, value


def _settled_words(role: Role, value: str) -> Iterator[tuple[Role, str]]:
    """ "Type" may be Call, BTO, Swing or Sweep; "Position" Long, a contract, or a number."""
    words = [word.lower() for word in _WORD.findall(value)]
    if not _FLOW_TYPES.isdisjoint(words):
        yield _FLOW, value
        return
    if any(map(str.isdigit, value)):
        if role is _CONTRACT and value.strip(" x").isdigit():
            yield Role.QUANTITY, value
        elif any(_names_contract(token) for token in tokens(value)):
            yield _CONTRACT, value
        return
    right = next((word for word in words if word in RIGHTS and len(word) > 1), "")
    letters = [word for word in words if word in RIGHTS] if len(words) == 1 else []
    if right or letters:
        yield Role.RIGHT, right or letters[0]
        root = next((word for word in _WORD.findall(value) if is_ticker_word(word)), "")
        if root and role is _CONTRACT:
            yield Role.TICKER, root
    action = _action_in([word for word in words if word not in RIGHTS])
    if action:
        yield Role.ACTION, action
    elif not (right or letters):
        if sense_of(value) is not None:
            yield Role.STATUS, value
        elif role is _CONTRACT:
            yield Role.TICKER, value


def _names_contract(token: Token) -> bool:
    return token.kind in _NAMING or token.low in RIGHTS or is_ticker_word(token.text)


def _action_in(words: Sequence[str]) -> str:
    """The action word that a value begins with: "Buy" of "Buy (long)"."""
    for length in (3, 2, 1):
        phrase = tuple(words[:length])
        if len(phrase) == length and phrase in VERBS:
            return " ".join(phrase)
    return ""
