"""The SQL of editing: the edits of a task."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, delete, func, insert
from sqlalchemy import select as sa_select
from sqlalchemy.orm import defer
from sqlmodel import Session, SQLModel, col, select

from services.gateway.db.tables import EditRow

MOST_EDITS = 1000
"""How many edits of a task are kept."""


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


def drop_old_edits(session: Session, task_id: str) -> None:
    """Make room for one more of the edits that are kept, each of which may be megabytes."""
    numbers = select(EditRow.number).where(EditRow.task_id == task_id).order_by(col(EditRow.number).desc())
    last_dropped = numbers.offset(MOST_EDITS - 1).limit(1).scalar_subquery()
    session.execute(
        delete(EditRow)
        .where(col(EditRow.task_id) == task_id, col(EditRow.number) <= last_dropped)
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


def add_again(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows as they were, each with its old number if that is free, so that they keep their order."""
    into: Table = table.__table__  # type: ignore[attr-defined]
    ids, taken = [row["id"] for row in rows], set[int]()
    for begin in range(0, len(ids), _AT_ONCE):
        taken.update(session.scalars(sa_select(into.c.id).where(into.c.id.in_(ids[begin : begin + _AT_ONCE]))))
    as_before = [row for row in rows if row["id"] not in taken]
    renumbered = [{name: row[name] for name in row if name != "id"} for row in rows if row["id"] in taken]
    for added in (as_before, renumbered):
        if added:
            session.execute(insert(into), added)


_AT_ONCE = 500  # the most values in one IN list
