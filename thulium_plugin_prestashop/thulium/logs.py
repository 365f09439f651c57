"""Structured logs: one JSON object a line, on standard error, without secrets."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, Final

from thulium_plugin_prestashop.transport import RedactingFilter, Redactor

_PACKAGE: Final = __name__.partition(".")[0]


class JsonFormatter(logging.Formatter):
    """``{"time", "level", "logger", "message", "error"?}``; further fields from ``extra={"fields": {…}}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            entry |= fields
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            entry["error"] = record.exc_text
        return json.dumps(entry, ensure_ascii=False, default=str)


class _ChatterFilter(logging.Filter):
    """Keeps out what libraries tell of their own workings. That is not only noise: on level DEBUG the database driver
    writes out every value that it stores.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(_PACKAGE):
            return True
        # stamina warns of every retry by itself; what came of them is said by who asked.
        return record.levelno >= (logging.ERROR if record.name == "stamina" else logging.WARNING)


def handler(level: str, secrets: Iterable[str], stream: IO[str] | None = None) -> logging.Handler:
    """A handler for the root logger; the caller adds it, and takes it away at the end."""
    made = logging.StreamHandler(stream or sys.stderr)
    made.setLevel(level.upper())
    made.setFormatter(JsonFormatter())
    made.addFilter(_ChatterFilter())
    made.addFilter(RedactingFilter(Redactor(secrets)))
    return made
