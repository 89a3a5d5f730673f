"""Takes a message apart into cards: a title that sets the intent, labelled lines, and prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.grammar.normalise import clean, has_link
from domain.grammar.reading import Embed, Kind, MessageText
from domain.grammar.vocabulary import FIRST_WORDS

_LABELS = {
    "contract": "contract", "option": "contract", "option contract": "contract",
    "position": "contract", "trade": "contract", "play": "contract", "alert": "contract",
    "ticker": "ticker", "symbol": "ticker", "stock": "ticker", "underlying": "ticker",
    "pair": "ticker", "coin": "ticker", "asset": "ticker",
    "strike": "strike", "strike price": "strike",
    "type": "right", "option type": "right", "right": "right", "call/put": "right",
    "c/p": "right", "put/call": "right",
    "exp": "expiry", "expiry": "expiry", "expiration": "expiry", "expires": "expiry",
    "exp date": "expiry", "expiration date": "expiry", "expiry date": "expiry",
    "entry": "entry", "entry price": "entry", "price": "price", "cost": "entry",
    "avg entry": "entry", "average entry": "entry", "fill": "entry", "filled": "entry",
    "fill price": "entry", "entered": "entry", "premium": "entry",
    "exit": "exit", "exit price": "exit", "sold": "exit", "sell price": "exit",
    "sl": "stop", "stop": "stop", "stop loss": "stop", "stoploss": "stop", "stop price": "stop",
    "pt": "target", "tp": "target", "target": "target", "targets": "target",
    "price target": "target", "take profit": "target", "profit target": "target",
    "qty": "quantity", "quantity": "quantity", "contracts": "quantity", "shares": "quantity",
    "size": "size", "position size": "size", "risk": "size",
    "action": "action", "side": "action", "order": "action", "trade type": "action",
    "direction": "action", "signal": "action",
    "gain": "gain", "profit": "gain", "p/l": "gain", "pnl": "gain", "p&l": "gain",
    "return": "gain", "roi": "gain",
    "notes": "notes", "note": "notes", "comment": "notes", "comments": "notes",
    "reason": "notes", "thoughts": "notes", "analysis": "notes",
}  # fmt: skip
_LINE = re.compile(r"^[^A-Za-z0-9\n@$]{0,4}([A-Za-z][A-Za-z/& ]{0,18}?) ?([0-9]?) ?: *(.*)$")
_CONTRACT_ROLES = frozenset({"contract", "ticker", "strike"})
_PRICE_ROLES = frozenset({"entry", "exit", "price"})

_INTENT_WORDS = {
    Kind.WATCH: "watch|watching|watch ?list|radar|eyeing|trade ideas?|ideas?|setups?|plan",
    Kind.RECAP: "recap|results|summary|performance|scoreboard|p/?l",
    Kind.UPDATE: "updates?",
    Kind.CANCEL: "cancel+ed|cancel",
    Kind.TRIM: "trim|trims|trimming|trimmed|partials?|scal(?:e|ed|ing) out",
    Kind.CLOSE: "stopped out|closed?|closing|exits?|exited|exiting|sold|stc|sell|all out|out",
    Kind.ADD: "add|adding|added|averag(?:e|ing) down",
    Kind.OPEN: "day ?trade|lotto|swing|scalp|leaps?|entry|entries|entering|entered|open|opening"
    "|opened|bto|sto|buy|bought|buying|new (?:trade|position)|long|short",
}
"""In this order: a "Trim Alert" trims, an "Entry Update" is an update."""

_INTENTS = {
    kind: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for kind, words in _INTENT_WORDS.items()
}


@dataclass(slots=True)
class Card:
    """One part of a message: its title, what its labels say, and the rest of its words."""

    title: str = ""
    intent: Kind | None = None
    roles: dict[str, str] = field(default_factory=dict)
    prose: str = ""
    notes: str = ""

    @property
    def names_contract(self) -> bool:
        return not _CONTRACT_ROLES.isdisjoint(self.roles)

    @property
    def contract(self) -> str:
        """The labelled contract in the order of a ticket."""
        parts = ("contract", "ticker", "expiry", "strike", "right")
        said = [self.roles[part] for part in parts if part in self.roles]
        if "contract" not in self.roles and "ticker" in self.roles:
            said[0] = said[0].upper()
        return " ".join(said)

    @property
    def entry(self) -> str:
        """The labelled entry in the words of a ticket, with its levels."""
        price = self.price("entry")
        return f"@ {price} , {self.levels}" if price else ""

    def price(self, role: str) -> str:
        """The price under its own label (`entry` or `exit`), else under a plain "Price"."""
        return self.roles.get(role) or self.roles.get("price", "")

    @property
    def levels(self) -> str:
        """The labelled stop and targets in the words of a ticket."""
        stop, target = self.roles.get("stop"), self.roles.get("target")
        said = (f"SL {stop}" if stop else "", f"PT {target}" if target else "")
        return " , ".join(part for part in said if part)


def cards(text: MessageText) -> list[Card]:
    """The content and every embed, each as a card; where there is a link, embeds preview it."""
    content = clean(text.content)
    found = [_content(content)] if content else []
    if text.embeds and not has_link(text.content):
        found += [_embed(embed) for embed in text.embeds]
    return found


def _content(content: str) -> Card:
    card = Card()
    roles, prose, notes = _labelled(content.split("\n"))
    if not _CONTRACT_ROLES.isdisjoint(roles) and not _PRICE_ROLES.isdisjoint(roles):
        card.roles, card.prose, card.notes = roles, prose, notes
    else:
        card.prose = content
    return card


def _embed(embed: Embed) -> Card:
    lines = clean(embed.description).split("\n")
    for fold in embed.fields:
        name, value = clean(fold.name).strip(" :"), clean(fold.value)
        lines += [f"{name}: {value}"] if _role_of(name) and "\n" not in value else [name, value]
    roles, prose, notes = _labelled([line for part in lines for line in part.split("\n")])
    title = clean(embed.title)
    return Card(title=title, intent=intent_of(title), roles=roles, prose=prose, notes=notes)


def intent_of(title: str) -> Kind | None:
    """What a title says that the card is for."""
    return next((kind for kind, words in _INTENTS.items() if words.search(title)), None)


def _role_of(label: str) -> str:
    return _LABELS.get(" ".join(label.lower().rstrip("0123456789 ").split()), "")


def _labelled(lines: list[str]) -> tuple[dict[str, str], str, str]:
    """Labelled lines by role, the words of the other lines, and the notes."""
    roles: dict[str, str] = {}
    prose: list[str] = []
    notes: list[str] = []
    open_notes = False
    for line in lines:
        role, value = _role_and_value(line)
        if role == "notes":
            open_notes = True
            notes.append(value)
        elif role == "contract" and value.split(" ", 1)[0].lower() in FIRST_WORDS:
            prose.append(value)
        elif role:
            open_notes = False
            _keep(roles, role, value)
        else:
            (notes if open_notes else prose).append(line)
    return roles, "\n".join(prose).strip(), "\n".join(notes).strip()


def _role_and_value(line: str) -> tuple[str, str]:
    found = _LINE.match(line)
    if found is None:
        return "", ""
    return _role_of(found[1]), found[3].strip()


def _keep(roles: dict[str, str], role: str, value: str) -> None:
    if role == "target" and role in roles:
        roles[role] = f"{roles[role]}, {value}"
    elif role not in roles and value:
        roles[role] = value


def texts(card: Card) -> Iterator[str]:
    """The words of a card in which things are done: prose first, notes after."""
    if card.prose:
        yield card.prose
    if card.notes:
        yield card.notes
