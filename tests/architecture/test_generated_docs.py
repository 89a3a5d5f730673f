"""What is generated says what the code, or the library, says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("page", ["events", "figures", "sessions"])
def test_the_generated_page_is_up_to_date(page: str) -> None:
    program = f"docs/generate_{page}.py"
    command = [sys.executable, program, "--check"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, f"run: python {program} {found.stderr}"
