"""Runs the demo: a simulated community through the same commands a user gives.

The community's messages are imported slice by slice while the clock stands at the slice's
end; a moderator approves and rejects, orders fill at the recorded quotes, every close marks
what is open, and at the end the channels are exported again, so that edits and deletions are
noticed. A demo that was interrupted is begun anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from application.access import LOCAL_OPERATOR, Member
from application.administering import configure_room
from application.approving import approve, reject
from application.correcting import Change, apply_correction, request_correction
from application.desk import Command, derived_id
from application.intake import SeenMessage, capture, notice_deletions
from application.ports import ApplicationError
from domain.approvals import ApprovalRules, Role
from domain.corrections import ReasonCode, Target
from domain.grammar.reading import Room
from domain.shared import DomainError
from interfaces.chat_files import read_chat
from interfaces.clock import SetClock
from interfaces.compose import DEFAULT_ACCOUNT, House
from interfaces.demo.community import USUAL_MESSAGES
from interfaces.demo.done import Finished, keep
from interfaces.demo.files import Session, write_demo
from interfaces.kernels import compiling
from interfaces.lookups import missing
from interfaces.timers import keep_time
from interfaces.watching import jobs
from projections.approval_queue import pending
from projections.signal_feed import signals
from projections.signal_rows import TradeState

SEED = 7
SESSIONS = 60
SLICE = timedelta(hours=1)
LAST_ORDERS = timedelta(minutes=1)
"""How long before the close of a session the moderator looks for the last time."""

MODERATOR = Member(name="moderator", roles=frozenset({Role.APPROVER}))

Progress = Callable[[str, float], None]


def demo_sessions(house: House, today: datetime, count: int = SESSIONS) -> list[Session]:
    """The last so many trading sessions that were over by that moment."""
    found = house.calendar.sessions((today - timedelta(days=2 * count + 7)).date(), today.date())
    over = [session for session in found if session.closes_at <= today]
    return [Session(*session) for session in over[-count:]]


def run_demo(
    house: House,
    clock: SetClock,
    folder: Path,
    *,
    today: datetime,
    progress: Progress,
    sessions_count: int = SESSIONS,
    messages_min: int = USUAL_MESSAGES,
) -> Finished:
    """Makes the community of the sessions before today and plays it through the house.

    Raises:
        Unavailable: a server stopped answering; the next start begins anew.
    """
    with compiling() as kernels:
        return _made_and_played(
            house, clock, folder, today, progress, sessions_count, messages_min, kernels.wait
        )


def _made_and_played(
    house: House,
    clock: SetClock,
    folder: Path,
    today: datetime,
    progress: Progress,
    sessions_count: int,
    messages_min: int,
    can_value_options: Callable[[], object],
) -> Finished:
    sessions = demo_sessions(house, today, sessions_count)
    clock.set(sessions[0].opens_at - timedelta(hours=1))
    community = write_demo(
        folder,
        seed=SEED,
        sessions=sessions,
        messages=messages_min,
        progress=lambda what, part: progress(what, part / 10),
    )
    house.found()
    progress("importing the market", 0.1)
    house.import_market(folder / "market")
    exports = [read_chat(path) for path in community.chat]
    _configure_rooms(house, [export.channel or "" for export in exports])
    messages = sorted((m for e in exports for m in e.messages), key=lambda m: m.posted_at)
    can_value_options()
    _play(house, clock, sessions, messages, progress)
    progress("noticing what was edited and deleted", 0.97)
    _export_again(house, community.chat_later)
    _put_right(house)
    done = Finished(SEED, clock.now())
    keep(folder, done)
    progress("done", 1.0)
    return done


def _play(
    house: House,
    clock: SetClock,
    sessions: Sequence[Session],
    messages: Sequence[SeenMessage],
    progress: Progress,
) -> None:
    """One session after the other, an hour at a time."""
    times = [message.posted_at for message in messages]
    watched = {job.name: job for job in jobs(house)}
    start = 0
    for number, session in enumerate(sessions):
        progress(f"session {session.date}", 0.2 + 0.77 * number / len(sessions))
        moment = session.opens_at
        last = session.closes_at - LAST_ORDERS
        while moment < last:
            moment = min(moment + SLICE, last)
            end = bisect_right(times, moment)
            start = _import_slice(house, clock, messages[start:end], moment, start)
            _decide(house)
            watched["monitor"].look()
            house.catch_up()
        clock.set(session.closes_at + timedelta(minutes=5))
        keep_time(house)
        for name in ("risk", "reconciling"):
            watched[name].look()
        house.catch_up()
    clock.set(sessions[-1].closes_at + timedelta(hours=4))
    _import_slice(house, clock, messages[start:], clock.now(), start)
    keep_time(house)


def _import_slice(
    house: House, clock: SetClock, part: Sequence[SeenMessage], moment: datetime, start: int
) -> int:
    clock.set(moment)
    if part:
        capture(house.desk, part, via="import", actor=LOCAL_OPERATOR.actor, at=moment)
        house.catch_up()
    return start + len(part)


def _decide(house: House) -> None:
    """The moderator's habits: a third is approved, some are rejected, the rest waits."""
    with house.reader.connection() as connection:
        rows = pending(connection, limit=500)
    for row in rows:
        luck = row.signal.int % 10
        if luck < 4 and row.attainable:
            _tell(house, row.signal, "approve")
        elif luck == 9:
            _tell(house, row.signal, "reject")
    if rows:
        # Orders go out while the prices hold that they were approved at.
        house.catch_up()


