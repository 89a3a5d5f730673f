"""The words traders use: what they do, what leads into it, and what shows that they did not."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from domain.grammar.reading import Action, ExitReason, Kind


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Form(StrEnum):
    """How a verb is said, which decides what it needs around it."""

    TICKET = "ticket"
    """BTO, STC: the order ticket's own words."""
    NOW = "now"
    PAST = "past"


class Verb(NamedTuple):
    """What an action word says the author does."""

    kind: Kind
    action: Action
    form: Form = Form.NOW
    either_side: bool = False
    reason: ExitReason = ExitReason.EXIT
    whole: bool = False
    """Says that all of it goes: "all out", "full profit"."""
    alone: bool = False
    """May stand alone as a whole message."""
    direction: bool = False
    """LONG and SHORT: said of shares and coins; with an option they may mean the view."""
    strict: bool = False
    """Too common a word to open a trade without a whole contract: "in", "took"."""
    at_hand: bool = False
    """Is only said of the trade being talked about: to de-risk follows an add."""
    correct: str = ""
    """The right spelling, where the word was a slip of the finger."""


def _phrases(verb: Verb, *phrases: str) -> dict[tuple[str, ...], Verb]:
    return {tuple(phrase.split()): verb for phrase in phrases}


_BTO, _STC, _STO, _BTC = Action.BTO, Action.STC, Action.STO, Action.BTC
_OPEN, _ADD, _TRIM, _CLOSE = Kind.OPEN, Kind.ADD, Kind.TRIM, Kind.CLOSE
_PAST, _TICKET = Form.PAST, Form.TICKET

_STRICT = Verb(_OPEN, _BTO, strict=True)
_SHORT = Verb(_OPEN, _STO, strict=True, direction=True)
_OUT = Verb(_CLOSE, _STC, _PAST, either_side=True, alone=True)
_CUT = Verb(_CLOSE, _STC, either_side=True)
_DERISK = Verb(_TRIM, _STC, either_side=True, at_hand=True)
_SOLD = Verb(_CLOSE, _STC)
_STOPPED = _OUT._replace(reason=ExitReason.STOP)
_STOPPED_AFTER_ALL = _STOPPED._replace(alone=False)
"""Who wishes that it had not happened says that it did."""

_WORDS: dict[tuple[str, ...], Verb] = {
    **_phrases(Verb(_OPEN, _BTO, _TICKET), "bto", "buy to open", "bought to open"),
    **_phrases(Verb(_CLOSE, _STC, _TICKET), "stc", "sell to close", "sold to close"),
    **_phrases(Verb(_OPEN, _STO, _TICKET), "sto", "sell to open", "sold to open"),
    **_phrases(Verb(_CLOSE, _BTC, _TICKET), "btc", "buy to close", "bought to close"),
    **_phrases(Verb(_OPEN, _BTO), "buy", "buying", "entering", "enter", "grabbing", "grab"),
    **_phrases(Verb(_OPEN, _BTO), "picking up", "scooping"),
    **_phrases(Verb(_OPEN, _BTO, _PAST), "bought", "entered", "grabbed", "picked up", "scooped"),
    **_phrases(_STRICT, "in", "taking", "opening", "starting", "loading", "loading up", "entry"),
    **_phrases(_STRICT, "starting a position in", "opening a position in"),
    **_phrases(_STRICT._replace(direction=True), "long", "going long"),
    **_phrases(_STRICT._replace(form=_PAST), "took", "opened", "started", "loaded", "loaded up"),
    **_phrases(_STRICT._replace(form=_PAST), "started a position in", "opened a position in"),
    **_phrases(_SHORT, "short", "shorting", "going short"),
    **_phrases(_SHORT._replace(form=_PAST), "shorted"),
    **_phrases(Verb(_ADD, _BTO), "add", "adding", "averaging down", "avging down", "avg down"),
    **_phrases(Verb(_ADD, _BTO), "doubling down"),
    **_phrases(Verb(_ADD, _BTO, _PAST), "added", "averaged down", "doubled down"),
    **_phrases(Verb(_TRIM, _STC, either_side=True, alone=True), "trim", "trimming"),
    **_phrases(Verb(_TRIM, _STC, either_side=True), "scaling out", "scale out"),
    **_phrases(_DERISK, "de risking", "derisking", "de risk", "derisk"),
    **_phrases(_DERISK._replace(form=_PAST), "de risked", "derisked"),
    **_phrases(Verb(_TRIM, _STC, _PAST, either_side=True, alone=True), "trimmed"),
    **_phrases(Verb(_TRIM, _STC, _PAST, either_side=True), "scaled out"),
    **_phrases(_CUT, "close", "closing", "close out", "closing out", "exit", "exiting", "cut"),
    **_phrases(_CUT, "cutting", "dump", "dumping"),
    **_phrases(_CUT._replace(form=_PAST), "closed", "closed out", "exited", "dumped", "cashed out"),
    **_phrases(_OUT, "out", "am out", "got out"),
    **_phrases(_OUT._replace(whole=True), "all out", "fully out", "completely out"),
    **_phrases(_CUT._replace(whole=True), "consider this a close", "consider this closed"),
    **_phrases(_STOPPED, "stopped out", "got stopped out", "got stopped", "stopped"),
    **_phrases(
        _STOPPED_AFTER_ALL, "wish i didn't get stopped out", "wish i hadn't got stopped out"
    ),
    **_phrases(_SOLD, "sell", "selling"),
    **_phrases(_SOLD._replace(form=_PAST), "sold", "sold out"),
    **_phrases(Verb(_CLOSE, _BTC), "covering", "buying back", "buy back"),
    **_phrases(Verb(_CLOSE, _BTC, _PAST), "covered", "bought back"),
}

