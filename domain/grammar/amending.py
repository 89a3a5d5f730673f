"""Messages that take back or mend an earlier one: "wrong room", "typo, 255c", "meant 11/28"."""

from __future__ import annotations

import re

from domain.grammar.reading import Kind
from domain.grammar.stems import Hint, Hinted, page_of

LENGTH_MAX = 158
"""What mends another message is short, unless it says so first."""

_VALUE = r"(?:\$?[0-9]*[./,]?[0-9]+(?:[./][0-9]+)*(?:[cp]\b)?|calls?\b|puts?\b)"
_FIGURE = r"(?:\$?[0-9]+(?:[./][0-9]+)+[cp]?\b|\$?\.[0-9]+\b|\$?[0-9]+(?:\.[0-9]+)?[cp]\b)"
_TICKET = r"(?:bto|stc|sto|btc|bought|sold|buy|sell)\b"
_SAID = "alerts?|trades?|orders?|posts?|messages?|entry|calls?|signals?|tickets?|one"
_HINTS = Hint(
    "correct", "typo", "edit", "fixed", "amended", "meant", "ignore", "disregard", "scratch",
    "cancel", "void", "delete", "wrong", "nvm", "nevermind", "never mind", "sorry", "oops",
    "my bad", "should",
)  # fmt: skip
_NOT = re.compile(r"\bnot\b")
_SAYS_SO = Hinted(
    "cor typ edi fix ame",
    rf"^\W*(?:correction|typo|corrected|edit(?:ed)?|fixed|amended)"
    rf"(?:\W*$|\W*[:,-]|\W+(?:on \S{{1,6}}\W+)?(?:{_VALUE}|{_TICKET})| on \S{{1,6}}:)",
)
_MENDS = Hinted(
    "mea not sho wro sor oop who my ugh",
    rf"\bmeant(?: to (?:say|write|type|put|post))? (?:the |an? )?{_VALUE}"
    rf"|{_VALUE},?(?: [a-z]{{1,10}})?,? (?:and )?not (?:the |an? )?{_VALUE}"
    rf"|\bshould(?:'ve| have)? (?:be|been|say|said|read) (?:the |an? )?{_FIGURE}"
    r"|\bwrong (?:strike|date|expiry|expiration|exp|price|ticker|symbol|size|side|right)\b"
    rf"|^\W*(?:sorry|oops|whoops|my bad|ugh)\W+(?:(?:it'?s|its|that'?s|the|meant) )?{_FIGURE}"
    r"(?: [a-z]{1,10}){0,3}\W*$",
)
_VALUES = Hint(*"0123456789", "call", "put", "wrong")
"""One of these is in all that mends."""
_STARRED = re.compile(rf"^\s*\*\s?(?:[A-Za-z$]{{1,6}} )?{_VALUE}(?: \S{{1,8}}){{0,2}}\s*$")
"""A line with a star in front mends a word of the line before it."""
_TAKES_BACK = Hinted(
    "ign dis scr can voi del wro nvm nev",
    r"\b(?:ignore|disregard|scratch|cancel(?:l?ed|l?ing)?|void|delete)"
    rf"(?: (?:that|this|it)(?: (?:{_SAID}|please|pls|guys|wrong|sorry))?(?=\W*$|[.,!;\n]| wrong)"
    rf"| (?:my |the )?(?:last|previous|prior|above)\b(?! (?:year|week|month))"
    rf"| (?:my|the|that|this) (?:\S{{1,12}} ){{0,2}}(?:{_SAID})\b)"
    r"|^\W*(?:ignore|disregard|cancel(?:l?ed)?)\W*$"
    r"|\bwrong (?:room|channel|chat)\b"
    rf"|\b(?:nvm|never ?mind)\b,? (?:(?:that|the|my|last) (?:{_SAID})|not filled|no fill)",
)


def amends(content: str, words: str) -> tuple[Kind, str] | None:
    """Whether a message takes back or mends an earlier one, and the words that say so.

    `content` is the message as it was typed, where a star in front counts.
    """
    if content[:1] == "*" and len(content) <= LENGTH_MAX and (star := _STARRED.match(content)):
        return Kind.CORRECTION, f"'{star[0].strip()}' mends an earlier message"
    page = page_of(words)
    low = page.low
    if not (("not" in low and _NOT.search(low)) or _HINTS.is_in(page)):
        return None
    if found := _SAYS_SO.search_low(page):
        return Kind.CORRECTION, f"'{found[0].strip()}': it amends an earlier message"
    if len(low) > LENGTH_MAX:
        return None
    if found := _TAKES_BACK.search_low(page):
        return Kind.CANCEL, f"'{found[0]}' takes back an earlier message"
    if _VALUES.is_in(page) and (found := _MENDS.search_low(page)):
        return Kind.CORRECTION, f"'{found[0].strip()}' amends an earlier message"
    return None
