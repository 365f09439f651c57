"""Structured logs: one JSON object a line, on standard error, without secrets."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO

from thulium_plugin_prestashop.transport import RedactingFilter, Redactor


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
    """Keeps out what libraries tell of their own workings: each retry by itself, each step of opening a database."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or record.name.partition(".")[0] not in {"alembic", "stamina"}


def handler(level: str, secrets: Iterable[str], stream: IO[str] | None = None) -> logging.Handler:
    """A handler for the root logger; the caller adds it, and takes it away at the end."""
    made = logging.StreamHandler(stream or sys.stderr)
    made.setLevel(level.upper())
    made.setFormatter(JsonFormatter())
    made.addFilter(_ChatterFilter())
    made.addFilter(RedactingFilter(Redactor(secrets)))
    return made
