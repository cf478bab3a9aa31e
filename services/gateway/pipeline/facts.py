"""Record what happened, in the same transaction as the change itself: outbox, cancel flags, log."""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from services.gateway.db import Session
from services.gateway.db.tables import LogRow, OutboxKind, Task, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.script import rows as script_rows
from shared.messaging import batch_fact, fact, subjects
from shared.pipeline import BASE

FOREVER = 2**53
"""Epoch in the flag of a deleted task: none of its jobs may run any more."""


def tell(session: Session, task: Task, language: str, subject: str, name: str, **data: Any) -> None:
    """Put the fact `subject`.`name` into the outbox."""
    tell_all(session, task, language, subject, [(name, data)])


def tell_all(
    session: Session, task: Task, language: str, subject: str, told: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Put any number of facts of one subject, each with its name and data, into the outbox."""
    facts = [_fact(task, language, subject, *one) for one in told]
    pipeline_rows.add_to_outbox(session, OutboxKind.FACT, task.task_id, facts)


def tell_batch(session: Session, batch_id: str, happened: str, **data: Any) -> None:
    """Put the fact `batch`.`happened` into the outbox."""
    told = batch_fact(uuid.uuid4().hex, batch_id, happened, data)
    pipeline_rows.add_to_outbox(session, OutboxKind.FACT, batch_id, [told.model_dump_json()])


def about(task: Task) -> dict[str, Any]:
    """What the end of a task or language is told with, so that it can be acted on without asking."""
    of_batch = {"batch_id": task.batch_id, "batch_row": task.batch_row} if task.batch_id else {}
    name, metadata = task.video_original_name, task.config.get("metadata") or {}
    return {"video_original_name": name, "metadata": metadata, **of_batch}


def _fact(task: Task, language: str, subject: str, name: str, data: Mapping[str, Any]) -> str:
    return fact(uuid.uuid4().hex, task.task_id, language, subject, name, dict(data)).model_dump_json()


def flag_cancel(
    session: Session, task: Task, language: str | None, epoch: int | None = None, shard: str | None = None
) -> None:
    """Stop the jobs made so far for `language` (None: for the task), of one `shard` if that is named.

    Jobs made from now on are not affected.
    """
    flag = {"key": subjects.cancel_key(task.task_id, language, shard), "epoch": task.epoch if epoch is None else epoch}
    pipeline_rows.add_to_outbox(session, OutboxKind.CANCEL, task.task_id, [json.dumps(flag)])


def log_stage(session: Session, task: Task, language: str, stage: str, status: str, message: str = "") -> None:
    """Add a line to the log a person reads."""
    progress = 100 if status == "completed" else 0
    entry = LogRow(task_id=task.task_id, language=language, stage=stage, status=status, message=message or None)
    entry.progress = progress
    pipeline_rows.add_log(session, entry)


def count_refusal(session: Session, id_: int, reason: str, most: int) -> bool:
    """Note that a row was refused; the last of `most` times sets it aside, which is told."""
    row = pipeline_rows.outbox_row(session, id_)
    if row is None or row.set_aside_at is not None:
        return False
    row.attempts, row.last_error = row.attempts + 1, reason
    if row.attempts < most:
        return False
    row.set_aside_at = now()
    task = script_rows.task(session, row.task_id)
    if task is not None:
        log_stage(session, task, BASE, "events", "failed", f"an event could not be published: {reason[:200]}")
        tell(session, task, BASE, "task", "updated")  # whoever follows the task reads it again
    return True
