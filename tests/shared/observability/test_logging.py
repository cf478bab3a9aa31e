"""Logs: one line per event, JSON for machines, the job named on every line."""

import json
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import logging, threading, asyncio
from shared.observability import bind_job, configure_logging, logger

before = logger("module")  # as modules do, before anything is configured
configure_logging("cloner", "debug"{options})
log = logger("module")
log.info("started", port=8080)
with bind_job(task="task_1", language="es", stage="voice_cloning", job="3", attempt=2):
    before.warning("line_failed", line="s0001")
    logging.getLogger("library").error("trouble with %s", "a file", extra={{"size": 3}})
    try:
        raise ValueError("bad\\nvalue")
    except ValueError:
        log.exception("job_failed")

    async def inside():
        await asyncio.to_thread(lambda: logger("thread").info("in_thread"))
    asyncio.run(inside())
log.debug("finished")
logging.getLogger("httpx").info("noise")
"""


def run(options: str) -> list[str]:
    """The lines that the program wrote to stderr."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(options=options)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_lines() -> None:
    """Every line is an object with service, level, time and event; inside a job with the job; libraries included."""
    entries = {entry["event"]: entry for entry in map(json.loads, run(""))}
    assert list(entries) == ["started", "line_failed", "trouble with a file", "job_failed", "in_thread", "finished"]
    job = {"task": "task_1", "language": "es", "stage": "voice_cloning", "job": "3", "attempt": 2}
    for event, entry in entries.items():
        assert entry["service"] == "cloner"
        assert entry["timestamp"].endswith("Z")
        bound = {key: entry[key] for key in job if key in entry}
        assert bound == ({} if event in ("started", "finished") else job)
    assert entries["started"]["port"] == 8080
    assert entries["line_failed"]["level"] == "warning"
    assert entries["trouble with a file"]["size"] == 3
    assert "ValueError: bad\nvalue" in entries["job_failed"]["exception"]


def test_plain_lines() -> None:
    """For a person the same events come as text."""
    text = "\n".join(run(", json=False"))
    assert "line_failed" in text
    assert "task_1" in text
    assert "ValueError: bad" in text
    assert '{"' not in text
    assert "\x1b" not in text  # no terminal, no colours
