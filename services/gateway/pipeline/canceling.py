"""Stop work of a task: everything, some languages, one job, or an export."""

from collections.abc import Sequence

from services.gateway.db import Session
from services.gateway.db.tables import ExportRow, JobRow, JobState, Task, now
from services.gateway.pipeline import board
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.facts import FOREVER, about, flag_cancel, tell
from services.gateway.pipeline.publishing import shard_of
from services.gateway.pipeline.rendering import go_on
from services.gateway.pipeline.results import record
from services.gateway.pipeline.rows import exports
from services.gateway.pipeline.steps import carry_out
from services.gateway.pipeline.wishes import is_wish, take_wish
from shared.messaging import failed
from shared.pipeline import BASE, ErrorCode, Status


def cancel(session: Session, task: Task, languages: Sequence[str] | None) -> None:
    """Stop `languages`, or everything when None."""
    steps = board.cancel(pipeline_rows.board(session, task), languages)
    if languages is None or any(isinstance(step, board.EndRun) and step.language == BASE for step in steps):
        pipeline_rows.stop_fetching(session, task.task_id)
    if languages is None:
        flag_cancel(session, task, None)
        cancel_exports(session, task)
    alone = [
        job
        for job in pipeline_rows.open_jobs(session, task.task_id)
        if job.run_stage is None and (languages is None or job.language in languages)
    ]
    for language in {job.language: None for job in alone}:
        flag_cancel(session, task, language)
    for job in alone:
        job.state, job.finished_at = JobState.CANCELED, now()
        _let_go(session, task, job)
    task.epoch += 1
    carry_out(session, task, steps)
    session.flush()


def remove(session: Session, task: Task) -> None:
    """Delete a task: it disappears at once and what is running stops; the rest follows within seconds."""
    flag_cancel(session, task, None, FOREVER)
    pipeline_rows.stop_fetching(session, task.task_id)
    for job in pipeline_rows.open_jobs(session, task.task_id):
        job.state, job.finished_at = JobState.CANCELED, now()
    tell(session, task, BASE, "task", "deleted", **about(task))
    task.deleted_at = now()


def cancel_job(session: Session, task: Task, job: JobRow, *, hears: bool) -> None:
    """Stop one open job, and whatever cannot go on without it.

    A stage that needs the job ends with it, and so does its language, or everything if it is the base stage. A job that
    the stage can do without is skipped. Independent work (an export by recipe, a line done again) stops alone. `hears`:
    as in `record`.
    """
    made = pipeline_rows.export(session, task.task_id, pipeline_rows.export_of(job.shard))
    if job.run_stage is not None and not job.optional:
        cancel(session, task, None if job.language == BASE else [job.language])
    elif made is not None:
        cancel_export(session, task, made)
    else:
        flag_cancel(session, task, job.language, shard=job.shard)
        if job.run_stage is not None:
            left_out = failed(job, ErrorCode.CANCELED, "canceled on request", canceled=True)
            record(session, left_out, hears=hears)
    job.state, job.finished_at = JobState.CANCELED, now()
    _let_go(session, task, job)
    task.epoch += 1
    carry_out(session, task, [])
    session.flush()


def _let_go(session: Session, task: Task, job: JobRow) -> None:
    """Release what waits for a job that will no longer be done."""
    go_on(session, task, job)
    if is_wish(job):
        take_wish(session, task, job, failed(job, ErrorCode.CANCELED, "canceled on request", canceled=True))


def cancel_export(session: Session, task: Task, made: ExportRow) -> None:
    """Stop an export that is not finished; the workers hear of it within two seconds."""
    if made.status != Status.PROCESSING:
        return
    made.status, made.finished_at, made.error_code = Status.CANCELED, now(), ErrorCode.CANCELED
    own = {pipeline_rows.export_shard(made.export_id), shard_of(made.export_id)}
    for job in pipeline_rows.open_jobs(session, task.task_id):
        if job.shard in own:
            job.state, job.finished_at = JobState.CANCELED, now()
            flag_cancel(session, task, job.language, shard=job.shard)
    tell(session, task, BASE, "recipe", "canceled", export_id=made.export_id)


def cancel_exports(session: Session, task: Task) -> None:
    """Stop every export of a task."""
    for made in exports(session, task.task_id):
        cancel_export(session, task, made)
