"""The labels of alerts in blocks, the words for their two sides, and what shows they are none."""

from __future__ import annotations

import re

from domain.fix import Side
from domain.grammar.stems import Hinted, Pattern

_BUYS = "buy|buying|bought|long|longing|longed"
_SELLS = "sell|selling|sold|short|shorting|shorted"

SIDES = Pattern(rf"\b(?:(?P<buy>{_BUYS})|(?P<sell>{_SELLS}))\b")
"""In lower case. Not of "buy side", "long term" or "short squeeze": those stand in NOT_SIDES."""
NOT_SIDES = Pattern(
    r"\b(?:buy|sell|long|short)[- ](?:side|term|squeez\w*|wick|candle|imb\w*|имб\w*|liquidat\w*"
    r"|position(?:s|ing)|er|ers|off|pressure|wall|story|run|lived|weekend|time)\b"
)
JOINED = re.compile(
    r"(?i)\b(gold|silver|[a-z]{6}|[a-z0-9]{2,12}usdt)(buy|sell|long|short)(?=[^a-z]|$)"
    r"|\b(buy|sell|long|short)(gold|silver|xauusd|xagusd|[a-z]{3}usd|usd[a-z]{3})\b"
)
MAY_BE_JOINED = re.compile(
    r"(?:buy|sell|long|short)"
    r"(?:(?=[a-z])|(?<=[a-z0-9]buy)|(?<=[a-z0-9](?:sell|long))|(?<=[a-z0-9]short))"
)
"""Of a text in lower case; where there is none of these, nothing is joined."""
AT_MARKET = Pattern(r"\b(?:now|market|cmp|instantly|immediately)\b", re.IGNORECASE)

_STOP = (
    r"(?:stops?[- ]?(?:loss(?:es)?|lose|los|lost|targets?)|stops?|s\.?l\.?|s/l|invalidation)"
    r"(?: (?:price|level|zone|at|below|above))?"
)
_TARGET = (
    r"(?:take[- ]?profits?|tps?|t/p|t\.p\.?|targets?|tgts?|pts?|goals?|takes?(?= ?[0-9])"
    r"|t(?=[1-9]\b))(?: (?:price|level|zone|area)s?\b)?"
)
_ENTRY = (
    r"(?:(?:avg|average|best|suggested|limit) )?(?:entry|entries|enter|entering|ent|ep)s?"
    r"(?:[- ]?(?:price|range|zone|area|level|point|target|limit|order)s?)?"
    r"|(?:buy|sell|long|short|buying|selling|accumulation|demand|supply)[- ]?"
    r"(?:zone|area|range|between|around|near|price|entry)s?"
    r"|(?:limit|open) (?:price|at)|price"
)
_OTHER = (
    r"leverage|lev|cross|isolated|risk|r ?[:/] ?r|rr|reward|margin|lots?|size|deposit|time ?frame"
    r"|tf|date|time|accuracy|confidence|probability|win ?rate|roi|profit|pnl|support|resistance"
    r"|volume|mcap|market cap|ath|atl|rsi|ema|dca|re-?entry|duration|hold(?:ing)?|capital"
    r"|signal id|strength|current price|mark price|gain|return"
)
LABEL = Pattern(
    r"(?<![\w$/.'-])(?=[a-z])(?:"
    rf"(?P<other>{_OTHER})|(?P<stop>(?<!buy )(?<!sell ){_STOP})"
    rf"|(?P<target>{_TARGET})|(?P<entry>{_ENTRY})"
    r")(?![a-z/'])"
)
"""A label anywhere in a line in lower case; what stands behind it, up to the next one, is its
value."""

_SIZED = r"[0-9][0-9.,]{0,11} ?(?:pips?\b|points?\b|pts\b|lots?\b)"
_NUMBERED = r" ?[.:#]? ?[0-9]{1,6}\b(?=[ :\n]|$)"
SCRUB = Pattern(
    r"(?=[0-9])(?:\b[0-9]{1,3} ?"
    r"(?:m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|tf|x)\b"
    rf"|{_SIZED}|\b[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?\b|\b20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}\b"
    r"|\b[0-9]{1,2}[./][0-9]{1,2}[./](?:20)?2[0-9]\b|\b[0-9]+(?:st|nd|rd|th)\b)"
    # The first sign stands first: by it each of these is passed over at once.
    rf"|[+-] ?{_SIZED}| {_SIZED}|#[0-9]+|[mhdw](?<=\b[mhdw])[0-9]{{1,2}}\b"
    r"|x(?<=\bx) ?[0-9]{1,3}\b"
    rf"|n(?<=\bn)[or]{_NUMBERED}|i(?<=\bi)d{_NUMBERED}|s(?<=\bs)ignal{_NUMBERED}",
)
"""Time frames, leverage, pips, sizes, times and numbers of signals: digits that are no price. Of
a text in lower case."""

