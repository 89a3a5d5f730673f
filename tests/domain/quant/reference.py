"""Published option values, read from the shared folder where it exists."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

Case = dict[str, Any]


def shared_data() -> Path:
    """`TRUETAPE_SHARED_DATA`, or `shared/data` beside the checkout."""
    beside = Path(__file__).parents[3].parent / "shared" / "data"
    return Path(os.environ.get("TRUETAPE_SHARED_DATA", beside))


def reference_cases(group: str) -> list[Case]:
    """The cases of one group; skips the test, saying so, where the folder is absent."""
    path = shared_data() / "options" / "reference_cases.json"
    if not path.is_file():
        pytest.skip(f"no reference cases at {path}; set TRUETAPE_SHARED_DATA to read them")
    groups = {found["name"]: found["cases"] for found in json.loads(path.read_text())["groups"]}
    cases: list[Case] = groups[group]
    return cases
