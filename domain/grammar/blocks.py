"""Reads alerts in blocks: side, pair, entry, stop and targets under labels, in any order.

A block that names side and instrument, an entry, and a stop or targets is the room's alert: it
opens at its entry, limit orders included, which is what its followers do. A block that only
watches, sets a condition for the entry, tells what became of a trade or passes on another's
opens nothing. Where no side is said, stop and targets on either side of the entry say it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import islice

import msgspec

from domain.fix import Side
from domain.grammar import block_words as words
from domain.grammar.keeping import kept
from domain.grammar.pairs import Named, coins_in, pairs_in, shares_in
from domain.grammar.stems import Hint, Hinted, holds_any, page_of, with_plain_letters
from domain.grammar.tokens import number_of

_INSTRUMENTS = Hint(
    "usd", "gold", "silver", "xau", "xag", "btc", "eth", "bitcoin", "ether", "xrp", "doge", "bnb",
    "jpy", "eur", "gbp", "aud", "nzd", "cad", "chf", "nas", "us30", "us 30", "dax", "oil",
)  # fmt: skip
_SIDED = Hint(
    "buy", "bought", "sell", "sold", "long", "short", "entry", "enter", "stop", "sl", "tp"
)
_SIDE_STEMS = ("buy", "bought", "sell", "sold", "long", "short")
_ENTRIES = Hint("entry", "entries", "enter", "zone", "area", "range")
_LEVELS = Hint("stop", "sl", "target", "tp", "take", "pt")
_LIKELY = _SIDED.mark | _ENTRIES.mark
_NAMING = _INSTRUMENTS.mark | _LEVELS.mark
_PRICED = re.compile(r"[0-9]|\bnow\b|market|cmp")
_NUMBER = re.compile(
    r"(?<![\w.,])(?=[$~\u20ac\u00a3@ .0-9])[$~\u20ac\u00a3@]? ?"
    r"(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)"
    r"(?P<thousand>k\b)?(?![0-9]| ?%)"
)
_TO = re.compile(r"[$\s]{0,3}(?:-{1,2}|/|~|to\b|and\b|&|\.\.)[@$\s]{0,3}", re.IGNORECASE)
_PLAIN = re.compile(r"[^A-Za-z#:/.-]*+(?>(?:\.[^A-Za-z#:/.-]*+)?)")
"""No letter, no sign of a time or a number of an alert, and no date: a price."""
_PERCENT = re.compile(r"(?<![\w.])[+-]?([0-9]{1,4}(?:\.[0-9]{1,2})?) ?%")
_INDEX = re.compile(r"[\s#]{0,2}([1-9]|1[0-2])(?![0-9.,]*[0-9%])[\s:.)=-]*")
_BARE_LINE = re.compile(r"[^A-Za-z\u0400-\u04ff]*(?:(?:usdt?|usdc|open|and|to|k|tp[0-9]?)\b"
                        r"[^A-Za-z\u0400-\u04ff]*){0,6}", re.IGNORECASE)  # fmt: skip
_NUMBERED = re.compile(r"^\W{0,4}[0-9]{1,2}(?:[.):]|\ufe0f?\u20e3)\s*(?=\S)")
_STOP_WORD = re.compile(r"[A-Za-z\u0400-\u04ff]{3,}")
_LINK_WORDS = frozenset({"and", "then", "usd", "usdt", "usdc", "open", "hold", "also", "the"})
_DOTS = re.compile(r"(?<=[0-9])\.{2,}(?=[0-9])|(?<=[0-9])\.{2,}$")
"""Between the prices of a list: "0.33...0.37...0.40"."""
_COUNT = re.compile(
    r"\b(?:buy|sell|long|short|bought|sold)(?:ing)? ([0-9]{1,7}(?:\.[0-9]{1,8})?) ?[#$]?$",
    re.IGNORECASE,
)
_LINES_MAX = 80
_LABELS_MAX = 30
"""In one line; more than that is no alert."""
_LEVERAGE = Hinted(
    "lev cro iso fut per x",
    r"\b(?:leverage|lev|cross|isolated|futures|perp|[0-9]{1,3} ?x|x ?[0-9]{1,3})\b",
    re.IGNORECASE,
)

_Find = Callable[[str], Iterable[Named]]


class Block(msgspec.Struct, gc=False):
    """What the lines say, before it is judged whether that is a trade."""

    heads: list[str] = []
    """Lines, or parts of lines, before any label: who does what with which instrument."""
    entry_lines: list[str] = []
    entries: list[Decimal] = []
    stops: list[Decimal] = []
    stop_share: Decimal | None = None
    targets: list[Decimal] = []
    target_shares: list[Decimal] = []
    side: Side | None = None
    side_line: str = ""
    named: tuple[Named, ...] = ()
    labels: set[str] = set()
    loose: list[Decimal] = []
    """Numbers of the side's line that no label explains, where there are several."""
    quantity: Decimal | None = None
    at_market: bool = False
    ticked: int = 0
    """Target lines with a tick behind their price."""
    target_lines: int = 0
    crossed: bool = False

    @property
    def has_levels(self) -> bool:
        return bool(self.stops or self.targets or self.target_shares or self.stop_share)


