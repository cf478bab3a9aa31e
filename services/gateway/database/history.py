"""Reads of what lines have been: their takes, the edits made, and the clips chosen for their voices."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from services.gateway.database.tables import ClipRow, EditRow, LineRow, TakeRow


def takes(session: Session, task_id: str, language: str, segment_id: str) -> Sequence[TakeRow]:
    """Takes of a line, newest first."""
    return session.exec(
        select(TakeRow)
        .where(TakeRow.task_id == task_id, TakeRow.language == language, TakeRow.segment_id == segment_id)
        .order_by(col(TakeRow.created_at).desc(), col(TakeRow.id).desc())
    ).all()


def take(session: Session, line: LineRow, take_id: str) -> TakeRow | None:
    """One take of a line."""
    return next((row for row in takes_of(session, line) if row.take_id == take_id), None)


def takes_of(session: Session, line: LineRow) -> Sequence[TakeRow]:
    """Takes of a line, newest first."""
    return takes(session, line.task_id, line.language, line.segment_id)


def takes_by_segment(
    session: Session, task_id: str, language: str, segment_ids: Iterable[str]
) -> dict[str, list[TakeRow]]:
    """Takes of several lines of a language, newest first."""
    rows = session.exec(
        select(TakeRow)
        .where(TakeRow.task_id == task_id, TakeRow.language == language, col(TakeRow.segment_id).in_(list(segment_ids)))
        .order_by(col(TakeRow.created_at).desc(), col(TakeRow.id).desc())
    )
    found: dict[str, list[TakeRow]] = {}
    for row in rows:
        found.setdefault(row.segment_id, []).append(row)
    return found


def made_since(session: Session, task_id: str, language: str, since: datetime | None) -> set[str]:
    """The segments that got a take after `since`."""
    made = select(TakeRow.segment_id).where(TakeRow.task_id == task_id, TakeRow.language == language)
    return set(session.exec(made if since is None else made.where(col(TakeRow.created_at) >= since)).all())


def edits(session: Session, task_id: str, limit: int) -> Sequence[EditRow]:
    """The newest edits, newest first."""
    return session.exec(
        select(EditRow).where(EditRow.task_id == task_id).order_by(col(EditRow.number).desc()).limit(limit)
    ).all()


def newest_number(session: Session, task_id: str) -> int:
    """The number of the newest edit; 0 before the first."""
    return session.exec(select(func.max(EditRow.number)).where(EditRow.task_id == task_id)).one() or 0


def undone_edits(session: Session, task_id: str) -> Sequence[EditRow]:
    """Edits that were undone, oldest first: the first is what a redo does again."""
    return session.exec(
        select(EditRow).where(EditRow.task_id == task_id, col(EditRow.undone)).order_by(col(EditRow.number))
    ).all()


def last_edit(session: Session, task_id: str) -> EditRow | None:
    """What an undo reverts."""
    return session.exec(
        select(EditRow)
        .where(EditRow.task_id == task_id, col(EditRow.undone).is_(False))
        .order_by(col(EditRow.number).desc())
    ).first()


def clips(session: Session, clip_ids: Iterable[str]) -> Sequence[ClipRow]:
    """Clips by id; those that are gone are missing."""
    return session.exec(select(ClipRow).where(col(ClipRow.clip_id).in_(list(clip_ids)))).all()
