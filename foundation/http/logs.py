"""Log lines as JSON: one event a line, with the request id, and no line break that a visitor could smuggle in."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from foundation.audit.context import current_context


class RequestIdFilter(logging.Filter):
    """Adds the request id to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_context().request_id
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line; JSON escapes CR and LF by itself."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request_id", ""),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
