"""Stop work of a task: everything, some languages, or one job."""

from collections.abc import Sequence

from sqlmodel import Session

from services.gateway.database import exports, queries
from services.gateway.database.facts import flag_cancel
from services.gateway.database.record import record
from services.gateway.database.steps import carry_out
from services.gateway.database.tables import JobRow, JobState, Task, now
from services.gateway.planning import board as planner
from services.gateway.planning.kinds import RECIPE
from shared.messaging import JobFailed
from shared.pipeline import BASE, ErrorCode, Stage


def cancel(session: Session, task: Task, languages: Sequence[str] | None) -> None:
    """Stop `languages`, or everything when None."""
    steps = planner.cancel(queries.board(session, task), languages)
    if languages is None:
        flag_cancel(session, task, None)
        exports.cancel_all(session, task)
    for job in queries.open_jobs(session, task.task_id):
        if job.run_stage is None and (languages is None or job.language in languages):
            job.state, job.finished_at = JobState.CANCELED, now()
            flag_cancel(session, task, job.language)
    task.epoch += 1
    carry_out(session, task, steps)
    session.flush()


def cancel_job(session: Session, task: Task, job: JobRow, *, hears: bool) -> None:
    """Stop one open job, and what cannot be without it.

    A stage that needs the job ends with it, and so does its language; everything, where it is the base stage. A job
    the stage can do without is left out. What stands alone (an export by recipe, a line done again) stops alone.
    `hears`: as in `record`.
    """
    made = exports.export(session, task.task_id, job.shard.removeprefix(RECIPE))
    if job.run_stage is not None and not job.optional:
        cancel(session, task, None if job.language == BASE else [job.language])
    elif made is not None:
        exports.cancel(session, task, made)
    else:
        flag_cancel(session, task, job.language, shard=job.shard)
        if job.run_stage is not None:
            record(session, _left_out(job), hears=hears)
    job.state, job.finished_at = JobState.CANCELED, now()
    task.epoch += 1
    carry_out(session, task, [])
    session.flush()


def _left_out(job: JobRow) -> JobFailed:
    return JobFailed(
        task_id=job.task_id,
        language=job.language,
        stage=Stage(job.stage),
        shard=job.shard,
        attempt=job.attempt,
        code=ErrorCode.CANCELED,
        message="canceled on request",
        canceled=True,
    )
