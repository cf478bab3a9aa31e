"""The SQL of editing: the edits of a task."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from services.gateway.db.tables import EditRow


def edits(session: Session, task_id: str, limit: int) -> Sequence[EditRow]:
    """The newest edits, newest first."""
    return session.exec(
        select(EditRow).where(EditRow.task_id == task_id).order_by(col(EditRow.number).desc()).limit(limit)
    ).all()


def newest_number(session: Session, task_id: str) -> int:
    """The number of the newest edit; 0 before the first."""
    return session.exec(select(func.max(EditRow.number)).where(EditRow.task_id == task_id)).one() or 0


def undone_edits(session: Session, task_id: str) -> Sequence[EditRow]:
    """Edits that were undone, oldest first: the first is the one to redo."""
    return session.exec(
        select(EditRow).where(EditRow.task_id == task_id, col(EditRow.undone)).order_by(col(EditRow.number))
    ).all()


def last_edit(session: Session, task_id: str) -> EditRow | None:
    """The edit that an undo reverts."""
    return session.exec(
        select(EditRow)
        .where(EditRow.task_id == task_id, col(EditRow.undone).is_(False))
        .order_by(col(EditRow.number).desc())
    ).first()


def is_taken(session: Session, table: type[SQLModel], id_: int) -> bool:
    """Whether a table already has a row with this number."""
    return session.get(table, id_) is not None
