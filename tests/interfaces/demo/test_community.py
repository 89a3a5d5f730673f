"""The simulated community: its characters show in what they claim, delete and rewrite."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np

from interfaces.demo.characters import Character
from interfaces.demo.community import Member
from interfaces.demo.files import Community
from interfaces.demo.positions import Deed, Said, Step, quotes_of


def of(demo: Community, character: Character) -> list[Member]:
    return [member for member in demo.members if member.trader.character is character]


def inside(step: Step) -> bool:
    return step.bid <= step.claimed <= step.offer


def test_there_are_traders_of_every_character(demo: Community) -> None:
    assert len(demo.members) >= 25
    assert {member.trader.character for member in demo.members} == set(Character)


def test_most_talk_is_around_the_calls(demo: Community) -> None:
    kinds = Counter(post.kind for post in demo.posts)

    assert kinds[Said.OPEN] > 800
    assert kinds[Said.CLOSE] > 600
    for kind in (Said.ADD, Said.TRIM, Said.WATCH, Said.RECAP, Said.CONDITIONAL, Said.UPDATE):
        assert kinds[kind] > 5, kind
    assert kinds[Said.CHAT] > 400


def test_every_step_was_quoted_at_its_minute(demo: Community) -> None:
    for member in demo.members:
        for position in member.positions[:5]:
            nodes = np.array([step.node for step in position.steps])
            bids, offers = quotes_of(demo.listings, position.symbol, position.legs, nodes)
            assert bids.tolist() == [step.bid for step in position.steps]
            assert offers.tolist() == [step.offer for step in position.steps]


def test_honest_traders_claim_prices_inside_the_quote(demo: Community) -> None:
    for member in demo.members:
        if member.trader.character is not Character.EXAGGERATOR:
            assert all(inside(step) for p in member.positions for step in p.steps)


def test_exaggerators_claim_better_than_the_market_mostly(demo: Community) -> None:
    for member in of(demo, Character.EXAGGERATOR):
        steps = [step for position in member.positions for step in position.steps]
        lies = [step for step in steps if not inside(step)]
        assert 0.7 < len(lies) / len(steps) < 0.97
        for step in lies:
            bought = step.deed in (Deed.OPEN, Deed.ADD)
            assert step.claimed < step.bid if bought else step.claimed > step.offer


def test_claims_are_never_free(demo: Community) -> None:
    assert all(
        step.claimed > 0 for member in demo.members for p in member.positions for step in p.steps
    )


def test_the_skilled_grow_faster_than_the_room_and_the_noise_does_not(demo: Community) -> None:
    """On a tenth of the account a trade, as the product's own index counts it."""

    def growth(member: Member) -> float:
        returns = [max(position.fair_return, -9.9) for position in member.positions]
        return float(np.prod([1 + 0.1 * one for one in returns])) - 1

    ranked = sorted(demo.members, key=growth, reverse=True)
    places = [ranked.index(member) for member in of(demo, Character.SKILLED)]
    noise = [ranked.index(member) for member in of(demo, Character.NOISE)]
    assert np.mean(places) < len(ranked) / 3
    assert np.mean(places) < np.mean(noise)
    skilled_growth = np.mean([growth(member) for member in of(demo, Character.SKILLED)])
    assert skilled_growth > 0.2 > np.mean([growth(m) for m in of(demo, Character.NOISE)])


def test_tail_sellers_mostly_win_and_lose_many_times_what_they_won(demo: Community) -> None:
    worst = []
    for member in of(demo, Character.TAIL_SELLER):
        returns = np.array([position.fair_return for position in member.positions])
        assert (returns > 0).mean() > 0.75
        assert all(position.short for position in member.positions)
        worst.append(returns.min())
    assert min(worst) < -1.5


def test_martingales_buy_more_of_what_fell(demo: Community) -> None:
    for member in of(demo, Character.MARTINGALE):
        added = [p for p in member.positions if any(s.deed is Deed.ADD for s in p.steps)]
        assert len(added) > 3
        for position in added:
            buys = [s for s in position.steps if s.deed in (Deed.OPEN, Deed.ADD)]
            assert [s.quantity for s in buys] == [
                buys[0].quantity * 2**place for place in range(len(buys))
            ]
            assert all(later.bid < earlier.offer for earlier, later in pairwise(buys))


def test_only_the_deleters_delete_and_only_their_losers(demo: Community) -> None:
    gone = [post for post in demo.posts if post.deleted_at is not None]

    assert len(gone) > 40
    for post in gone:
        assert post.author.character is Character.DELETER
        assert post.position is not None
        assert post.position.fair_return < 0
        assert post.deleted_at is not None
        assert post.deleted_at > post.at


def test_editors_lower_what_they_say_they_paid_once_it_is_lost(demo: Community) -> None:
    edited = [p for p in demo.posts if p.edited_at is not None and p.kind is Said.OPEN]

    assert len(edited) > 10
    for post in edited:
        assert post.author.character is Character.EDITOR
        assert post.position is not None
        assert post.edited_at is not None
        assert post.position.ended is not None
        assert post.edited_at > demo.market.time(post.position.ended)
        before, after = (
            float(text.split("@ ")[1].split()[0].lstrip("$"))
            for text in (post.content, post.edited_content)
        )
        assert after < before
        assert post.content.split("@ ")[0] == post.edited_content.split("@ ")[0]


def test_the_leaver_falls_silent_and_the_newcomer_stays_under_seven_trades(
    demo: Community,
) -> None:
    (leaver,), (newcomer,) = of(demo, Character.LEAVER), of(demo, Character.NEWCOMER)

    assert all(demo.market.day[p.opened.node] < 20 for p in leaver.positions)
    assert len(leaver.positions) >= 7
    assert 0 < len(newcomer.positions) < 7


def test_some_positions_are_never_closed_and_expire_with_and_without_value(
    demo: Community,
) -> None:
    expired = [p for member in demo.members for p in member.positions if p.expired]

    assert sum(p.final == 0 for p in expired) > 20
    assert sum(p.final > 0 for p in expired) > 5


def test_nobody_trades_a_name_in_which_they_already_hold_something(demo: Community) -> None:
    """So that a call to close can name it without its expiry."""
    for member in demo.members:
        until: dict[str, int] = {}
        for position in member.positions:
            assert until.get(position.symbol, -1) < position.opened.node
            ended = position.ended
            until[position.symbol] = demo.market.last if ended is None else ended


def test_steps_follow_each_other_and_never_sell_more_than_is_held(demo: Community) -> None:
    for member in demo.members:
        for position in member.positions:
            held = 0
            for step in position.steps:
                held += step.quantity if step.deed in (Deed.OPEN, Deed.ADD) else -step.quantity
                assert held >= 0
            assert held == position.left
            nodes = [step.node for step in position.steps]
            assert nodes == sorted(set(nodes))
            if position.expiry_node is not None:
                assert nodes[-1] < position.expiry_node
