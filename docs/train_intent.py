"""Trains the second opinion: `python docs/train_intent.py`.

Writes domain/grammar/intent_model.json and its card, docs/intent-model.md, from the labelled
rooms of tests/data/chat and the corpus of tests/domain/grammar. With `--check` it writes
nothing, trains again, and ends with 1 if the card's accuracies can no longer be reached.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from docs.intent_card import card
from docs.intent_examples import Example, HeldOut, accuracy, digest, examples, leaning_accuracy
from domain.grammar.opinion import MODEL, Leaning, OpinionModel, model

Labels = npt.NDArray[np.int64]

ROOT = Path(__file__).resolve().parents[1]
MODEL_FILE = ROOT / "domain" / "grammar" / MODEL
CARD = Path(__file__).with_name("intent-model.md")

LEANINGS = tuple(Leaning)
ROOMS_MIN = 2
"""Rooms that a feature has to occur in: what one room alone says is its manner, not a sense."""
FEATURES_MAX = 2500
STRENGTH = 6.0
"""The inverse of the penalty on large weights."""
DIGITS = 5
"""Of a weight in the file."""
VERSION = "intent-1"
"""Of the model; a new one reads some messages differently, so it is a new version."""
VETO_MOST, VETO_MARGIN = 0.02, 0.5
"""Prose is vetoed below so much, and below so much of the least that a right order got."""
VETO_TICKET_MOST, VETO_TICKET_MARGIN = 0.005, 0.1
TOLERANCE = 0.03
"""By how much accuracies may fall while the rooms are mended, before training is due."""


class Trained(NamedTuple):
    """The weights of a model by feature, a column for each leaning."""

    features: tuple[str, ...]
    intercepts: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]

    def shipped(self, **about: Any) -> OpinionModel:
        """The model as it is asked."""
        return OpinionModel(
            leanings=LEANINGS,
            intercepts=self.intercepts,
            weights=dict(zip(self.features, self.weights, strict=True)),
            **about,
        )


def train(said: Sequence[Example]) -> Trained:
    """Learns from examples: once over all features, and again over the heaviest of them."""
    features = _shared(said)
    rows = matrix([one.features for one in said], features)
    labels = _labels(said, rows)
    learned = fitted(rows, labels)
    if len(features) > FEATURES_MAX:
        weights = np.abs(learned.coef_).max(axis=0)
        heaviest = np.argsort(-weights, kind="stable")[:FEATURES_MAX]
        features = [features[place] for place in sorted(heaviest)]
        learned = fitted(matrix([one.features for one in said], features), labels)
    return told(learned, features, DIGITS)


def told(learned: LogisticRegression, features: Sequence[str], digits: int) -> Trained:
    """The weights of scikit-learn's model, rounded."""
    return Trained(
        features=tuple(features),
        intercepts=tuple(round(float(one), digits) for one in learned.intercept_),
        weights=tuple(tuple(round(float(w), digits) for w in row) for row in learned.coef_.T),
    )


def _shared(said: Sequence[Example]) -> list[str]:
    """The features that several rooms have, in the order of the alphabet."""
    rooms: dict[str, set[str]] = {}
    for one in said:
        rooms.setdefault(one.room, set()).update(one.features)
    times = Counter(name for found in rooms.values() for name in found)
    return sorted(name for name, count in times.items() if count >= ROOMS_MIN)


def _labels(said: Sequence[Example], rows: csr_matrix) -> Labels:
    """The leanings by number; a trap of no said kind gets the likeliest by the other messages."""
    labels = np.array([LEANINGS.index(one.leaning) for one in said])
    sure = np.array([one.kind_is_said for one in said])
    likely = fitted(rows[sure], labels[sure]).predict_log_proba(rows)
    likely[:, [LEANINGS.index(Leaning.ORDER), LEANINGS.index(Leaning.LEVELS)]] = -np.inf
    return np.where(sure, labels, likely.argmax(axis=1))


def fitted(rows: csr_matrix, labels: Labels) -> LogisticRegression:
    """Scikit-learn's model of those messages."""
    learned = LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-3)
    # Threads only get into each other's way here: there are many small models.
    with threadpool_limits(1):
        return learned.fit(rows, labels)


def matrix(names: Sequence[Sequence[str]], features: Sequence[str]) -> csr_matrix:
    """A row of length one for each message, whose features all weigh alike."""
    columns = {name: place for place, name in enumerate(features)}
    places = [[columns[name] for name in found if name in columns] for found in names]
    ends = np.cumsum([0, *map(len, places)])
    values = [len(found) ** -0.5 for found in places for _ in found]
    shape = (len(names), len(features))
    return csr_matrix((values, [p for found in places for p in found], ends), shape=shape)


@cache
def held_out() -> tuple[HeldOut, ...]:
    """Every example as a model says it that was trained on all rooms but the example's own."""
    said = examples()
    found: list[HeldOut] = []
    for room in dict.fromkeys(one.room for one in said):
        asked = train([one for one in said if one.room != room]).shipped()
        for one in said:
            if one.room == room:
                opinion = asked.weigh(one.features)
                found.append(HeldOut(one, opinion.leaning, opinion.order))
    return tuple(found)


def vetoes(found: Sequence[HeldOut]) -> tuple[float, float]:
    """Below which probability of an order prose and tickets are vetoed.

    Lower than any right order scored whose room the model had not seen.
    """
    prose = min(one.order for one in found if one.example.booked is False)
    tickets = min(one.order for one in found if one.example.booked is True)
    below = min(VETO_MOST, prose * VETO_MARGIN)
    tickets_below = min(below / 2, VETO_TICKET_MOST, tickets * VETO_TICKET_MARGIN)
    return round(below, DIGITS), round(tickets_below, DIGITS)


def new_model() -> OpinionModel:
    """A model of all examples, with what it reached on rooms that it had not seen."""
    said, found = examples(), held_out()
    prose, tickets = vetoes(found)
    return train(said).shipped(
        version=VERSION,
        messages=len(said),
        rooms=len({one.room for one in said}),
        sha256=digest(said),
        orders_held_out=round(accuracy(found), 4),
        leanings_held_out=round(leaning_accuracy(found), 4),
        veto_below=prose,
        veto_ticket_below=tickets,
    )


def written(trained: OpinionModel) -> bytes:
    """The model as JSON, each feature on a line of its own."""
    whole = msgspec.json.encode(trained)
    return whole.replace(b'{"', b'{\n"').replace(b'],"', b'],\n"') + b"\n"


def main() -> int:
    """Writes the model and its card, or checks what is there; returns the exit code."""
    if "--check" not in sys.argv:
        trained = new_model()
        MODEL_FILE.write_bytes(written(trained))
        size = MODEL_FILE.stat().st_size
        CARD.write_text(card(trained, held_out(), size), encoding="utf-8")
        sys.stdout.write(CARD.read_text(encoding="utf-8"))
        return 0
    there = model()
    reached = accuracy(held_out()), leaning_accuracy(held_out())
    sys.stdout.write(f"orders {reached[0]:.4f}, leanings {reached[1]:.4f}\n")
    wanted = there.orders_held_out, there.leanings_held_out
    return int(any(now < then - TOLERANCE for now, then in zip(reached, wanted, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
