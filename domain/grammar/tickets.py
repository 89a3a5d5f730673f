"""From an act to trades: what it books, or which part it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

import msgspec

from domain.fix import PositionEffect, Side
from domain.grammar.acts import Act
from domain.grammar.dear_shares import cannot_be_shares
from domain.grammar.filling import fill
from domain.grammar.legs import is_instrument, named_legs, opening_side, read_legs
from domain.grammar.reading import Action, ExitReason, Kind, LegReading, Room, TradeReading
from domain.grammar.slots import Price, Slots
from domain.grammar.spreads import LegsRead, is_spread, turned
from domain.grammar.tokens import Token
from domain.grammar.verbs import VERBS, Form, Verb

_OPEN, _ADD, _TRIM, _CLOSE = Kind.OPEN, Kind.ADD, Kind.TRIM, Kind.CLOSE
_TICKET = Form.TICKET
_STO = Action.STO
_END = Token("end", ".", ".")
_DEARER_THAN_ENTRY = 5
_AROUND_STRIKE = Decimal("0.3")
_STOP_DISTANCE_MAX = Decimal("0.06")
"""Of the price; the stops of options are further away."""
_CALL_PRICE_STRIKES_MAX = 3
_BARE_PRICE_STRIKES_MAX = Decimal("0.4")
"""Without a verb, a number near the strike is the price of the stock."""
"""A call dearer than three times its strike is taken for an amount of money, not a price."""


class Ticket(msgspec.Struct, gc=False):
    """One act, judged: its trades, or what is missing; levels that were said with it."""

    kind: Kind
    trades: tuple[TradeReading, ...] = ()
    stop: Decimal | None = None
    stop_at_entry: bool = False
    targets: tuple[Decimal, ...] = ()
    missing: list[str] = []
    rules: list[str] = []
    why: str = ""
    named: tuple[LegReading, ...] = ()
    confidence: Decimal = Decimal(1)
    is_trade: bool = True
    """False where the words turn out to be about no instrument at all."""


class Setting(msgspec.Struct, gc=False):
    """Where an act was said: the room, the day, and the labels of the card it stands on."""

    room: Room
    day: date
    reason: ExitReason | None = None
    """What the message says ended the trade, where it says so."""
    contract: Sequence[Token] = ()
    entry: Sequence[Token] = ()
    alone: bool = False
    """Whether these words are the whole message, with no card beside them."""


_COMPLETED = {(Action.STC, "open"): VERBS["sto",], (Action.BTO, "close"): VERBS["btc",]}


_BARE_RULES = {
    _OPEN: "bought: a contract and its price stand alone",
    _CLOSE: "sold: the size before the contract has a minus",
}
"""How a ticket without a word of what is done was understood."""


def _complete(act: Act) -> None:
    """In "sold TSLA 380p to open" the last two words say what was done."""
    for token, ahead in pairwise(act.tokens):
        if token.low == "to" and (act.verb.action, ahead.low) in _COMPLETED:
            act.verb = _COMPLETED[act.verb.action, ahead.low]
            return


def judge(act: Act, setting: Setting) -> Ticket:
    """Makes the ticket of an act."""
    room, day, contract = setting.room, setting.day, setting.contract
    _complete(act)
    slots = fill(act.tokens, day, act.verb, act.verb_at)
    slots.odd = slots.odd or act.beside
    own = bool(slots.roots or slots.pair or slots.contracts or slots.strikes)
    if contract and not own:
        card = [_END, *contract, _END, *(setting.entry if act.verb.kind is _OPEN else ())]
        slots = fill([*act.tokens, *card], day, act.verb, act.verb_at)
    ticket = Ticket(act.verb.kind, named=named_legs(slots), confidence=_confidence(act, slots))
    if act.verb.correct:
        ticket.rules.append(f"'{act.said}' read as '{act.verb.correct}'")
    if act.verb.bare:
        ticket.rules.append(_BARE_RULES[act.verb.kind])
    if slots.beyond:
        ticket.kind = Kind.CONDITIONAL
        ticket.missing.append("condition met")
        ticket.why = f"'{slots.beyond}' makes it a condition"
        return ticket
    verb, unclear = turned(act.verb, slots)
    ticket.kind = verb.kind
    if verb.kind is _OPEN:
        _open(verb, slots, room, day, ticket)
    elif verb.kind is _ADD:
        _add(verb, slots, room, day, ticket)
    else:
        _exit(act, slots, setting, ticket)
    if unclear:
        ticket.missing.append("action")
        ticket.why = unclear
    if ticket.missing:
        ticket.trades = ()
        ticket.why = ticket.why or f"'{act.said}' says no {' and no '.join(ticket.missing)}"
    return ticket


def _confidence(act: Act, slots: Slots) -> Decimal:
    if act.verb.correct or act.verb.bare:
        return Decimal("0.7")
    if act.verb.form is _TICKET and (slots.strikes or slots.roots or slots.contracts):
        return Decimal(1)
    return Decimal("0.9") if slots.strikes or slots.contracts or slots.pair else Decimal("0.8")


def _open(verb: Verb, slots: Slots, room: Room, day: date, ticket: Ticket) -> None:
    read = _contract(verb, slots, room, day, ticket)
    if not read.legs:
        ticket.is_trade = slots.price is not None or slots.levels or bool(read.missing)
        ticket.missing += [] if read.missing else ["symbol"]
        return
    if not slots.option_like and not slots.pair and not _is_share_ticket(verb, slots, ticket):
        return
    price = _entry_price(slots, read, ticket, bare=verb.bare)
    if price is None:
        return
    if not slots.option_like and (why := cannot_be_shares(read.legs[0].root, price)):
        ticket.missing.append("contract")
        ticket.why = why
        return
    side = opening_side(verb.action)
    _levels(slots, side, price, ticket, read.legs)
    ticket.trades = (
        TradeReading(
            action=verb.action,
            legs=read.legs,
            quantity=slots.quantity,
            price=price,
            price_to=slots.price.high if slots.price is not None else None,
            bare=verb.bare,
        ),
    )


def _contract(verb: Verb, slots: Slots, room: Room, day: date, ticket: Ticket) -> LegsRead:
    """The legs; what they lack is missing from the ticket."""
    read = read_legs(slots, verb.action, room, day)
    ticket.missing += read.missing
    ticket.rules += read.rules
    ticket.why = read.why
    if slots.strategy and not is_spread(slots):
        ticket.missing.append("legs")
        ticket.why = f"the legs of '{slots.strategy}' are not clear"
    elif slots.strategy and not slots.strikes and not slots.contracts:
        ticket.missing.append("legs")
    if verb.action is _STO and verb.direction and slots.option_like:
        ticket.missing.append("action")
        ticket.why = "'short' with an option may mean selling it or betting on a fall"
    return read


def _is_share_ticket(verb: Verb, slots: Slots, ticket: Ticket) -> bool:
    """Whether a bare ticker is bought as shares, and no strike was meant."""
    if not is_instrument(slots.root):
        ticket.missing.append("symbol")
        return False
    if slots.odd:
        ticket.missing.append("contract")
        ticket.why = f"'{slots.odd}' may be the rest of a contract"
        return False
    if slots.garbled and slots.price is not None and not slots.shares:
        ticket.missing.append("contract")
        ticket.why = f"'{slots.garbled}' may be a contract"
        return False
    if slots.loose and not slots.shares:
        ticket.missing += ["right", "expiry"]
        ticket.why = f"{slots.loose[0]} may be a strike: no right, no expiry"
        return False
    priced = slots.price is not None and verb.direction and _is_of_shares(slots.price, slots)
    sure = verb.form is _TICKET or slots.quantity is not None or slots.shares or priced
    if verb.strict and not sure:
        ticket.is_trade = False
        return False
    return True


def _is_of_shares(price: Price, slots: Slots) -> bool:
    """Whether the price is marked as one, or the stop is near it."""
    near = slots.stop is not None and abs(price.low - slots.stop) < price.low * _STOP_DISTANCE_MAX
    return price.rank == 0 or near


def _entry_price(
    slots: Slots, read: LegsRead, ticket: Ticket, *, bare: bool = False
) -> Decimal | None:
    said = slots.price
    if said is None or said.low <= 0:
        ticket.missing.append("price")
        if slots.garbled:
            ticket.why = f"'{slots.garbled}' is no price"
        return None
    strike = read.legs[0].strike if read.legs else None
    bound = read.width
    if bound is None and strike is not None:
        is_put = read.legs[0].right == "P"
        bound = strike if is_put else strike * _CALL_PRICE_STRIKES_MAX
        bound = strike * _BARE_PRICE_STRIKES_MAX if bare else bound
    if bound is not None and said.low >= bound:
        ticket.missing.append("price")
        ticket.why = f"{said.low} per share cannot be the price of this contract"
        return None
    return said.low


def _levels(
    slots: Slots, side: Side, price: Decimal, ticket: Ticket, legs: Sequence[LegReading]
) -> None:
    """Stop and targets of an entry; shares of the entry become prices, odd ones are dropped."""
    if not (slots.levels or slots.stop_share is not None or slots.target_shares):
        return
    up = side.sign
    stop = slots.stop
    if stop is None and slots.stop_share is not None and slots.stop_share < 1:
        stop = price * (1 - up * slots.stop_share)
        ticket.rules.append(f"stop {stop}: {_percent(slots.stop_share)} from the entry")
    targets = list(slots.targets)
    for share in slots.target_shares:
        targets.append(price * (1 + up * share))
        ticket.rules.append(f"target {targets[-1]}: {_percent(share)} from the entry")
    if stop is not None and (stop - price) * up >= 0:
        ticket.rules.append(f"{stop} is no stop for an entry at {price}: left out")
        stop = None
    beyond = [target for target in targets if _is_of_underlying(target, price, legs)]
    for target in beyond:
        ticket.rules.append(f"{target} is a level of {legs[0].root}, not of the option: left out")
    targets = [target for target in targets if target not in beyond]
    odd = [target for target in targets if (target - price) * up <= 0]
    if odd:
        ticket.rules.append(f"{odd[0]} is no target for an entry at {price}: left out")
    ticket.stop = stop
    ticket.targets = tuple(target for target in targets if target not in odd)


def _is_of_underlying(level: Decimal, price: Decimal, legs: Sequence[LegReading]) -> bool:
    """Whether a level is far from an option's price and close to its strike."""
    strikes = [leg.strike for leg in legs if leg.strike is not None]
    near = any(abs(level - strike) <= strike * _AROUND_STRIKE for strike in strikes)
    return near and level > price * _DEARER_THAN_ENTRY


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def _add(verb: Verb, slots: Slots, room: Room, day: date, ticket: Ticket) -> None:
    read = read_legs(slots, verb.action, room, day) if _says_contract(slots) else LegsRead()
    ticket.rules += read.rules
    price = None
    if slots.price is not None or slots.average is None:
        price = _entry_price(slots, read, ticket)
        if price is None:
            return
        _levels(slots, opening_side(verb.action), price, ticket, read.legs)
    ticket.trades = (
        TradeReading(
            action=verb.action,
            legs=read.legs,
            quantity=slots.quantity,
            price=price,
            average=slots.average,
            at_hand=slots.at_hand,
        ),
    )


