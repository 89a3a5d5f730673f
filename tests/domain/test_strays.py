"""Reports of orders that nobody here asked for are kept whole until somebody claims them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from adapters.mapper import encode_body
from domain.reports import ExecType, ExecutionReport
from domain.shared import Impossible, InvalidInput
from domain.strays import Strays, stray_stream
from tests.domain.told import names_of, replayed, state_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
ORDER = UUID(int=7)


def report(exec_id: str = "e-1", minute: int = 0, **changes: Any) -> ExecutionReport:
    fields: dict[str, Any] = {
        "cl_ord_id": "by-hand",
        "last_qty": Decimal(1),
        "last_px": Decimal(2),
    } | changes
    return ExecutionReport(
        exec_type=ExecType.TRADE,
        exec_id=exec_id,
        transact_time=NOON + timedelta(minutes=minute),
        **fields,
    )


def strays(first: ExecutionReport | None = None) -> Strays:
    return Strays.begin(account="main", report=first or report(), at=NOON)


def test_the_account_and_the_clients_id_name_the_stream() -> None:
    assert strays().id == stray_stream("main", "by-hand")


def test_an_order_without_a_clients_id_goes_by_the_brokers() -> None:
    assert strays(report(cl_ord_id="", order_id="b-1")).id == stray_stream("main", "b-1")


def test_a_report_that_names_no_order_is_refused() -> None:
    with pytest.raises(InvalidInput, match="neither a ClOrdID nor an order"):
        strays(report(cl_ord_id=""))


def test_every_report_is_kept_once() -> None:
    found = strays()
    assert found.keep(report("e-2", 1), at=NOON) is True
    assert found.keep(report("e-2", 1), at=NOON) is False
    assert found.keep(report("e-1"), at=NOON) is False
    assert names_of(told_by(found)) == ["report.stray", "report.stray_again"]


def test_without_an_exec_id_a_report_is_known_by_its_time_and_count() -> None:
    found = strays(report("", cum_qty=Decimal(1)))
    assert found.keep(report("", cum_qty=Decimal(1)), at=NOON) is False
    assert found.keep(report("", cum_qty=Decimal(2)), at=NOON) is True


def test_a_claim_hands_them_over_in_the_order_of_their_times() -> None:
    found = strays(report("late", 5))
    found.keep(report("early", 1), at=NOON)
    handed = found.claim(ORDER, by="ana", at=NOON)
    assert [each.exec_id for each in handed] == ["early", "late"]
    assert found.claimed == ORDER
    assert found.claim(ORDER, by="ana", at=NOON) == handed, "claiming again hands them over again"
    events = told_by(found)
    assert names_of(events)[-1] == "report.claimed"
    assert names_of(events).count("report.claimed") == 1
    assert state_of(replayed(events)) == state_of(found)


def test_what_one_order_claimed_is_no_others() -> None:
    found = strays()
    found.claim(ORDER, by="ana", at=NOON)
    with pytest.raises(Impossible, match="another order's already"):
        found.claim(UUID(int=8), by="ana", at=NOON)


def test_figures_that_are_no_numbers_are_told_in_the_text() -> None:
    found = strays(report(last_px=Decimal("NaN"), limit_px=Decimal("Infinity"), text="odd"))
    (event,) = told_by(found)
    assert encode_body(event), "it can be stored"
    kept = found.reports[0]
    assert kept.last_px == 0
    assert kept.limit_px is None
    assert kept.text == "odd [no numbers: last_px NaN, limit_px Infinity]"
