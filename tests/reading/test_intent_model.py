"""The model that is shipped is the one that its card speaks of, and can be had again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from domain.grammar.opinion import model
from domain.grammar.reading import PARSER

ROOT = Path(__file__).resolve().parents[2]
CARD = ROOT / "docs" / "intent-model.md"
MODEL_FILE = ROOT / "domain" / "grammar" / "intent_model.json"
SIZE_MAX = 300_000


def test_the_card_is_the_models() -> None:
    card, shipped = CARD.read_text(encoding="utf-8"), model()
    for said in (
        f"Version {shipped.version}.",
        f"`{shipped.sha256}`",
        f"{shipped.messages} labelled messages of {shipped.rooms} rooms",
        f"{shipped.orders_held_out:.1%} are told to be orders or not",
        f"{shipped.leanings_held_out:.1%} of those",
        f"below {shipped.veto_below:g}",
    ):
        assert said in " ".join(card.split()), said


def test_a_reading_names_the_model_that_was_asked() -> None:
    assert PARSER.endswith(f"/{model().version}")


def test_the_model_is_small() -> None:
    assert MODEL_FILE.stat().st_size <= SIZE_MAX


@pytest.mark.slow
def test_training_again_reaches_what_the_card_says() -> None:
    command = [sys.executable, "docs/train_intent.py", "--check"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, f"run: python docs/train_intent.py {found.stdout}{found.stderr}"
