"""What signal rooms say to a trade that is open, part by part, in lower case.

`NAME` stands for whatever instrument a part names.
"""

from __future__ import annotations

import re

from domain.grammar.stems import Held, Hint, Hinted

STEMS = Hint(
    "b/e", "bep", " be", "even", "clos", "hit", "cancel", "delet", "remov", "exit", "risk",
    "valid", "stop", "out of", "sl", "tp", "target", "done", "reached", "smashed", "achieved",
    "secure", "booked", "banked", "locked",
)  # fmt: skip
"""One of these is in every such message; to look for them is cheap."""
HINT = re.compile(
    r"break ?even|not valid|no longer valid"
    r"|\b(?:b/?e\b|clos(?:e|ed|ing)\b|hit\b|cancel|delet|remove|exit|risk[- ]?free|invalid"
    r"|stopped\b|bep\b|out of\b|done\b|reached\b|smashed\b|achieved\b|secured?\b|booked\b"
    r"|banked\b|locked\b|sl\b[^\n]{0,24}\b(?:entry|cost)\b|stops?\b[^\n]{0,24}\b(?:entry|cost)\b"
    r"|(?:sl|stop|tp ?[0-9]?|target)s? (?:moved )?(?:up |down )?(?:to|at)\b)"
)
"""In lower case. The border of a word is asked for once: where there is none, nothing else is."""
BULLSEYES = re.compile(
    r"(?<=hit|one|hed|sed)(?:\s{0,2}\btarget\b){1,9}(?=[^\S\n]*(?:\n|$))", re.IGNORECASE
)
"""The picture of a target that cheers "hit", "done", "smashed" or "closed"."""
PICTURES = re.compile(r"[^\w\s.,!?;:%@$#'/&+()\"<>=-]+")
SENTENCES = re.compile(r"(?<=[\n!?])|(?<=\.)(?=\s|$)")
PARTS = re.compile(
    r"[\n!?;()]+|,(?![0-9]{3})|\.(?=\s|$)|a(?<=\ba)nd\b|b(?<=\bb)ut\b|&|\s[-+]\s|\s-(?![0-9])|\*"
)
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
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,8})?|[0-9]{1,7}(?:[.,][0-9]{1,8})?)(?![0-9])"
_REST = (
    r"(?:(?:at|@|in|for|with|on|by|around|near|market|profits?|loss|small|good|nice|big|green|red"
    r"|price|target|pips?|points?|now|here|everyone|guys|manually|fully|the|a|our|my|its|first"
    rf"|{_ENTRY}|tp ?[0-9]?|{_STOP}|[+-]? ?{_NUMBER} ?%?|NAME) ?){{0,8}}"
)
_SHARE = r"(?:half|a half|partials?|[1-9][0-9]? ?%|1/[234]|a third|a quarter|2/3|3/4)"
_OF = rf"(?:(?: of| off| from)? (?!profits?\b)(?:it|{_WHAT}))?"
_IS = "(?:(?:is|was|are|got|has been|been) )?"