def _says_contract(slots: Slots) -> bool:
    return bool(slots.roots or slots.strikes or slots.contracts or slots.pair or slots.right)


def _exit(act: Act, slots: Slots, setting: Setting, ticket: Ticket) -> None:
    verb = act.verb
    partial = (verb.kind is _TRIM or slots.partial) and not slots.whole and not verb.whole
    if slots.fraction is not None:
        partial = slots.fraction < 1
    partial = partial or slots.keeps is not None
    ticket.kind = _TRIM if partial else _CLOSE
    if slots.unclear and slots.price is None:
        ticket.missing.append("size or gain")
        ticket.why = f"'{slots.unclear}' may be the part that is sold or the profit on it"
        return
    if slots.garbled and slots.price is None:
        ticket.missing.append("price")
        ticket.why = f"'{slots.garbled}' is no price"
        return
    if slots.levels or slots.stop_share is not None:
        ticket.stop, ticket.stop_at_entry = slots.stop, slots.stop_at_entry
        ticket.targets = tuple(slots.targets)
    ticket.trades = tuple(
        TradeReading(
            action=verb.action,
            legs=legs,
            quantity=slots.quantity if slots.fraction is None else None,
            fraction=slots.fraction,
            price=_exit_price(verb, slots),
            price_to=slots.price.high if slots.price is not None else None,
            gain=_gain(verb, slots),
            keeps=slots.keeps,
            partial=partial,
            at_hand=slots.at_hand,
            either_side=verb.either_side,
            reason=slots.reason or _reason(verb, setting),
        )
        for legs in _exit_legs(act, slots, setting, ticket)
    )


