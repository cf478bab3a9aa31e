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


def handover(session: Session, batch_id: str, prefix: str) -> HandoverRow | None:
    """The handover of a batch to a prefix."""
    query = select(HandoverRow).where(HandoverRow.batch_id == batch_id, HandoverRow.prefix == prefix)
    return session.exec(query).first()


def open_handover(session: Session, id_: int, *, lock: bool = False) -> HandoverRow | None:
    """A handover in progress; None if it has ended, or if its batch was deleted."""
    query = select(HandoverRow).where(HandoverRow.id == id_, HandoverRow.state == HandoverState.COPYING)
    query = query.with_for_update().execution_options(populate_existing=True) if lock else query
    return session.exec(query).first()


def due_handovers(session: Session, at: datetime, most: int) -> list[int]:
    """The handovers to continue now, oldest first."""
    query = select(HandoverRow.id).where(text(OPEN_HANDOVERS), col(HandoverRow.next_at) <= at)
    return [id_ for id_ in session.exec(query.order_by(col(HandoverRow.id)).limit(most)) if id_ is not None]
