"""Every read of the database."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, literal_column, text, update
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, select

from services.gateway.database.tables import (
    UPLOADING,
    EditRow,
    ExportRow,
    IdempotencyRow,
    JobRow,
    JobState,
    LineRow,
    LogRow,
    OutboxRow,
    SegmentRow,
    SpeakerRow,
    StageRun,
    TakeRow,
    Task,
    TaskEngine,
    TaskLanguage,
    UploadRow,
    now,
)
from services.gateway.planning.board import Board, LanguageGoal, Run
from services.gateway.planning.fair_share import Held, Rank, Ready, Waiting
from services.gateway.planning.questions import is_open
from services.gateway.planning.review import MISHEARD
from shared.pipeline import BASE, Lane, LineState, Stage, Status

OPEN_JOBS = (JobState.READY, JobState.DISPATCHED)


def task(session: Session, task_id: str, owner: str | None = None) -> Task | None:
    """A task that is not being deleted; `owner` None sees all."""
    found = session.exec(select(Task).where(Task.task_id == task_id)).first()
    if found is None or found.deleted_at is not None or found.status == UPLOADING:
        return None
    return found if owner in (None, found.owner) else None


def is_arriving(session: Session, task_id: str) -> bool:
    """Whether the video of a task is still on its way."""
    found = select(Task.id).where(Task.task_id == task_id, Task.status == UPLOADING, col(Task.deleted_at).is_(None))
    return session.exec(found).first() is not None


def owner(session: Session, task_id: str) -> str | None:
    """Whose task it is; deleted ones too."""
    return session.exec(select(Task.owner).where(Task.task_id == task_id)).first()


def locked_task(session: Session, task_id: str) -> Task | None:
    """The task, its row locked to the end of the transaction; deleted ones too."""
    query = select(Task).where(Task.task_id == task_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def tasks(
    session: Session,
    owner: str | None,
    skip: int,
    limit: int,
    status: str | None,
    search: str = "",
    order: str = "-created_at",
) -> tuple[Sequence[Task], int]:
    """A page of tasks and how many there are; `search` looks for every word of it in names and ids."""
    where: list[Any] = [col(Task.deleted_at).is_(None), Task.status != UPLOADING]
    if owner is not None:
        where.append(Task.owner == owner)
    if status is not None:
        where.append(Task.status == status)
    for word in search.split():
        where.append(
            col(Task.video_original_name).icontains(word, autoescape=True)
            | col(Task.task_id).icontains(word, autoescape=True)
        )
    total = session.exec(select(func.count()).select_from(Task).where(*where)).one()
    page = session.exec(select(Task).where(*where).order_by(*_task_order(order)).offset(skip).limit(limit)).all()
    return page, total


def _task_order(order: str) -> list[Any]:
    columns: dict[str, Any] = {
        "created_at": col(Task.created_at),
        "updated_at": col(Task.updated_at),
        "name": func.lower(col(Task.video_original_name)),
    }
    column = columns[order.removeprefix("-")]
    return [column.desc(), col(Task.id).desc()] if order.startswith("-") else [column, col(Task.id)]


def languages(session: Session, task_ids: Sequence[str]) -> dict[str, list[TaskLanguage]]:
    """Languages of several tasks at once."""
    rows = session.exec(
        select(TaskLanguage).where(col(TaskLanguage.task_id).in_(task_ids)).order_by(col(TaskLanguage.id))
    )
    found: dict[str, list[TaskLanguage]] = {}
    for row in rows:
        found.setdefault(row.task_id, []).append(row)
    return found


def language(session: Session, task_id: str, code: str) -> TaskLanguage | None:
    """One language of a task."""
    return session.exec(
        select(TaskLanguage).where(TaskLanguage.task_id == task_id, TaskLanguage.language == code)
    ).first()


def newest_runs(session: Session, task_ids: Sequence[str]) -> dict[str, dict[tuple[str, Stage], StageRun]]:
    """The newest run of each stage of several tasks: {task: {(language, stage): run}}."""
    rows = session.exec(select(StageRun).where(col(StageRun.task_id).in_(task_ids)).order_by(col(StageRun.attempt)))
    found: dict[str, dict[tuple[str, Stage], StageRun]] = {}
    for row in rows:
        found.setdefault(row.task_id, {})[row.language, Stage(row.stage)] = row
    return found


def previous_run(session: Session, run: StageRun) -> StageRun | None:
    """The attempt before `run`."""
    return session.exec(
        select(StageRun)
        .where(
            StageRun.task_id == run.task_id,
            StageRun.language == run.language,
            StageRun.stage == run.stage,
            StageRun.attempt < run.attempt,
        )
        .order_by(col(StageRun.attempt).desc())
    ).first()


def run(session: Session, task_id: str, language_: str, stage: str, attempt: int) -> StageRun | None:
    """One run."""
    return session.exec(
        select(StageRun).where(
            StageRun.task_id == task_id,
            StageRun.language == language_,
            StageRun.stage == stage,
            StageRun.attempt == attempt,
        )
    ).first()


def board(session: Session, task_: Task) -> Board:
    """What the planner sees of a task."""
    session.flush()
    newest = newest_runs(session, [task_.task_id]).get(task_.task_id, {})
    return Board(
        runs={key: _run(row) for key, row in newest.items()},
        languages=tuple(
            LanguageGoal(row.language, Status(row.status), Stage(row.goal) if row.goal else None)
            for row in languages(session, [task_.task_id]).get(task_.task_id, [])
        ),
        status=Status(task_.status),
        waiting=is_open(task_.question),
    )


def _run(row: StageRun) -> Run:
    error = (row.error_code, row.error_message or "") if row.error_code else None
    return Run(
        row.language,
        Stage(row.stage),
        row.attempt,
        Status(row.status),
        row.jobs_total,
        row.jobs_done,
        row.jobs_failed,
        error,
    )


def job(session: Session, task_id: str, language_: str, stage: str, shard: str, attempt: int) -> JobRow | None:
    """One job."""
    return session.exec(
        select(JobRow).where(
            JobRow.task_id == task_id,
            JobRow.language == language_,
            JobRow.stage == stage,
            JobRow.shard == shard,
            JobRow.attempt == attempt,
        )
    ).first()


def jobs_of_run(session: Session, run_: StageRun) -> Sequence[JobRow]:
    """The jobs that count for a run, whoever does them."""
    return session.exec(
        select(JobRow).where(
            JobRow.task_id == run_.task_id,
            JobRow.language == run_.language,
            JobRow.run_stage == run_.stage,
            JobRow.attempt == run_.attempt,
        )
    ).all()


def worked(session: Session, task_id: str, language_: str) -> list[tuple[str, str, float]]:
    """(language, shard, seconds from its dispatch to its end) of jobs done for a language or for all."""
    rows = session.exec(
        select(JobRow.language, JobRow.shard, JobRow.dispatched_at, JobRow.finished_at).where(
            JobRow.task_id == task_id,
            col(JobRow.language).in_([language_, BASE]),
            JobRow.state == JobState.DONE,
            col(JobRow.dispatched_at).is_not(None),
        )
    )
    return [(of, shard, (end - start).total_seconds()) for of, shard, start, end in rows if start and end]


def listening_jobs(session: Session, task_id: str, language_: str) -> Sequence[JobRow]:
    """The jobs that listen to takes of a language, finished ones too."""
    return session.exec(
        select(JobRow).where(
            JobRow.task_id == task_id, JobRow.language == language_, col(JobRow.shard).startswith("hear-")
        )
    ).all()


def slow_listening(session: Session, older_than: timedelta) -> list[tuple[str, int]]:
    """(task, job) of open jobs that listen to takes, of languages of which none was begun or ended for so long."""
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


def jobs(
    session: Session, task_id: str, skip: int, limit: int, language_: str | None, states: Sequence[str]
) -> tuple[list[JobRow], int]:
    """A page of the jobs of a task, oldest first, and how many there are; their payloads are left where they are."""
    where: list[Any] = [JobRow.task_id == task_id]
    if language_ is not None:
        where.append(JobRow.language == language_)
    if states:
        where.append(col(JobRow.state).in_(states))
    total = session.exec(select(func.count()).select_from(JobRow).where(*where)).one()
    page = select(JobRow).where(*where).order_by(col(JobRow.id)).offset(skip).limit(limit)
    unread = [defer(getattr(JobRow, name), raiseload=True) for name in ("payload", "document")]
    return list(session.exec(page.options(*unread))), total


def first_job(session: Session, run_: StageRun) -> JobRow | None:
    """The first job that the workers of a run's own stage were given for it."""
    return session.exec(
        select(JobRow)
        .where(
            JobRow.task_id == run_.task_id,
            JobRow.language == run_.language,
            JobRow.stage == run_.stage,
            JobRow.run_stage == run_.stage,
            JobRow.attempt == run_.attempt,
        )
        .order_by(col(JobRow.id))
    ).first()


