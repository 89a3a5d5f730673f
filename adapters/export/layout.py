"""What lies in an export and how it is written, for who makes one and for who checks it.

Written for the verifier that goes with each export, so of the standard library alone.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters.export.checking import Wrong, from_base64, leaf_hash, text_of

# Where the imports end: in a bundle, these modules are one file.

MANIFEST = "MANIFEST.sha256"
INDEXED = "log_index.recorded"
PROOF = "c2sp.org/tlog-proof@v1"
FILES = (
    "README.txt", "events.csv", "events.jsonl", "events.parquet", "export.json", "index.html",
    "keys.txt", "names.jsonl", "policy.txt", "schema.json", "verify.mjs", "verify.py",
    "words.jsonl",
)  # fmt: skip
FORMAT = 3
NAMES = ("name", "salt", "token")
WORDS = ("fields", "position", "salt")
ENTRY = ("events", "last", "positions", "trader")
SEALED = ',"sealed":"'
SALT = 16
COMMITMENT = slice(29, 61)
"""Where the SHA-256 of salt and fields stands in what is sealed."""
TOKEN = re.compile("~[0-9A-Za-z_-]{86,}~")
"""How a name is sealed for itself, in actors and bodies; it begins with a key's id."""
NAME_COMMITMENT = slice(16, 48)
"""Where the SHA-256 of salt and name stands in a sealed name."""
CELLS = ("position", "recorded_at", "name", "stream", "version", "actor", "body")
CSV_HEAD = ",".join(CELLS) + "\n"
HTML_ROWS = 5_000
HTML_HEAD = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Truetape export</title>
<style>body{font:14px sans-serif}td{border-top:1px solid #ccc;padding:4px;vertical-align:top}
td:last-child{font-family:monospace;word-break:break-all}</style>
<h1>Truetape export</h1>
<p>The events of this bundle, the first 5,000 if there are more; all are in events.csv. This page
is a copy to read: what is proven is events.jsonl, by verify.py or verify.mjs.</p>
<table>
"""
HTML_TAIL = "</table></html>\n"

canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Canonical where members are in order: what is written here has text and whole numbers only."""


quoted = json.encoder.encode_basestring
"""A text as JSON has it: RFC 8785 asks for the same."""


def note_name(size: int) -> str:
    """What the file of a checkpoint is called."""
    return f"checkpoints/{size:012}.note"


def proof_name(position: int) -> str:
    """What the file of an event's proof is called."""
    return f"proofs/{position:012}.tlog-proof"


def manifest_of(folder: Path) -> str:
    """What the manifest of these files has to say, as `sha256sum -c` reads it."""
    lines = []
    for path in folder.rglob("*"):
        name, hashed = path.relative_to(folder).as_posix(), sha256()
        if path.is_file() and name != MANIFEST:
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    hashed.update(piece)
            lines.append(f"{hashed.hexdigest()}  {name}\n")
    return "".join(sorted(lines, key=lambda line: line[66:]))


def consistency_name(old: int, new: int) -> str:
    """What the file of the proof between two checkpoints is called."""
    return f"consistency/{old}-{new}.txt"


def csv_line(cells: Sequence[str]) -> str:
    """A row of events.csv."""
    return '"' + '","'.join([cell.replace('"', '""') for cell in cells]) + '"\n'


def html_line(cells: Sequence[str]) -> str:
    """A row of index.html."""
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>\n"


def object_of(line: bytes, members: Sequence[str]) -> dict[str, Any]:
    """The JSON object of exactly these members that a line is, in its one spelling."""
    found = json.loads(text_of(line))
    if not isinstance(found, dict) or tuple(found) != tuple(members):
        raise Wrong(f"this is no object of {', '.join(members)}")
    if (canonical(found) + "\n").encode() != line:
        raise Wrong("the line is not of its form")
    return found


def event_of(line: bytes) -> tuple[dict[str, Any], bytes]:
    """The members of a line of events.jsonl, and the hash of the leaf that it comes to."""
    try:
        text = line.decode("utf-8")
        event = json.loads(text)
        (
            actor, body, body_sha256, causation, command_id, correlation, event_id, leaf,
            name, position, recorded_at, stream, version,
        ) = event.values()  # fmt: skip
        head = f'{{"actor":{quoted(actor)}'
        tail = (
            f',"body_sha256":{quoted(body_sha256)},"causation":{_number(causation)},"command_id":'
            f'{quoted(command_id)},"correlation":{_text(correlation)},"event_id":'
            f'{quoted(event_id)},"leaf":{_number(leaf)},"name":{quoted(name)},"position":'
            f'{_number(position)},"recorded_at":{quoted(recorded_at)},"stream":{quoted(stream)},'
            f'"version":{_number(version)}}}'
        )
        if f'{head},"body":{quoted(body)}{tail}\n' != text:
            raise Wrong("the line is not of its form")
        if sha256(body.encode()).hexdigest() != body_sha256:
            raise Wrong("the body is another one than its hash says")
        return event, leaf_hash((head + tail).encode())
    except (ValueError, TypeError, AttributeError) as broken:
        raise Wrong("the line is no event") from broken


def sealed_place(body: str) -> tuple[int, int]:
    """Where the sealed member of a body begins and ends, with the comma before it."""
    begin = body.rfind(SEALED)
    if begin < 0:
        raise Wrong("nothing is sealed in the body")
    return begin, body.index('"', begin + len(SEALED)) + 1


def with_words(body: str, fields: str) -> str:
    """The body with the fields that were sealed, in the place of what is sealed."""
    begin, end = sealed_place(body)
    return f"{body[:begin]},{fields[1:-1]}{body[end:]}"


def words_of(line: bytes, event: dict[str, Any]) -> str:
    """The body with the words of a line of words.jsonl, which are those it commits to."""
    told = object_of(line, WORDS)
    begin, end = sealed_place(event["body"])
    sealed = from_base64(event["body"][begin + len(SEALED) : end - 1])
    salt = from_base64(told["salt"])
    # Of another length, some of the fields could be passed off as salt.
    is_so = sha256(salt + told["fields"].encode()).digest() == sealed[COMMITMENT]
    if not is_so or len(salt) != SALT:
        raise Wrong(f"these are not the words that position {told['position']} commits to")
    return with_words(event["body"], told["fields"])


def name_of(line: bytes) -> tuple[str, str]:
    """The sealed name of a line of names.jsonl, and the name, which is the one it commits to."""
    told = object_of(line, NAMES)
    token, name = told["token"], told["name"]
    if not TOKEN.fullmatch(token):
        raise Wrong("this is no sealed name")
    digits = token[1:-1].replace("-", "+").replace("_", "/")
    sealed = from_base64(digits + "=" * (-len(digits) % 4))
    salt = from_base64(told["salt"])
    is_so = sha256(salt + name.encode()).digest() == sealed[NAME_COMMITMENT]
    if not is_so or len(salt) != SALT:
        raise Wrong(f"{name[:40]!r} is not the name that {token[:12]}... commits to")
    return token, name


def _number(value: int | None) -> str:
    return "null" if value is None else repr(value)


def _text(value: str | None) -> str:
    return "null" if value is None else quoted(value)
