"""The page of one event: envelope, body, and what the log proves of it; and links by any id."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from application.ports import NotFound
from domain.transparency.checkpoints import parse_checkpoint
from domain.transparency.leaf import LoggedEvent, event_hash, leaf_bytes
from domain.transparency.proof_file import ProofFile
from domain.transparency.proofs import verify_inclusion
from domain.transparency.refusals import Malformed, Unproven
from interfaces.pages.events import known_ids, told
from interfaces.pages.rendering import HEADERS
from interfaces.pages.visiting import Look, Page, Visit
from projections.accounts import Accounts, accounts
from projections.blotter import Blotter, order
from projections.books import Books
from projections.clocks import Clocks
from projections.corrections import Corrections
from projections.log_checkpoints import LogCheckpoints, last_checkpoint
from projections.messages import Messages
from projections.position_pages import position
from projections.positions import BookKind
from projections.signal_feed import SignalFeed, signal
from projections.timeline import Timeline, TimelineEvent, readable
from projections.trader_profiles import TraderProfiles, profile
from projections.trail import event_at, first_of

SEALED = b'"sealed":"'
"""Stands in a body of which a part is encrypted; in a text its quotes would be escaped."""


@dataclass(frozen=True, slots=True)
class ProofShown:
    """What the log proves of an event. `leads` says whether it was followed to the root."""

    leaf: str
    leaf_hash: str
    index: int
    text: str
    size: int
    root: str
    hashes: tuple[str, ...]
    leads: bool


def event_page(visit: Visit) -> Page:
    """Everything about one event."""
    at = _position(visit)
    # Asks for a connection of its own, before a snapshot holds one.
    found = visit.house.log.prove(at)

    def shown(look: Look) -> Page:
        database = look.of(Timeline, Messages, Clocks, Corrections, LogCheckpoints)
        event = _known(look, at)
        row = TimelineEvent(
            event.position, event.stream, event.version, event.name, event.body,
            event.recorded_at, event.actor, event.correlation, event.causation,
        )  # fmt: skip
        events = told(database, [readable(database, row)], as_of=look.as_of)
        return Page(
            "event.html",
            {
                "event": event,
                "shown": events[0],
                "known": known_ids(database, events),
                "body": event.body.decode(),
                "sealed": SEALED in event.body,
                "proof": _proof(event, found),
                "checkpoint": last_checkpoint(database, covers=at),
                "leaf": leaf_bytes(event).decode(),
                "leaf_hash": event_hash(event).hex(),
                "before": at - 1 if at > 1 else None,
                "after": at + 1 if event_at(database, at + 1) is not None else None,
            },
        )

    return visit.read(shown)


def proof_file(visit: Visit) -> Response:
    """The proof that an event is in the log, to download and check elsewhere.

    Raises:
        NotFound: there is no such event, or no checkpoint covers it yet.
    """
    at = _position(visit)
    visit.read(lambda look: _known(look, at))
    found = visit.house.log.prove(at)
    if found is None:
        raise NotFound(f"no checkpoint covers position {at} yet: try again in a minute")
    name = f"{at}.tlog-proof"
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(bytes(found), headers=headers, media_type="text/plain")


def _position(visit: Visit) -> int:
    text = str(visit.named["position"])
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 2**63:
        raise NotFound(f"{text} is no position of the tape")
    return int(text)


def _known(look: Look, position: int) -> LoggedEvent:
    event = event_at(look.of(Timeline), position)
    if event is None or (look.as_of is not None and position > look.as_of):
        raise NotFound(f"there is no event at position {position}, or there was none then")
    return event


def _proof(event: LoggedEvent, found: ProofFile | None) -> ProofShown | None:
    """The proof with whether it leads from this very event to the signed root."""
    if found is None:
        return None
    checkpoint = parse_checkpoint(found.note.text)
    leaf = event_hash(event)
    try:
        verify_inclusion(found.index, checkpoint.size, leaf, found.hashes, checkpoint.root)
    except (Malformed, Unproven):
        leads = False
    else:
        leads = True
    return ProofShown(
        leaf=leaf_bytes(event).decode(),
        leaf_hash=leaf.hex(),
        index=found.index,
        text=str(found),
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        hashes=tuple(one.hex() for one in found.hashes),
        leads=leads,
    )


def page_of_id(visit: Visit) -> Page:
    """The page of whatever has an id: a trader, signal, account, order or holding, or the first
    event of any other stream.
    """
    try:
        stream = UUID(str(visit.named["stream"]))
    except ValueError:
        raise NotFound(f"{visit.named['stream']} is no id") from None
    return Page(location=visit.read(lambda look: _place(look, stream)) + visit.asked.known)


def _place(look: Look, stream: UUID) -> str:
    database = look.of(TraderProfiles, SignalFeed, Accounts, Blotter, Books)
    if profile(database, stream) is not None:
        return f"/audit/trader/{stream}"
    if signal(database, stream) is not None:
        return f"/audit/signal/{stream}"
    if any(row.account == stream for row in accounts(database)):
        return f"/audit/account/{stream}"
    placed = order(database, stream)
    if placed is not None and placed.signal is not None:
        return f"/audit/signal/{placed.signal}"
    held = position(database, stream)
    if held is not None and held.kind is BookKind.ACCOUNT:
        return f"/audit/account/{held.book}"
    first = first_of(database, stream)
    if first is None:
        raise NotFound(f"nothing on the tape has the id {stream}")
    return f"/audit/event/{first[0]}"
