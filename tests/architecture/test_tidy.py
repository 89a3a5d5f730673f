"""The style of the project as tests: each names the offenders, and what is wanted instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import PACKAGES, ROOT, modules, project_files, texts

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
README_WORDS_MAX = 600

# A letter in brackets keeps a pattern from finding itself.
LEFT_FOR_LATER = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")
REGISTRY_HOST = re.compile(r"py[p]i\.org|python[h]osted|registry\.np[m]js|deb\.de[b]ian")
UNFINISHED = re.compile(r"Not[I]mplementedError")
PATCHING = re.compile(r"unittest\.m[o]ck|\bm[o]cker\b|monkeypatch\.set[a]ttr")
FROM_TESTS = re.compile(r"^\s*(from|import) tests\b", re.MULTILINE)
KEEPS_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")
"""A possessive group, which Python reads wrongly up to 3.11.4 where its part can be taken back
(CPython issue 106052); an atomic one around the repetition says the same."""
RELAY = {"PageInfo"}
"""Names that the Relay specification gives and its clients look for."""

VAGUE = re.compile(r"(Manager|Helper|Utils?|Data|Info)$")
CLOCKS_AND_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom", "token_hex"}
WRITTEN = (".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".sh", ".graphql", ".txt", "")

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTION))


def called(tree: ast.AST) -> Iterator[str]:
    """Names of what is called, without what it is called on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def raised(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(error, ast.Name):
                yield error.id


def test_a_file_is_read_in_one_sitting() -> None:
    lines = {name: text.count("\n") for name, text in texts(".py", ".sql")}
    too_long = {name: count for name, count in lines.items() if count >= FILE_LINES_MAX}
    assert too_long == {}, "part it by noun"


def test_a_function_fits_on_a_screen() -> None:
    too_long = [
        f"{name}:{function.lineno} {function.name}"
        for name, tree in modules()
        for function in functions(tree)
        if (function.end_lineno or 0) - function.lineno + 1 >= FUNCTION_LINES_MAX
    ]
    assert too_long == [], "name its steps and part it"


def test_no_class_has_a_vague_name() -> None:
    vague = [
        f"{name}: {node.name}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name) and node.name not in RELAY
    ]
    assert vague == [], "take the word of the trade"


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in modules(*PACKAGES) if not ast.get_docstring(tree)]
    assert silent == [], "the first line of a module says what it is for"


def test_only_interfaces_speak_to_people() -> None:
    rooms = ("domain", "application", "projections", "adapters")
    speaking = [name for name, tree in modules(*rooms) if "print" in called(tree)]
    assert speaking == [], "return it or log it"


def test_the_domain_has_no_clock_and_no_chance() -> None:
    found = {
        name: names
        for name, tree in modules("domain")
        if (names := CLOCKS_AND_CHANCE.intersection(called(tree)))
    }
    assert found == {}, "time and ids come in with the command"


def test_nothing_shipped_is_unfinished() -> None:
    unfinished = [
        name
        for name, tree in modules(*PACKAGES)
        if any(map(UNFINISHED.fullmatch, raised(tree)))
        or any(all(isinstance(step, ast.Pass) for step in f.body) for f in functions(tree))
    ]
    assert unfinished == [], "a function does its work or is not there"


def test_nothing_is_patched() -> None:
    patching = [name for name, text in texts(".py") if PATCHING.search(text)]
    assert patching == [], "write the fake by hand and hand it in"


def test_what_is_shipped_needs_no_test() -> None:
    shipped = [(name, text) for name, text in texts(".py") if name.startswith(PACKAGES)]
    assert [name for name, text in shipped if FROM_TESTS.search(text)] == []


def test_nothing_is_left_for_later() -> None:
    assert [name for name, text in texts(*WRITTEN) if LEFT_FOR_LATER.search(text)] == []


def test_no_registry_is_named() -> None:
    assert [name for name, text in texts(*WRITTEN) if REGISTRY_HOST.search(text)] == []


def test_no_lock_file_is_kept() -> None:
    lock_files = {"uv.lock", "poetry.lock", "Pipfile.lock"}
    assert lock_files.isdisjoint(path.name for path in project_files().values())


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    plain = re.compile(r"[a-z0-9-]+==[^\s;@]+( ; [^@]+)?")
    assert lines != []
    assert [line for line in lines if not plain.fullmatch(line)] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= README_WORDS_MAX


def test_file_names_are_plain() -> None:
    plain = re.compile(r"[A-Za-z0-9_./-]+")
    assert [name for name in project_files() if not plain.fullmatch(name)] == []


def test_no_pattern_keeps_what_a_group_took() -> None:
    found = [
        f"{name}:{number}"
        for name, text in texts(".py")
        if name.split("/")[0] in PACKAGES
        for number, line in enumerate(text.splitlines(), start=1)
        if KEEPS_GROUP.search(line)
    ]
    assert found == [], "write (?>(?:...)*) instead of (?:...)*+"
