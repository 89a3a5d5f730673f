"""Deciding: how every mutation runs its command, and what it answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from application.access import Member
from application.approving import Answer
from application.desk import Command, Desk, Outcome
from interfaces.graphql.entry import ANYBODY
from interfaces.graphql.errors import Unauthenticated
from interfaces.graphql.kinds import BigInt, Info, figure, kind
from interfaces.graphql.reading import Asking, asking_of

_log = logging.getLogger(__name__)

Asked = ParamSpec("Asked")


@kind
class Decided:
    """Where a decision is on record: the stream it is about, its version, the tape's position.

    Read models and reactions come to the position by themselves; `status` and the
    subscriptions say when.
    """

    id: UUID
    version: int
    position: BigInt
    still_needed: str = figure("What a yes waits for, such as a second approver; else empty.")


def member_of(asking: Asking) -> Member:
    """Who decides.

    Raises:
        Unauthenticated: whoever may only look.
    """
    if asking.member is None or asking.member is ANYBODY:
        raise Unauthenticated("reading is open to anybody, deciding takes a token")
    return asking.member


def decide(
    info: Info,
    what: str,
    key: UUID,
    given: tuple[Any, ...],
    act: Callable[[Desk, Command, Member], Outcome],
) -> Decided:
    """Runs a command of whoever asks; the same key again answers what it did the first time."""
    asking = asking_of(info)
    member = member_of(asking)
    command = Command.given(key, what, *given, actor=member.actor, at=asking.house.clock.now())
    outcome = act(asking.house.desk, command, member)
    # Who it was stands at that position, from where it can be erased.
    _log.info("%s: %s at %d", what, outcome.stream, outcome.position)
    return Decided(
        id=outcome.stream,
        version=outcome.version,
        position=BigInt(outcome.position),
        still_needed=outcome.still_needed if isinstance(outcome, Answer) else "",
    )


def carry_out(
    info: Info,
    key: UUID,
    act: Callable[Concatenate[Desk, Command, Member, Asked], Outcome],
    *args: Asked.args,
    **more: Asked.kwargs,
) -> Decided:
    """Runs a command that takes just what was asked for, which with its name makes the input
    that comes under a key; the version that was looked at is no part of that.
    """
    given = (*args, *(value for name, value in more.items() if not name.startswith("expected_")))
    return decide(
        info,
        act.__name__,
        key,
        given,
        lambda desk, command, member: act(desk, command, member, *args, **more),
    )
