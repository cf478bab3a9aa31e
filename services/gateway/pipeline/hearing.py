"""Have finished takes listened to, and keep what was heard."""

from collections.abc import Sequence

from services.gateway.db import Session
from services.gateway.db.tables import JobKind, JobRow, JobState, LineRow, StageRun, Task, now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row
from services.gateway.pipeline.facts import tell
from services.gateway.pipeline.listening import (
    LEAST,
    budget_s,
    hear_jobs,
    hear_line_job,
    is_due,
    unheard,
    worth_hearing,
)
from services.gateway.pipeline.outdating import judge_later
from services.gateway.pipeline.rows import add_jobs
from services.gateway.pipeline.steps import carry_out
from services.gateway.script import rows as script_rows
from services.gateway.script.doubt import DOUBTFUL
from services.gateway.script.script import Script
from shared.messaging import JOB, HeardLine, HearTakes, SpeakerVoice
from shared.pipeline import Lane, Stage, Status


def listen_after(session: Session, task: Task, run: StageRun) -> None:
    """Add listening to a run once it has made all its takes; never before that, and never twice."""
    if run.stage != Stage.CLONING or run.status != Status.PROCESSING or run.jobs_failed:
        return
    session.flush()
    jobs = pipeline_rows.jobs_of_run(session, run)
    if not is_due((job.kind == JobKind.HEAR_TAKES, job.state in pipeline_rows.OPEN_JOBS) for job in jobs):
        return
    script = Script(session, task, run.language)
    lines = script.lines
    unsure = script_rows.doubtful_segments(session, task.task_id, DOUBTFUL)
    fresh = script_rows.made_since(session, task.task_id, run.language, run.started_at)
    due = hear_jobs(
        task.task_id,
        run.language,
        run.attempt,
        task.epoch,
        worth_hearing(unheard(script.spans.values(), lines), lines, unsure, fresh),
        lines,
        _speakers(script),
        _budget_s(session, task, run.language),
        max(0, LEAST - sum(_is_rated(line) for line in lines.values())),
    )
    made = [row(task, job, run, optional=True) for job in due]
    add_jobs(session, made)
    run.jobs_total += len(made)


def _is_rated(line: LineRow) -> bool:
    return line.error_rate is not None or line.similarity is not None


def _budget_s(session: Session, task: Task, language: str) -> float:
    """Including the language's share of the base stage."""
    languages = max(1, len(task.config.get("target_languages", ())))
    jobs = pipeline_rows.worked(session, task.task_id, language)
    worked_s = sum(job.lasted_s if job.language == language else job.lasted_s / languages for job in jobs)
    listening = [job for job in jobs if job.kind == JobKind.HEAR_TAKES]
    asked_s = sum(job.lasted_s for job in listening if not job.optional)  # a person asked for it: there is no limit
    return budget_s(worked_s - asked_s, sum(job.lasted_s for job in listening) - asked_s)


def listen_to_all(script: Script) -> int:
    """Add jobs for all takes of a language that were not heard and are not about to be; return how many takes those
    are."""
    session, task, language = script.session, script.task, script.language
    jobs = pipeline_rows.listening_jobs(session, task.task_id, language)
    awaited = {
        one.segment_id
        for job in jobs
        if job.state in pipeline_rows.OPEN_JOBS and isinstance(made := JOB.validate_json(job.payload), HearTakes)
        for one in made.lines
        if made.budget_s is None
    }
    lines = {key: line for key, line in script.lines.items() if key not in awaited}
    todo = unheard(script.spans.values(), lines)
    attempt = 1 + max((job.attempt for job in jobs if not job.optional), default=0)
    due = hear_jobs(task.task_id, language, attempt, task.epoch, todo, lines, _speakers(script))
    add_jobs(session, [row(task, job) for job in due])
    return len(todo)


def listen_to_line(script: Script, segment_id: str, made_by: JobRow) -> None:
    """The same for a single line that was dubbed again; whoever waited for that job waits for this one."""
    task, span = script.task, script.spans.get(segment_id)
    if span is None:
        return
    job = hear_line_job(
        task.task_id,
        script.language,
        made_by.attempt,
        task.epoch,
        span,
        script.lines[segment_id],
        _speakers(script),
        Lane(made_by.lane),
    )
    if job is not None:
        script.session.add(row(task, job, optional=True))


def take_heard(script: Script, heard: Sequence[HeardLine]) -> None:
    """Keep the figures of takes that are still in use."""
    for one in heard:
        line = script.lines.get(one.segment_id)
        if line is None or line.revision != one.revision or line.take_revision != one.revision:
            continue
        line.heard, line.error_rate, line.similarity = one.heard, one.error_rate, one.similarity
        line.version += 1
        told = {"segment_id": line.segment_id, "state": line.state, "version": line.version}
        tell(script.session, script.task, script.language, "line", "updated", **told)
    judge_later(script.session, script.task, script.language)


def give_up_listening(session: Session, task_id: str, job_id: int) -> bool:
    """Go on without a listening job that was not finished in time; its figures stay unknown."""
    task = script_rows.locked_task(session, task_id)
    (job,) = pipeline_rows.jobs_by_id(session, [job_id]) or (None,)
    if task is None or task.deleted_at is not None or job is None or job.state not in pipeline_rows.OPEN_JOBS:
        return False
    job.state, job.finished_at = JobState.CANCELED, now()
    run = pipeline_rows.run(session, task_id, job.language, job.run_stage, job.attempt) if job.run_stage else None
    if run is not None and run.status == Status.PROCESSING:
        run.jobs_done += 1
        session.flush()
        carry_out(session, task, [])
    return True


def _speakers(script: Script) -> list[SpeakerVoice]:
    """With the clips that takes are compared with: those of the speakers themselves, even where another voice speaks
    for them."""
    return [
        SpeakerVoice(speaker_id=one.speaker_id, f0_hz=one.f0_hz, reference_key=one.reference_key)
        for one in script.speakers
    ]
