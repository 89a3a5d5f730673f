"""The lengths and counts that Discord takes; whatever is over is refused whole, with 400."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.interfaces.discord.guild import Json

CONTENT, NONCE, EMBEDS, ALL_EMBEDS, FIELDS, ROWS, IN_A_ROW = 2_000, 25, 10, 6_000, 25, 5, 5
CHOICES, COMMANDS, COMMAND = 25, 100, 8_000
ACTION_ROW, BUTTON, SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18

EMBED = {"title": 256, "description": 4_096}
FIELD = {"name": 256, "value": 1_024}
MODAL = {"title": 45, "custom_id": 100}
PARTS = {
    ACTION_ROW: {},
    BUTTON: {"label": 80, "custom_id": 100},
    SELECT: {"custom_id": 100, "placeholder": 150},
    TEXT_INPUT: {"label": 45, "custom_id": 100, "placeholder": 100, "value": 4_000},
    LABEL: {"label": 45, "description": 100},
}
OPTION = {"label": 100, "value": 100, "description": 100}
CHOICE = {"name": 100, "value": 100}
NAMED = {"name": 32, "description": 100}


def over(body: Json) -> list[str]:
    """What of a message, an answer, a form, suggestions or a thread is over a limit."""
    data = body.get("data") or body
    return [
        *_texts("", data, {"content": CONTENT, "nonce": NONCE}),
        *_embeds(data.get("embeds") or ()),
        *_rows(data.get("components") or ()),
        *(_texts("form.", data, MODAL) if "title" in data else ()),
        *(_texts("thread.", data, {"name": 100}) if "auto_archive_duration" in data else ()),
        *_choices(data.get("choices") or ()),
    ]


def over_in_commands(commands: Sequence[Json]) -> list[str]:
    """What of the commands that a bot registers is over a limit."""
    found = [f"{len(commands)} commands"] if len(commands) > COMMANDS else []
    for command in commands:
        found += _command(f"{command['name']}.", command)
        if _words(command) > COMMAND:
            found.append(f"{command['name']}: {_words(command)} characters")
    return found


def _texts(place: str, part: Json, limits: dict[str, int]) -> Iterator[str]:
    for name, most in limits.items():
        text = part.get(name)
        if isinstance(text, str) and len(text) > most:
            yield f"{place}{name}: {len(text)} characters, {most} at most"


def _empty(place: str, part: Json, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if not str(part.get(name, "")).strip():
            yield f"{place}{name}: this field is required"


def _embeds(embeds: Sequence[Json]) -> Iterator[str]:
    if len(embeds) > EMBEDS:
        yield f"{len(embeds)} embeds"
    if (length := sum(map(_embed_length, embeds))) > ALL_EMBEDS:
        yield f"embeds: {length} characters, {ALL_EMBEDS} at most"
    for number, embed in enumerate(embeds):
        place = f"embeds[{number}]."
        yield from _texts(place, embed, EMBED)
        yield from _texts(f"{place}footer.", embed.get("footer") or {}, {"text": 2_048})
        fields = embed.get("fields") or ()
        if len(fields) > FIELDS:
            yield f"{place}fields: {len(fields)}"
        for field in fields:
            yield from _texts(f"{place}{field['name']}.", field, FIELD)
            yield from _empty(place, field, ("name", "value"))
        if not (embed.get("title") or embed.get("description") or fields):
            yield f"{place}description: this field is required"


def _embed_length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    for field in embed.get("fields") or ():
        texts += [field["name"], field["value"]]
    return sum(len(text) for text in texts if text)


def _rows(rows: Sequence[Json]) -> Iterator[str]:
    if len(rows) > ROWS:
        yield f"{len(rows)} rows of components"
    ids = [part["custom_id"] for part in _flat(rows) if "custom_id" in part]
    if len(ids) != len(set(ids)):
        yield f"custom ids are not unique: {ids}"
    for row in rows:
        if len(row.get("components") or ()) > IN_A_ROW:
            yield f"{len(row['components'])} components in a row"
    for part in _flat(rows):
        yield from _part(part)


def _part(part: Json) -> Iterator[str]:
    place, kind = f"component {part.get('custom_id', '')}.", part["type"]
    yield from _texts(place, part, PARTS.get(kind, {}))
    yield from _empty(place, part, ("custom_id",) if kind in (SELECT, TEXT_INPUT) else ())
    if kind == TEXT_INPUT and len(part.get("value") or "") > part.get("max_length", 4_000):
        yield f"{place}value: longer than its max_length"
    options = part.get("options") or ()
    if len(options) > CHOICES:
        yield f"{place}options: {len(options)}"
    for option in options:
        yield from _texts(f"{place}option.", option, OPTION)
        yield from _empty(f"{place}option.", option, ("label", "value"))


def _flat(parts: Sequence[Json]) -> Iterator[Json]:
    for part in parts:
        yield part
        yield from _flat(part.get("components") or ())
        if part.get("component"):
            yield from _flat((part["component"],))


def _choices(choices: Sequence[Json]) -> Iterator[str]:
    if len(choices) > CHOICES:
        yield f"{len(choices)} choices"
    for choice in choices:
        yield from _texts("choice.", choice, CHOICE)
        yield from _empty("choice.", choice, ("name", "value"))


def _command(place: str, command: Json) -> Iterator[str]:
    yield from _texts(place, command, NAMED)
    yield from _choices(command.get("choices") or ())
    options = command.get("options") or ()
    if len(options) > CHOICES:
        yield f"{place}options: {len(options)}"
    for option in options:
        yield from _command(f"{place}{option['name']}.", option)


def _words(command: Json) -> int:
    below = [*(command.get("options") or ()), *(command.get("choices") or ())]
    own = [str(command.get(name) or "") for name in ("name", "description", "value")]
    return sum(map(len, own)) + sum(map(_words, below))
