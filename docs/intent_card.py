"""The card of the second opinion: what it learned from, what it reaches, what it may do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from docs.intent_examples import HeldOut, accuracy, leaning_accuracy
from domain.grammar.opinion import Leaning, OpinionModel

_HEAD = """\
# The second opinion

Written by `python docs/train_intent.py`; do not edit. Version {version}.

A logistic regression over the words of a message, their senses (`domain/grammar/senses.py`) and
the shapes of its numbers: is it an order, a change of levels, a plan, a recap, or talk? The
weights are plain data in `domain/grammar/intent_model.json`: {features} features, {kilobytes} kB,
read when they are first needed. `domain/grammar/opinion.py` adds them up in plain Python;
scikit-learn is needed for training only. Tickers and numbers are weighed by what they are, not
which, and only what several rooms say is learned. It knows nothing of authors, channels, times,
or of what is open.

## Data

{messages} labelled messages of {rooms} rooms: those of `tests/data/chat`, and the sentences of
`corpus.py` and `phrases.py` in `tests/domain/grammar`, all written for this project. Corrections
and cancellations are left to the rules. A trap of which only that it is no order is labelled
counts as the likeliest of plan, recap and talk. SHA-256 of rooms, words and labels:
`{sha256}`

Held out by room, {orders:.1%} are told to be orders or not, and {leanings:.1%} of those whose
kind is labelled get exactly that kind.
"""

_MAY = """\
## What it may do

The rules decide what a trade is. The opinion is asked only where they would book, and it cannot
make or change a trade. If it takes the message for something else, the confidence becomes at
most 0.6 and a rule says so. If its probability of an order is below {prose:g}, or below
{tickets:g} where the trades stand in a ticket's own words (BTO, STC ... with what for), nothing
is booked: what is missing is a confirmation, and `why` says what it reads instead.

Both limits lie below the least probability that any right order got while its room was held
out: at half of it in prose, at a tenth of it or less for tickets, because rooms that nobody has
seen differ more than these do from each other. What other limits would have cost and caught,
held out by room:
"""

_END = """\
So a veto is rare, and meant to be: of what the last column counts the rules book nothing in the
first place. What the opinion adds in a room that nobody has seen is mostly the lower confidence
of what it doubts. The senses were written by people who had read these rooms, so unseen ones
will score lower; least is to be expected of languages other than English and Russian.

## Training it again

`python docs/train_intent.py`, after the rooms have changed; set `VERSION` there anew when it is
shipped. `--check` trains again and fails if the accuracies above can no longer be reached."""


def card(trained: OpinionModel, found: Sequence[HeldOut], size: int) -> str:
    """The model's card; its file has so many bytes."""
    return "\n".join(_card(trained, found, size)) + "\n"


def _card(trained: OpinionModel, found: Sequence[HeldOut], size: int) -> Iterator[str]:
    yield _HEAD.format(
        version=trained.version,
        features=len(trained.weights),
        kilobytes=round(size / 1000),
        messages=trained.messages,
        rooms=trained.rooms,
        sha256=trained.sha256,
        orders=trained.orders_held_out,
        leanings=trained.leanings_held_out,
    )
    counts = Counter(one.example.leaning for one in found)
    yield "| order | levels | plan | recap | chat |"
    yield "|---|---|---|---|---|"
    yield "| " + " | ".join(str(counts[leaning]) for leaning in Leaning) + " |"
    yield ""
    yield "## Accuracy by held-out room"
    yield ""
    yield "Each room as a model reads it that was trained on all the others."
    yield ""
    yield "| room | messages | orders | order or not | which of the five |"
    yield "|---|---|---|---|---|"
    for room in dict.fromkeys(one.example.room for one in found):
        yield _row(room, [one for one in found if one.example.room == room])
    yield _row("all", found)
    yield ""
    yield _MAY.format(prose=trained.veto_below, tickets=trained.veto_ticket_below)
    yield "| below | right orders in prose lost | right tickets lost | no orders caught |"
    yield "|---|---|---|---|"
    cuts = sorted({trained.veto_ticket_below, trained.veto_below, 0.01, 0.02, 0.05, 0.1, 0.2})
    for cut in cuts:
        yield _trade_off(cut, found)
    yield ""
    yield _END


def _row(room: str, found: Sequence[HeldOut]) -> str:
    orders = sum(one.example.leaning is Leaning.ORDER for one in found)
    shares = f"{accuracy(found):.3f} | {leaning_accuracy(found):.3f}"
    return f"| {room} | {len(found)} | {orders} | {shares} |"


def _trade_off(cut: float, found: Sequence[HeldOut]) -> str:
    groups = (
        [one for one in found if one.example.booked is False],
        [one for one in found if one.example.booked is True],
        [one for one in found if one.example.leaning is not Leaning.ORDER],
    )
    lost = (f"{sum(one.order < cut for one in group)} of {len(group)}" for group in groups)
    return f"| {cut:g} | " + " | ".join(lost) + " |"
