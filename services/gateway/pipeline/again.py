"""Dub single lines again: a few ahead of all batch work, many in their turn."""

from collections.abc import Iterable

from services.gateway.db import Session
from services.gateway.db.tables import LineRow, SegmentRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.cut import row, speech_jobs, translation_jobs
from services.gateway.pipeline.rows import add_jobs
from services.gateway.script import rows as script_rows
from services.gateway.script.lines import line_shard
from services.gateway.script.voices import with_needed
from shared.pipeline import Lane, LineState, Stage, Status

_FEW_LINES = 16
"""As many as a person may wait for; a click that means more would keep the interactive lane from everybody else."""


def outdated(session: Session, task: Task, language: str) -> list[str]:
    """Segments whose lines are not as they should be: edited since their takes, or new since the language was dubbed.

    Lines that keep the original audio by a person's wish, or a take a person chose, are as they should be.
    """
    runs = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {})
    dubbed = runs.get((language, Stage.CLONING))
    states: set[str] = {LineState.STALE}
    if dubbed is not None and dubbed.status == Status.COMPLETED:
        states |= {LineState.PENDING, LineState.TRANSLATED}
    lines = script_rows.lines(session, task.task_id, language)
    ordered = [segment.segment_id for segment in script_rows.segments(session, task.task_id)]
    return [
        key
        for key in ordered
        if (line := lines.get(key)) and line.state in states and not (line.omitted or line.pinned)
    ]


def dub_again(session: Session, task: Task, language: str, segment_ids: Iterable[str]) -> int:
    """Add a job for each of the lines, a few on the interactive lane, and return how many.

    A line whose text an engine wrote for another source text, or that has none, is translated first. A line that is
    waiting already waits once. What a person asks for by hand counts even where a take was pinned before, and of a line
    that is as it should be, or that failed, an engine that can say the same otherwise makes another rendition.
    """
    lines = script_rows.lines(session, task.task_id, language)
    segments = {segment.segment_id: segment for segment in script_rows.segments(session, task.task_id)}
    wanted = [key for key in dict.fromkeys(segment_ids) if key in lines and key in segments]
    pipeline_rows.cancel_jobs_of_lines(session, task.task_id, language, map(line_shard, wanted))
    for line in map(lines.__getitem__, wanted):
        line.dub_attempt += 1
        line.rendition += line.state in (LineState.DUBBED, LineState.FAILED)
        line.pinned = False
    session.flush()
    lane = Lane.INTERACTIVE if len(wanted) <= _FEW_LINES else Lane.BATCH
    first = [lines[key] for key in wanted if needs_translation(lines[key], segments[key])]
    _translate(session, task, language, first, lane)
    speak(session, task, language, [lines[key] for key in wanted if lines[key] not in first], lane)
    return len(wanted)


def reopen(session: Session, task: Task, language: str) -> None:
    """Let the next start of a language do the lines that are not as they should be, and no others.

    What was done before counts as cut short; done again it would be as a whole.
    """
    changed = outdated(session, task, language)
    if not changed:
        return
    runs = pipeline_rows.newest_runs(session, [task.task_id]).get(task.task_id, {})
    lines = script_rows.lines(session, task.task_id, language, changed)
    segments = {segment.segment_id: segment for segment in script_rows.segments(session, task.task_id, changed)}
    translating = any(needs_translation(lines[key], segments[key]) for key in changed)
    for stage in (Stage.TRANSLATION, Stage.CLONING) if translating else (Stage.CLONING,):
        run = runs.get((language, stage))
        if run is not None and run.status in (Status.COMPLETED, Status.STALE):
            run.status = Status.CANCELED
    session.flush()


def needs_translation(line: LineRow, segment: SegmentRow) -> bool:
    """Whether the text of a line is missing or of another source text, and no person wrote it."""
    return not line.edited and (line.text is None or line.segment_revision != segment.revision)


def speak(session: Session, task: Task, language: str, lines: Iterable[LineRow], lane: Lane) -> None:
    """Add a job for each of `lines` of one language."""
    attempts = {line.segment_id: line.dub_attempt for line in lines}
    rows = []
    for job in speech_jobs(session, task, language, 1, attempts) if attempts else ():
        for line in job.lines:
            one = job.model_copy(update=_alone(line.segment_id, attempts[line.segment_id], lane) | {"lines": (line,)})
            rows.append(row(task, with_needed(one)))
    add_jobs(session, rows)


def _translate(session: Session, task: Task, language: str, lines: Iterable[LineRow], lane: Lane) -> None:
    attempts = {line.segment_id: line.dub_attempt for line in lines}
    rows = []
    for job in translation_jobs(session, task, language, 1, attempts, alone=True) if attempts else ():
        segment_id = next(line.segment_id for line in job.lines if line.asked)
        rows.append(row(task, job.model_copy(update=_alone(segment_id, attempts[segment_id], lane))))
    add_jobs(session, rows)


def _alone(segment_id: str, attempt: int, lane: Lane) -> dict[str, object]:
    alone = {"shard": line_shard(segment_id), "lane": lane, "attempt": attempt}
    return alone | {"weight": 1.0, "total_weight": 1.0}
