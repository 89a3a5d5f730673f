"""`truetape correct`: ask for a mistake to be put right; say yes or no to what another asked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from msgspec.structs import replace

from application.access import Member
from application.correcting import Change, request_correction
from domain.corrections import ReasonCode, Target
from domain.shared import InvalidInput
from interfaces.cli.corrections import agree, disagree, is_correction, show_preview
from interfaces.cli.deciding import As, Key, Version
from interfaces.cli.output import as_json, console
from interfaces.cli.session import Json, command, find, house, operator
from interfaces.compose import House
from interfaces.lookups import correction_named, record_named, trader_named
from interfaces.previewing import preview
from interfaces.wording import number


def correct(
    record: Annotated[
        str,
        typer.Argument(
            help="A signal's or an order's id (or its start), account:NAME, trader:NAME, "
            "mark:SYMBOL@TIME; with --approve or --refuse a correction's id."
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why the record is wrong, or the request.")] = "",
    code: Annotated[ReasonCode, typer.Option(help="What sort of mistake it is.")] = (
        ReasonCode.OTHER
    ),
    evidence: Annotated[str, typer.Option(help="An https address that shows it.")] = "",
    void: Annotated[bool, typer.Option("--void", help="Let it count for nothing.")] = False,
    part: Annotated[
        str,
        typer.Option(help="Execution number of a signal, ExecID of a fill, id of a cash movement."),
    ] = "",
    price: Annotated[str | None, typer.Option(help="The right price per share.")] = None,
    quantity: Annotated[str | None, typer.Option(help="The right quantity.")] = None,
    bid: Annotated[str | None, typer.Option(help="The right bid of a mark.")] = None,
    offer: Annotated[str | None, typer.Option(help="The right offer of a mark.")] = None,
    amount: Annotated[str | None, typer.Option(help="The right amount of cash.")] = None,
    linked_to: Annotated[str | None, typer.Option(help="The trader that it really is.")] = None,
    foresee: Annotated[
        bool, typer.Option("--preview", help="Only show what would move; nothing is stored.")
    ] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Say yes to what another person asked for.")
    ] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Say no to it, with --reason.")] = False,
    member: As = None,
    key: Key = None,
    expected_version: Version = None,
    json: Json = False,
) -> None:
    """Ask for a mistake on record to be put right; another person approves, nothing is erased."""
    with house() as opened:
        who = operator(member)
        if approve or refuse or (foresee and is_correction(opened, record)):
            asked = find(opened, correction_named, record)
            if foresee:
                _foresee(opened, asked, who, json=json)
            elif approve:
                agree(opened, who, asked, key, expected_version, json=json)
            else:
                disagree(opened, who, asked, reason, key, expected_version, json=json)
            return
        figures = {
            "price": price, "quantity": quantity, "bid": bid, "offer": offer, "amount": amount,
        }  # fmt: skip
        change = _change(opened, record, part, figures, linked_to, void=void)
        change = replace(change, code=code, evidence=evidence, reason=reason)
        if foresee:
            _foresee(opened, replace(change, reason=reason or "to see"), who, json=json)
        else:
            _ask(opened, who, change, key, expected_version, json=json)


def _foresee(opened: House, what: Change | UUID, who: Member, *, json: bool) -> None:
    opened.catch_up()
    show_preview(preview(opened, what, who.name), json=json)


def _ask(
    opened: House, who: Member, change: Change, key: str | None, version: int | None, *, json: bool
) -> None:
    outcome = request_correction(
        opened.desk,
        command(opened, who, "correct", change, key=key),
        who,
        change,
        expected_version=version,
    )
    opened.catch_up()
    if json:
        as_json(outcome)
        return
    named = str(outcome.stream)[:8]
    console.print(f"asked for as correction {named} [dim](position {outcome.position})[/dim]")
    console.print(
        "[dim]Another person approves it: in Discord, over the API, or here with truetape "
        f"correct {named} --approve if it was not asked for on this server.[/dim]"
    )


def _change(
    opened: House,
    record: str,
    part: str,
    figures: dict[str, str | None],
    linked_to: str | None,
    *,
    void: bool,
) -> Change:
    """What is to be put right of which record.

    Raises:
        NotFound, InvalidInput: something is named that is not there, or a figure is no number.
    """
    target, stream = find(opened, record_named, record)
    if linked_to is not None and target is not Target.TRADER:
        raise InvalidInput("only traders are linked: name one as trader:NAME")
    other: UUID | None = None
    if linked_to is not None:
        other = find(opened, trader_named, linked_to)
    given = {name: None if text is None else number(text, name) for name, text in figures.items()}
    return Change(
        target=target,
        stream=stream,
        part=part or ("1" if target is Target.SIGNAL and not void else ""),
        void=void,
        price=given["price"],
        quantity=given["quantity"],
        bid=given["bid"],
        offer=given["offer"],
        amount=given["amount"],
        linked_to=other,
        reason="",
    )
