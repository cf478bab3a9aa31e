"""The jobs of a task: list them, stop one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.gateway.db.tables import JobRow, JobState
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.canceling import cancel_job as stop
from services.gateway.pipeline.engines import can_hear
from services.gateway.pipeline.parts import Engines, Parts, locked_visible_task, visible_task
from services.gateway.pipeline.schemas import JobRead
from services.gateway.web.keys import Who
from services.gateway.web.problems import Problem, not_found
from shared.pipeline import Stage, Status

router = APIRouter(prefix="/api/tasks/{task_id}/jobs", tags=["work"])
_STATUS = {
    JobState.READY: Status.PENDING,
    JobState.HELD: Status.PENDING,
    JobState.DISPATCHED: Status.PROCESSING,
    JobState.DONE: Status.COMPLETED,
    JobState.FAILED: Status.FAILED,
    JobState.CANCELED: Status.CANCELED,
}


@router.get("", operation_id="list_jobs")
def list_jobs(
    task_id: str,
    parts: Parts,
    who: Who,
    response: Response,
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    language: Annotated[str | None, Query(max_length=20)] = None,
    status: Status | None = None,
) -> list[JobRead]:
    """Units of work, oldest first, as long as they are kept; `X-Total-Count` tells how many there are."""
    states = [state for state, word in _STATUS.items() if word is status]
    with parts.database.read() as session:
        visible_task(session, who, task_id)
        if status is not None and not states:
            return []
        page, total = pipeline_rows.jobs(session, task_id, skip, limit, language, states)
        response.headers["X-Total-Count"] = str(total)
        return [_read(job) for job in page]


@router.post("/{job_id}/cancel", status_code=202, operation_id="cancel_job")
def cancel_job(
    task_id: str, job_id: Annotated[int, Path(ge=1, le=2**31 - 1)], parts: Parts, who: Who, engines: Engines
) -> JobRead:
    """Stop one job, and what cannot go on without it.

    A stage that needs the job is canceled with its language (with the whole task, where it is `base`); `retry` begins
    it again. A stage goes on without a job that is `optional`. An export by recipe or a line done again stops alone.
    A job that was canceled before is answered as it is.

    Raises: 409 `job_over` when it was completed, or failed.
    """
    with parts.database.write() as session:
        task = locked_visible_task(session, who, task_id)
        (job,) = pipeline_rows.jobs_by_id(session, [job_id]) or (None,)
        if job is None or job.task_id != task_id:
            raise not_found(f"job {job_id} of this task")
        if job.state in (JobState.DONE, JobState.FAILED):
            raise Problem(409, "job_over", f"job {job_id} is {_STATUS[JobState(job.state)]} already")
        if job.state != JobState.CANCELED:
            stop(session, task, job, hears=can_hear(engines, job.language))
        return _read(job)


def _read(job: JobRow) -> JobRead:
    stage = Stage(job.stage)
    return JobRead(
        id=int(job.id or 0),
        language=job.language,
        stage=stage,
        kind=job.kind,
        status=_STATUS[JobState(job.state)],
        shard=job.shard,
        attempt=job.attempt,
        optional=job.optional,
        created_at=job.created_at,
        started_at=job.dispatched_at,
        finished_at=job.finished_at,
    )
