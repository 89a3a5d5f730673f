"""Whether a block is an alert to be opened, and which part it lacks where it is not whole."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from domain.fix import Side
from domain.grammar import block_words as words
from domain.grammar.block_levels import completed, side_of_levels
from domain.grammar.blocks import Block, each_alert, may_be_block, parse
from domain.grammar.dear_shares import cannot_be_shares
from domain.grammar.keeping import kept
from domain.grammar.normalise import PICTURES, clean, has_link
from domain.grammar.pairs import NO_SHARES, Named
from domain.grammar.reading import (
    Action,
    Embed,
    Kind,
    LegReading,
    MessageText,
    Reading,
    Room,
    TradeReading,
)
from domain.grammar.russian import is_russian
from domain.grammar.stems import Hinted, Pattern, holds_any, with_plain_letters
from domain.instruments import CryptoPair, Equity, FxPair, instrument
from domain.shared import InvalidInput

_TICKET = Hinted(
    "bto stc sto buy sel", r"\b(?:bto|stc|sto|buy to open|sell to close)\b", re.IGNORECASE
)
_EXIT = Pattern(
    r"\b(?:close|closed|closing|exit|exited|exiting|out of|trim|trimmed|trimming|cover|covered"
    r"|covering|stopped|partials?|took|taking|cancel\w*|delete\w*)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:sold|bought|longed|shorted)\b", re.IGNORECASE)
_SHARE_WORDS = re.compile(r"\b(?:area|zone|range|shares?|stocks?|position)\b", re.IGNORECASE)
_PIPS = re.compile(r"\b(sl|stop|tp)[^\n0-9]{0,8}([0-9]{1,4}) ?pips?\b", re.IGNORECASE)
_AGAINST = (
    (Kind.RECAP, words.RECAP),
    (Kind.WATCH, words.WATCH),
    (Kind.CONDITIONAL, words.CONDITION),
    (Kind.CHAT, words.RELAYED),
    (Kind.CHAT, words.EXAMPLE),
)
_LENGTH_MAX = 2_500
"""Longer texts are letters to the room, not alerts."""
_ANNOUNCED_WORDS_MAX = 8
_NAMELESS_WORDS_MAX = 24
_REACH = {FxPair: Decimal("0.3"), CryptoPair: Decimal(20), Equity: Decimal(4)}
"""How far from the entry, as a multiple of it, a level can be and still be a price."""
_PREMIUM_STOP = Decimal("0.75")
"""Shares are rarely given so much room; options are."""


def read_block(message: MessageText, room: Room) -> Reading | None:
    """The reading of a message that is an alert in a block; None where it is none."""
    said = [message.content]
    if message.embeds:
        said += map(_lines_of, message.embeds)
    for_one_pair = _is_pair(room.default_root) if room.default_root else False
    for part in said:
        # As it will be cleaned of the sign of a quote; to clean all of it comes later, but for
        # pictures that stand for its labels, and for Russian words.
        spelled = not part.isascii() and (holds_any(part, PICTURES) or is_russian(part))
        shown = clean(part) if spelled else part.replace("/$", "/")
        if may_be_block(shown, for_one_pair=for_one_pair):
            break
    else:
        return None
    if sum(map(len, said)) > _LENGTH_MAX:
        return None
    if has_link(message.content):
        said = said[:1]
    text = "\n".join(part for part in map(clean, said) if part)
    if _TICKET.search(text) or words.STRIKE.search(text):
        return None
    alerts = each_alert(text)
    if len(alerts) > 1 and (hindrance := _hindrance_in(text)):
        return Reading(kind=hindrance[0], why=hindrance[1])
    readings = [_read_text(alert, room, in_card=bool(message.embeds)) for alert in alerts]
    return readings[0] if len(alerts) == 1 else _together(list(filter(None, readings)))


def _together(readings: list[Reading]) -> Reading | None:
    """Several alerts in one message: what is whole is booked, and the rest is asked for.

    A list of pairs without a level is a report, not a list of alerts.
    """
    readings = [one for one in readings if not one.trades or one.stop or one.targets]
    if not any(one.trades for one in readings):
        return next((one for one in readings if one.why), None)
    rules = [rule for one in readings for rule in one.rules]
    return Reading(
        kind=Kind.OPEN,
        confidence=min(one.confidence for one in readings),
        trades=tuple(trade for one in readings for trade in one.trades),
        named=tuple(leg for one in readings for leg in one.named),
        missing=tuple(dict.fromkeys(part for one in readings for part in one.missing)),
        rules=(*rules, "stops and targets of several trades in one message are not read"),
        why="; ".join(one.why for one in readings if one.why),
    )


def _read_text(text: str, room: Room, *, in_card: bool) -> Reading | None:
    """The reading of one alert."""
    block = parse(text)
    block.entries = [price for price in block.entries if price > 0]
    if not block.named and room.default_root and (block.side or block.entries):
        block.named = (_default(room),) if _is_pair(room.default_root) else ()
    if not block.named:
        return _nameless(block, text)
    if _names_shares(block) and (in_card or words.OPTION_LIKE.search(text)):
        return None
    is_full = "entry" in block.labels and bool(block.entries) and block.has_levels
    ready = _is_whole_enough(block, text) and not _EXIT.search(block.side_line)
    if not (is_full or ready):
        return None
    named = tuple(LegReading(root=one.symbol) for one in block.named if one.symbol)
    if hindrance := _hindrance(block, text):
        kind, why = hindrance
        return Reading(kind=kind, named=named, why=why)
    return _Judging(block, text).reading(named) if ready else None


def _lines_of(embed: Embed) -> str:
    fields = [f"{fold.name.strip(' :')}: {fold.value}" for fold in embed.fields]
    return "\n".join((embed.title, embed.description, *fields))


def _default(room: Room) -> Named:
    symbol = instrument(room.default_root).symbol
    return Named(symbol, symbol, 0, rule=f"root {symbol}: the room's default")


def _is_pair(symbol: str) -> bool:
    return isinstance(_instrument(symbol), CryptoPair | FxPair)


@kept()
def _instrument(symbol: str) -> object:
    try:
        return instrument(symbol)
    except InvalidInput:
        return None


def _names_shares(block: Block) -> bool:
    return any(isinstance(_instrument(one.symbol), Equity) for one in block.named)


def _is_whole_enough(block: Block, text: str) -> bool:
    """Whether enough of an alert is there to say what the rest of it lacks."""
    if _names_shares(block):
        sided = block.side is not None or side_of_levels(block) is not None
        return sided and "entry" in block.labels and bool(block.entries) and block.has_levels
    if block.has_levels:
        return block.side is not None or bool(block.entries and block.stops)
    if block.side is None or _PAST.search(block.side_line):
        return False
    # Levels in pips are labels without a price.
    is_short = len(text.split()) <= _ANNOUNCED_WORDS_MAX * (2 if block.labels else 1)
    return is_short and (block.at_market or bool(block.entries))


def _nameless(block: Block, text: str) -> Reading | None:
    """An entry with its levels, said of what was announced before: "Entry 4438 SL 4428"."""
    labelled = "entry" in block.labels and bool(block.entries) and block.has_levels
    is_short = len(text.split()) <= _NAMELESS_WORDS_MAX
    if not labelled or not is_short or words.OPTION_LIKE.search(text) or "?" in text:
        return None
    side = block.side or side_of_levels(block)
    if _hindrance(block, text) or side is None:
        return None
    kept = _Judging(block, text)
    kept.settle(side)
    return Reading(
        kind=Kind.UPDATE,
        confidence=Decimal("0.9"),
        entry=block.entries[0],
        entry_to=block.entries[-1] if len(block.entries) > 1 else None,
        stop=kept.stop,
        targets=tuple(kept.targets),
        rules=tuple(kept.rules),
    )


def _hindrance(block: Block, text: str) -> tuple[Kind, str] | None:
    """What keeps a block from being its author's alert of now."""
    side_lines = [line for line in (block.side_line, *block.entry_lines) if line]
    if "?" in text and _asks(text):
        return Kind.CHAT, "the alert is a question"
    if hindrance := _hindrance_in(text):
        return hindrance
    if 0 < block.ticked < block.target_lines:
        return Kind.RECAP, "some targets are ticked off"
    for line in side_lines:
        if found := words.CONDITION_OF_ENTRY.search(line):
            return Kind.CONDITIONAL, f"'{found[0]}' makes the entry a condition"
    if found := words.NOT_DONE.search(block.side_line):
        return Kind.CONDITIONAL, f"'{found[0]}' says that it is not done"
    if who := _whose(block):
        return Kind.CHAT, f"'{who}' may be whose trade it is"
    return None