_KEYS_BESIDE = {
    "a": "qswz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc",
    "g": "ftyhbv", "h": "gyujnb", "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop",
    "m": "njk", "n": "bhjm", "o": "iklp", "p": "ol", "q": "wa", "r": "edft", "s": "awedxz",
    "t": "rfgy", "u": "yhji", "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu", "z": "asx",
}  # fmt: skip
_SLIPPERY = ("trimming", "trimmed", "closing", "adding", "stopped out")
_REAL_WORDS = {"brimming", "padding"}


def _slips() -> dict[tuple[str, ...], Verb]:
    """The spellings one slip to a neighbouring key away, for words that have no such double."""
    found: dict[tuple[str, ...], Verb] = {}
    for phrase in _SLIPPERY:
        head, *tail = phrase.split()
        verb = _WORDS[head, *tail]._replace(correct=phrase)
        for place, letter in enumerate(head):
            for slip in _KEYS_BESIDE[letter]:
                wrong = head[:place] + slip + head[place + 1 :]
                if wrong not in _REAL_WORDS:
                    found[wrong, *tail] = verb
    return found


VERBS: dict[tuple[str, ...], Verb] = {**_slips(), **_WORDS}

FIRST_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {}
"""Phrases by their first word, the longest first."""
for _phrase in sorted(VERBS, key=len, reverse=True):
    FIRST_WORDS[_phrase[0]] = (*FIRST_WORDS.get(_phrase[0], ()), _phrase)

TAKE = frozenset({"take", "taking", "took"})
"""With "profit", "some", "half" or "last trim" after them, they sell."""

LEADING = _set(
    """
    just also now again finally really quickly officially already only back currently still am
    be been got getting have ve 've simply basically definitely early here small lotto swing
    daytrade scalp new another position trade alert alerts update updates entry order filled
    fill risky quick starter yolo day live today morning open opening looks like
    """
)
"""Words that may stand between the start of a phrase and its verb."""

FIRST_PERSON = frozenset({"i", "i'm", "im", "i've", "ive", "we", "we're", "we've", "personally"})

JOINING = _set(
    """
    and then so ok okay alright well yes yep ladies guys team fam folks all
    """
)

SPOKEN_OF = _set(
    """
    glad happy wish wished hope hoped since after before because when if that what which where
    how why remember said say told think thought know knew until till did do does should can
    could would may might must shall like those these the unless once while not
    """
)
"""Before "I sold", these make it a memory, a wish or a question."""

ABOUT_TO = frozenset({"going", "gonna", "time", "had", "decided", "about", "have", "want"})
"""Before "to", these lead into an exit that is done as it is said."""

LABELS_BEFORE_VERB = _set(
    """
    alert alerts trade update updates entry entries open swing lotto daytrade scalp order
    signal position idea new action now note notes exit close trim plan ticket trades day
    """
)

DETERMINERS = _set("of my the our a an another off in on up both out more down")
"""May stand between an exit word and what is sold."""

PARTIALS = _set("some half most third quarter partial partials few couple")
WHOLES = _set("all everything full")

CONDITIONS = frozenset({"if", "once", "unless", "when", "whenever", "until", "till", "assuming"})
CONDITION_STARTS = CONDITIONS | {"provided", "should", "in case", "as long"}
INTENTIONS = _set(
    """
    will 'll i'll we'll i'd we'd you'd won't might may could would should gonna want wanna plan
    planning
    considering thinking tempted looking look ready hoping would've could've should've
    """
)
BEYOND = frozenset({"over", "above", "below", "under", "breaks", "break", "through", "past"})
"""Before a number they set a condition: over 2.15."""
NEGATIONS = _set(
    """
    not never no don't dont didn't didnt doesn't haven't havent won't wont isn't ain't can't
    cannot nobody none without avoid
    """
)
LONG_AGO = frozenset({"yesterday", "yesterday's", "ago", "earlier", "previously"})
QUESTION_WORDS = _set(
    """
    who whos who's what what's how why where when anyone anybody everyone everybody did does
    do is are should would could can any which think
    """
)

