"""Accounts, rooms, ranking rules, tokens and manual orders: what an admin sets up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from application.access import Member
from application.administering import (
    OrderTicket,
    configure_room,
    issue_token,
    open_account,
    place_order,
    publish_rules,
    revoke_token,
)
from application.desk import Desk, Outcome
from application.ports import Conflict, Forbidden, NotFound
from domain.accounts import AccountOpened, account_stream
from domain.approvals import ApprovalRules, Role
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.grammar.reading import Room
from domain.legs import Leg
from domain.members import TokenIssued, TokenRevoked, secret_hash, token_stream
from domain.order_events import OrderRequested
from domain.ranking import RANKING_STREAM, Rules, RulesChanged, RulesPublished
from domain.rooms import RoomChanged, RoomConfigured, room_stream
from domain.shared import Impossible, InvalidInput
from tests.adapters.notes import on_tape
from tests.application.acts import ADA, NORA, TSLA, VERTICAL, command, head, last, member, names
from tests.application.conftest import Overtaken

D = Decimal
READER = frozenset({Role.READER})
TICKET = OrderTicket(
    account="paper",
    side=Side.BUY,
    position_effect=PositionEffect.OPEN,
    legs=(Leg(symbol=TSLA, side=Side.BUY),),
    order_qty=D(3),
    ord_type=OrdType.LIMIT,
    limit_px=D("5.50"),
    time_in_force=TimeInForce.GTC,
)


def account(desk: Desk, who: Member = ADA, *, name: str = "swing", cash: str = "25000") -> Outcome:
    return open_account(desk, command(), who, name=name, broker="paper", cash=D(cash))


def room(
    desk: Desk,
    who: Member = ADA,
    *,
    channel: str = "options",
    window_s: int = 600,
    **settings: Any,
) -> Outcome:
    wanted = Room(**settings)
    rules = ApprovalRules(window_s=window_s)
    return configure_room(desk, command(), who, channel=channel, room=wanted, approvals=rules)


def rules(desk: Desk, who: Member = ADA, **figures: Any) -> Outcome:
    return publish_rules(desk, command(), who, rules=Rules(**figures))


def token(
    desk: Desk,
    who: Member = ADA,
    *,
    name: str = "board",
    roles: frozenset[Role] = READER,
    trader: UUID | None = None,
) -> Outcome:
    return issue_token(
        desk, command(), who, name=name, roles=roles, secret="tt_opens", trader=trader
    )


def revoke(desk: Desk, who: Member = ADA, *, name: str = "board") -> Outcome:
    return revoke_token(desk, command(), who, name=name)


def order(desk: Desk, who: Member = ADA, **changed: Any) -> Outcome:
    return place_order(desk, command(), who, msgspec.structs.replace(TICKET, **changed))


@pytest.mark.parametrize("act", [account, room, rules, token, revoke, order])
def test_all_of_it_takes_an_admin(desk: Desk, act: Callable[[Desk, Member], Outcome]) -> None:
    others = member("rob", *frozenset(Role) - {Role.ADMIN})
    with pytest.raises(Forbidden, match="that takes admin"):
        act(desk, others)
    assert names(desk) == []


class TestAccounts:
    def test_an_account_opens_with_its_cash(self, desk: Desk) -> None:
        assert account(desk) == Outcome(stream=account_stream("swing"), version=1, position=1)
        opened = last(desk, AccountOpened)
        assert (opened.name, opened.broker) == ("swing", "paper")
        assert (opened.cash, opened.currency) == (D(25_000), "USD")

    def test_two_accounts_have_two_names(self, desk: Desk) -> None:
        account(desk)
        with pytest.raises(Conflict, match="the account swing exists already"):
            account(desk, cash="1")
        assert account(desk, name="day").position == 2

    def test_of_two_who_open_it_at_once_one_is_told_so(
        self, desk: Desk, overtaken: Overtaken
    ) -> None:
        with pytest.raises(Conflict, match="exists already"):
            account(overtaken(lambda: account(desk)))
        assert head(desk) == 1

    @pytest.mark.parametrize(
        ("name", "cash", "why"),
        [("", "1", "needs a name"), (" ", "1", "needs a name"), ("x", "0", "cash above zero"),
         ("x", "-1", "cash above zero")],
    )  # fmt: skip
    def test_it_needs_a_name_and_cash(self, desk: Desk, name: str, cash: str, why: str) -> None:
        with pytest.raises(InvalidInput, match=why):
            account(desk, name=name, cash=cash)


class TestRooms:
    def test_a_channel_is_configured_and_later_changed(self, desk: Desk) -> None:
        first = room(desk, default_root="SPX")
        second = room(desk, default_root="QQQ", window_s=60)
        assert first.stream == second.stream == room_stream("options")
        configured, changed = last(desk, RoomConfigured), last(desk, RoomChanged)
        assert (configured.channel, configured.room.default_root) == ("options", "SPX")
        assert (configured.approvals.window_s, configured.by) == (600, "ada")
        assert (changed.channel, changed.room.default_root) == ("options", "QQQ")
        assert (changed.approvals.window_s, changed.by) == (60, "ada")

    def test_the_same_settings_again_are_no_change(self, desk: Desk) -> None:
        room(desk)
        with pytest.raises(Impossible, match="the settings of options are these already"):
            room(desk)

    def test_who_changes_how_a_room_is_read_keeps_what_it_asks_of_approvals(
        self, desk: Desk
    ) -> None:
        strict = ApprovalRules(second_approver_above=D(5000), price_move_limit=D("0.05"))
        for room_now, rules in (
            (Room(), None),
            (Room(), strict),
            (Room(default_expiry="0dte"), None),
        ):
            configure_room(desk, command(), ADA, channel="options", room=room_now, approvals=rules)
        assert last(desk, RoomConfigured).approvals == ApprovalRules()
        assert last(desk, RoomChanged).approvals == strict
        assert last(desk, RoomChanged).room.default_expiry == "0dte"

    @pytest.mark.parametrize(
        ("settings", "why"),
        [
            ({"channel": " "}, "need the channel's name"),
            ({"default_expiry": "monthly"}, "'weekly', '0dte' or empty, not 'monthly'"),
            ({"default_trim": D(0)}, "a fraction above 0 and at most 1"),
            ({"default_trim": D("1.01")}, "a fraction above 0 and at most 1"),
            ({"default_quantity": D(0)}, "is above zero"),
            ({"window_s": 0}, "is above zero"),
        ],
    )
    def test_settings_that_mean_nothing_are_refused(
        self, desk: Desk, settings: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(InvalidInput, match=why):
            room(desk, **settings)
        room(desk, default_root="SPX")
        if "channel" not in settings:
            with pytest.raises(InvalidInput, match=why):
                room(desk, **settings)
        assert names(desk) == ["room.configured"]


class TestRankingRules:
    def test_rules_are_published_and_the_next_version_follows(self, desk: Desk) -> None:
        assert rules(desk).stream == RANKING_STREAM
        rules(desk, version=2, minimum_trades=20)
        assert last(desk, RulesPublished).rules == Rules()
        assert last(desk, RulesChanged).rules == Rules(version=2, minimum_trades=20)

    @pytest.mark.parametrize("version", [1, 3, 0])
    def test_no_version_is_skipped_or_said_again(self, desk: Desk, version: int) -> None:
        rules(desk)
        with pytest.raises(InvalidInput, match="the next rules are version 2"):
            rules(desk, version=version, minimum_trades=20)

    @pytest.mark.parametrize(
        "figures",
        [{"nav_fraction": D(0)}, {"nav_fraction": D("1.01")}, {"minimum_trades": 0},
         {"sessions_per_year": 0}],
    )  # fmt: skip
    def test_figures_that_cannot_be_right_are_refused(
        self, desk: Desk, figures: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidInput):
            rules(desk, **figures)
        rules(desk)
        with pytest.raises(InvalidInput):
            rules(desk, version=2, **figures)
        assert names(desk) == ["ranking.rules_published"]


class TestTokens:
    def test_a_token_is_known_by_its_hash_alone(self, desk: Desk, database_url: str) -> None:
        roles = frozenset({Role.TRADER, Role.APPROVER})
        assert token(desk, name="nora", roles=roles, trader=NORA).stream == token_stream("nora")
        issued = last(desk, TokenIssued)
        assert (issued.name, issued.roles, issued.trader) == ("nora", roles, NORA)
        assert issued.sha256 == secret_hash("tt_opens")
        assert not any(b"tt_opens" in event.body for event in on_tape(database_url))

    def test_two_tokens_have_two_names_even_when_one_is_revoked(self, desk: Desk) -> None:
        token(desk)
        for _ in range(2):
            with pytest.raises(Conflict, match="a token board exists already: choose another"):
                token(desk)
            if "token.revoked" not in names(desk):
                revoke(desk)
        assert token(desk, name="other").version == 1

    @pytest.mark.parametrize(("name", "roles"), [("", READER), (" ", READER), ("x", frozenset())])
    def test_a_token_needs_a_name_and_a_role(
        self, desk: Desk, name: str, roles: frozenset[Role]
    ) -> None:
        with pytest.raises(InvalidInput, match="a name and at least one role"):
            token(desk, name=name, roles=roles)

    def test_a_revoked_token_says_who_ended_it(self, desk: Desk) -> None:
        token(desk)
        assert revoke(desk).version == 2
        assert last(desk, TokenRevoked).by == "ada"

    def test_a_token_is_revoked_once(self, desk: Desk) -> None:
        token(desk)
        revoke(desk)
        with pytest.raises(Impossible, match="the token board is revoked already"):
            revoke(desk)

    def test_a_token_that_was_never_issued_cannot_be_revoked(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match="there is no token"):
            revoke(desk)


class TestManualOrders:
    def test_an_order_is_asked_for_as_it_was_filled_in(self, desk: Desk) -> None:
        asked = command(TICKET)
        placed = place_order(desk, asked, ADA, TICKET)
        assert names(desk) == ["order.requested"]
        wanted = last(desk, OrderRequested)
        assert (placed.stream, placed.version) == (wanted.originator_id, 1)
        assert (wanted.account, wanted.signal) == ("paper", None)
        assert (wanted.side, wanted.position_effect) == (Side.BUY, PositionEffect.OPEN)
        assert (wanted.legs, wanted.order_qty) == (TICKET.legs, D(3))
        assert (wanted.ord_type, wanted.limit_px) == (OrdType.LIMIT, D("5.50"))
        assert wanted.time_in_force is TimeInForce.GTC

    def test_an_approver_may_only_close(self, desk: Desk) -> None:
        olga = member("olga", Role.APPROVER)
        order(desk, olga, position_effect=PositionEffect.CLOSE)
        assert names(desk) == ["order.requested"]
        with pytest.raises(Forbidden, match="olga may not place order: that takes admin"):
            order(desk, olga)
        with pytest.raises(Forbidden, match="close position: that takes admin or approver"):
            order(desk, member("rob", Role.TRADER), position_effect=PositionEffect.CLOSE)

    def test_the_same_command_again_asks_for_nothing_again(self, desk: Desk) -> None:
        asked = command(TICKET)
        assert place_order(desk, asked, ADA, TICKET) == place_order(desk, asked, ADA, TICKET)
        assert head(desk) == 1

    def test_the_same_ticket_twice_is_two_orders(self, desk: Desk) -> None:
        assert order(desk).stream != order(desk).stream

    def test_an_id_is_for_one_ticket(self, desk: Desk) -> None:
        key = uuid4()
        place_order(desk, command(TICKET, key=key), ADA, TICKET)
        more = msgspec.structs.replace(TICKET, order_qty=D(300))
        with pytest.raises(Conflict, match="was used for other input"):
            place_order(desk, command(more, key=key), ADA, more)

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"order_qty": D(0)}, "quantity has to be above zero"),
            ({"order_qty": D(-3)}, "quantity has to be above zero"),
            ({"limit_px": None}, "a limit order needs a limit price"),
            ({"limit_px": D("-0.01")}, r"the limit price -0\.01 is below zero"),
            ({"legs": ()}, "legs of one multiplier"),
            ({"legs": (*VERTICAL, Leg(symbol="TSLA", side=Side.BUY))}, "legs of one multiplier"),
            ({"legs": (Leg(symbol=TSLA, side=Side.BUY, ratio=0),)}, "ratio of a leg is above zero"),
            ({"legs": (Leg(symbol=TSLA, side=Side.BUY, ratio=-2),)}, "ratio of a leg is above"),
            ({"legs": (Leg(symbol="no such thing", side=Side.BUY),)}, "names no instrument"),
        ],
    )
    def test_a_ticket_that_cannot_be_right_is_refused(
        self, desk: Desk, changed: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(InvalidInput, match=why):
            order(desk, **changed)
        assert names(desk) == []
