"""A file of messages reads as it would be booked, against what its earlier lines opened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.reaction_runner import ReactionRunner
from application.booking import Booking
from application.desk import Desk
from application.intake import SeenMessage, capture
from application.parsing import Parsed, Parser, RoomOf
from domain.grammar.reading import Action, Kind, Room
from domain.signal_events import SignalAdded, SignalExitCalled, SignalPosted
from tests.application.acts import catch_up, events

D = Decimal
NOON = datetime(2025, 11, 13, 17, tzinfo=UTC)


def messages(*said: str, author: str = "nora", channel: str = "options") -> list[SeenMessage]:
    """A minute apart; `name: words` is said by somebody else."""
    found = []
    for number, words in enumerate(said):
        by, colon, rest = words.partition(": ")
        named = colon and by.isalpha() and by.islower()
        found.append(
            SeenMessage(
                platform="discord",
                message_id=str(number),
                channel=channel,
                author_id=by if named else author,
                author_name=by if named else author,
                content=rest if named else words,
                posted_at=NOON + timedelta(minutes=number),
            )
        )
    return found


def parsed(*said: str, context: bool = True, room: Room | None = None) -> list[Parsed]:
    rooms = RoomOf({("options", ""): room} if room else {})
    parser = Parser(rooms, context=context)
    return [parser.parse(message) for message in messages(*said)]


def test_an_entry_is_given_in_its_parts() -> None:
    (reading,) = parsed("BTO 5 TSLA 250c 11/21 @ 2.30 SL 1.50 PT 3.50")
    (trade,) = reading.trades
    assert (reading.kind, trade.action, trade.symbol) == (Kind.OPEN, Action.BTO, "TSLA")
    assert (trade.strike, trade.right, str(trade.expiry)) == (D(250), "C", "2025-11-21")
    assert (trade.price, trade.quantity, trade.fraction) == (D("2.30"), D(5), None)
    assert (reading.stop, reading.targets) == (D("1.50"), (D("3.50"),))


def test_an_exit_without_the_word_trim_is_partial_because_of_the_position() -> None:
    _, exit_ = parsed("BTO 100 NDX 21000c 11/21 @ 12.00", "STC 50 NDX 21000c @ 14.00")
    (trade,) = exit_.trades
    assert (exit_.kind, trade.action, trade.quantity) == (Kind.TRIM, Action.STC, D(50))
    assert (trade.fraction, str(trade.expiry)) == (D("0.5"), "2025-11-21")


def test_a_bare_out_closes_what_is_left() -> None:
    *_, out = parsed("BTO 4 TSLA 250c 11/21 @ 2", "trim half @ 3", "all out @ 3.5")
    (trade,) = out.trades
    assert (out.kind, trade.symbol, trade.strike, trade.fraction) == (
        Kind.CLOSE, "TSLA", D(250), D(1),
    )  # fmt: skip


def test_an_exit_without_an_open_is_told_and_not_booked() -> None:
    (reading,) = parsed("STC 5 SPY 600c 11/21 @ 1.40")
    assert reading.trades == ()
    assert [trade.symbol for trade in reading.unbooked] == ["SPY"]
    assert (reading.missing, reading.kind) == (("open position",), Kind.CLOSE)
    assert "SPY 600C" in reading.why


def test_what_somebody_else_opened_is_not_closed() -> None:
    _, out = parsed("BTO 4 TSLA 250c 11/21 @ 2", "max: out @ 3.5")
    assert (out.trades, out.missing) == ((), ("open position",))


def test_more_of_what_is_open_is_an_add() -> None:
    _, more, out = parsed(
        "BTO 1 TSLA 250c 11/21 @ 2", "BTO 1 TSLA 250c 11/21 @ 3", "STC 1 TSLA 250c @ 4"
    )
    assert (more.kind, more.trades[0].action) == (Kind.ADD, Action.BTO)
    assert out.trades[0].fraction == D("0.5")


def test_two_that_are_open_are_asked_about() -> None:
    *_, out = parsed("BTO TSLA 250c 11/21 @ 2", "BTO AMD 250c 11/21 @ 3", "out @ 3.5")
    assert (out.trades, out.missing) == ((), ("which position",))


def test_expired_contracts_are_not_open_any_more() -> None:
    parser = Parser(RoomOf())
    opening, closing = messages("BTO TSLA 250c 11/14 @ 2", "out @ 3.5")
    parser.parse(opening)
    later = parser.parse(
        SeenMessage(
            platform="discord",
            message_id="9",
            channel=closing.channel,
            author_id=closing.author_id,
            author_name="nora",
            content=closing.content,
            posted_at=NOON + timedelta(days=5),
        )
    )
    assert later.trades == ()


def test_without_context_an_exit_is_given_as_said() -> None:
    (reading,) = parsed("STC 5 SPY 600c 11/21 @ 1.40", context=False)
    (trade,) = reading.trades
    assert (trade.action, trade.symbol, trade.quantity) == (Action.STC, "SPY", D(5))


def test_an_authors_own_settings_stand_before_the_rooms() -> None:
    spx = Room(default_root="SPX", default_expiry="0dte")
    rooms = RoomOf({("options", ""): spx, ("options", "max"): Room(default_expiry="weekly")})
    assert rooms("options", "7", "max").default_expiry == "weekly"
    assert rooms("options", "8", "nora") == spx
    assert rooms("stocks", "7", "max") == Room()


def test_a_message_reads_as_it_is_booked(desk: Desk, database_url: str) -> None:
    said = messages(
        "BTO 4 TSLA 250c 11/21 @ 2.00 SL 1.50",
        "max: BTO 1 AMD 240p 11/21 @ 3.00",
        "good morning",
        "add 2 TSLA 250c @ 1.80",
        "trim half here @ 2.60",
        "max: cut AMD @ 1.10",
        "BTO 2 SPY 600/605 call vertical 11/21 @ 1.85",
        "STC 1 SPY 600/605 call vertical 11/21 @ 2.20",
        "SL BE on TSLA",
        "TSLA 250c all out @ 3.10",
        "STC 1 QQQ 600c 11/21 @ 2",
    )
    parser = Parser(RoomOf())
    read = [trade for message in said for trade in parser.parse(message).trades]
    capture(desk, said, via="import", actor="member:test", at=NOON + timedelta(hours=1))
    runner = ReactionRunner(database_url, desk, Booking())
    try:
        catch_up(runner)
    finally:
        runner.close()
    booked = [
        (event.price, event.quantity)
        for event in events(desk)
        if isinstance(event, SignalPosted | SignalAdded | SignalExitCalled)
    ]
    assert [price for price, _ in booked] == [trade.price for trade in read]
    for (_, quantity), trade in zip(booked, read, strict=True):
        assert trade.quantity in (None, quantity)
