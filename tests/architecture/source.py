"""The project's own files, as the architecture tests read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "application", "projections", "adapters", "interfaces")


def project_files() -> dict[str, Path]:
    """What is in the repository or about to be, by name: nothing that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    hidden = {".git", ".venv", ".truetape", "__pycache__"}
    return {
        name: ROOT / name
        for name in sorted(names)
        if (ROOT / name).is_file() and not hidden.intersection(Path(name).parts)
    }


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Names and contents; test data is not ours to tidy."""
    for name, path in project_files().items():
        if path.suffix in suffixes and "data" not in path.parts:
            yield name, path.read_text(encoding="utf-8")


def modules(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """Parsed Python files of these rooms (`domain`, `domain/quant`), or of the whole project."""
    for name, text in texts(".py"):
        if not rooms or any(name.startswith(f"{room}/") for room in rooms):
            yield name, _parsed(text, name)


@cache
def _parsed(text: str, name: str) -> ast.Module:
    return ast.parse(text, filename=name)
