"""The SQL of files that are copied into a bucket."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.gateway.db.tables import OPEN_HANDOVERS, HandoverRow, HandoverState


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


def due_handovers(session: Session, at: datetime, most: int) -> list[tuple[str, datetime]]:
    """The handovers to continue now, oldest first, and since when."""
    query = select(HandoverRow.delivery_id, HandoverRow.next_at).where(
        text(OPEN_HANDOVERS), col(HandoverRow.next_at) <= at
    )
    return list(session.exec(query.order_by(col(HandoverRow.id)).limit(most)))