def _exit_price(verb: Verb, slots: Slots) -> Decimal | None:
    if slots.price is None:
        return Decimal(0) if verb.worthless else None
    return slots.price.low


def _gain(verb: Verb, slots: Slots) -> Decimal | None:
    even = verb.even and slots.gain is None and slots.price is None
    return Decimal(0) if even else slots.gain


def _reason(verb: Verb, setting: Setting) -> ExitReason:
    if setting.reason is None or verb.reason is ExitReason.STOP:
        return verb.reason
    return setting.reason


def _exit_legs(
    act: Act, slots: Slots, setting: Setting, ticket: Ticket
) -> list[tuple[LegReading, ...]]:
    """One set of legs per trade that is left: "both QQQ and SPY" leaves two."""
    side = opening_side(act.verb.action)
    several = _listed_roots(act.tokens, slots)
    if len(several) > 1:
        return [(LegReading(root=root, side=side),) for root in several]
    if not _says_contract(slots) and slots.expiry is None:
        return [()]
    read = read_legs(slots, act.verb.action, setting.room, setting.day)
    ticket.rules += read.rules
    if "strategy" in read.missing:
        ticket.missing.append("strategy")
        ticket.why = read.why
    return [read.legs]


def _listed_roots(tokens: Sequence[Token], slots: Slots) -> list[str]:
    """Tickers joined by "and", "&" or "/"."""
    if slots.strikes or slots.contracts or slots.price is not None:
        return []
    found: list[str] = []
    last = -1
    for place, root in slots.roots:
        between = tokens[last + 1 : place]
        joined = bool(between) and all(t.kind == "amp" or t.low == "and" for t in between)
        if not found or joined:
            found.append(root)
            last = place
    return list(dict.fromkeys(found))


def closes(trade: TradeReading) -> bool:
    return trade.action.position_effect is PositionEffect.CLOSE
