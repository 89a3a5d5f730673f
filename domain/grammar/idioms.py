"""Turns of phrase that hold an action word and do nothing with any trade."""

from __future__ import annotations

from domain.grammar.vocabulary import lengths_by_first_word, second_words

_IDIOMS = (
    "sold on", "sold off", "selling off", "sell off", "sold out",
    "closing in", "closing bell", "close to", "close but", "close your",
    "cut it out", "cutting it close", "cut it close", "cut short", "cut through",
    "covered calls", "covered call", "covering this in", "bought deal",
    "out here making", "out of the box", "out of the gate", "out of nowhere", "out of office",
    "in and out", "out of hand", "out of line", "out of luck", "out of control", "out of the money",
    "out of time", "out of bed", "out of pocket", "out and about", "out loud",
    "stop it", "stop asking", "stopped by", "stopped watching", "stopped working",
    "buy side", "sell side", "buy wall", "sell wall", "buy signal", "sell signal",
    "buy rating", "sell rating", "buy zone", "sell zone", "buy area", "sell area",
    "buy pressure", "sell pressure", "buying pressure", "selling pressure",
    "opening bell", "opening range", "opening buyer", "opening seller", "opening print",
    "add me", "add value", "adding value", "adding fuel", "add to cart", "added to cart",
    "trim level", "trim levels", "trim zone", "exit poll", "exit polls", "exit strategy",
    "exit plan", "entry level", "entry fee", "flat day", "flat out", "flat on", "flat line",
    "scratch that", "scratch my", "scratch off", "scratch this", "short term", "short squeeze",
    "short interest", "short and sweet", "short on", "short of", "long term", "long run",
    "long time", "long day", "long way", "long story", "long only", "long shot",
    "taking a look", "take a look", "taking notes", "took notes", "got it", "got you", "got me",
    "we out here", "dump it all", "take profits and run", "take profit and run",
    "take profit or", "take profits or", "take your profits", "taking profits is",
    "done with the", "done with my", "done with all", "done with work",
)  # fmt: skip

IDIOMS = frozenset(tuple(idiom.split()) for idiom in _IDIOMS)
IDIOM_LENGTHS = lengths_by_first_word(IDIOMS)
IDIOM_SECONDS = second_words(IDIOMS)
