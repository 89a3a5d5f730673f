"""One plain spelling for what people type: no markup, no mentions, no disclaimers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from domain.grammar.russian import in_english
from domain.grammar.stems import Hint, holds_any, page_of

LENGTH_MAX = 4_200
"""A little more than a chat platform lets through; what lies beyond is not read."""

SOMEONE = "@someone"
"""Stands for the mention of a person, so that their trade is not taken for the author's."""

_INVISIBLE = dict.fromkeys(
    (
        *(0xAD, 0x61C, 0x180E, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
    ),
    "",
)
_TYPOGRAPHY: dict[int, str] = {
    **_INVISIBLE,
    **dict.fromkeys([0x2018, 0x2019, 0x201A, 0x201B, 0x2BC, 0x2032, 0xB4], "'"),
    **dict.fromkeys([0x201C, 0x201D, 0x201E, 0x201F, 0xAB, 0xBB, 0x2033], '"'),
    **dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212], "-"),
    0x2044: "/",
    0x2022: "\n",
    # A target by its picture; the pictures of an entry and a stop need a number (see below).
    **dict.fromkeys([0x1F3AF, 0x1F945], " target "),
    **dict.fromkeys([0x2192, 0x27A1, 0x21D2, 0x279C, 0x2794], " -> "),
}
_TYPOGRAPHIC = re.compile(f"[{''.join(map(chr, _TYPOGRAPHY))}]")
"""To have every letter of a text looked up takes longer than to find the few of these."""

_HALF = re.compile("(?<![0-9])\u00bd")
_CARRIAGE = re.compile(r"\r\n?")
_PICTURED = re.compile(
    r"^ ?([\u2705\u274c\u26d4\U0001f6d1])\ufe0f? ?:? ?"
    r"((?:(?:clear |strong )?bre?a?ks? (?:of )?|in (?:again |back )?at |around |under |below )?"
    r"-?@? ?\$?[0-9]{0,6}\.?[0-9]{1,6}(?:ish|s)?(?: ?- ?\$?[0-9.]{1,9})?(?: ?%)?) ?$",
    re.MULTILINE | re.IGNORECASE,
)
"""A line of a tick or a cross and little but a price: the entry, or the stop."""
_PICTURED_ROW = re.compile(
    r"^(\$?[A-Z]{1,5}\b[^\n\u2705\u274c\U0001f3af0-9]{0,40})\u2705\ufe0f? ?"
    r"(\$?[0-9.]{1,9}(?:ish|s)?(?: ?- ?\$?[0-9.]{1,9})?) ?"
    r"(?:\u274c\ufe0f? ?([^\n\U0001f3af]{1,24}))?(?:\U0001f3af\ufe0f? ?([0-9$.][^\n]{0,80}))?$",
    re.MULTILINE,
)
"""The same in one line: "AIM \u2705 0.81 \u274c 0.75 \U0001f3af 0.86-1.00"."""
PICTURES = {"\u2705": "entry", "\u274c": "stop", "\u26d4": "stop", "\U0001f6d1": "stop"}
_PLURAL = re.compile(r"(?<=[a-z])\(s\)", re.IGNORECASE)
_PLURAL_RIGHT = re.compile(r"(?<=[0-9][cp])\(s\)", re.IGNORECASE)
_SPECIAL = ("*", "_", "~", "`", "|", "<", ">", "@", "://")
_QUOTED = re.compile(r"^ ?>>>.*\Z|^ ?>(?!=)[^\n]*$", re.MULTILINE | re.DOTALL)
_QUOTE_SIGN = re.compile(r"^ ?>(?:>>)? ?", re.MULTILINE)
_CALL = re.compile(r"@everyone\b|@here\b|<@&[0-9]")
_STRUCK = re.compile(r"~~[^~]+~~")
_PERSON = re.compile(r"<@!?[0-9]{1,20}>")
_DROPPED = re.compile(
    r"<a?:[A-Za-z0-9_]{1,32}:[0-9]{1,20}>"  # custom emoji
    r"|<(?:@&|#)[0-9]{1,20}>|@(?:everyone|here)\b"  # roles, channels, the whole room
    r"|<t:[0-9]{1,12}(?::[a-zA-Z])?>"
    r"|<?https?://[^\s>)]+>?"
)
_MAY_DROP = ("<", "@everyone", "@here", "://")
_SHORTCODE = re.compile(r"(?<![\w:<]):[A-Za-z][A-Za-z0-9_]{1,31}:(?![\w:])")
"""How an export spells a custom emoji: ":RedAlert:"."""
_COUNTED_BUYS = re.compile(
    r"\s*(?:[\u2022\u00b7:.-]\s*)?(?<![\w.$])([0-9]{1,3}) Buys? (?=\$?[0-9]*\.[0-9])"
)
"""How many were bought behind their contract: "IREN $44.5 Call 2/13 \u2022 4 Buys 2.10"."""
_BARS = re.compile(r"\|\|+|~~+")
_LINK = re.compile(r"(?<!<)https?://\S")
_DISCLAIMER = re.compile(
    r"(?:these|this|all) (?:are|is) (?:only|just|purely) my (?:own )?(?:opinion|idea)"
    r"|this (?:recommendation|idea|post|message) is not a (?:trading )?(?:signal|recommendation)"
    r"|\bi(?:'m| am) not a (?:licensed )?financial advis[eo]r"
    r"|\bdisclaimer ?:"
    r"|\bfor (?:informational|educational|entertainment)[a-z/ ]{0,40} purposes"
    r"|данная рекомендация не является",
    re.IGNORECASE,
)
_SPELLINGS = (
    "pinion", "PINION", " not a", "dvis", "dvice", "DVICE", "isclaimer", "DISCLAIMER", "nfa",
    "NFA", "purposes", "данная", "Данная",
)  # fmt: skip
_FEW = 24
"""Of the few words of a label no page is made for the question whether they have to be cleaned."""
_HINT = Hint(*dict.fromkeys(map(str.lower, _SPELLINGS)))
_NOT_ADVICE = re.compile(r"\bnot (?:financial|investment) advice\b|\bnfa\b", re.IGNORECASE)
_CONTRACTS = re.compile(r"(?<=[0-9][cp])'s\b", re.IGNORECASE)
"""Contracts are many: "some 190c's"."""
_WITH = re.compile(r"\bw/(?= )")
_QUOTE = re.compile(r"(?<=[a-z0-9])/\$(?=(?:usd[tc]?|eur)\b)", re.IGNORECASE)
"""What a pair is quoted in needs no sign: "$BTC/$USDT"."""
_ORDINAL_PART = re.compile(r"(?<=\b[12]/3)rd\b|(?<=\b[13]/4)th\b")
_BLANKS = re.compile(r"[^\S\n]+")
"""No blank but the space is printable."""
_DRESSED = (*"~|<>(", "@everyone", "@here", "://", "'s", "/$", "w/ ", "/3rd", "/4th")
_DRESS = Hint(*_DRESSED)
_LABEL_DRESS = re.compile("|".join(map(re.escape, ("  ", *_DRESSED, *_SPELLINGS))))