STOPS = frozenset({"sl", "stop", "stops", "stoploss"})
TARGETS = frozenset({"pt", "pts", "tp", "tps", "target", "targets", "tgt", "tgts"})
LEVEL_FILLERS = _set(
    """
    loss lose moved move moving to at now is set setting raised raise raising up below around
    under over above be of price price's mental hard soft trailing near by lowered profit
    """
)
LEVEL_MOVES = _set(
    """
    move moved moving set setting raise raised raising lower lowered lowering adjust adjusted
    adjusting tighten tightened tightening trail trailing bring bringing
    """
)
LEVEL_LEADS = LEADING | JOINING | _set("my the a our your new hard mental on for in to with up c p")
"""What may stand before a stop or target that is moved."""
AT_ENTRY = frozenset({"be", "b/e", "breakeven", "even", "entry", "cost"})

KEPT_BY = frozenset(
    {"leaving", "left", "leave", "into", "keep", "keeping", "hold", "holding", "let", "with"}
)

AT_HAND = _set(
    """
    rest here these this it them remaining remainder runner runners last final those cons
    contracts position
    """
)
REMAINDER = frozenset({"rest", "remaining", "remainder", "runner", "runners"})
FRACTIONS = {"half": "0.5", "third": "0.333333333333", "quarter": "0.25", "most": "0.75"}
FRACTION_PARTS = {
    "1/2": "0.5", "1/3": "0.333333333333", "2/3": "0.666666666667", "1/4": "0.25", "3/4": "0.75",
}  # fmt: skip
SIZES = frozenset({"contract", "contracts", "con", "cons", "lot", "lots", "share", "shares"})
PRICE_WORDS = frozenset({"for", "at", "price", "entry", "fill", "filled", "paid", "cmp", "exit"})
NOT_PRICE_WORDS = _set(
    """
    from was vs than basis cost risk risking level near around to by strike resistance support
    sized size mental sma ema ma
    """
)
RIGHTS = {"call": "C", "calls": "C", "c": "C", "put": "P", "puts": "P", "p": "P"}
SPREADS = {
    "vertical": "vertical", "spread": "vertical", "spreads": "vertical", "verticals": "vertical",
    "condor": "condor", "condors": "condor", "ic": "condor",
}  # fmt: skip
UNREAD_STRATEGIES = _set(
    """
    butterfly butterflies fly calendar calendars diagonal straddle straddles strangle
    strangles collar ratio backratio pmcc
    """
)
OPTION_WORDS = _set(
    """
    exp expiry expiration expiring expires strike strikes option options contract contracts
    con cons leap leaps premium dte odte weekly weeklies monthly monthlies lotto lottos itm
    otm atm
    """
)
EXPIRY_WORDS = frozenset({"weekly", "weeklies", "today", "tomorrow", "friday", "fri", "this week"})
EXPIRY_LEADS = _set(
    """
    exp expiry expiration expiring expires this weekly for dated
    """
)

NO_TICKERS = _set(
    """
    I A AT ON IN OUT FOR THE AND OR TO OF IF IS IT AS BY MY ME WE US IM YOU YALL HE SHE THEY
    BE BTO STC STO BTC BUY SELL SOLD LONG SHORT CALL CALLS PUT PUTS C P ALL HALF REST STOP SL
    PT TP EOD EOW ATH HOD LOD VWAP EMA SMA RSI MACD FOMC CPI PPI PCE NFP GDP FED DTE ODTE ITM
    OTM ATM ETF IV AVG NEW HERE NOW LOTTO SWING DAY TRADE SCALP RISK RISKY HIGH LOW SIZE SMALL
    LIGHT EXP WEEK NEXT UP DOWN OVER UNDER ABOVE BELOW LOL LMAO LFG TY GM GL NFA TRAMA TL DB
    CONS CON BOTH TRIM TRIMS OPEN CLOSE EXIT ENTRY ADD FROM WITH STILL JUST SOME MORE MOST
    LAST FREE MONEY BANG NOT NO YES DO DID GOT GET WAS ARE HAS HAD THIS THAT THESE WHAT WHO
    HOW WHY WHEN ONCE THEN SO BUT GO GOING LETS LET NICE GOOD GREAT WOW OMG WTF PM AM USD USDT
    ET EST PST UTC SEC IPO CEO BREAK BIG WIN WON LOSS GAIN ER PR HUGE EASY FAST HOT TOP ALSO
    BACK VC TA AI DM AH PMH PML LEAPS PLAY PLAYS TEAM ALERT SPAC OG RIP MOON YOLO FOMO HODL
    BTFD GOLD OIL NAS FX ICT JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC MON TUE WED THU
    FRI
    """
)
"""Upper-case words that are not taken for tickers unless a ticket puts them in that place."""

TICKERS_LIKE_WORDS = _set("NOW LOW ON OPEN ALL GO BE SO IT C A DAY PLAY FAST BIG")
"""Tickers that are words as well: taken only where a ticket has its root."""

NO_ROOTS = _set(
    """
    the a an my our your his her their this that these those some any more another few of for
    to in on at and or with from half most all rest last both it them here now out off up down
    over under above below about around just like than then if each every next exp call calls
    put puts strike only got get was were is are be not no i we you he she they small big new
    good nice buy sell sold bought same other lotto per risk two three four five ten one week
    weekly spread swing entry stop price gold apple tesla intel ford visa nike
    """
)
"""Lower-case words that are not taken for the root of the contract behind them."""
