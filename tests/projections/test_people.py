"""Which traders are one person, and whose money an account trades."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from domain.accounts import Account
from projections.people import People, grouped, links, one_person, owners, people
from projections.runner import Runner
from tests.projections import desk
from tests.projections.given import Story, current, fields
from tests.projections.tape import Tape, reading

A, B, C, D = (UUID(int=number) for number in range(1, 5))


def test_a_person_goes_by_the_trader_who_is_linked_to_nobody_else() -> None:
    assert grouped({}) == {}
    assert grouped({A: D, C: B}) == {A: D, D: D, C: B, B: B}
    assert grouped({A: B, B: D, C: B}) == dict.fromkeys((A, B, C, D), D)


def test_links_that_lead_in_a_circle_still_make_one_person() -> None:
    assert grouped({C: B, B: C, D: C}) == dict.fromkeys((B, C, D), B)
    assert grouped({D: C, C: B, B: C}) == dict.fromkeys((B, C, D), B)


def test_a_link_is_there_until_it_is_taken_back() -> None:
    model = People()
    story = Story(model)
    first, second = desk.trader("7"), desk.trader("8")
    second.link(first.id, reason="one phone", evidence=("ip", "hours"), by="ana", at=desk.minute(1))
    story.tell(second)
    (row,) = current(model.links)
    assert fields(row, "trader", "to_trader", "reason", "evidence", "by") == (
        second.id, first.id, "one phone", "ip\nhours", "ana",
    )  # fmt: skip
    second.unlink(reason="a mistake", by="ana", at=desk.minute(2))
    story.tell(second)
    assert current(model.links) == []


def test_people_are_known_now_and_as_once_known(tape: Tape) -> None:
    first, second, third = desk.trader("7"), desk.trader("8"), desk.trader("9")
    book = Account.open(name="own", broker="paper", cash=Decimal(1000), at=desk.NOON)
    for aggregate in (first, second, third, book):
        tape.save(aggregate)
    second.link(first.id, reason="one phone", by="ana", at=desk.minute(1))
    alone = tape.save(second)
    third.link(second.id, reason="one phone", by="ana", at=desk.minute(2))
    tape.save(third)
    book.name_owner(third.id, reason="their name on it", by="ana", at=desk.minute(3))
    owned = tape.save(book)
    book.name_owner(None, reason="sold", by="ana", at=desk.minute(4))
    tape.save(book)
    second.unlink(reason="a shared phone", by="ana", at=desk.minute(5))
    tape.save(second)
    runner = Runner(reading(tape.url), [People])
    runner.start()
    runner.catch_up()
    who = tape.connection
    assert people(who) == dict.fromkeys((second.id, third.id), second.id)
    assert people(who, alone) == dict.fromkeys((first.id, second.id), first.id)
    assert people(who, alone - 1) == {}
    assert set(people(who, owned).values()) == {first.id}
    assert one_person(who, third.id, owned) == sorted([first.id, second.id, third.id])
    assert one_person(who, first.id) == [first.id]
    assert [row.trader for row in links(who)] == [third.id]
    assert [(row.name, row.owner) for row in owners(who, as_of=owned)] == [("own", third.id)]
    assert owners(who) == []
    runner.close()