def open_jobs(session: Session, task_id: str) -> Sequence[JobRow]:
    """Jobs of a task that may still run."""
    return session.exec(select(JobRow).where(JobRow.task_id == task_id, col(JobRow.state).in_(OPEN_JOBS))).all()


OWNERS = text("""
WITH RECURSIVE found(owner) AS (
  SELECT min(owner) FROM jobs WHERE state = 'ready' AND stage = :stage AND lane = :lane AND long = :long
  UNION ALL
  SELECT (
    SELECT min(owner) FROM jobs
    WHERE state = 'ready' AND stage = :stage AND lane = :lane AND long = :long AND owner > found.owner
  )
  FROM found WHERE found.owner IS NOT NULL
)
SELECT owner FROM found WHERE owner IS NOT NULL
""")
_READY = """
SELECT id, task_order, steps_left, left_s, long FROM jobs
WHERE state = 'ready' AND stage = :stage AND lane = :lane AND long = :long AND owner = :owner
ORDER BY {order} LIMIT :most
"""
OLDEST, SHORTEST = (text(_READY.format(order=order)) for order in ("task_order, steps_left, id", "left_s, id"))


def ready_owners(session: Session, stage: Stage, lane: Lane, *, long: bool) -> list[str]:
    """Whose jobs of a stage and lane wait; a look into the index for each owner, however many jobs there are.

    The states are written out in these statements: only so are the partial indexes used.
    """
    values = {"stage": str(stage), "lane": str(lane), "long": long}
    return list(session.execute(OWNERS, values).scalars())


