"""Fills the slots of a trade from tokens in any order: contract, price, size, levels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.grammar import dates, roots
from domain.grammar import slot_words as near
from domain.grammar import vocabulary as words
from domain.grammar.expiries import EXPIRY_STARTS, may_be_expiry, spoken_expiry
from domain.grammar.figures import HARMLESS, PRICE_TIMES, Figures, is_price_range, next_to
from domain.grammar.marks import marked
from domain.grammar.reading import ExitReason, Kind, LegReading
from domain.grammar.slots import Price, Slots
from domain.grammar.strategies import BIASES, IRON, NO_FLY, SIGNS, STRATEGIES, UNREAD, Shape
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token, numbers
from domain.grammar.verbs import Verb

_NUMERIC = frozenset({"num", "money"})
_PRICED = frozenset({"num", "money", "at"})
_BEFORE_RIGHT = _NUMERIC | {"slash"}
_SHORT_FORMS = frozenset({"ic", "ics", "ccs", "pcs", "bps", "cds", "pds"})
_FULL_SIGNS = frozenset({"credit", "debit"})
_BIASED = frozenset({"call", "put", "spread", "vertical", "calls", "puts"})
_SPLIT_OSI = re.compile(r"\.?\$?([A-Z]{1,5}[0-9]?) ?([0-9]{6})([CP])([0-9.]+)", re.IGNORECASE)
_SPLIT_JOINED = re.compile(r"(\$?)([A-Za-z]{2,5})([0-9.]+)([CPcp])")
_EVEN_BEFORE_STOP = words.AT_ENTRY - {"entry", "cost", "even"}
_TELLING = (
    words.RIGHTS.keys() | STRATEGIES.keys() | UNREAD | SIGNS.keys() | BIASES.keys() | {IRON}
    | EXPIRY_STARTS | words.OPTION_WORDS | near.COUNTS.keys() | words.AT_HAND
)  # fmt: skip
_LABELLING = words.STOPS | words.TARGETS | words.AVERAGES | {"ts", "take"}
_SELLING = (
    words.FRACTIONS.keys() | near.EVEN | words.PARTIALS | words.WHOLES | words.REMAINDER
    | {"flat", "even", "breakeven", "b/e", "be", "all"}
)  # fmt: skip
_SPEAKING = _TELLING | _LABELLING | _SELLING
_WORTH = marked(_SPEAKING)
"""A word that is none of these can only be the root, or stand between a label and its number."""
_PARTS_MAX = 12
_FRIDAY = 4
_RESULT_REACH = 4
_SIZE_OR_DAY = re.compile(r"[0-9]{1,2} [a-z]{3,9} 2[0-9]")
"""Right behind the verb "10 Nov 25" may buy ten for the 25th, or be the 10th of 2025."""


def fill(tokens: Sequence[Token], day: date, verb: Verb | None = None, verb_at: int = 0) -> Slots:
    """Reads the slots of one act; `verb_at` is the place in `tokens` where its verb stood."""
    return _Filling(tokens, day, verb, verb_at).run()


class _Filling(Figures):
    """One pass over the tokens, remembering which label the next number belongs to."""

    __slots__ = ()

    def run(self) -> Slots:
        tokens = self.tokens
        count = len(tokens)
        at = 0
        while at < count:
            token = tokens[at]
            self.at = at
            if token.marks & _WORTH or token.kind != "word" or self.label:
                if handler := _HANDLERS.get(token.kind):
                    handler(self, token)
            elif roots.names_root(tokens, at, self.verb, self.verb_at):
                self._names(token.text.upper())
            # What a handler has read with its own word is passed over.
            at = self.at + 1
        if self.slots.loose:
            self._settle_loose_price()
        return self.slots

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
        said = _DATES.get(token.kind, dates.named_date)(token.low, self.day)
        if self.follows_verb and not self.slots.roots and _SIZE_OR_DAY.fullmatch(token.low):
            said = dates.Expiry(None, why=f"'{token.text}' may be a size and a day")
        self._expires(said)

    def dashed(self, token: Token) -> None:
        """01-16 is a day, unless a label or a price word says that it is a range."""
        if self.label or self.behind().low in words.PRICE_WORDS or self.slots.expiry is not None:
            self.number(token)
        else:
            self._expires(dates.dashed_date(token.text, self.day))

    def slash(self, token: Token) -> None:
        if self.label == "target" and not token.low.endswith(("e", "exp")):
            self.slots.targets += numbers(token.text)
        elif self.is_exit and token.text in words.FRACTION_PARTS and self._is_part():
            self.slots.fraction = Decimal(words.FRACTION_PARTS[token.text])
        elif self.is_exit and self.follows_verb and self._is_part_of_all(token):
            sold, held = numbers(token.text)
            self.slots.fraction = sold / held
        elif "." not in token.text and self._is_rated():
            return
        elif roots.is_date(token.low.rstrip("exp ")) and not (
            self.slots.expiry and self._says_spread()
        ):
            self._expires(dates.slash_date(token.low.rstrip("exp "), self.day))
        elif self.slots.strikes and is_price_range(token):
            self._offer_price(2, token)
        else:
            self._ladder(token)

    def _is_part(self) -> bool:
        """Behind the verb, before "pos", or once the day is said: "4/16 7060C $2.70 1/2"."""
        dated = self.slots.expiry is not None and self.behind().kind in _PRICED
        return self.follows_verb or dated or self.ahead().low in near.POSITION

    def _is_part_of_all(self, token: Token) -> bool:
        """ "STC 2/5" sells two of five, unless a contract behind it can expire on that Friday."""
        said = numbers(token.text)
        if len(said) != 2 or not 0 < said[0] < said[1] <= _PARTS_MAX or token.text.count("/") > 1:
            return False
        contract = any(one.kind in ("strike", "osi") for one in self.tokens)
        if not roots.is_date(token.text):
            return True
        day = dates.slash_date(token.text, self.day).day
        return not contract or day is None or day.weekday() != _FRIDAY

    def _ladder(self, token: Token) -> None:
        first: Decimal | None = None
        for part in token.low.split("/"):
            right = part[-1].upper() if part[-1] in "cp" else ""
            for strike in numbers(part)[:1]:
                first = first or strike
                short = part.isdigit() and self._says_spread()
                self._add_strike(next_to(part, first) if short else strike, right)
        self.slots.is_ladder = True

    def _is_rated(self) -> bool:
        """1/2 size, conviction 3/10: how much is dared."""
        return self.behind().low in near.RATINGS or self.ahead().low in near.RATINGS

    def _says_spread(self) -> bool:
        return any(
            token.low in STRATEGIES and STRATEGIES[token.low].shape is not Shape.CALENDAR
            for token in self.tokens
        )

    def _expires(self, expiry: dates.Expiry) -> None:
        if expiry not in self.slots.expiries:
            self.slots.expiries.append(expiry)

    def strike(self, token: Token) -> None:
        right = "C" if "c" in token.low else "P"
        for strike in numbers(token.low):
            if self.is_cost(token):
                self._offer_price(2, token)
            else:
                self._add_strike(strike, right)
        self.label = ""

    def joined(self, token: Token) -> None:
        found = _SPLIT_JOINED.match(token.text)
        if found and (found[1] or found[2].isupper()):
            self._names(found[2].upper())
            for strike in numbers(found[3])[:1]:
                self._add_strike(strike, found[4].upper())
        else:
            self.slots.odd = self.slots.odd or token.text

    def garbled(self, token: Token) -> None:
        self.slots.garbled = token.text.strip()

    def index(self, _token: Token) -> None:
        self.label = "target"

    def mix(self, token: Token) -> None:
        if self.label == "target" and "ts" in token.low:
            self.slots.targets += numbers(token.low.split("ts")[0])[:1]
            self.label = "trail"
        elif self.slots.strikes and (counted := PRICE_TIMES.fullmatch(token.low)) is not None:
            self.slots.price = self.slots.price or Price(2, Decimal(counted[1]))
            self._sizes(Decimal(counted[2]))
        elif not HARMLESS.fullmatch(token.low):
            self.slots.odd = self.slots.odd or token.text

    def cash(self, token: Token) -> None:
        self._names(token.text[1:].upper())

    def adjusted(self, token: Token) -> None:
        if token.text.isupper() and self.ahead().kind in ("strike", "slash", "iso", "monday"):
            self._names(token.text)
        elif not {self.ahead().low, self.ahead(2).low}.isdisjoint("cp"):
            self.slots.odd = self.slots.odd or token.text

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
        if (self.label or low in _LABELLING) and self._labels(low):
            return
        if low not in _SPEAKING:
            if roots.names_root(self.tokens, self.at, self.verb, self.verb_at):
                self._names(token.text.upper())
        elif self.is_exit and low in _SELLING and self._sells(low):
            return
        elif low in words.RIGHTS:
            self._says_right(token)
        elif low in STRATEGIES and self._is_strategy(token):
            self._says_strategy(low)
        elif low in UNREAD:
            # Behind the price "[roll up]" tells why, not what.
            self.slots.strategy = self.slots.strategy if self.slots.price else low
        elif low in SIGNS and (low in _FULL_SIGNS or self.behind().kind in _PRICED):
            self.slots.sign = self.slots.sign or SIGNS[low]
        elif low in BIASES and self.ahead().low in _BIASED:
            self.slots.bias = BIASES[low]
        elif low == IRON:
            self.slots.iron = True
        elif (said := spoken_expiry(self.tokens, self.at, self.day)) is not None:
            self._expires(said)
        elif low in words.OPTION_WORDS or (
            self.slots.price is None and may_be_expiry(self.tokens, self.at)
        ):
            self.slots.option_words.append(token.text)
        elif roots.names_root(self.tokens, self.at, self.verb, self.verb_at):
            self._names(token.text.upper())
        elif low in near.COUNTS:
            self._counts(Decimal(near.COUNTS[low]))
        if low in words.AT_HAND:
            self.slots.at_hand = True

    def _counts(self, said: Decimal) -> None:
        """A number in words is what stays open, or right behind the verb what is traded."""
        kept = self.is_exit and self._keeps(said)
        if not kept and self.follows_verb:
            self._sizes(said)

    def _labels(self, low: str) -> bool:
        """Keeps track of the label that the next number belongs to."""
        if low in words.STOPS:
            self._labels_stop()
        elif low in words.TARGETS:
            self.label = "" if self._closes_at(ExitReason.TARGET) else "target"
        elif low == "ts":
            self.label = "trail"
        elif low == "take" and self.ahead().low in ("profit", "profits"):
            self.label = "target"
        elif low in words.AVERAGES:
            adds = self.verb is not None and self.verb.kind is Kind.ADD
            self.label = "average" if adds else "other"
        elif self.label == "stop" and (
            low in words.AT_ENTRY or (low, self.ahead().low) == ("break", "even")
        ):
            self.slots.stop_at_entry = True
            self.label = ""
        elif self.label == "stop" and self._names_stopped(low):
            return True
        elif not (self.label and low in words.LEVEL_FILLERS):
            self.label = ""
            return False
        return True

    def _names_stopped(self, low: str) -> bool:
        """The trade between a stop and its level: "SL on the rest of NVDA calls to 4.35"."""
        token = self.tokens[self.at]
        if low in words.RIGHTS:
            self._says_right(token)
        elif is_ticker_word(token.text):
            self._names(token.text.upper())
        return low in words.RIGHTS or low in near.OF_STOP or is_ticker_word(token.text)

    def _labels_stop(self) -> None:
        """In "BE stop" the level stands before its label."""
        at_entry = self.behind().low in _EVEN_BEFORE_STOP
        self.slots.stop_at_entry = self.slots.stop_at_entry or (at_entry and not self.is_exit)
        self.label = "" if at_entry or self._closes_at(ExitReason.STOP) else "stop"

    def _closes_at(self, reason: ExitReason) -> bool:
        """In "out at target 4.00" the level is where the trade was closed."""
        near_verb = 0 < self.at - self.verb_at < _RESULT_REACH or self.at == self.verb_at
        before = self.behind(2) if self.behind().low in ("my", "the", "our") else self.behind()
        if not (self.is_exit and near_verb and before.low in ("at", "@")):
            return False
        self.slots.reason = reason
        return True

    def _breaks_even(self, low: str) -> bool:
        """Reads "at BE", "for a scratch", "closed flat", "out b/e"."""
        before = self.behind(2) if self.behind().low in ("a", "my") else self.behind()
        if low in near.EVEN and before.low in ("at", "@", "for"):
            return True
        behind_verb = 0 <= self.at - self.verb_at < _RESULT_REACH and not self.label
        if low in ("flat", "even", "breakeven", "b/e"):
            return behind_verb
        return behind_verb and self.tokens[self.at].text == "BE"

    def _sells(self, low: str) -> bool:
        """Words for how much is sold: half, most, all, the rest."""
        close = self.at - self.verb_at < 5
        if low in words.FRACTIONS and {self.behind().low, self.behind(2).low} & near.LAST:
            self.slots.whole = self.slots.at_hand = True
        elif low in words.FRACTIONS and (
            self.ahead().low == "out" or (self.ahead().low != "size" and close)
        ):
            self.slots.fraction = self.slots.fraction or Decimal(words.FRACTIONS[low])
        elif self._breaks_even(low):
            self._gains(Decimal(0))
        elif low in words.PARTIALS and (close or low.startswith("partial")):
            self.slots.partial = True
        elif (low in words.WHOLES and close) or self._is_all_of_it(low):
            self.slots.whole = True
        elif low in words.REMAINDER:
            kept = self.behind().low in words.KEPT_BY or self.ahead().low in words.KEPT_BY
            self.slots.at_hand = True
            self.slots.whole = self.slots.whole or (close and not kept)
        else:
            return False
        return True

    def _is_all_of_it(self, low: str) -> bool:
        return low == "all" and self.ahead().low == "of" and self.ahead(2).low in ("it", "them")

    def _is_strategy(self, token: Token) -> bool:
        """Short forms are words of other things too, but not behind a ladder of strikes."""
        behind = self.behind().kind == "slash"
        return token.low not in _SHORT_FORMS or token.text.isupper() or behind

    def _says_strategy(self, low: str) -> None:
        if low == "fly" and self.behind().low in NO_FLY:
            return
        said = STRATEGIES[low]
        self.slots.strategy = self.slots.strategy or said.shape
        self.slots.right = self.slots.right or said.right
        self.slots.sign = self.slots.sign or said.sign

    def _says_right(self, token: Token) -> None:
        low = token.low
        if low in ("c", "p") and self.behind().kind not in _BEFORE_RIGHT:
            return
        self.slots.right = self.slots.right or words.RIGHTS[low]

    def _settle_loose_price(self) -> None:
        """A single bare whole number is the price behind a contract ("180.0P 14"), and the strike
        of calls and puts that have a price but no strike ("250 11/21 calls @ 2.30")."""
        slots = self.slots
        if len(slots.loose) != 1 or slots.garbled:
            return
        if slots.price is None and slots.strikes:
            slots.price = Price(3, slots.loose.pop())
        elif slots.right and not (slots.strikes or slots.contracts) and self._is_priced_apart():
            slots.strikes.append((slots.loose.pop(), ""))

    def _is_priced_apart(self) -> bool:
        price = self.slots.price
        return price is not None and price.low < self.slots.loose[0]


_DATES = {"iso": dates.iso_date, "dte": dates.counted}

_HANDLERS = {
    "dashed": _Filling.dashed,
    "osi": _Filling.osi, "iso": _Filling.dated, "dte": _Filling.dated, "daymon": _Filling.dated,
    "monday": _Filling.dated, "slash": _Filling.slash, "strike": _Filling.strike,
    "joined": _Filling.joined, "percent": _Filling.percent, "at": _Filling.price_at,
    "garbled": _Filling.garbled, "money": _Filling.number, "num": _Filling.number,
    "qty": _Filling.qty, "index": _Filling.index, "mix": _Filling.mix, "cash": _Filling.cash,
    "dotted": _Filling.dotted,
    "adjusted": _Filling.adjusted, "pair": _Filling.pair, "comma": _Filling.comma,
    "end": _Filling.end, "word": _Filling.word,
}  # fmt: skip