def may_be_block(text: str, *, for_one_pair: bool = False) -> bool:
    """Whether it is worth looking for a block; most chat ends here.

    In a room `for_one_pair` the pair need not be named.
    """
    page = page_of(text)
    if not (page.marks & _LIKELY and (for_one_pair or page.marks & _NAMING)):
        return False
    if for_one_pair and _SIDED.is_in(page):
        return _PRICED.search(page.low) is not None
    if _SIDED.is_in(page) and _INSTRUMENTS.is_in(page):
        return _PRICED.search(page.low) is not None and (
            any(map(pairs_in, text.split("\n"))) or words.JOINED.search(text) is not None
        )
    return _ENTRIES.is_in(page) and _LEVELS.is_in(page)


def each_alert(text: str) -> list[str]:
    """The text, cut before every line that says a side of another pair than those before."""
    lines = _in_words(text).split("\n")[:_LINES_MAX]
    starts: list[int] = []
    last = ""
    for place, line in enumerate(lines):
        if not (_sides(line) and _NUMBER.search(line)):
            continue
        name = next((one.symbol or one.said for one in pairs_in(line)), "")
        if name and name != last:
            starts.append(place)
            last = name
    if len(starts) < 2:
        return [text]
    ends = [*starts[1:], len(lines)]
    return ["\n".join(lines[start:end]) for start, end in zip([0, *starts[1:]], ends, strict=True)]


def parse(text: str) -> Block:
    """Takes the lines of a cleaned text apart by their labels."""
    text = _in_words(text)
    block = Block()
    _Lines(block).run(text.split("\n")[:_LINES_MAX])
    _find_side(block)
    _find_instrument(block, text)
    _find_quantity(block)
    if not block.entries:
        _entry_of_head(block)
    return block


@lru_cache(maxsize=8)
def _in_words(text: str) -> str:
    """The text with a blank between the pair and the side of "goldbuy"; kept, for one that is
    cut into alerts is taken apart next."""
    if words.MAY_BE_JOINED.search(with_plain_letters(text).lower()) is None:
        return text
    return words.JOINED.sub(_parted, text)


def _parted(found: re.Match[str]) -> str:
    return " ".join(part for part in found.groups() if part)


