"""What stands around a ticket and keeps it from being one: a copy, a lesson, a memory, a joke.

A frame is looked for only where an action word was found, so most messages pay nothing. It is
said in the same sentence, before or behind the action, or it heads the lines that follow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import NamedTuple

from domain.grammar.marks import marked
from domain.grammar.reading import Kind
from domain.grammar.stems import Hinted
from domain.grammar.tokens import Token, marks_in
from domain.grammar.verbs import Form

HEADER_WORDS_MAX = 8
_WORDS_MAX = 60

_DAYS = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|satur|sun)(?:day)?"
_NOT_NAMES = (
    r"my|our|the|this|that|these|here|now|today|tonight|yesterday|entry|open|close|there|support"
    r"|resistance|cost|avg|average|last|a|an|home|scratch|contracts?|cons?|shares?|lot"
)
_LOOKING_BACK = (
    rf"yesterday'?s?|ago|previously|(?:i|we) once|remember|back in|in 20[0-9][0-9]"
    rf"|on (?:last )?{_DAYS}|last (?:week|night|month|year|{_DAYS})|first trade ever"
    r"|congrat(?:s|ulations) to"
)


_DAY_STEMS = "mon tue wed thu fri sat sun"
_BACK_STEMS = f"con yes ago pre onc rem bac in las eve {_DAY_STEMS}"
_CREDITS = frozenset({"from", "via", "per", "by"})
_NO_NAMES = re.compile(
    rf"{_NOT_NAMES}|{_DAYS}|watchlist|contract|share|breakeven|vwap|lows?|highs?"
)


class Frame(NamedTuple):
    """What the words around a ticket make of it."""

    kind: Kind
    why: str


class _Sign(NamedTuple):
    kind: Kind
    why: str
    words: Hinted
    mark: int


def _sign(kind: Kind, why: str, stems: str, *words: str) -> _Sign:
    pattern = r"(?<![\w'@])(?:" + "|".join(words) + r")(?![\w'])"
    return _Sign(kind, why, Hinted(stems, pattern), marked(stems=stems.split()))


class _Signs:
    """Signs in the order in which they are looked for."""

    def __init__(self, *signs: _Sign) -> None:
        self.signs = signs
        self.marks = reduce(or_, (sign.mark for sign in signs))

    def possible(self, marks: int) -> Sequence[_Sign]:
        """Those of which a word may be among the words with these marks; mostly none."""
        if not self.marks & marks:
            return ()
        return [sign for sign in self.signs if sign.mark & marks]


_UNREAL = "trades nothing real"
_SENTENCE = re.compile(
    r"\b(?:i|we|i'm|we're|seeing|love|loving|like|looks?|is|are|was|were|nice|great|here|hurt)\b"
)
"""Words of a sentence: a heading has none."""

_ANYWHERE = _Signs(
    _sign(
        Kind.CHAT,
        _UNREAL,
        "pap sim dem bac kid jk psy jok tes",
        r"paper (?:trad(?:e|es|ed|ing)|account|acct|money|portfolio)",
        r"(?:on|in|my|the) (?:sim|paper|demo|simulator)", r"sim(?:ulated|ulation)?",
        r"demo (?:account|acct|trade)", r"paper(?=$| ,)", r"back ?test(?:ed|ing|s)?",
        r"just kidding|kidding|jk|psych|just a joke",
        r"(?:just|only|is) (?:a )?test(?:ing)?",
    ),
    _sign(
        Kind.CHAT,
        "is somebody else's alert",
        "roo dis ser cha gro cop rep ret rel for fwd via per cou cre fro",
        r"(?:other|another|different) (?:room|discord|server|channel|group|chat)",
        r"copied|reposting|repost|retweet(?:ed)?|relayed|relaying|forwarded|fwd",
        rf"(?:via|per|courtesy of|credits? to) (?!{_NOT_NAMES}|plan|contract|share|rules?)"
        r"@?[a-z]\w{2,}",
        r"from @\w+",
    ),
    _sign(
        Kind.CONDITIONAL,
        "is not filled",
        "fil unf",
        r"no fills?(?: yet)?|not (?:yet )?filled|unfilled|did(?:n't| not) (?:get )?fill(?:ed)?",
        r"(?:waiting|wait) (?:for|on) (?:a |the |my )?fill",
    ),
)  # fmt: skip
"""In the sentence of a ticket, before it or behind it."""

_BEFORE = _Signs(
    _sign(
        Kind.CHAT,
        "is an example",
        "e eg exa ins say sup ima ass hyp the les qui hom for tem loo rul tut lea glo exp how pra"
        " moc fak tes why ope whi doe",
        r"e g|eg|examples?|for instance|let'?s say|say (?:i|we|you)|suppos(?:e|ing)|imagine",
        r"assum(?:e|ing)|hypothetical(?:ly)?|in theory|lesson|quiz|homework|format|template",
        r"looks like this|rules? #?[0-9]*|tutorial|learn|learning|glossary|explained|how to",
        r"practice|mock|fake",
        r"test(?:ing)?(?: (?:alert|bot|trade|signal|message|post|order))?$",
        r"why (?:i|we)|how (?:i|we)|to open an?|by which|does",
    ),
    _sign(
        Kind.RECAP,
        "looks back",
        "rec res sum log jou sco per hol tra pla win pos por his web pod vid str cal ear mor"
        f" saw see kno rem tha bel {_BACK_STEMS}",
        r"recaps?|results|summary|trade log|journal|scoreboard|performance|track record|holdings",
        r"(?:today'?s|this week'?s|closed|past|previous|recent|all|our|my)"
        r" (?:trades|plays|winners)",
        r"(?:open|current) positions?|portfolio|history|webinar|podcast|video|stream|nice call",
        rf"{_LOOKING_BACK}|earlier|this morning",
        r"as (?:you|we|i|they|y'?all|everyone) (?:all |guys )?(?:saw|seen|know|remember)",
        rf"{_DAYS} (?:i|we)|thank (?:god|goodness)|(?:can't|cannot) believe",
    ),
    _sign(
        Kind.CONDITIONAL,
        "is planned",
        "tom nex gam pla ide ope clo fed fom cpi ppi nfp bel ear pot pos ale con pen ord"
        f" {_DAY_STEMS}",
        r"tomorrow'?s?(?! exp)"
        r"|(?<!exp )(?<!expiration )(?<!expiring )(?<!calls )(?<!puts )"
        r"next (?:week|month|year|session)(?! exp)|game ?plan|planning|ideas?",
        r"(?<!per )(?<!to )plans?(?= (?:for|is|was|to|:)|$)",
        r"(?:at|before|after|into|on) (?:the )?(?:next )?(?:open|close|fed|fomc|cpi|ppi|nfp|bell"
        r"|earnings)(?! (?:i|we) \w+(?:ed|ght|ld)$)",
        rf"on (?:next )?{_DAYS}(?! (?:i|we) \w+ed)", rf"^{_DAYS}$|^{_DAYS}(?= :)",
        r"potential|possible|alerts? set|conditional|pending|orders? (?:in|set|at)",
    ),
    _sign(
        Kind.CHAT,
        "is advice",
        "don do nev alw mak rem",
        r"(?:don'?t|do not) (?:be|forget|get|let|hold|chase)|never|always|make sure|remember to",
    ),
    _sign(Kind.WATCH, "is watched", "wat rad eye", r"watch ?lists?|watching|on watch|radar|eyeing"),
    _sign(
        Kind.CHAT,
        "is somebody else's alert",
        "rt quo saw fro sai say s",
        r"rt|quote|quoted|quoting|saw (?:this|it|that) (?:on|in|from)|alerts? from",
        r"says?|(?<!i )said",
        rf"^from (?!{_NOT_NAMES})[a-z]+(?: [a-z]+)?",
        r"(?!(?:today|tonight|it|that|let|here|there|what|who)'s)[a-z]+'s (?:\w+ )?"
        r"(?:alerts?|trades?|calls?|entry|position|play|ticket|room|order|move)",
    ),
    _sign(
        Kind.CHAT,
        "is the news",
        "unu flo swe blo dar wha ins sca bre hea upg dow ini rei dea off",
        r"unusual|flow|sweeps?|block trades?|dark ?pools?|whales?|insiders?|scanner|breaking",
        r"headlines?|upgrade[sd]?|downgrade[sd]?|initiat(?:es?|ed|ing)|reiterat(?:es?|ed|ing)",
        r"bought deal|offering",
    ),
    _sign(
        Kind.CHAT,
        "is promotion",
        "joi mem upg off cod dis sub rea",
        r"join|members?(?! :)|upgrade|[0-9]+ ?% off|use code|discount|subscribe|react",
    ),
)  # fmt: skip
"""In the sentence of a ticket, before its verb; or on a line that heads it."""

_HEADING = (
    "is an example", "looks back", "is planned", "is watched", "is somebody else's alert",
    _UNREAL, "is the news",
)  # fmt: skip
_HEADING_SIGNS = _Signs(
    *(sign for sign in (*_ANYWHERE.signs, *_BEFORE.signs) if sign.why in _HEADING)
)
_NO_HEADING = re.compile(
    rf"{_LOOKING_BACK}|earlier|this morning|says?|said|after|before|tomorrow|nice call"
)
"""What tells of one sentence alone: "last week was great" heads nothing."""

_LOOKS_BACK = (
    r"(?<!as )(?<!like )(?<!than )(?<!watchlist )(?<!list )(?<!posted )(?<!mentioned )"
    rf"(?:{_LOOKING_BACK})"
)
_BEHIND = _Signs(
    _sign(
        Kind.WATCH, "is watched",
        "wat rad lis", r"(?:to|on) (?:my |your |the |our )?(?:watch ?list|radar|list)"
    ),
    _sign(
        Kind.CHAT,
        "states a rule",
        "rul way key goa ide pla mea mus imp ess cru sma wis",
        r"(?:is|'s) (?:the|my|our) (?:rule|way|key|goal|idea|play)", r"means",
        r"(?<!this )(?<!that )(?<!it )is (?:(?:a|so|very|super|extremely|always) )?"
        r"(?:must|important|essential|crucial|smart|wise)",
    ),
    _sign(Kind.CHAT, "is taken back", "not nev nvm", r"not$|lol not|never mind|nvm"),
    _sign(
        Kind.CHAT, "is somebody else's alert", "fro was",
        r"from the other|was the (?:alert|trade|call)",
    ),
    _sign(Kind.RECAP, "looks back", _BACK_STEMS, _LOOKS_BACK),
)  # fmt: skip
"""In the sentence of a ticket, behind its verb."""

_PLANNED_BEHIND = _sign(
    Kind.CONDITIONAL,
    "is planned",
    "tom aft bre dip pul ret rec rej bou nex",
    r"(?<=[0-9] )tomorrow$",
    r"after (?:the )?(?:fed|fomc|cpi|ppi|nfp|open|close|earnings)",
    r"on (?:a |any )?(?:break ?(?:out|down)?|dip|pull ?back|retest|reclaim|rejection|bounce)",
    r"(?:at|near|by) (?:the )?(?:next|tomorrow'?s?) (?:open|close)",
)
"""Behind what is said as done now; of what was done, it tells how it came about."""

_PAST_BEHIND = _sign(
    Kind.RECAP,
    "looks back",
    "ran wen it its now",
    r"ran to|went to|(?:and|now) it'?s|it was at|now (?:it'?s )?at \$?[0-9]",
)

_BEHIND_NOW = _Signs(*_BEHIND.signs, _PLANNED_BEHIND)
_BEHIND_PAST = _Signs(*_BEHIND.signs, _PAST_BEHIND)

_PAST = Form.PAST
_CREDITED = marked(_CREDITS)
_IN_FRONT = _ANYWHERE.marks | _BEFORE.marks
_ON_EITHER_SIDE = _ANYWHERE.marks | _CREDITED


def around(before: Sequence[Token], after: Sequence[Token], form: Form) -> Frame | None:
    """The frame in the sentence of an action: `before` and `after` are its words."""
    before, after = before[-_WORDS_MAX:], after[:_WORDS_MAX]
    of_lead, of_tail = marks_in(before), marks_in(after)
    behind = _BEHIND_PAST if form is _PAST else _BEHIND_NOW
    if not (of_lead & _IN_FRONT or of_tail & behind.marks or of_tail & _ON_EITHER_SIDE):
        return None
    lead, tail = _spoken(before), _spoken(after)
    for sign in _ANYWHERE.possible(of_lead | of_tail):
        if found := sign.words.find(lead) or sign.words.find(tail):
            return _frame(sign, found)
    for sign in _BEFORE.possible(of_lead):
        if found := sign.words.find(lead):
            return _frame(sign, found)
    if of_tail & _CREDITED and (name := _credited(after)):
        return Frame(Kind.CHAT, f"'{name}': it is somebody else's alert")
    for sign in behind.possible(of_tail):
        if found := sign.words.find(tail):
            return _frame(sign, found)
    return None


def _credited(words: Sequence[Token]) -> str:
    """Reads "from Mike", "per Jake": a name behind what it is taken from."""
    for token, ahead in pairwise(words):
        if token.low not in _CREDITS:
            continue
        name = ahead.text
        is_name = len(name) > 2 and name[0].isupper() and name[1:].islower()
        if is_name and not _NO_NAMES.fullmatch(ahead.low):
            return f"{token.text} {name}"
    return ""


def heading(words: Sequence[Token], marks: int) -> Frame | None:
    """What a short line without an action makes of all that stands under it."""
    if not marks & _HEADING_SIGNS.marks or len(words) > HEADER_WORDS_MAX:
        return None
    said = _spoken(words)
    for sign in _HEADING_SIGNS.possible(marks):
        found = sign.words.find(said)
        if found is None or _NO_HEADING.search(found[0]):
            continue
        if sign.why == _UNREAL or not _SENTENCE.search(said):
            return _frame(sign, found)
    return None


def _frame(sign: _Sign, found: re.Match[str]) -> Frame:
    return Frame(sign.kind, f"'{found[0]}': it {sign.why}")


def _spoken(words: Sequence[Token]) -> str:
    return " ".join([token.low for token in words])
