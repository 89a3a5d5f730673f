"""Reads what signal rooms say to a trade that is open: "TP1 hit, SL to BE", "position closed".

Such words are short, name the trade rarely and stand in no order ticket's grammar. Each part of
a message between commas is read by itself; at least one has to say that something is done. A
part that merely allows it ("you can close half") does nothing, and where words of the ticket
grammar stand beside what is read here, that grammar reads the whole.
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from domain.grammar import followup_words as words
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
from domain.grammar.russian import is_russian
from domain.grammar.stems import page_of
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import number_of
from domain.grammar.vocabulary import AT_HAND, FRACTION_PARTS, FRACTIONS

_LENGTH_MAX = 320
_SURE = Decimal("0.9")


class _Said(msgspec.Struct, gc=False):
    """What the parts of a message say together."""

    at_entry: bool = False
    stop: Decimal | None = None
    targets: list[Decimal] = []
    closed: str = ""
    stopped: str = ""
    partly: re.Match[str] | None = None
    canceled: bool = False
    hit: int | None = None
    hit_any: bool = False
    all_hit: bool = False
    else_ordered: bool = False
    """Words of the ticket grammar are in it as well, which has to read the whole."""

    @property
    def moves(self) -> bool:
        return self.at_entry or self.stop is not None or bool(self.targets)

    @property
    def ends(self) -> bool:
        return bool(self.closed or self.stopped or self.all_hit or self.partly)


def read_followup(message: MessageText) -> Reading | None:
    """The reading of a short message to an open trade; None where it is none."""
    content = message.content
    if message.embeds or len(content) > _LENGTH_MAX:
        return None
    if not _may_follow(content):
        return None
    if words.IDIOM.search(content):
        return None
    text = clean(content)
    if "target" in text.lower():
        text = words.BULLSEYES.sub("", text)
    text, roots = _named(text)
    if words.CONTRACT.search(text) or len(roots) > 1:
        return None
    said = _Said()
    why = ""
    for sentence in words.SENTENCES.split(words.PICTURES.sub(" , ", text)):
        why = why or _read_sentence(sentence.lower().replace("name", "NAME"), said)
        if said.else_ordered:
            return None
    if not (said.moves or said.ends or said.canceled):
        return None
    legs = tuple(LegReading(root=root) for root in roots)
    if why:
        return Reading(kind=Kind.CONDITIONAL, named=legs, why=why)
    return _reading(said, legs)


def _may_follow(content: str) -> bool:
    """Whether it is worth taking apart; most chat ends here."""
    page = page_of(content)
    if words.STEMS.is_in(page) and words.HINT.search(page.plain):
        return True
    return not content.isascii() and is_russian(content)


def _named(text: str) -> tuple[str, list[str]]:
    """The text with a mark for each instrument that it names, and the roots of those."""
    roots: list[str] = []
    for named in pairs_in(text):
        text = text.replace(named.said, "NAME")
        roots.append(named.symbol or named.said)
    if not text.isupper():
        for ticker in words.TICKER.findall(text):
            code = ticker.lstrip("$#")
            if code != "NAME" and (code != ticker or is_ticker_word(code.lstrip("0123456789"))):
                text = text.replace(ticker, "NAME")
                roots.append(code)
    return text, list(dict.fromkeys(roots))


def _read_sentence(sentence: str, said: _Said) -> str:
    """Takes what the sentence says is done; the word that keeps it from being so, if any."""
    done = False
    before = ""
    why = ""
    for piece in words.PARTS.split(sentence):
        part = " ".join(piece.split()).strip(" :.'\"#-")
        before = f"{before} {part}"
        if _take(part, said) or _take(_unlabelled(part), said):
            done = True
            if not said.canceled and (found := words.UNSURE.search(before)):
                why = why or found[0]
    if done and not why and (found := words.CONDITION.search(sentence)):
        why = found[0]
    return f"'{why}' with what is said to a trade" if why else ""


def _unlabelled(part: str) -> str:
    """What is said behind the name of the trade; of a market that closes, nothing is."""
    label = words.LABEL.match(part)
    return "" if label is None or words.MARKET_CLOSE.match(part) else part[label.end() :]


def _take(part: str, said: _Said) -> bool:
    """Reads one part, and says whether it does anything to the trade."""
    if not part or words.ALLOWED.search(part):
        return False
    if words.AT_ENTRY.fullmatch(part):
        said.at_entry = True
    elif (partly := words.PARTLY_CLOSED.fullmatch(part)) is not None:
        said.partly = partly
    elif words.PARTIAL.search(part) and not words.TARGET.fullmatch(part):
        said.else_ordered = True
        return False
    elif words.STOPPED.fullmatch(part):
        said.stopped = part
    elif words.MARKET_CLOSE.match(part):
        return False
    elif words.BARE_PRICE.search(part) and not words.PRICE.search(part):
        if words.LEVEL.fullmatch(part) or words.LEVEL.fullmatch(_unlabelled(part)):
            return _take_level(part, said)
        said.else_ordered = True
        return False
    elif words.CLOSED.fullmatch(part) and (part.endswith("closed") or words.SAYS_WHAT.search(part)):
        said.closed = part
    elif words.CANCELED.fullmatch(part):
        said.canceled = True
    else:
        return _take_level(part, said)
    return True


def _take_level(part: str, said: _Said) -> bool:
    """A target that was hit does nothing by itself; a level that is moved does."""
    if (hit := words.TARGET.fullmatch(part)) is not None:
        number = hit["number"] or hit["first"]
        said.hit_any = True
        said.hit = int(number) if number else said.hit
        said.all_hit |= bool(hit["all"] and hit["done"])
        return said.all_hit
    if (moved := words.LEVEL.fullmatch(part)) is not None:
        if moved["stop"]:
            said.stop = number_of(moved["level"])
        else:
            said.targets.append(number_of(moved["level"]))
        return True
    said.else_ordered |= words.ORDERS.search(part) is not None
    return False


def _reading(said: _Said, legs: tuple[LegReading, ...]) -> Reading:
    if said.canceled and not said.ends:
        return Reading(kind=Kind.CANCEL, named=legs, why="what was announced is taken back")
    trade = _trade(said, legs) if said.ends else None
    kind = Kind.UPDATE
    if trade is not None:
        kind = Kind.TRIM if trade.partial else Kind.CLOSE
    return Reading(
        kind=kind,
        confidence=_SURE,
        trades=(trade,) if trade is not None else (),
        named=legs,
        stop=said.stop,
        stop_at_entry=said.at_entry,
        targets=tuple(said.targets),
    )


def _trade(said: _Said, legs: tuple[LegReading, ...]) -> TradeReading:
    if said.partly is not None and not (said.closed or said.stopped):
        return _partial(said.partly, legs)
    part = said.closed or said.stopped
    at_target = words.AT_TARGET.search(part)
    if at_target is not None and at_target[1]:
        said.hit = int(at_target[1])
    reason = ExitReason.EXIT
    if said.stopped or words.AT_STOP.search(part):
        reason = ExitReason.STOP
    elif said.hit_any or at_target is not None:
        reason = ExitReason.TARGET
    price = words.PRICE.search(part)
    return TradeReading(
        action=Action.STC,
        legs=legs,
        price=number_of(price[1]) if price else None,
        gain=_gain(part),
        at_hand=not AT_HAND.isdisjoint(part.split()),
        either_side=True,
        reason=reason,
        reached=said.hit if reason is ExitReason.TARGET else None,
    )


def _partial(found: re.Match[str], legs: tuple[LegReading, ...]) -> TradeReading:
    share = (found["first"] or found["second"]).removeprefix("a ").strip()
    price = found["price"] or found["price2"]
    said = FRACTIONS.get(share) or FRACTION_PARTS.get(share)
    fraction = Decimal(said) if said else None
    if share.endswith("%"):
        fraction = Decimal(share.rstrip("% ")) / 100
    return TradeReading(
        action=Action.STC,
        legs=legs,
        fraction=fraction,
        price=number_of(price) if price else None,
        partial=True,
        at_hand=not AT_HAND.isdisjoint(found[0].split()),
        either_side=True,
    )


def _gain(part: str) -> Decimal | None:
    if words.BY_ENTRY.search(part):
        return Decimal(0)
    found = words.GAIN.search(part)
    if found is None:
        return None
    share = number_of(found[2]) / 100
    loses = found[1] == "-" or "loss" in part
    if loses:
        return -share if share < 1 else None
    return share