def _asks(text: str) -> bool:
    """Whether a line with a side or a level is a question; "who is in?" asks nothing of it."""
    asking = [line for line in text.split("\n") if "?" in line]
    asked = (with_plain_letters(line).lower() for line in asking)
    return any(words.SIDES.search(low) or words.LABEL.search(low) for low in asked)


def _hindrance_in(text: str) -> tuple[Kind, str] | None:
    """What speaks against an entry now, wherever it stands."""
    for kind, pattern in _AGAINST:
        if found := pattern.search(text):
            return kind, f"'{' '.join(found[0].split())}' speaks against an entry now"
    if hit := _hit(text):
        return Kind.RECAP, f"'{hit}' tells what became of it"
    return None


def _whose(block: Block) -> str:
    """Somebody else who is said to take the side."""
    if found := words.NOT_OURS.search(block.side_line):
        return found[0]
    line = block.side_line
    for named in block.named:
        line = line.replace(named.said, "NAME")
    found = words.THEIRS.search(line)
    return found["who"] if found and found["who"].lower() not in words.OURS else ""


def _hit(text: str) -> str:
    """A level that was hit; "move the stop when TP1 is hit" tells of none yet."""
    for found in words.LEVEL_HIT.finditer(text):
        before = text[max(0, found.start("hit") - 60) : found.start("hit")].lower().split()
        if words.HIT_TO_COME.isdisjoint(before[-8:]):
            return found["hit"]
    return ""


