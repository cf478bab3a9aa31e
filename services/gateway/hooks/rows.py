"""The SQL of webhooks and deliveries."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, select, update
from sqlmodel.sql.expression import SelectOfScalar

from services.gateway.db.engine import insert_into
from services.gateway.db.tables import BatchRow, DeliveryRow, DeliveryState, Task, WebhookRow, now

_WAITING = DeliveryRow.state == DeliveryState.WAITING


def webhooks(session: Session, owner: str) -> list[WebhookRow]:
    """Those of an account, in the order they were made."""
    return list(session.exec(select(WebhookRow).where(WebhookRow.owner == owner).order_by(col(WebhookRow.id))))


def webhook(session: Session, webhook_id: str, owner: str | None = None, *, lock: bool = False) -> WebhookRow | None:
    """One webhook, of one account if that is named.

    `lock`: it or its deliveries are to be changed. Everybody locks the webhook first, so nobody waits in a circle.
    """
    query = select(WebhookRow).where(WebhookRow.webhook_id == webhook_id)
    query = query if owner is None else query.where(WebhookRow.owner == owner)
    return session.exec(_locked(query) if lock else query).first()


def _locked(query: SelectOfScalar[Any]) -> SelectOfScalar[Any]:
    return query.with_for_update().execution_options(populate_existing=True)


def enabled(session: Session) -> list[WebhookRow]:
    """Every webhook that is told anything, of all accounts."""
    return list(session.exec(select(WebhookRow).where(col(WebhookRow.enabled).is_(True))))


def waiting(session: Session, webhook_ids: Iterable[str]) -> dict[str, int]:
    """How many events each webhook has still to get."""
    counted = (
        select(DeliveryRow.webhook_id, func.count())
        .where(_WAITING, col(DeliveryRow.webhook_id).in_(list(webhook_ids)))
        .group_by(col(DeliveryRow.webhook_id))
    )
    return dict(session.exec(counted).all())


def owners(session: Session, task_ids: Iterable[str]) -> dict[str, str]:
    """Whose tasks or batches these are; those on their way out too."""
    ids = list(task_ids)
    of_tasks = select(Task.task_id, Task.owner).where(col(Task.task_id).in_(ids))
    of_batches = select(BatchRow.batch_id, BatchRow.owner).where(col(BatchRow.batch_id).in_(ids))
    return dict([*session.exec(of_tasks), *session.exec(of_batches)])


def add(session: Session, made: Iterable[DeliveryRow]) -> None:
    """Put events on their way, except those that are: a replay may find one on the stream before the relay notes it."""
    rows = [row.model_dump(exclude={"id"}) for row in made]
    if rows:
        session.connection().execute(insert_into(session, DeliveryRow).on_conflict_do_nothing(), rows)


def known(session: Session, webhook_id: str, message_ids: Sequence[str]) -> list[DeliveryRow]:
    """Which of these events a webhook, which is locked, has on its list already, to be changed."""
    query = select(DeliveryRow).where(
        DeliveryRow.webhook_id == webhook_id, col(DeliveryRow.message_id).in_(list(message_ids))
    )
    return list(session.exec(_locked(query)))


def with_due(session: Session, at: datetime) -> list[str]:
    """The webhooks that something is to be sent to at this time, without those that are left alone for now."""
    is_due = exists().where(
        col(DeliveryRow.webhook_id) == col(WebhookRow.webhook_id),
        col(DeliveryRow.state) == DeliveryState.WAITING,
        col(DeliveryRow.next_at) <= at,
    )
    left_alone = col(WebhookRow.pause_until) > at
    query = select(WebhookRow.webhook_id).where(
        col(WebhookRow.enabled).is_(True), func.coalesce(left_alone, False).is_(False), is_due
    )
    return list(session.exec(query))


def due(session: Session, webhook_id: str, at: datetime, patience: timedelta, most: int) -> list[DeliveryRow]:
    """The oldest due events of a webhook; one waits for the one before it in its task, for `patience` at most."""
    earlier = aliased(DeliveryRow)
    is_behind = exists().where(
        col(earlier.webhook_id) == col(DeliveryRow.webhook_id),
        col(earlier.task_id) == col(DeliveryRow.task_id),
        col(earlier.state) == DeliveryState.WAITING,
        col(earlier.id) < col(DeliveryRow.id),
    )
    query = (
        select(DeliveryRow)
        .where(
            DeliveryRow.webhook_id == webhook_id,
            _WAITING,
            col(DeliveryRow.next_at) <= at,
            ~is_behind | (col(DeliveryRow.created_at) <= at - patience),
        )
        .order_by(col(DeliveryRow.id))
        .limit(most)
    )
    return list(session.exec(query))


def delivery(session: Session, webhook_id: str, id_: int, *, lock: bool = False) -> DeliveryRow | None:
    """One delivery of a webhook, which is locked before if this is to be changed."""
    query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id, DeliveryRow.id == id_)
    return session.exec(_locked(query) if lock else query).first()


def deliveries(
    session: Session, webhook_id: str, state: str | None, skip: int, limit: int
) -> tuple[list[DeliveryRow], int]:
    """A page of the list of a webhook, newest first, and how long the list is."""
    where: list[Any] = [DeliveryRow.webhook_id == webhook_id]
    if state is not None:
        where.append(DeliveryRow.state == state)
    total = session.exec(select(func.count()).select_from(DeliveryRow).where(*where)).one()
    page = select(DeliveryRow).where(*where).order_by(col(DeliveryRow.id).desc()).offset(skip).limit(limit)
    return list(session.exec(page)), total


def hurry(session: Session, webhook_id: str) -> None:
    """A receiver is back: everything that waits for it, which is locked, may go at once."""
    session.exec(
        update(DeliveryRow)
        .where(col(DeliveryRow.webhook_id) == webhook_id, col(DeliveryRow.state) == DeliveryState.WAITING)
        .values(next_at=now())
    )


def drop(session: Session, row: WebhookRow) -> None:
    """Remove a webhook, which is locked, and its list."""
    session.exec(delete(DeliveryRow).where(col(DeliveryRow.webhook_id) == row.webhook_id))
    session.delete(row)


def forget(session: Session, older_than: datetime) -> None:
    """Drop what came to its end a while ago, of all webhooks; what somebody is changing can be dropped next time.

    So is what waits for a webhook that was removed in the moment the event was noted: the relay locks no webhook.
    """
    is_there = exists().where(col(WebhookRow.webhook_id) == col(DeliveryRow.webhook_id))
    _drop_unlocked(session, col(DeliveryRow.created_at) < older_than, col(DeliveryRow.state) != DeliveryState.WAITING)
    _drop_unlocked(session, _WAITING, ~is_there)


def _drop_unlocked(session: Session, *which: Any) -> None:
    found = select(DeliveryRow.id).where(*which).with_for_update(skip_locked=True)
    session.exec(
        delete(DeliveryRow).where(col(DeliveryRow.id).in_(found)), execution_options={"synchronize_session": False}
    )
