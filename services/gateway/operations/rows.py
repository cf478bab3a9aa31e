"""The SQL of operations: counts, and what is silent, finished or to be removed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, column, delete, func, literal_column, text, update, values
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from services.gateway.db.tables import (
    KEPT_MESSAGES,
    LEAVING,
    UPLOADING,
    WAITING_FACTS,
    BatchRow,
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

_KEYS_AT_ONCE = 500


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


def deleted_tasks(session: Session) -> Sequence[tuple[str, datetime]]:
    """Tasks that are being deleted, and since when."""
    rows = session.execute(sa_select(col(Task.task_id), col(Task.deleted_at)).where(text(LEAVING)))
    return [(task_id, deleted_at) for task_id, deleted_at in rows]


def is_told(session: Session, task_id: str) -> bool:
    """Whether everything there was to tell about a task has been published or set aside."""
    untold = select(OutboxRow.id).where(OutboxRow.task_id == task_id, text(WAITING_FACTS)).limit(1)
    return session.exec(untold).first() is None


JobKey = tuple[str, str, str, str, int]
"""Task, language, stage, shard and attempt of a job."""


def job_states(session: Session, wanted: Collection[JobKey]) -> dict[JobKey, str]:
    """States of some jobs; one that does not exist is missing."""
    key: list[Any] = [col(one) for one in (JobRow.task_id, JobRow.language, JobRow.stage, JobRow.shard, JobRow.attempt)]
    names = [column(one.key, one.type) for one in key]
    keys, found = list(wanted), dict[JobKey, str]()
    for begin in range(0, len(keys), _KEYS_AT_ONCE):
        some = values(*names, name="wanted").data(keys[begin : begin + _KEYS_AT_ONCE]).cte("wanted")
        same = and_(*(mine == some.c[mine.key] for mine in key))
        rows = session.execute(sa_select(*key, col(JobRow.state)).join_from(some, JobRow, same))
        found |= {(task_id, code, stage, shard, attempt): state for task_id, code, stage, shard, attempt, state in rows}
    return found


@dataclass(frozen=True)
class Over:
    """What may be forgotten: keys of answers, batches and tasks, ids of jobs.

    `messages`: jobs whose message is no longer needed; `jobs`: those that are removed.
    """

    answers: Sequence[str]
    batches: Sequence[str]
    messages: Sequence[int]
    jobs: Sequence[int]
    uploads: Sequence[str]

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return any((self.answers, self.batches, self.messages, self.jobs, self.uploads))


@dataclass(frozen=True)
class Kept:
    """What happened before these times may be forgotten."""

    answers: datetime
    batches: datetime
    jobs: datetime
    uploads: datetime


def over(session: Session, kept: Kept, most: int) -> Over:
    """Find what may be forgotten, at most so many of each; it is read without keeping anybody from writing."""
    answers = sa_select(col(IdempotencyRow.key)).where(col(IdempotencyRow.created_at) < kept.answers)
    batches = sa_select(col(BatchRow.batch_id)).where(
        col(BatchRow.deleted_at) < kept.batches, col(BatchRow.wish).is_(None)
    )
    messages = sa_select(col(JobRow.id)).where(text(KEPT_MESSAGES), ~_is_under_way())
    jobs = sa_select(col(JobRow.id)).where(*_ended(kept.jobs), ~_is_under_way())
    uploads = sa_select(col(Task.task_id)).where(*_is_abandoned(kept.uploads))
    found = [session.execute(one.limit(most)).scalars().all() for one in (answers, batches, messages, jobs, uploads)]
    return Over(*found)


def forget(session: Session, found: Over, kept: Kept) -> None:
    """Forget what was found, unless it has come back meanwhile; batches are left to their folder, answers to
    `forget_answers`."""
    silent: Any = {"synchronize_session": False}
    if found.messages:
        emptied = update(JobRow).where(col(JobRow.id).in_(found.messages), text(KEPT_MESSAGES), ~_is_under_way())
        session.execute(emptied.values(payload="", document=None), execution_options=silent)
    if found.jobs:
        removed = delete(JobRow).where(col(JobRow.id).in_(found.jobs), *_ended(kept.jobs), ~_is_under_way())
        session.execute(removed, execution_options=silent)
    if found.uploads:
        left = update(Task).where(col(Task.task_id).in_(found.uploads), *_is_abandoned(kept.uploads))
        session.execute(left.values(deleted_at=now()), execution_options=silent)


def forget_answers(session: Session, keys: Sequence[str]) -> None:
    """Forget the answers to requests."""
    session.execute(
        delete(IdempotencyRow).where(col(IdempotencyRow.key).in_(keys)),
        execution_options={"synchronize_session": False},
    )


def _ended(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether a job ended so long ago."""
    return col(JobRow.finished_at) < before, col(JobRow.state).not_in(OPEN_JOBS)


def _is_abandoned(silent_since: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether the upload of a task ended silently."""
    return col(Task.status) == UPLOADING, col(Task.updated_at) < silent_since, col(Task.deleted_at).is_(None)


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