class _Judging(msgspec.Struct, gc=False):
    """One block on its way to a reading."""

    block: Block
    text: str
    stop: Decimal | None = None
    targets: list[Decimal] = []
    missing: list[str] = []
    rules: list[str] = []
    why: str = ""

    def reading(self, named: tuple[LegReading, ...]) -> Reading:
        root = self._root()
        side = self._side()
        if not self.block.entries:
            self.missing.append("price")
            if self.block.loose:
                spoken = ", ".join(f"{price:f}" for price in self.block.loose)
                self.why = f"any of {spoken} may be the price"
        elif side is not None:
            self.settle(side)
        trade = self._trade(root, side) if root and side is not None else None
        return Reading(
            kind=Kind.OPEN,
            confidence=Decimal(1) if self.block.side else Decimal("0.9"),
            trades=(trade,) if trade is not None and not self.missing else (),
            named=named,
            stop=None if self.missing else self.stop,
            targets=() if self.missing else tuple(self.targets),
            announced=trade if self.missing == ["price"] else None,
            missing=tuple(self.missing),
            rules=tuple(dict.fromkeys(self.rules)),
            why=self.why or ("it says no " + " and no ".join(self.missing) if self.missing else ""),
        )

    def _root(self) -> str:
        named = self.block.named
        if len({one.symbol or one.said for one in named}) > 1:
            self.missing.append("symbol")
            self.why = "it names " + " and ".join(one.said for one in named)
            return ""
        if not named[0].symbol or named[0].symbol in NO_SHARES:
            self.missing.append("symbol")
            self.why = f"'{named[0].said}' is no instrument that is known here"
            return ""
        if named[0].rule:
            self.rules.append(named[0].rule)
        return named[0].symbol

    def _side(self) -> Side | None:
        if self.block.side is not None:
            return self.block.side
        side = side_of_levels(self.block)
        if side is None:
            self.missing.append("action")
        else:
            word = "bought" if side is Side.BUY else "sold short"
            self.rules.append(f"{word}: the stop and the targets stand so")
        return side

    def _trade(self, root: str, side: Side) -> TradeReading:
        entries = self.block.entries
        return TradeReading(
            action=Action.BTO if side is Side.BUY else Action.STO,
            legs=(LegReading(root=root, side=side),),
            quantity=self.block.quantity or None,
            price=entries[0] if entries else None,
            price_to=entries[-1] if len(entries) > 1 and entries[-1] != entries[0] else None,
        )

    def settle(self, side: Side) -> None:
        """Keeps the levels that stand on their side of the entry, and names the others."""
        block = self.block
        self._named_pips()
        stops = [price for price in map(self._completed, block.stops) if self._in_reach(price)]
        targets = [price for price in map(self._completed, block.targets) if self._in_reach(price)]
        entry = block.entries[0]
        if not stops and block.stop_share is not None and block.stop_share < 1:
            stops = [entry * (1 - side.sign * block.stop_share)]
            self.rules.append(f"stop {stops[0]}: from the entry by the share that was said")
        targets += [entry * (1 + side.sign * share) for share in block.target_shares]
        worst, best = min(block.entries), max(block.entries)
        if side is Side.SELL:
            worst, best = best, worst
        right = [price for price in targets if (price - best) * side.sign > 0]
        if stops and (stops[0] - worst) * side.sign < 0:
            self.stop = stops[0]
        self.targets = list(dict.fromkeys(right))
        odd = [price for price in (*stops, *targets) if price != self.stop and price not in right]
        if odd and self.stop is None and not right:
            self.missing.append("action")
            self.why = f"{odd[0]:f} is on the wrong side of an entry at {entry:f}"
        for price in odd:
            self.rules.append(f"{price:f} is no level for an entry at {entry:f}: left out")
        root = block.named[0].symbol if block.named else ""
        if (why := cannot_be_shares(root, entry)) or self._may_be_premium(entry):
            self.missing.append("contract")
            self.why = why or f"{entry:f} may be the price of an option"

    def _completed(self, price: Decimal) -> Decimal:
        whole = completed(price, self.block.entries[0])
        if whole != price:
            self.rules.append(f"{price} read as {whole}")
        return whole

    def _in_reach(self, price: Decimal) -> bool:
        entry = self.block.entries[0]
        symbol = self.block.named[0].symbol if self.block.named else ""
        reach = _REACH.get(type(_instrument(symbol)), Decimal(20))
        low = entry * (1 - reach) if reach < 1 else entry / (1 + reach)
        if low <= price <= entry * (1 + reach) and price > 0:
            return True
        self.rules.append(f"{price:f} is no level for an entry at {entry:f}: left out")
        return False

    def _named_pips(self) -> None:
        if "pip" not in self.text.lower():
            return
        for label, count in _PIPS.findall(self.text):
            self.rules.append(f"{label} {count} pips is no price: left out")

    def _may_be_premium(self, entry: Decimal) -> bool:
        wide = self.stop is not None and self.stop <= entry * _PREMIUM_STOP
        return wide and _names_shares(self.block) and _SHARE_WORDS.search(self.text) is None
