"""The SQL of files that are copied into a bucket."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, text
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from services.gateway.db.tables import OPEN_HANDOVERS, BatchRow, HandoverRow, HandoverState


def handovers(session: Session, batch_id: str) -> Sequence[HandoverRow]:
    """The handovers of a batch, newest first."""
    query = select(HandoverRow).where(HandoverRow.batch_id == batch_id)
    return session.exec(query.order_by(col(HandoverRow.id).desc())).all()


def locked_handover(session: Session, batch_id: str, prefix: str) -> HandoverRow | None:
    """The handover of a batch to a prefix, with its row locked until the end of the transaction."""
    query = select(HandoverRow).where(HandoverRow.batch_id == batch_id, HandoverRow.prefix == prefix)
    return session.exec(query.with_for_update().execution_options(populate_existing=True)).first()


def open_handover(session: Session, delivery_id: str, *, lock: bool = False) -> HandoverRow | None:
    """A handover in progress; None if it has ended, or if its batch was deleted.

    It is found by a name that no other ever gets: SQLite gives the number of a deleted row to the next one.
    """
    query = select(HandoverRow).where(
        HandoverRow.delivery_id == delivery_id, HandoverRow.state == HandoverState.COPYING
    )
    query = query.with_for_update().execution_options(populate_existing=True) if lock else query
    return session.exec(query).first()


def due_handovers(session: Session, at: datetime, of_each: int) -> list[tuple[str, str, datetime]]:
    """The handovers to continue now, for each owner the `of_each` oldest: [(handover, owner, since when)]."""
    place = func.row_number().over(partition_by=col(BatchRow.owner), order_by=col(HandoverRow.id))
    due = (
        sa_select(
            col(HandoverRow.delivery_id),
            col(BatchRow.owner),
            col(HandoverRow.next_at),
            col(HandoverRow.id),
            place.label("place"),
        )
        .join_from(HandoverRow, BatchRow, col(BatchRow.batch_id) == HandoverRow.batch_id)
        .where(text(OPEN_HANDOVERS), col(HandoverRow.next_at) <= at)
        .subquery()
    )
    found = sa_select(due.c.delivery_id, due.c.owner, due.c.next_at).where(due.c.place <= of_each)
    return [(id_, owner, since) for id_, owner, since in session.execute(found.order_by(due.c.place, due.c.id))]