class _Lines:
    """One pass over the lines; a label without a number waits for the bare lines behind it."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.waiting = ""

    def run(self, lines: Sequence[str]) -> None:
        for line in lines:
            if line.strip():
                self._line(line.strip())

    def _line(self, line: str) -> None:
        low = with_plain_letters(line).lower()
        found = list(islice(words.LABEL.finditer(low), _LABELS_MAX))
        if not found:
            self._free(line)
            return
        if head := line[: found[0].start()].strip(" :-\u2022#*=>"):
            self.block.heads.append(head)
        for place, label in enumerate(found):
            end = found[place + 1].start() if place + 1 < len(found) else len(line)
            self._value(label, line[label.end() : end], line)

    def _free(self, line: str) -> None:
        if self.waiting and _BARE_LINE.fullmatch(line):
            said = _NUMBERED.sub("", line) if len(_numbers(line)) > 1 else line
            if numbers := _numbers(said):
                self._take(self.waiting, numbers, said)
                if self.waiting != "target" and said is line:
                    self.waiting = ""
                return
        elif self.waiting and self.waiting != "target":
            self.waiting = ""
        self.block.heads.append(line)

    def _value(self, label: re.Match[str], value: str, line: str) -> None:
        kind = label.lastgroup or ""
        if kind == "other":
            self.waiting = ""
            return
        value = _scrubbed(_DOTS.sub(" ", value) if kind == "target" else value)
        indexed = False
        if kind in ("target", "entry") and (index := _INDEX.match(value)):
            rest = value[index.end() :]
            if _numbers(rest) or label[0][-1:] in ("p", "t") or not value[:1].isspace():
                value, indexed = rest, True
        numbers = _leading(value) if kind == "target" else _numbers(value)
        if kind == "entry":
            at_market = words.AT_MARKET.search(value) is not None
            self.block.at_market |= at_market
            if (numbers or at_market) and line not in self.block.entry_lines[-1:]:
                self.block.entry_lines.append(line)
        self.block.labels.add(kind)
        if indexed and kind == "target":
            numbers = numbers[:1]
        self._take(kind, numbers, value)
        has_value = numbers or _PERCENT.search(value) or _STOP_WORD.search(value)
        self.waiting = kind if kind == "target" or not has_value else ""

    def _take(self, kind: str, numbers: list[Decimal], said: str) -> None:
        block = self.block
        shares = []
        if "%" in said:
            shares = [Decimal(share) / 100 for share in _PERCENT.findall(said)]
        if kind == "entry":
            block.entries += _range(said)
        elif kind == "stop":
            block.stops += numbers[:1]
            block.stop_share = shares[0] if shares and not numbers else block.stop_share
            block.crossed |= words.CROSSED.search(said) is not None
        else:
            block.targets += [price for price in numbers if price not in block.targets]
            block.target_shares += shares if not numbers else []
            block.target_lines += bool(numbers)
            if numbers and not said.isascii():
                block.ticked += words.TICKED.search(said) is not None


def _scrubbed(text: str) -> str:
    """The text without digits that are no price; nothing but numbers holds none of these."""
    if _PLAIN.fullmatch(text):
        return text
    low = with_plain_letters(text).lower()
    if words.MAY_SCRUB.search(low) is None:
        return text
    parts: list[str] = []
    end = 0
    for digits in words.SCRUB.finditer(low):
        parts.append(text[end : digits.start()])
        end = digits.end()
    return " ".join((*parts, text[end:])) if parts else text


def _numbers(text: str) -> list[Decimal]:
    return [_price(found) for found in _NUMBER.finditer(text)]


def _leading(text: str) -> list[Decimal]:
    """The numbers before the first word of prose: "4443 then move up to 4450" has one."""
    for word in _STOP_WORD.finditer(text):
        if word[0].lower() not in _LINK_WORDS:
            text = text[: word.start()]
            break
    return _numbers(text)


def _price(found: re.Match[str]) -> Decimal:
    digits = found["digits"]
    whole, _, rest = digits.partition(",")
    price = number_of(f"0.{rest}" if whole == "0" and rest.isdigit() else digits)
    return price * 1000 if found["thousand"] else price


def _range(text: str) -> list[Decimal]:
    """A price, or the two ends of a range in the order they are said; 4438-33 ends at 4433."""
    first = _NUMBER.search(text)
    if first is None:
        return []
    low = _price(first)
    link = _TO.match(text, first.end())
    second = _NUMBER.match(text, link.end()) if link else None
    if second is None:
        return [low]
    high = _price(second)
    if second["thousand"] and not first["thousand"] and low < 1000 < high:
        low *= 1000
    return [low, _completed(first["digits"], second["digits"], low, high)]


def _completed(first: str, second: str, low: Decimal, high: Decimal) -> Decimal:
    if second.isdigit() and len(second) < len(first) and "," not in first:
        whole = Decimal(first[: -len(second)] + second)
        if abs(whole - low) * 20 <= low:
            return whole
    return high


def _find_side(block: Block) -> None:
    """The side on the line that names the instrument, else the first one said."""
    lines = [*block.heads, *block.entry_lines]
    sided = [(line, sides) for line in lines if (sides := _sides(line))]
    if not sided:
        return
    with_name = (one for one in sided if _names_something(one[0]))
    short = (one for one in sided if len(one[0].split()) <= 4)
    line, sides = next(with_name, None) or next(short, sided[0])
    block.side_line = line
    if len(set(sides)) == 1:
        block.side = sides[0]


@kept(most=_LINES_MAX)
def _sides(line: str) -> tuple[Side, ...]:
    """The sides that a line says; each line is asked when a text is cut, and when it is read."""
    low = with_plain_letters(line).lower()
    if not holds_any(low, _SIDE_STEMS):
        return ()
    said = words.NOT_SIDES.sub(" ", low)
    return tuple([words.side_of(found) for found in words.SIDES.finditer(said)])


def _names_something(line: str) -> bool:
    return bool(pairs_in(line)) or any(True for _ in shares_in(line))


def _find_instrument(block: Block, text: str) -> None:
    """Pairs on the side's line before those elsewhere; then coins; shares where nothing else."""
    lines = [block.side_line, *block.heads, *block.entry_lines]
    block.named = (
        _first_line(pairs_in, lines)
        or (_first_line(coins_in, lines) if _LEVERAGE.search(text) else ())
        or _first_line(shares_in, lines)
    )


