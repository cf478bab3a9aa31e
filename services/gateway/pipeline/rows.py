"""The SQL of the pipeline: tasks with their languages, runs, jobs, kept engines, exports and the outbox."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    String,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal_column,
    or_,
    text,
    tuple_,
    union,
    update,
)
from sqlalchemy import select as sa_select
from sqlalchemy.orm import defer, load_only
from sqlmodel import Session, col, select

from services.gateway.db.engine import add_later
from services.gateway.db.tables import (
    EDITED_SEGMENTS,
    SHOWN,
    UNSPOKEN_LINES,
    WAITING_FLAGS,
    WRONG_LINES,
    BatchItem,
    BatchRow,
    BatchState,
    EditRow,
    ExportRow,
    JobKind,
    JobRow,
    JobState,
    LineRow,
    LogRow,
    OutboxKind,
    OutboxRow,
    SegmentRow,
    SourceRow,
    SourceState,
    SpeakerRow,
    StageRun,
    TakeRow,
    Task,
    TaskEngine,
    TaskLanguage,
    UploadRow,
    now,
)
from services.gateway.pipeline.board import Board, LanguageGoal, Run, Source
from services.gateway.pipeline.fair_share import Held, Rank, Ready, Waiting
from services.gateway.pipeline.metadata import Wanted
from services.gateway.pipeline.questions import is_open
from services.gateway.pipeline.review import MISHEARD, UNLIKE
from services.gateway.pipeline.stops import is_at, stop_of
from services.gateway.script.doubt import DOUBTFUL
from shared.messaging import Result
from shared.pipeline import BASE, Lane, LineState, Stage, Status

OPEN_JOBS = (JobState.READY, JobState.HELD, JobState.DISPATCHED)


def tasks(
    session: Session,
    owner: str | None,
    skip: int,
    limit: int,
    status: str | None,
    search: str = "",
    order: str = "-created_at",
    batch_id: str | None = None,
    batched: bool | None = None,
    metadata: Sequence[Wanted] = (),
) -> tuple[Sequence[Task], int]:
    """A page of tasks and how many there are; every word of `search` must occur in the name or id.

    Ids are found in an index alone, or in one pass over the names; only the page's rows are read. `metadata` is
    searched for in the rows themselves, also in one pass.
    """
    where: list[Any] = [text(SHOWN)]
    if owner is not None:
        where.append(Task.owner == owner)
    if status is not None:
        where.append(Task.status == status)
    if batch_id is not None:
        of_batch = select(BatchItem.task_id).where(BatchItem.batch_id == batch_id)
        where.append(col(Task.task_id).in_(of_batch))
    if batched is not None:
        where.append(col(Task.batch_id).is_not(None) if batched else col(Task.batch_id).is_(None))
    is_sqlite = session.get_bind().dialect.name == "sqlite"  # whose LIKE ignores case
    for word in search.split():
        columns = (col(Task.video_original_name), col(Task.task_id))
        like = [(one.contains if is_sqlite else one.icontains)(word, autoescape=True) for one in columns]
        where.append(or_(*like))
    where += [has_metadata(session, col(Task.config), ("metadata",), one) for one in metadata]
    ordered = select(Task.id).where(*where).order_by(*_task_order(order))
    if search or metadata:
        every = session.exec(ordered).all()
        total, ids = len(every), every[skip : skip + limit]
    else:
        total = session.exec(select(func.count()).select_from(Task).where(*where)).one()
        ids = session.exec(ordered.offset(skip).limit(limit)).all()
    rows = {row.id: row for row in session.exec(select(Task).where(col(Task.id).in_(ids)))}
    return [rows[id_] for id_ in ids if id_ in rows], total


def has_metadata(session: Session, column: Any, above: Sequence[str], wanted: Wanted) -> ColumnElement[bool]:
    """Whether JSON holds a value below the keys `above`: under the whole key, or along the path that its dots describe.

    Numbers, `true` and `false` are compared as they are written.
    """
    paths = {(wanted.key,), tuple(wanted.key.split("."))}
    return or_(*(_json_text(session, column, (*above, *path)) == wanted.value for path in sorted(paths)))


def _json_text(session: Session, column: Any, path: Sequence[str]) -> ColumnElement[str]:
    if session.get_bind().dialect.name != "sqlite":
        return func.json_extract_path_text(column, *path)
    where = "$" + "".join(f'."{part}"' for part in path)
    kind = func.json_type(column, where)
    return case((kind.in_(("true", "false")), kind), else_=cast(func.json_extract(column, where), String))


def _task_order(order: str) -> list[Any]:
    columns: dict[str, Any] = {
        "created_at": col(Task.created_at),
        "updated_at": col(Task.updated_at),
        "name": func.lower(col(Task.video_original_name)),
        "batch_row": col(Task.batch_row),
    }
    column = columns[order.removeprefix("-")]
    return [column.desc(), col(Task.id).desc()] if order.startswith("-") else [column, col(Task.id)]


@dataclass
class _Known:
    """A task whose row a transaction has locked, with its languages and the newest runs; `engines` None: not read."""

    task: Task
    languages: dict[str, TaskLanguage]
    runs: dict[tuple[str, Stage], StageRun]
    engines: dict[tuple[str, str], TaskEngine] | None = None


_KNOWN = "known"


def hold(session: Session, *tasks_: Task) -> None:
    """Read languages and runs of tasks whose rows are locked, so that nobody asks for them again.

    From here on `languages`, `language`, `newest_runs` and `run` find them in memory, changes of this transaction
    included; so does `kept_engine`, once it was asked for any of them.
    """
    known: dict[str, _Known] = session.info.setdefault(_KNOWN, {})
    new = {one.task_id: one for one in tasks_ if one.task_id not in known}
    if new:
        of_tasks, runs = languages(session, list(new)), newest_runs(session, list(new))
        for task_id, one in new.items():
            of_task = {row.language: row for row in of_tasks.get(task_id, [])}
            known[task_id] = _Known(one, of_task, runs.get(task_id, {}))


class Address(NamedTuple):
    """What tells a job from all others."""

    task_id: str
    language: str
    stage: str
    shard: str
    attempt: int


def hold_jobs(session: Session, jobs_: Collection[Address]) -> None:
    """Lock the tasks of these jobs, in the order of their ids, and read them with the jobs: a statement for each table.

    Those of tasks that are gone, or are known to this transaction already, are left out.
    """
    known: dict[str, _Known] = session.info.get(_KNOWN, {})
    new = {one.task_id for one in jobs_} - known.keys()
    if not new:
        return
    hold(session, *session.scalars(_LOCKED_TASKS, {"tasks": list(new)}))
    found = session.scalars(_JOBS, {"addresses": [tuple(one) for one in jobs_ if one.task_id in new]})
    session.info[_HELD_JOBS] = {address_of_job(row): row for row in found} | session.info.get(_HELD_JOBS, {})


def address_of_job(one: JobRow | Result) -> Address:
    """The address of a job, by its row or by its result."""
    return Address(one.task_id, one.language, str(one.stage), one.shard, one.attempt)


_HELD_JOBS = "held jobs"
_LOCKED_TASKS = (
    select(Task)
    .where(col(Task.task_id).in_(bindparam("tasks", expanding=True)))
    .order_by(col(Task.task_id))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_JOBS = select(JobRow).where(
    tuple_(*(col(getattr(JobRow, name)) for name in Address._fields)).in_(bindparam("addresses", expanding=True))
)


def _known(session: Session, task_id: str) -> _Known | None:
    found: dict[str, _Known] = session.info.get(_KNOWN, {})
    return found.get(task_id)


def held_task(session: Session, task_id: str) -> Task | None:
    """The task, if `hold` was called for it in this transaction."""
    known = _known(session, task_id)
    return known.task if known else None


def add_languages(session: Session, task_id: str, codes: Iterable[str]) -> None:
    """Give a task more languages."""
    rows = [TaskLanguage(task_id=task_id, language=code) for code in codes]
    session.add_all(rows)
    if known := _known(session, task_id):
        known.languages.update({row.language: row for row in rows})


def remove_language(session: Session, row: TaskLanguage) -> None:
    """Remove a language from its task."""
    session.delete(row)
    if known := _known(session, row.task_id):
        known.languages.pop(row.language, None)


def add_run(session: Session, row: StageRun) -> None:
    """Add an attempt at a stage, newer than all others."""
    session.add(row)
    if known := _known(session, row.task_id):
        known.runs[row.language, Stage(row.stage)] = row


def languages(session: Session, task_ids: Sequence[str]) -> dict[str, list[TaskLanguage]]:
    """Languages of several tasks at once."""
    if len(task_ids) == 1 and (known := _known(session, task_ids[0])):
        return {known.task.task_id: list(known.languages.values())}
    found: dict[str, list[TaskLanguage]] = {}
    for row in session.scalars(_LANGUAGES, {"tasks": list(task_ids)}):
        found.setdefault(row.task_id, []).append(row)
    return found


_TASKS: BindParameter[Any] = bindparam("tasks", expanding=True)
_LANGUAGES = select(TaskLanguage).where(col(TaskLanguage.task_id).in_(_TASKS)).order_by(col(TaskLanguage.id))
_RUNS = select(StageRun).where(col(StageRun.task_id).in_(_TASKS)).order_by(col(StageRun.attempt))
_ENGINES = select(TaskEngine).where(col(TaskEngine.task_id).in_(_TASKS)).order_by(col(TaskEngine.id))
"""Built once: building a statement takes SQLAlchemy longer than running it."""


def language(session: Session, task_id: str, code: str) -> TaskLanguage | None:
    """One language of a task."""
    if known := _known(session, task_id):
        return known.languages.get(code)
    return session.exec(
        select(TaskLanguage).where(TaskLanguage.task_id == task_id, TaskLanguage.language == code)
    ).first()


def newest_runs(session: Session, task_ids: Sequence[str]) -> dict[str, dict[tuple[str, Stage], StageRun]]:
    """The newest run of each stage of several tasks: {task: {(language, stage): run}}."""
    if len(task_ids) == 1 and (known := _known(session, task_ids[0])):
        return {known.task.task_id: dict(known.runs)}
    found: dict[str, dict[tuple[str, Stage], StageRun]] = {}
    for row in session.scalars(_RUNS, {"tasks": list(task_ids)}):
        found.setdefault(row.task_id, {})[row.language, Stage(row.stage)] = row
    return found


class ShownRun(NamedTuple):
    """What clients read of a run."""

    language: str
    stage: Stage
    attempt: int
    status: str
    progress: int
    error_code: str | None
    error_message: str | None


class ShownLanguage(NamedTuple):
    """What clients read of a language."""

    language: str
    status: str
    gate: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    approved_by: str | None
    approved_at: datetime | None


def shown_languages(session: Session, task_ids: Sequence[str]) -> dict[str, list[ShownLanguage]]:
    """Languages of several tasks, as they are shown."""
    columns = (col(getattr(TaskLanguage, name)) for name in ("task_id", *ShownLanguage._fields))
    rows = session.execute(
        sa_select(*columns).where(col(TaskLanguage.task_id).in_(task_ids)).order_by(col(TaskLanguage.id))
    )
    found: dict[str, list[ShownLanguage]] = {}
    for task_id, *fields in rows:
        found.setdefault(task_id, []).append(ShownLanguage(*fields))
    return found


def shown_runs(session: Session, task_ids: Sequence[str]) -> dict[str, dict[tuple[str, str], ShownRun]]:
    """The newest run of each stage of several tasks, as they are shown: {task: {(language, stage): run}}."""
    columns = (col(getattr(StageRun, name)) for name in ("task_id", *ShownRun._fields))
    rows = session.execute(
        sa_select(*columns).where(col(StageRun.task_id).in_(task_ids)).order_by(col(StageRun.attempt))
    )
    found: dict[str, dict[tuple[str, str], ShownRun]] = {}
    for task_id, *fields in rows:
        run_ = ShownRun(*fields)
        found.setdefault(task_id, {})[run_.language, run_.stage] = run_
    return found


def previous_run(session: Session, run: StageRun) -> StageRun | None:
    """The attempt before `run`."""
    if run.attempt == 1:
        return None
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
    newest = known.runs.get((language_, Stage(stage))) if (known := _known(session, task_id)) else None
    if newest is not None and newest.attempt == attempt:
        return newest
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
    newest = newest_runs(session, [task_.task_id]).get(task_.task_id, {})
    runs, stop = {key: _run(row) for key, row in newest.items()}, stop_of(task_.config)
    return Board(
        runs=runs,
        languages=tuple(
            LanguageGoal(
                row.language,
                Status(row.status),
                Stage(row.goal) if row.goal else None,
                stop if row.approved_at is None and is_at(runs, row.language, Status(row.status), stop) else None,
            )
            for row in languages(session, [task_.task_id]).get(task_.task_id, [])
        ),
        status=Status(task_.status),
        waiting=is_open(task_.question),
        source=_source_of(source(session, task_.task_id)) if task_.video_size == 0 else None,
    )


_SOURCE_IS = {
    SourceState.FETCHING: Status.PROCESSING,
    SourceState.FAILED: Status.FAILED,
    SourceState.CANCELED: Status.CANCELED,
}


def source(session: Session, task_id: str) -> SourceRow | None:
    """Where the video of a task comes from, if the gateway fetches it itself."""
    return session.exec(select(SourceRow).where(SourceRow.task_id == task_id)).first()


def sources(session: Session, task_ids: Sequence[str]) -> dict[str, SourceRow]:
    """The same for several tasks."""
    rows = session.exec(select(SourceRow).where(col(SourceRow.task_id).in_(task_ids))) if task_ids else ()
    return {row.task_id: row for row in rows}


def _source_of(row: SourceRow | None) -> Source | None:
    if row is None or row.state == SourceState.ARRIVED:
        return None
    error = (row.error_code, row.error_message or "") if row.error_code else None
    return Source(_SOURCE_IS[SourceState(row.state)], error)


def fetch_again(session: Session, task_id: str) -> bool:
    """Resume a fetch that failed or was stopped; what was fetched is kept. False if there is none."""
    row = source(session, task_id)
    if row is None or row.state not in (SourceState.FAILED, SourceState.CANCELED):
        return False
    row.state, row.attempts, row.error_code, row.error_message = SourceState.FETCHING, 0, None, None
    row.next_at = row.started_at = now()
    session.add(row)
    return True


def stop_fetching(session: Session, task_id: str) -> None:
    """Stop fetching a video."""
    row = source(session, task_id)
    if row is not None and row.state == SourceState.FETCHING:
        row.state = SourceState.CANCELED
        session.add(row)


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
    address = Address(task_id, language_, stage, shard, attempt)
    held: dict[Address, JobRow] = session.info.get(_HELD_JOBS, {})
    return held.get(address) or session.scalars(_JOB, address._asdict()).first()


_JOB = select(JobRow).where(*(col(getattr(JobRow, name)) == bindparam(name) for name in Address._fields))


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


class Worked(NamedTuple):
    """A finished job, and how long it took after being handed out."""

    language: str
    kind: str
    optional: bool
    lasted_s: float


def worked(session: Session, task_id: str, language_: str) -> list[Worked]:
    """Jobs done for a language or for all."""
    columns = (JobRow.language, JobRow.kind, JobRow.optional, JobRow.dispatched_at, JobRow.finished_at)
    rows = session.execute(
        sa_select(*map(col, columns)).where(
            col(JobRow.task_id) == task_id,
            col(JobRow.language).in_([language_, BASE]),
            col(JobRow.state) == JobState.DONE,
            col(JobRow.dispatched_at).is_not(None),
        )
    )
    return [Worked(of, kind, optional, (end - start).total_seconds()) for of, kind, optional, start, end in rows if end]


def has_job(session: Session, task_id: str, language_: str, kind: JobKind) -> bool:
    """Whether a language ever had a job of this kind."""
    found = select(JobRow.id).where(JobRow.task_id == task_id, JobRow.language == language_, JobRow.kind == kind)
    return session.exec(found.limit(1)).first() is not None


def listening_jobs(session: Session, task_id: str, language_: str) -> Sequence[JobRow]:
    """The jobs that listen to takes of a language, including finished ones."""
    of_language = (JobRow.task_id == task_id, JobRow.language == language_, JobRow.kind == JobKind.HEAR_TAKES)
    return session.exec(select(JobRow).where(*of_language)).all()


def jobs(
    session: Session, task_id: str, skip: int, limit: int, language_: str | None, states: Sequence[str]
) -> tuple[list[JobRow], int]:
    """A page of the jobs of a task, oldest first, and how many there are; their payloads are not read."""
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
    """The first job of a run that was given to the workers of its own stage."""
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
    """Jobs of a task that may still run; what their messages say is loaded on access."""
    wanted = select(JobRow).where(JobRow.task_id == task_id, col(JobRow.state).in_(OPEN_JOBS))
    return session.exec(wanted.options(*(defer(getattr(JobRow, name)) for name in ("payload", "document")))).all()


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


_QUEUES = [
    (stage, lane, long)
    for stage in Stage
    for lane in Lane
    for long in (False, True)
    if stage is Stage.EXPORT or not long
]
READY_QUEUES = text(
    " UNION ALL ".join(
        f"SELECT {number} WHERE (SELECT min(owner) FROM jobs WHERE state = 'ready' AND stage = '{stage}' "  # noqa: S608
        f"AND lane = '{lane}' AND long = {':yes' if long else ':no'}) IS NOT NULL"
        for number, (stage, lane, long) in enumerate(_QUEUES)
    )
)


def ready_queues(session: Session) -> set[tuple[Stage, Lane, bool]]:
    """The stages and lanes in which jobs wait, and whether the jobs are long; one index look-up for each."""
    return {_QUEUES[number] for number in session.execute(READY_QUEUES, {"yes": True, "no": False}).scalars()}


def ready_owners(session: Session, stage: Stage, lane: Lane, *, long: bool) -> list[str]:
    """Whose jobs of a stage and lane wait; one index look-up for each owner, however many jobs there are.

    The states are literals in these statements, since the partial indexes are used only then.
    """
    values = {"stage": str(stage), "lane": str(lane), "long": long}
    return list(session.execute(OWNERS, values).scalars())


def ready_jobs(session: Session, stage: Stage, lane: Lane, owner_: str, most: int, *, long: bool) -> Waiting:
    """The first `most` ready jobs of an owner, in each of the two orders in which they may go out."""
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
    """Jobs that were handed out and ended after `since`, with the time."""
    ended = (col(JobRow.finished_at) >= since, col(JobRow.dispatched_at).is_not(None))
    rows = session.execute(sa_select(*_OUT, col(JobRow.finished_at)).where(*ended))
    return [(_held(row), row.finished_at) for row in rows]


def _held(row: Any) -> Held:
    return Held(row.id, (Stage(row.stage), Lane(row.lane)), row.owner, row.long, row.dispatched_at)


def jobs_by_id(session: Session, ids: Sequence[int]) -> list[JobRow]:
    """Jobs in the order of `ids`."""
    rows = {row.id: row for row in session.exec(select(JobRow).where(col(JobRow.id).in_(ids)))}
    return [rows[id_] for id_ in ids if id_ in rows]


def mark_dispatched(session: Session, ids: Sequence[int]) -> None:
    """Mark jobs whose messages are in the stream; one that has ended meanwhile stays as it is."""
    session.execute(
        update(JobRow)
        .where(col(JobRow.id).in_(ids), col(JobRow.state) == JobState.READY)
        .values(state=JobState.DISPATCHED, dispatched_at=now())
        .execution_options(synchronize_session=False)
    )


def cancel_jobs(session: Session, task_id: str, language_: str, stage: str, attempt: int) -> None:
    """Cancel the open jobs of a run."""
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


def newest_job(session: Session, task_id: str, language_: str, shard: str) -> JobRow | None:
    """The latest job under a name that only one kind of job uses."""
    return session.exec(
        select(JobRow)
        .where(JobRow.task_id == task_id, JobRow.language == language_, JobRow.shard == shard)
        .order_by(col(JobRow.attempt).desc())
        .limit(1)
    ).first()


def cancel_jobs_of_lines(session: Session, task_id: str, language_: str, shards: Iterable[str]) -> None:
    """Cancel the open jobs that work on single lines."""
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


def issue_counts(session: Session, task_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    """Lines on the review list by (task, language): those that `review` calls issues.

    Few lines can be: those that an index marks as wrong, those without takes in languages that were exported, and those
    whose segments were edited.
    """
    if not task_ids:
        return {}
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
        .where(col(LineRow.id).in_(maybe_wrong(session, task_ids)), ~col(LineRow.omitted), is_issue)
        .group_by(LineRow.task_id, LineRow.language)
    )
    return {(task_id, code): count for task_id, code, count in rows}


def without_segments(session: Session, task_ids: Sequence[str]) -> set[str]:
    """Those of the tasks that have no segments."""
    if not task_ids:
        return set()
    has_some = select(SegmentRow.id).where(SegmentRow.task_id == Task.task_id).exists()
    return set(session.exec(select(Task.task_id).where(col(Task.task_id).in_(task_ids), ~has_some)))


def maybe_wrong(session: Session, task_ids: Sequence[str]) -> Any:
    """Ids of lines that may be issues; the conditions are literals, since the partial indexes are used only then."""
    id_, of_task = col(LineRow.id), col(LineRow.task_id)
    exported = session.execute(
        sa_select(col(TaskLanguage.task_id), col(TaskLanguage.language)).where(
            col(TaskLanguage.task_id).in_(task_ids), col(TaskLanguage.exported_version).is_not(None)
        )
    ).all()
    edited = session.execute(
        sa_select(col(SegmentRow.task_id))
        .distinct()
        .where(col(SegmentRow.task_id).in_(task_ids), text(EDITED_SEGMENTS))
    )
    branches = [sa_select(id_).where(of_task.in_(task_ids), text(WRONG_LINES))]
    if exported:
        of_exported = tuple_(of_task, col(LineRow.language)).in_([tuple(one) for one in exported])
        branches.append(sa_select(id_).where(of_exported, text(UNSPOKEN_LINES)))
    if tasks_edited := edited.scalars().all():
        same = (col(SegmentRow.task_id) == of_task) & (col(SegmentRow.segment_id) == LineRow.segment_id)
        rows = sa_select(id_).join(SegmentRow, same).where(of_task.in_(tasks_edited), text(EDITED_SEGMENTS))
        branches.append(rows)
    return union(*(branch.correlate(None) for branch in branches))


def lines_to_review(
    session: Session, task_id: str, *, minor: bool, every: bool
) -> Sequence[tuple[LineRow, SegmentRow]]:
    """Lines that `review` may have a reason for, with their segments; `every`: all lines, since their texts have to be
    checked."""
    same = (col(SegmentRow.task_id) == LineRow.task_id) & (col(SegmentRow.segment_id) == LineRow.segment_id)
    found = col(LineRow.id).in_(maybe_wrong(session, [task_id]))
    sounds_odd = (col(LineRow.fit) == "tight") | (col(LineRow.similarity) < UNLIKE)
    where: list[Any] = [found]  # with the task as another condition, SQLite would scan all lines of the task
    if minor:
        where = [col(LineRow.task_id) == task_id, found | sounds_odd | (col(SegmentRow.sureness) < DOUBTFUL)]
    query = select(LineRow, SegmentRow).join(SegmentRow, same).where(*where[:1] if every else where)
    order = (col(LineRow.language), col(SegmentRow.start_s), col(SegmentRow.segment_id))
    return session.exec(query.order_by(*order).options(defer(SegmentRow.words))).all()  # type: ignore[arg-type]


def logs(session: Session, task_id: str, limit: int) -> Sequence[LogRow]:
    """The newest log rows, oldest first."""
    rows = session.exec(
        select(LogRow).where(LogRow.task_id == task_id).order_by(col(LogRow.id).desc()).limit(limit)
    ).all()
    return rows[::-1]


_WAITING_FLAGS = select(OutboxRow).where(text(WAITING_FLAGS)).order_by(col(OutboxRow.id)).limit(bindparam("most"))
_FACTS_IN_TURN = text("""
WITH RECURSIVE waiting (task_id) AS (
  SELECT min(task_id) FROM outbox WHERE kind = 'fact' AND set_aside_at IS NULL
  UNION ALL
  SELECT (
    SELECT min(outbox.task_id) FROM outbox
    WHERE kind = 'fact' AND set_aside_at IS NULL AND outbox.task_id > waiting.task_id
  )
  FROM waiting WHERE waiting.task_id IS NOT NULL
), taken (task_id, id, place) AS (
  SELECT waiting.task_id, (
    SELECT min(outbox.id) FROM outbox
    WHERE kind = 'fact' AND set_aside_at IS NULL AND outbox.task_id = waiting.task_id
  ), 1
  FROM waiting WHERE waiting.task_id IS NOT NULL
  UNION ALL
  SELECT taken.task_id, (
    SELECT min(outbox.id) FROM outbox
    WHERE kind = 'fact' AND set_aside_at IS NULL AND outbox.task_id = taken.task_id AND outbox.id > taken.id
  ), taken.place + 1
  FROM taken WHERE taken.id IS NOT NULL AND taken.place < :most / (SELECT count(task_id) FROM waiting)
)
SELECT id FROM taken WHERE id IS NOT NULL ORDER BY place, task_id <= :last, task_id LIMIT :most
""")
"""Goes from one task to the next in an index, then from fact to fact of each, to the same place in all of them."""
_OUTBOX_ROWS = select(OutboxRow).where(col(OutboxRow.id).in_(bindparam("ids", expanding=True)))


def waiting_flags(session: Session, most: int) -> Sequence[OutboxRow]:
    """The oldest cancel flags that are not set yet."""
    return session.scalars(_WAITING_FLAGS, {"most": most}).all()


def waiting_facts(session: Session, most: int, last: str) -> list[OutboxRow]:
    """Facts that are not published yet: the oldest of every task, then the second of every task, and so on.

    If more than `most` tasks wait, it is the turn of those that follow `last` by their ids. One index look-up for each
    task and each fact, however many wait.
    """
    ids = session.scalars(_FACTS_IN_TURN, {"most": most, "last": last}).all()
    rows = {row.id: row for row in session.scalars(_OUTBOX_ROWS, {"ids": ids})} if ids else {}
    return [rows[id_] for id_ in ids if id_ in rows]


def drop_outbox(session: Session, ids: Sequence[int]) -> None:
    """Forget published facts."""
    session.exec(delete(OutboxRow).where(col(OutboxRow.id).in_(ids)))


def add_jobs(session: Session, jobs: Sequence[JobRow]) -> None:
    """Insert any number of jobs with one statement."""
    if jobs:
        rows = [job.model_dump(exclude={"id"}) for job in jobs]
        session.execute(insert(JobRow.__table__), rows)  # type: ignore[attr-defined]


def kept_back(session: Session, task: Task, jobs: list[JobRow]) -> list[JobRow]:
    """`jobs`, held if the batch of their task is paused; it cannot be resumed before this transaction ends."""
    if jobs and task.batch_id is not None and batch_state(session, task.batch_id) == BatchState.PAUSED:
        for job in jobs:
            if job.run_stage is not None and not job.optional:  # what a person is waiting for goes out
                job.state = JobState.HELD
    return jobs


def batch_state(session: Session, batch_id: str) -> str | None:
    """The state of a batch, which nobody changes before the end of this transaction."""
    return session.exec(select(BatchRow.state).where(BatchRow.batch_id == batch_id).with_for_update(read=True)).first()


def kept_engines_of(session: Session, task_ids: Sequence[str]) -> dict[str, list[TaskEngine]]:
    """The engines that several tasks keep, by task."""
    found: dict[str, list[TaskEngine]] = {}
    for row in session.scalars(_ENGINES, {"tasks": list(task_ids)}):
        found.setdefault(row.task_id, []).append(row)
    return found


def kept_engine(session: Session, task_id: str, language: str, port: str) -> TaskEngine | None:
    """What a language of a task keeps to."""
    if _known(session, task_id):
        return _held_engines(session, task_id).get((language, port))
    return session.exec(
        select(TaskEngine).where(
            TaskEngine.task_id == task_id, TaskEngine.language == language, TaskEngine.port == port
        )
    ).first()


def add_kept_engine(session: Session, row: TaskEngine) -> None:
    """Let a language keep to an engine."""
    if _known(session, row.task_id):
        _held_engines(session, row.task_id)[row.language, row.port] = row
    session.add(row)


def _held_engines(session: Session, task_id: str) -> dict[tuple[str, str], TaskEngine]:
    """Of a task that is known; read for all that are known at once."""
    known: dict[str, _Known] = session.info[_KNOWN]
    if (engines := known[task_id].engines) is None:
        unread = {key: one for key, one in known.items() if one.engines is None}
        found = kept_engines_of(session, list(unread))
        for key, one in unread.items():
            one.engines = {(row.language, row.port): row for row in found.get(key, [])}
        return _held_engines(session, task_id)
    return engines


def outbox_row(session: Session, id_: int) -> OutboxRow | None:
    """A fact that may not be published yet."""
    return session.get(OutboxRow, id_)


def add_to_outbox(session: Session, kind: OutboxKind, task_id: str, payloads: Iterable[str]) -> None:
    """Have facts or cancel flags of a task or batch sent once this transaction is committed, in this order."""
    new = {"kind": kind, "task_id": task_id, "attempts": 0, "last_error": None, "set_aside_at": None}
    add_later(session, OutboxRow, ({**new, "payload": one} for one in payloads))


def add_log(session: Session, row: LogRow) -> None:
    """Add a line to the log of a task."""
    add_later(session, LogRow, [row.model_dump(exclude={"id"})])


def export(session: Session, task_id: str, export_id: str) -> ExportRow | None:
    """One export by recipe."""
    found = select(ExportRow).where(ExportRow.task_id == task_id, ExportRow.export_id == export_id)
    return session.exec(found).first()


def exports(session: Session, task_id: str) -> Sequence[ExportRow]:
    """Exports by recipe, newest first."""
    found = select(ExportRow).where(ExportRow.task_id == task_id).order_by(col(ExportRow.id).desc())
    return session.exec(found).all()


_RECIPE = "recipe-"


def export_shard(export_id: str) -> str:
    """The shard of the job of an export by recipe."""
    return f"{_RECIPE}{export_id}"


def export_of(shard: str) -> str:
    """The export that a job with this shard makes."""
    return shard.removeprefix(_RECIPE)


def attempts_of_exports(session: Session, task_id: str, export_ids: Sequence[str]) -> dict[str, int]:
    """The attempt of the job of each export that has one."""
    shards = [export_shard(export_id) for export_id in export_ids]
    of_exports = (JobRow.task_id == task_id, col(JobRow.shard).in_(shards))
    return {
        export_of(shard): attempt
        for shard, attempt in session.exec(select(JobRow.shard, JobRow.attempt).where(*of_exports))
    }


class LanguageState(NamedTuple):
    """What an export records of a language."""

    language: str
    content_version: int
    exported_version: int | None
    gate: dict[str, Any] | None


def language_states(session: Session, task_id: str) -> list[LanguageState]:
    """The languages of a task without their reports, which grow with the video."""
    columns = (col(getattr(TaskLanguage, name)) for name in LanguageState._fields)
    rows = sa_select(*columns).where(col(TaskLanguage.task_id) == task_id).order_by(col(TaskLanguage.id))
    return [LanguageState(*row) for row in session.execute(rows)]


class Exported(NamedTuple):
    """The files of the newest export of a language."""

    task_id: str
    language: str
    files: list[dict[str, Any]]
    exported_version: int | None
    content_version: int


def exported_of_batch(session: Session, batch_id: str, languages_: Sequence[str] | None) -> dict[str, list[Exported]]:
    """Of the tasks of a batch, by task: in these languages, in all if none is named."""
    row = TaskLanguage
    columns = (row.task_id, row.language, row.export_files, row.exported_version, row.content_version)
    of_batch = select(BatchItem.task_id).where(BatchItem.batch_id == batch_id)
    wanted = sa_select(*map(col, columns)).where(col(row.task_id).in_(of_batch)).order_by(col(row.id))
    if languages_:
        wanted = wanted.where(col(row.language).in_(languages_))
    found: dict[str, list[Exported]] = {}
    for one in session.execute(wanted):
        found.setdefault(one.task_id, []).append(Exported(*one))
    return found


def named_of_batch(session: Session, batch_id: str) -> Sequence[tuple[str, Task]]:
    """Where each task of a batch that was not deleted came from, by row; of a task only its names are read."""
    names = (Task.task_id, Task.video_filename, Task.video_original_name)
    found = (
        select(BatchItem.source, Task)
        .join(Task, col(Task.task_id) == BatchItem.task_id)
        .where(BatchItem.batch_id == batch_id, col(Task.deleted_at).is_(None))
        .order_by(col(BatchItem.number))
    )
    return session.exec(found.options(load_only(*names))).all()  # type: ignore[arg-type]


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
        SourceRow,
        TaskEngine,
        Task,
    )
    for table in tables:
        session.exec(delete(table).where(col(table.task_id) == task_id))