MAY_SCRUB = re.compile(
    r"[0-9#mhdwxordl](?:(?<=[0-9])(?:[.,]* ?[mhdwtxpl]|[snr:]|[./-][0-9]{1,2}[./-])"
    r"|(?<=[#mhdw])[0-9]|(?<=x) ?[0-9]|(?:(?<=n[or])|(?<=id)|(?<=al)) ?[.:#]? ?[0-9])"
)
"""Is in every text that holds one of these, and is found sooner: it says with which signs they may
begin, and the little that has to stand behind those."""

OPTION_LIKE = Hinted(
    "c p cal put str dte odt pre con exp",
    r"\b[0-9]{1,5}(?:\.[0-9]{1,3})? ?(?:c|p|calls?|puts?)\b|[0-9]{6}[cp][0-9]"
    r"|\b(?:calls?|puts?|strikes?|0dte|odte|[0-9]dte|dte|premium|contracts?|expir\w*|exp)\b",
    re.IGNORECASE,
)
"""Said of shares, each of these may mean an option; a room for gold may make "gold calls"."""
STRIKE = Hinted(
    "c p cal put str",
    r"\b[0-9]{1,6}(?:\.[0-9]{1,3})? ?(?:c|p|calls?|puts?)\b|[0-9]{6}[cp][0-9]|\bstrikes?\b",
    re.IGNORECASE,
)

RECAP = Hinted(
    "rec res dai wee mon clo com yes las mis fro of boo ban sec cau mad con run pip pro pnl roi",
    r"\b(?:recap\b|results?\b ?:"
    r"|(?:daily|weekly|monthly) (?:report|summary|performance|stats)\b"
    r"|(?:trade|position|signal|setup|call)s? (?:is |was |now |fully )?(?:closed|completed)\b"
    r"|closed (?:at|in|with|for|on|half|it|this|the (?:trade|position|signal))\b"
    r"|yesterday|last (?:week|night|month|friday|signal|call)\b|in case you missed\b"
    r"|(?:my|our|the|this|that) (?:\w+ ){0,2}(?:call|signal|setup|alert) (?:from|of) "
    r"|(?:booked|banked|secured|caught|made|running) [+]?[0-9]|congrat"
    r"|(?=p|roi)(?<!expected )(?<!potential )(?<!take )(?<!max )"
    r"(?:profit|pnl|roi)s? ?: ?[+-]?[0-9])"
    r"|^\W{0,6}(?:\w+ ){0,2}results?\b|^\W*closed?\b"
    r"|[+] ?[0-9][0-9.,]{0,11} ?pips (?:profit|gain|booked|done|running)",
    re.IGNORECASE | re.MULTILINE,
)
LEVEL_HIT = Hinted(
    "hit rea don sma ach com",
    r"(?P<lead>(?:\b\w+\W+){0,4})"
    r"\b(?:tp|target|take[- ]?profit|sl|stop(?: ?loss)?)s? ?[0-9]?\b[^\n]{0,14}?"
    r"\b(?P<hit>hit|reached|done|smashed|achieved|completed)\b",
    re.IGNORECASE,
)
HIT_TO_COME = frozenset({"when", "after", "once", "if", "until", "till", "before", "whenever"})
TICKED = re.compile("[\u2705\u2714\u2611\u2713]")
CROSSED = re.compile("[\u274c\u2716\u26d4\U0001f6d1]")

