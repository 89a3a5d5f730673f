"""Every signal has a card that shows what is on record of it, whatever happens to it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

from application.access import LOCAL_OPERATOR
from application.approving import expire_due
from application.correcting import Change
from domain.corrections import Target
from domain.holdings import holding_stream
from interfaces.clock import SetClock
from tests.application.acts import put_right
from tests.interfaces.discord.asking import CALL
from tests.interfaces.discord.deck import Deck, pressable, shown, signal_of, until_shown
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.listening import NOON


async def bought(deck: Deck) -> Post:
    """A signal that is approved and filled."""
    card = await deck.posts()
    await deck.hears(card, "approve", "Olga")
    await until_shown(card, lambda fields: "filled" in fields.get("Orders", ""))
    return card


async def test_a_signal_has_a_card_with_the_reading_and_its_evidence(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.20", "2.30")
    async with deck.works():
        card = await deck.posts("BTO 2 TSLA 11/20 250c @ 2.28 SL 1.50 PT 3.50")
        told = await until_shown(card, lambda fields: "attainable" in fields["Entry"])
    assert told["title"] == "BUY 2 TSLA 250C 2026-11-20 @ 2.28"
    assert told["told"].startswith("**Waiting** for a yes or no until 2026-11-17 17:00 UTC")
    assert told["Trader"] == "Nora in #options, 2026-11-16 17:00 UTC"
    assert told["Entry"].startswith(
        "claimed 2.28, attainable: counts at 2.30 (bid 2.20, offer 2.30 at 17:00:00 UTC, quotes"
    )
    assert (told["Stop"], told["Targets"], told["Size"]) == ("1.50", "3.50", "2, 2 open")
    assert told["Read by"]
    assert told["Confidence"] == "100%"
    assert pressable(card) == {"approve": True, "reject": True, "fix": True, "why": True}


async def test_a_price_that_was_not_there_is_called_so(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.90", "3.00")
    async with deck.works():
        card = await deck.posts()
        told = await until_shown(card, lambda fields: "attainable" in fields["Entry"])
    assert "claimed 2.28, **not attainable**: counts at 3.00" in told["Entry"]


async def test_a_card_says_what_a_yes_would_bring_before_anybody_says_it(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.20", "2.30")
    async with deck.works():
        card = await deck.posts()
        told = await until_shown(card, lambda fields: "attainable" in fields["Entry"])
        size, *checks = told["Checks"].split("\n")[1:]
        assert told["Checks"].startswith(
            "as of 2026-11-16 17:00:00 UTC, if it were approved for paper:"
        )
        assert size == (
            "buy 43 at 2.31 or better: 9,933.00 USD at risk, 9.9% of the equity, "
            "with 100,000.00 of buying power"
        )
        assert checks[:2] == [
            "\N{CHECK MARK} price: the market is at 2.30, within 10% of the post",
            "\N{CHECK MARK} account: paper, equity 100000.00",
        ]
        assert len(checks) == 11
        await deck.hears(card, "approve", "Olga")
        told = await until_shown(card, lambda fields: "filled" in fields.get("Orders", ""))
    assert "Checks" not in told
    when, *made = told["Order checks"].split("\n")
    assert when.startswith("made at ")
    assert [line.partition(":")[0] for line in made] == [
        line.partition(":")[0] for line in checks[1:]
    ]


async def test_a_card_says_which_check_would_refuse(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        told = await until_shown(card, lambda fields: "Checks" in fields)
    assert told["Checks"].endswith(
        "\N{BALLOT X} quote: no quote of TSLA 261120C00250000 to size and price the order by"
    )


async def test_a_card_follows_its_trade_to_the_end(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.20", "2.30")
    async with deck.works():
        card = await bought(deck)
        told = shown(card)
        assert "**Approved** by olga via discord at 2026-11-16 17:00 UTC for paper" in told["told"]
        assert told["Orders"] == "buy 43 TSLA 250C 2026-11-20 filled at 2.30"
        assert pressable(card) == {"approve": False, "reject": False, "fix": True, "why": True}
        await deck.loopback.say("options", "Nora", "all out TSLA 250c @ 3.30")
        told = await until_shown(card, lambda fields: fields["told"].startswith("**Closed**"))
        told = await until_shown(card, lambda fields: fields["Orders"].count("filled") == 2)
    assert told["Size"] == "2, 0 open"
    assert "P&L" in told
    assert len(deck.cards()) == 1


async def test_a_thread_below_the_card_has_a_line_for_each_event(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.20", "2.30")
    async with deck.works():
        card = await bought(deck)
        await until(lambda: any("guarded" in line for line in deck.thread(card)))
    assert deck.thread(card) == [
        "posted: buy 2 at 2.28",
        "price of execution 1 checked: bid 2.20, offer 2.30, counts at 2.30",
        "approved by olga via discord for paper",
        "order requested: buy 43 for paper",
        "order passed every check",
        "order sent to paper",
        "order accepted by the broker",
        "order filled: 43 at 2.30",
        "paper holds 43 at 2.30, guarded by no level",
    ]
    assert deck.events("notice.%").count("notice.thread_opened") == 1


async def test_fills_and_exits_are_told_once_with_what_they_earned(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.20", "2.30")
    async with deck.works():
        await bought(deck)
        await deck.loopback.say("options", "Nora", "STC half TSLA 250c @ 2.20")
        await until(lambda: len(deck.trades()) == 3)
    fill, left, sold = deck.trades()
    assert fill == ("**paper** filled: buy 43 TSLA 250C 2026-11-20 at 2.30, on Nora's signal")
    assert left.startswith("**Nora** out of 1 TSLA 250C 2026-11-20 at 2.20: P&L ")
    assert left.endswith("1 open")
    assert sold.startswith("**paper** filled: sell 21 TSLA 250C 2026-11-20 at 2.20")
    assert ": P&L -210.00; the position has earned" in sold


async def test_a_fill_of_an_order_by_hand_is_told_as_well(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.20", "2.30")
    async with deck.works():
        await bought(deck)
        held = str(holding_stream("paper", CALL))
        await deck.loopback.command("close", "Olga", "options", position=held, quantity="3")
        await until(lambda: len(deck.trades()) == 2)
        assert len(deck.cards()) == 1
    assert deck.trades()[1] == (
        "**paper** filled: sell 3 TSLA 250C 2026-11-20 at 2.20, by hand: P&L -30.00; "
        "the position has earned -30.00 (-0.3%), 40 open"
    )


async def test_edits_and_deletions_by_the_author_are_shown(deck: Deck) -> None:
    async with deck.works():
        said = await deck.loopback.say("options", "Nora", "BTO 2 TSLA 11/20 250c @ 2.28")
        await until(lambda: bool(deck.cards()))
        (card,) = deck.cards()
        deck.loopback.guild.now += timedelta(minutes=10)
        await deck.loopback.edit(said, "BTO 2 TSLA 11/20 250c @ 2.18")
        told = await until_shown(card, lambda fields: "Mind" in fields)
        assert "~~2.28~~ 2.18" in told["Changed"]
        assert "edited by its author at 2026-11-16 17:10 UTC" in told["Mind"]
        await deck.loopback.delete(said)
        told = await until_shown(card, lambda fields: "deleted" in fields["Mind"])
    assert "deleted by its author, noticed at 2026-11-16 17:00 UTC" in told["Mind"]


async def test_a_correction_shows_the_old_figure_struck_out(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        signal = signal_of(card)
        change = Change(
            target=Target.SIGNAL, stream=signal, part="1", price=Decimal("2.18"),
            reason="a typo",
        )  # fmt: skip
        await asyncio.to_thread(put_right, deck.house.desk, change, agrees=LOCAL_OPERATOR)
        told = await until_shown(card, lambda fields: "Changed" in fields)
        assert told["Changed"] == "entry price ~~2.28~~ 2.18: operator, a typo"
        void = Change(target=Target.SIGNAL, stream=signal, void=True, reason="never said")
        await asyncio.to_thread(put_right, deck.house.desk, void, agrees=LOCAL_OPERATOR)
        told = await until_shown(card, lambda fields: fields["told"].startswith("**Voided**"))
    assert not pressable(card)["approve"]


async def test_what_nobody_decided_in_time_is_called_expired(deck: Deck, clock: SetClock) -> None:
    async with deck.works():
        card = await deck.posts()
        clock.set(NOON + timedelta(days=2))
        await asyncio.to_thread(
            expire_due, deck.house.desk, [signal_of(card)], at=deck.house.clock.now()
        )
        told = await until_shown(card, lambda fields: "Expired" in fields["told"])
        heard = await deck.hears(card, "approve", "Olga")
    assert told["told"].startswith("**Expired**: nobody decided by 2026-11-18")
    assert heard.startswith("The signal was expired by nobody by 2026-11-18")


async def test_old_exports_get_no_cards_and_no_trades(deck: Deck) -> None:
    async with deck.works():
        await asyncio.to_thread(deck.says, "Nora", "BTO 2 TSLA 250c 11/20 @ 2.30",
                                at=NOON - timedelta(days=5))  # fmt: skip
        await asyncio.to_thread(deck.says, "Nora", "all out TSLA 250c 11/20 @ 3.30",
                                at=NOON - timedelta(days=4))  # fmt: skip
        card = await deck.posts("BTO 1 SPY 11/20 600c @ 1.10")
        await until(lambda: len(deck.thread(card)) > 0)
    assert deck.cards() == [card]
    assert deck.trades() == []


async def test_what_a_member_wrote_calls_nobody(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts(who="@everyone *Nora*")
    assert "@everyone" not in shown(card)["Trader"]
    assert "\\*Nora\\*" in shown(card)["Trader"]
