"""The second opinion adds up what scikit-learn learned, and copes with any words."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.grammar.lanes import doubt
from domain.grammar.opinion import LENGTH_MAX, Leaning, features_of, model
from domain.grammar.reading import Embed, EmbedField, MessageText
from tests.domain.grammar.corpus import BOOKED, TRAPS
from tests.domain.grammar.spoken import THURSDAY, message
from tests.patience import PATIENCE_S

SAID = [*(text for text, _ in BOOKED), *(text for text, _ in TRAPS)]


def test_its_probabilities_are_those_of_scikit_learn() -> None:
    # Every process that collects tests would wait for scikit-learn.
    from docs.train_intent import fitted, matrix, told

    names = [features_of(message(text)) for text in SAID]
    labels = np.array([place % len(Leaning) for place in range(len(SAID))])
    features = sorted({name for found in names for name in found})[::2]
    rows = matrix(names, features)
    learned = fitted(rows, labels)
    asked = told(learned, features, digits=12).shipped()
    expected = learned.predict_proba(rows)
    for found, wanted in zip(names, expected, strict=True):
        assert asked.probabilities(found) == pytest.approx(wanted, abs=1e-6)


def test_a_message_of_unknown_words_has_the_probabilities_of_no_words() -> None:
    asked = model()
    assert asked.probabilities(["=never seen"]) == asked.probabilities([])


def test_what_is_shipped_is_plain_and_whole() -> None:
    asked = model()
    assert asked.leanings == tuple(Leaning)
    assert len(asked.intercepts) == len(Leaning)
    assert all(len(row) == len(Leaning) for row in asked.weights.values())
    assert all(math.isfinite(one) for row in asked.weights.values() for one in row)
    assert 0 < asked.veto_ticket_below <= asked.veto_below < 0.1


def test_it_is_the_same_model_each_time() -> None:
    assert model() is model()


def test_numbers_and_tickers_count_by_what_they_are() -> None:
    one = features_of(message("BTO 5 TSLA 250c 11/21 @ 2.30"))
    assert one == features_of(message("BTO 9 NVDA 180c 12/19 @ 4.10"))
    assert one != features_of(message("BTO 5 TSLA 250c 11/21"))


def test_words_of_one_sense_share_what_is_learned() -> None:
    once, when = (set(features_of(message(f"{word} it holds"))) for word in ("once", "when"))
    assert once ^ when == {"=once", "=when"}


def test_cards_are_weighed_with_all_their_words() -> None:
    fields = (EmbedField(name="Entry", value="2.30"),)
    embed = Embed(title="Recap", description="we sold", fields=fields)
    said = MessageText(content="gm", embeds=(embed,), posted_at=THURSDAY)
    assert {"gm", "=recap", "=sold", "<entry>", "<price>"} <= set(features_of(said))


def test_only_the_beginning_of_a_long_message_is_weighed() -> None:
    long = "x " * LENGTH_MAX
    assert features_of(message(long + "BTO TSLA")) == features_of(message(long + "gm"))


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_words_have_an_opinion(content: str, title: str) -> None:
    said = MessageText(content=content, embeds=(Embed(title=title),), posted_at=THURSDAY)
    features = features_of(said)
    assert len(features) == len(set(features))
    found = model().probabilities(features)
    assert sum(found) == pytest.approx(1)
    opinion = model().weigh(features)
    assert 0 <= opinion.order <= opinion.probability <= 1


@pytest.mark.parametrize("said", SAID)
def test_only_what_does_not_look_like_an_order_is_doubted(said: str) -> None:
    opinion = model().weigh(features_of(message(said)))
    doubted = None if opinion.leaning is Leaning.ORDER else opinion
    assert doubt(message(said)) == doubted


def test_nothing_that_is_shipped_needs_scikit_learn() -> None:
    script = (
        "import sys, interfaces.compose, interfaces.cli.parsing, domain.grammar.weighing\n"
        "from tests.domain.grammar.spoken import message\n"
        "from domain.grammar.reading import Room\n"
        "read = domain.grammar.weighing.read\n"
        "assert read(message('BTO 5 TSLA 250c 11/21 @ 2.30'), Room()).trades\n"
        "assert 'domain.grammar.opinion' in sys.modules\n"
        "assert not {'sklearn', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    "said", ["(", ". ", "'a", "1", "1,", "$", "@1", "9c ", "\n", "a", "é", "1/"]
)
def test_no_words_take_long(said: str) -> None:
    text = message(said * 4_000)
    took = []
    for _ in range(3):
        started = time.process_time()
        doubt(text)
        took.append(time.process_time() - started)
    assert min(took) < 0.005


@pytest.mark.parametrize(
    ("said", "piece"),
    [
        ("the 250 c", "<strike>"),
        ("sold @ 2.30", "<at>"),
        ("@ $ 5", "<money>"),
        ("a 0 dte", "<date>"),
        ("10 x", "<times>"),
        ("up 50 %", "<percent>"),
        ("5 contracts", "<number>"),
    ],
)
def test_a_blank_parts_no_number_from_what_belongs_to_it(said: str, piece: str) -> None:
    assert piece in features_of(message(said))
