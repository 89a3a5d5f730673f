"""How the demo's traders trade: an opinion, a contract, an exit, and what they claim of it.

Every decision rests on prices up to its own minute; an exit is the first minute at which its
rule is met. Only a peeker's opinion looks at the hidden drift ahead, through noise. What each
deed would really have cost is kept beside the claim, as the truth to test the product against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from zlib import crc32

import numpy as np

from domain.instruments import Option, Right
from interfaces.demo.characters import Character, Trader, Vehicle, View
from interfaces.demo.market import INDEX, UNDERLYINGS, Floats, Ints
from interfaces.demo.options import Expiry, Listings
from interfaces.demo.positions import Deed, Legs, Position, Step, intrinsic_cents, quotes_of

_LIES = 0.85
_MINUTES_LEFT_MIN = 45
_PATH_MAX = 900
_LEAST_BID = {Vehicle.LOTTO: 4, Vehicle.TAIL: 25}
"""Cents under which a vehicle is not worth opening; 12 for the others."""


@dataclass(frozen=True, slots=True)
class _Ticket:
    """What is about to be traded."""

    symbol: str
    vehicle: Vehicle
    legs: Legs
    short: bool
    expiry_node: int | None


def lives(listings: Listings, trader: Trader, seed: int, pace: float) -> list[Position]:
    """A trader's positions over all sessions, `pace` times as many as usual."""
    drawn = []
    for draw in range(trader.draws):
        words = [seed, 2, crc32(trader.name.encode()), draw]
        rng = np.random.default_rng(np.random.SeedSequence(words))
        drawn.append(_live(listings, trader, rng, pace))
    return max(drawn, key=_mean_return)


def _mean_return(positions: list[Position]) -> float:
    return sum(position.fair_return for position in positions) / max(len(positions), 1)


def _live(
    listings: Listings, trader: Trader, rng: np.random.Generator, pace: float
) -> list[Position]:
    market, habits = listings.market, trader.habits
    busy: dict[str, int] = {}
    positions: list[Position] = []
    for day in range(habits.from_day, min(habits.until_day, len(market.sessions))):
        length = market.sessions[day].minutes
        often = int(rng.poisson(habits.a_day * pace))
        for minute in np.sort(3 + (length - 25) * rng.beta(1.1, 1.9, often)).astype(int):
            node = market.node(day, int(minute))
            free = [symbol for symbol in habits.symbols if busy.get(symbol, -1) < node]
            opinion = _opinion(listings, trader, rng, free, node)
            if opinion is None or len(positions) >= habits.positions_max:
                continue
            ticket = _ticket(listings, trader, rng, *opinion, node)
            position = None if ticket is None else _carry(listings, trader, rng, ticket, node)
            if position is not None:
                positions.append(position)
                busy[position.symbol] = market.last if position.ended is None else position.ended
    return positions


def _opinion(
    listings: Listings, trader: Trader, rng: np.random.Generator, free: list[str], node: int
) -> tuple[str, int] | None:
    """A symbol and +1 or -1, or None when there is nothing to say."""
    if not free:
        return None
    if trader.habits.view is View.PEEK:
        return _peek(listings, trader, rng, free, node)
    symbol = free[int(rng.integers(len(free)))]
    if trader.habits.view is View.COIN:
        return symbol, 1 if rng.random() < 0.55 else -1
    prices = listings.market.price[INDEX[symbol]]
    moved = int(prices[node]) - int(prices[max(node - 45, 0)])
    direction = 1 if moved + rng.normal(0, 3) > 0 else -1
    return symbol, direction if trader.habits.view is View.TREND else -direction


