"""How the daemon's log looks: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

TEXT, JSON = "text", "json"


class JsonLines(logging.Formatter):
    """One JSON object a line.

    It has `time` (RFC 3339, UTC), `level`, `process`, `logger`, `message` and, of a fault,
    `exception`: what the text has, and nothing more.

    Args:
        process: Which of the daemon's processes speaks.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """See logging."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def begin(process: str, level: str, kind: str) -> None:
    """Has this process's log go to stderr.

    Args:
        process: Its name.
        level: As in the configuration.
        kind: TEXT or JSON.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonLines(process) if kind == JSON
        else logging.Formatter(f"%(asctime)s %(levelname)s {process} %(name)s: %(message)s")
    )
    logging.basicConfig(level=level.upper(), handlers=[handler])
