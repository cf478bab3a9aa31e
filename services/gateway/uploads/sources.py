"""A task whose video is fetched: by its address, or by its key in the bucket that the operator opened."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.gateway.batches.addresses import S3
from services.gateway.batches.joining import Place, join
from services.gateway.db import Session
from services.gateway.db.tables import SourceRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import about, tell
from services.gateway.pipeline.starting import start as begin
from services.gateway.pipeline.steps import carry_out
from services.gateway.uploads.form import printable
from services.gateway.uploads.remote import name_of
from shared.pipeline import BASE, Stage, Status
from shared.storage import keys


def await_source(
    session: Session,
    owner: str,
    address: str,
    name: str,
    config: dict[str, Any],
    *,
    start: Sequence[str],
    place: Place | None = None,
) -> Task:
    """Make a task that people see and whose work begins once its video has come.

    Where its `place` in a batch has a task already, that is returned. Raises: Problem 409 `batch_over`, `row_over`.
    """
    made = datetime.now().astimezone()
    task_id = f"task_{made:%Y%m%d_%H%M%S}_{uuid.uuid4().hex[:8]}"
    shown = printable(name or name_of(address.removeprefix(S3)))[:500]
    key = keys.fetched_video(task_id, shown)
    task = Task(
        task_id=task_id,
        owner=owner,
        video_filename=key.rsplit("/", 1)[-1],
        video_original_name=shown,
        video_key=key,
        video_size=0,
        config=config,
        status=Status.PENDING,
    )
    first = join(session, task, place) if place else None
    if first is not None:
        return first
    session.add(task)
    session.add(SourceRow(task_id=task_id, owner=owner, address=address))
    session.flush()
    pipeline_rows.add_languages(session, task_id, config["target_languages"])
    tell(session, task, BASE, "task", "created", **about(task))
    carry_out(session, task, [])
    begin(session, task, start, Stage.EXPORT)
    session.flush()
    return task
