"""The terminal shows what matters; the log files have the rest."""

import json

import pytest

from localclip.logview import shown


def line(event: str, level: str = "info", **fields: object) -> str:
    return json.dumps({"event": event, "level": level, "timestamp": "2030-01-01", "service": "cloner", **fields})


def test_a_structured_line_becomes_event_and_fields() -> None:
    """Time, level and service are not repeated."""
    assert shown("cloner", line("job_started", task="t", attempt=1)) == (
        "cloner      job_started task=t attempt=1",
        "dim",
    )


def test_warnings_and_errors_stand_out() -> None:
    """By colour."""
    assert shown("cloner", line("job_failed", "warning")) == ("cloner      job_failed", "yellow")
    assert shown("cloner", line("job_failed", "error")) == ("cloner      job_failed", "red")


@pytest.mark.parametrize(
    "hidden",
    [
        line("fetched", "debug"),
        line('127.0.0.1:5000 - "GET /readyz HTTP/1.1" 200'),
        line("Application startup complete."),
        "[10] 2030/01/01 10:00:00 [INF] Server is ready",
        '  File "app.py", line 3, in main',
        "{half a line",
        "",
    ],
)
def test_noise_is_left_to_the_log_file(hidden: str) -> None:
    """Requests, debugging, the broker's good news, tracebacks."""
    assert shown("any", hidden) is None


def test_trouble_of_the_broker_is_shown() -> None:
    """Its log is not JSON."""
    assert shown("nats-server", "[10] 2030/01/01 10:00:00 [ERR] disk full") == ("nats-server disk full", "yellow")
