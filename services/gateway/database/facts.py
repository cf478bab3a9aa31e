"""Write what happened beside the change itself: outbox, cancel flags, log."""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from services.gateway.database.tables import LogRow, OutboxKind, OutboxRow, Task
from shared.messaging import fact, subjects

FOREVER = 2**53
"""Epoch of the flag of a deleted task: no job of it may run any more."""


def tell(session: Session, task: Task, language: str, subject: str, name: str, **data: Any) -> None:
    """Put the fact `subject`.`name` into the outbox."""
    session.add(OutboxRow(kind=OutboxKind.FACT, payload=_fact(task, language, subject, name, data)))


def tell_all(
    session: Session, task: Task, language: str, subject: str, told: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Put any number of facts of one subject, each with its name and data, into the outbox with one statement."""
    rows = [{"kind": OutboxKind.FACT, "payload": _fact(task, language, subject, *one), "attempts": 0} for one in told]
    if rows:
        session.flush()  # what was told before keeps its place
        session.execute(insert(OutboxRow.__table__), rows)  # type: ignore[attr-defined]


def _fact(task: Task, language: str, subject: str, name: str, data: Mapping[str, Any]) -> str:
    return fact(uuid.uuid4().hex, task.task_id, language, subject, name, dict(data)).model_dump_json()


def flag_cancel(
    session: Session, task: Task, language: str | None, epoch: int | None = None, shard: str | None = None
) -> None:
    """Stop the jobs made so far for `language` (None: for the task), of one `shard` if that is named.

    Jobs made from now on are not meant.
    """
    flag = {"key": subjects.cancel_key(task.task_id, language, shard), "epoch": task.epoch if epoch is None else epoch}
    session.add(OutboxRow(kind=OutboxKind.CANCEL, payload=json.dumps(flag)))


def log_stage(session: Session, task: Task, language: str, stage: str, status: str, message: str = "") -> None:
    """Add a line to the log a person reads."""
    progress = 100 if status == "completed" else 0
    session.add(
        LogRow(
            task_id=task.task_id,
            language=language,
            stage=stage,
            status=status,
            progress=progress,
            message=message or None,
        )
    )