def cleaned(text: str) -> str:
    """The words as if they had been typed plainly, line by line.

    Quoted lines and struck-through words are dropped: they are not what the author now says.
    """
    if text.count(":") > 1:
        text = _SHORTCODE.sub(" ", text)
    if " Buy" in text:
        text = _COUNTED_BUYS.sub(r" \1x @ ", text)
    bare = text.replace("*", "").replace("_", "").replace("`", "")
    if not bare or (len(text) <= LENGTH_MAX and _is_plain(bare)):
        return bare.strip()
    text = text[:LENGTH_MAX]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _HALF.sub(" half ", text))[:LENGTH_MAX]
        if "\u2705" in text:
            text = _PICTURED_ROW.sub(_in_lines, text)
        text = _TYPOGRAPHIC.sub(_plainly, text)
    if "\r" in text:
        text = _CARRIAGE.sub("\n", text)
    if not text.isascii() and holds_any(text, PICTURES):
        text = _PICTURED.sub(_in_words, text)
    if "(" in text:
        text = _PLURAL.sub("s", _PLURAL_RIGHT.sub("", text))
    if "'s" in text:
        text = _CONTRACTS.sub("", text)
    if "w/" in text:
        text = _WITH.sub("with", text)
    if "/$" in text:
        text = _QUOTE.sub("/", text)
    if "/3rd" in text or "/4th" in text:
        text = _ORDINAL_PART.sub("", text)
    if holds_any(text, _SPECIAL):
        text = _without_markup(text)
    text = _without_disclaimer(text)
    if "  " in text or not text.replace("\n", "").isprintable():
        text = _BLANKS.sub(" ", text)
    text = text.strip()
    return text if text.isascii() else in_english(text)


clean = lru_cache(maxsize=32)(cleaned)
"""The same for texts that several readers of a message clean: the last few are kept."""


def _is_plain(text: str) -> bool:
    """Whether there is nothing more to clean away but what stands at the ends."""
    if not text.isascii():
        return False
    if len(text) < _FEW:
        return _LABEL_DRESS.search(text) is None and text.isprintable()
    page = page_of(text)
    if page.marks & _DRESS.mark or _HINT.is_in(page) or "  " in text:
        return False
    return text.replace("\n", "").isprintable()


def _plainly(found: re.Match[str]) -> str:
    return _TYPOGRAPHY[ord(found[0])]


def _in_words(pictured: re.Match[str]) -> str:
    return f"{PICTURES[pictured[1]]} {pictured[2]}"


def _in_lines(pictured: re.Match[str]) -> str:
    name, entry, stop, targets = pictured.groups()
    if not (stop or targets):
        return pictured[0]
    lines = [name.strip(), f"entry {entry}"]
    lines += [f"stop {stop}"] if stop else []
    lines += [f"target {targets}"] if targets else []
    return "\n".join(lines)


def has_link(text: str) -> bool:
    """Whether a link is shown with the words, so that the embeds preview somebody's page."""
    return "://" in text and _LINK.search(text) is not None


def _without_markup(text: str) -> str:
    if ">" in text:
        text = _own_words(text)
    if "~~" in text:
        text = _STRUCK.sub(" ", text)
    if "<@" in text:
        text = _PERSON.sub(f" {SOMEONE} ", text)
    if holds_any(text, _MAY_DROP):
        text = _DROPPED.sub(" ", text)
    if "||" in text or "~~" in text:
        text = _BARS.sub("", text)
    return text.replace("*", "").replace("_", "").replace("`", "")


def _own_words(text: str) -> str:
    """Without what is quoted, unless it is all there is and calls the room: then it is set off."""
    own = _QUOTED.sub("", text)
    return own if own.strip() or _CALL.search(text) is None else _QUOTE_SIGN.sub("", text)


def _without_disclaimer(text: str) -> str:
    """Cuts a disclaimer from where it starts to the end of its line."""
    if not holds_any(text, _SPELLINGS):
        return text
    if _DISCLAIMER.search(text):
        text = "\n".join(_DISCLAIMER.split(line, 1)[0] for line in text.split("\n"))
    return _NOT_ADVICE.sub(" ", text)