def ready_jobs(session: Session, stage: Stage, lane: Lane, owner_: str, most: int, *, long: bool) -> Waiting:
    """The first `most` ready jobs of an owner in both orders in which they may go out."""
    values = {"stage": str(stage), "lane": str(lane), "long": long, "owner": owner_, "most": most}
    oldest, shortest = (
        [Ready(id_, Rank(order, steps, left_s, bool(is_long))) for id_, order, steps, left_s, is_long in rows]
        for rows in (session.execute(OLDEST, values), session.execute(SHORTEST, values))
    )
    return Waiting(oldest, shortest)


_OUT: tuple[Any, ...] = (JobRow.id, JobRow.stage, JobRow.lane, JobRow.owner, JobRow.long, JobRow.dispatched_at)


def held_jobs(session: Session) -> list[Held]:
    """Jobs that are handed out."""
    is_out = col(JobRow.state) == literal_column(f"'{JobState.DISPATCHED}'")
    return [_held(row) for row in session.execute(sa_select(*_OUT).where(is_out))]


def ended_jobs(session: Session, since: datetime) -> list[tuple[Held, datetime]]:
    """Jobs that were handed out and ended after `since`, and when."""
    ended = (col(JobRow.finished_at) >= since, col(JobRow.dispatched_at).is_not(None))
    rows = session.execute(sa_select(*_OUT, col(JobRow.finished_at)).where(*ended))
    return [(_held(row), row.finished_at) for row in rows]


