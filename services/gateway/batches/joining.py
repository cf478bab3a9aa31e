"""A video arrives for a row of a batch: what it becomes, and that it becomes only one task."""

from dataclasses import dataclass

from pydantic import ValidationError

from services.gateway.batches import rows as batch_rows
from services.gateway.db import Session
from services.gateway.db.tables import BatchItem, BatchRow, BatchState, Task
from services.gateway.pipeline.schemas import TaskConfig
from services.gateway.script import rows as script_rows
from services.gateway.web.keys import Caller
from services.gateway.web.problems import Problem, not_found


@dataclass(frozen=True)
class Place:
    """A row of a batch, and what becomes of a video that arrives for it."""

    batch_id: str
    row: int
    config: TaskConfig
    files: dict[str, str]
    starts: bool


def visible_batch(session: Session, who: Caller, batch_id: str) -> BatchRow:
    """The batch, if it exists and the caller may see it. Raises: Problem 404."""
    found = batch_rows.batch(session, batch_id, who.owner)
    if found is None:
        raise not_found(f"batch '{batch_id[:60]}'")
    return found


def locked_visible_batch(session: Session, who: Caller, batch_id: str) -> BatchRow:
    """The same, with its row locked until the end of the transaction. Raises: Problem 404."""
    visible_batch(session, who, batch_id)
    found = batch_rows.locked_batch(session, batch_id)
    if found is None or found.deleted_at is not None:
        raise not_found(f"batch '{batch_id[:60]}'")
    return found


def place(session: Session, who: Caller, batch_id: str, number: int) -> Place:
    """Where an arriving video belongs. Raises: Problem 404, 409 `batch_over`, 422 `invalid_config`."""
    batch = visible_batch(session, who, batch_id)
    item = batch_rows.item(session, batch_id, number)
    if item is None:
        raise not_found(f"row {number} of this batch")
    if batch.state == BatchState.CANCELED or item.dropped:
        raise _over()
    return Place(batch_id, number, config_of(item), dict(item.files), batch.starts)


def config_of(item: BatchItem) -> TaskConfig:
    """What becomes of the video of a row. Raises: Problem 422 `invalid_config`, if another release wrote what this one
    cannot read."""
    try:
        return TaskConfig.model_validate(item.config)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        detail = f"this release cannot do what row {item.number} says: {where}: {first['msg']}"
        raise Problem(422, "invalid_config", detail[:500]) from error


def join(session: Session, task: Task, where: Place) -> Task | None:
    """Make `task` the task of its row, or return the one that the row already has.

    Raises: Problem 409 `batch_over`, or `row_over` if its task was deleted.
    """
    item = batch_rows.item(session, where.batch_id, where.row, lock=True)
    if item is None or item.dropped:
        raise _over()
    if item.task_id is not None and item.task_id != task.task_id:
        first = script_rows.task(session, item.task_id)
        if first is None:
            raise Problem(409, "row_over", f"the task of row {where.row} was deleted; make another batch for it")
        return first
    item.task_id = task.task_id
    task.batch_id, task.batch_row = where.batch_id, where.row
    return None


def _over() -> Problem:
    return Problem(409, "batch_over", "this batch was canceled or deleted; retry it, or make another one")
