"""Files with the history of an account: what is read, and what is told and left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.account_files import AccountFile, read_account_file
from domain.activities import ActivityKind
from domain.shared import InvalidInput

D = Decimal
HEADER = "id,time,type,symbol,side,quantity,price,amount,commission,order_id"
BOUGHT = "1,2026-03-02T15:00:00Z,fill,TSLA261120C00250000,buy,9,5.52,,6.30,b-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(folder: Path, *rows: str, header: str = HEADER) -> AccountFile:
    file = folder / "history.csv"
    file.write_text("\n".join([header, *rows]))
    return read_account_file(file)


def alpaca(folder: Path, *items: object, lines: bool = False) -> AccountFile:
    file = folder / "activities.json"
    told = [json.dumps(item) for item in items]
    file.write_text("\n".join(told) if lines else f"[{','.join(told)}]")
    return read_account_file(file)


def test_a_fill_says_what_it_did_to_position_and_cash(folder: Path) -> None:
    (fill,) = read(folder, BOUGHT).activities
    assert (fill.kind, fill.symbol) == (ActivityKind.FILL, "TSLA  261120C00250000")
    assert (fill.quantity, fill.price, fill.amount) == (D(9), D("5.52"), D("-4974.30"))
    assert fill.happened_at == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert fill.order_id == "b-1"
    assert json.loads(fill.raw)["commission"] == "6.30"


def test_a_sale_brings_cash(folder: Path) -> None:
    (fill,) = read(folder, "2,2026-03-02T15:00:00Z,fill,TSLA,sell_short,10,250,,,").activities
    assert (fill.quantity, fill.amount) == (D(-10), D(2500))


def test_other_kinds_say_what_they_do_themselves(folder: Path) -> None:
    expiry, fee, odd = read(
        folder,
        "1,2026-11-20T21:00:00Z,expiry,TSLA261120C00250000,,-9,,,,",
        "2,2026-11-20,fee,,,,,-0.04,,",
        '3,2026-11-20T21:00:00-05:00,"Reorg Fee",?!,,,,"$1,000.50",,',
    ).activities
    assert (expiry.kind, expiry.quantity) == (ActivityKind.EXPIRY, D(-9))
    assert (fee.kind, fee.amount) == (ActivityKind.FEE, D("-0.04"))
    assert (odd.kind, odd.amount, odd.symbol) == (ActivityKind.UNCLASSIFIED, D("1000.50"), "?!")
    assert odd.happened_at == datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",2026-03-02T15:00:00Z,fee,,,,,-1,,", "it has no id"),
        ("9,yesterday,fee,,,,,-1,,", "'yesterday' is no time"),
        ("9,2026-03-02,fill,TSLA,buy,0,250,,,", "a quantity and a price"),
        ("9,2026-03-02,fill,TSLA,buy,1,,,,", "a quantity and a price"),
        ("9,2026-03-02,fill,TSLA,hold,1,250,,,", "'hold' is no side"),
        ("9,2026-03-02,fill,?!,buy,1,250,,,", "?!"),
        ("9,2026-03-02,fill,TSLA,buy,many,250,,,", "'many' is no quantity"),
        ("9,2026-03-02,fee,,,,,NaN,,", "'NaN' is no amount"),
        ("1,2026-03-02,fee,,,,,-1,,", "the id 1 is on line 2 already"),
        ("9,2026-03-02,fee,,,,,-1,,,more", "more fields than the header"),
    ],
)
def test_a_row_that_cannot_be_right_is_told_with_its_line(folder: Path, row: str, why: str) -> None:
    found = read(folder, BOUGHT, row)
    assert [each.activity_id for each in found.activities] == ["1"]
    (bad,) = found.bad
    assert (bad.file, bad.line) == ("history.csv", 3)
    assert why in bad.why


def test_a_file_without_its_columns_is_no_history(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="it lacks id, type"):
        read(folder, header="when,time,what")


def test_a_file_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_account_file(folder / "none.csv")


@pytest.mark.parametrize("lines", [False, True])
def test_alpacas_activities_are_read_as_its_api_gives_them(folder: Path, lines: bool) -> None:
    fill, dividend = alpaca(
        folder,
        {
            "activity_type": "FILL", "id": "20260302::x", "cum_qty": "9", "price": "5.52",
            "qty": "9", "side": "buy", "symbol": "TSLA261120C00250000", "order_id": "b-1",
            "transaction_time": "2026-03-02T15:00:00Z",
        },
        {"activity_type": "DIV", "id": "20260303::y", "date": "2026-03-03", "net_amount": "1.02"},
        lines=lines,
    ).activities  # fmt: skip
    assert (fill.quantity, fill.amount, fill.order_id) == (D(9), D(-4968), "b-1")
    assert (dividend.kind, dividend.amount) == (ActivityKind.DIVIDEND, D("1.02"))


def test_what_alpaca_says_in_an_unknown_form_is_kept_and_what_has_no_id_is_not(
    folder: Path,
) -> None:
    found = alpaca(folder, {"activity_type": "FEE", "id": "1", "qty": "a few"}, 7, {"id": ""})
    assert [each.kind for each in found.activities] == [ActivityKind.UNCLASSIFIED]
    assert [(bad.line, bad.why[:14]) for bad in found.bad] == [
        (2, "it is no activ"), (3, "it has no id"),
    ]  # fmt: skip


def test_a_list_that_is_cut_off_is_no_file(folder: Path) -> None:
    file = folder / "cut.json"
    file.write_text('[{"id": "1"},')
    with pytest.raises(InvalidInput, match="no JSON list"):
        read_account_file(file)
