"""Who waits for news of the tape is told how far it goes, and hears of what came before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from adapters.tape_news import TapeNews
from application.ports import Unavailable
from tests.adapters.notes import append, batch, drop_connections
from tests.patience import PATIENCE_S


@pytest.fixture
def news(database_url: str) -> Iterator[TapeNews]:
    with closing(TapeNews(database_url)) as news:
        yield news


def test_who_begins_to_listen_may_have_missed_something(news: TapeNews) -> None:
    assert news.wait(PATIENCE_S) is None


def test_what_is_appended_is_told(news: TapeNews, database_url: str) -> None:
    news.wait(0)
    append(database_url, batch(uuid4(), 1, 2))
    append(database_url, batch(uuid4(), 1))
    # The first one may be told before the second one is there.
    assert 3 in (news.wait(PATIENCE_S), news.wait(0.1))


def test_where_nothing_happens_there_is_no_news(news: TapeNews) -> None:
    news.wait(0)
    assert news.wait(0.01) is None


def test_a_lost_connection_is_said_and_opened_anew(news: TapeNews, database_url: str) -> None:
    news.wait(0)
    drop_connections(database_url)
    with pytest.raises(Unavailable):
        news.wait(PATIENCE_S)
    news.close()
    assert news.wait(PATIENCE_S) is None
    append(database_url, batch(uuid4(), 1))
    assert news.wait(PATIENCE_S) == 1