AT_ENTRY = Held(
    rf"{_LEAD}(?:(?:set|sets|move|moved|moving|put|bring|secured?|trail|shift|shifted|adjust|place"
    rf"|raise|raised|lower|lowered)\b ?)?{_WHAT}{_STOP} ?{_WHAT}(?:(?:is|are|goes|moved|to|at|@|on"
    rf"|into|in|=|:|now) ?){{0,3}}{_ENTRY}\b.{{0,40}}"
    rf"|{_LEAD}(?:set|move|moved|moving|put|bring|secure|secured|go|going|protect) ?{_WHAT}"
    rf"(?:to |at |@ ?|on |into )?{_ENTRY}\b.{{0,40}}"
    rf"|{_LEAD}(?:make|made|go|going|set|secure)? ?{_WHAT}(?:is |are )?risk[- ]?free\b.{{0,20}}",
    "be",
    "b/e",
    "break",
    "entry",
    "cost",
    "risk",
)
CLOSED = Held(
    rf"{_LEAD}(?:close|closed|closing|exit|exited|exiting)\b ?(?:out )?{_WHAT}{_REST}"
    rf"|{_LEAD}out of {_WHAT}NAME {_WHAT}{_REST}|{_LEAD}out of {_WHAT}NAME"
    rf"|{_LEAD}{_WHAT}{_IS}(?:now |fully |manually )?closed(?: {_REST})?",
    "clos",
    "exit",
    "out of",
)
MARKET_CLOSE = re.compile(
    r"NAME (?:has |just )?closed (?:at|@|around|near|the) ?"
    rf"(?!{_ENTRY}|tp|targets?\b|{_STOP}\b)[0-9a-z]"
)
"""What a market does at the end of a day."""
SAYS_WHAT = re.compile(
    r"\b(?:trades?|positions?|signals?|orders?|setups?|all|everything|it|this|these|rest|now|here"
    r"|manually|fully|NAME|profits?|loss|buys?|sells?|longs?|shorts?|pips?)\b|@|\bat\b|\bin\b"
)
STOPPED = Held(
    rf"{_LEAD}{_WHAT}{_STOP} ?{_IS}(?:hit|triggered|touched) ?{_REST}"
    rf"|{_LEAD}(?:hit|hits) ?{_WHAT}{_STOP} ?{_REST}"
    rf"|{_LEAD}{_WHAT}{_IS}stopped(?: out)? ?(?:of )?{_WHAT}{_REST}",
    "hit",
    "triggered",
    "touched",
    "stopped",
)
TARGET = Held(
    r"(?P<all>(?:all|full|final|every|both) )?(?:the |our |NAME )*"
    r"(?:(?P<first>[1-9])(?:st|nd|rd|th)? )?"
    r"(?:tps?|t/p|targets?|take[- ]?profits?) ?(?P<number>[1-9])?"
    r"(?P<done>(?: ?(?:is|are|was|got|has been|have been|been|were))? ?"
    r"(?:hit|reached|done|smashed|achieved|completed|secured|taken))?"
    r"(?: (?:on|for|in) NAME)?"
    r"(?: (?:at )?[0-9.,]{1,12})?(?: ?\+? ?[0-9.,]{1,8} ?(?:pips?|%|points?))?",
    "tp",
    "t/p",
    "target",
    "profit",
)
PARTLY_CLOSED = Held(
    rf"{_LEAD}(?:secured|booked|banked|locked(?: in)?) (?P<first>{_SHARE}){_OF}"
    rf"(?: ?(?:at|@) ?(?P<price>{_NUMBER}))?"
    rf"|(?P<second>{_SHARE}){_OF} ?{_IS}(?:closed|booked|secured|taken)(?: off)?"
    rf"(?: ?(?:at|@) ?(?P<price2>{_NUMBER}))?",
    "closed",
    "booked",
    "secured",
    "taken",
    "banked",
    "locked",
)
"""Some of the trade is said to be gone: "secured 50 %" is no gain, unless "profit" follows."""
LEVEL = Held(
    rf"{_LEAD}(?:(?:set|move|moved|moving|adjust|adjusted|change|changed|raise|raised|trail|new"
    rf"|trailing|lower|lowered|put|bring) )?(?:my |the |our |your |new )?"
    rf"(?:(?P<stop>{_STOP})|(?P<target>tp ?[0-9]?|targets? ?[0-9]?)) ?"
    rf"(?:(?:is|now|moved|up|down|to|at|@|=|:) ?){{1,4}}(?P<level>{_NUMBER})(?: now)?",
    "sl",
    "s/l",
    "stop",
    "tp",
    "target",
)
CANCELED = Held(
    r"(?:please |pls |now |we |i |i'm |guys )?"
    r"(?:cancel(?:l?ed|l?ing)?|delet(?:e|ed|ing)|remov(?:e|ed|ing)|scrap|void)"
    r"(?: (?:the|this|that|these|my|all|your|our|buy|sell|limits?|pending|pendings|orders?|signals?"
    r"|setups?|trades?|entry|idea|now|here|for|please|guys|NAME)){0,6}"
    r"|(?:the |this |buy |sell |NAME |limit |pending )*"
    r"(?:limits?|orders?|pending|signal|setup|trade|entry|idea) (?:is |was |now |has been )?"
    r"(?:cancel(?:l?ed)?|deleted|removed|invalid(?:ated)?|no longer valid|not valid(?: anymore)?)"
    r"|invalid(?:ated)?|no longer valid|not valid anymore",
    "cancel",
    "delet",
    "remov",
    "scrap",
    "void",
    "valid",
)
UNSURE = re.compile(
    r"\b(?:if|when|whenever|once|until|till|unless|after|before|will|would|should|could|might|may"
    r"|gonna|going to|want|planning|thinking|considering|don't|dont|didn't|not|never|nobody|he|she"
    r"|they|who|his|her|someone|why|how|what|yesterday|ago|last week|should've|almost|nearly"
    r"|wish|hope|plan)\b|\?|@someone|\""
)
CONDITION = Held(
    r"\b(?:if|when|whenever|once|until|till|unless)\b|\?",
    "if",
    "when",
    "once",
    "til",
    "unless",
    "?",
)
"""Behind what is done these take it back; other words only tell of what comes next."""
ALLOWED = Held(
    r"\b(?:you can|can|you may|feel free|consider|recommend\w*|advise\w*)\b",
    "can",
    "may",
    "feel",
    "consider",
    "recommend",
    "advise",
)
PARTIAL = Held(
    r"\b(?:half|partials?|third|quarter|part|some|most|trim\w*|1/[234])\b"
    r"|(?<![\w.+-])[0-9]{1,3} ?%",
    "half",
    "part",
    "third",
    "quarter",
    "some",
    "most",
    "trim",
    "1/",
    "%",
)
ORDERS = re.compile(
    r"\b(?:out|sold|selling|trim\w*|cut|cutting|dump\w*|added|adding|scal(?:ed|ing)|bought|buying"
    r"|stc|bto|sto|cover\w*|taking|took)\b"
)
CONTRACT = re.compile(r"[0-9](?<=\b[0-9])[0-9]{0,4}(?:\.[0-9]{1,2})?[cCpP]\b")
TICKER = re.compile(
    r"[$#0-9A-Z](?<![\w.].)"
    r"(?:(?<=[$#])[A-Z0-9]{1,10}|(?<=[0-9])[0-9]{0,6}[A-Z]{2,5}|(?<=[A-Z])[A-Z]{1,4})(?![\w.]*\w)"
)
"""Its first sign stands first: by it most letters are passed over at once."""
LABEL = re.compile(
    r"(?:NAME ?)?(?:long|short|buy|sell|trade|update|signal|position)?s? ?: ?|NAME (?=\w)"
)
"""Before what is said: "btc long: sl to be"."""
IDIOM = Hinted("clo loc", r"\bclosing in\b|\block(?:ed|ing)? in [0-9]{1,3} ?%", re.IGNORECASE)
"""To lock in 40 % tells a gain, and how much is sold is not said."""
BARE_PRICE = Held(r"^[^0-9]*[a-zA-Z] [0-9]{0,5}\.[0-9]{1,4}$", ".")
"""A price without its \"at\": the ticket grammar reads it."""
PRICE = re.compile(rf"(?:@|\bat|\bprice|\baround|\bnear) ?({_NUMBER})\b(?! ?(?:%|pips|points))")
GAIN = re.compile(rf"([+-]?) ?({_NUMBER}) ?%")
AT_TARGET = re.compile(r"\b(?:at|@|on|by|in) (?:the |my )?(?:tp|target) ?([1-9])?\b")
AT_STOP = re.compile(rf"\b(?:at|@|on|by) (?:the |my )?{_STOP}\b")
BY_ENTRY = re.compile(rf"(?:at|@|in|for|on) {_ENTRY}\b")