WATCH = Hinted(
    "wat for dev kee eye rad pot pos yet no not",
    r"\b(?:watch ?lists?\b|(?:setup|pattern|trade)s? (?:is |are )?(?:forming|developing)\b"
    r"|on watch\b|keep (?:an eye|it on)\b"
    r"|(?:potential|possible) (?:setup|trade|entry|long|short|buy|sell)\b"
    r"|(?:not|no) (?:an? )?(?:entry|signal|active|trade|position)?s? ?yet\b|not in yet\b"
    r"|just watching\b|(?:no|not) (?:an? )?(?:entry|trade) (?:here|today|for me)\b)"
    r"|^\W*(?:watch(?:ing)?|keep an eye|eyeing|on (?:my |the )?radar|on watch)\b",
    re.IGNORECASE | re.MULTILINE,
)
CONDITION_OF_ENTRY = Hinted(
    "if onc whe aft unl unt abo bel ove und bre clo cle",
    r"\b(?:if|once|when(?:ever)?|after|unless|until|above|below|over|under|break(?:s|out)?"
    r"|closes?|clears?)\b",
    re.IGNORECASE,
)
"""On the line that says the side or the entry."""
CONDITION = Hinted(
    "onl don do wai if",
    r"\b(?:only (?:if|after|when|once|on)\b|(?:don'?t|do not) (?:enter|buy|sell|take)[^\n]{0,20}"
    r"\b(?:yet|until|before|unless)\b"
    r"|wait for (?:a |the |my |our )?(?:\w+ )?"
    r"(?:confirm\w*|candle|break\w*|retest|signal|close|entry)"
    r"|if (?:it|price|we|this|the price|the candle|gold|btc) (?:can )?(?:breaks?|closes?|holds?"
    r"|reclaims?|rejects?|reaches|gets|drops?|dips?|goes)\b[^\n]{0,40}"
    r"\b(?:i'll|we'll|will|buy|sell|enter|entry|long|short)\b)",
    re.IGNORECASE,
)
NOT_OURS = Pattern(
    r"\b(?:he|she|they|his|her|their|he's|she's|they're|friend|someone|somebody|whales?|guy|bro"
    r"|everyone|people|analysts?|another (?:room|group|channel))\b|@someone",
    re.IGNORECASE,
)
"""On the line that says the side."""
THEIRS = Pattern(
    r"(?<![^\W\d_])(?P<who>[^\W\d_]+)(?:'s)? (?:(?:just|has|have|also) )?"
    r"(?:(?:went|goes|going|is|was|are) (?:long|short)|bought|sold|longed|shorted|buys|sells)\b",
    re.IGNORECASE,
)
"""A side that somebody takes: "my brother went long"; whose it is stands before it."""
OURS = frozenset({"i", "we", "just", "also", "have", "ve", "has", "and", "now", "already", "name"})
RELAYED = Hinted(
    "for fwd rt cop fro not cre acc",
    r"\b(?:forwarded from\b|fwd\b|copied from\b|cop(?:y|ied) of\b"
    r"|from (?:the |another |a |my |his |\w+'s )?(?:\w+ )?(?:vip|room|group|channel|friend)\b"
    r"|not (?:mine|my (?:signal|trade|call|idea))\b|credits? (?:to|:)|according to\b)"
    r"|^\W*rt @",
    re.IGNORECASE | re.MULTILINE,
)
EXAMPLE = Hinted(
    "exa ins tem hyp bac dem pap ima for how jok jk",
    r"\b(?:example\b|for example\b|for instance\b|template\b|hypothetical\w*|back ?test\w*"
    r"|demo\b|paper (?:trad\w+|account)\b|imagine\b|(?:signal|alert)s? format\b"
    r"|how to (?:read|use|follow)\b|joke\b|jk\b)",
    re.IGNORECASE,
)
NOT_DONE = Pattern(
    r"\b(?:don'?t|do not|not|never|avoid|no|missed|skip(?:ped)?|stop) (?:\w+ ){0,2}?"
    r"(?:buy|sell|long|short|enter|buying|selling|longing|shorting|take|taking)\b"
    r"|\b(?:will|i'll|we'll|would|i'd|gonna|going to|might|may|could|should|looking to|want to"
    r"|wanna|thinking|planning|considering|hoping|ready to|tomorrow|next week"
    r"|wait(?:ing)? (?:for|on|until)|to (?:long|short|buy|sell|enter)(?! to\b))\b",
    re.IGNORECASE,
)
"""On the line that says the side."""


def side_of(found: re.Match[str]) -> Side:
    """The side that a match of `SIDES` says."""
    return Side.BUY if found["buy"] else Side.SELL
