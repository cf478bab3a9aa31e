"""A video arrives: its task is recorded before the first byte, and visible once the last one is stored."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gateway.batches.joining import Place, join
from services.gateway.db import Session
from services.gateway.db.tables import UPLOADING, Task, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import about, tell
from services.gateway.pipeline.parts import Gateway
from services.gateway.pipeline.reading import read_task
from services.gateway.pipeline.schemas import TaskRead
from services.gateway.pipeline.starting import start as begin
from services.gateway.pipeline.steps import carry_out
from services.gateway.script import rows as script_rows
from services.gateway.web.keys import Caller
from services.gateway.web.problems import Problem
from shared.pipeline import BASE, Stage, Status
from shared.storage import ObjectInfo, keys


@dataclass(frozen=True)
class Arrived:
    """A stored video and the name it came with."""

    name: str
    video: ObjectInfo


def new_task_id() -> str:
    """A new unique id that contains the time."""
    return f"task_{datetime.now().astimezone():%Y%m%d_%H%M%S}_{uuid.uuid4().hex[:8]}"


def announce(parts: Gateway, who: Caller, place: Place | None = None) -> str:
    """Record a task whose video is arriving, so that an interrupted upload is found and cleared; return its id."""
    task_id = new_task_id()
    with parts.database.write() as session:
        row = Task(
            task_id=task_id,
            owner=who.owner or "",
            video_filename="",
            video_original_name="",
            video_key="",
            video_size=0,
            status=UPLOADING,
            batch_id=place.batch_id if place else None,
            batch_row=place.row if place else None,
        )
        session.add(row)
    return task_id


def begin_task(
    session: Session,
    parts: Gateway,
    task_id: str,
    arrived: Arrived,
    config: dict[str, Any],
    *,
    start: Sequence[str],
    place: Place | None = None,
) -> TaskRead:
    """Make an announced task visible; the languages of `start` are processed at once.

    A task that is visible already is returned as it is, and so is the one that its `place` in a batch already has;
    `task_id` is then unused. Raises: Problem 409 `upload_abandoned`, `batch_over`, `row_over`.
    """
    task = script_rows.locked_task(session, task_id)
    if task is None or task.deleted_at is not None:
        raise Problem(409, "upload_abandoned", "the upload took too long and was cleared; send it again")
    if task.status != UPLOADING:
        return read_task(session, parts.audience, task)
    first = join(session, task, place) if place else None
    if first is not None:
        return read_task(session, parts.audience, first)
    task.video_original_name = arrived.name
    task.video_key = arrived.video.key
    task.video_filename = arrived.video.key.rsplit("/", 1)[-1]
    task.video_size = arrived.video.size
    task.config, task.status, task.created_at = config, Status.PENDING, now()
    show(session, task, start)
    return read_task(session, parts.audience, task)


def show(session: Session, task: Task, start: Sequence[str]) -> None:
    """Announce a new task, and begin the languages of `start`."""
    pipeline_rows.add_languages(session, task.task_id, task.config["target_languages"])
    tell(session, task, BASE, "task", "created", **about(task))
    carry_out(session, task, [])
    begin(session, task, start, Stage.EXPORT)
    session.flush()


def forget(parts: Gateway, task_id: str) -> None:
    """Remove what arrived of a task, unless it has become visible.

    It waits for the store: call it without a turn to write. The eraser finishes what it leaves.
    """
    with parts.database.write() as session:
        task = script_rows.locked_task(session, task_id)
        if task is None or task.status != UPLOADING:
            return
        task.deleted_at = now()  # a request that is about to begin it finds it gone
    parts.store.delete(keys.task_prefix(task_id))
    with parts.database.write() as session:
        pipeline_rows.erase_task(session, task_id)
