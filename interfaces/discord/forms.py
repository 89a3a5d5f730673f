"""Forms: what is asked before a no or a fix, and what is done when it is filled in.

A form says by its own id what it is about, so it may be sent to another process than the one that
showed it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from discord import TextStyle, ui

from interfaces.discord import deciding
from interfaces.discord.deciding import Said, click, open_form
from interfaces.discord.recognising import SIGNAL
from interfaces.discord.slash.asking import Asker, Interaction, asker_of

FORGOTTEN_S = 900.0

REASON_MAX, LINE_MAX = 400, 200

_FORM = re.compile(rf"tt:(?P<verb>rejecting|refusing|fixing):{SIGNAL}(?::(?P<version>\d*))?")

_FIELDS = {
    "contract": "Side and contract",
    "quantity": "Quantity",
    "price": "Price per share",
    "levels": "Stop and targets",
}
_OPTIONAL = frozenset({"levels"})


def rejection(signal: UUID, version: int | None) -> ui.Modal:
    """Asks why a signal is rejected."""
    seen = "" if version is None else version
    return _form("Reject the signal", f"tt:rejecting:{signal}:{seen}", _reason("Why?"))


def refusal(correction: UUID) -> ui.Modal:
    """Asks why a correction is refused."""
    return _form("Refuse the correction", f"tt:refusing:{correction}", _reason("Why?"))


def fix(signal: UUID, reading: Mapping[str, str]) -> ui.Modal:
    """Shows what is recorded, to be filled in as it should be."""
    figures: Iterator[ui.Label[Any]] = (
        ui.Label(
            text=text,
            component=ui.TextInput(
                custom_id=name,
                default=reading[name][:LINE_MAX] or None,
                required=name not in _OPTIONAL,
                max_length=LINE_MAX,
            ),
        )
        for name, text in _FIELDS.items()
    )
    return _form("Fix the reading", f"tt:fixing:{signal}", *figures, _reason("What is wrong?"))


async def show_fix(interaction: Interaction, signal: UUID) -> None:
    """Shows the form with the reading, or says why there is none."""
    reading = asyncio.to_thread(deciding.prefilled, asker_of(interaction), signal)
    await open_form(interaction, reading, partial(fix, signal))


async def submitted(interaction: Interaction) -> None:
    """Does what a form of ours was filled in for; others' forms are left to them."""
    sent: Mapping[str, Any] = dict(interaction.data or {})
    found = _FORM.fullmatch(str(sent.get("custom_id", "")))
    if found is None:
        return
    filled = dict(_filled(sent.get("components", ())))
    stream, reason = UUID(found["signal"]), filled.get("reason", "")
    match found["verb"]:
        case "rejecting":
            version = int(found["version"]) if found["version"] else None
            await click(interaction, lambda asker: rejected(asker, stream, version, reason))
        case "refusing":
            await click(interaction, lambda asker: deciding.refuse_fix(asker, stream, reason))
        case "fixing":
            await click(interaction, lambda asker: deciding.ask_for_fix(asker, stream, filled))


def rejected(asker: Asker, signal: UUID, version: int | None, reason: str) -> Said:
    """Rejects a signal as it was seen.

    Raises:
        NotFound, DomainError, Unavailable: as the application says.
    """
    command = asker.command("reject", signal, reason, version)
    return deciding.no(asker, command, signal, reason, seen_version=version)


def _form(title: str, custom_id: str, *parts: ui.Label[Any]) -> ui.Modal:
    form = ui.Modal(title=title, custom_id=custom_id, timeout=FORGOTTEN_S)
    for part in parts:
        form.add_item(part)
    return form


def _reason(text: str) -> ui.Label[Any]:
    words: ui.TextInput[Any] = ui.TextInput(
        custom_id="reason", style=TextStyle.paragraph, required=True, max_length=REASON_MAX
    )
    return ui.Label(text=text, component=words)


def _filled(parts: Any) -> Iterator[tuple[str, str]]:
    """What was filled in, by field."""
    for part in parts:
        if "value" in part and "custom_id" in part:
            yield part["custom_id"], part["value"] or ""
        yield from _filled(part.get("components", ()))
        if "component" in part:
            yield from _filled((part["component"],))