def _tell(house: House, signal: UUID, what: str) -> None:
    command = Command.given(
        derived_id("demo", what, str(signal)),
        signal,
        actor=MODERATOR.actor,
        at=house.clock.now(),
        correlation=signal,
    )
    try:
        if what == "approve":
            approve(
                house.desk,
                command,
                MODERATOR,
                signal=signal,
                account=DEFAULT_ACCOUNT,
                via="demo",
                assessor=house.assessor,
            )
        else:
            reject(
                house.desk, command, MODERATOR, signal=signal, reason="size too large", via="demo"
            )
    except (DomainError, ApplicationError):
        # Closed or decided in the meantime: the moderator hears why and goes on.
        return


def _configure_rooms(house: House, channels: Sequence[str]) -> None:
    room = Room(default_expiry="weekly")
    for channel in channels:
        configure_room(
            house.desk,
            Command.given(
                derived_id("demo", "room", channel),
                channel,
                actor=LOCAL_OPERATOR.actor,
                at=house.clock.now(),
            ),
            LOCAL_OPERATOR,
            channel=channel,
            room=room,
            approvals=ApprovalRules(),
        )
    house.catch_up()


def _export_again(house: House, files: Sequence[Path]) -> None:
    for file in files:
        export = read_chat(file)
        at, actor = house.clock.now(), LOCAL_OPERATOR.actor
        capture(house.desk, export.messages, via="import", actor=actor, at=at)
        house.catch_up()
        with house.reader.connection() as connection:
            gone = missing(connection, export)
        notice_deletions(house.desk, gone, actor=actor, at=at)
    house.catch_up()


def _put_right(house: House) -> None:
    """Two mistakes that the moderator finds and the owner agrees on: a signal that was none, and
    a mistyped price."""
    with house.reader.connection() as connection:
        recent = signals(connection, state=TradeState.CLOSED, limit=40)
    joke, slip = recent[len(recent) // 4].signal, recent[len(recent) // 2]
    price = slip.claimed_px + Decimal("0.05")
    changes = [
        Change(
            target=Target.SIGNAL,
            stream=joke,
            void=True,
            code=ReasonCode.NO_TRADE,
            reason="posted as a joke",
        ),
        Change(
            target=Target.SIGNAL,
            stream=slip.signal,
            part="1",
            price=price,
            code=ReasonCode.MISTYPED_PRICE,
            reason="the trader typed the price of another contract",
        ),
    ]
    for change in changes:
        asked = request_correction(
            house.desk, _given(house, "correct", MODERATOR, change), MODERATOR, change
        )
        agreed = _given(house, "agree", LOCAL_OPERATOR, asked.stream)
        apply_correction(house.desk, agreed, LOCAL_OPERATOR, asked.stream)
    house.catch_up()


def _given(house: House, what: str, who: Member, given: Change | UUID) -> Command:
    about = given.stream if isinstance(given, Change) else given
    command_id = derived_id("demo", what, str(about))
    return Command.given(command_id, given, actor=who.actor, at=house.clock.now())
