"""A watched channel, in which tests let people talk, edit and delete."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from adapters.reaction_runner import ReactionRunner
from application.booking import Booking
from application.desk import Desk
from application.intake import SeenMessage, capture, notice_deletions
from domain.messages import Message, message_stream
from tests.application.acts import catch_up
from tests.application.conftest import NOON


class Channel:
    """A watched channel: what is said there is captured and booked a minute later each."""

    def __init__(self, desk: Desk, url: str) -> None:
        self.desk = desk
        self.url = url
        self.numbers = count(1)
        self.runner = ReactionRunner(url, desk, Booking())

    def hears(
        self,
        content: str,
        *,
        by: str = "77",
        name: str = "Nora",
        channel: str = "options",
        reply_to: str = "",
        at: datetime | None = None,
        via: str = "gateway",
        lag_s: int | None = None,
    ) -> str:
        """Keeps a message and returns its id."""
        number = next(self.numbers)
        posted_at = at or NOON + timedelta(minutes=number)
        message = SeenMessage(
            platform="discord",
            message_id=str(number),
            channel=channel,
            author_id=by,
            author_name=name,
            content=content,
            reply_to=reply_to,
            posted_at=posted_at,
            received_at=None if lag_s is None else posted_at + timedelta(seconds=lag_s),
        )
        capture(self.desk, [message], via=via, actor="gateway:discord", at=posted_at)
        return message.message_id

    def edits(self, number: str, content: str, *, after_s: int = 60, follow: bool = True) -> None:
        """The author changes a message so long after it was posted."""
        captured = self.desk.load([message_stream("discord", number)])
        (message,) = captured.values()
        assert isinstance(message, Message)
        edited_at = message.posted_at + timedelta(seconds=after_s)
        seen = SeenMessage(
            platform="discord",
            message_id=number,
            channel=message.channel,
            author_id=message.author_id,
            author_name=message.author_name,
            content=content,
            posted_at=message.posted_at,
            edited_at=edited_at,
        )
        capture(self.desk, [seen], via="gateway", actor="gateway:discord", at=edited_at)
        if follow:
            catch_up(self.runner)

    def deletes(self, number: str) -> None:
        """The author takes a message away."""
        stream = message_stream("discord", number)
        later = NOON + timedelta(hours=2)
        notice_deletions(self.desk, [stream], actor="gateway:discord", at=later)
        catch_up(self.runner)

    def books(self, content: str, **how: object) -> str:
        number = self.hears(content, **how)  # type: ignore[arg-type]
        catch_up(self.runner)
        return number

    def close(self) -> None:
        self.runner.close()

    def starts_anew(self) -> None:
        """The program ends and begins: all that was only in memory is gone."""
        self.runner.close()
        self.runner = ReactionRunner(self.url, self.desk, Booking())
