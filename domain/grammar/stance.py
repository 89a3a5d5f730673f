"""What a message is when it books nothing: a plan, a watch, a boast, or plain talk."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.grammar.pairs import pairs_in
from domain.grammar.reading import Kind
from domain.grammar.stems import Hint, Hinted, page_of, word_mark
from domain.grammar.tickers import is_ticker_word
from domain.grammar.verbs import FIRST_WORDS
from domain.grammar.vocabulary import FRACTIONS, RIGHTS, SECURE, STOPS, TAKE, TARGETS

_WORD = re.compile(r"[a-z][a-z']*")
_MATTER = re.compile(
    r"[0-9] ?[cp]\b|[0-9] ?%|[0-9]/[0-9]|/usd|@ ?(?:lim)?\.?[0-9]|\$[a-z]|[0-9]{6}[cp][0-9]"
)
_FIGURES = Hint(*"0123456789$", "/usd")
"""What matters without such a word holds one of these."""
_ACTIVE = (
    frozenset(FIRST_WORDS)
    - {"in", "long", "am", "got", "get", "picking", "picked", "going", "all", "be", "b/e", "b"}
    - {"hit"}
    | TAKE | SECURE | FRACTIONS.keys() | STOPS | TARGETS | RIGHTS.keys()
    | {"breakeven", "cash", "watching", "watchlist", "eyeing"}
)  # fmt: skip
_ACTS = word_mark(_ACTIVE)
_UP = Hinted("up ove", r"\bup (?:over |another |almost )?[0-9]+ ?%|\bover [0-9]+ ?%")
_STANDS_AT = re.compile(
    r"\b(up|down) (?:about |almost |around |over |to |nearly )?([0-9]+(?:\.[0-9]+)?) ?%"
)
_SUPPOSED = re.compile(r"\b(?:if|once|unless|when|could|would|should|will|might)\b|'ve\b|\?")
_ABOUT = re.compile(
    r"\.[0-9]|[0-9] ?%|[0-9] ?[cp]\b|[0-9]/[0-9]|\$[a-z0-9]"
    r"|\b(?:calls?|puts?|entry|entries|position|contracts?|cons|trim\w*|runners?|profits?"
    r"|stop(?:ped)?|tp|pt|sl|bought|sold|shares)\b"
)
_CONDITIONAL = Hinted(
    "if onc unl ll ill wel you wil ove abo und bel bre thr wai",
    r"\b(?:if|once|unless)\b|\b(?:i|we|you)'?ll\b|\bwill\b"
    r"|\b(?:over|above|under|below|breaks?|through) \$?[0-9.]+(?![0-9]| ?%)"
    r"|\bwait(?:ing)? for\b",
)
_WATCH = Hinted(
    "wat eye rad sta loo set mig may pos ide kee",
    r"\bwatch(?:ing|list)?\b|\beye(?:s|ing)?\b|\bon (?:my |the )?radar\b|\bstalking\b"
    r"|\blooking (?:at|for|to)\b|\balerts? set\b|\bmight\b|\bmay\b|\bpossibl[ey]\b"
    r"|\bideas?\b|\bkeep(?:ing)? an eye\b",
)
_SHARE = re.compile(r"[0-9] ?%")
_RECAP = Hinted(
    "too ban cau nai pri con rec yes run hit gre red clo sol tri sto bou mad pro fro",
    r"\b(?:took|banked|caught|nailed|printed|printing|printer|congrats|recap|yesterday"
    r"|banger|bangers|runners?|hit|green|red|closed|sold|trimmed|stopped|bought|made|profits?"
    r"|from [0-9.]+ to [0-9.]+)\b",
)
_TELLING = _UP.mark | _CONDITIONAL.mark | _WATCH.mark | _RECAP.mark
_ENTERS = re.compile(
    r"\b(?:buy|sell|long|short|setup|ideas?)\b"
    r"|\b(?:entry|entries|zone)(?: range| zone| area| price| in| again| back| at){0,3}"
    r" ?:? ?\$?[0-9]"
)
_TARGET_HIT = re.compile(
    r"\b(?:pt ?[0-9]?|tp ?[0-9]?|target(?: ?[0-9])?|take profit) (?:was |is |got |been )?hit\b"
    r"|\bhit (?:my |our |the )?(?:first |second |final )?(?:pt|tp|target)"
)


def may_act(text: str) -> bool:
    """Whether any word of a trade is in the text; most chat ends here."""
    page = page_of(text)
    low = page.low
    if page.marks & _ACTS and (low == page.plain or _says_active(low)):
        return True
    return page.marks & _FIGURES.mark > 0 and _MATTER.search(low) is not None


def _says_active(low: str) -> bool:
    return not (_ACTIVE.isdisjoint(low.split()) and _ACTIVE.isdisjoint(_WORD.findall(low)))


def speaks_of_entry(text: str) -> bool:
    """Whether levels in the text belong to an entry rather than to something that is open."""
    return _ENTERS.search(page_of(text).low) is not None


def stated_gain(text: str) -> Decimal | None:
    """How a trade stands over its entry by the author's word: 0.8 for "up 80%".

    None where nothing is said of it, more than one thing, or only what would be.
    """
    low = page_of(text).low
    found = {(way, share) for way, share in _STANDS_AT.findall(low)}
    if len(found) != 1 or _SUPPOSED.search(low):
        return None
    ((way, share),) = found
    gain = Decimal(share) / 100
    if way == "up":
        return gain
    return -gain if gain < 1 else None


def names_ticker(text: str) -> bool:
    return any(map(is_ticker_word, text.split()))


def tickers(text: str) -> tuple[str, ...]:
    """The words that may be tickers, wherever they stand, and the pairs that are said in full."""
    words = (word.strip("$.,:;!?()\"'") for word in text.split())
    pairs = (named.symbol for named in pairs_in(text) if named.symbol and not named.rule)
    return tuple(dict.fromkeys([*filter(is_ticker_word, words), *pairs]))


def target_was_hit(text: str) -> bool:
    low = text.lower()
    return "hit" in low and _TARGET_HIT.search(low) is not None


def kind_of(text: str) -> Kind:
    """The kind of a message that holds no act; small talk is no plan, whatever its grammar."""
    page = page_of(text)
    low = page.low
    if not (page.marks & _TELLING or "%" in low):
        return Kind.CHAT
    if not names_ticker(text) and not _ABOUT.search(low):
        return Kind.CHAT
    if _UP.search_low(page):
        return Kind.RECAP
    if _WATCH.search_low(page):
        return Kind.WATCH
    if _CONDITIONAL.search_low(page):
        return Kind.CONDITIONAL
    told = ("%" in low and _SHARE.search(low)) or _RECAP.search_low(page)
    return Kind.RECAP if told else Kind.CHAT
