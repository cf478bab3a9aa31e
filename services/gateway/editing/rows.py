"""The SQL of editing: the edits of a task."""

from collections.abc import Sequence

from sqlalchemy import delete, func
from sqlalchemy.orm import defer
from sqlmodel import Session, SQLModel, col, select

from services.gateway.db.tables import EditRow


def edits(session: Session, task_id: str, limit: int) -> Sequence[EditRow]:
    """The newest edits, newest first, without what they changed, which may be megabytes each."""
    newest = select(EditRow).where(EditRow.task_id == task_id).order_by(col(EditRow.number).desc()).limit(limit)
    return session.exec(newest.options(*(defer(getattr(EditRow, name)) for name in ("before", "after")))).all()


def newest_number(session: Session, task_id: str) -> int:
    """The number of the newest edit; 0 before the first."""
    return session.exec(select(func.max(EditRow.number)).where(EditRow.task_id == task_id)).one() or 0


def undone_edit(session: Session, task_id: str) -> EditRow | None:
    """The edit that a redo does again: the oldest of those that were undone."""
    undone = select(EditRow).where(EditRow.task_id == task_id, col(EditRow.undone))
    return session.exec(undone.order_by(col(EditRow.number)).limit(1)).first()


def drop_undone_edits(session: Session, task_id: str) -> None:
    """Forget what was undone."""
    session.execute(
        delete(EditRow)
        .where(col(EditRow.task_id) == task_id, col(EditRow.undone))
        .execution_options(synchronize_session=False)
    )


def last_edit(session: Session, task_id: str) -> EditRow | None:
    """The edit that an undo reverts."""
    return session.exec(
        select(EditRow)
        .where(EditRow.task_id == task_id, col(EditRow.undone).is_(False))
        .order_by(col(EditRow.number).desc())
        .limit(1)
    ).first()


def is_taken(session: Session, table: type[SQLModel], id_: int) -> bool:
    """Whether a table already has a row with this number."""
    return session.get(table, id_) is not None
