"""The SQL of operations: counts, and what is silent, finished or to be removed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, delete, func, literal_column, text, update
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from services.gateway.db.tables import (
    KEPT_MESSAGES,
    LEAVING,
    UPLOADING,
    WAITING_FACTS,
    IdempotencyRow,
    JobRow,
    JobState,
    OutboxRow,
    StageRun,
    Task,
    now,
)
from services.gateway.pipeline.rows import OPEN_JOBS
from shared.pipeline import Stage, Status


def slow_listening(session: Session, older_than: timedelta) -> list[tuple[str, int]]:
    """(task, job) of open jobs that listen to takes, in languages where none has started or ended for so long."""
    since = now() - older_than
    other = aliased(JobRow)
    moved = select(other.id).where(
        other.task_id == JobRow.task_id,
        other.language == JobRow.language,
        other.stage == Stage.DIARIZATION,
        col(other.optional),
        func.coalesce(other.finished_at, other.dispatched_at, other.created_at) >= since,
    )
    rows = session.exec(
        select(JobRow.task_id, JobRow.id).where(
            JobRow.stage == Stage.DIARIZATION,
            col(JobRow.optional),
            col(JobRow.state).in_(OPEN_JOBS),
            col(JobRow.created_at) < since,
            ~moved.exists(),
        )
    )
    return [(task_id, int(id_ or 0)) for task_id, id_ in rows]


def jobs_by_state(session: Session) -> Sequence[tuple[str, str, int]]:
    """Jobs that have not ended, as (stage, state, count)."""
    query = select(JobRow.stage, JobRow.state, func.count()).where(col(JobRow.state).in_(OPEN_JOBS))
    return session.exec(query.group_by(JobRow.stage, JobRow.state)).all()


def tasks_by_status(session: Session) -> Sequence[tuple[str, int]]:
    """Tasks that are not deleted, as (status, count)."""
    query = select(Task.status, func.count()).where(col(Task.deleted_at).is_(None))
    return session.exec(query.group_by(Task.status)).all()


def silent_jobs(session: Session, older_than: timedelta) -> Sequence[JobRow]:
    """Jobs handed out long ago without a result."""
    is_out = col(JobRow.state) == literal_column(f"'{JobState.DISPATCHED}'")  # a literal, for its partial index
    return session.exec(select(JobRow).where(is_out, col(JobRow.dispatched_at) < now() - older_than)).all()


def reissue(session: Session, id_: int) -> None:
    """Make a job ready again under a new message id."""
    session.exec(
        update(JobRow)
        .where(col(JobRow.id) == id_, col(JobRow.state) == JobState.DISPATCHED)
        .values(state=JobState.READY, resends=JobRow.resends + 1)
    )


def outbox_counts(session: Session) -> tuple[int, int]:
    """How many rows of the outbox wait, and how many were set aside."""
    every = session.exec(select(func.count()).select_from(OutboxRow)).one()
    aside = session.exec(
        select(func.count()).select_from(OutboxRow).where(col(OutboxRow.set_aside_at).is_not(None))
    ).one()
    return every - aside, aside


def deleted_tasks(session: Session) -> Sequence[Task]:
    """Tasks that are being deleted."""
    return session.exec(select(Task).where(text(LEAVING))).all()


def is_told(session: Session, task_id: str) -> bool:
    """Whether everything there was to tell about a task has been published or set aside."""
    untold = select(OutboxRow.id).where(OutboxRow.task_id == task_id, text(WAITING_FACTS)).limit(1)
    return session.exec(untold).first() is None


def abandoned_uploads(session: Session, older_than: timedelta) -> Sequence[Task]:
    """Tasks whose upload ended silently."""
    return session.exec(select(Task).where(Task.status == UPLOADING, col(Task.updated_at) < now() - older_than)).all()


def job_states(session: Session, task_ids: Sequence[str]) -> dict[tuple[str, str, str, str, int], str]:
    """States of all jobs of some tasks by (task, language, stage, shard, attempt)."""
    columns = (JobRow.task_id, JobRow.language, JobRow.stage, JobRow.shard, JobRow.attempt, JobRow.state)
    rows = session.execute(sa_select(*map(col, columns)).where(col(JobRow.task_id).in_(task_ids)))
    return {(task_id, code, stage, shard, attempt): state for task_id, code, stage, shard, attempt, state in rows}


def drop_messages(session: Session, most: int) -> None:
    """Empty the messages of at most so many ended jobs, except those of running runs, which may still need them."""
    ended = sa_select(col(JobRow.id)).where(text(KEPT_MESSAGES), ~_is_under_way()).limit(most)
    session.exec(
        update(JobRow).where(col(JobRow.id).in_(ended.correlate(None))).values(payload="", document=None),
        execution_options={"synchronize_session": False},
    )


def drop_jobs(session: Session, ended_before: datetime, most: int) -> None:
    """Remove at most so many jobs that ended before a given time."""
    ended = sa_select(col(JobRow.id)).where(
        col(JobRow.finished_at) < ended_before, col(JobRow.state).not_in(OPEN_JOBS), ~_is_under_way()
    )
    session.exec(
        delete(JobRow).where(col(JobRow.id).in_(ended.limit(most).correlate(None))),
        execution_options={"synchronize_session": False},
    )


def _is_under_way() -> ColumnElement[bool]:
    """Whether the run of a job is running."""
    run = sa_select(col(StageRun.id)).where(
        col(StageRun.task_id) == JobRow.task_id,
        col(StageRun.language) == JobRow.language,
        col(StageRun.stage) == JobRow.run_stage,
        col(StageRun.attempt) == JobRow.attempt,
        col(StageRun.status) == Status.PROCESSING,
    )
    return run.correlate(JobRow).exists()


def drop_idempotency(session: Session, older_than: datetime) -> None:
    """Forget old answers."""
    session.exec(delete(IdempotencyRow).where(col(IdempotencyRow.created_at) < older_than))


_LAST = 20


def typical_s(session: Session, stage: Stage, since: datetime) -> float | None:
    """Median of how long the latest jobs of the stage were out; None when none has ended since."""
    rows = session.exec(
        select(JobRow.dispatched_at, JobRow.finished_at)
        .where(col(JobRow.finished_at) >= since, JobRow.stage == stage, col(JobRow.dispatched_at).is_not(None))
        .order_by(col(JobRow.finished_at).desc())
        .limit(_LAST)
    )
    took = [(ended - began).total_seconds() for began, ended in rows if began and ended]
    return median(took) if took else None
