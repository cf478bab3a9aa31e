"""End a job whose own end could not be taken in."""

from services.gateway.database import queries
from services.gateway.database.engine import Database
from services.gateway.database.facts import log_stage
from services.gateway.database.record import record
from services.gateway.database.steps import carry_out
from services.gateway.database.tables import JobState, now
from shared.messaging import JobFailed
from shared.observability import logger
from shared.pipeline import Status

log = logger(__name__)


def give_up(database: Database, ended: JobFailed) -> None:
    """Fail a job and with it its run, the usual way or, where that raises too, row by row. Blocking."""
    try:
        with database.write() as session:
            record(session, ended)
    except Exception:
        log.exception("job_not_ended", task=ended.task_id, stage=ended.stage, job=ended.shard, attempt=ended.attempt)
        _end_rows(database, ended)
        with database.write() as session:
            task = queries.locked_task(session, ended.task_id)
            if task is not None and task.deleted_at is None:
                carry_out(session, task, [])


def _end_rows(database: Database, ended: JobFailed) -> None:
    with database.write() as session:
        task = queries.locked_task(session, ended.task_id)
        job = queries.job(session, ended.task_id, ended.language, ended.stage, ended.shard, ended.attempt)
        if task is None or job is None or job.state not in queries.OPEN_JOBS:
            return
        job.state, job.finished_at = JobState.FAILED, now()
        run = queries.run(session, job.task_id, job.language, job.run_stage, job.attempt) if job.run_stage else None
        if run is not None and run.status == Status.PROCESSING:
            run.jobs_failed += 1
            run.error_code, run.error_message = ended.code, ended.message
        log_stage(session, task, ended.language, ended.stage, "failed", ended.message)
