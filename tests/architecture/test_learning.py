"""msgspec learns a type in one thread at a time: two that learn one at once kill the process."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

from tests.architecture.source import PACKAGES, modules

READS = re.compile(r"(^|\.)msgspec\.((json|msgpack)\.(decode|Decoder)|convert)$")
WORDS_OF_ITS_OWN = {
    *("Any", "Decimal", "bool", "bytes", "dict", "float", "frozenset"),
    *("int", "list", "msgspec", "object", "str", "tuple"),
}
"""What is made of these alone holds nothing that has to be learned."""

FIRST_READS = """
import sys, threading
from collections.abc import Callable
from decimal import Decimal
from typing import Optional
import msgspec
from domain.shared import learned

sys.setswitchinterval(1e-6)
for turn in range(30):
    part = msgspec.defstruct("Part", [(f"p{n}", Optional[Decimal], None) for n in range(12)])
    whole = msgspec.defstruct("Whole", [(f"w{n}", Optional[part], None) for n in range(12)])
    ready = threading.Barrier(4)

    def read():
        ready.wait()
        msgspec.json.decode(b'{"w11":{"p11":"1"}}', type=learned(whole))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def read_unlearned(tree: ast.Module) -> Iterator[int]:
    """The lines on which something is read by a type that nobody has made sure of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and READS.search(ast.unparse(node.func)):
            kind = _kind_of(node)
            if kind is not None and not _is_learned(kind):
                yield node.lineno


def _kind_of(call: ast.Call) -> ast.expr | None:
    named = [word.value for word in call.keywords if word.arg == "type"]
    place = 0 if ast.unparse(call.func).endswith("Decoder") else 1
    return next(iter(named + call.args[place:]), None)


def _is_learned(kind: ast.expr) -> bool:
    if isinstance(kind, ast.Call):
        return ast.unparse(kind.func) == "learned"
    names = {node.id for node in ast.walk(kind) if isinstance(node, ast.Name)}
    return names <= WORDS_OF_ITS_OWN


def test_whatever_is_read_of_json_is_read_by_types_that_were_learned() -> None:
    found = [
        f"{name}:{line}"
        for name, tree in modules(*PACKAGES)
        if name != "domain/shared.py"
        for line in read_unlearned(tree)
    ]
    assert found == [], "say type=learned(...), so that no two threads learn it at once"


def test_the_rule_finds_what_it_is_for() -> None:
    tree = ast.parse(
        "msgspec.json.decode(told, type=Book)\n"
        "msgspec.json.Decoder(list[Book]).decode\n"
        "msgspec.convert(told, Book, strict=False)\n"
        "msgspec.json.decode(told, type=learned(Book))\n"
        "msgspec.json.Decoder(dict[str, msgspec.Raw])\n"
        "msgspec.json.decode(told)\n"
    )
    assert sorted(read_unlearned(tree)) == [1, 2, 3]


def test_threads_that_are_the_first_to_read_a_type_read_it_all() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_READS], check=False, capture_output=True)
    assert (done.returncode, done.stderr.decode()) == (0, "")
