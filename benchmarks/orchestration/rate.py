"""Jobs per second and CPU per job, from the first upload to the last export."""

import time
from pathlib import Path
from typing import Any

from benchmarks.orchestration.seeding import spread
from benchmarks.orchestration.stack import LANGUAGES, Stack, cost, stack

TASKS, LINES = 60, 40
LONG_TASKS, LONG_LINES = 2, 2000
IN_FLIGHT = (100, 1000, 10_000)
_FIRST, _COUNTED = 60, 400
_SWEEPS_S = 60.0
_DONE = "SELECT count(*) FROM jobs WHERE state = 'done'"


def sqlite(path: Path) -> dict[str, Any]:
    """Many short videos on SQLite."""
    return _whole(path, TASKS, LINES, postgres=False)


def postgres(path: Path) -> dict[str, Any]:
    """The same on PostgreSQL, which does not wait for its disk here."""
    return _whole(path, TASKS, LINES, postgres=True)


def long(path: Path) -> dict[str, Any]:
    """A few long videos; what their jobs leave in the database."""
    return _whole(path, LONG_TASKS, LONG_LINES, postgres=False)


def flight(path: Path) -> dict[str, Any]:
    """CPU per job while more and more tasks wait."""
    found = {}
    for tasks in IN_FLIGHT:
        with stack(path.with_name(f"flight-{tasks}")) as running:
            template = running.send(LINES)
            spread(running.database, template, tasks - 1)
            with running.workers():
                _until(running, _FIRST)
                before = running.counted(_DONE)
                with cost(running) as figures:
                    _until(running, before + _COUNTED)
                jobs = running.counted(_DONE) - before
        found[str(tasks)] = _per_job(figures, jobs)
    least, most = found[str(IN_FLIGHT[0])], found[str(IN_FLIGHT[-1])]
    return {"in_flight": found, "growth": round(_total(most) / _total(least), 2)}


def _whole(path: Path, tasks: int, lines: int, *, postgres: bool) -> dict[str, Any]:
    with stack(path, postgres=postgres) as running, running.workers():
        with cost(running) as figures:
            for _ in range(tasks):
                running.send(lines)
            running.finish(tasks)
        jobs = running.counted(_DONE)
        kept = _kept(running)
    return {
        "tasks": tasks,
        "lines": lines,
        **_per_job(figures, jobs),
        "kept_bytes": round(kept / tasks / len(LANGUAGES)),
    }


def _kept(running: Stack) -> int:
    """Bytes of messages that are left after a few sweeps."""
    deadline, kept = time.monotonic() + _SWEEPS_S, 1
    while kept and time.monotonic() < deadline:
        time.sleep(1.0)
        kept = running.counted("SELECT sum(length(payload) + coalesce(length(document), 0)) FROM jobs")
    return kept


def _until(running: Stack, jobs: int) -> None:
    while running.counted(_DONE) < jobs:
        time.sleep(0.1)


def _per_job(figures: dict[str, Any], jobs: int) -> dict[str, Any]:
    cpu_ms = {name: round(seconds * 1000 / jobs, 2) for name, seconds in figures["cpu_s"].items()}
    return {
        "jobs": jobs,
        "jobs_per_s": round(jobs / figures["seconds"], 1),
        "cpu_ms": cpu_ms,
        "others_share": figures["others_share"],
    }


def _total(figures: dict[str, Any]) -> float:
    return float(sum(figures["cpu_ms"].values()))
