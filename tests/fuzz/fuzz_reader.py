"""Throws mutated messages at the reader: it must never raise, never dawdle, never book nonsense.

    python -m tests.fuzz.fuzz_reader [-max_total_time=600] [further libFuzzer options] [FOLDER]

It needs the `fuzz` extra (`pip install -e .[fuzz]`). What fails is written as `crash-...`, and
`python -m tests.fuzz.fuzz_reader crash-...` plays it again. The messages of tests/data/chat are
what it starts from; a FOLDER keeps the interesting ones from run to run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["domain"]):
    from domain.fix import PositionEffect
    from domain.grammar.reader import read
    from domain.grammar.reading import Embed, EmbedField, MessageText, Reading, Room
    from domain.grammar.roots import is_whole, symbol_of
    from domain.shared import InvalidInput

FIRST_DAY = datetime(2021, 1, 4, 15, tzinfo=UTC)
ROOMS = (
    Room(),
    Room(default_root="SPX", default_expiry="0dte"),
    Room(default_expiry="weekly", language="ru"),
)
LONGEST = 6000
"""Characters: more than Discord takes in a message, as much as in an embed."""
SLOW_S = 0.25


def one_message(data: bytes) -> None:
    """Reads one message made of the bytes.

    Raises:
        AssertionError: the reading cannot be right, or took too long.
    """
    source = atheris.FuzzedDataProvider(data)
    room = ROOMS[source.ConsumeIntInRange(0, len(ROOMS) - 1)]
    posted_at = FIRST_DAY + timedelta(hours=source.ConsumeIntInRange(0, 24 * 365 * 6))
    if source.ConsumeIntInRange(0, 3) == 0:
        title, name = source.ConsumeUnicode(60), source.ConsumeUnicode(30)
        words = source.ConsumeUnicode(LONGEST)
        half = len(words) // 2
        fold = EmbedField(name=name, value=words[half:])
        embed = Embed(title=title, description=words[:half], fields=(fold,))
        message = MessageText(embeds=(embed,), posted_at=posted_at)
    else:
        rest = source.ConsumeBytes(LONGEST)
        message = MessageText(content=rest.decode("utf-8", "replace"), posted_at=posted_at)
    # Of a busy machine the clock would tell more than of the reading.
    started = time.thread_time()
    reading = read(message, room)
    took = time.thread_time() - started
    assert took < SLOW_S, f"{took:.3f} s for {message}"
    require_sense(reading, message)


def require_sense(reading: Reading, message: MessageText) -> None:
    """Checks what holds for every reading, whatever the words."""
    assert 0 <= reading.confidence <= 1, message
    for trade in reading.trades:
        for number in (trade.price, trade.price_to, trade.quantity, trade.fraction):
            assert number is None or number.is_finite(), message
        opens = trade.action.position_effect is PositionEffect.OPEN
        assert trade.price is None or trade.price > 0 or (trade.price == 0 and not opens), message
        assert trade.fraction is None or 0 < trade.fraction <= 1, message
        for leg in trade.legs:
            if is_whole(leg):
                try:
                    symbol_of(leg, message.posted_at.date())
                except InvalidInput:
                    continue  # the application says so to the author


def seeds(folder: Path) -> Path:
    """The messages of the rooms, one file each, in the form that `one_message` takes."""
    from tests.reading.rooms import lines_of, room_names

    for room in room_names():
        for line in lines_of(room):
            words = line.message.content.encode()
            if words:
                # The provider takes its numbers from the end of the bytes.
                (folder / f"{room}-{line.message.message_id}").write_bytes(words + b"\x01\x00\x00")
    return folder


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="seeds-") as made:
        played_again = any(not word.startswith("-") for word in sys.argv[1:])
        extra = [] if played_again else [str(seeds(Path(made)))]
        atheris.Setup([*sys.argv, f"-max_len={LONGEST}", *extra], one_message)
        atheris.Fuzz()
