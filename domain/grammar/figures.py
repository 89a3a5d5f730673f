"""Figures of a trade: for each number its size, price, level, part or gain, by its neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.grammar import slot_words as near
from domain.grammar import vocabulary as words
from domain.grammar.marks import marked
from domain.grammar.reading import Kind
from domain.grammar.slots import Price, Slots
from domain.grammar.strategies import STRATEGIES, Shape
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token, marks_in, numbers
from domain.grammar.verbs import EXITS, Form, Verb

_PADDING = (Token("", "", ""),) * 5
"""Stands behind the last token and, to places below zero, before the first."""
_NUMERIC = frozenset({"num", "money"})
_PRICED = _NUMERIC | {"at"}
_CENTRED = (Shape.STRADDLE, Shape.CALENDAR)
_FIGURES = _PRICED | {"percent", "colon"}
_BEFORE_SIZE = frozenset({"another", "about", "the", "my", "like", "only"})
_RANGE_FACTOR_MAX = 3
_CLOSE_FACTOR_MAX = Decimal("1.25")
_COUNT_DIGITS_MAX = 3

_STRATEGY = marked(STRATEGIES)
HARMLESS = re.compile(r"[0-9.,]+(?:m|min|h|hr|hrs|k|st|nd|rd|th|d|days?|w|wk|y|[es]?ma|er)")
"""Numbers with letters that are no broken contract: 15m, 4hr, 50k, 2nd."""
PRICE_TIMES = re.compile(r"([0-9]*\.[0-9]{1,3})x([0-9]{1,3})")
"""How many at which price: 1.85x10."""
_STRIKE_STEP = Decimal("0.5")
_NAMES_MAX = 3
_RANKS = 10
"""More than there are ranks of prices."""


class Figures:
    """The tokens of one act, the place reached in them, and what their numbers fill."""

    __slots__ = (
        "_padded", "at", "day", "is_exit", "label", "slots", "tokens", "verb", "verb_at"
    )  # fmt: skip

    def __init__(self, tokens: Sequence[Token], day: date, verb: Verb | None, verb_at: int) -> None:
        self.tokens = tokens
        self._padded = (*tokens, *_PADDING)
        self.day = day
        self.verb = verb
        self.verb_at = verb_at
        self.is_exit = verb is not None and verb.kind in EXITS
        self.slots = Slots(at_hand=verb is not None and verb.at_hand)
        self.label = ""
        self.at = 0

    def ahead(self, steps: int = 1) -> Token:
        return self._padded[self.at + steps]

    def behind(self, steps: int = 1) -> Token:
        return self._padded[self.at - steps]

    @property
    def follows_verb(self) -> bool:
        for token in self.tokens[self.verb_at : self.at]:
            if token.kind != "comma" and token.low not in _BEFORE_SIZE:
                return False
        return self.at >= self.verb_at

    def percent(self, token: Token) -> None:
        shares = [said / 100 for said in numbers(token.text)]
        share = shares[0]
        before = self.behind()
        if self.label == "target":
            self.slots.target_shares += shares
        elif self.label == "stop" or self._is_stop_after():
            self.slots.stop_share = share
        elif before.low in near.RATINGS or self.ahead().low in near.RATINGS:
            return
        elif token.text[0] in "+-":
            self._gains(-share if token.text[0] == "-" else share)
        elif self.ahead().low in ("of", "off") or (
            self.is_exit and (self.follows_verb or before.low == "by")
        ):
            self.slots.fraction = share if 0 < share <= 1 else None
        elif self.ahead().low in ("gain", "gains", "profit", "profits", "win", "winner"):
            self._gains(share)
        elif self.ahead().low == "loss":
            self._gains(-share)
        elif before.low in ("for", "at", "up", "gain", "profit") or before.kind in ("comma", "at"):
            self._gains(share)
        elif before.low == "down":
            self._gains(-share)
        elif self.is_exit and (self._is_whole() or self._stands_by_price(before)):
            self._gains(share)
        elif self.is_exit and self._names_only_before() and 0 < share <= 1:
            self.slots.fraction = share
        elif self.is_exit and self.slots.fraction is None:
            self.slots.unclear = token.text

    def _is_whole(self) -> bool:
        return self.verb is not None and self.verb.whole

    def _stands_by_price(self, before: Token) -> bool:
        """In "0.67 40% ONDS trimmed 3" the gain stands behind the price, and before the verb."""
        behind = self.behind(2) if before.low == "i" else before
        return self.at < self.verb_at and behind.kind in _PRICED

    def _names_only_before(self) -> bool:
        """In "Trim PLTR 50%", "selling SUNE 70%" and "selling here 80% GITS" the share is the part;
        of what was sold it may be the gain."""
        verb = self.verb
        if verb is None or (verb.kind is not Kind.TRIM and verb.form is Form.PAST):
            return False
        if self.at < self.verb_at:
            return False
        if is_ticker_word(self.ahead().text):
            return self.at - self.verb_at <= 1
        between = [t for t in self.tokens[self.verb_at : self.at] if t.low not in ("here", "now")]
        return 0 < len(between) <= _NAMES_MAX and all(
            token.kind == "cash" or is_ticker_word(token.text) for token in between
        )

    def _is_stop_after(self) -> bool:
        """In "25% SL" the share stands first; in "30% SL: 1.50" the label goes on."""
        return self.ahead().low in words.STOPS and self.ahead(2).kind not in _FIGURES

    def _gains(self, share: Decimal) -> None:
        if self.slots.gain is None and share > -1:
            self.slots.gain = share

    def price_at(self, token: Token) -> None:
        if self.label in ("stop", "target", "average"):
            self._to_label(token)
        else:
            self._offer_price(0, token)

    def number(self, token: Token) -> None:
        """A bare or a dollar number: its neighbours say what it is."""
        said = numbers(token.text)
        ahead, before = self._padded[self.at + 1], self._padded[self.at - 1]
        if not said:
            self.slots.odd = self.slots.odd or token.text
        if not said or token.low[-1] in "kmb" or ahead.low in near.NO_PRICES:
            return
        if ahead.low in ("per", "cents") and self._per_contract(said[0], ahead):
            return
        if self.label in ("stop", "target", "average"):
            self._to_label(token)
        elif before.kind == "arrow" or (before.low == "to" and self.behind(2).kind in _PRICED):
            self._reached(said[0])
        elif before.low in near.STRIKE_WORDS or ahead.low in near.STRIKE_WORDS:
            self._add_strike(said[0], "")
        elif self._of_strategy(token, said, ahead):
            return
        elif before.low in words.RIGHTS and self._is_strike_behind_right(said[0]):
            self._add_strike(said[0], words.RIGHTS[before.low])
        elif before.low in near.COUNTED_BY or (
            before.kind == "colon" and self.behind(2).low in near.COUNTED_BY
        ):
            self._sizes(said[0])
        elif self._counts_held(said[0], ahead, before):
            return
        elif (ahead.low in words.SIZES or ahead.low == "more") and self._sizes(said[0]):
            self.slots.shares = self.slots.shares or ahead.low.startswith("share")
        elif ahead.low in ("calls", "puts") and self._counts_named(token):
            return
        elif (
            ahead.low in near.STYLES
            and len(self.ahead(2).low) > 1
            and self.ahead(2).low in words.RIGHTS
        ):
            self._add_strike(said[0], words.RIGHTS[self.ahead(2).low])
        elif ahead.low in ("c", "p") and self.is_cost(token):
            self._offer_price(2, token)
        elif ahead.low in words.RIGHTS and not self._counts_contracts(token, ahead):
            self._add_strike(said[0], words.RIGHTS[ahead.low])
        elif before.low in words.BEYOND and self.behind(2).low in near.CHASING:
            return
        elif before.low in words.BEYOND:
            self.slots.beyond = self.slots.beyond or f"{before.text} {token.text}"
        elif self.is_exit and self.follows_verb and self._is_strike_alone(token):
            self._add_strike(said[0], "")
        elif (self.follows_verb and token.kind == "num" and self._sizes(said[0])) or (
            ahead.kind == "at" and self.slots.strikes and _is_count(token) and self._sizes(said[0])
        ):
            return
        elif before.low in words.PRICE_WORDS or self._after_price_label():
            self._offer_price(0, token)
        elif before.low in near.ROUGHLY and "." in token.text and not self.is_exit:
            self._offer_price(3, token)
        elif before.low not in words.NOT_PRICE_WORDS and token.text[0] not in "+-":
            self._unlabelled(token, said[0])

    def _counts_held(self, said: Decimal, ahead: Token, before: Token) -> bool:
        """What stays open or goes of it: "leaving 2", "3 of 5", "the remaining 5"; or how many a
        small account takes: "2 on small account"."""
        if self.is_exit and (self._keeps(said) or self._counts_of_all(said)):
            return True
        rest = self.is_exit and before.low in ("remaining", "last")
        small = ahead.low in ("on", "in") and self.ahead(2).low == "small"
        return (rest or small) and self._sizes(said)

    def _of_strategy(self, token: Token, said: Sequence[Decimal], ahead: Token) -> bool:
        """The strikes of "600-605 call spread" and the one of "250 straddle"."""
        if not marks_in(self._padded[self.at + 1 : self.at + 5]) & _STRATEGY:
            return False
        centred = ahead.low in STRATEGIES and STRATEGIES[ahead.low].shape in _CENTRED
        paired = len(said) == 2 and (ahead.low in STRATEGIES or ahead.low in words.RIGHTS)
        whole = token.kind == "num" and all(strike == int(strike) for strike in said)
        if not (whole and (centred or paired)):
            return False
        for strike in said:
            self._add_strike(strike, "")
        self.slots.is_ladder = len(said) > 1
        return True

    def _is_strike_alone(self, token: Token) -> bool:
        """ "Trim 658 here" names what is trimmed by its strike: so many are not sold at once."""
        big = token.text.isdigit() and len(token.text) >= _COUNT_DIGITS_MAX
        rest = self.tokens[self.at + 1 :]
        return big and all(one.low in ("here", "now") or one.kind == "at" for one in rest)

    def _is_strike_behind_right(self, said: Decimal) -> bool:
        """In "ENPH calls $50 $1.83" the strike stands behind its right, and a price behind it."""
        if self.slots.strikes or self.slots.contracts or self.slots.price is not None:
            return False
        if said % _STRIKE_STEP:
            return False
        prices = [
            token for token in self._padded[self.at + 1 : self.at + 8] if token.kind in _PRICED
        ]
        return bool(prices) and said * 2 > max(numbers(prices[0].text), default=said) * 3

    def _after_price_label(self) -> bool:
        return self.behind().kind == "colon" and self.behind(2).low in words.PRICE_WORDS

    def _unlabelled(self, token: Token, said: Decimal) -> None:
        if token.kind == "money":
            self._offer_price(1, token)
            if "." not in token.text:
                self.slots.loose.append(said)
        elif self.slots.pair and self.slots.price is None and self._sizes(said):
            return
        elif "." in token.text or "," in token.text:
            self._offer_price(2, token)
        elif self.slots.price is None:
            self.slots.loose.append(said)

    def is_cost(self, token: Token) -> bool:
        """Behind a strike a far smaller one is what each contract costs: "579 Puts-.75 C"."""
        strikes = self.slots.strikes
        return bool(strikes) and "." in token.text and numbers(token.text)[0] * 20 < strikes[0][0]

    def _counts_named(self, token: Token) -> bool:
        """In "6860P at 2.10 (5 Puts)" the contract is named, and five of it are traded."""
        whole = any(right for _, right in self.slots.strikes)
        return whole and _is_count(token) and self._sizes(numbers(token.text)[0])

    def _counts_contracts(self, token: Token, ahead: Token) -> bool:
        """Right after the verb "5 calls" is a size; in "TSLA 250 calls" it is a strike."""
        return (
            self.follows_verb and token.kind == "num" and ahead.low in ("calls", "puts")
            and self._sizes(numbers(token.text)[0])
        )  # fmt: skip

    def _add_strike(self, strike: Decimal, right: str) -> None:
        if (strike, right) not in self.slots.strikes:
            self.slots.strikes.append((strike, right))
        if self.slots.strike_at < 0:
            self.slots.strike_at = self.at

    def _sizes(self, said: Decimal) -> bool:
        whole = said == int(said) and said.as_tuple().exponent == 0
        if self.slots.quantity is None and said > 0 and (whole or self._buys_coins()):
            self.slots.quantity = said
            return True
        return False

    def _keeps(self, said: Decimal) -> bool:
        """What stays open: "all but 1", "leaving 2 runners", "1 left"."""
        held = self.ahead(2) if self.ahead().low in near.HELD else self.ahead()
        if self.behind().low not in near.KEEPING and held.low != "left":
            return False
        self.slots.keeps = said
        self.slots.partial = True
        return True

    def _counts_of_all(self, said: Decimal) -> bool:
        """In "3 of 5" three are sold and some are left."""
        if self.ahead().low != "of" or self.ahead(2).kind != "num" or not self._sizes(said):
            return False
        self.slots.partial = True
        self.at += 2
        return True

    def _buys_coins(self) -> bool:
        return any(token.kind == "pair" for token in self.tokens)

    def _to_label(self, token: Token) -> None:
        said = numbers(token.text)
        if self.label == "target":
            counts = bool(said) and said[0] == int(said[0]) and said[0] < 10
            if not (counts and self.ahead().kind in _PRICED):
                self.slots.targets += said
            return
        if self.label == "stop" and self.slots.stop is None:
            self.slots.stop = said[0]
        elif self.label == "average" and self.slots.average is None:
            self.slots.average = said[0]
        self.label = ""

    def _reached(self, said: Decimal) -> None:
        """In ".55 -> .90" an entry is at the first price, an exit at the second; what lies close
        together ("2.2 to 2.4") is a range."""
        held = self.slots.price
        if (
            held is not None
            and held.low < said <= held.low * _CLOSE_FACTOR_MAX
            and self.behind().low == "to"
        ):
            self.slots.price = Price(held.rank, held.low, said)
        elif self.is_exit:
            self.slots.price = Price(-1, said)

    def _per_contract(self, said: Decimal, ahead: Token) -> bool:
        """ "230 per contract" may be dollars per contract or a slip; "95 cents" is .95."""
        if ahead.low == "cents":
            self.slots.price = self.slots.price or Price(1, said / 100)
            return True
        if said != int(said):
            return False
        self.slots.garbled = f"{said} per {self.ahead(2).text}"
        return True

    def _offer_price(self, rank: int, token: Token) -> None:
        said = numbers(token.text)
        held = self.slots.price
        if said and held is not None and held.low != said[0]:
            # Of two prices one may be a strike: then these are no shares.
            self.slots.odd = self.slots.odd or token.text
        if self.is_exit and self.at < self.verb_at:
            # "TSLA 250c @ 2.40 out 3.10": what stands before the exit was the entry's price.
            rank += _RANKS
        if not said or (held is not None and held.rank <= rank):
            return
        high = said[1] if len(said) > 1 and are_a_range(said[0], said[1]) else None
        self.slots.price = Price(rank, said[0], high)

    def qty(self, token: Token) -> None:
        said = numbers(token.text.strip("xX "))[0]
        if token.text[0] != "(" or not self.is_exit or self.follows_verb:
            self._sizes(said)


def are_a_range(low: Decimal, high: Decimal) -> bool:
    return low > 0 and low / _RANGE_FACTOR_MAX <= high <= low * _RANGE_FACTOR_MAX


def is_price_range(token: Token) -> bool:
    """2.20/2.40, said once a strike stands."""
    said = numbers(token.text)
    both = "." in token.text and len(said) == 2 and token.text[-1].isdigit()
    return both and are_a_range(*said)


def _is_count(token: Token) -> bool:
    return token.kind == "num" and token.text.isdigit() and len(token.text) <= _COUNT_DIGITS_MAX


def next_to(last: str, first: Decimal) -> Decimal:
    """The strike next to the first one that ends with these digits: 7435/30 is 7435/7430."""
    step = Decimal(10 ** len(last))
    if first < step:
        return Decimal(last)
    base = first - first % step + int(last)
    return min((base - step, base, base + step), key=lambda strike: abs(strike - first))
