"""Bring languages of a task up to a stage, as far as its stop allows, and let them pass the stop."""

from collections.abc import Sequence

from services.gateway.db import Session
from services.gateway.db.tables import Task, TaskLanguage, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.board import LAST, request
from services.gateway.pipeline.board import retry as do_again
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.steps import carry_out
from services.gateway.pipeline.stops import by_goal, may_go_to, stop_of
from shared.pipeline import BASE, Stage


def start(session: Session, task: Task, languages: Sequence[str], stage: Stage) -> list[str]:
    """Begin what was requested, and return the languages that wait for approval instead."""
    rows = pipeline_rows.languages(session, [task.task_id]).get(task.task_id, [])
    approved = [row.language for row in rows if row.approved_at is not None] + [BASE]
    groups = by_goal(pipeline_rows.board(session, task), languages, stage, stop_of(task.config), approved)
    waiting = groups.pop(None, [])
    for goal, going in groups.items():
        if goal is not None:
            carry_out(session, task, request(pipeline_rows.board(session, task), going, goal))
    return waiting


def retry(session: Session, task: Task) -> bool:
    """Retry what failed or was canceled, including the fetching of the video; False if there was nothing."""
    fetches = pipeline_rows.fetch_again(session, task.task_id)
    steps = do_again(pipeline_rows.board(session, task))
    if fetches or steps:
        carry_out(session, task, steps)
    return fetches or bool(steps)


def approve(session: Session, task: Task, row: TaskLanguage, by: str) -> bool:
    """Let a language that is at its stop go on to its end; False if it is not at its stop."""
    board = pipeline_rows.board(session, task)
    if may_go_to(board, row.language, LAST, stop_of(task.config), approved=False) is not None:
        return False
    row.approved_by, row.approved_at = by, now()
    tell(session, task, row.language, "language", "approved", by=by, stop_after=stop_of(task.config))
    session.flush()
    start(session, task, [row.language], LAST)
    return True
