"""A task whose video is fetched: by its URL, by its key in the operator's bucket, or from a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.batches.addresses import PAGE, S3
from services.gateway.batches.joining import Place, join
from services.gateway.db import Session
from services.gateway.db.tables import SourceRow, Task
from services.gateway.uploads.arrival import new_task_id, show
from services.gateway.uploads.companions import companions, with_companions
from services.gateway.uploads.form import printable
from services.gateway.uploads.remote import name_of
from shared.pipeline import Status
from shared.storage import keys


def called(address: str) -> str:
    """The name of a video before more is known about it."""
    if address.startswith(PAGE):
        return address.partition("://")[2].rstrip("/").rsplit("/", 1)[-1] or "video"
    return name_of(address.removeprefix(S3))


def await_source(
    session: Session,
    owner: str,
    address: str,
    name: str,
    config: dict[str, Any],
    *,
    start: Sequence[str],
    place: Place | None = None,
    files: Mapping[str, str] | None = None,
) -> Task:
    """Make a visible task whose work starts once its video and its `files`, given by their URLs, have arrived.

    If its `place` in a batch already has a task, that one is returned. Raises: Problem 409 `batch_over`, `row_over`.
    """
    task_id = new_task_id()
    shown = printable(name or called(address))[:500]
    key = keys.fetched_video(task_id, "video" if address.startswith(PAGE) else shown)
    task = Task(
        task_id=task_id,
        owner=owner,
        video_filename=key.rsplit("/", 1)[-1],
        video_original_name=shown,
        video_key=key,
        video_size=0,
        config=with_companions(config, companions(task_id, files or {})),
        status=Status.PENDING,
    )
    first = join(session, task, place) if place else None
    if first is not None:
        return first
    session.add(task)
    session.add(SourceRow(task_id=task_id, owner=owner, address=address, files=dict(files or {})))
    session.flush()
    show(session, task, start)
    return task