def _first_line(find: _Find, lines: Sequence[str]) -> tuple[Named, ...]:
    """What the first line names that names anything; each instrument once, whole pairs first."""
    for line in lines:
        if said := [*find(line)]:
            named = {found.symbol or found.said: found for found in reversed(said)}
            found = sorted(named.values(), key=lambda one: (bool(one.rule), one.place))
            sure = [one for one in found if not one.rule]
            return tuple(sure or found)
    return ()


def _find_quantity(block: Block) -> None:
    """Coins are counted before their name, where the price stands elsewhere: 0.25 ETH/USD @ 3120.

    Of currencies and metals only lots are, which are as large as the broker makes them.
    """
    if len(block.named) != 1 or not block.named[0].is_coin:
        return
    before, name, after = block.side_line.partition(block.named[0].said)
    counted = _COUNT.search(before)
    if name and counted and (block.entries or _NUMBER.search(after)):
        block.quantity = Decimal(counted[1])
        block.side_line = f"{before[: counted.start(1)]}{name}{after}"


def _entry_of_head(block: Block) -> None:
    """Without an entry label the price stands on the side's line, or alone on the next one."""
    lines = [block.side_line] if block.side_line else block.heads[:1]
    start = block.heads.index(lines[0]) + 1 if lines and lines[0] in block.heads else 1
    lines += [line for line in block.heads[start : start + 3] if _BARE_LINE.fullmatch(line)]
    block.at_market |= any(words.AT_MARKET.search(line) for line in lines)
    for line in lines:
        said = _without_names(_scrubbed(_NUMBERED.sub("", line)))
        at = said.rfind("@")
        entries = _range(said[at:] if at >= 0 else said)
        if not entries:
            continue
        if at < 0 and len(_numbers(said)) > len(entries):
            block.loose = _numbers(said)
        else:
            block.entries = entries
        return


def _without_names(line: str) -> str:
    for named in pairs_in(line):
        line = line.replace(named.said, " ", 1)
    return line