def _held(row: Any) -> Held:
    return Held(row.id, (Stage(row.stage), Lane(row.lane)), row.owner, row.long, row.dispatched_at)


def jobs_by_state(session: Session) -> Sequence[tuple[str, str, int]]:
    """Jobs that have not ended, as (stage, state, count)."""
    query = select(JobRow.stage, JobRow.state, func.count()).where(col(JobRow.state).in_(OPEN_JOBS))
    return session.exec(query.group_by(JobRow.stage, JobRow.state)).all()


def tasks_by_status(session: Session) -> Sequence[tuple[str, int]]:
    """Tasks that were not deleted, as (status, count)."""
    query = select(Task.status, func.count()).where(col(Task.deleted_at).is_(None))
    return session.exec(query.group_by(Task.status)).all()


def jobs_by_id(session: Session, ids: Sequence[int]) -> list[JobRow]:
    """Jobs in the order of `ids`."""
    rows = {row.id: row for row in session.exec(select(JobRow).where(col(JobRow.id).in_(ids)))}
    return [rows[id_] for id_ in ids if id_ in rows]


def mark_dispatched(session: Session, id_: int) -> None:
    """A job's message is in the stream; a job that ended meanwhile stays as it is."""
    session.exec(
        update(JobRow)
        .where(col(JobRow.id) == id_, col(JobRow.state) == JobState.READY)
        .values(state=JobState.DISPATCHED, dispatched_at=now())
    )


def silent_jobs(session: Session, older_than: timedelta) -> Sequence[JobRow]:
    """Jobs handed out long ago without a result."""
    return session.exec(
        select(JobRow).where(JobRow.state == JobState.DISPATCHED, col(JobRow.dispatched_at) < now() - older_than)
    ).all()


def reissue(session: Session, id_: int) -> None:
    """Make a job ready again under a new message id."""
    session.exec(
        update(JobRow)
        .where(col(JobRow.id) == id_, col(JobRow.state) == JobState.DISPATCHED)
        .values(state=JobState.READY, resends=JobRow.resends + 1)
    )


def cancel_jobs(session: Session, task_id: str, language_: str, stage: str, attempt: int) -> None:
    """Give up the open jobs of a run."""
    session.exec(
        update(JobRow)
        .where(
            col(JobRow.task_id) == task_id,
            col(JobRow.language) == language_,
            col(JobRow.run_stage) == stage,
            col(JobRow.attempt) == attempt,
            col(JobRow.state).in_(OPEN_JOBS),
        )
        .values(state=JobState.CANCELED, finished_at=now())
    )


def cancel_jobs_of_lines(session: Session, task_id: str, language_: str, shards: Iterable[str]) -> None:
    """Give up the open jobs that work on single lines."""
    session.exec(
        update(JobRow)
        .where(
            col(JobRow.task_id) == task_id,
            col(JobRow.language) == language_,
            col(JobRow.run_stage).is_(None),
            col(JobRow.shard).in_(list(shards)),
            col(JobRow.state).in_(OPEN_JOBS),
        )
        .values(state=JobState.CANCELED, finished_at=now())
    )


def segments(session: Session, task_id: str, named: Collection[str] | None = None) -> Sequence[SegmentRow]:
    """Segments in time order: all, or those named."""
    query = select(SegmentRow).where(SegmentRow.task_id == task_id)
    if named is not None:
        query = query.where(col(SegmentRow.segment_id).in_(named))
    return session.exec(query.order_by(col(SegmentRow.start_s), col(SegmentRow.segment_id))).all()


def spoken_segments(session: Session, task_id: str) -> Sequence[SegmentRow]:
    """Segments in time order without their single words, of which there are many; those are read when asked for."""
    return session.exec(
        select(SegmentRow)
        .where(SegmentRow.task_id == task_id)
        .order_by(col(SegmentRow.start_s), col(SegmentRow.segment_id))
        .options(defer(SegmentRow.words))  # type: ignore[arg-type]
    ).all()


