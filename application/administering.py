"""Administering: accounts, rooms, ranking rules, access tokens and manual orders."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from application.ports import Conflict
from domain.accounts import Account, account_stream
from domain.approvals import ApprovalRules, Role
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.grammar.reading import Room
from domain.legs import Leg
from domain.members import Token, secret_hash, token_stream
from domain.orders import Order
from domain.ranking import RANKING_STREAM, Ranking, Rules
from domain.rooms import RoomSettings, room_stream
from domain.shared import Value


def open_account(
    desk: Desk, command: Command, member: Member, *, name: str, broker: str, cash: Decimal
) -> Outcome:
    """Opens a book at a broker.

    Raises:
        Forbidden, InvalidInput: who asks or what is asked for cannot be.
        Conflict: the account exists.
    """
    member.require("administer")

    def decide(work: Work) -> Account:
        if work.find(Account, account_stream(name)) is not None:
            raise Conflict(f"the account {name} exists already")
        return work.begin(Account.open(name=name, broker=broker, cash=cash, at=command.at))

    return desk.run(command, decide)


def configure_room(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    channel: str,
    author: str = "",
    room: Room,
    approvals: ApprovalRules | None = None,
    replies: bool | None = None,
) -> Outcome:
    """Records what a channel takes for granted and asks of approvals, and whether authors are
    told what could not be booked, or how one of its authors is read instead. What is not given
    of approvals and replies stays as it is.

    Raises:
        Forbidden, InvalidInput, Impossible: who asks or what is asked for cannot be.
    """
    member.require("administer")

    def decide(work: Work) -> RoomSettings:
        known = work.find(RoomSettings, room_stream(channel, author))
        if known is None:
            return work.begin(
                RoomSettings.configure(
                    channel=channel,
                    author=author,
                    room=room,
                    approvals=approvals or ApprovalRules(),
                    replies=replies is None or replies,
                    by=member.name,
                    at=command.at,
                )
            )
        known.change(
            room=room,
            approvals=approvals or known.approvals,
            replies=known.replies if replies is None else replies,
            by=member.name,
            at=command.at,
        )
        return known

    return desk.run(command, decide)


def publish_rules(desk: Desk, command: Command, member: Member, *, rules: Rules) -> Outcome:
    """Publishes ranking rules: the first, or the next version.

    Raises:
        Forbidden, InvalidInput: who asks or what is asked for cannot be.
    """
    member.require("administer")

    def decide(work: Work) -> Ranking:
        known = work.find(Ranking, RANKING_STREAM)
        if known is None:
            return work.begin(Ranking.publish(rules, at=command.at))
        known.change(rules, at=command.at)
        return known

    return desk.run(command, decide)


def issue_token(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    name: str,
    roles: frozenset[Role],
    secret: str,
    trader: UUID | None = None,
) -> Outcome:
    """Puts an access token into use; only its hash is recorded. `trader` says whose it is.

    Raises:
        Forbidden, InvalidInput: who asks or what is asked for cannot be.
        Conflict: the name is taken.
    """
    member.require("administer")

    def decide(work: Work) -> Token:
        if work.find(Token, token_stream(name)) is not None:
            raise Conflict(f"a token {name} exists already: choose another name")
        return work.begin(
            Token.issue(
                name=name,
                roles=roles,
                sha256=secret_hash(secret),
                trader=trader,
                at=command.at,
            )
        )

    return desk.run(command, decide)


def revoke_token(desk: Desk, command: Command, member: Member, *, name: str) -> Outcome:
    """Ends an access token.

    Raises:
        Forbidden, NotFound, Impossible: who asks or what is asked for cannot be.
    """
    member.require("administer")

    def decide(work: Work) -> BaseAggregate[UUID]:
        token = work.get(Token, token_stream(name))
        token.revoke(by=member.name, at=command.at)
        return token

    return desk.run(command, decide)


class OrderTicket(Value, frozen=True, kw_only=True):
    """A manual order as a person fills it in."""

    account: str
    side: Side
    position_effect: PositionEffect
    legs: tuple[Leg, ...]
    order_qty: Decimal
    ord_type: OrdType
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY


def place_order(desk: Desk, command: Command, member: Member, ticket: OrderTicket) -> Outcome:
    """Asks for a manual order; checks and sending follow by reaction.

    Whoever may let a trade into an account may also take it out again.

    Raises:
        Forbidden, InvalidInput: who asks or what is asked for cannot be.
    """
    closes = ticket.position_effect is PositionEffect.CLOSE
    member.require("close_position" if closes else "place_order")

    def decide(work: Work) -> Order:
        return work.begin(
            Order.request(
                cl_ord_id=f"{command.id.hex[:20]}-m",
                account=ticket.account,
                signal=None,
                side=ticket.side,
                position_effect=ticket.position_effect,
                legs=ticket.legs,
                order_qty=ticket.order_qty,
                ord_type=ticket.ord_type,
                limit_px=ticket.limit_px,
                stop_px=ticket.stop_px,
                time_in_force=ticket.time_in_force,
                at=command.at,
            )
        )

    return desk.run(command, decide)
