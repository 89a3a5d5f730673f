"""Reads what signal rooms say to a trade that is open: "TP1 hit, SL to BE", "position closed".

Such words are short, name the trade rarely and stand in no order ticket's grammar. Each part of
a message between commas is read by itself; all have to be harmless, and at least one has to say
that something is done. A part that merely allows it ("you can close half") does nothing, and a
partial exit is left to the ticket grammar, which asks for it to be said as done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from domain.grammar.normalise import clean
from domain.grammar.pairs import pairs_in
from domain.grammar.reading import (
    Action,
    ExitReason,
    Kind,
    LegReading,
    MessageText,
    Reading,
    TradeReading,
)
from domain.grammar.roots import is_ticker_word
from domain.grammar.russian import is_russian

_LENGTH_MAX = 320
_HINT = re.compile(
    r"\bb/?e\b|break ?even|\bclos(?:e|ed|ing)\b|\bhit\b|\bcancel|\bdelet|\bremove|\bexit"
    r"|\brisk[- ]?free|\binvalid|\bstopped\b|\bbep\b|\bout of\b|not valid|no longer valid"
    r"|\b(?:sl|stops?)\b[^\n]{0,24}\b(?:entry|cost)\b|\b(?:done|reached|smashed|achieved)\b",
    re.IGNORECASE,
)
_PICTURES = re.compile(r"[^\w\s.,!?;:%@$#'/&+()\"<>=-]+")
_SENTENCES = re.compile(r"(?<=[\n!?])|(?<=\.)(?=\s|$)")
_PARTS = re.compile(r"[\n!?;,()]+|\.(?=\s|$)|\band\b|\bbut\b|&|\s[-+]\s|\s-|\*")
_LEAD = (
    r"(?:(?:please|pls|now|ok|okay|guys|team|just|also|we|we're|we've|i|i'm|i've|have|am|are|has"
    r"|let's|lets|here|all|officially|update|signal|idea) ){0,4}"
)
_ENTRY = r"(?:b/?e\b|bep\b|break ?even|entry(?: price| point| level)?|cost)"
_WHAT = (
    r"(?:(?:my|your|our|the|this|that|all|whole|full|rest|rest of|remaining|these|last|both|it"
    r"|everything|trades?|positions?|signals?|orders?|setups?|buys?|sells?|longs?|shorts?|runners?"
    r"|pair|manually|fully|completely|early|entries|now|here|in|with|for|a|of|on|NAME)\b ?){0,7}"
)
_STOP = r"(?:sl|s/l|stop(?:s|[- ]?loss(?:es)?)?)"
_NUMBER = r"[0-9]{1,7}(?:[.,][0-9]{1,8})?"
_REST = (
    r"(?:(?:at|@|in|for|with|on|by|around|near|market|profits?|loss|small|good|nice|big|green|red"
    r"|price|target|pips?|points?|now|here|everyone|guys|manually|fully|the|a|our|my|its|first"
    rf"|{_ENTRY}|tp ?[0-9]?|{_STOP}|[+-]? ?{_NUMBER}(?![0-9]) ?%?|NAME) ?){{0,8}}"
)
_IS = "(?:(?:is|was|are|got|has been|been) )?"

_AT_ENTRY = re.compile(
    rf"{_LEAD}(?:(?:set|sets|move|moved|moving|put|bring|secured?|trail|shift|shifted|adjust|place"
    rf"|raise|raised|lower|lowered)\b ?)?{_WHAT}{_STOP} ?{_WHAT}(?:(?:is|are|goes|moved|to|at|@|on"
    rf"|into|in|=|:|now) ?){{0,3}}{_ENTRY}\b.{{0,40}}"
    rf"|{_LEAD}(?:set|move|moved|moving|put|bring|secure|secured|go|going|protect) ?{_WHAT}"
    rf"(?:to |at |@ ?|on |into )?{_ENTRY}\b.{{0,40}}"
    rf"|{_LEAD}(?:make|made|go|going|set|secure)? ?{_WHAT}(?:is |are )?risk[- ]?free\b.{{0,20}}"
)
_CLOSED = re.compile(
    rf"{_LEAD}(?:close|closed|closing|exit|exited|exiting)\b ?(?:out )?{_WHAT}{_REST}"
    rf"|{_LEAD}out of {_WHAT}NAME {_WHAT}{_REST}|{_LEAD}out of {_WHAT}NAME"
    rf"|{_LEAD}{_WHAT}{_IS}(?:now |fully |manually )?closed(?: {_REST})?"
)
_MARKET_CLOSE = re.compile(r"NAME (?:has |just )?closed (?:at|@|around|near|the) ?[0-9a-z]")
"""What a market does at the end of a day."""
_SAYS_WHAT = re.compile(
    r"\b(?:trades?|positions?|signals?|orders?|setups?|all|everything|it|this|these|rest|now|here"
    r"|manually|fully|NAME|profits?|loss|buys?|sells?|longs?|shorts?|pips?)\b|@|\bat\b|\bin\b"
)
_STOPPED = re.compile(
    rf"{_LEAD}{_WHAT}{_STOP} ?{_IS}(?:hit|triggered|touched) ?{_REST}"
    rf"|{_LEAD}(?:hit|hits) ?{_WHAT}{_STOP} ?{_REST}"
    rf"|{_LEAD}{_WHAT}{_IS}stopped(?: out)? ?(?:of )?{_WHAT}{_REST}"
)
_TARGET = re.compile(
    r"(?P<all>(?:all|full|final|every|both) )?"
    r"(?:(?P<first>[1-9])(?:st|nd|rd|th)? )?"
    r"(?:tps?|t/p|targets?|take[- ]?profits?) ?(?P<number>[1-9])?"
    r"(?P<done>(?: ?(?:is|are|was|got|has been|have been|been|were))? ?"
    r"(?:hit|reached|done|smashed|achieved|completed|secured|taken))?"
    r"(?: (?:at )?[0-9.,]{1,12})?(?: ?\+? ?[0-9.,]{1,8} ?(?:pips?|%|points?))?"
)
_CANCELED = re.compile(
    r"(?:please |pls |now |we |i |i'm |guys )?"
    r"(?:cancel(?:l?ed|l?ing)?|delet(?:e|ed|ing)|remov(?:e|ed|ing)|scrap|void)"
    r"(?: (?:the|this|that|these|my|all|your|our|buy|sell|limits?|pending|pendings|orders?|signals?"
    r"|setups?|trades?|entry|idea|now|here|for|NAME)){0,6}"
    r"|(?:the |this |buy |sell |NAME |limit |pending )*"
    r"(?:limits?|orders?|pending|signal|setup|trade|entry|idea) (?:is |was |now |has been )?"
    r"(?:cancel(?:l?ed)?|deleted|removed|invalid(?:ated)?|no longer valid|not valid(?: anymore)?)"
    r"|invalid(?:ated)?|no longer valid|not valid anymore"
)
_UNSURE = re.compile(
    r"\b(?:if|when|whenever|once|until|till|unless|after|before|will|would|should|could|might|may"
    r"|gonna|going to|want|planning|thinking|considering|don't|dont|didn't|not|never|nobody|he|she"
    r"|they|who|his|her|someone|why|how|what|yesterday|ago|last week|should've|almost|nearly"
    r"|wish|hope|plan)\b|\?|@someone|\""
)
_CONDITION = re.compile(r"\b(?:if|when|whenever|once|until|till|unless)\b|\?")
"""Behind what is done these take it back; other words only tell of what comes next."""
_ALLOWED = re.compile(r"\b(?:you can|can|you may|feel free|consider|recommend\w*|advise\w*)\b")
_PARTIAL = re.compile(
    r"\b(?:half|partials?|third|quarter|part|some|most|trim\w*|1/[234])\b|[0-9] ?%"
)
_ORDERS = re.compile(
    r"\b(?:out|sold|selling|trim\w*|cut|cutting|dump\w*|added|adding|scal(?:ed|ing)|bought|buying"
    r"|stc|bto|sto|cover\w*|taking|took)\b"
)
_CONTRACT = re.compile(r"\$[A-Za-z]|\b[0-9]{1,5}(?:\.[0-9]{1,2})?[cCpP]\b")
_WORD = re.compile("[A-Za-z]+")
_PRICE = re.compile(rf"(?:@|\bat|\bprice|\baround|\bnear) ?({_NUMBER})\b(?! ?(?:%|pips|points))")
_GAIN = re.compile(rf"([+-]?) ?({_NUMBER}) ?%")
_AT_TARGET = re.compile(r"\b(?:at|@|on|by|in) (?:the |my )?(?:tp|target) ?([1-9])?\b")
_AT_STOP = re.compile(rf"\b(?:at|@|on|by) (?:the |my )?{_STOP}\b")
_BY_ENTRY = re.compile(rf"(?:at|@|in|for|on) {_ENTRY}\b")


@dataclass(slots=True)
class _Said:
    """What the parts of a message say together."""

    at_entry: bool = False
    closed: str = ""
    stopped: str = ""
    canceled: bool = False
    hit: int | None = None
    hit_any: bool = False
    all_hit: bool = False
    partly: bool = False
    """Words of the ticket grammar are in it as well, which has to read the whole."""

    @property
    def anything(self) -> bool:
        return self.at_entry or self.ends or self.canceled

    @property
    def ends(self) -> bool:
        return bool(self.closed or self.stopped or self.all_hit)


def read_followup(message: MessageText) -> Reading | None:
    """The reading of a short message to an open trade; None where it is none."""
    content = message.content
    if message.embeds or len(content) > _LENGTH_MAX:
        return None
    if not (_HINT.search(content) or (not content.isascii() and is_russian(content))):
        return None
    text = clean(content)
    names = list(pairs_in(text))
    for name in names:
        text = text.replace(name.said, "NAME")
    if _CONTRACT.search(text) or (not text.isupper() and _names_shares(text)):
        return None
    said = _Said()
    why = ""
    for sentence in _SENTENCES.split(_PICTURES.sub(" , ", text)):
        why = why or _read_sentence(_lowered(sentence), said)
    if said.partly or not said.anything:
        return None
    symbols = {name.symbol for name in names if name.symbol}
    legs = tuple(LegReading(root=symbol) for symbol in symbols)
    if why:
        return Reading(kind=Kind.CONDITIONAL, named=legs, why=why)
    return _reading(said, legs) if len(symbols) < 2 else None


def _names_shares(text: str) -> bool:
    return any(is_ticker_word(word) and word != "NAME" for word in _WORD.findall(text))


def _read_sentence(sentence: str, said: _Said) -> str:
    """Takes what the sentence says is done; the word that keeps it from being so, if any."""
    done = False
    before = ""
    why = ""
    for piece in _PARTS.split(sentence):
        part = " ".join(piece.split()).strip(" :.'\"#-")
        before = f"{before} {part}"
        if _take(part, said):
            done = True
            if found := _UNSURE.search(before):
                why = why or found[0]
    if done and not why and (found := _CONDITION.search(sentence)):
        why = found[0]
    return f"'{why}' with what is said to a trade" if why else ""


def _lowered(part: str) -> str:
    return part.lower().replace("name", "NAME")


def _take(part: str, said: _Said) -> bool:
    """Reads one part, and says whether it does anything to the trade."""
    if not part or _ALLOWED.search(part):
        return False
    if _AT_ENTRY.fullmatch(part):
        said.at_entry = True
    elif _PARTIAL.search(part) and not _TARGET.fullmatch(part):
        said.partly = True
        return False
    elif _STOPPED.fullmatch(part):
        said.stopped = part
    elif _MARKET_CLOSE.match(part):
        return False
    elif _CLOSED.fullmatch(part) and (part.endswith("closed") or _SAYS_WHAT.search(part)):
        said.closed = part
    elif _CANCELED.fullmatch(part):
        said.canceled = True
    elif (found := _TARGET.fullmatch(part)) is not None:
        number = found["number"] or found["first"]
        said.hit_any = True
        said.hit = int(number) if number else said.hit
        said.all_hit |= bool(found["all"] and found["done"])
        return said.all_hit
    else:
        said.partly |= _ORDERS.search(part) is not None
        return False
    return True


def _reading(said: _Said, legs: tuple[LegReading, ...]) -> Reading:
    if said.canceled and not said.ends:
        return Reading(kind=Kind.CANCEL, named=legs, why="what was announced is taken back")
    if not said.ends:
        return Reading(kind=Kind.UPDATE, confidence=Decimal("0.9"), named=legs, stop_at_entry=True)
    part = said.closed or said.stopped
    at_target = _AT_TARGET.search(part)
    if at_target is not None:
        said.hit = int(at_target[1]) if at_target[1] else said.hit
    reason = ExitReason.EXIT
    if said.stopped or _AT_STOP.search(part):
        reason = ExitReason.STOP
    elif said.hit_any or at_target is not None:
        reason = ExitReason.TARGET
    price = _PRICE.search(part)
    trade = TradeReading(
        action=Action.STC,
        legs=legs,
        price=Decimal(price[1].replace(",", ".")) if price else None,
        gain=_gain(part),
        at_hand=not legs,
        either_side=True,
        reason=reason,
        reached=said.hit if reason is ExitReason.TARGET else None,
    )
    return Reading(kind=Kind.CLOSE, confidence=Decimal("0.9"), trades=(trade,), named=legs)


def _gain(part: str) -> Decimal | None:
    if _BY_ENTRY.search(part):
        return Decimal(0)
    found = _GAIN.search(part)
    if found is None:
        return None
    share = Decimal(found[2].replace(",", ".")) / 100
    loses = found[1] == "-" or "loss" in part
    return -share if loses and share < 1 else None if loses else share