def doubtful_segments(session: Session, task_id: str, below: float) -> set[str]:
    """Segments of whose worst words the recognizer was less sure than `below`."""
    found = select(SegmentRow.segment_id).where(SegmentRow.task_id == task_id, col(SegmentRow.sureness) < below)
    return set(session.exec(found).all())


class Spoken(NamedTuple):
    """When a segment is spoken, by whom and what: what its neighbours need to know, without a row of the session."""

    segment_id: str
    start_s: float
    end_s: float
    speaker_id: str
    text: str
    decisions: Sequence[str] = ()


class Placed(NamedTuple):
    """What the line of a segment says otherwise of time, speaker and voice."""

    start_s: float | None
    end_s: float | None
    speaker_id: str | None
    voice: dict[str, Any] | None
    omitted: bool = False


def spoken(session: Session, task_id: str) -> list[Spoken]:
    """All segments in time order."""
    columns = (col(getattr(SegmentRow, name)) for name in Spoken._fields)
    query = sa_select(*columns).where(col(SegmentRow.task_id) == task_id)
    rows = session.execute(query.order_by(col(SegmentRow.start_s), col(SegmentRow.segment_id)))
    return [Spoken(*row) for row in rows]


def placed(session: Session, task_id: str, language_: str) -> dict[str, Placed]:
    """Of all lines of a language, by segment id."""
    columns = (col(getattr(LineRow, name)) for name in ("segment_id", *Placed._fields))
    rows = session.execute(
        sa_select(*columns).where(col(LineRow.task_id) == task_id, col(LineRow.language) == language_)
    )
    return {segment_id: Placed(*own) for segment_id, *own in rows}


def segment(session: Session, task_id: str, segment_id: str) -> SegmentRow | None:
    """One segment."""
    return session.exec(
        select(SegmentRow).where(SegmentRow.task_id == task_id, SegmentRow.segment_id == segment_id)
    ).first()


def lines(session: Session, task_id: str, language_: str, named: Collection[str] | None = None) -> dict[str, LineRow]:
    """Lines of a language by segment id: all, or those of the segments named."""
    query = select(LineRow).where(LineRow.task_id == task_id, LineRow.language == language_)
    if named is not None:
        query = query.where(col(LineRow.segment_id).in_(named))
    return {row.segment_id: row for row in session.exec(query)}


def line(session: Session, task_id: str, language_: str, segment_id: str) -> LineRow | None:
    """One line."""
    return session.exec(
        select(LineRow).where(
            LineRow.task_id == task_id, LineRow.language == language_, LineRow.segment_id == segment_id
        )
    ).first()


def lines_of_segment(session: Session, task_id: str, segment_id: str) -> Sequence[LineRow]:
    """A segment in all languages."""
    return session.exec(select(LineRow).where(LineRow.task_id == task_id, LineRow.segment_id == segment_id)).all()


