"""The SQL of arriving videos: in parts, or fetched from elsewhere."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from sqlalchemy import func, text
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from services.gateway.db.tables import (
    COMING_ROWS,
    FETCHED_SOURCES,
    KEPT_BATCHES,
    BatchItem,
    BatchRow,
    SourceRow,
    SourceState,
    Task,
    UploadRow,
)


def upload(session: Session, upload_id: str, owner: str | None) -> UploadRow | None:
    """An upload in parts; `owner` None sees all."""
    found = session.exec(select(UploadRow).where(UploadRow.upload_id == upload_id)).first()
    return found if found is not None and owner in (None, found.owner) else None


def arriving(session: Session, task_id: str) -> Task | None:
    """A task, including one whose video is still arriving."""
    return session.exec(select(Task).where(Task.task_id == task_id)).first()


def due_sources(session: Session, at: datetime, of_each: int) -> list[tuple[str, str]]:
    """Videos to fetch now, for each owner the `of_each` that have waited longest: [(task, owner)]."""
    place = func.row_number().over(
        partition_by=col(SourceRow.owner), order_by=(col(SourceRow.next_at), col(SourceRow.id))
    )
    due = (
        sa_select(col(SourceRow.task_id), col(SourceRow.owner), place.label("place"))
        .where(text(FETCHED_SOURCES), col(SourceRow.next_at) <= at)
        .subquery()
    )
    found = sa_select(due.c.task_id, due.c.owner).where(due.c.place <= of_each).order_by(due.c.place, due.c.task_id)
    return [(task_id, owner) for task_id, owner in session.execute(found)]


def fetched(session: Session, task_id: str, *, lock: bool = False) -> SourceRow | None:
    """A source that is being fetched and whose task exists; None if somebody stopped or deleted it."""
    query = select(SourceRow).where(SourceRow.task_id == task_id, SourceRow.state == SourceState.FETCHING)
    query = query.where(col(SourceRow.task_id).in_(select(Task.task_id).where(col(Task.deleted_at).is_(None))))
    return session.exec(query.with_for_update() if lock else query).first()


def coming_rows(session: Session, most: int) -> list[tuple[str, int]]:
    """Rows of batches that the gateway fetches and that have no task yet, those of the owners in turn."""
    coming = (
        sa_select(col(BatchItem.id)).where(col(BatchItem.batch_id) == BatchRow.batch_id, text(COMING_ROWS)).exists()
    )
    query = sa_select(col(BatchRow.owner), col(BatchRow.batch_id)).where(text(KEPT_BATCHES), coming)
    batches: dict[str, list[str]] = {}
    for owner, batch_id in session.execute(query.order_by(col(BatchRow.id))):
        batches.setdefault(owner, []).append(batch_id)
    queues = [_coming(session, of_owner, most) for of_owner in batches.values()]
    return list(islice(_in_turn(queues), most))


def _coming(session: Session, batches: list[str], most: int) -> Iterator[tuple[str, int]]:
    """The rows of an owner, which are looked up as they are asked for."""
    for batch_id in batches:
        query = sa_select(col(BatchItem.number)).where(col(BatchItem.batch_id) == batch_id, text(COMING_ROWS))
        for number in session.execute(query.order_by(col(BatchItem.number)).limit(most)).scalars().all():
            yield batch_id, number


def _in_turn(queues: Iterable[Iterator[tuple[str, int]]]) -> Iterator[tuple[str, int]]:
    """The first of each, then the second of each, and so on."""
    waiting = deque(queues)
    while waiting:
        queue = waiting.popleft()
        for row in islice(queue, 1):
            yield row
            waiting.append(queue)
