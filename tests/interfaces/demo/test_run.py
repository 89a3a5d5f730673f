"""A small demo, played through the same commands as the whole one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from adapters.databases import drop_database
from adapters.embedded import Servers
from interfaces.cli.ranking import board_of
from interfaces.clock import SetClock
from interfaces.compose import DEMO_DATABASE, House, open_house
from interfaces.demo.characters import TRADERS, Character
from interfaces.demo.done import Finished, begin, finished
from interfaces.demo.run import run_demo
from interfaces.settings import Settings
from projections.leaderboards import Board, By
from projections.windows import Window

TODAY = datetime(2025, 11, 22, 12, 0, tzinfo=UTC)
"""A Saturday after four sessions; options of that week expired on the last of them."""

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class PlugPulled(Exception):
    """The demo was interrupted."""


class Played(NamedTuple):
    """A demo that was played, and where."""

    settings: Settings
    done: Finished
    head: int
    board: Board


def board(house: House) -> Board:
    return board_of(house, Window.ALL, By.RETURN)


def play(settings: Settings, *, until: float = 2.0) -> Played:
    """As `truetape demo` begins; `until` is the part at which the plug is pulled."""

    def progress(what: str, part: float) -> None:
        if part >= until:
            raise PlugPulled(what)

    clock = SetClock(LONG_AGO)
    begin(settings.demo_folder)
    with open_house(settings, clock, fresh=True) as house:
        done = run_demo(
            house,
            clock,
            settings.demo_folder,
            today=TODAY,
            progress=progress,
            sessions_count=4,
            messages_min=120,
        )
        return Played(settings, done, house.head(), board(house))


@pytest.fixture(scope="module")
def played(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A demo that was interrupted in the middle, and then begun anew."""
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        demo=True,
    )
    with pytest.raises(PlugPulled):
        play(settings, until=0.4)
    assert finished(settings.demo_folder) is None
    yield play(settings)
    drop_database(servers.database_url, DEMO_DATABASE)


@pytest.fixture
def house(played: Played) -> Iterator[House]:
    """The demo's house as the next start opens it."""
    with open_house(played.settings, SetClock(played.done.ends_at)) as opened:
        yield opened


def test_it_ends_with_a_board_after_the_last_close(played: Played) -> None:
    assert len(played.board.standings) > 10
    assert any(standing.closed for standing in played.board.standings)
    last_close = datetime(2025, 11, 21, 21, 0, tzinfo=UTC)
    assert played.done.ends_at - last_close == timedelta(hours=4)


def test_the_next_start_shows_the_same_and_adds_nothing(played: Played, house: House) -> None:
    assert finished(played.settings.demo_folder) == played.done
    house.catch_up()
    assert (house.head(), board(house)) == (played.head, played.board)


def test_playing_it_anew_in_the_same_folder_gives_the_same_record(played: Played) -> None:
    again = play(played.settings)
    assert (again.done, again.head) == (played.done, played.head)
    assert again.board == played.board


def test_entries_that_exaggerators_boast_of_were_not_to_be_had(house: House) -> None:
    boasters = {trader.nickname for trader in TRADERS if trader.character is Character.EXAGGERATOR}
    honest = {trader.nickname for trader in TRADERS} - boasters
    share = {}
    for names in (boasters, honest):
        with house.reader.connection() as connection:
            (part,) = connection.execute(
                "SELECT avg(s.unattainable::int) FROM read.signal_feed s"
                " JOIN read.trader_profiles t ON t.trader = s.trader AND t.valid_to = s.valid_to"
                " WHERE t.name = ANY(%s) AND s.valid_to = 9223372036854775807",
                (list(names),),
            ).fetchone() or (None,)
        assert part is not None
        share[names == boasters] = part
    assert share[True] > 0.5
    assert share[False] < 0.1


def test_everything_that_a_community_sees_happens(house: House) -> None:
    with house.reader.connection() as connection:
        names = {
            row[0] for row in connection.execute("SELECT DISTINCT name FROM tape.events").fetchall()
        }
    assert names >= {
        "message.captured", "message.deleted", "trader.registered", "signal.posted",
        "signal.price_checked", "signal.approved", "signal.rejected", "signal.exit_called",
        "signal.closed", "signal.settled", "signal.corrected", "signal.voided", "order.filled",
        "mark.recorded", "room.configured",
    }  # fmt: skip


def test_nothing_stands_still_when_it_is_over(house: House) -> None:
    assert house.behind() == []
    assert {status.state for status in house.projection_statuses()} == {"running"}
    assert {status.state for status in house.reaction_statuses()} == {"running"}
