"""What the progress service reacts to."""

import re

from pydantic import ValidationError

from services.progress.board import Board, Unit
from shared.messaging import Fact, RawProgress
from shared.observability import logger
from shared.pipeline import Stage

_SUBJECT = re.compile(r"[^.]+\.[^.]+\.(?P<task>[^.]+)\.(?P<language>[^.]+)\.(?P<topic>[^.]+)\.(?P<name>[^.]+)")
_STAGES = frozenset(Stage)
HEARD = ("started", "completed", "failed", "canceled", "deleted")
"""The names of the facts that mean something here, most facts being others."""
log = logger(__name__)


def on_raw_progress(board: Board, data: bytes, now: float) -> None:
    """A worker's word; one that cannot be read is skipped, the next comes soon."""
    try:
        board.hear(RawProgress.model_validate_json(data), now)
    except ValidationError as error:
        log.warning("raw_progress_unreadable", error=str(error))


def on_fact(board: Board, subject: str, data: bytes, now: float) -> None:
    """A fact about a stage or its task, by its subject."""
    found = _SUBJECT.fullmatch(subject)
    if found is None or found["name"] == "progress":
        return
    if found["topic"] == "task":
        _on_task_fact(board, found["task"], found["name"], now)
    elif found["topic"] in _STAGES:
        unit = Unit(found["task"], found["language"], Stage(found["topic"]))
        try:
            attempt = int(Fact.model_validate_json(data).data.get("attempt", 1))
        except (ValidationError, ValueError, TypeError) as error:
            log.warning("fact_unreadable", subject=subject, error=str(error))
            return
        _on_stage_fact(board, unit, found["name"], attempt, now)


def _on_task_fact(board: Board, task_id: str, name: str, now: float) -> None:
    match name:
        case "deleted":
            board.deleted(task_id, now)
        case "canceled":
            for unit, attempt in board.units_of(task_id):
                board.stopped(unit, attempt, now)


def _on_stage_fact(board: Board, unit: Unit, name: str, attempt: int, now: float) -> None:
    match name:
        case "started":
            board.started(unit, attempt, now)
        case "completed":
            board.completed(unit, attempt, now)
        case "failed" | "canceled":
            board.stopped(unit, attempt, now)
