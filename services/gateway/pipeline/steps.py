"""Carry out the planner's steps in the transaction that read the board, and what is left over in later ones."""

import asyncio
from collections.abc import Iterable, Sequence

from services.gateway.db import Session
from services.gateway.db.engine import Database, DatabaseBusy
from services.gateway.db.tables import StageRun, Task, TaskLanguage, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.board import (
    EndRun,
    NewRun,
    OutdateRun,
    SetGoal,
    SetLanguage,
    SetTask,
    StartRun,
    Step,
    advance,
)
from services.gateway.pipeline.cut import cut
from services.gateway.pipeline.endings import figures, files, languages
from services.gateway.pipeline.facts import about, flag_cancel, log_stage, tell
from services.gateway.pipeline.questions import is_open
from services.gateway.pipeline.rows import add_jobs
from services.gateway.pipeline.stops import stop_of
from services.gateway.script import rows as script_rows
from services.gateway.script.script import Script
from shared.messaging import Tries
from shared.observability import logger
from shared.pipeline import BASE, ErrorCode, Status

log = logger(__name__)


LINES_AT_ONCE = 1000
"""A transaction ends after writing so many lines, or cutting them into jobs, since all others wait for it."""


def carry_out(session: Session, task: Task, steps: Iterable[Step], *, lines: int = 0) -> None:
    """Apply `steps`, then whatever follows from them, until nothing does.

    If a task has many lines, some languages are left to `Cutter`, which begins them in later transactions. `lines`: how
    many lines this one has written already.
    """
    pending = list(steps)
    pipeline_rows.hold(session, task)
    left: set[StartRun] = set()
    while True:
        beside = Script(session, task, BASE)  # segments are read once for all languages that begin together
        for step in pending:
            if isinstance(step, StartRun) and step.language != BASE:
                if lines >= LINES_AT_ONCE:
                    left.add(step)
                    continue
                lines += len(beside.segments)
            _carry_out(session, task, step, beside)
        pending = [step for step in advance(pipeline_rows.board(session, task)) if step not in left]
        if not pending:
            break
    task.uncut = len(left)
    task.updated_at = now()
    task.version += 1
    session.add(task)


