"""Facts that the broker does not take: counted, then set aside, and the task says so."""

from sqlmodel import Session

from services.gateway.database import queries
from services.gateway.database.facts import log_stage, tell
from services.gateway.database.tables import OutboxRow, now
from shared.pipeline import BASE


def count_refusal(session: Session, id_: int, reason: str, most: int) -> bool:
    """Note that a row was refused; the last of `most` times sets it aside, which is told."""
    row = session.get(OutboxRow, id_)
    if row is None or row.set_aside_at is not None:
        return False
    row.attempts, row.last_error = row.attempts + 1, reason
    if row.attempts < most:
        return False
    row.set_aside_at = now()
    task = queries.task(session, row.task_id())
    if task is not None:
        log_stage(session, task, BASE, "events", "failed", f"an event could not be published: {reason[:200]}")
        tell(session, task, BASE, "task", "updated")  # whoever follows the task reads it again
    return True
