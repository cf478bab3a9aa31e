"""The SQL of batches."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, distinct, func, insert, text, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from services.gateway.db.tables import (
    KEPT_BATCHES,
    PAUSABLE_JOBS,
    BatchItem,
    BatchRow,
    BatchState,
    HandoverRow,
    JobRow,
    JobState,
    StageRun,
    Task,
    TaskLanguage,
)
from services.gateway.pipeline.metadata import Wanted
from services.gateway.pipeline.rows import batch_state, has_metadata
from shared.pipeline import BASE, Stage, Status


def owner(session: Session, batch_id: str) -> str | None:
    """Whose batch it is, including deleted ones."""
    return session.exec(select(BatchRow.owner).where(BatchRow.batch_id == batch_id)).first()


def batch(session: Session, batch_id: str, owner_: str | None = None) -> BatchRow | None:
    """A batch that was not deleted; `owner_` None sees all."""
    found = session.exec(
        select(BatchRow).where(BatchRow.batch_id == batch_id, col(BatchRow.deleted_at).is_(None))
    ).first()
    return found if found is not None and owner_ in (None, found.owner) else None


def any_batch(session: Session, batch_id: str) -> BatchRow | None:
    """A batch, including a deleted one."""
    return session.exec(select(BatchRow).where(BatchRow.batch_id == batch_id)).first()


def locked_batch(session: Session, batch_id: str) -> BatchRow | None:
    """A batch, including a deleted one, with its row locked until the end of the transaction."""
    query = select(BatchRow).where(BatchRow.batch_id == batch_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def batches(
    session: Session, owner_: str | None, skip: int, limit: int, metadata: Sequence[Wanted] = ()
) -> tuple[list[BatchRow], int]:
    """A page of batches, newest first, and how many there are."""
    where: list[Any] = [col(BatchRow.deleted_at).is_(None)]
    if owner_ is not None:
        where.append(BatchRow.owner == owner_)
    where += [has_metadata(session, col(BatchRow.about), (), one) for one in metadata]
    total = session.exec(select(func.count()).select_from(BatchRow).where(*where)).one()
    page = select(BatchRow).where(*where).order_by(col(BatchRow.id).desc()).offset(skip).limit(limit)
    return list(session.exec(page)), total


def kept(session: Session) -> list[str]:
    """Batches for which there is still something to do."""
    return list(session.exec(select(BatchRow.batch_id).where(text(KEPT_BATCHES)).order_by(col(BatchRow.id))))


def add_items(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows of a manifest with one statement."""
    session.flush()
    session.execute(insert(BatchItem.__table__), rows)  # type: ignore[attr-defined]


def item(session: Session, batch_id: str, number: int, *, lock: bool = False) -> BatchItem | None:
    """One row; `lock`: it is to be changed, so it is locked until the end of the transaction.

    Everybody locks the task first, then the batch, then its rows, so nobody waits in a circle: who changes a batch
    changes its rows too, and who gives a row its task may begin that, whose jobs ask whether the batch is paused.
    """
    if lock:
        batch_state(session, batch_id)
    query = select(BatchItem).where(BatchItem.batch_id == batch_id, BatchItem.number == number)
    query = query.with_for_update().execution_options(populate_existing=True) if lock else query
    return session.exec(query).first()


_IS_GONE = col(Task.id).is_(None) | col(Task.deleted_at).is_not(None)
_OUTCOME: ColumnElement[str] = case(
    (col(BatchItem.task_id).is_(None) & col(BatchItem.dropped), "canceled"),
    (col(BatchItem.task_id).is_(None), "waiting"),
    (_IS_GONE, "deleted"),
    else_=col(Task.status),
)


def items(
    session: Session, batch_id: str, skip: int, limit: int, outcome: str | None = None
) -> tuple[list[tuple[BatchItem, str, Task | None]], int]:
    """A page of rows with their outcome and task, and how many there are."""
    where: list[Any] = [BatchItem.batch_id == batch_id]
    if outcome is not None:
        where.append(outcome == _OUTCOME)
    same = col(Task.task_id) == BatchItem.task_id
    count = sa_select(func.count(col(BatchItem.id))).join_from(BatchItem, Task, same, isouter=True).where(*where)
    page = sa_select(BatchItem, _OUTCOME, Task).join_from(BatchItem, Task, same, isouter=True).where(*where)
    rows = session.execute(page.order_by(col(BatchItem.number)).offset(skip).limit(limit))
    return [(one, word, task) for one, word, task in rows], session.execute(count).scalar_one()


