"""Which of the services' logs are shown on the terminal, and how they are shortened."""

import json
import re
from typing import Any

_HIDDEN = {"level", "timestamp", "service", "event", "exception"}
_HTTP_SERVER = re.compile(
    r'"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /|connection (open|closed)|\[accepted\]'
    r"|^(Started|Finished) server process|^Waiting for |^Application (startup|shutdown)|^Uvicorn running|^Shutting down"
)
_BROKER_TROUBLE = re.compile(r"\[(WRN|ERR|FTL)\] (.*)")
_EXPECTED = "Plaintext passwords detected"  # generated ones, in a file for its owner only
_LEVELS = {"warning": "yellow", "error": "red", "critical": "red"}


def shown(service: str, line: str) -> tuple[str, str] | None:
    """The short form of a log line and its colour; None for lines that only go to the log file."""
    if line.startswith("{"):
        try:
            return _structured(service, json.loads(line))
        except ValueError:
            return None
    trouble = None if _EXPECTED in line else _BROKER_TROUBLE.search(line)
    return (f"{service:<11} {trouble[2]}", "yellow") if trouble else None


def _structured(service: str, entry: dict[str, Any]) -> tuple[str, str] | None:
    level, event = str(entry.get("level", "info")), str(entry.get("event", ""))
    if level == "debug" or _HTTP_SERVER.search(event):
        return None
    fields = " ".join(f"{name}={_short(value)}" for name, value in entry.items() if name not in _HIDDEN)
    return f"{service:<11} {event} {fields}".rstrip(), _LEVELS.get(level, "dim")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else text[:79] + "…"
