"""Subtitles in the picture that are read again, one at a time."""

from collections.abc import Mapping
from typing import Any, Literal

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row
from services.gateway.pipeline.facts import tell
from shared.messaging import JobFailed, PictureReadAgain, ReadPicture
from shared.pipeline import BASE, ErrorCode, Lane
from shared.transcript import PictureBox, PictureCue, PictureWords

AskedState = Literal["waiting", "ready", "failed", "canceled"]
READINGS = "picture_readings"
"""Requests and their results, in a task's `config`, by the id of the cue."""


def read_cue_again(session: Session, task: Task, words: PictureWords, cue: PictureCue, box: PictureBox) -> None:
    """Have `cue` read in `box`, ahead of all batch work; nothing is added while such a job is open."""
    kept, place = task.config.get(READINGS, {}).get(cue.id), box.model_dump(mode="json")
    if kept and kept["box"] == place and state_of(session, task, cue.id, kept) == "waiting":
        return
    before = pipeline_rows.newest_job(session, task.task_id, BASE, _shard(cue.id))
    attempt = 1 + (before.attempt if before else 0)
    job = ReadPicture(
        task_id=task.task_id,
        language=BASE,
        shard=_shard(cue.id),
        attempt=attempt,
        epoch=task.epoch,
        lane=Lane.INTERACTIVE,
        video_key=task.video_key,
        cue_id=cue.id,
        box=box,
        start_s=cue.start_s,
        end_s=cue.end_s,
        spoken=words.language if words.second_language else None,
    )
    pipeline_rows.add_jobs(session, [row(task, job)])
    _keep(session, task, cue.id, {"box": place, "attempt": attempt})


def ended_as(kept: Mapping[str, Any], product: str) -> AskedState:
    """How what a person asked for ended, by its product or its reason."""
    if kept.get(product):
        return "ready"
    return "canceled" if kept.get("error_code") == ErrorCode.CANCELED else "failed"


def state_of(session: Session, task: Task, cue_id: str, kept: Mapping[str, Any]) -> AskedState:
    """How far reading a cue again is; a job that ended without a result was canceled."""
    if "reading" in kept or "error_code" in kept:
        return ended_as(kept, "reading")
    made = pipeline_rows.newest_job(session, task.task_id, BASE, _shard(cue_id))
    return "waiting" if made is not None and made.state in pipeline_rows.OPEN_JOBS else "canceled"


def take_reading(session: Session, task: Task, job: JobRow, result: PictureReadAgain | JobFailed) -> None:
    """Keep what was read, unless another box was requested since. The text itself is not changed."""
    cue_id = job.shard.removeprefix(_PREFIX)
    known = task.config.get(READINGS, {}).get(cue_id)
    if known is None or known["attempt"] != job.attempt:
        return
    if isinstance(result, JobFailed):
        ended: dict[str, Any] = {"error_code": result.code, "error_message": result.message}
    else:
        ended = {"reading": result.reading.model_dump(mode="json")}
    _keep(session, task, cue_id, {**known, **ended})


_PREFIX = "words-"


def _shard(cue_id: str) -> str:
    return f"{_PREFIX}{cue_id}"


def _keep(session: Session, task: Task, cue_id: str, values: dict[str, Any]) -> None:
    task.config = {**task.config, READINGS: {**task.config.get(READINGS, {}), cue_id: values}}
    tell(session, task, BASE, "task", "updated", changed=[READINGS])