def task_ids(session: Session, batch_id: str, statuses: Iterable[str] | None = None) -> list[str]:
    """The existing tasks of a batch by row, only those in `statuses` if any are given."""
    where: list[Any] = [BatchItem.batch_id == batch_id, col(Task.deleted_at).is_(None)]
    if statuses is not None:
        where.append(col(Task.status).in_(list(statuses)))
    same = col(Task.task_id) == BatchItem.task_id
    rows = session.execute(
        sa_select(col(Task.task_id)).join_from(BatchItem, Task, same).where(*where).order_by(col(BatchItem.number))
    )
    return list(rows.scalars())


def outcomes(session: Session, batch_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many rows of each batch have each outcome."""
    same = col(Task.task_id) == BatchItem.task_id
    rows = session.execute(
        sa_select(col(BatchItem.batch_id), _OUTCOME, func.count())
        .join_from(BatchItem, Task, same, isouter=True)
        .where(col(BatchItem.batch_id).in_(batch_ids))
        .group_by(col(BatchItem.batch_id), _OUTCOME)
    )
    found: dict[str, dict[str, int]] = {}
    for batch_id, word, count in rows:
        found.setdefault(batch_id, {})[word] = count
    return found


def languages(session: Session, batch_ids: Sequence[str]) -> dict[str, list[tuple[str, bool | None, int]]]:
    """Languages of the tasks of several batches: [(status, whether the gate passed, how many)]."""
    passed = col(TaskLanguage.gate)["passed"].as_boolean()
    rows = session.execute(
        sa_select(col(BatchItem.batch_id), col(TaskLanguage.status), passed, func.count())
        .join_from(BatchItem, TaskLanguage, col(TaskLanguage.task_id) == BatchItem.task_id)
        .join(Task, (col(Task.task_id) == BatchItem.task_id) & col(Task.deleted_at).is_(None))
        .where(col(BatchItem.batch_id).in_(batch_ids))
        .group_by(col(BatchItem.batch_id), col(TaskLanguage.status), passed)
    )
    found: dict[str, list[tuple[str, bool | None, int]]] = {}
    for batch_id, status, gate, count in rows:
        found.setdefault(batch_id, []).append((status, gate, count))
    return found


def waiting_for_approval(session: Session, batch_ids: Sequence[str]) -> dict[str, int]:
    """How many languages of several batches reached the stop of their task and were not approved.

    A language that was sent there has the stop as its goal; one added after the stop was reached has none.
    """
    stop = col(Task.config)["stop_after"].as_string()
    reached = (
        sa_select(col(StageRun.id))
        .where(
            col(StageRun.task_id) == TaskLanguage.task_id,
            col(StageRun.language).in_((TaskLanguage.language, BASE)),
            col(StageRun.stage) == stop,
            col(StageRun.status) == Status.COMPLETED,
        )
        .exists()
    )
    rows = session.execute(
        sa_select(col(BatchItem.batch_id), func.count())
        .join_from(BatchItem, TaskLanguage, col(TaskLanguage.task_id) == BatchItem.task_id)
        .join(Task, (col(Task.task_id) == BatchItem.task_id) & col(Task.deleted_at).is_(None))
        .where(
            col(BatchItem.batch_id).in_(batch_ids),
            col(TaskLanguage.status) == Status.PENDING,
            col(TaskLanguage.approved_at).is_(None),
            (col(TaskLanguage.goal) == stop) | reached,
        )
        .group_by(col(BatchItem.batch_id))
    )
    return {batch_id: int(count) for batch_id, count in rows}


def languages_to_come(session: Session, batch_ids: Sequence[str]) -> dict[str, int]:
    """How many languages the rows have whose files have not arrived."""
    rows = session.execute(
        sa_select(col(BatchItem.batch_id), func.sum(BatchItem.languages))
        .where(
            col(BatchItem.batch_id).in_(batch_ids),
            col(BatchItem.task_id).is_(None),
            col(BatchItem.dropped).is_(False),
        )
        .group_by(col(BatchItem.batch_id))
    )
    return {batch_id: int(count) for batch_id, count in rows}


def waits_for_approval(session: Session, batch_id: str) -> bool:
    """Whether a language waits at the stop of its task, even if another language of the task failed."""
    return waiting_for_approval(session, [batch_id]).get(batch_id, 0) > 0


def stages_done(session: Session, batch_ids: Sequence[str]) -> dict[str, dict[Stage, int]]:
    """How many stages are completed in languages that have not ended, plus the base stages of all tasks."""
    is_under_way = (
        sa_select(col(TaskLanguage.id))
        .where(
            col(TaskLanguage.task_id) == StageRun.task_id,
            col(TaskLanguage.language) == StageRun.language,
            col(TaskLanguage.status).in_((Status.PENDING, Status.PROCESSING)),
        )
        .exists()
    )
    counted = func.count(distinct(col(StageRun.task_id) + col(StageRun.language)))
    rows = session.execute(
        sa_select(col(BatchItem.batch_id), col(StageRun.stage), counted)
        .join_from(BatchItem, StageRun, col(StageRun.task_id) == BatchItem.task_id)
        .where(
            col(BatchItem.batch_id).in_(batch_ids),
            col(StageRun.status) == Status.COMPLETED,
            (col(StageRun.stage) == Stage.DIARIZATION) | is_under_way,
        )
        .group_by(col(BatchItem.batch_id), col(StageRun.stage))
    )
    found: dict[str, dict[Stage, int]] = {}
    for batch_id, stage, count in rows:
        found.setdefault(batch_id, {})[Stage(stage)] = count
    return found


_MOVED_AT_ONCE, _IDS_AT_ONCE = 2_000, 500


def _pausable(state: JobState) -> tuple[Any, ...]:
    """Jobs of stages, without those that a person requested for single lines and those that listen."""
    return text(PAUSABLE_JOBS), col(JobRow.state) == state


def _tasks_with(batch_id: str, state: JobState, most: int) -> Any:
    """Tasks of a batch with such jobs. They are counted for each row: a join would read the jobs of all batches."""
    jobs = sa_select(func.count()).where(col(JobRow.task_id) == BatchItem.task_id, *_pausable(state)).scalar_subquery()
    return sa_select(col(BatchItem.task_id)).where(col(BatchItem.batch_id) == batch_id, jobs > 0).limit(most)


def may_hold(session: Session, batch_id: str) -> bool:
    """Whether jobs are ready that would be held in a paused batch."""
    return session.execute(_tasks_with(batch_id, JobState.READY, 1)).first() is not None


def hold(session: Session, batch_id: str) -> bool:
    """Hold some of the jobs that are ready but not handed out; returns whether there were any. Rows locked by others
    are left for later."""
    return _move(session, batch_id, JobState.READY, JobState.HELD, skip_locked=True)


def release(session: Session, batch_id: str) -> bool:
    """Make some of what was held ready again; returns whether there was any."""
    return _move(session, batch_id, JobState.HELD, JobState.READY, skip_locked=False)


def _move(session: Session, batch_id: str, before: JobState, after: JobState, *, skip_locked: bool) -> bool:
    tasks = session.execute(_tasks_with(batch_id, before, _IDS_AT_ONCE)).scalars().all()
    found = sa_select(col(JobRow.id)).where(col(JobRow.task_id).in_(tasks), *_pausable(before)).limit(_MOVED_AT_ONCE)
    ids = session.execute(found.with_for_update(skip_locked=skip_locked)).scalars().all() if tasks else []
    for begin in range(0, len(ids), _IDS_AT_ONCE):
        session.execute(
            update(JobRow)
            .where(col(JobRow.id).in_(ids[begin : begin + _IDS_AT_ONCE]), col(JobRow.state) == before)
            .values(state=after)
            .execution_options(synchronize_session=False)
        )
    return bool(ids)


def drop_waiting(session: Session, batch_id: str, *, dropped: bool) -> None:
    """Drop the rows whose files have not arrived, or restore them."""
    session.execute(
        update(BatchItem)
        .where(col(BatchItem.batch_id) == batch_id, col(BatchItem.task_id).is_(None))
        .values(dropped=dropped)
        .execution_options(synchronize_session=False)
    )


def give_up(session: Session, batch_id: str, number: int) -> None:
    """Drop a row for which no task could be made."""
    this = (col(BatchItem.batch_id) == batch_id, col(BatchItem.number) == number, col(BatchItem.task_id).is_(None))
    session.execute(update(BatchItem).where(*this).values(dropped=True).execution_options(synchronize_session=False))


def drop_items(session: Session, batch_id: str) -> None:
    """Remove the rows of a batch."""
    session.execute(delete(BatchItem).where(col(BatchItem.batch_id) == batch_id))


def drop_handovers(session: Session, batch_id: str) -> None:
    """Stop copying a batch into a bucket."""
    session.execute(delete(HandoverRow).where(col(HandoverRow.batch_id) == batch_id))


def forget(session: Session, deleted_before: datetime) -> None:
    """Remove batches that were deleted a while ago; until then it is known whose they were."""
    session.execute(delete(BatchRow).where(col(BatchRow.deleted_at) < deleted_before, col(BatchRow.wish).is_(None)))


def is_paused(session: Session, batch_id: str) -> bool:
    """Whether a batch is paused, so that none of its jobs may be handed out; it stays so for this transaction."""
    return batch_state(session, batch_id) == BatchState.PAUSED