def _peek(
    listings: Listings, trader: Trader, rng: np.random.Generator, free: list[str], node: int
) -> tuple[str, int] | None:
    """The name whose drift until the usual exit looks strongest, seen through noise."""
    market, habits = listings.market, trader.habits
    ahead = min(node + sum(habits.minutes) // 2, market.last)
    best, strongest = "", 0.0
    for symbol in free:
        place = INDEX[symbol]
        drift = float(market.drift[place, ahead] - market.drift[place, node])
        seen = drift / market.usual_drift(place, node, ahead)
        seen += habits.noise * float(rng.standard_normal())
        if trader.habits.vehicles == (Vehicle.STOCK,) and seen < 0:
            continue
        if abs(seen) > abs(strongest):
            best, strongest = symbol, seen
    if abs(strongest) < 0.8:
        return None
    return best, 1 if strongest > 0 else -1


def _ticket(
    listings: Listings, trader: Trader, rng: np.random.Generator, symbol: str, direction: int,
    node: int,
) -> _Ticket | None:  # fmt: skip
    """The contract for an opinion, or None where none fits."""
    vehicles = trader.habits.vehicles
    vehicle = vehicles[int(rng.integers(len(vehicles)))]
    if vehicle is Vehicle.STOCK:
        return _Ticket(symbol, vehicle, (), False, None)
    expiry = _expiry(listings, rng, vehicle, symbol, node)
    if expiry is None:
        return None
    sells = vehicle is Vehicle.TAIL
    up = (direction > 0) != sells
    right = Right.CALL if up else Right.PUT
    sign = 1 if up else -1
    deviations = sign * _distance(rng, trader, vehicle)
    strike = listings.strike(symbol, node, expiry, deviations)
    legs: Legs = ((Option(symbol, expiry.date, right, strike), 1),)
    if vehicle is Vehicle.VERTICAL:
        steps = int(rng.integers(3, 7)) if UNDERLYINGS[INDEX[symbol]].is_fund else 2
        width = Decimal(str(steps * UNDERLYINGS[INDEX[symbol]].strike_step))
        legs = (*legs, (Option(symbol, expiry.date, right, strike + sign * width), -1))
    return _Ticket(symbol, vehicle, legs, sells, listings.expiry_node(expiry.date))


def _expiry(
    listings: Listings, rng: np.random.Generator, vehicle: Vehicle, symbol: str, node: int
) -> Expiry | None:
    market = listings.market
    day, now = int(market.day[node]), float(market.clock[node])
    weeklies = listings.weeklies(day)
    if vehicle is Vehicle.SAME_DAY:
        left = market.sessions[day].minutes - int(market.minute[node])
        return listings.expiries(symbol, day)[0] if left > _MINUTES_LEFT_MIN else None
    if vehicle is Vehicle.SWING:
        return weeklies[int(rng.integers(2, 5))]
    least = {Vehicle.WEEKLY: 0.8, Vehicle.LOTTO: 0.3}.get(vehicle, 1.5)
    listed = listings.expiries(symbol, day) if vehicle is Vehicle.LOTTO else weeklies
    return next((expiry for expiry in listed if expiry.clock - now > least), None)


def _distance(rng: np.random.Generator, trader: Trader, vehicle: Vehicle) -> float:
    """Standard deviations out of the money; who sees something ahead stays near the money."""
    low, high = {
        Vehicle.SAME_DAY: (0.1, 0.9), Vehicle.LOTTO: (1.2, 2.0), Vehicle.TAIL: (0.9, 1.5),
        Vehicle.VERTICAL: (-0.1, 0.4),
    }.get(vehicle, (-0.2, 0.8))  # fmt: skip
    if trader.habits.view is View.PEEK:
        low, high = -0.2, 0.3
    return float(rng.uniform(low, high))


def _carry(
    listings: Listings, trader: Trader, rng: np.random.Generator, ticket: _Ticket, node: int
) -> Position | None:
    """Opens the ticket and carries it to its end; None where its quote is not worth taking."""
    start = np.array([node])
    bids, offers = quotes_of(listings, ticket.symbol, ticket.legs, start)
    bid, offer = int(bids[0]), int(offers[0])
    least = _LEAST_BID.get(ticket.vehicle, 12)
    if bid < least or offer - bid > 0.35 * offer:
        return None
    quantity = _quantity(rng, trader, ticket, offer)
    claimed = _claim(rng, trader, bid, offer, buying=not ticket.short)
    opened = Step(Deed.OPEN, node, quantity, claimed, bid, offer)
    nodes = _path(listings, trader, rng, ticket, node)
    stays = rng.random() < trader.habits.left_open or len(nodes) < 2
    later = [] if stays else _later(listings, trader, rng, ticket, opened, nodes)
    stop, target = _levels(rng, trader, ticket, claimed)
    return _settled(listings, trader, ticket, (opened, *later), stop, target)


def _quantity(rng: np.random.Generator, trader: Trader, ticket: _Ticket, offer: int) -> int:
    if ticket.vehicle is Vehicle.STOCK:
        shares = rng.uniform(6_000, 30_000) / (offer / 100)
        return max(int(shares // 10) * 10, 10)
    if trader.habits.adds:
        return int(rng.integers(1, 3))
    return int(rng.choice([1, 2, 2, 3, 4, 5, 5, 6, 8, 10]))


def _claim(rng: np.random.Generator, trader: Trader, bid: int, offer: int, *, buying: bool) -> int:
    """The price that will be posted: for most of us the quote's, or a little inside it."""
    if trader.character is Character.EXAGGERATOR and rng.random() < _LIES:
        share = rng.uniform(0.06, 0.18)
        if buying:
            return max(min(bid - 1, round(bid * (1 - share))), 1)
        return max(offer + 1, round(offer * (1 + share)))
    grain = 5 if bid % 5 == 0 and offer % 5 == 0 else 1
    inside = int(rng.integers(0, (offer - bid) // (2 * grain) + 1)) * grain
    inside = 0 if rng.random() < 0.7 else inside
    return offer - inside if buying else bid + inside


def _path(
    listings: Listings, trader: Trader, rng: np.random.Generator, ticket: _Ticket, node: int
) -> Ints:
    """The minutes at which the trader looks at the position again."""
    market = listings.market
    ends = node + int(rng.integers(trader.habits.minutes[0], trader.habits.minutes[1] + 1))
    if ticket.expiry_node is not None:
        ends = min(ends, ticket.expiry_node - 3)
    ends = min(ends, market.last - 1)
    nodes = np.arange(node + 2, ends + 1)
    lengths = np.array([session.minutes for session in market.sessions])
    nodes = nodes[market.minute[nodes] < lengths[market.day[nodes]]]
    return nodes[:: len(nodes) // _PATH_MAX + 1]


def _later(
    listings: Listings, trader: Trader, rng: np.random.Generator, ticket: _Ticket, opened: Step,
    nodes: Ints,
) -> list[Step]:  # fmt: skip
    """The steps after the opening, by the trader's own rule."""
    habits = trader.habits
    bids, offers = quotes_of(listings, ticket.symbol, ticket.legs, nodes)
    worth = offers if ticket.short else bids
    paid = opened.bid if ticket.short else opened.offer
    gain = (paid - worth) / paid if ticket.short else worth / paid - 1
    deeds: list[tuple[int, Deed, int]] = []
    left = opened.quantity
    if habits.adds:
        deeds, left, gain = _averaged_down(habits.adds, opened, worth, offers)
    since = deeds[-1][0] if deeds else 0
    leaves = _first(gain, since, habits.take, habits.stop)
    trims = _first(gain, since, habits.trim_at, 0.0) if habits.trim_at and left > 1 else None
    last = len(nodes) - 1
    if trims is not None and trims < (last if leaves is None else leaves):
        part = (left + 1) // 2 if rng.random() < 0.6 else max(left // 3, 1)
        deeds.append((trims, Deed.TRIM, part))
        left -= part
        leaves = _first(gain, trims + 1, habits.take, -0.02)
    if leaves is None and int(nodes[-1]) < listings.market.last - 5:
        leaves = last
    if leaves is not None and worth[leaves] > 0:
        deeds.append((leaves, Deed.CLOSE, left))
    return [
        Step(deed, int(nodes[at]), size, _claim(
            rng, trader, int(bids[at]), int(offers[at]),
            buying=(deed is Deed.ADD) != ticket.short), int(bids[at]), int(offers[at]))
        for at, deed, size in deeds
    ]  # fmt: skip


def _averaged_down(
    adds: int, opened: Step, worth: Ints, offers: Ints
) -> tuple[list[tuple[int, Deed, int]], int, Floats]:
    """Buys twice as much whenever it has lost a third since the last purchase."""
    deeds: list[tuple[int, Deed, int]] = []
    held, cost, last, size, since = opened.quantity, opened.quantity * opened.offer, \
        opened.offer, opened.quantity, 0  # fmt: skip
    gain = worth / opened.offer - 1
    for _ in range(adds):
        wins = _first(gain, since, 0.15, 0.0)
        falls = _first(worth[:-1] / last - 1, since, math.inf, 0.33)
        if falls is None or (wins is not None and wins <= falls) or offers[falls] < 5:
            break
        size *= 2
        deeds.append((falls, Deed.ADD, size))
        last = int(offers[falls])
        held, cost, since = held + size, cost + size * last, falls + 1
        gain = worth * held / cost - 1
    return deeds, held, gain


def _first(gain: Floats, since: int, take: float, stop: float) -> int | None:
    """The first index from `since` at which a rule is met; a stop of 0 is none."""
    met = gain[since:] >= take
    if stop != 0:
        met = met | (gain[since:] <= -stop)
    return since + int(met.argmax()) if met.any() else None


def _levels(
    rng: np.random.Generator, trader: Trader, ticket: _Ticket, claimed: int
) -> tuple[int | None, int | None]:
    """The stop and target that the entry names, in cents."""
    habits = trader.habits
    if ticket.short or habits.adds or rng.random() >= habits.states_levels:
        return None, None
    grain = 5 if claimed >= 100 else 1
    stop = round(claimed * (1 - habits.stop) / grain) * grain if habits.stop else None
    return stop, round(claimed * (1 + habits.take) / grain) * grain


def _settled(
    listings: Listings, trader: Trader, ticket: _Ticket, steps: tuple[Step, ...],
    stop: int | None, target: int | None,
) -> Position:  # fmt: skip
    """The position with what its remainder came to, and its return at attainable prices."""
    market = listings.market
    left = sum(s.quantity if s.deed in (Deed.OPEN, Deed.ADD) else -s.quantity for s in steps)
    if ticket.expiry_node is None:
        bids, offers = quotes_of(listings, ticket.symbol, ticket.legs, np.array([market.last]))
        final = int(offers[0]) if ticket.short else int(bids[0])
    else:
        spot = int(market.price[INDEX[ticket.symbol], ticket.expiry_node])
        final = sum(sign * intrinsic_cents(contract, spot) for contract, sign in ticket.legs)
    paid = sum(
        s.quantity * (s.bid if ticket.short else s.offer)
        for s in steps if s.deed in (Deed.OPEN, Deed.ADD)
    )  # fmt: skip
    worth = left * final + sum(
        s.quantity * (s.offer if ticket.short else s.bid)
        for s in steps if s.deed in (Deed.TRIM, Deed.CLOSE)
    )  # fmt: skip
    return Position(
        trader, ticket.symbol, ticket.vehicle, ticket.legs, ticket.short, steps, stop, target,
        left, ticket.expiry_node, final, (paid - worth if ticket.short else worth - paid) / paid,
    )  # fmt: skip
