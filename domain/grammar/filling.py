"""Fills the slots of a trade from tokens in any order: contract, price, size, levels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.grammar import dates, roots
from domain.grammar import vocabulary as words
from domain.grammar.reading import Kind, LegReading
from domain.grammar.slots import Price, Slots
from domain.grammar.tokens import Token, numbers
from domain.grammar.vocabulary import Verb

_END = Token("", "", "")
_NUMERIC = frozenset({"num", "money"})
_PRICED = _NUMERIC | {"at"}
_SPLIT_OSI = re.compile(r"\.?\$?([A-Z]{1,5}[0-9]?) ?([0-9]{6})([CP])([0-9.]+)", re.IGNORECASE)
_SPLIT_JOINED = re.compile(r"(\$?)([A-Za-z]{2,5})([0-9.]+)([CPcp])")
_HARMLESS = re.compile(r"[0-9.,]+(?:m|min|h|hr|hrs|k|st|nd|rd|th|d|days?|w|wk|y|[es]?ma|er)")
"""Numbers with letters that are no broken contract: 15m, 4hr, 50k, 2nd."""
_RANGE_FACTOR_MAX = 3


def fill(tokens: Sequence[Token], day: date, verb: Verb | None = None, verb_at: int = 0) -> Slots:
    """Reads the slots of one act; `verb_at` is the place in `tokens` where its verb stood."""
    return _Filling(tokens, day, verb, verb_at).run()


class _Filling:
    """One pass over the tokens, remembering which label the next number belongs to."""

    def __init__(self, tokens: Sequence[Token], day: date, verb: Verb | None, verb_at: int) -> None:
        self.tokens = tokens
        self.day = day
        self.verb = verb
        self.verb_at = verb_at
        self.is_exit = verb is not None and verb.kind in (Kind.TRIM, Kind.CLOSE)
        self.slots = Slots(at_hand=verb is not None and verb.at_hand)
        self.label = ""
        self.at = 0

    def run(self) -> Slots:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            handler = _HANDLERS.get(token.kind)
            if handler is not None:
                handler(self, token)
            self.at += 1
        self._settle_loose_price()
        return self.slots

    def ahead(self, steps: int = 1) -> Token:
        place = self.at + steps
        return self.tokens[place] if place < len(self.tokens) else _END

    def behind(self, steps: int = 1) -> Token:
        place = self.at - steps
        return self.tokens[place] if place >= 0 else _END

    @property
    def follows_verb(self) -> bool:
        between = self.tokens[self.verb_at : self.at]
        return self.at >= self.verb_at and all(
            token.kind == "comma" or token.low in ("another", "about", "the", "my", "like")
            for token in between
        )

    def osi(self, token: Token) -> None:
        found = _SPLIT_OSI.match(token.text)
        if found is None:
            return
        root, days, right, strike = found.groups()
        try:
            expiry = date(2000 + int(days[:2]), int(days[2:4]), int(days[4:]))
            price = Decimal(strike) / 1000 if len(strike) == 8 else Decimal(strike)
        except (ValueError, ArithmeticError):
            self.slots.garbled = token.text
            return
        self.slots.contracts.append(
            LegReading(root=root.upper(), strike=price, right=right.upper(), expiry=expiry)
        )

    def dated(self, token: Token) -> None:
        read = {"iso": dates.iso_date, "dte": dates.counted}.get(token.kind, dates.named_date)
        self._expires(read(token.low, self.day))

    def slash(self, token: Token) -> None:
        if self.label == "target":
            self.slots.targets += numbers(token.text)
        elif self.is_exit and self.follows_verb and token.text in words.FRACTION_PARTS:
            self.slots.fraction = Decimal(words.FRACTION_PARTS[token.text])
        elif roots.is_date(token.text) and not (self.slots.expiry and self._says_spread()):
            self._expires(dates.slash_date(token.text, self.day))
        else:
            self._ladder(token)

    def _ladder(self, token: Token) -> None:
        for part in token.low.split("/"):
            right = part[-1].upper() if part[-1] in "cp" else ""
            for strike in numbers(part)[:1]:
                self._add_strike(strike, right)
        self.slots.is_ladder = True

    def _add_strike(self, strike: Decimal, right: str) -> None:
        if (strike, right) not in self.slots.strikes:
            self.slots.strikes.append((strike, right))
        if self.slots.strike_at < 0:
            self.slots.strike_at = self.at

    def _says_spread(self) -> bool:
        return any(token.low in words.SPREADS for token in self.tokens)

    def _expires(self, expiry: dates.Expiry) -> None:
        if self.slots.expiry is None:
            self.slots.expiry = expiry

    def strike(self, token: Token) -> None:
        right = "C" if "c" in token.low else "P"
        for strike in numbers(token.low):
            self._add_strike(strike, right)
        self.label = ""

    def joined(self, token: Token) -> None:
        found = _SPLIT_JOINED.match(token.text)
        if found and (found[1] or found[2].isupper()):
            self._names(found[2].upper())
            for strike in numbers(found[3])[:1]:
                self._add_strike(strike, found[4].upper())

    def percent(self, token: Token) -> None:
        share = numbers(token.text)[0] / 100
        before = self.behind()
        if self.label == "stop":
            self.slots.stop_share = share
        elif self.label == "target":
            self.slots.target_shares.append(share)
        elif before.low in ("risk", "risking", "size", "sized"):
            return
        elif token.text[0] in "+-":
            self._gains(-share if token.text[0] == "-" else share)
        elif self.ahead().low in ("of", "off") or (self.is_exit and self.follows_verb):
            self.slots.fraction = share if 0 < share <= 1 else None
        elif self.ahead().low in ("gain", "gains", "profit", "profits", "win", "winner"):
            self._gains(share)
        elif self.ahead().low == "loss":
            self._gains(-share)
        elif before.low in ("for", "at", "up", "gain", "profit") or before.kind in ("comma", "at"):
            self._gains(share)
        elif before.low == "down":
            self._gains(-share)
        elif self.is_exit:
            self.slots.unclear = token.text

    def _gains(self, share: Decimal) -> None:
        if self.slots.gain is None and share > -1:
            self.slots.gain = share

    def price_at(self, token: Token) -> None:
        if self.label in ("stop", "target", "average"):
            self._to_label(token)
        else:
            self._offer_price(0, token)

    def garbled(self, token: Token) -> None:
        self.slots.garbled = token.text.strip()

    def number(self, token: Token) -> None:
        """A bare or a dollar number: its neighbours say what it is."""
        said = numbers(token.text)
        ahead, before = self.ahead(), self.behind()
        if not said:
            self.slots.odd = self.slots.odd or token.text
        if not said or token.low[-1] in "kmb" or ahead.low in ("level", "hit"):
            return
        if self.label in ("stop", "target", "average"):
            self._to_label(token)
        elif before.kind == "arrow":
            self._reached(said[0])
        elif before.low == "strike":
            self._add_strike(said[0], "")
        elif ahead.low in words.SIZES and self._sizes(said[0]):
            self.slots.shares = self.slots.shares or ahead.low.startswith("share")
        elif ahead.low in words.RIGHTS and not self._counts_contracts(token, ahead):
            self._add_strike(said[0], words.RIGHTS[ahead.low])
        elif before.low in words.BEYOND:
            self.slots.beyond = self.slots.beyond or f"{before.text} {token.text}"
        elif self.follows_verb and token.kind == "num" and self._sizes(said[0]):
            return
        elif before.low in words.PRICE_WORDS or self._after_price_label():
            self._offer_price(0, token)
        elif before.low not in words.NOT_PRICE_WORDS and token.text[0] not in "+-":
            self._unlabelled(token, said[0])

    def _after_price_label(self) -> bool:
        return self.behind().kind == "colon" and self.behind(2).low in words.PRICE_WORDS

    def _unlabelled(self, token: Token, said: Decimal) -> None:
        if token.kind == "money":
            self._offer_price(1, token)
        elif self.slots.pair and self.slots.price is None and self._sizes(said):
            return
        elif "." in token.text or "," in token.text:
            self._offer_price(2, token)
        elif self.slots.price is None:
            self.slots.loose.append(said)

    def _counts_contracts(self, token: Token, ahead: Token) -> bool:
        """Right after the verb "5 calls" is a size; in "TSLA 250 calls" it is a strike."""
        return (
            self.follows_verb and token.kind == "num" and ahead.low in ("calls", "puts")
            and self._sizes(numbers(token.text)[0])
        )  # fmt: skip

    def _sizes(self, said: Decimal) -> bool:
        coins = self._buys_coins()
        if self.slots.quantity is None and said > 0 and (coins or said == int(said)):
            self.slots.quantity = said
            return True
        return False

    def _buys_coins(self) -> bool:
        return any(token.kind == "pair" for token in self.tokens)

    def _to_label(self, token: Token) -> None:
        said = numbers(token.text)
        if self.label == "target":
            counts = said[:1] == [int(said[0])] and said[0] < 10 if said else False
            if not (counts and self.ahead().kind in _PRICED):
                self.slots.targets += said
            return
        if self.label == "stop" and self.slots.stop is None:
            self.slots.stop = said[0]
        elif self.label == "average" and self.slots.average is None:
            self.slots.average = said[0]
        self.label = ""

    def _reached(self, said: Decimal) -> None:
        """In ".55 -> .90" an entry is at the first price, an exit at the second."""
        if self.is_exit:
            self.slots.price = Price(-1, said)

    def _offer_price(self, rank: int, token: Token) -> None:
        said = numbers(token.text)
        held = self.slots.price
        if not said or (held is not None and held.rank <= rank):
            return
        high = said[1] if len(said) > 1 and _are_a_range(said[0], said[1]) else None
        self.slots.price = Price(rank, said[0], high)

    def qty(self, token: Token) -> None:
        self._sizes(numbers(token.text.strip("xX "))[0])

    def index(self, _token: Token) -> None:
        self.label = "target"

    def mix(self, token: Token) -> None:
        if self.label == "target" and "ts" in token.low:
            self.slots.targets += numbers(token.low.split("ts")[0])[:1]
            self.label = "trail"
        elif not _HARMLESS.fullmatch(token.low):
            self.slots.odd = self.slots.odd or token.text

    def cash(self, token: Token) -> None:
        self._names(token.text[1:].upper())

    def adjusted(self, token: Token) -> None:
        if token.text.isupper() and self.ahead().kind in ("strike", "slash", "iso", "monday"):
            self._names(token.text)

    def dotted(self, token: Token) -> None:
        if token.text.isupper():
            self._names(token.text)

    def pair(self, token: Token) -> None:
        self.slots.pair = self.slots.pair or roots.pair_of(token.text)

    def _names(self, root: str) -> None:
        self.slots.roots.append((self.at, root))

    def comma(self, _token: Token) -> None:
        if self.label != "target":
            self.label = ""

    def end(self, _token: Token) -> None:
        self.label = ""

    def word(self, token: Token) -> None:
        low = token.low
        if self._labels(low) or self._sells(low):
            return
        if low in words.RIGHTS:
            self._says_right(token)
        elif low in words.SPREADS and (low != "ic" or token.text == "IC"):
            self.slots.strategy = self.slots.strategy or words.SPREADS[low]
        elif low in words.UNREAD_STRATEGIES:
            self.slots.strategy = low
        elif self._spoken_expiry(low):
            return
        elif low in words.OPTION_WORDS:
            self.slots.option_words.append(token.text)
        elif roots.names_root(self.tokens, self.at, self.verb, self.verb_at):
            self._names(token.text.upper())
        if low in words.AT_HAND:
            self.slots.at_hand = True

    def _labels(self, low: str) -> bool:
        """Keeps track of the label that the next number belongs to."""
        if low in words.STOPS:
            self.label = "stop"
        elif low in words.TARGETS:
            self.label = "target"
        elif low in ("ts", "trail"):
            self.label = "trail"
        elif low in ("avg", "average"):
            is_new = self.behind().low in ("new", "my") and self.verb is not None
            self.label = "average" if is_new and self.verb.kind is Kind.ADD else "other"  # type: ignore[union-attr]
        elif self.label == "stop" and (
            low in words.AT_ENTRY or (low, self.ahead().low) == ("break", "even")
        ):
            self.slots.stop_at_entry = True
            self.label = ""
        elif not (self.label and low in words.LEVEL_FILLERS):
            self.label = ""
            return False
        return True

    def _sells(self, low: str) -> bool:
        """Words for how much is sold: half, most, all, the rest."""
        if not self.is_exit:
            return False
        near = self.at - self.verb_at < 5
        if low in words.FRACTIONS and self.ahead().low != "size" and near:
            self.slots.fraction = self.slots.fraction or Decimal(words.FRACTIONS[low])
        elif low in words.AT_ENTRY and self.behind().low in ("at", "@", "for"):
            self._gains(Decimal(0))
        elif low in words.PARTIALS and near:
            self.slots.partial = True
        elif low in words.WHOLES and near:
            self.slots.whole = True
        elif low in words.REMAINDER:
            kept = self.behind().low in words.KEPT_BY or self.ahead().low in words.KEPT_BY
            self.slots.at_hand = True
            self.slots.whole = self.slots.whole or (near and not kept)
        else:
            return False
        return True

    def _says_right(self, token: Token) -> None:
        low = token.low
        if low in ("c", "p") and self.behind().kind not in ("slash", *_NUMERIC):
            return
        self.slots.right = self.slots.right or words.RIGHTS[low]

    def _spoken_expiry(self, low: str) -> bool:
        if low in ("next", "this") and self.ahead().low == "week":
            low = f"{low} week"
        elif low not in words.EXPIRY_WORDS:
            return False
        if low in ("weekly", "weeklies") or self._speaks_of_contract(len(low.split())):
            self._expires(dates.spoken(low, self.day))
            return True
        return False

    def _speaks_of_contract(self, length: int) -> bool:
        before, ahead = self.behind(), self.ahead(length)
        if before.low == "for":
            before = self.behind(2)
        behind_contract = before.low in words.RIGHTS or before.kind == "strike"
        leads = before.low in words.EXPIRY_LEADS or ahead.low in words.EXPIRY_LEADS - {
            "for",
            "this",
        }
        return behind_contract or leads

    def _settle_loose_price(self) -> None:
        """A single bare whole number behind a contract is its price: 180.0P 14."""
        slots = self.slots
        if slots.price is None and slots.strikes and len(slots.loose) == 1 and not slots.garbled:
            slots.price = Price(3, slots.loose.pop())


def _are_a_range(low: Decimal, high: Decimal) -> bool:
    return low > 0 and low / _RANGE_FACTOR_MAX <= high <= low * _RANGE_FACTOR_MAX


_HANDLERS = {
    "osi": _Filling.osi, "iso": _Filling.dated, "dte": _Filling.dated, "daymon": _Filling.dated,
    "monday": _Filling.dated, "slash": _Filling.slash, "strike": _Filling.strike,
    "joined": _Filling.joined, "percent": _Filling.percent, "at": _Filling.price_at,
    "garbled": _Filling.garbled, "money": _Filling.number, "num": _Filling.number,
    "qty": _Filling.qty, "index": _Filling.index, "mix": _Filling.mix, "cash": _Filling.cash,
    "dotted": _Filling.dotted,
    "adjusted": _Filling.adjusted, "pair": _Filling.pair, "comma": _Filling.comma,
    "end": _Filling.end, "word": _Filling.word,
}  # fmt: skip