def issue_counts(session: Session, task_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    """Lines on the review list by (task, language): those that `planning.review` calls issues."""
    in_export = select(TaskLanguage.id).where(
        TaskLanguage.task_id == LineRow.task_id,
        TaskLanguage.language == LineRow.language,
        col(TaskLanguage.exported_version).is_not(None),
    )
    unspoken = col(LineRow.state).in_((LineState.PENDING, LineState.TRANSLATED)) & in_export.exists()
    outdated = col(LineRow.state).in_((LineState.FAILED, LineState.STALE)) | unspoken
    changed = col(LineRow.segment_revision) != SegmentRow.revision
    heard = col(LineRow.take_key).is_not(None) & ~col(LineRow.pinned)
    sounds_wrong = (col(LineRow.fit) == "overflow") | (col(LineRow.error_rate) >= MISHEARD)
    is_issue = outdated | changed | (heard & sounds_wrong)
    same = (col(SegmentRow.task_id) == LineRow.task_id) & (col(SegmentRow.segment_id) == LineRow.segment_id)
    rows = session.exec(
        select(LineRow.task_id, LineRow.language, func.count())
        .join(SegmentRow, same)
        .where(col(LineRow.task_id).in_(task_ids), ~col(LineRow.omitted), is_issue)
        .group_by(LineRow.task_id, LineRow.language)
    )
    return {(task_id, code): count for task_id, code, count in rows}


def speakers(session: Session, task_id: str) -> Sequence[SpeakerRow]:
    """Speakers in order of appearance."""
    return session.exec(select(SpeakerRow).where(SpeakerRow.task_id == task_id).order_by(col(SpeakerRow.id))).all()


def speaker(session: Session, task_id: str, speaker_id: str) -> SpeakerRow | None:
    """One speaker."""
    return session.exec(
        select(SpeakerRow).where(SpeakerRow.task_id == task_id, SpeakerRow.speaker_id == speaker_id)
    ).first()


def clear_transcript(session: Session, task_id: str) -> None:
    """Remove what an earlier transcript brought."""
    for table in (TakeRow, EditRow, LineRow, SegmentRow, SpeakerRow):
        session.exec(delete(table).where(col(table.task_id) == task_id))


def logs(session: Session, task_id: str, limit: int) -> Sequence[LogRow]:
    """The newest log rows, oldest first."""
    rows = session.exec(
        select(LogRow).where(LogRow.task_id == task_id).order_by(col(LogRow.id).desc()).limit(limit)
    ).all()
    return rows[::-1]


def outbox(session: Session, limit: int = 200) -> Sequence[OutboxRow]:
    """The oldest facts not yet published."""
    waits = col(OutboxRow.set_aside_at).is_(None)
    return session.exec(select(OutboxRow).where(waits).order_by(col(OutboxRow.id)).limit(limit)).all()


def outbox_counts(session: Session) -> tuple[int, int]:
    """How many rows of the outbox wait, and how many were set aside."""
    every = session.exec(select(func.count()).select_from(OutboxRow)).one()
    aside = session.exec(
        select(func.count()).select_from(OutboxRow).where(col(OutboxRow.set_aside_at).is_not(None))
    ).one()
    return every - aside, aside


def drop_outbox(session: Session, ids: Sequence[int]) -> None:
    """Forget published facts."""
    session.exec(delete(OutboxRow).where(col(OutboxRow.id).in_(ids)))


def deleted_tasks(session: Session) -> Sequence[Task]:
    """Tasks on their way out."""
    return session.exec(select(Task).where(col(Task.deleted_at).is_not(None))).all()


def abandoned_uploads(session: Session, older_than: timedelta) -> Sequence[Task]:
    """Tasks whose upload ended without a word."""
    return session.exec(select(Task).where(Task.status == UPLOADING, col(Task.updated_at) < now() - older_than)).all()


def upload(session: Session, upload_id: str, owner: str | None) -> UploadRow | None:
    """An upload in parts; `owner` None sees all."""
    found = session.exec(select(UploadRow).where(UploadRow.upload_id == upload_id)).first()
    return found if found is not None and owner in (None, found.owner) else None


def erase_task(session: Session, task_id: str) -> None:
    """Remove every row of a task."""
    tables = (
        TakeRow,
        EditRow,
        ExportRow,
        LineRow,
        SegmentRow,
        SpeakerRow,
        JobRow,
        StageRun,
        TaskLanguage,
        LogRow,
        UploadRow,
        TaskEngine,
        Task,
    )
    for table in tables:
        session.exec(delete(table).where(col(table.task_id) == task_id))


def job_states(session: Session, task_ids: Sequence[str]) -> dict[tuple[str, str, str, str, int], str]:
    """States of all jobs of some tasks by (task, language, stage, shard, attempt)."""
    columns = (JobRow.task_id, JobRow.language, JobRow.stage, JobRow.shard, JobRow.attempt, JobRow.state)
    rows = session.execute(sa_select(*map(col, columns)).where(col(JobRow.task_id).in_(task_ids)))
    return {(task_id, code, stage, shard, attempt): state for task_id, code, stage, shard, attempt, state in rows}


def drop_idempotency(session: Session, older_than: datetime) -> None:
    """Forget old answers."""
    session.exec(delete(IdempotencyRow).where(col(IdempotencyRow.created_at) < older_than))
