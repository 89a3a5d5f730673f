"""The verifier as it goes into an export: one file, made of the modules that it is here."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

_PARTS = ("checking", "layout", "looking", "verify")
_MARK = "# Where the imports end: in a bundle, these modules are one file.\n"


@cache
def verify_py() -> bytes:
    """The verifier for Python: of its standard library alone."""
    parts = [_source(f"{name}.py").split(_MARK) for name in _PARTS]
    imports = sorted({line for head, _ in parts for line in _library_imports(head)})
    docstring = f'"""{ast.get_docstring(ast.parse(parts[-1][0]), clean=False)}"""\n'
    head = [docstring, "from __future__ import annotations\n", "\n".join(imports) + "\n"]
    return (
        "\n".join((*head, *(body.rstrip() + "\n\n" for _, body in parts))).rstrip().encode() + b"\n"
    )


@cache
def verify_mjs() -> bytes:
    """The verifier for Node."""
    return _source("verify.mjs").encode()


@cache
def readme() -> bytes:
    """What the files are, and how to check them."""
    return _source("readme.txt").encode()


def _source(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _library_imports(head: str) -> list[str]:
    """What a module takes from the standard library."""
    found = []
    for node in ast.parse(head).body:
        if isinstance(node, ast.Import):
            found.append(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            found += [f"from {node.module} import {one.name}" for one in node.names]
    return [line for line in found if "adapters." not in line]
