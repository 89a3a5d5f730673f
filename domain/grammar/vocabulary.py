"""The words traders use: what leads into an action, what fills it, what shows it is none."""

from __future__ import annotations

from collections.abc import Iterable


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def lengths_by_first_word(phrases: Iterable[tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
    """How many words the phrases have that begin with a word, the most first."""
    found: dict[str, set[int]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], set()).add(len(phrase))
    return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in found.items()}


def second_words(phrases: Iterable[tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """The words that go on with a phrase, by the word that begins it."""
    found: dict[str, set[str]] = {}
    for first, *rest in phrases:
        found.setdefault(first, set()).update(rest[:1])
    return {first: frozenset(seconds) for first, seconds in found.items()}


TAKE = frozenset({"take", "taking", "took"})
"""With "profit", "some", "half" or "last trim" after them, they sell."""

SECURE = _set("securing secure secured locking lock locked banking bank banked booking book booked")
"""With "profits", "gains" or "half" after them, they sell as well."""

BEFORE_CONTRACT = _set(
    """
    the these some a an few couple my small starter lotto lottos position positions size half full
    more here on of with now for new trade swing day at long calls puts this risky another quick
    light today also x only call put weekly weeklies monthly monthlies next week exp in to contract
    contracts con cons lot lots eow eod tomorrow friday one two three four five ten expiring
    """
)
"""Words that may stand between "in" or "took" and the contract."""

LEADING = _set(
    """
    just also now again finally really quickly officially already only back currently still am
    be been are got getting have ve 've simply basically definitely early here small lotto swing
    daytrade scalp new another position trade alert alerts update updates entry order filled
    fill risky quick starter yolo day live today morning open opening looks like
    """
)
"""Words that may stand between the start of a phrase and its verb."""

FIRST_PERSON = frozenset({"i", "i'm", "im", "i've", "ive", "we", "we're", "we've", "personally"})

STILL = frozenset({"still", "currently", "already"})
"""Before "in" they tell how it stands; no trade is opened by them."""

HELD_SUBJECTS = _set(
    """
    runner runners rest remaining remainder con cons contract contracts position positions calls
    puts half third quarter most everything my the final last one lot lots trade it these swing
    swings lotto lottos leap leaps
    """
)
"""What is held and may stand before the word that says it is gone: "runners stopped"."""

OTHERS = _set(
    """
    he she they you u yall y'all someone somebody anyone everyone everybody people members those
    some many others most nobody whales whale insiders retail bulls bears buyers sellers traders
    """
)

SPOKEN_FAR = _set("wish wished hope imagine believe if regret hate forgot almost nearly once")
"""The same, a word or two before the "I"."""

JOINING = _set(
    """
    and then so ok okay alright well yes yep ladies guys team fam folks all
    """
)

SPOKEN_OF = _set(
    """
    glad happy wish wished hope hoped since after before because when if that what which where
    how why remember said say told think thought know knew until till did do does should can
    could would may might must shall like those these the unless once while not god goodness
    believe imagine imagined regret regretted hate hated swear forgot love almost nearly feels
    suppose supposing mean means
    """
)
"""Before "I sold", these make it a memory, a wish or a question."""

ABOUT_TO = frozenset({"going", "gonna", "time", "had", "decided", "about", "have", "want"})
"""Before "to", these lead into an exit that is done as it is said."""

LABELS_BEFORE_VERB = _set(
    """
    alert alerts trade update updates entry entries open swing lotto daytrade scalp order
    signal position idea new action now note notes exit close trim plan ticket trades day
    play try risk member members vip premium pro setup team hedge small account challenge
    """
)

TICKET_LEADS = LABELS_BEFORE_VERB | _set(
    """
    first second third next of the my our today's size sized high low test per off monday tuesday
    wednesday thursday friday premarket power hour
    """
)
"""What may stand before a ticket's own words without a colon: "first trade of the day BTO"."""

DETERMINERS = _set("of my the our a an another off in on up both out more down")
"""May stand between an exit word and what is sold."""

PARTIALS = _set("some majority half most third quarter partial partials few couple")
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

STOPS = frozenset({"sl", "stop", "stops", "stoploss", "stope", "trail", "trailing"})
TARGETS = frozenset({"pt", "pts", "tp", "tps", "target", "targets", "tgt", "tgts", "targ", "targs"})
LEVEL_FILLERS = _set(
    """
    loss lose moved move moving to at now is set setting raised raise raising up below around
    under over above be of price price's mental hard soft trailing near by lowered profit profits
    adjusted
    tightened is just still for
    """
)
LEVEL_MOVES = _set(
    """
    move moved moving set setting raise raised raising lower lowered lowering adjust adjusted
    adjusting amended amending tighten tightened tightening trail trailing bring bringing
    """
)
AT_ENTRY_LEADS = frozenset({"be", "b/e", "breakeven", "set", "setting"})
LEVEL_LEADS = (
    LEADING
    | JOINING
    | AT_ENTRY_LEADS
    | _set("my the a our your new hard mental tight on for in to with up c p")
    | _set("next first second third final last")
)
"""What may stand before a stop or target that is moved."""
AVERAGES = frozenset({"avg", "average", "averaging"})
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
RIGHTS = {
    "call": "C", "calls": "C", "c": "C", "put": "P", "puts": "P", "p": "P", "csp": "P", "csps": "P",
}  # fmt: skip
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
    BTFD GOLD OIL NAS FX ICT CMP JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC MON TUE WED THU
    FRI CSP CSPS OKAY MOVE MOVING MOVED RAISE TRAIL ADJUST TIGHTEN LOWER BRING SECURE PROTECT
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
