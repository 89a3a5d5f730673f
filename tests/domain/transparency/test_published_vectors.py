"""The vectors of transparency-dev/merkle and of RFC 8785's author, each one."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

import pytest
import rfc8785

from domain.transparency.canonical import canonical
from domain.transparency.proofs import verify_consistency, verify_inclusion
from domain.transparency.refusals import Malformed, Unproven
from tests.domain.transparency.trees import shared_folder, vector, vector_names

INCLUSION = ("merkle", "testdata", "inclusion")
CONSISTENCY = ("merkle", "testdata", "consistency")

NO_HASHES = "additional/sizes-are-equal-one-and-proof-is-empty.json"
"""Its roots are a text of 12 bytes, which we take for no hash at all."""

WITH_FLOATS = {"structures.json", "values.json"}
"""Floats, even 56.0, are no part of events, so our own canonical form refuses them."""


def hashes(texts: Sequence[str] | None) -> list[bytes]:
    return [b64decode(text) for text in texts or ()]


def believed(case: dict[str, Any]) -> bool:
    try:
        if "leafIdx" in case:
            leaf, root = hashes([case["leafHash"] or "", case["root"] or ""])
            proof = hashes(case["proof"])
            verify_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, root)
        else:
            root1, root2 = hashes([case["root1"], case["root2"]])
            verify_consistency(case["size1"], case["size2"], root1, root2, hashes(case["proof"]))
    except (Malformed, Unproven):
        return False
    return True


@pytest.mark.parametrize("name", vector_names(*INCLUSION))
def test_an_inclusion_vector_is_judged_as_published(name: str) -> None:
    case = vector(name, *INCLUSION)
    assert believed(case) is not case["wantErr"]


@pytest.mark.parametrize("name", [n for n in vector_names(*CONSISTENCY) if n != NO_HASHES])
def test_a_consistency_vector_is_judged_as_published(name: str) -> None:
    case = vector(name, *CONSISTENCY)
    assert believed(case) is not case["wantErr"]


def test_the_one_vector_without_hashes_is_refused_for_that() -> None:
    case = vector(NO_HASHES, *CONSISTENCY)
    assert case["wantErr"] is False
    with pytest.raises(Malformed, match="12 bytes"):
        verify_consistency(1, 1, b64decode(case["root1"]), b64decode(case["root2"]), [])


def test_there_are_as_many_vectors_as_were_published() -> None:
    shared_folder("merkle")
    assert (len(vector_names(*INCLUSION)), len(vector_names(*CONSISTENCY))) == (98, 98)


@pytest.mark.parametrize("name", vector_names("jcs", "input"))
def test_canonical_json_is_as_published(name: str) -> None:
    value = json.loads((shared_folder("jcs", "input") / name).read_bytes())
    wanted = (shared_folder("jcs", "output") / name).read_bytes()
    assert rfc8785.dumps(value) == wanted
    if name in WITH_FLOATS:
        with pytest.raises(Malformed, match="float"):
            canonical(value)
    else:
        assert canonical(value) == wanted
