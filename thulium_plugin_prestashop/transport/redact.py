"""Keeps secrets out of logs, whatever form they take."""

import base64
import logging
import re
import traceback
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
_WS_KEY: Final = re.compile(r"(ws_key(?:\[\])?(?:=|%3[dD]))[^&\s\"'<>]+")
_BASIC: Final = re.compile(r"(?i)(basic\s+)[a-z0-9+/_-]{8,}={0,2}")


class Redactor:
    """Replaces secrets in text, the longest first, in every spelling they travel in.

    A secret is known raw, percent-encoded (both ways, either case), and inside Basic credentials as user
    (``base64("KEY:")``) with and without its padding. Any ``ws_key=…`` and ``Basic …`` is masked even when the
    secret itself is unknown.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._spellings: list[str] = []
        for secret in secrets:
            self.add(secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._spellings)} spellings)"

    def add(self, secret: str) -> None:
        """Learn one more secret; texts shorter than four characters would mask half of any log and are ignored."""
        if len(secret) < 4:  # noqa: PLR2004 - see the docstring
            return
        spellings = {*self._spellings, *_spellings(secret)}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text with every known secret masked."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return _BASIC.sub(rf"\1{MASK}", _WS_KEY.sub(rf"\1{MASK}", text))


def _spellings(secret: str) -> set[str]:
    basic = base64.b64encode(f"{secret}:".encode()).decode()
    percent = quote(secret, safe="")
    return {
        secret,
        percent,
        percent.lower(),
        quote_plus(secret),
        basic,
        basic.rstrip("="),
        quote(basic, safe=""),
        base64.b64encode(secret.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(f"{secret}:".encode()).decode().rstrip("="),
    }


class RedactingFilter(logging.Filter):
    """A logging filter for handlers: masks secrets in the message, its arguments and its traceback."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redact = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask in place; always lets the record through."""
        record.msg = self._redact(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = self._redact(record.exc_text)
            record.exc_info = None
        if record.stack_info:
            record.stack_info = self._redact(record.stack_info)
        return True
