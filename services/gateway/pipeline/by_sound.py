"""Have lines translated from their sound where no available translator has the pair.

The translator's refusal decides, since it knows what it can do. The job in its place counts for the same run, or for
the same single line.
"""

from collections.abc import Collection, Sequence

from services.gateway.db import Session
from services.gateway.db.tables import JobRow, SegmentRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row
from services.gateway.script import rows as script_rows
from services.gateway.script.script import media
from shared.messaging import JOB, HeardSourceLine, JobFailed, SourceLine, TranslateLines, TranslateSpeech
from shared.pipeline import ErrorCode, LineState, Status

EDITED = (
    "no translator here has the pair, and what was edited cannot be translated from sound: write the translation of "
    "this line, or take a model that has the pair"
)
Pairs = Collection[tuple[str, str]]


def takes_over(session: Session, task: Task, job: JobRow, failure: JobFailed, pairs: Pairs) -> JobFailed | None:
    """Add a job that translates from sound what the translator refused; `pairs` are those that an engine here can
    translate.

    Lines whose source text was edited fail, since what is said is no longer what is written. Returns None if the job is
    taken over, otherwise the failure that remains.
    """
    asked = JOB.validate_json(job.payload)
    if failure.code is not ErrorCode.LANGUAGE_UNSUPPORTED or not isinstance(asked, TranslateLines):
        return failure
    run = pipeline_rows.run(session, task.task_id, job.language, job.run_stage, job.attempt) if job.run_stage else None
    is_over = job.run_stage is not None and (run is None or run.status != Status.PROCESSING)
    if is_over or (asked.source_language, asked.language) not in pairs:
        return failure
    named = [line.segment_id for line in asked.lines]
    segments = {one.segment_id: one for one in script_rows.segments(session, task.task_id, named)}
    heard = tuple(_heard(line, segments[line.segment_id]) for line in asked.lines if line.segment_id in segments)
    if not any(line.asked for line in heard):
        return failure.model_copy(update={"message": EDITED}) if heard else failure
    _refuse(session, task, asked, heard)
    speech = TranslateSpeech(
        **asked.model_dump(include=_ADDRESS), video_key=task.video_key, audio_track=_tracks(task), lines=heard
    )
    session.add_all(pipeline_rows.kept_back(session, task, [row(task, speech, run)]))
    if run is not None:
        run.jobs_done += 1
        run.jobs_total += 1
    return None


_ADDRESS = {
    "task_id",
    "language",
    "shard",
    "attempt",
    "lane",
    "epoch",
    "weight",
    "total_weight",
    "source_language",
}


def _heard(line: SourceLine, segment: SegmentRow) -> HeardSourceLine:
    """The line with its place in the audio; one whose text was edited only completes its sentence."""
    told = line.model_dump() | {"asked": line.asked and segment.revision == 1}
    return HeardSourceLine(**told, start_s=segment.start_s, end_s=segment.end_s)


def _tracks(task: Task) -> str:
    """The audio tracks that were listened to, as a person numbers them."""
    return "+".join(str(number + 1) for number in media(task).listened)


def _refuse(session: Session, task: Task, asked: TranslateLines, heard: Sequence[HeardSourceLine]) -> None:
    """Note why requested lines that were edited have no translation, unless they have an earlier one."""
    sought = {line.segment_id for line in heard if line.asked}
    edited = [line.segment_id for line in asked.lines if line.asked and line.segment_id not in sought]
    lines = script_rows.lines(session, task.task_id, asked.language, edited) if edited else {}
    for line in lines.values():
        if line.text is None:
            line.state, line.error_code, line.error_message = LineState.FAILED, ErrorCode.LANGUAGE_UNSUPPORTED, EDITED
            line.version += 1
