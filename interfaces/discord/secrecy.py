"""Secrecy: whoever has the token is the bot, so it stands in no log, whatever a library writes."""

from __future__ import annotations

import logging

REDACTED = "[token]"


class WithoutToken(logging.Filter):
    """Takes the token out of a log record: of its words and of the traceback below them."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        if not self._token:
            return True
        record.msg, record.args = self._without(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._without(record.exc_text)
        return True

    def _without(self, text: str) -> str:
        return text.replace(self._token, REDACTED)


def keep_secret(token: str) -> None:
    """Keeps the token out of all that is logged from here on, by the handlers there are."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(WithoutToken(token))