class Cutter:
    """Begins the runs that `carry_out` left for later: those of long videos, about a language at a time.

    A task that cannot be cut does not keep the others waiting; what could not begin in ten tries fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tries = Tries()

    async def turn(self) -> None:
        """Begin everything that waits, one task per transaction."""
        broken: set[str] = set()
        while waiting := [task for task in await asyncio.to_thread(self._waiting) if task not in broken]:
            for task_id in waiting:
                try:
                    await asyncio.to_thread(self._begin, task_id)
                    self._tries.over(task_id)
                except DatabaseBusy:
                    raise
                except Exception:  # logged, and tried again in the next turn
                    log.exception("task_not_cut", task=task_id)
                    broken.add(task_id)
                    if self._tries.failed(task_id):
                        await asyncio.to_thread(self._give_up, task_id)

    def _waiting(self) -> Sequence[str]:
        with self._database.read() as session:
            return script_rows.uncut_tasks(session)

    def _begin(self, task_id: str) -> None:
        with self._database.write() as session:
            task = script_rows.locked_task(session, task_id)
            if task is not None and task.deleted_at is None:
                carry_out(session, task, [])

    def _give_up(self, task_id: str) -> None:
        error = (ErrorCode.INTERNAL, "its lines could not be cut into jobs; the gateway's log says more")
        with self._database.write() as session:
            task = script_rows.locked_task(session, task_id)
            if task is not None and task.deleted_at is None:
                begins = [one for one in advance(pipeline_rows.board(session, task)) if isinstance(one, StartRun)]
                ends = [EndRun(one.language, one.stage, one.attempt, Status.FAILED, error) for one in begins]
                carry_out(session, task, ends)


def _carry_out(session: Session, task: Task, step: Step, beside: Script) -> None:
    match step:
        case NewRun(language, stage, attempt):
            run = StageRun(task_id=task.task_id, language=language, stage=stage, attempt=attempt)
            pipeline_rows.add_run(session, run)
            if language == BASE and task.video_size == 0:
                pipeline_rows.fetch_again(session, task.task_id)
        case StartRun():
            _start(session, task, step, beside)
        case EndRun():
            _end(session, task, step)
        case OutdateRun(language, stage, attempt):
            _run(session, task, language, stage, attempt).status = Status.STALE
        case SetGoal(language, goal):
            if row := pipeline_rows.language(session, task.task_id, language):
                row.goal = goal
        case SetLanguage():
            _set_language(session, task, step)
        case SetTask():
            _set_task(session, task, step)


def _run(session: Session, task: Task, language: str, stage: str, attempt: int) -> StageRun:
    found = pipeline_rows.run(session, task.task_id, language, stage, attempt)
    if found is None:
        raise LookupError(f"no run {task.task_id} {language} {stage} {attempt}")
    return found


def _start(session: Session, task: Task, step: StartRun, beside: Script) -> None:
    run = _run(session, task, step.language, step.stage, step.attempt)
    session.flush()
    with session.no_autoflush:  # nothing that changes from here on is read again
        jobs = pipeline_rows.kept_back(session, task, cut(session, task, run, beside))
    add_jobs(session, jobs)
    run.status, run.started_at, run.jobs_total = Status.PROCESSING, now(), len(jobs)
    if language := pipeline_rows.language(session, task.task_id, step.language):
        run.content_version = language.content_version
    tell(session, task, step.language, step.stage, "started", attempt=step.attempt, jobs=len(jobs))
    log_stage(session, task, step.language, step.stage, "started")


_FACT = {Status.COMPLETED: "completed", Status.FAILED: "failed", Status.CANCELED: "canceled"}


def _end(session: Session, task: Task, step: EndRun) -> None:
    run = _run(session, task, step.language, step.stage, step.attempt)
    was_started = run.status == Status.PROCESSING
    run.status, run.finished_at = step.status, now()
    if step.status is Status.COMPLETED:
        run.progress = 100
    else:
        pipeline_rows.cancel_jobs(session, task.task_id, step.language, step.stage, step.attempt)
        if was_started:
            flag_cancel(session, task, step.language)
            task.epoch += 1
    code, message = step.error or (None, None)
    run.error_code, run.error_message = code or run.error_code, message or run.error_message
    if was_started:
        name = _FACT[step.status]
        error = {"error_code": run.error_code, "error_message": run.error_message}
        tell(session, task, step.language, step.stage, name, attempt=step.attempt, **error)
        log_stage(session, task, step.language, step.stage, name, run.error_message or "")


def _set_language(session: Session, task: Task, step: SetLanguage) -> None:
    row = pipeline_rows.language(session, task.task_id, step.language)
    if row is None:
        return
    status = step.status
    if status is Status.COMPLETED and row.exported_version != row.content_version:
        status = Status.STALE  # lines were edited while the export was running
    before, row.status = row.status, status
    row.error_code, row.error_message = step.error or (None, None)
    if status is Status.PENDING and before == Status.PROCESSING and _is_at_stop(task, row):
        told = {"waiting_for": "approval", "stop_after": row.goal, **about(task)}
        tell(session, task, step.language, "language", "waiting", **told)
    if status != before and status not in (Status.PROCESSING, Status.PENDING):
        issues = pipeline_rows.issue_counts(session, [task.task_id]).get((task.task_id, step.language), 0)
        tell(
            session,
            task,
            step.language,
            "language",
            str(status),
            issues=issues,
            gate=row.gate,
            figures=figures(row),
            files=files(task, row),
            error_code=row.error_code,
            error_message=row.error_message,
            **about(task),
        )


def _is_at_stop(task: Task, row: TaskLanguage) -> bool:
    """Whether a language that reached its goal waits for approval there; an open question of the task comes first."""
    return row.approved_at is None and row.goal == stop_of(task.config) and not is_open(task.question)


def _set_task(session: Session, task: Task, step: SetTask) -> None:
    task.status = step.status
    task.error_code, task.error_message = step.error or (None, None)
    if step.status in (Status.COMPLETED, Status.FAILED, Status.CANCELED):
        tell(
            session,
            task,
            "base",
            "task",
            str(step.status),
            error_code=task.error_code,
            error_message=task.error_message,
            languages=languages(session, task),
            **about(task),
        )
